import type { RuntimeOptions } from '../contracts/api/runtime.ts';
import { NO_RUN } from '../vocabulary/caller.ts';
import type { EventStream } from '../vocabulary/event-stream.ts';
import { auditLineOf } from '../vocabulary/events.ts';
import { guarded } from '../vocabulary/guarded.ts';
import type { TellNotice } from '../vocabulary/notice.ts';

/** The options that are listeners: without `onError`, faults are shown on the console. */
export function listen(events: EventStream, { onAudit, onError = toConsole }: RuntimeOptions): void {
  events.on('fault', ({ error, identity }) => onError(error, identity.runId));
  if (onAudit !== undefined) events.on('host.called', (event) => onAudit(auditLineOf(event)));
}

/** Who is told of notices; without `onNotice`, those that somebody should act on are shown on the console. */
export const tellerOf = (
  events: EventStream,
  { onNotice = warnOnConsole }: RuntimeOptions,
  now: () => number,
): TellNotice =>
  guarded(onNotice, (error) => events.emit({ kind: 'fault', time: now(), identity: NO_RUN, error }));

const toConsole = (error: unknown, runId: string): void => console.error(`sandglass ${runId}:`, error);

const SHOWN: ReadonlySet<string> = new Set([
  'not-kept',
  'policy-refused',
  'tools-refused',
  'folder-missing',
  'server-changed',
  'server-failed',
]);

const warnOnConsole: TellNotice = ({ kind, message }) => {
  if (SHOWN.has(kind)) console.warn(`sandglass: ${message}`);
};
