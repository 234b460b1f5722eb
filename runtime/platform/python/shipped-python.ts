import { existsSync, readFileSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';
import { ownUrl } from '../../vocabulary/own-url.ts';
import { brokenFile } from '../engine-file.ts';
import { sha256Hex } from '../sha256-hex.ts';

/** Of one file that ships; `from`: what it was derived of, as a digest or a key. */
export interface ShippedFile {
  readonly sha256: string;
  readonly bytes: number;
  readonly packed: boolean;
  readonly from?: string;
}

/** What `scripts/ship-python.ts` writes beside the files. */
export interface ShippedAbout {
  readonly version: string;
  /** SHA-256 of the interpreter's wasm as it was published. */
  readonly wasmHash: string;
  /** What that needs at its start, bytes. */
  readonly leastMemoryBytes: number;
  readonly files: Readonly<Record<string, ShippedFile>>;
}

/** Name of what lists the files. */
export const ABOUT = 'about.json';
export const METERED = 'interpreter.wasm';
export const SNAPSHOT = 'snapshot.bin';

/** The parts of Python that the built package has: scripts and library as they were published, the metered interpreter, its snapshot. */
export interface ShippedPython extends Omit<ShippedAbout, 'files'> {
  /** @throws {SandglassError} INTERNAL when the file is missing, or another. */
  read(name: string): Promise<Uint8Array<ArrayBuffer>>;
  /** What was derived of the very same; `undefined` where it was of something else. */
  derived(name: string, from: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
}

/** A file that is packed is not what its name says. */
export const packedName = (name: string): string => `${name}.zst`;

const unpack = promisify(zstdDecompress);

/** Of a built package; sources have none. */
const FOLDER = ownUrl(import.meta.url, '../../../vendor/python/');

/**
 * Sees that each file is there and not empty, and reads none but the list.
 * @returns `undefined` where nothing ships.
 * @throws {SandglassError} INTERNAL naming what is missing.
 */
export function findShipped(folder: URL = FOLDER): ShippedPython | undefined {
  const pathOf = (name: string, packed = false): string =>
    fileURLToPath(new URL(packed ? packedName(name) : name, folder));
  if (!existsSync(pathOf(ABOUT))) return undefined;
  const { files, ...about } = readAbout(pathOf(ABOUT));
  for (const [name, { packed }] of Object.entries(files)) {
    const path = pathOf(name, packed);
    if (!existsSync(path)) throw brokenFile(path, 'missing', { place: 'path' });
    if (statSync(path).size === 0) throw brokenFile(path, 'damaged', { place: 'path' });
  }
  const read = async (name: string): Promise<Uint8Array<ArrayBuffer>> => {
    const file = files[name];
    const path = pathOf(name, file?.packed);
    if (file === undefined) throw brokenFile(path, 'missing', { place: 'file' });
    let packed: Uint8Array<ArrayBuffer>;
    try {
      packed = new Uint8Array(await readFile(path));
    } catch (cause) {
      throw brokenFile(path, 'missing', { place: 'file', cause });
    }
    let bytes = packed;
    if (file.packed) {
      const whole = await unpack(packed, { maxOutputLength: file.bytes }).catch((cause: unknown) => {
        throw brokenFile(path, 'damaged', { place: 'file', cause });
      });
      bytes = new Uint8Array(whole.buffer as ArrayBuffer, whole.byteOffset, whole.byteLength); // zlib shares none of its own
    }
    if (sha256Hex(bytes) !== file.sha256) throw brokenFile(path, 'damaged', { place: 'file' });
    return bytes;
  };
  return {
    ...about,
    read,
    derived: async (name, from) => (files[name]?.from === from ? read(name) : undefined),
  };
}

function readAbout(path: string): ShippedAbout {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ShippedAbout; // our own build wrote it
  } catch (cause) {
    throw brokenFile(path, 'damaged', { place: 'path', cause });
  }
}
