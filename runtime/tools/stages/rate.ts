import type { ToolOutcome } from '../../contracts/api/tools.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import { Recent } from '../../vocabulary/recent.ts';
import type { Stage } from '../pipeline.ts';
import { toolOf } from '../tool-call.ts';

export interface Rate {
  readonly calls: number;
  readonly perMs: number;
}

/** Pairs of caller and tool whose calls are counted. */
const MOST_KEPT = 10_000;

/** Counts the calls of one tool by one caller, in a window that slides. */
export function rateStage(rate: Rate | undefined, monotonic: () => number): Stage<ToolOutcome> {
  /** Times of the calls in the window, oldest first. */
  const windows = new Recent<number[]>(MOST_KEPT);
  return {
    name: 'rate',
    when: 'before',
    handle: async (call, next) => {
      if (rate === undefined) return next();
      const key = JSON.stringify([call.caller?.id ?? null, toolOf(call).manifest.name]);
      const times = windows.get(key) ?? [];
      const now = monotonic();
      while ((times[0] ?? now) <= now - rate.perMs) times.shift();
      const [oldest = now] = times;
      if (times.length >= rate.calls) {
        const waitMs = Math.ceil(oldest + rate.perMs - now);
        throw new SandglassError(
          'RATE_LIMITED',
          `Cannot call ${call.shownName}: ${rate.calls} calls in ${rate.perMs} ms are allowed`,
          { details: { retryAfterMs: waitMs }, hint: `Call again in ${waitMs} ms` },
        );
      }
      times.push(now);
      windows.set(key, times);
      return next();
    },
  };
}
