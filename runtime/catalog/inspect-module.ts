import type { ModuleInfo } from '../contracts/api/module.ts';
import { guardBinary } from '../wasm/guard.ts';
import { inspectBinary } from '../wasm/inspect.ts';

/**
 * Looks at untrusted bytes for a module store: the guard first, as a run does.
 * @throws {SandglassError} MODULE_INVALID. @throws {TypeError} on what is not bytes.
 */
export function inspectModule(bytes: Uint8Array<ArrayBuffer>): ModuleInfo {
  if (!(bytes instanceof Uint8Array))
    throw new TypeError('Cannot inspect a module: expected its bytes, a Uint8Array');
  guardBinary(bytes);
  const { kind, exports, worldExports } = inspectBinary(bytes);
  return { kind, exports: [...exports, ...worldExports].map(({ name }) => name) };
}
