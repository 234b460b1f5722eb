import { createDurations, type Durations } from './durations.ts';

/** What is known of one thing that ended. */
export interface Ended {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly ok: boolean;
  readonly durationMs: number;
  /** `null` where the platform does not tell. */
  readonly cpuMs: number | null;
  readonly memoryBytes: number;
}

/** Of all that ended in a span of time. */
export interface Figures {
  readonly total: number;
  readonly failures: number;
  /** 0..1; 0 when nothing ended. */
  readonly errorRate: number;
  readonly meanMs: number;
  /** Half of all took no longer; at most 2.2 % too high. */
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** CPU time together. */
  readonly cpuMs: number;
  /** Largest linear memory of one guest. */
  readonly peakMemoryBytes: number;
}

/** Sums of one slot of time, or of several. */
export interface Tally {
  readonly since: number;
  total: number;
  failures: number;
  sumMs: number;
  cpuMs: number;
  peakMemoryBytes: number;
  readonly durations: Durations;
}

/** The newest slots of time, each as long as the others: old ones go as new ones come. */
export interface Slots {
  add(ended: Ended): void;
  /** Sums over what ended after `since`, to one slot. */
  sum(since: number): Tally;
  /** Slots that have something, the oldest first. */
  list(since: number): readonly Tally[];
}

export const createTally = (since: number): Tally => ({
  since,
  total: 0,
  failures: 0,
  sumMs: 0,
  cpuMs: 0,
  peakMemoryBytes: 0,
  durations: createDurations(),
});

export function addTo(tally: Tally, { ok, durationMs, cpuMs, memoryBytes }: Ended): void {
  tally.total += 1;
  if (!ok) tally.failures += 1;
  tally.sumMs += durationMs;
  tally.cpuMs += cpuMs ?? 0;
  tally.peakMemoryBytes = Math.max(tally.peakMemoryBytes, memoryBytes);
  tally.durations.add(durationMs);
}

export function merge(into: Tally, other: Tally): void {
  into.total += other.total;
  into.failures += other.failures;
  into.sumMs += other.sumMs;
  into.cpuMs += other.cpuMs;
  into.peakMemoryBytes = Math.max(into.peakMemoryBytes, other.peakMemoryBytes);
  into.durations.merge(other.durations);
}

export const figuresOf = ({ total, failures, sumMs, cpuMs, peakMemoryBytes, durations }: Tally): Figures => ({
  total,
  failures,
  errorRate: total === 0 ? 0 : failures / total,
  meanMs: total === 0 ? 0 : sumMs / total,
  p50Ms: durations.quantile(0.5),
  p95Ms: durations.quantile(0.95),
  cpuMs,
  peakMemoryBytes,
});

/** @param slotMs Length of a slot, ms. @param count Slots that are kept. */
export function createSlots(slotMs: number, count: number): Slots {
  const slots = new Map<number, Tally>();
  /** In order of time, but for a clock that was set back. */
  const forget = (newest: number): void => {
    for (const slot of slots.keys()) {
      if (slot > newest - count && slot <= newest) break;
      slots.delete(slot);
    }
  };
  const within = (since: number): Tally[] =>
    [...slots.values()].filter((tally) => tally.since + slotMs > since);
  return {
    add(ended) {
      const slot = Math.floor(ended.time / slotMs);
      const tally = slots.get(slot) ?? createTally(slot * slotMs);
      slots.set(slot, tally);
      addTo(tally, ended);
      forget(slot);
    },
    sum(since) {
      const sum = createTally(since);
      for (const tally of within(since)) merge(sum, tally);
      return sum;
    },
    list: within,
  };
}
