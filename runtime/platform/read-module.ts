import { open } from 'node:fs/promises';
import { SandglassError } from '../vocabulary/errors.ts';
import { moduleTooLarge } from '../vocabulary/module-size.ts';

/** Why a file cannot be read, in words. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EISDIR: 'it is a folder',
  EACCES: 'not permitted',
};

/** Reads a `.wasm` of the embedder's own. @throws {SandglassError} INPUT_INVALID when it cannot be read, or is too large. */
export async function readModule(path: string | URL, maxBytes: number): Promise<Uint8Array> {
  const fail = (reason: string): SandglassError =>
    new SandglassError('INPUT_INVALID', `Cannot read the module ${JSON.stringify(String(path))}: ${reason}`);
  try {
    await using file = await open(path);
    const { size } = await file.stat();
    if (size > maxBytes) throw moduleTooLarge(String(path), size, maxBytes);
    return await file.readFile();
  } catch (error) {
    if (error instanceof SandglassError) throw error;
    const { code = '' } = error as NodeJS.ErrnoException; // what node:fs throws
    throw fail(REASONS[code] ?? code);
  }
}
