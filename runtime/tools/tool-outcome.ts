import type { ToolFacts, ToolOutcome } from '../contracts/api/tool-call.ts';
import { defined } from '../vocabulary/defined.ts';
import type { SandglassError } from '../vocabulary/errors.ts';
import type { GuestValue } from '../vocabulary/guest-value.ts';
import { mergeLimits } from '../vocabulary/limits.ts';
import type { Outcome } from '../vocabulary/outcome.ts';
import { outcomeToJson } from '../vocabulary/outcome-json.ts';
import { NOTHING_USED, outcomeOf } from '../vocabulary/outcome-of.ts';
import { textOf } from './result/text-of.ts';
import type { ToolCall } from './tool-call.ts';

/** An outcome of a call that no run answered. */
export function failureOf(call: ToolCall, error: SandglassError): ToolOutcome {
  const outcome = outcomeOf(
    { ok: false, error },
    {
      runId: call.runId,
      level: call.level,
      limits: mergeLimits([call.limits]),
      queuedMs: call.queuedMs,
      attempts: call.attempts,
      stdout: '',
      stderr: '',
      usage: NOTHING_USED,
    },
  );
  const failed = toToolOutcome(outcome, call);
  return reshaped(failed, { text: textOf(failed) });
}

/** The outcome of a run, as one of a call. */
export const toToolOutcome = (outcome: Outcome, call: ToolCall): ToolOutcome =>
  reshaped(outcome, {
    tool: call.tool?.manifest.name ?? call.name,
    callId: call.id,
    ...defined({ sessionId: call.options.sessionId }),
    text: '',
    trace: call.trace,
    meta: {
      ...outcome.meta,
      ...call.called.told(),
      queuedMs: call.queuedMs + outcome.meta.queuedMs,
      attempts: call.attempts,
    },
  });

/** The same call with another value: what it printed and what it cost stay. */
export function withValue(outcome: ToolOutcome, value: GuestValue): ToolOutcome {
  if (outcome.ok) return reshaped(outcome, { value });
  const { error: _, ...rest } = outcome;
  return reshaped({ ...rest, ok: true, value }, {});
}

/** A copy with other fields; it writes itself as JSON as outcomes do, with what concerns the tool. */
export function reshaped(
  outcome: Outcome | ToolOutcome,
  changes: Partial<ToolOutcome> | (ToolFacts & Pick<Outcome, 'meta'>),
): ToolOutcome {
  const changed = { ...outcome, ...changes } as ToolOutcome; // one of a run is given the facts of its call
  Object.defineProperty(changed, 'toJSON', {
    value: () => {
      const { tool, callId, sessionId, text, truncated, originalLength, artifact, trace } = changed;
      return {
        ...outcomeToJson(changed),
        tool,
        callId,
        text,
        ...defined({ sessionId, truncated, originalLength, artifact }),
        trace,
      };
    },
    configurable: true,
    writable: true,
  });
  return changed;
}
