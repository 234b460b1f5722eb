import { describe, expect, test } from 'vitest';
import type { Engine, GuestResult } from '../../runtime/contracts/engine.ts';
import { createComponentEngine } from '../../runtime/engines/component/engine.ts';
import { createPreview1Engine } from '../../runtime/engines/preview1/engine.ts';
import { createRuntime, type Outcome } from '../../runtime/index.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';
import { mergeLimits } from '../../runtime/vocabulary/limits.ts';
import { instrument } from '../../runtime/wasm/instrument.ts';
import { createMeter } from '../../runtime/wasm/meter.ts';
import { promising } from '../../runtime/wasm/suspending.ts';
import { FLOODS } from '../../scripts/hostile/floods.ts';
import { wat } from '../guests/component/build.ts';
import { prepareGuest, wasm } from '../support/engine-guests.ts';
import { createFakeHost, runSpec } from '../support/fake-host.ts';
import { verifies } from '../support/verifies.ts';
import { assemble } from '../support/wasm/assemble.ts';

verifies('XT-13', 'LM-03');

const FUEL = 40_000_000;
/** Units between two looks at a guest. */
const SLICE = 4_000_000;
const ENGINES: Readonly<Record<string, Engine>> = {
  preview1: createPreview1Engine(),
  component: createComponentEngine({ mode: 'jspi' }),
};

/** Runs a module in this thread, where it is to give up its turn whenever it is asked. */
async function runHere(
  engine: Engine,
  module: Uint8Array<ArrayBuffer>,
  {
    invoke,
    args,
    fuel = FUEL,
  }: {
    readonly invoke?: string;
    readonly args?: readonly string[];
    readonly fuel?: number;
  } = {},
): Promise<{ readonly result: GuestResult; readonly turns: number; readonly wrote: number }> {
  let turns = 0;
  let wrote = 0;
  const limits = mergeLimits([{ fuel, outputBytes: 64 * 1024 * 1024 }], {
    memoryBytes: engine.memoryBytes,
  });
  const host = {
    ...createFakeHost({ canBlock: false }),
    write: () => {
      wrote += 1;
      return true;
    },
    random: () => undefined,
    turns: {
      due: () => true,
      take: async () => {
        turns += 1;
      },
    },
  };
  const guest = await prepareGuest(engine, await wasm(module, 'flood.wasm'), limits);
  const spec = runSpec({
    limits,
    ...defined({ invoke, args }),
  });
  return { result: await engine.execute(guest, spec, host), turns, wrote };
}

describe.each(['preview1', 'component'])('a module of %s in the thread of its host', (name) => {
  const engine = ENGINES[name] as Engine; // of the table above
  test.each(['output', 'clocks', 'random', 'polls'])(
    'that does nothing but call (%s) pays for it and gives up its turns',
    async (kind) => {
      const flood = FLOODS.find((one) => one.engine === name && one.name === kind);
      const program = await flood?.program({ ws: '' });
      if (program === undefined || !('module' in program)) throw new Error(`no flood ${kind}`);
      const { result, turns, wrote } = await runHere(engine, program.module as Uint8Array<ArrayBuffer>);
      expect(result).toMatchObject({ kind: 'limit', limit: 'fuel' });
      expect(turns).toBeGreaterThanOrEqual(FUEL / SLICE - 2);
      expect(wrote).toBeLessThanOrEqual(FUEL / 1000);
    },
  );
});

test('a turn that is due in what the host calls of the guest is taken when the host has answered', async () => {
  const bytes = instrument(
    await assemble(`(module (import "h" "call" (func $call))
      (func (export "allocate") (local i32) (loop $again
        (br_if $again (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 100)))))
      (func (export "run") (loop $again (call $call) (br $again))))`),
    { maxMemoryPages: 1 },
  );
  let turns = 0;
  let asked = 0;
  const meter = createMeter({
    fuel: 20 * SLICE,
    turns: {
      // As a clock has it: once a turn is said to be due, the next one is a while away.
      due: () => {
        asked += 1;
        return asked % 4 === 1;
      },
      take: async () => {
        turns += 1;
      },
    },
  });
  const call = (): void => {
    meter.charge(SLICE);
    exports.allocate?.();
    meter.left();
  };
  const { instance } = await WebAssembly.instantiate(bytes, { h: { call } });
  const exports = meter.attach(instance) as Record<string, (() => void) | undefined>; // its two functions
  await expect(promising(exports.run as () => void)()).rejects.toThrow();
  expect(meter.state).toBe('exhausted');
  expect(turns).toBeGreaterThanOrEqual(4);
  meter.release();
});

const LOOP = '(loop $again (br $again))';
const component = (core: string, type: string, options = ''): Promise<Uint8Array<ArrayBuffer>> =>
  wat(`(component (core module $m ${core}) (core instance $i (instantiate $m))
    (func (export "f") ${type} (canon lift (core func $i "f") ${options})))`);
const ALLOCATOR = `(memory (export "memory") 1)
  (func (export "realloc") (param i32 i32 i32 i32) (result i32) ${LOOP} unreachable)
  (func (export "f") (param i32 i32))`;

