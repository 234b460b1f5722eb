import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { LoadModule } from './platform.ts';

/**
 * Reads and compiles a wasm file of our own, once, when it is first needed.
 * @throws {Error} at once when the file is not there, naming the command that builds it.
 */
export function loadWasmFile(url: URL): LoadModule {
  const path = fileURLToPath(url);
  if (!existsSync(path))
    throw new Error(`Cannot create a runtime: ${path} is missing; "npm run build" makes it`);
  let loading: ReturnType<LoadModule> | undefined;
  return () => {
    loading ??= (async () => {
      const bytes = new Uint8Array(await readFile(path));
      try {
        return { module: await WebAssembly.compile(bytes), bytes };
      } catch (cause) {
        throw new Error(`Cannot use ${path}: it is damaged; "npm run build" makes it anew`, { cause });
      }
    })();
    return loading;
  };
}
