import { describe, expect, test } from 'vitest';
import type { ByteCache, PrepareContext } from '../../../runtime/contracts/engine.ts';
import { createPreview1Engine } from '../../../runtime/engines/preview1/engine.ts';
import { mergeLimits } from '../../../runtime/vocabulary/limits.ts';
import { loadGuest } from '../../../scripts/build-guests.ts';
import { script, wasm } from '../../support/engine-guests.ts';

const MIB = 1024 * 1024;
const guest = async (name: string) => wasm(await loadGuest(`preview1/${name}`), name);

const context = (more: Partial<PrepareContext> = {}): { context: PrepareContext; compiled: () => number } => {
  let compiled = 0;
  return {
    compiled: () => compiled,
    context: {
      limits: mergeLimits([]),
      compile: (bytes) => {
        compiled += 1;
        return WebAssembly.compile(bytes);
      },
      ...more,
    },
  };
};

const memoryCache = (): ByteCache & { readonly entries: Map<string, Uint8Array<ArrayBuffer>> } => {
  const entries = new Map<string, Uint8Array<ArrayBuffer>>();
  return {
    entries,
    get: async (key) => entries.get(key),
    set: async (key, bytes) => void entries.set(key, new Uint8Array(bytes)),
  };
};

describe('prepare()', () => {
  test('compiles one content under one cap once, also when asked twice at the same time', async () => {
    const engine = createPreview1Engine();
    const { context: plain, compiled } = context();
    const source = await guest('hello.wat');
    const [first, second] = await Promise.all([engine.prepare(source, plain), engine.prepare(source, plain)]);
    expect(compiled()).toBe(1);
    expect(second.modules.module?.module).toBe(first.modules.module?.module);
    await engine.prepare(source, { ...plain, limits: mergeLimits([{ memoryBytes: 2 * MIB }]) });
    expect(compiled()).toBe(2);
    await engine.prepare(await guest('exit.wat'), plain);
    expect(compiled()).toBe(3);
  });

  test('the name of one run is not that of another with the same content', async () => {
    const engine = createPreview1Engine();
    const { context: plain } = context();
    const bytes = await loadGuest('preview1/hello.wat');
    const first = await engine.prepare(await wasm(bytes, 'first.wasm'), plain);
    const second = await engine.prepare(await wasm(bytes, 'second.wasm'), plain);
    expect([first.data, second.data]).toMatchObject([{ name: 'first.wasm' }, { name: 'second.wasm' }]);
  });

  test('a failure is not remembered', async () => {
    const engine = createPreview1Engine();
    const source = await guest('hello.wat');
    const { context: plain } = context();
    const broken = { ...plain, compile: () => Promise.reject(new Error('out of memory')) };
    await expect(engine.prepare(source, broken)).rejects.toMatchObject({ code: 'MODULE_INVALID' });
    await expect(engine.prepare(source, plain)).resolves.toMatchObject({ engine: 'preview1' });
  });

  test('keeps rewritten bytes in the cache, and makes damaged ones again', async () => {
    const cache = memoryCache();
    const source = await guest('hello.wat');
    const { context: cached, compiled } = context({ cache });
    await createPreview1Engine().prepare(source, cached);
    expect(cache.entries.size).toBe(1);
    const [key] = cache.entries.keys();
    const good = cache.entries.get(key ?? '');
    await createPreview1Engine().prepare(source, cached);
    expect(compiled()).toBe(2);
    cache.entries.set(key ?? '', new Uint8Array([1, 2, 3]));
    await createPreview1Engine().prepare(source, cached);
    expect(cache.entries.get(key ?? '')).toEqual(good);
  });

  test('forgets the module that was not used for longest', async () => {
    const engine = createPreview1Engine({ cachedModules: 2 });
    const { context: plain, compiled } = context();
    const [hello, exit, trap] = [await guest('hello.wat'), await guest('exit.wat'), await guest('trap.wat')];
    for (const source of [hello, exit, hello, trap, hello]) await engine.prepare(source, plain);
    expect(compiled()).toBe(3);
    await engine.prepare(exit, plain);
    expect(compiled()).toBe(4);
  });

  test('names every import that nobody gives', async () => {
    const { context: plain } = context();
    await expect(
      createPreview1Engine().prepare(await guest('unknown-imports.wat'), plain),
    ).rejects.toMatchObject({
      code: 'MODULE_INVALID',
      message:
        'Cannot load "unknown-imports.wat": it imports env.system, wasi_snapshot_preview1.fd_fork, env.memory, which no engine here gives',
      details: { imports: ['env.system', 'wasi_snapshot_preview1.fd_fork', 'env.memory'] },
    });
  });

  test('refuses a WASI function under another type', async () => {
    const { context: plain } = context();
    await expect(
      createPreview1Engine().prepare(await guest('wrong-import-type.wat'), plain),
    ).rejects.toMatchObject({
      code: 'MODULE_INVALID',
      details: { imports: ['wasi_snapshot_preview1.fd_close'] },
    });
  });

  test.each(['no-memory.wat', 'fake-memory.wat'])('%s: WASI needs an exported memory', async (name) => {
    const { context: plain } = context();
    await expect(createPreview1Engine().prepare(await guest(name), plain)).rejects.toMatchObject({
      code: 'MODULE_INVALID',
      message: `Cannot load "${name}": it imports WASI but exports no memory for it`,
    });
  });

  test('refuses a script', async () => {
    const { context: plain } = context();
    await expect(createPreview1Engine().prepare(script('rust', 'fn main() {}'), plain)).rejects.toMatchObject(
      {
        code: 'UNSUPPORTED',
      },
    );
  });
});
