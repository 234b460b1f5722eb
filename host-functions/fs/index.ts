import { createFsHostFunction as createPortable, type FsHostFunctionOptions } from './fs.ts';
import { createNodeBackend } from './node-backend.ts';

export type {
  FsBackend,
  FsDirectory,
  FsFile,
  FsRoot,
  NodeEntry,
  NodeStat,
  NodeTimes,
  OpenFlags,
} from './backend.ts';
export type { FsHostFunctionOptions } from './fs.ts';
export { FsFault } from './fs-fault.ts';
export { createMemoryBackend, type MemoryBackendOptions } from './memory-backend.ts';
export { createNodeBackend, type NodeBackendOptions } from './node-backend.ts';

/** The host function `fs` over the folders of this machine. `fs.ts` has the same without any `node:` import and without a default back end. */
export const createFsHostFunction = (options: FsHostFunctionOptions = {}) =>
  createPortable({ backend: createNodeBackend(), ...options });
