import type { ToolOutcome } from '../contracts/api/tool-call.ts';
import type { ErrorCode } from '../vocabulary/errors.ts';
import type { EventStream } from '../vocabulary/event-stream.ts';
import { LEVEL_POLICIES } from '../vocabulary/levels.ts';
import type { RemoteTool } from './remote/remote-tool.ts';
import type { HostProgress } from './remote/tool-host.ts';
import { runTrusted, type TrustedOptions } from './run-trusted.ts';
import { identityOf } from './stages/account.ts';
import { type ToolCall, toolOf } from './tool-call.ts';
import { reshaped, toToolOutcome } from './tool-outcome.ts';

export interface RemoteOptions {
  readonly events: EventStream;
  readonly now: () => number;
  readonly trusted: TrustedOptions;
}

/** Calls a tool where it runs, within the deadline of the call; what it answers is capped and copied like that of any other. */
export async function runRemote(
  call: ToolCall,
  remote: RemoteTool,
  { events, now, trusted }: RemoteOptions,
): Promise<ToolOutcome> {
  const onProgress = (progress: HostProgress): void => {
    if (events.wants('tool.progress'))
      events.emit({
        kind: 'tool.progress',
        time: now(),
        identity: identityOf(call),
        tool: toolOf(call).manifest.name,
        callId: call.id,
        ...progress,
      });
  };
  const outcome = await runTrusted(
    call,
    (args, { signal, remainingMs }) =>
      remote.call(args, { signal, remainingMs, callId: call.id, caller: call.caller?.id, onProgress }),
    trusted,
  );
  return toToolOutcome(outcome, call);
}

/** Failures that are worth another place. A refusal is none of them. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  'DEADLINE_EXCEEDED',
  'HOST_CALL_FAILED',
  'RATE_LIMITED',
  'QUEUE_FULL',
]);

/**
 * A tool that is here and elsewhere: first at the place that its routing says, and after a failure that may pass at the other one, which the outcome
 * tells by `meta.fallback`.
 */
export async function runEither(
  call: ToolCall,
  remote: RemoteTool,
  places: { readonly here: () => Promise<ToolOutcome>; readonly there: () => Promise<ToolOutcome> },
): Promise<ToolOutcome> {
  const mayGo = remote.held() === undefined && !LEVEL_POLICIES[call.level].noNetwork;
  if (remote.routing === 'local' || !mayGo) return places.here();
  const first = remote.routing === 'remote' ? 'there' : 'here';
  const outcome = await places[first]();
  const passes = !outcome.ok && outcome.error.retryable && PASSING.has(outcome.error.code);
  if (!passes || call.signal.aborted) return outcome;
  const second = await places[first === 'here' ? 'there' : 'here']();
  return reshaped(second, { meta: { ...second.meta, fallback: first === 'here' ? 'remote' : 'local' } });
}
