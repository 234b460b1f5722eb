export interface RunStoreOptions {
  /** Ended runs kept. @default 1_000 */
  readonly maxRuns?: number;
  /** Their output and values together, bytes. @default 64 MiB */
  readonly maxBytes?: number;
  /** How long an ended run is kept after it was last asked for, ms. @default 600_000 */
  readonly ttlMs?: number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

/** Runs by id: all that wait or run, and the ended ones that were asked for last; of two of one id, the later. */
export interface RunStore<R> {
  add(id: string, run: R): void;
  /** Tells that a run ended, and how much it holds; from then on it may be forgotten. */
  ended(id: string, bytes: number): void;
  get(id: string): R | undefined;
  readonly size: number;
}

interface Kept<R> {
  readonly run: R;
  readonly bytes: number;
  usedAt: number;
}

export function createRunStore<R>(options: RunStoreOptions = {}): RunStore<R> {
  const { maxRuns = 1_000, maxBytes = 64 * 1024 * 1024, ttlMs = 600_000 } = options;
  const now = options.now ?? (() => performance.now());
  const active = new Map<string, R>();
  // Insertion order is order of use: an entry that is asked for moves to the end.
  const done = new Map<string, Kept<R>>();
  let held = 0;

  const forget = (id: string, kept: Kept<R>): void => {
    done.delete(id);
    held -= kept.bytes;
  };
  const trim = (): void => {
    for (const [id, kept] of done) {
      const fits = done.size <= maxRuns && held <= maxBytes;
      if (fits && now() - kept.usedAt < ttlMs) break;
      forget(id, kept);
    }
  };

  return {
    add(id, run) {
      trim();
      active.set(id, run);
    },
    ended(id, bytes) {
      const run = active.get(id);
      if (run === undefined) return;
      active.delete(id);
      const earlier = done.get(id);
      if (earlier !== undefined) forget(id, earlier);
      done.set(id, { run, bytes, usedAt: now() });
      held += bytes;
      trim();
    },
    get(id) {
      trim();
      const kept = done.get(id);
      if (kept === undefined) return active.get(id);
      done.delete(id);
      kept.usedAt = now();
      done.set(id, kept);
      return kept.run;
    },
    get size() {
      return active.size + done.size;
    },
  };
}
