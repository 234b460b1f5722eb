import { afterEach, describe, expect, test, vi } from 'vitest';
import type { GuestHost, GuestResult, HostAnswer } from '../../runtime/contracts/engine.ts';
import { EVAL_GLOBAL } from '../../runtime/engines/quickjs/abi.ts';
import { differenceOf, takeBack, writeDifference, writeImage } from '../../runtime/engines/quickjs/image.ts';
import { layoutOf } from '../../runtime/engines/quickjs/layout.ts';
import type { Machine } from '../../runtime/engines/quickjs/machine.ts';
import { type LentMachine, takeMachine } from '../../runtime/engines/quickjs/machine-pool.ts';
import { createResting } from '../../runtime/engines/quickjs/resting.ts';
import { mergeLimits } from '../../runtime/vocabulary/limits.ts';
import { createMeter, type Meter } from '../../runtime/wasm/meter.ts';
import { prepareGuest, script } from '../support/engine-guests.ts';
import { createFakeHost, runSpec } from '../support/fake-host.ts';
import { loadQuickjs, quickjsEngine, SILENT_HOST } from '../support/quickjs-for-tests.ts';

const { module } = await loadQuickjs();
const layout = layoutOf(module);
const { memoryBytes } = mergeLimits([]);

const take = (): LentMachine & { readonly meter: Meter } => {
  const meter = createMeter({ fuel: 1_000_000_000 });
  const lent = takeMachine({
    module,
    library: false,
    memoryBytes,
    suspends: false,
    host: SILENT_HOST,
    meter,
  });
  lent.machine.setStack(128 * 1024);
  return Object.defineProperty(lent, 'meter', { value: meter }) as LentMachine & { readonly meter: Meter };
};
const evaluate = (machine: Machine, code: string): string | undefined => {
  const done = machine.evaluate(code, 'main.js', EVAL_GLOBAL);
  if ('thrown' in done) throw new Error('the text throws');
  return machine.kind(done.value) === 'string' ? machine.readText(done.value) : undefined;
};
const built = (): Buffer => {
  const bytes = Buffer.alloc(layout.pages * 65_536);
  writeImage(module, bytes, false);
  return bytes;
};
const SECRET = `globalThis.secret = ['CANARY'.repeat(50), new Map([[{}, 'CANARY']])]; const own = class { #x = 'CANARY' }; secret[0]`;

describe('a guest that is put away while it waits', () => {
  test('leaves nothing in its instance for the guest that runs there meanwhile, and comes back byte for byte', () => {
    const first = take();
    const { machine } = first;
    evaluate(machine, SECRET);
    const before = Buffer.from(machine.memory());
    expect(before.includes('CANARY')).toBe(true);
    const bring = first.putAway();
    expect(() => first.machine).toThrow('put away');
    const second = take();
    // Those that others gave back are taken first.
    const others = [second];
    while (others.at(-1)?.machine !== machine && others.length < 4) others.push(take());
    const heir = others.at(-1);
    expect(heir?.machine).toBe(machine);
    const found = Buffer.from(machine.memory());
    found.fill(0, layout.runtime, layout.runtime + 1024); // `take` has set the size of its stack
    const made = built();
    made.fill(0, layout.runtime, layout.runtime + 1024);
    expect(found.includes('CANARY')).toBe(false);
    expect(found.equals(made)).toBe(true);
    expect(evaluate(machine, `globalThis.secret = 'other'.repeat(9000); String(globalThis.own)`)).toBe(
      'undefined',
    );
    bring?.();
    expect(first.machine).not.toBe(machine);
    expect(Buffer.from(first.machine.memory()).equals(before)).toBe(true);
    expect(evaluate(first.machine, `secret[0]`)).toBe('CANARY'.repeat(50));
  });

  test('pays for nothing of the guest that runs in its instance meanwhile, nor the other for it', () => {
    const first = take();
    evaluate(first.machine, SECRET);
    const { used } = first.meter;
    const bring = first.putAway();
    const second = take();
    evaluate(second.machine, `for (let n = 0; n < 20_000; n++); ''`);
    expect(second.meter.used).toBeGreaterThan(1_000_000);
    expect(first.meter.used).toBe(used);
    const spent = second.meter.used;
    bring?.();
    evaluate(first.machine, `for (let n = 0; n < 20_000; n++); ''`);
    expect(first.meter.used).toBeGreaterThan(used + 1_000_000);
    expect(second.meter.used).toBe(spent);
  });

  test('is not reached by the meter of the guest before: its instance cannot run without one', () => {
    const first = take();
    const { machine } = first;
    evaluate(machine, SECRET);
    first.putAway();
    first.meter.arm();
    first.meter.lookUp();
    first.meter.charge(1);
    expect(() => evaluate(machine, `for (let n = 0; n < 20_000; n++); ''`)).toThrow(WebAssembly.RuntimeError);
  });

  test('is the same where the platform has no native look at bytes', () => {
    const bytes = built();
    const changed = [0, 4095, 4096, 2_300_000, bytes.length - 1];
    for (const at of changed) bytes[at] = (bytes[at] ?? 0) ^ 1;
    const native = differenceOf(module, bytes, false);
    vi.stubGlobal('Buffer', undefined);
    const plain = differenceOf(module, bytes, false);
    vi.unstubAllGlobals();
    expect(plain).toEqual(native);
    const copy = built();
    writeDifference(plain, copy);
    expect(copy.equals(bytes)).toBe(true);
    takeBack(module, plain, copy, false);
    expect(copy.equals(built())).toBe(true);
  });

  test('burns what it burns where it stays', () => {
    const burnt = (away: boolean): number => {
      const lent = take();
      evaluate(lent.machine, SECRET);
      for (let time = 0; time < 5; time++) {
        if (away) lent.putAway()?.();
        evaluate(lent.machine, `for (let n = 0; n < 1000; n++) secret.push({ n }); ''`);
      }
      return lent.meter.used;
    };
    expect(burnt(true)).toBe(burnt(false));
  });

  test.each([
    [
      'has grown',
      (machine: Machine) => evaluate(machine, `globalThis.a = new Uint8Array(4_000_000).fill(1); ''`),
    ],
    [
      'is in the middle of a call',
      (machine: Machine) => {
        machine.exports.stackPointer.value = layout.stackTop - 16;
      },
    ],
  ])('stays where it is if it %s', (_, make) => {
    const lent = take();
    make(lent.machine);
    expect(lent.putAway()).toBeUndefined();
    expect(lent.machine.memoryBytes()).toBeGreaterThan(0);
  });
});

