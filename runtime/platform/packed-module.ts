import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';
import { brokenFile } from './engine-file.ts';
import { sha256Hex } from './sha256-hex.ts';

/**
 * A module that ships packed, with what it was built from beside it: `NAME.wasm.br` and `NAME.json`. Both are read when they are first asked
 * for: a file that is missing is no matter of a runtime that never needs it.
 */
export interface PackedModule {
  /**
   * Lower-case hex SHA-256 of the module.
   * @throws {SandglassError} INTERNAL when what tells of it is missing.
   */
  readonly hash: string;
  /** What it was built from; `missing` where nothing tells of it, which whoever loads it is told. */
  readonly from: string;
  /** @throws {SandglassError} INTERNAL when the file is missing, cut off, or another. */
  readonly load: () => Promise<Uint8Array<ArrayBuffer>>;
}

const unpack = promisify(brotliDecompress);

/** @param folder Where both files lie, with a `/` at the end. */
export function packedModule(folder: URL, name: string): PackedModule {
  const path = fileURLToPath(new URL(`${name}.wasm.br`, folder));
  let read: About | undefined;
  const about = (): About => {
    read ??= readAbout(fileURLToPath(new URL(`${name}.json`, folder)));
    return read;
  };
  return {
    get hash() {
      return about().sha256;
    },
    get from() {
      try {
        return about().from;
      } catch {
        return 'missing';
      }
    },
    load: async () => {
      const { bytes: size, sha256 } = about();
      let packed: Uint8Array;
      try {
        packed = await readFile(path);
      } catch (cause) {
        throw brokenFile(path, 'missing', { place: 'file', cause });
      }
      const bytes = await unpack(packed, { maxOutputLength: size }).catch((cause: unknown) => {
        throw brokenFile(path, 'damaged', { place: 'file', cause });
      });
      if (sha256Hex(bytes) !== sha256) throw brokenFile(path, 'damaged', { place: 'file' });
      return new Uint8Array(bytes);
    },
  };
}

interface About {
  readonly sha256: string;
  readonly bytes: number;
  readonly from: string;
}

function readAbout(path: string): About {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw brokenFile(path, 'missing', { place: 'path', cause });
  }
  try {
    const { sha256, bytes, from } = JSON.parse(text);
    if (typeof sha256 === 'string' && Number.isInteger(bytes) && typeof from === 'string')
      return { sha256, bytes, from };
  } catch {
    // told below: it is not JSON
  }
  throw brokenFile(path, 'damaged', { place: 'path' });
}
