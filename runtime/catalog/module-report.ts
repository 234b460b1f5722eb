import { type Need, needsOf } from './needs.ts';
import type { Port } from './port.ts';

/** What a .wasm says of itself, without running any of it. */
export interface ModuleReport {
  readonly kind: 'component' | 'module';
  readonly bytes: number;
  readonly imports: readonly Port[];
  readonly exports: readonly Port[];
  readonly memories: readonly MemoryReport[];
  readonly customSections: readonly string[];
  /** What made it, as it says, e.g. `{ 'processed-by': ['rustc 1.63.0'] }`. */
  readonly producers: Readonly<Record<string, readonly string[]>>;
  readonly needs: readonly Need[];
}

export interface MemoryReport {
  readonly minimumBytes: number;
  /** Absent: as far as the limit of the run lets it grow. */
  readonly maximumBytes?: number;
}

export const reportOf = (facts: Omit<ModuleReport, 'needs'>): ModuleReport => ({
  ...facts,
  needs: needsOf(facts),
});
