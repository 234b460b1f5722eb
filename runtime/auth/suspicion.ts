import { SandglassError } from '../vocabulary/errors.ts';
import { Recent } from '../vocabulary/recent.ts';

/** A caller that was refused again and again. */
export interface Suspicious {
  readonly caller: string;
  /** Refusals within `perMs`. */
  readonly refusals: number;
  readonly perMs: number;
  /** How long it is blocked, ms; 0: it is not. */
  readonly blockedMs: number;
}

export interface SuspicionOptions {
  /** Refusals that make a caller suspicious, 1..100,000. @default 20 */
  readonly after?: number;
  /** Within so many ms. @default 60,000 */
  readonly perMs?: number;
  /** How long a suspicious caller is blocked, ms; 0: it is told of, and goes on. @default 0 */
  readonly blockMs?: number;
  readonly onSuspicious?: (suspicious: Suspicious) => void;
}

export interface Suspicion {
  /** A caller was refused something: a grant, a permission, a call over its rate. */
  note(caller: string): void;
  /** @throws {SandglassError} RATE_LIMITED for one that is blocked, with `retryAfterMs`. */
  check(caller: string): void;
}

/** Callers that are watched; the one not heard of for longest is forgotten first. */
const MOST_CALLERS = 10_000;

/** Counts refusals of each caller, and tells, and may block, those that are refused too often. @param monotonic ms */
export function createSuspicion(options: SuspicionOptions, monotonic: () => number): Suspicion {
  const { after = 20, perMs = 60_000, blockMs = 0, onSuspicious } = options;
  const refused = new Recent<number[]>(MOST_CALLERS);
  const blocked = new Recent<number>(MOST_CALLERS);
  return {
    note(caller) {
      const now = monotonic();
      const times = (refused.get(caller) ?? []).filter((time) => time > now - perMs);
      times.push(now);
      if (times.length < after) {
        refused.set(caller, times);
        return;
      }
      // It is told once; then its refusals count from none.
      refused.delete(caller);
      if (blockMs > 0) blocked.set(caller, now + blockMs);
      onSuspicious?.({ caller, refusals: times.length, perMs, blockedMs: blockMs });
    },
    check(caller) {
      const until = blocked.get(caller);
      if (until === undefined) return;
      const retryAfterMs = Math.ceil(until - monotonic());
      if (retryAfterMs <= 0) {
        blocked.delete(caller);
        return;
      }
      throw new SandglassError('RATE_LIMITED', 'Cannot answer: this caller was refused too often', {
        details: { retryAfterMs, blocked: true },
        hint: `Call again in ${retryAfterMs} ms, for what its grant and its rate allow`,
      });
    },
  };
}
