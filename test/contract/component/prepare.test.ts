import { expect, test } from 'vitest';
import { runWorkerJob } from '../../../runtime/cell/worker-job.ts';
import type { PrepareContext, RunJob } from '../../../runtime/contracts/engine.ts';
import { createComponentEngine } from '../../../runtime/engines/component/engine.ts';
import { hardenGlue } from '../../../runtime/engines/component/glue/harden-glue.ts';
import { pack, unpack } from '../../../runtime/engines/component/pack.ts';
import { mergeLimits } from '../../../runtime/vocabulary/limits.ts';
import { wat } from '../../guests/component/build.ts';
import { wasm } from '../../support/engine-guests.ts';
import { createFakeHost, runSpec } from '../../support/fake-host.ts';
import { verifies } from '../../support/verifies.ts';

verifies('RS-11');

const ADD = `(component
  (core module $m (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
  (core instance $i (instantiate $m))
  (func (export "add") (param "a" s32) (param "b" s32) (result s32) (canon lift (core func $i "add"))))`;

/** A context that counts what is done, with a cache as on disk. */
const counting = (memoryBytes?: number) => {
  const counts = { jobs: 0, compiles: 0 };
  const stored = new Map<string, Uint8Array<ArrayBuffer>>();
  const job: RunJob = (...args) => {
    counts.jobs += 1;
    return runWorkerJob(...args);
  };
  const context: PrepareContext = {
    limits: mergeLimits(memoryBytes === undefined ? [] : [{ memoryBytes }]),
    job,
    cache: {
      get: async (key) => stored.get(key),
      set: async (key, bytes) => {
        stored.set(key, new Uint8Array(bytes));
      },
    },
    compile: async (bytes) => {
      counts.compiles += 1;
      return WebAssembly.compile(bytes);
    },
  };
  return { counts, stored, context };
};

test('prepare() transpiles in a job and compiles once for all runs of one binary', async () => {
  const { counts, context } = counting();
  const engine = createComponentEngine();
  const source = await wasm(await wat(ADD));
  const [first, second] = await Promise.all([
    engine.prepare(source, context),
    engine.prepare(source, context),
  ]);
  expect(second).toBe(first);
  expect(counts).toEqual({ jobs: 1, compiles: 1 });
});

test('prepare() takes the transpiled parts from the cache, and compiles anew for another memory cap', async () => {
  const { counts, stored, context } = counting();
  const source = await wasm(await wat(ADD));
  await createComponentEngine().prepare(source, context);
  const engine = createComponentEngine();
  await engine.prepare(source, context);
  await engine.prepare(source, { ...context, limits: mergeLimits([{ memoryBytes: 1024 * 1024 }]) });
  expect(counts).toEqual({ jobs: 1, compiles: 3 });
  expect(stored.size).toBe(1); // transpiled and metered, for all caps
});

test('prepare() makes again what the cache has damaged', async () => {
  const { counts, stored, context } = counting();
  const source = await wasm(await wat(ADD));
  await createComponentEngine().prepare(source, context);
  for (const [key, bytes] of stored) stored.set(key, bytes.slice(0, 20));
  const prepared = await createComponentEngine().prepare(source, context);
  expect(counts.jobs).toBe(2);
  const modules = Object.fromEntries(
    Object.entries(prepared.modules).map(([name, { module }]) => [name, module]),
  );
  const engine = createComponentEngine();
  const result = await engine.execute(
    { data: prepared.data, modules },
    runSpec({ invoke: 'add', args: [1, 2] }),
    createFakeHost(),
  );
  expect(result).toMatchObject({ kind: 'value', value: 3 });
});

test('prepare() forgets a failure, and keeps no more than it may', async () => {
  const { counts, context } = counting();
  const engine = createComponentEngine({ keep: 1 });
  const one = await wasm(await wat(ADD));
  const two = await wasm(await wat(ADD.replace('i32.add', 'i32.sub')));
  let failures = 1;
  const flaky: RunJob = (...args) => {
    failures -= 1;
    if (failures >= 0) throw new Error('no worker');
    return (context.job ?? runWorkerJob)(...args);
  };
  await expect(engine.prepare(one, { ...context, job: flaky })).rejects.toThrow('no worker');
  const first = await engine.prepare(one, { ...context, job: flaky });
  await engine.prepare(two, context);
  expect(await engine.prepare(one, context)).not.toBe(first);
  expect(counts.jobs).toBe(2);
});

test('prepare() ends a transpilation that takes too long', async () => {
  const { context } = counting();
  const engine = createComponentEngine({ transpileTimeoutMs: 1 });
  await expect(engine.prepare(await wasm(await wat(ADD)), context)).rejects.toMatchObject({
    code: 'MODULE_INVALID',
    message: expect.stringContaining('took over 1 ms'),
  });
});

