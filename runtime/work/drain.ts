import type { DrainReport } from '../contracts/queue.ts';
import type { Clock } from './scheduler.ts';

/** The end of a scheduler's life: a grace, then a cut, then a report once nothing is left. */
export interface Drain<E> {
  readonly report: Promise<DrainReport>;
  /** Ends the grace `graceMs` from now, unless it ends sooner already. */
  limit(graceMs: number): void;
  /** Counts a job that ended. */
  count(entry: E): void;
  /** Tells that nothing is left. Idempotent. */
  end(): void;
}

/** @param cancelAll Cancels all that is left, and answers what that was. */
export function createDrain<E>(clock: Clock, cancelAll: () => readonly E[]): Drain<E> {
  const { promise, resolve } = Promise.withResolvers<DrainReport>();
  let takeBack: (() => void) | undefined;
  let endsAt = Number.POSITIVE_INFINITY;
  let ended = false;
  let finished = 0;
  let cutting = false;
  const cut = new Set<E>();
  const settle = (): void => resolve({ finished, cancelled: cut.size });
  return {
    report: promise,
    limit(graceMs) {
      const at = clock.now() + graceMs;
      if (ended || at >= endsAt) return;
      takeBack?.();
      endsAt = at;
      takeBack = clock.after(graceMs, () => {
        cutting = true;
        for (const entry of cancelAll()) cut.add(entry);
        cutting = false;
        if (ended) settle();
      });
    },
    count(entry) {
      if (!cutting && !cut.has(entry)) finished++;
    },
    end() {
      if (ended) return;
      ended = true;
      takeBack?.();
      if (!cutting) settle();
    },
  };
}
