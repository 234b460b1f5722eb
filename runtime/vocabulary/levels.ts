import type { Limits } from './limits.ts';
import type { IsolationLevel } from './outcome.ts';
import { MIB } from './units.ts';

export type { IsolationLevel } from './outcome.ts';

/** From least to most strict. */
export const LEVELS: readonly IsolationLevel[] = Object.freeze(['minimal', 'standard', 'strict', 'maximum']);

/** What a level takes away, whatever is granted. */
export interface LevelPolicy {
  readonly cell: 'inline' | 'worker' | 'process';
  readonly noNetwork: boolean;
  readonly readOnlyFiles: boolean;
  readonly noHostFiles: boolean;
  readonly ceilings: Partial<Limits>;
}

export const LEVEL_POLICIES: Readonly<Record<IsolationLevel, LevelPolicy>> = Object.freeze({
  minimal: { cell: 'inline', noNetwork: false, readOnlyFiles: false, noHostFiles: false, ceilings: {} },
  standard: { cell: 'worker', noNetwork: false, readOnlyFiles: false, noHostFiles: false, ceilings: {} },
  strict: { cell: 'worker', noNetwork: true, readOnlyFiles: true, noHostFiles: false, ceilings: {} },
  maximum: {
    cell: 'process',
    noNetwork: true,
    readOnlyFiles: true,
    noHostFiles: true,
    ceilings: { timeoutMs: 5_000, memoryBytes: 64 * MIB, cpuShare: 0.1 },
  },
});

/** Python needs more than the 64 MiB of other guests to start at all. */
export const MAXIMUM_PYTHON_MEMORY_BYTES = 256 * MIB;

/** The stricter of two levels. */
export const stricter = (one: IsolationLevel, other: IsolationLevel): IsolationLevel =>
  LEVELS.indexOf(one) >= LEVELS.indexOf(other) ? one : other;
