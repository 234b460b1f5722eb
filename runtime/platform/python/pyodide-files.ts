import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { splitSections } from '../../wasm/sections.ts';
import { brokenFile } from '../engine-file.ts';

/** What is read of the npm package `pyodide`. */
export interface PyodideFiles {
  readonly loader: string;
  readonly glue: string;
  readonly stdlib: Uint8Array<ArrayBuffer>;
  readonly wasm: Uint8Array<ArrayBuffer>;
  readonly lock: string;
}

const NAMES = {
  loader: 'pyodide.js',
  glue: 'pyodide.asm.mjs',
  stdlib: 'python_stdlib.zip',
  wasm: 'pyodide.asm.wasm',
  lock: 'pyodide-lock.json',
} as const;

const require = createRequire(import.meta.url);

/**
 * Finds the package, and sees that each of its files is there and not empty; nothing is read but its version.
 * @throws {SandglassError} INTERNAL naming what is missing.
 */
export function findPyodide(folder = packageFolder()): { readonly version: string; readonly folder: string } {
  for (const name of Object.values(NAMES)) {
    const path = join(folder, name);
    if (!existsSync(path)) throw brokenFile(path, 'missing', { place: 'path' });
    if (statSync(path).size === 0) throw brokenFile(path, 'damaged', { place: 'path' });
  }
  const { version } = require(join(folder, 'package.json')) as { readonly version: string }; // every package has one
  return { version, folder };
}

/** @throws {SandglassError} INTERNAL naming a file that is missing, or not whole. */
export async function readPyodide(folder = packageFolder()): Promise<PyodideFiles> {
  const read = async (name: string): Promise<Uint8Array<ArrayBuffer>> => {
    try {
      return new Uint8Array(await readFile(join(folder, name)));
    } catch (cause) {
      throw brokenFile(join(folder, name), 'missing', { place: 'file', cause });
    }
  };
  const [loader, glue, stdlib, wasm, lock] = await Promise.all([
    read(NAMES.loader),
    read(NAMES.glue),
    read(NAMES.stdlib),
    read(NAMES.wasm),
    read(NAMES.lock),
  ]);
  const must = (isWhole: boolean, name: string): void => {
    if (!isWhole) throw brokenFile(join(folder, name), 'damaged', { place: 'file' });
  };
  must(isZip(stdlib), NAMES.stdlib);
  must(isWasm(wasm), NAMES.wasm);
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  must(isJson(text(lock)), NAMES.lock);
  return { loader: text(loader), glue: text(glue), stdlib, wasm, lock: text(lock) };
}

function packageFolder(): string {
  try {
    return dirname(require.resolve('pyodide/package.json'));
  } catch (cause) {
    throw brokenFile(join('node_modules', 'pyodide', 'package.json'), 'missing', { place: 'path', cause });
  }
}

/** A zip ends with a record of 22 bytes, which says how long the directory before it is (APPNOTE 4.3.16); this one has no comment. */
function isZip(bytes: Uint8Array): boolean {
  if (bytes.length < 22) return false;
  const end = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 22);
  return (
    end.getUint32(0, true) === 0x06054b50 &&
    end.getUint32(12, true) + end.getUint32(16, true) === bytes.length - 22
  );
}

/** Cut off or not wasm; what is wrong inside shows when it is metered, or compiled. */
function isWasm(bytes: Uint8Array): boolean {
  try {
    return splitSections(bytes).length > 0;
  } catch {
    return false; // what is wrong with it does not matter
  }
}

function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'object';
  } catch {
    return false; // what is wrong with it does not matter
  }
}
