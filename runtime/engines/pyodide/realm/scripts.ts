import { bootRealm, type RealmParts } from './boot.ts';
import { countBuffers } from './buffers.ts';
import { guardCalls } from './calls.ts';
import { serveGivenFiles } from './files/given-files.ts';
import { askHostFiles } from './files/host-files.ts';
import { installFiles } from './files/install.ts';
import { lateFile } from './files/late-file.ts';
import { keepMounts } from './files/mounts.ts';
import { openHostFiles } from './files/open-files.ts';
import { serveHostPaths } from './files/paths.ts';
import { limitScratch } from './files/scratch.ts';
import { keepUmask } from './files/umask.ts';
import { hardenLanguage } from './language.ts';
import { lateSymbols } from './late-symbols.ts';
import { serveGuest } from './serve-guest.ts';
import { openStreams } from './streams.ts';
import { installSurroundings } from './surroundings.ts';
import { guardTexts } from './texts.ts';
import { guardInstances } from './wasm/guard-instances.ts';
import { guardWasm } from './wasm/guard-wasm.ts';
import { hardenWasm } from './wasm/harden-wasm.ts';
import { keepMemory } from './wasm/keep-memory.ts';
import { wrapPort } from './wrap-port.ts';
import { keepZone } from './zone.ts';

const PARTS = {
  askHostFiles,
  countBuffers,
  guardCalls,
  guardInstances,
  guardTexts,
  guardWasm,
  hardenLanguage,
  hardenWasm,
  installFiles,
  installSurroundings,
  keepMemory,
  keepMounts,
  keepUmask,
  keepZone,
  lateFile,
  lateSymbols,
  limitScratch,
  openHostFiles,
  openStreams,
  serveGivenFiles,
  serveGuest,
  serveHostPaths,
  wrapPort,
} satisfies RealmParts;

/** Evaluates to `bootRealm`, of the realm that it is evaluated in. */
export const BOOT_SCRIPT = `(${String(bootRealm)})`;

/** Evaluates to the `RealmParts`. */
export const PARTS_SCRIPT = `({ ${Object.entries(PARTS)
  .map(([name, part]) => `${name}: ${String(part)}`)
  .join(',\n')} })`;
