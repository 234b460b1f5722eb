import { createFsHostFunction, type FsHostFunctionOptions } from '../../host-functions/fs/fs.ts';
import { createNodeBackend } from '../../host-functions/fs/node-backend.ts';

/** The host function `fs` over the folders of this machine, as the entry for Node wires it. */
export const createNodeFs = (options: FsHostFunctionOptions = {}) =>
  createFsHostFunction({ backend: createNodeBackend(), ...options });