test('an instance that was given back is not reached by what is charged to the guest before', () => {
  const first = take();
  const { machine } = first;
  first.giveBack();
  const others = [take()];
  while (others.at(-1)?.machine !== machine && others.length < 4) others.push(take());
  const heir = others.at(-1);
  expect(heir?.machine).toBe(machine);
  const burn = (): string | undefined => evaluate(machine, `for (let n = 0; n < 5000; n++); ''`);
  const alone = take();
  for (let time = 0; time < 3; time++) {
    burn();
    first.meter.charge(5_000_000);
    first.meter.arm();
    evaluate(alone.machine, `for (let n = 0; n < 5000; n++); ''`);
  }
  expect(heir?.meter.used).toBe(alone.meter.used);
  first.meter.stop('cancelled');
  expect(() => burn()).not.toThrow();
  expect(heir?.meter.state).toBe('running');
});

describe('what it costs the thread to put guests away, of which none pays', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });
  interface Waiting {
    readonly away: number;
    readonly back: number;
    readonly wait: () => { readonly answer: () => void; readonly over: Promise<void> };
  }
  let now = 1e6;
  const turns: (() => void)[] = [];
  const waiting = (goesOn = (): boolean => true): Waiting => {
    const moves = { away: 0, back: 0 };
    const rest = createResting({
      putAway: () => {
        moves.away += 1;
        return () => {
          moves.back += 1;
        };
      },
      goesOn,
      turn: () => new Promise((resolve) => turns.push(resolve)),
    });
    const wait = (): ReturnType<Waiting['wait']> => {
      const { promise, resolve } = Promise.withResolvers<void>();
      return { answer: resolve, over: rest(promise) };
    };
    return Object.assign(moves, { wait });
  };
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const turn = async (): Promise<void> => {
    for (const one of turns.splice(0)) one();
    await settled();
  };
  const movesOf = (all: readonly Waiting[], way: 'away' | 'back'): number =>
    all.reduce((sum, one) => sum + one[way], 0);

  test('of guests that wait again and again it grows by the logarithm of the time, and is spread over turns', async () => {
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    const all = Array.from({ length: 200 }, () => waiting());
    for (let round = 0; round < 50; round++) {
      const waits = all.map((one) => one.wait());
      for (let time = 0; time < 200; time++) {
        now += 1;
        const before = movesOf(all, 'away');
        const other = waiting().wait();
        expect(movesOf(all, 'away') - before).toBeLessThanOrEqual(4);
        other.answer();
        await other.over;
        await turn();
      }
      for (const { answer } of waits) answer();
      const over = Promise.all(waits.map((one) => one.over));
      for (let before = movesOf(all, 'back'), time = 0; time < 200; time++) {
        await settled();
        expect(movesOf(all, 'back') - before).toBeLessThanOrEqual(4);
        before = movesOf(all, 'back');
        await turn();
      }
      await over;
    }
    expect(movesOf(all, 'back')).toBe(movesOf(all, 'away'));
    expect(movesOf(all, 'away')).toBeGreaterThan(100);
    for (const one of all) expect(one.away).toBeLessThanOrEqual(4); // 20, 40, 80 and 160 ms; none waits longer
  });

  test('one that is stopped while it is due to come back does not', async () => {
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    const going = new Set<number>();
    const all = Array.from({ length: 40 }, (_, at) => waiting(() => !going.has(at)));
    const waits: ReturnType<Waiting['wait']>[] = [];
    for (const one of all) {
      now += 100;
      waits.push(one.wait());
      await turn();
    }
    expect(movesOf(all, 'away')).toBe(8);
    for (const { answer } of waits) answer();
    await settled();
    expect(movesOf(all, 'back')).toBe(4);
    for (const at of all.keys()) going.add(at);
    await turn();
    await Promise.all(waits.map((one) => one.over));
    expect(movesOf(all, 'back')).toBe(4);
    await turn();
  });

  test('no timer is left behind when few enough wait', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const all = Array.from({ length: 40 }, () => waiting());
    const waits = all.map((one) => one.wait());
    expect(vi.getTimerCount()).toBe(1);
    for (const { answer } of waits) answer();
    await Promise.all(waits.map((one) => one.over));
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  test('those that began to wait at once, and none after them, are put away too', async () => {
    const all = Array.from({ length: 100 }, () => waiting());
    const waits = all.map((one) => one.wait());
    expect(movesOf(all, 'away')).toBe(0);
    for (let before = 0; movesOf(all, 'away') < 68; before = movesOf(all, 'away')) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      expect(movesOf(all, 'away') - before).toBeLessThanOrEqual(4);
      await turn();
    }
    for (const { answer } of waits) answer();
    const over = Promise.all(waits.map((one) => one.over));
    while (movesOf(all, 'back') < 68) {
      await settled();
      await turn();
    }
    await over;
    await turn();
    expect(movesOf(all, 'away')).toBe(68);
  });
});

