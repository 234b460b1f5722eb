import type { ToolOutcome } from '../../contracts/api/tool-call.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import type { Rate } from '../../vocabulary/policy.ts';
import { Recent } from '../../vocabulary/recent.ts';
import type { HeldRate } from '../held.ts';
import type { Stage } from '../pipeline.ts';
import { type ToolCall, toolOf } from '../tool-call.ts';

/** Windows that are kept: pairs of caller and tool, tools, callers. */
const MOST_KEPT = 10_000;

/**
 * Counts calls in windows that slide: those of one tool by one caller as the runtime says, those of a tool and those of a caller as the policy says.
 * A call that one of them refuses is counted by none.
 */
export function rateStage(rate: Rate | undefined, monotonic: () => number): Stage<ToolOutcome> {
  /** Times of the calls in each window, oldest first. */
  const windows = new Recent<number[]>(MOST_KEPT);
  const timesOf = ({ key, rate: { perMs } }: HeldRate, now: number): number[] => {
    const times = windows.get(key) ?? [];
    const stale = times.findIndex((time) => time > now - perMs);
    times.splice(0, stale < 0 ? times.length : stale);
    return times;
  };
  return {
    name: 'rate',
    when: 'before',
    handle: (call, next) => {
      const rates = ratesOf(call, rate);
      if (rates.length === 0) return next();
      const now = monotonic();
      const counted = rates.map((held) => ({ held, times: timesOf(held, now) }));
      for (const { held, times } of counted)
        if (times.length >= held.rate.calls) throw limited(call, held.rate, times, now);
      for (const { held, times } of counted) {
        times.push(now);
        windows.set(held.key, times);
      }
      return next();
    },
  };
}

function ratesOf(call: ToolCall, rate: Rate | undefined): readonly HeldRate[] {
  const held = call.held?.rates ?? [];
  if (rate === undefined) return held;
  const key = JSON.stringify([call.caller?.id ?? null, toolOf(call).manifest.name]);
  return [{ key, rate }, ...held];
}

function limited(
  { shownName }: ToolCall,
  { calls, perMs }: Rate,
  [oldest]: readonly number[],
  now: number,
): SandglassError {
  const waitMs = Math.ceil((oldest ?? now) + perMs - now);
  return new SandglassError(
    'RATE_LIMITED',
    `Cannot call ${shownName}: ${calls} calls in ${perMs} ms are allowed`,
    { details: { retryAfterMs: waitMs }, hint: `Call again in ${waitMs} ms` },
  );
}
