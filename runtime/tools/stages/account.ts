import type { ToolOutcome } from '../../contracts/api/tool-call.ts';
import type { RunIdentity } from '../../vocabulary/caller.ts';
import { defined } from '../../vocabulary/defined.ts';
import type { EventStream } from '../../vocabulary/event-stream.ts';
import type { Stage } from '../pipeline.ts';
import type { ToolCall } from '../tool-call.ts';

export interface AccountOptions {
  readonly events: EventStream;
  readonly monotonic: () => number;
  readonly now: () => number;
}

/** Counts the call and tells of it, however it ended. */
export const accountStage = ({ events, monotonic, now }: AccountOptions): Stage<ToolOutcome> => ({
  name: 'account',
  when: 'after',
  handle: async (call, next) => {
    if (events.wants('tool.started')) {
      events.emit({
        kind: 'tool.started',
        time: now(),
        identity: identityOf(call),
        tool: call.name.slice(0, 80),
        callId: call.id,
      });
    }
    const settled = await next();
    const { result } = settled;
    const ended = monotonic();
    call.tool?.uses.add(result.ok, call.ranAt === undefined ? undefined : ended - call.ranAt);
    if (events.wants('tool.called')) {
      events.emit({
        kind: 'tool.called',
        time: now(),
        identity: identityOf(call),
        tool: result.tool,
        callId: call.id,
        ok: result.ok,
        ...(result.ok ? {} : { code: result.error.code }),
        ...(result.meta.cached ? { cached: true as const } : {}),
        durationMs: ended - call.started,
        stages: call.trace.map((stage) => ({ ...stage })),
        usage: result.usage,
      });
    }
    return settled;
  },
});

/** Which run it is, or would have been. */
export const identityOf = ({
  runId,
  parent,
  depth,
  caller,
  options: { traceparent },
}: ToolCall): RunIdentity => ({
  runId,
  depth,
  ...(parent === undefined ? {} : { parent: parent.runId }),
  ...defined({ caller, traceparent }),
});