describe('many guests of one thread that wait', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });
  const PROGRAM = `
    const mine = { name: inputs.name, list: Array.from({ length: 50 }, (_, n) => name + n), [Symbol('s')]: new Set([name]) };
    const before = Math.random();
    const answer = await sandglass.call('wait.here', { name });
    globalThis.seen = Object.keys(globalThis).filter((key) => key.startsWith('own')).join();
    globalThis['own' + name] = mine;
    const more = await sandglass.call('wait.here', { name });
    [mine.name, mine.list.every((item, n) => item === name + n), answer, more, seen, typeof before].join()`.replace(
    'inputs.name',
    'name',
  );

  /** Waits as long as the test says, whatever its real time: each look at the clock finds it 5 ms on. */
  const hurryClock = (): void => {
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => {
      now += 5;
      return now;
    });
  };
  const start = async (
    names: readonly string[],
    more: Partial<GuestHost> = {},
  ): Promise<{ readonly results: Promise<GuestResult>[]; readonly answer: () => Promise<void> }> => {
    const engine = quickjsEngine();
    const limits = mergeLimits([{ timeoutMs: 120_000 }], { memoryBytes: engine.memoryBytes });
    const waiting: (() => void)[] = [];
    const call: GuestHost['call'] = (_, args) =>
      new Promise<HostAnswer>((resolve) => {
        waiting.push(() => resolve({ ok: true, value: `${String(args.name)}!` }));
      });
    const results = await Promise.all(
      names.map(async (name) => {
        const guest = await prepareGuest(
          engine,
          script('javascript', PROGRAM, { filename: 'main.js' }),
          limits,
        );
        const deterministic = { seed: 7, now: 1_700_000_000_000 };
        const host = { ...createFakeHost({ deterministic }), call, ...more };
        return { run: () => engine.execute(guest, runSpec({ limits, inputs: { name } }), host) };
      }),
    );
    const running: Promise<GuestResult>[] = [];
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    for (const { run } of results) {
      running.push(run());
      while (waiting.length < running.length) await turn();
      await turn();
    }
    return {
      results: running,
      answer: async () => {
        while (waiting.length < names.length) await turn();
        for (const one of waiting.splice(0)) one();
      },
    };
  };
  const names = Array.from({ length: 64 }, (_, n) => `n${n + 100}`);

  test('go on each with what is its own and nothing else, and burn what one burns alone', async () => {
    hurryClock();
    const made = vi.spyOn(WebAssembly, 'Memory');
    const { results, answer } = await start(names);
    await answer();
    const inMemory = made.mock.calls.length;
    await answer();
    const ended = await Promise.all(results);
    for (const [index, result] of ended.entries()) {
      const name = names[index];
      expect(result).toMatchObject({ kind: 'value', value: `${name},true,${name}!,${name}!,,number` });
    }
    expect(inMemory).toBeLessThan(48);
    vi.restoreAllMocks();
    for (const index of [0, 20, 63]) {
      const alone = await start(names.slice(index, index + 1));
      await alone.answer();
      await alone.answer();
      const [one] = await Promise.all(alone.results);
      expect(ended[index]?.fuel).toBe(one?.fuel);
    }
  });

  test('are not brought back when they are stopped', async () => {
    hurryClock();
    let stopped = false;
    const { results, answer } = await start(names, { stopReason: () => (stopped ? 'cancelled' : undefined) });
    const made = vi.spyOn(WebAssembly, 'Memory');
    stopped = true;
    await answer();
    const ended = await Promise.all(results);
    expect(
      new Set(ended.map((result) => JSON.stringify([result.kind, 'limit' in result && result.limit]))),
    ).toEqual(new Set(['["limit","cancelled"]']));
    expect(made).not.toHaveBeenCalled();
  });
});
