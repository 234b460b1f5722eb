/** Steps that double from one to the next are cut in so many parts: a quantile is at most 2.2 % too high. */
const PARTS = 32;

/** How often durations of a kind came, in a fixed number of steps: it does not grow with their count. */
export interface Durations {
  add(ms: number): void;
  /** Adds what another one counted. */
  merge(other: Durations): void;
  /** Smallest duration that this share of all does not exceed, ms; 0 when there are none. @param share 0..1 */
  quantile(share: number): number;
  readonly steps: ReadonlyMap<number, number>;
  readonly longest: number;
}

/** Counts in steps that grow with the duration, as an HDR histogram does. */
export function createDurations(): Durations {
  const steps = new Map<number, number>();
  let longest = 0;
  let count = 0;
  const addSteps = (step: number, more: number): void => {
    steps.set(step, (steps.get(step) ?? 0) + more);
    count += more;
  };
  return {
    steps,
    get longest() {
      return longest;
    },
    add(ms) {
      longest = Math.max(longest, ms);
      addSteps(stepOf(ms), 1);
    },
    merge(other) {
      longest = Math.max(longest, other.longest);
      for (const [step, more] of other.steps) addSteps(step, more);
    },
    quantile(share) {
      const wanted = Math.max(1, Math.ceil(count * share));
      let below = 0;
      for (const [step, more] of [...steps].sort(([left], [right]) => left - right)) {
        below += more;
        if (below >= wanted) return Math.min(longest, upperOf(step));
      }
      return 0;
    },
  };
}

/** Thousandths of a millisecond, and as much more as a number of this size can tell. */
const stepOf = (ms: number): number => Math.ceil(Math.log2(Math.max(1, ms * 1_000)) * PARTS);

const upperOf = (step: number): number => 2 ** (step / PARTS) / 1_000;
