import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { leastMemory } from '../../wasm/import-memory.ts';
import { splitSections } from '../../wasm/sections.ts';
import { brokenFile } from '../engine-file.ts';
import { sha256Hex } from '../sha256-hex.ts';
import { findShipped, type ShippedPython } from './shipped-python.ts';

/** What is read of the npm package `pyodide`, or of what the built package has of it. */
export interface PyodideFiles {
  readonly loader: string;
  readonly glue: string;
  readonly stdlib: Uint8Array<ArrayBuffer>;
  readonly lock: string;
  /** SHA-256 of the interpreter's wasm. */
  readonly wasmHash: string;
  /** What that needs at its start, bytes. */
  readonly leastMemoryBytes: number;
  readonly source: { readonly wasm: Uint8Array<ArrayBuffer> } | { readonly shipped: ShippedPython };
}

const NAMES = {
  loader: 'pyodide.js',
  glue: 'pyodide.asm.mjs',
  stdlib: 'python_stdlib.zip',
  wasm: 'pyodide.asm.wasm',
  lock: 'pyodide-lock.json',
} as const;
/** Those that the built package has as they were published. */
export const SHIPPED_NAMES = [NAMES.loader, NAMES.glue, NAMES.stdlib, NAMES.lock] as const;

const require = createRequire(import.meta.url);

/**
 * Finds the package, and sees that each of its files is there and not empty; nothing is read but its version.
 * @throws {SandglassError} INTERNAL naming what is missing.
 */
export function findPyodide(from?: string): { readonly version: string } {
  const shipped = from === undefined ? findShipped() : undefined;
  if (shipped !== undefined) return shipped;
  const folder = from ?? packageFolder();
  for (const name of Object.values(NAMES)) {
    const path = join(folder, name);
    if (!existsSync(path)) throw brokenFile(path, 'missing', { place: 'path' });
    if (statSync(path).size === 0) throw brokenFile(path, 'damaged', { place: 'path' });
  }
  const { version } = require(join(folder, 'package.json')) as { readonly version: string }; // every package has one
  return { version };
}

/** @throws {SandglassError} INTERNAL naming a file that is missing, or not whole. */
export async function readPyodide(from?: string): Promise<PyodideFiles> {
  const shipped = from === undefined ? findShipped() : undefined;
  if (shipped !== undefined) return readShipped(shipped);
  const folder = from ?? packageFolder();
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
  must(isJson(textOf(lock)), NAMES.lock);
  return {
    loader: textOf(loader),
    glue: textOf(glue),
    stdlib,
    lock: textOf(lock),
    wasmHash: sha256Hex(wasm),
    leastMemoryBytes: leastMemory(wasm),
    source: { wasm },
  };
}

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Each file is what the build has put there: its digest is looked at. */
async function readShipped(shipped: ShippedPython): Promise<PyodideFiles> {
  const [loader, glue, stdlib, lock] = await Promise.all([
    shipped.read(NAMES.loader),
    shipped.read(NAMES.glue),
    shipped.read(NAMES.stdlib),
    shipped.read(NAMES.lock),
  ]);
  const { wasmHash, leastMemoryBytes } = shipped;
  return {
    loader: textOf(loader),
    glue: textOf(glue),
    stdlib,
    lock: textOf(lock),
    wasmHash,
    leastMemoryBytes,
    source: { shipped },
  };
}

/** The loader as it was published, with its version. */
export async function readLoader(): Promise<{ readonly version: string; readonly loader: string }> {
  const shipped = findShipped();
  if (shipped !== undefined)
    return { version: shipped.version, loader: textOf(await shipped.read(NAMES.loader)) };
  const folder = packageFolder();
  return { ...findPyodide(folder), loader: await readFile(join(folder, NAMES.loader), 'utf8') };
}

/** What Pyodide was published with: names, versions and digests of some hundred packages, as JSON. */
export async function readLock(): Promise<string> {
  const shipped = findShipped();
  return shipped === undefined
    ? readFile(join(packageFolder(), NAMES.lock), 'utf8')
    : textOf(await shipped.read(NAMES.lock));
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
