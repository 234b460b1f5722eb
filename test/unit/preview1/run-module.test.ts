import { beforeAll, describe, expect, test } from 'vitest';
import type { Engine, GuestResult, RunSpec } from '../../../runtime/contracts/engine.ts';
import { createPreview1Engine, createWasmerEngine } from '../../../runtime/engines/preview1/engine.ts';
import { type Limits, mergeLimits } from '../../../runtime/vocabulary/limits.ts';
import { loadGuest } from '../../../scripts/build-guests.ts';
import { prepareGuest, wasm } from '../../support/engine-guests.ts';
import { createFakeHost, type FakeHost, type FakeHostOptions, runSpec } from '../../support/fake-host.ts';
import { verifies } from '../../support/verifies.ts';

interface Run {
  readonly result: GuestResult;
  readonly host: FakeHost;
}

const run = async (
  engine: Engine,
  name: string,
  spec: Partial<RunSpec> = {},
  hostOptions: FakeHostOptions = {},
  limits: Partial<Limits> = {},
): Promise<Run> => {
  const effective = mergeLimits([limits], { memoryBytes: engine.memoryBytes });
  const guest = await prepareGuest(engine, await wasm(await loadGuest(name), 'module.wasm'), effective);
  const host = createFakeHost(hostOptions);
  const result = await engine.execute(guest, runSpec({ limits: effective, ...spec }), host);
  return { result, host };
};

let engine: Engine;
beforeAll(() => {
  engine = createPreview1Engine();
});

const call = async (name: string, invoke: string, args: RunSpec['args'] = []): Promise<GuestResult> =>
  (await run(engine, name, { invoke, args })).result;

describe('invoke', () => {
  test.each<[string, RunSpec['args'], unknown]>([
    ['fib', [10], 55],
    ['add64', [1n, 2n], 3n],
    ['add64', ['9223372036854775807', 1], -(2n ** 63n)],
    ['add64', ['18446744073709551615', '0'], -1n],
    ['half', [5], 2.5],
    ['half', ['NaN'], Number.NaN],
    ['half', ['-Infinity'], Number.NEGATIVE_INFINITY],
    ['narrow', [0.1], Math.fround(0.1)],
    ['swap', [4_294_967_295, 7], [7n, -1]],
    ['nothing', [], undefined],
  ])('%s answers by its type (%#)', async (name, args, value) => {
    expect(await call('preview1/numbers.wat', name, args)).toMatchObject({ kind: 'value', value });
  });

  test.each<[string, RunSpec['args'], string]>([
    ['fib', [], 'Cannot call "fib": fib(i32) -> i32 takes 1 argument, got 0'],
    ['swap', [1], 'Cannot call "swap": swap(i32, i64) -> (i64, i32) takes 2 arguments, got 1'],
    [
      'fib',
      ['10'],
      'Cannot call "fib": argument 1 must be an i32: a whole number from -2147483648 to 4294967295, got "10"',
    ],
    [
      'fib',
      [1.5],
      'Cannot call "fib": argument 1 must be an i32: a whole number from -2147483648 to 4294967295, got 1.5',
    ],
    [
      'fib',
      [4_294_967_296],
      'Cannot call "fib": argument 1 must be an i32: a whole number from -2147483648 to 4294967295, got 4294967296',
    ],
    [
      'add64',
      [1n, 1.5],
      'Cannot call "add64": argument 2 must be an i64: a bigint, a decimal string or a safe whole number, got 1.5',
    ],
    [
      'add64',
      [2 ** 60, 1],
      'Cannot call "add64": argument 1 must be an i64: a bigint, a decimal string or a safe whole number, got 1152921504606847000',
    ],
    [
      'add64',
      [2n ** 64n, 1],
      'Cannot call "add64": argument 1 must be an i64: a bigint, a decimal string or a safe whole number, got 18446744073709551616n',
    ],
    ['half', [{ a: [1n] }], 'Cannot call "half": argument 1 must be an f64: a number, got {"a":["1"]}'],
    ['wide', [1], 'Cannot call "wide": argument 1 must be a v128, which no JSON value can be, got 1'],
    ['reference', [], 'Cannot call "reference": it answers a funcref, which no JSON value can be'],
  ])('%s with wrong arguments says which one (%#)', async (name, args, message) => {
    expect(await call('preview1/numbers.wat', name, args)).toMatchObject({
      kind: 'invalid',
      code: 'INPUT_INVALID',
      message,
      fuel: 0,
    });
  });

  test('an unknown export is answered with the exports and their types', async () => {
    const result = await call('preview1/numbers.wat', 'fibb', [1]);
    expect(result).toMatchObject({ kind: 'invalid', code: 'INPUT_INVALID' });
    expect(result).toHaveProperty('details.exports', [
      'fib(i32) -> i32',
      'add64(i64, i64) -> i64',
      'half(f64) -> f64',
      'narrow(f32) -> f32',
      'swap(i32, i64) -> (i64, i32)',
      'nothing()',
      'wide(v128) -> i32',
      'reference() -> funcref',
    ]);
    expect(JSON.stringify(result)).not.toContain('__sandglass');
  });

  test.each(['memory', 'counter', '__sandglass_fuel', '__proto__', 'constructor', ''])(
    '%j is not a function to call',
    async (name) => {
      expect(await call('preview1/numbers.wat', name)).toMatchObject({
        kind: 'invalid',
        code: 'INPUT_INVALID',
      });
    },
  );

  test('a module with no _start wants a name', async () => {
    const { result } = await run(engine, 'preview1/numbers.wat');
    expect(result).toMatchObject({ kind: 'invalid', code: 'INPUT_INVALID' });
    expect(result).toHaveProperty('message', expect.stringContaining('it has no _start'));
    expect(result).toHaveProperty('message', expect.stringContaining('fib(i32) -> i32'));
  });

  test('_start can be named, and takes no arguments', async () => {
    expect(await call('preview1/exit.wat', '_start')).toMatchObject({ kind: 'exit', exitCode: 3 });
    expect(await call('preview1/exit.wat', '_start', [1])).toMatchObject({
      kind: 'invalid',
      code: 'INPUT_INVALID',
    });
  });

  test('a reactor is initialised once, before the call', async () => {
    expect(await call('preview1/reactor.wat', 'ready', [1])).toMatchObject({ kind: 'value', value: 42 });
  });

  test('several results and NaN come through a suspendable call too', async () => {
    const { result } = await run(
      engine,
      'preview1/numbers.wat',
      { invoke: 'swap', args: [1, 2] },
      { canBlock: false },
    );
    expect(result).toMatchObject({ kind: 'value', value: [2n, 1] });
  });

  test('traps of a call are told by the machine', async () => {
    for (const [name, args] of [
      ['outside', []],
      ['divide', [0]],
    ] as const) {
      expect(await call('preview1/trap.wat', name, args)).toMatchObject({ kind: 'trapped' });
    }
  });
});

