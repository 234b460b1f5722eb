import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ByteCache, PrepareContext } from '../../runtime/contracts/engine.ts';
import { createPreview1Engine } from '../../runtime/engines/preview1/engine.ts';
import { openFileCache } from '../../runtime/platform/node-cache.ts';
import { loadPyodide } from '../../runtime/platform/python/pyodide-build.ts';
import { mergeLimits } from '../../runtime/vocabulary/limits.ts';
import { Recent } from '../../runtime/vocabulary/recent.ts';
import { capMemories } from '../../runtime/wasm/cap-memories.ts';
import { MEMORY_IMPORT } from '../../runtime/wasm/import-memory.ts';
import { instrument } from '../../runtime/wasm/instrument.ts';
import { readLimits } from '../../runtime/wasm/limits-type.ts';
import { readShape } from '../../runtime/wasm/read-shape.ts';
import { Reader } from '../../runtime/wasm/reader.ts';
import { splitSections } from '../../runtime/wasm/sections.ts';
import { loadGuest } from '../../scripts/build-guests.ts';
import { wasm } from '../support/engine-guests.ts';
import { pythonContext } from '../support/pyodide-parts.ts';
import { assemble } from '../support/wasm/assemble.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sandglass-cache-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const bytesOf = async (root: string): Promise<number> => {
  const sizes = await Promise.all(
    (await readdir(root)).map(async (name) => (await stat(join(root, name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
};

describe('openFileCache()', () => {
  test('holds no more than its bytes, and keeps what was used last', async () => {
    const root = join(folder, 'bounded');
    const cache = openFileCache(root, { maxBytes: 4_000 });
    const entry = new Uint8Array(1_000);
    for (let index = 0; index < 3; index += 1) await cache.set(`entry-${index}`, entry);
    await cache.get('entry-0');
    for (let index = 3; index < 40; index += 1) {
      await cache.get('entry-0');
      await cache.set(`entry-${index}`, entry);
      expect(await bytesOf(root)).toBeLessThanOrEqual(4_000);
    }
    expect(await cache.get('entry-0')).toEqual(entry);
    expect(await cache.get('entry-1')).toBeUndefined();
  });

  test('does not store what alone is over its bytes', async () => {
    const root = join(folder, 'large');
    const cache = openFileCache(root, { maxBytes: 1_000 });
    await cache.set('large', new Uint8Array(1_000));
    expect(await cache.get('large')).toBeUndefined();
  });

  test.runIf(process.platform === 'linux')('goes on where its folder can never be made', async () => {
    const cache = openFileCache('/proc/nope/deeper/sandglass');
    await cache.set('key', new Uint8Array(1));
    expect(await cache.get('key')).toBeUndefined();
  });
});

const shapeOf = (bytes: Uint8Array) => readShape(bytes, splitSections(bytes), { reservedNames: true });

describe('one module under many memory caps', () => {
  test('is instrumented and stored once', async () => {
    const stored: string[] = [];
    const entries = new Map<string, Uint8Array<ArrayBuffer>>();
    const cache: ByteCache = {
      get: async (key) => entries.get(key),
      set: async (key, bytes) => {
        stored.push(key);
        entries.set(key, new Uint8Array(bytes));
      },
    };
    const engine = createPreview1Engine();
    const source = await wasm(await loadGuest('preview1/hello.wat'), 'hello.wat');
    for (let pages = 1_024; pages > 1_000; pages -= 1) {
      const context: PrepareContext = {
        limits: mergeLimits([{ memoryBytes: pages * 65_536 }]),
        compile: (bytes) => WebAssembly.compile(bytes),
        cache,
      };
      const { modules } = await engine.prepare(source, context);
      const [memory] = shapeOf(modules.module?.bytes ?? new Uint8Array()).memories;
      expect(memory?.maximum).toBeLessThanOrEqual(pages);
    }
    expect(stored).toHaveLength(1);
  });
});

describe('Python under many memory caps', () => {
  test('is metered and stored once', async () => {
    const asked = new Set<string>();
    const cache = pythonContext().cache;
    const python = await loadPyodide({
      ...pythonContext(),
      cache: {
        get: async (key) => {
          if (key.startsWith('pyodide-wasm/')) asked.add(key);
          return cache?.get(key);
        },
        set: async (key, bytes) => cache?.set(key, bytes),
      },
    });
    for (const pages of [1_000, 2_000, 8_192]) {
      const bytes = await python.wasm(pages);
      const kind = Buffer.from(bytes.buffer).lastIndexOf(MEMORY_IMPORT) + MEMORY_IMPORT.length;
      expect(readLimits(new Reader(bytes, kind + 1, bytes.length), 'memory').maximum).toBe(pages);
    }
    expect(asked.size).toBe(1);
  }, 120_000);
});

describe('capMemories()', () => {
  test('gives what instrument() gives under that cap', async () => {
    const module = await assemble(`(module
      (import "a" "t" (table 1 2 funcref)) (import "a" "g" (global (mut i64))) (import "a" "m" (memory 1 9))
      (import "a" "f" (func)) (memory 2 8) (func (export "x") (drop (memory.grow (i32.const 1)))))`);
    const capped = await capMemories(instrument(module, { maxMemoryPages: 65_536 }), 5);
    expect(shapeOf(capped)).toEqual(shapeOf(instrument(module, { maxMemoryPages: 5 })));
    expect(WebAssembly.validate(capped)).toBe(true);
  });
});

describe('Recent', () => {
  test('lets go what was not read for longest once it weighs too much', () => {
    const recent = new Recent<string>(10, 100);
    for (const key of ['a', 'b', 'c']) {
      recent.set(key, key);
      recent.weigh(key, key, 40);
      recent.get('a');
    }
    expect(['a', 'b', 'c'].map((key) => recent.get(key))).toEqual(['a', undefined, 'c']);
    recent.set('d', 'd');
    recent.weigh('d', 'd', 101);
    expect(['a', 'c', 'd'].map((key) => recent.get(key))).toEqual([undefined, undefined, undefined]);
  });
});