describe('a guest that never returns, in the thread of its host,', () => {
  const long = { fuel: 4_000_000_000 };
  const held = { kind: 'invalid', code: 'UNSUPPORTED', hint: expect.stringContaining('standard') };

  test.each([
    [
      'its allocator',
      () =>
        component(
          ALLOCATOR,
          '(param "s" string)',
          '(memory (core memory $i "memory")) (realloc (core func $i "realloc"))',
        ),
      ['x'],
    ],
    [
      'the start of its module',
      () => component(`(func $start ${LOOP}) (start $start) (func (export "f"))`, ''),
      [],
    ],
  ] as const)('is stopped where nothing can suspend it: in %s', async (_, module, args) => {
    const { result, turns } = await runHere(ENGINES.component as Engine, await module(), {
      invoke: 'f',
      args,
      ...long,
    });
    expect(result).toMatchObject(held);
    expect(turns).toBe(0);
    expect(result.fuel).toBeLessThan(100_000_000);
  });

  const inner = `(component
    (component $b (core module $m (func (export "f") ${LOOP})) (core instance $i (instantiate $m))
      (func (export "f") (canon lift (core func $i "f"))))
    (component $a (import "f" (func $f)) (core func $g (canon lower (func $f)))
      (core module $m (import "h" "g" (func $g)) (func (export "f") (call $g)))
      (core instance $i (instantiate $m (with "h" (instance (export "g" (func $g))))))
      (func (export "f") (canon lift (core func $i "f"))))
    (instance $bi (instantiate $b)) (instance $ai (instantiate $a (with "f" (func $bi "f"))))
    (func (export "f") (alias export $ai "f")))`;
  const afterwards = `(func (export "p") (param i32) ${LOOP}) (func (export "f") (result i32) (i32.const 1))`;
  test.each([
    ['a component inside of it', 'component', () => wat(inner)],
    [
      'what tidies up after its answer',
      'component',
      () => component(afterwards, '(result u32)', '(post-return (core func $i "p"))'),
    ],
    [
      'the start of a module',
      'preview1',
      () =>
        assemble(
          `(module (memory (export "memory") 1) (func $start ${LOOP}) (start $start) (func (export "f")))`,
        ),
    ],
  ] as const)('gives up its turns: in %s', async (_, engine, module) => {
    const { result, turns } = await runHere(ENGINES[engine] as Engine, await module(), { invoke: 'f' });
    expect(result).toMatchObject({ kind: 'limit', limit: 'fuel' });
    expect(turns).toBeGreaterThanOrEqual(FUEL / SLICE - 2);
  });
});

/** A function whose answer is a list of as many numbers or lists, all at one place of its memory. */
const list = (item: string, count: number): string => `(component
  (core module $m (memory (export "memory") 2)
    (func (export "many") (result i32) (i32.store (i32.const 0) (i32.const 16)) (i32.store (i32.const 4) (i32.const ${count})) (i32.const 0)))
  (core instance $i (instantiate $m))
  (alias core export $i "memory" (core memory $memory))
  (func (export "many") (result (list ${item})) (canon lift (core func $i "many") (memory $memory))))`;

test('a component in the thread of its host passes lists only as long as can be made in one turn', async () => {
  const engine = ENGINES.component as Engine;
  const many = async (item: string, count: number) =>
    (await runHere(engine, await wat(list(item, count)), { invoke: 'many' })).result;
  expect(await many('bool', 100_001)).toMatchObject({
    kind: 'invalid',
    code: 'UNSUPPORTED',
    message: "Cannot take 100001 items of lists from the guest in the host's own thread: over 100000 a call",
  });
  const few = await many('bool', 50_000);
  expect(few).toMatchObject({ kind: 'value' });
  // Each of them was paid for as what it weighs here.
  expect(few.fuel).toBeGreaterThan(50_000 * 64);
  // Numbers are copied as one.
  expect(await many('u8', 120_000)).toMatchObject({ kind: 'value' });
});

test('a component holds only so many resources: each is an entry of a table of the host', async () => {
  const hoard = await wat(`(component
    (type $thing (resource (rep i32)))
    (core func $new (canon resource.new $thing))
    (core module $m (import "host" "new" (func $new (param i32) (result i32)))
      (func (export "hoard") (loop $again (drop (call $new (i32.const 7))) (br $again))))
    (core instance $i (instantiate $m (with "host" (instance (export "new" (func $new))))))
    (func (export "hoard") (canon lift (core func $i "hoard"))))`);
  const { result } = await runHere(ENGINES.component as Engine, hoard, { invoke: 'hoard' });
  expect(result).toMatchObject({
    kind: 'trapped',
    message: expect.stringContaining('it holds over 100000 resources of one kind'),
  });
});

test('a module of JavaScript that is required inside a call has no turns, and so is stopped', async () => {
  await using runtime = createRuntime();
  const { ok, error } = (await runtime.run({
    language: 'javascript',
    code: "require('./busy.mjs')",
    modules: { './busy.mjs': 'for (;;);' },
    level: 'minimal',
    limits: { timeoutMs: 600_000 },
  })) as Extract<Outcome, { ok: false }>; // the next line looks
  expect(ok).toBe(false);
  expect(error).toMatchObject({ code: 'UNSUPPORTED', hint: expect.stringContaining('standard') });
});
