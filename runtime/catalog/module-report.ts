import type { JsonValue } from '../vocabulary/json.ts';
import { type Need, needsOf, needsOfCapabilities } from './needs.ts';
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
  /** Of a tool. */
  readonly manifest?: ManifestReport;
  readonly needs: readonly Need[];
}

export interface MemoryReport {
  readonly minimumBytes: number;
  /** Absent: as far as the limit of the run lets it grow. */
  readonly maximumBytes?: number;
}

/** What a tool says of itself in its manifest. Its author wrote it: it is shown, not obeyed. */
export interface ManifestReport {
  readonly name?: string;
  readonly version?: string;
  readonly description?: string;
  readonly capabilities: readonly string[];
  /** JSON Schemas. */
  readonly input?: JsonValue;
  readonly output?: JsonValue;
  readonly examples?: JsonValue;
}

export const reportOf = (facts: Omit<ModuleReport, 'needs'>): ModuleReport => ({
  ...facts,
  needs: facts.manifest === undefined ? needsOf(facts) : needsOfCapabilities(facts.manifest.capabilities),
});
