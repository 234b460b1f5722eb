import type { ServerContext } from '@modelcontextprotocol/server';
import type { RunLogEntry } from '../../work/run-log.ts';
import type { RunRecord } from '../../work/run-records.ts';

/**
 * Tells a client what its call does: steps as progress, where it gave a token, and output as log messages, where it listens.
 * `end` resolves once all of it is on its way, so that nothing of it comes after the result.
 */
export function tellProgress(record: RunRecord, { mcpReq }: ServerContext): { end(): Promise<void> } {
  const token = mcpReq._meta?.progressToken;
  let step = 0;
  let sent: Promise<unknown> = Promise.resolve();
  const send = (tell: () => Promise<unknown>): void => {
    // A client that is gone is not told; its call is cancelled by its signal.
    sent = sent.then(tell).catch(() => undefined);
  };
  const progress = (message: string): void => {
    if (token === undefined) return;
    step += 1;
    const params = { progressToken: token, progress: step, message };
    send(() => mcpReq.notify({ method: 'notifications/progress', params }));
  };
  const stop = record.log.follow({
    entry: (entry) => {
      const { text, level } = shown(entry);
      progress(text);
      if (entry.event === 'output') send(() => mcpReq.log(level, text, record.tool ?? 'code'));
    },
    missed: () => undefined,
  });
  return {
    end: async () => {
      stop();
      await sent;
    },
  };
}

/** Characters of one message. */
const MOST_SHOWN = 16_384;

function shown({ event, data }: RunLogEntry): { readonly text: string; readonly level: 'info' | 'warning' } {
  const { text, stream, step, resource, refused, progress, total } = data as {
    readonly text?: string;
    readonly stream?: string;
    readonly step?: string;
    readonly resource?: { readonly path?: string; readonly origin?: string; readonly name?: string };
    readonly refused?: boolean;
    readonly progress?: number;
    readonly total?: number;
  };
  if (event === 'output')
    return {
      text: (text ?? '').slice(0, MOST_SHOWN).trimEnd(),
      level: stream === 'stderr' ? 'warning' : 'info',
    };
  const what =
    resource === undefined ? '' : ` ${resource.origin ?? ''}${resource.path ?? resource.name ?? ''}`;
  const far = progress === undefined ? '' : `, ${shareOf(progress, total)}`;
  return { text: `${step ?? event}${what}${refused === true ? ', refused' : ''}${far}`, level: 'info' };
}

/** Steps are counted for the client, as progress may never go back: how far a tool is, by its own word, stands in the message. */
const shareOf = (progress: number, total: number | undefined): string =>
  total === undefined || total <= 0 ? String(progress) : `${Math.round((100 * progress) / total)} %`;
