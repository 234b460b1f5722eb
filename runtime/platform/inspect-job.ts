import type { ModuleInfo } from '../contracts/api/module.ts';
import { inspectBinary } from '../wasm/inspect.ts';

/**
 * Looks at bytes that nobody has looked at; the guard goes first, as in a run.
 * @throws {SandglassError} MODULE_INVALID
 */
export function job(input: unknown): ModuleInfo {
  const { kind, exports, worldExports } = inspectBinary(input as Uint8Array); // only inspect-upload.ts sends this job
  return { kind, exports: [...exports, ...worldExports].map(({ name }) => name) };
}
