export interface PaceOptions {
  /** Of one processor, over 0 and at most 1. */
  readonly share: number;
  /** CPU time of the thread, ms. */
  readonly cpuMs: () => number;
  /** Milliseconds. */
  readonly monotonic: () => number;
}

/** Holds a guest to a share of a processor. */
export interface Pace {
  /** How long it has to rest now, ms; 0 if it is within its share. Asked at each slice. */
  restMs(): number;
}

/** What a guest may catch up on after it has waited for something, ms of wall time. */
const CREDIT_MS = 100;

/** CPU time at most `share` of the wall time since it was made. Time that a guest spends waiting is not saved up for later. */
export function createPace({ share, cpuMs, monotonic }: PaceOptions): Pace {
  const cpuBefore = cpuMs();
  let since = monotonic();
  return {
    restMs: () => {
      const owed = (cpuMs() - cpuBefore) / share;
      const passed = monotonic() - since;
      if (passed - owed > CREDIT_MS) since += passed - owed - CREDIT_MS;
      return Math.max(0, owed - passed);
    },
  };
}