test('prepare() refuses a source in text', async () => {
  const script = {
    kind: 'script',
    language: 'python',
    code: '',
    filename: 'a',
    modules: {},
    form: 'auto',
  } as const;
  await expect(createComponentEngine().prepare(script, counting().context)).rejects.toMatchObject({
    code: 'UNSUPPORTED',
  });
});

test('hardenGlue() refuses glue of another form', () => {
  expect(() => hardenGlue('export function instantiate(a, b) {}')).toThrow(
    expect.objectContaining({ code: 'INTERNAL' }),
  );
});

test('hardenGlue() silences the log and compiles a helper module once', () => {
  const glue = `export function instantiate(getCoreModule, imports, instantiateCore = (module, importObject) => new WebAssembly.Instance(module, importObject)) {
  const _debugLog = (...args) => {
    if (!debug) return;
    console.debug(...args);
  };
  _debugLog('[call]', { size: imports.size() });
const _helper = new WebAssembly.Module(new Uint8Array([
0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00,
]));
  return _helper;
}`;
  const body = hardenGlue(glue).replace('export function', 'function');
  const instantiate = new Function(`${body}; return instantiate;`)();
  const imports = {
    'sandglass:glue': {},
    size: () => {
      throw new Error('made for the log');
    },
  };
  const made = instantiate(undefined, imports);
  expect(made).toBeInstanceOf(WebAssembly.Module);
  expect(instantiate(undefined, imports)).toBe(made);
});

test('hardenGlue() makes private fields ordinary ones and leaves what is quoted', () => {
  const glue = `export function instantiate(getCoreModule, imports, instantiateCore = (module, importObject) => new WebAssembly.Instance(module, importObject)) {
  class Counter {
    static #made = 0;
    #count = 1;
    get #double() { return this.#count * 2; }
    read() { Counter.#made += 1; return [this.#double, Counter.#made, 'a.#count', "it's b.#count", Object.keys(this).length]; }
  }
  return new Counter().read();
}`;
  const instantiate = new Function(
    `${hardenGlue(glue).replace('export function', 'function')}; return instantiate;`,
  )();
  expect(instantiate(undefined, { 'sandglass:glue': {} })).toEqual([2, 1, 'a.#count', "it's b.#count", 1]);
});

test('pack() and unpack() agree, and damage is seen', () => {
  const parts = new Map([
    ['a', Uint8Array.of(1, 2, 3)],
    ['empty', new Uint8Array()],
    ['ä', new TextEncoder().encode('text')],
  ]);
  const packed = pack(parts);
  expect(unpack(packed)).toEqual(parts);
  for (let end = 0; end < packed.length; end++) expect(unpack(packed.slice(0, end))).toBeUndefined();
  expect(unpack(new TextEncoder().encode('{"not":"packed"}'))).toBeUndefined();
});

test('what the cache holds is keyed by the version of the generator that is installed', async () => {
  const { default: lock } = await import('../../../package-lock.json');
  const { version } = lock.packages['node_modules/@bytecodealliance/jco-transpile'];
  const { stored, context } = counting();
  await createComponentEngine().prepare(await wasm(await wat(ADD)), context);
  for (const key of stored.keys()) expect(key).toContain(`/jco-transpile-${version}/`);
});

test('prepare() looks at a large component in a job, and remembers what it says', async () => {
  const { counts, stored, context } = counting();
  const large = (await wat(ADD)).slice();
  const padding = 256 * 1024;
  const section = Uint8Array.of(
    0,
    0x80 | (padding & 0x7f),
    0x80 | ((padding >> 7) & 0x7f),
    padding >> 14,
    1,
    0x78,
  );
  const padded = new Uint8Array(large.length + section.length + padding - 2);
  padded.set(large);
  padded.set(section, large.length);
  const source = await wasm(padded);
  const first = await createComponentEngine().prepare(source, context);
  expect(counts.jobs).toBe(2);
  const second = await createComponentEngine().prepare(source, context);
  expect(counts.jobs).toBe(2);
  expect(second.data).toEqual(first.data);
  // What is damaged is made again.
  for (const [key, bytes] of stored) if (key.includes('description')) stored.set(key, bytes.slice(0, -5));
  expect((await createComponentEngine().prepare(source, context)).data).toEqual(first.data);
  expect(counts.jobs).toBe(3);
});

test('prepare() refuses in a job what it refuses here, in the same words', async () => {
  const { context } = counting();
  const broken = new Uint8Array(200 * 1024);
  broken.set((await wat(ADD)).subarray(0, 8));
  broken.set([0x7f, 0x7f], 8);
  const source = await wasm(broken);
  const refusal = (given: PrepareContext) =>
    createComponentEngine()
      .prepare(source, given)
      .then(
        () => undefined,
        (error: { code: string; message: string }) => [error.code, error.message],
      );
  const { job: _, ...here } = context;
  expect(await refusal(context)).toEqual(await refusal(here));
  expect((await refusal(here))?.[0]).toBe('MODULE_INVALID');
});
