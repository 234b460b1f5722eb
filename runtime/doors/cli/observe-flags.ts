import type { Runtime } from '../../contracts/api/runtime.ts';
import { createLog, parseLogLevels } from '../../observe/log.ts';
import { createWebhook } from '../../observe/webhook.ts';
import { defined } from '../../vocabulary/defined.ts';
import type { HttpAppOptions } from '../http/app.ts';
import type { Flag, ParsedArguments } from './flags.ts';
import type { Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';

export const OBSERVE_FLAGS: readonly Flag[] = [
  {
    name: 'log',
    value: 'LEVELS',
    help: 'Write a JSON object a line to stderr: a level for all, and levels of parts, e.g. info or warn,tools=debug. Default none.',
  },
  {
    name: 'alert-webhook',
    value: 'URL',
    help: 'Post alerts there, a JSON object each: many failures, slow calls. Default none.',
  },
];

/** What is written and posted of a runtime that serves. */
export type Observing = (runtime: Pick<Runtime, 'on'>) => Pick<HttpAppOptions, 'log' | 'onAlert'>;

/** Reads the flags before anything is started. @throws {UsageError} */
export function readObserving(parsed: ParsedArguments, { stderr }: Pick<Terminal, 'stderr'>): Observing {
  const levels = parsed.one('log');
  const url = parsed.one('alert-webhook');
  const readLevels = levels === undefined ? undefined : orUsage('--log', () => parseLogLevels(levels));
  const onAlert =
    url === undefined
      ? undefined
      : orUsage('--alert-webhook', () =>
          createWebhook({ url, onError: ({ message }) => stderr.write(`warning: ${message}\n`) }),
        );
  return (runtime) => ({
    ...(readLevels === undefined
      ? {}
      : { log: createLog(runtime, { levels: readLevels, write: (line) => stderr.write(`${line}\n`) }) }),
    ...defined({ onAlert }),
  });
}

/** What the library takes for misuse is, from here, a mistake on the command line. */
function orUsage<T>(flag: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError)
      throw new UsageError(`Cannot use ${flag}: ${error.message}`);
    throw error;
  }
}
