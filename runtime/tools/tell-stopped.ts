import { NO_RUN, type RunIdentity } from '../vocabulary/caller.ts';
import { defined } from '../vocabulary/defined.ts';
import type { RunError } from '../vocabulary/errors.ts';
import type { Denied, ToolEntered } from '../vocabulary/events.ts';
import type { ToolsContext } from './tools-context.ts';

export type Gate = NonNullable<Denied['gate']>;

export interface Stopped {
  readonly name: string;
  /** Absent where no call was stopped. */
  readonly identity?: RunIdentity;
  readonly error: Pick<RunError, 'code' | 'message'> & { readonly details?: RunError['details'] | undefined };
  readonly gate: Gate;
}

const OPERATIONS: Readonly<Record<Gate, string>> = {
  discovery: 'tools.load',
  registration: 'tools.register',
  execution: 'tools.call',
  output: 'tools.call',
};

/** Tells of a stage that a tool passed on its way in. */
export function tellEntered(
  { events, now }: Pick<ToolsContext, 'events' | 'now'>,
  stage: ToolEntered['stage'],
  tool: string | undefined,
  path: string | undefined,
): void {
  if (!events.wants('tool.entered')) return;
  events.emit({
    kind: 'tool.entered',
    time: now(),
    identity: NO_RUN,
    stage,
    ...defined({ tool, path }),
  });
}

/** Tells that a tool was stopped, and at which of the gates. */
export function tellStopped(
  { events, now }: Pick<ToolsContext, 'events' | 'now'>,
  { name, identity = NO_RUN, error: { code, message, details }, gate }: Stopped,
): void {
  if (!events.wants('denied')) return;
  const { capability } = details ?? {};
  events.emit({
    kind: 'denied',
    time: now(),
    identity,
    code,
    message,
    operation: OPERATIONS[gate],
    gate,
    resource: { name },
    ...defined({ capability: typeof capability === 'string' ? capability : undefined }),
  });
}