describe('programs', () => {
  test('an exit that the guest catches is still its end', async () => {
    expect(await call('preview1/stubborn.wat', 'exit')).toMatchObject({ kind: 'exit', exitCode: 4 });
    expect(await call('preview1/stubborn.wat', 'exit_and_return')).toMatchObject({
      kind: 'exit',
      exitCode: 4,
    });
  });

  test('a start function runs under the meter and can exit', async () => {
    expect((await run(engine, 'preview1/start.wat')).result).toMatchObject({ kind: 'exit', exitCode: 5 });
    const spun = await run(engine, 'preview1/start-spin.wat', {}, {}, { fuel: 1_000_000 });
    expect(spun.result).toMatchObject({ kind: 'limit', limit: 'fuel', fuel: 1_000_000 });
    const stopped = await run(engine, 'preview1/start-spin.wat', {}, { stopReason: () => 'deadline' });
    expect(stopped.result).toMatchObject({ kind: 'limit', limit: 'deadline' });
  });

  test('sleeping asks the host for the time given, and only the host waits', async () => {
    const sleeps: number[] = [];
    let clock = 100;
    const guest = await prepareGuest(engine, await wasm(await loadGuest('preview1/sleep.wat')));
    const result = await engine.execute(guest, runSpec({ invoke: 'sleep', args: [2_500_000n] }), {
      ...createFakeHost(),
      monotonic: () => clock,
      // It wakes its sleeper half a millisecond early, once.
      sleepSync: (ms) => {
        sleeps.push(ms);
        clock += sleeps.length === 1 ? ms - 0.5 : ms;
      },
    });
    expect(result).toMatchObject({ kind: 'value', value: 0 });
    expect(sleeps).toEqual([2.5, 0.5]);
  });

  test('where the thread cannot block, sleeping suspends the guest and lets others run', async () => {
    const host = createFakeHost({ canBlock: false });
    const order: string[] = [];
    let clock = 100;
    const guest = await prepareGuest(engine, await wasm(await loadGuest('preview1/sleep.wat')));
    const slept = engine.execute(guest, runSpec({ invoke: 'sleep', args: [7_000_000n] }), {
      ...host,
      monotonic: () => clock,
      sleep: async (ms) => {
        clock += ms;
        order.push(`sleep ${ms}`);
        await new Promise((resolve) => setImmediate(resolve));
        order.push('woken');
      },
    });
    setImmediate(() => order.push('others'));
    expect(await slept).toMatchObject({ kind: 'value', value: 0 });
    expect(order).toEqual(['sleep 7', 'others', 'woken']);
  });

  test('a clock that stands still ends no sleep early and none late', async () => {
    for (const canBlock of [true, false]) {
      const sleeps: number[] = [];
      const guest = await prepareGuest(engine, await wasm(await loadGuest('preview1/sleep.wat')));
      const result = await engine.execute(guest, runSpec({ invoke: 'sleep', args: [5_000_000n] }), {
        ...createFakeHost({ canBlock }),
        monotonic: () => 0,
        sleep: async (ms) => void sleeps.push(ms),
        sleepSync: (ms) => void sleeps.push(ms),
      });
      expect(result).toMatchObject({ kind: 'value', value: 0 });
      expect(sleeps).toEqual([5, 1, 1]);
    }
  });

  test('a busy guest that cannot block gives the event loop its turns', async () => {
    let turns = 0;
    const host = createFakeHost({
      canBlock: false,
      stopReason: () => (turns >= 3 ? 'cancelled' : undefined),
    });
    const guest = await prepareGuest(engine, await wasm(await loadGuest('preview1/spin.wat')));
    const result = await engine.execute(guest, runSpec(), {
      ...host,
      turns: {
        due: () => true,
        take: async () => {
          await new Promise((resolve) => setImmediate(resolve));
          turns += 1;
        },
      },
    });
    expect(result).toMatchObject({ kind: 'limit', limit: 'cancelled' });
    expect(turns).toBe(3);
  });

  test('the same program burns the same fuel, suspendable or not', async () => {
    const spec = { invoke: 'fib', args: [15] };
    const blocking = await run(engine, 'preview1/numbers.wat', spec);
    const suspending = await run(engine, 'preview1/numbers.wat', spec, { canBlock: false });
    expect(blocking.result.fuel).toBeGreaterThan(1000);
    expect(suspending.result.fuel).toBe(blocking.result.fuel);
  });
});

