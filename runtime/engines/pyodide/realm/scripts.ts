import { bootRealm } from './boot.ts';
import { countBuffers } from './buffers.ts';
import { installFiles } from './files.ts';
import { hardenLanguage } from './language.ts';
import { installSurroundings } from './surroundings.ts';
import { guardWasm } from './wasm.ts';

const PARTS = { countBuffers, guardWasm, hardenLanguage, installFiles, installSurroundings };

/** Evaluates to `bootRealm`, of the realm that it is evaluated in. */
export const BOOT_SCRIPT = `(${String(bootRealm)})`;

/** Evaluates to the `RealmParts`. */
export const PARTS_SCRIPT = `({ ${Object.entries(PARTS)
  .map(([name, part]) => `${name}: ${String(part)}`)
  .join(',\n')} })`;
