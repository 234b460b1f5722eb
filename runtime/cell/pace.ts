export interface PaceOptions {
  /** Of one processor, over 0 and at most 1. */
  readonly share: number;
  /**
   * CPU time that a guest may use ahead of its share, ms, at its start and after it has waited: `cpu.max.burst` of Linux' control groups. A run that
   * is done within it never rests; over any time a guest has at most this much more than its share.
   */
  readonly burstMs: number;
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

/** CPU time at most `share` of the wall time since it was made, and a burst. Time that a guest spends waiting is not saved up beyond that. */
export function createPace({ share, burstMs, cpuMs, monotonic }: PaceOptions): Pace {
  let leftMs = burstMs;
  let [cpu, wall] = [cpuMs(), monotonic()];
  return {
    restMs: () => {
      const [cpuNow, wallNow] = [cpuMs(), monotonic()];
      leftMs = Math.min(burstMs, leftMs + (wallNow - wall) * share - (cpuNow - cpu));
      [cpu, wall] = [cpuNow, wallNow];
      return Math.max(0, -leftMs / share);
    },
  };
}
