import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';
import { brokenFile } from './engine-file.ts';

/** A module that ships packed, with what it was built from beside it: `NAME.wasm.br` and `NAME.json`. */
export interface PackedModule {
  /** Lower-case hex SHA-256 of the module. */
  readonly hash: string;
  /** What it was built from. */
  readonly from: string;
  /** @throws {SandglassError} INTERNAL when the file is missing, cut off, or another. */
  readonly load: () => Promise<Uint8Array<ArrayBuffer>>;
}

const unpack = promisify(brotliDecompress);

/**
 * @param folder Where both files lie, with a `/` at the end.
 * @throws {SandglassError} INTERNAL when what tells of it is missing.
 */
export function packedModule(folder: URL, name: string): PackedModule {
  const about = readAbout(fileURLToPath(new URL(`${name}.json`, folder)));
  const path = fileURLToPath(new URL(`${name}.wasm.br`, folder));
  return {
    hash: about.sha256,
    from: about.from,
    load: async () => {
      let packed: Uint8Array;
      try {
        packed = await readFile(path);
      } catch (cause) {
        throw brokenFile(path, 'missing', { place: 'file', cause });
      }
      const bytes = await unpack(packed, { maxOutputLength: about.bytes }).catch((cause: unknown) => {
        throw brokenFile(path, 'damaged', { place: 'file', cause });
      });
      if (createHash('sha256').update(bytes).digest('hex') !== about.sha256)
        throw brokenFile(path, 'damaged', { place: 'file' });
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
