// Puts what runs of the package `pyodide` into `dist/vendor/python`, packed, with what the first run would derive of it: the metered interpreter
// and its snapshot. Both are of the built code, whose text is one of their inputs. To be run when `dist` is there.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { constants, zstdCompressSync } from 'node:zlib';
import type { ByteCache } from '../runtime/contracts/engine.ts';
import { openFileCache } from '../runtime/platform/node-cache.ts';
import type * as Build from '../runtime/platform/python/pyodide-build.ts';
import type * as Files from '../runtime/platform/python/pyodide-files.ts';
import {
  ABOUT,
  METERED,
  packedName,
  type ShippedAbout,
  type ShippedFile,
  SNAPSHOT,
} from '../runtime/platform/python/shipped-python.ts';
import { sha256Hex } from '../runtime/platform/sha256-hex.ts';
import { mergeLimits } from '../runtime/vocabulary/limits.ts';
import { keepLicences } from './keep-licences.ts';

const LEVEL = 19;
const PAGE = 65_536;
const DEFAULT_MEMORY = 512 * 1024 * 1024;

const root = join(import.meta.dirname, '..');
const folder = join(root, 'dist/vendor/python');
const built = (name: string): string =>
  pathToFileURL(join(root, 'dist/runtime/platform/python', `${name}.js`)).href;
const cache = openFileCache(process.env.SANDGLASS_CACHE);

rmSync(folder, { recursive: true, force: true });
const { loadPyodide, inputsOf } = (await import(built('pyodide-build'))) as typeof Build;
const { readPyodide, SHIPPED_NAMES } = (await import(built('pyodide-files'))) as typeof Files;

/** What went through the cache, by its key. */
const seen = new Map<string, Uint8Array>();
const watched: ByteCache = {
  get: async (key) => {
    const bytes = await cache.get(key);
    if (bytes !== undefined) seen.set(key, bytes);
    return bytes;
  },
  set: async (key, bytes) => {
    seen.set(key, bytes);
    await cache.set(key, bytes);
  },
};
const build = await loadPyodide({
  limits: mergeLimits([], { memoryBytes: DEFAULT_MEMORY }),
  compile: (bytes) => WebAssembly.compile(bytes),
  cache: watched,
});
await build.wasm(DEFAULT_MEMORY / PAGE);
const made = (kind: string, end = ''): readonly [key: string, bytes: Uint8Array] => {
  const found = [...seen].find(([key]) => key.startsWith(`${kind}/`) && key.endsWith(end));
  if (found === undefined) throw new Error(`Cannot ship Python: no ${kind} was made`);
  return found;
};

const published = dirname(createRequire(import.meta.url).resolve('pyodide/package.json'));
const files: Record<string, ShippedFile> = {};
const put = async (name: string, bytes: Uint8Array, from?: string): Promise<void> => {
  const sha256 = sha256Hex(bytes);
  const packed = !name.endsWith('.zip');
  const key = `packed/${sha256}/${LEVEL}`;
  let content = packed ? await cache.get(key) : bytes;
  if (content === undefined) {
    content = new Uint8Array(
      zstdCompressSync(bytes, {
        params: { [constants.ZSTD_c_compressionLevel]: LEVEL, [constants.ZSTD_c_windowLog]: 25 },
      }),
    );
    await cache.set(key, content);
  }
  writeFileSync(join(folder, packed ? packedName(name) : name), content);
  files[name] = { sha256, bytes: bytes.length, packed, ...(from === undefined ? {} : { from }) };
};

mkdirSync(folder, { recursive: true });
const read = await readPyodide();
const { version } = JSON.parse(readFileSync(join(published, 'package.json'), 'utf8'));
for (const name of SHIPPED_NAMES) await put(name, new Uint8Array(readFileSync(join(published, name))));
const [key, wasm] = made('pyodide-wasm');
await put(METERED, wasm, key);
await put(SNAPSHOT, made('pyodide-snapshot', '/renewed')[1], inputsOf(read));
const about: ShippedAbout = {
  version,
  wasmHash: read.wasmHash,
  leastMemoryBytes: read.leastMemoryBytes,
  files,
};
writeFileSync(join(folder, ABOUT), JSON.stringify(about));
keepLicences(['pyodide']);
