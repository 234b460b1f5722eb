import type { ModuleInfo } from '../../contracts/api/module.ts';
import { checkFields, type FieldKind } from '../../vocabulary/check-fields.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import { beforePass } from '../../vocabulary/in-slices.ts';
import { wholeNumber } from '../../vocabulary/read-options.ts';
import { Recent } from '../../vocabulary/recent.ts';
import { sha256Hex } from '../../vocabulary/sha256.ts';
import { MIB } from '../../vocabulary/units.ts';

export interface ModuleStoreOptions {
  /** Checks untrusted bytes and reads what they are. @throws {SandglassError} MODULE_INVALID */
  readonly inspect: (bytes: Uint8Array<ArrayBuffer>) => ModuleInfo | Promise<ModuleInfo>;
  /** Modules kept, the ones used last. @default 100 */
  readonly maxModules?: number;
  /** Their bytes together. @default 256 MiB */
  readonly maxTotalBytes?: number;
}

export interface StoredModule extends ModuleInfo {
  /** SHA-256 of the bytes, lower-case hex. */
  readonly hash: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Uploaded modules by their hash, in memory. */
export interface ModuleStore {
  /** Keeps a module; the same bytes are kept once. @throws {SandglassError} MODULE_INVALID */
  put(bytes: Uint8Array<ArrayBuffer>): Promise<StoredModule>;
  /** @throws {SandglassError} INPUT_INVALID for a hash that is not kept, or not any more. */
  get(hash: string): StoredModule;
}

const FIELDS: Readonly<Record<keyof ModuleStoreOptions, FieldKind>> = {
  inspect: 'function!',
  maxModules: 'any',
  maxTotalBytes: 'any',
};

/** @throws {TypeError | RangeError} on an unknown or missing option, or one of the wrong kind or range. */
export function createModuleStore(options: ModuleStoreOptions): ModuleStore {
  checkFields(options, FIELDS, 'create a module store');
  wholeNumber(options.maxModules, 'create a module store: maxModules', { minimum: 1 });
  wholeNumber(options.maxTotalBytes, 'create a module store: maxTotalBytes', { minimum: 1, unit: 'bytes' });
  const { inspect, maxModules = 100, maxTotalBytes = 256 * MIB } = options;
  const kept = new Recent<StoredModule>(maxModules, maxTotalBytes);

  return {
    async put(bytes) {
      await beforePass(bytes);
      const hash = await sha256Hex(bytes);
      const known = kept.get(hash);
      if (known !== undefined) return known;
      const { kind, exports } = await inspect(bytes);
      if (bytes.byteLength > maxTotalBytes) {
        throw new SandglassError('MODULE_INVALID', `Cannot keep a module of ${bytes.byteLength} bytes`, {
          details: { maxBytes: maxTotalBytes },
        });
      }
      const module = { hash, kind, exports, bytes };
      kept.set(hash, module, bytes.byteLength);
      return module;
    },
    get(hash) {
      const module = kept.get(hash);
      if (module === undefined) {
        throw new SandglassError('INPUT_INVALID', `Cannot run module ${hash}: it is not stored here`, {
          details: { path: '/module' },
          hint: 'Upload it with POST /v1/modules first; modules not used for long are dropped',
        });
      }
      return module;
    },
  };
}
