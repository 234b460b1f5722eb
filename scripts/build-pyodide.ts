// Derives what Python guests start from, the metered interpreter and its snapshot, and leaves both in the cache, where the first run
// would otherwise have to make them. What is there already is left as it is: its key covers every input.

import { openFileCache } from '../runtime/platform/node-cache.ts';
import { loadPyodide } from '../runtime/platform/python/pyodide-build.ts';
import { mergeLimits } from '../runtime/vocabulary/limits.ts';

const PAGE = 65_536;
const DEFAULT_MEMORY = 512 * 1024 * 1024;

const started = performance.now();
const build = await loadPyodide({
  limits: mergeLimits([], { memoryBytes: DEFAULT_MEMORY }),
  compile: (bytes) => WebAssembly.compile(bytes),
  cache: openFileCache(process.env.SANDGLASS_CACHE),
});
const wasm = await build.wasm(DEFAULT_MEMORY / PAGE);
const { snapshot } = build.assets;
await build.repeatable();
const mib = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
console.log(
  `wasm ${mib(wasm.length)}, snapshot ${mib(snapshot?.data.length ?? 0)} of ` +
    `${mib(snapshot?.memoryBytes ?? 0)}, ${((performance.now() - started) / 1000).toFixed(1)} s`,
);
