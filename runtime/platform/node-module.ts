import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { LoadModule } from '../contracts/platform.ts';
import { splitSections } from '../wasm/sections.ts';
import { brokenFile } from './engine-file.ts';

/**
 * Reads a wasm file of our own, and compiles it once, when it is first needed.
 * @throws {SandglassError} INTERNAL at once when the file is missing or cut off, and from the first use when it does not compile; it names the file
 * and the command that builds it.
 */
export function loadWasmFile(url: URL): LoadModule {
  const path = fileURLToPath(url);
  const bytes = readWhole(path);
  let loading: ReturnType<LoadModule> | undefined;
  return () => {
    loading ??= WebAssembly.compile(bytes).then(
      (module) => ({ module, bytes }),
      (cause: unknown) => {
        throw brokenFile(path, 'damaged', { place: 'file', cause });
      },
    );
    return loading;
  };
}

function readWhole(path: string): Uint8Array<ArrayBuffer> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = new Uint8Array(readFileSync(path));
  } catch (cause) {
    throw brokenFile(path, 'missing', { place: 'path', cause });
  }
  try {
    splitSections(bytes);
  } catch (cause) {
    throw brokenFile(path, 'damaged', { place: 'path', cause });
  }
  return bytes;
}
