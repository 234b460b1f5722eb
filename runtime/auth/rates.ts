import { SandglassError } from '../vocabulary/errors.ts';
import type { Rate } from '../vocabulary/policy.ts';
import { Recent } from '../vocabulary/recent.ts';

/** How a caller stands after a call was counted. */
export interface RateState {
  readonly limit: number;
  readonly perMs: number;
  /** Calls left now. */
  readonly remaining: number;
  /** Until one more is free, ms; 0 while some are left. */
  readonly resetMs: number;
}

export interface Rates {
  /**
   * Counts calls of one caller.
   * @param count 1..; more than one for calls that come together.
   * @throws {SandglassError} RATE_LIMITED, with `retryAfterMs` in its details; then none is counted. A promise rejects so.
   */
  take(caller: string, rate: Rate, count?: number): RateState | Promise<RateState>;
}

/** Callers whose calls are remembered; the one not heard of for longest is forgotten first. */
const MOST_CALLERS = 10_000;

/** Rates that are counted in this process, and answer at once. */
export interface OwnRates extends Rates {
  take(caller: string, rate: Rate, count?: number): RateState;
}

/** Counts calls by caller, in windows that slide. They do not go by the clock, which may jump. @param monotonic ms */
export function createRates(monotonic: () => number): OwnRates {
  const windows = new Recent<number[]>(MOST_CALLERS);
  return {
    take(caller, { calls, perMs }, count = 1) {
      const now = monotonic();
      const times = windows.get(caller) ?? [];
      const stale = times.findIndex((time) => time > now - perMs);
      times.splice(0, stale < 0 ? times.length : stale);
      if (times.length + count > calls) {
        const first = times[Math.max(0, times.length + count - calls - 1)] ?? now;
        throw rateLimited({ calls, perMs }, Math.max(1, Math.ceil(first + perMs - now)));
      }
      for (let counted = 0; counted < count; counted++) times.push(now);
      windows.set(caller, times);
      const remaining = calls - times.length;
      const resetMs = remaining > 0 ? 0 : Math.max(1, Math.ceil((times[0] ?? now) + perMs - now));
      return { limit: calls, perMs, remaining, resetMs };
    },
  };
}

export const rateLimited = ({ calls, perMs }: Rate, retryAfterMs: number): SandglassError =>
  new SandglassError('RATE_LIMITED', `Cannot answer: ${calls} calls in ${perMs} ms are allowed`, {
    details: { retryAfterMs, limit: calls, perMs },
    hint: `Call again in ${retryAfterMs} ms`,
  });