describe('options', () => {
  const wasi = (names: readonly string[]) => ({ options: { wasi: names } });

  test('a function outside options.wasi answers an errno', verifies('PM-26'), async () => {
    const files = { 'fs.open': () => ({ value: { handle: 1 } }) };
    const spec = { argv: ['a.txt'], mounts: [{ path: '/data', write: true, delete: true }] };
    const held = await run(
      engine,
      'preview1/files.wat',
      { ...spec, ...wasi(['args_get', 'args_sizes_get', 'fd_read', 'fd_write']) },
      { operations: files },
    );
    expect(held.result).toMatchObject({ kind: 'exit', exitCode: 76 });
    expect(held.host.calls).toEqual([]);
  });

  test.each<[string, RunSpec['options'], string]>([
    ['an unknown option', { wasy: [] }, 'unknown option "wasy"'],
    ['no list', { wasi: 'fd_read' }, 'must be a list'],
    ['an unknown function', { wasi: ['fd_reed'] }, '"fd_reed", which is not a WASI function'],
    ['no name', { wasi: [7] }, 'names 7'],
  ])('%s is refused', async (_title, options, message) => {
    const { result } = await run(engine, 'preview1/hello.wat', { options });
    expect(result).toMatchObject({ kind: 'invalid', code: 'INPUT_INVALID' });
    expect(result).toHaveProperty('message', expect.stringContaining(message));
  });

  test.each([0, 1001, 1.5, Number.NaN])(
    'createPreview1Engine() refuses cachedModules %d',
    (cachedModules) => {
      expect(() => createPreview1Engine({ cachedModules })).toThrow(RangeError);
      expect(() => createWasmerEngine({ cachedModules })).toThrow(RangeError);
    },
  );
});
