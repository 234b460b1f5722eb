import { Recent } from '../vocabulary/recent.ts';
import { MIB } from '../vocabulary/units.ts';

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
  /** Only among those that go on; it counts as no use. */
  peek(id: string): R | undefined;
  /** The one that was added last, or ended last, comes first: those that go on before the ended ones. */
  all(): readonly R[];
  /** How long an ended run is kept after it was last asked for, ms. */
  readonly ttlMs: number;
  readonly size: number;
}

interface Kept<R> {
  readonly run: R;
  usedAt: number;
}

export function createRunStore<R>(options: RunStoreOptions = {}): RunStore<R> {
  const { maxRuns = 1_000, maxBytes = 64 * MIB, ttlMs = 600_000 } = options;
  const now = options.now ?? (() => performance.now());
  const active = new Map<string, R>();
  const done = new Recent<Kept<R>>(maxRuns, maxBytes);
  const trim = (): void => done.dropWhile(({ usedAt }) => now() - usedAt >= ttlMs);

  return {
    ttlMs,
    add(id, run) {
      trim();
      active.set(id, run);
    },
    ended(id, bytes) {
      const run = active.get(id);
      if (run === undefined) return;
      active.delete(id);
      done.set(id, { run, usedAt: now() }, bytes);
      trim();
    },
    get(id) {
      trim();
      const kept = done.get(id);
      if (kept === undefined) return active.get(id);
      kept.usedAt = now();
      return kept.run;
    },
    peek: (id) => active.get(id),
    all() {
      trim();
      return [...[...active.values()].reverse(), ...done.values().map(({ run }) => run)];
    },
    get size() {
      return active.size + done.size;
    },
  };
}
