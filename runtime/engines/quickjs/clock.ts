import type { GuestHost, RunSpec } from '../../contracts/engine.ts';

/**
 * The guest's clocks. In a deterministic run they stand still while the guest computes, and move on by exactly what it waits: a timer is
 * then due at once, and in the same order every time.
 */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds since the start of the run. */
  elapsed(): number;
  /** What programs are told of the time since the start: the same, but never zero in a deterministic run. */
  monotonic(): number;
  readonly virtual: boolean;
  /** Deterministic runs only: the wait is over. */
  advance(ms: number): void;
}

export function createClock(run: RunSpec, host: GuestHost): Clock {
  const virtual = run.deterministic !== undefined;
  const start = host.monotonic();
  let waited = 0;
  return {
    virtual,
    now: () => host.now() + waited,
    elapsed: () => (virtual ? waited : host.monotonic() - start),
    monotonic: () => (virtual ? start + waited : host.monotonic() - start),
    advance: (ms) => {
      waited += ms;
    },
  };
}
