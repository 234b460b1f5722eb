import type { Clock } from '../../runtime/work/scheduler.ts';

export interface FakeClock extends Clock {
  /** Moves time on and fires what is due. */
  advance(ms: number): void;
  /** Timers that were set and neither fired nor taken back. */
  readonly pending: number;
}

export function createFakeClock(): FakeClock {
  let now = 0;
  const timers = new Set<{ at: number; action: () => void }>();
  return {
    now: () => now,
    after(ms, action) {
      const timer = { at: now + ms, action };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance(ms) {
      now += ms;
      for (const timer of [...timers].sort((a, b) => a.at - b.at)) {
        if (timer.at > now) continue;
        timers.delete(timer);
        timer.action();
      }
    },
    get pending() {
      return timers.size;
    },
  };
}
