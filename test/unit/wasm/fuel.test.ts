import { describe, expect, test } from 'vitest';
import { instrument } from '../../../runtime/wasm/instrument.ts';
import { createMeter, type Meter } from '../../../runtime/wasm/meter.ts';
import { promising } from '../../../runtime/wasm/suspending.ts';
import { assemble } from '../../support/wasm/assemble.ts';
import { KERNELS } from '../../support/wasm/kernels.ts';
import { NAIVE, naiveCount } from '../../support/wasm/naive-count.ts';

const OPTIONS = { maxMemoryPages: 4 };
const ARGUMENTS = [1, 2, 7, 16];

const run = (exports: WebAssembly.Exports, argument: number): unknown => {
  const entry = exports.run;
  if (typeof entry !== 'function') throw new Error('no run');
  return entry(argument);
};

async function metered(
  text: string,
  options: Parameters<typeof createMeter>[0] = { fuel: 1e9 },
  imports: WebAssembly.Imports = {},
): Promise<{ meter: Meter; exports: WebAssembly.Exports; instance: WebAssembly.Instance }> {
  const module = new WebAssembly.Module(instrument(await assemble(text), OPTIONS));
  const instance = new WebAssembly.Instance(module, imports);
  const meter = createMeter(options);
  const exports = meter.attach(instance);
  meter.start(instance);
  return { meter, exports, instance };
}

async function naive(text: string): Promise<WebAssembly.Exports> {
  // The oracle knows no caps: they are put on first, without counting.
  const capped = instrument(await assemble(text), { ...OPTIONS, fuel: false });
  return new WebAssembly.Instance(new WebAssembly.Module(naiveCount(capped))).exports;
}

const LOOP = `(module (func (export "run") (param i32) (result i32)
  loop $again local.get 0 i32.const 1 i32.sub local.tee 0 br_if $again end i32.const 1))`;
const ENDLESS = '(module (func (export "run") (param i32) loop $again br $again end))';

describe('instrument()', () => {
  for (const [name, text] of Object.entries(KERNELS)) {
    test(`counts what counting before each operator counts: ${name}`, async () => {
      for (const argument of ARGUMENTS) {
        const oracle = await naive(text);
        const { meter, exports } = await metered(text);
        const expected = run(oracle, argument);
        expect(run(exports, argument)).toBe(expected);
        const counter = oracle[NAIVE] as WebAssembly.Global; // added by the oracle
        // What the growth recorder adds stands in the oracle's input, so it counts five more for each growth, and two more if refused.
        const recorder = name === 'growth' ? 5 * argument + 2 * Math.max(0, argument - 3) : 0;
        expect(meter.used).toBe(Number(counter.value) - recorder);
      }
    });
  }

  test('counts the same whatever the slice', async () => {
    const totals = [];
    for (const sliceFuel of [1, 10, 1000, 1e9]) {
      const { meter, exports } = await metered(KERNELS.sieve ?? '', { fuel: 1e9, sliceFuel });
      run(exports, 500);
      totals.push(meter.used);
    }
    expect(new Set(totals).size).toBe(1);
  });

  test('stops at the same place whatever the slice', async () => {
    for (const fuel of [1, 50, 999, 1000, 1001]) {
      const steps = [];
      for (const sliceFuel of [1, 7, 100, 1e9]) {
        let ticks = 0;
        const { meter, exports } = await metered(
          `(module (import "m" "tick" (func $tick))
            (func (export "run") (param i32) loop $again call $tick br $again end))`,
          { fuel, sliceFuel },
          {
            m: {
              tick: () => {
                ticks += 1;
              },
            },
          },
        );
        expect(() => run(exports, 0)).toThrow(WebAssembly.RuntimeError);
        expect(meter.state).toBe('exhausted');
        expect(meter.used).toBe(fuel);
        steps.push(ticks);
      }
      expect(new Set(steps).size).toBe(1);
    }
  });

  test('lets a guest burn exactly its fuel, and not one unit more', async () => {
    const { meter, exports } = await metered(LOOP);
    run(exports, 100);
    const exact = meter.used;
    const enough = await metered(LOOP, { fuel: exact });
    expect(run(enough.exports, 100)).toBe(1);
    expect(enough.meter.state).toBe('running');
    const short = await metered(LOOP, { fuel: exact - 1 });
    try {
      run(short.exports, 100);
    } catch {
      // It may be stopped or run out on its last operators; the state tells.
    }
    expect(short.meter.state).toBe('exhausted');
  });

  test('checks an endless tail call', async () => {
    const { meter, exports } = await metered(
      '(module (func $f (export "run") (param i32) local.get 0 return_call $f))',
      { fuel: 10_000 },
    );
    expect(() => run(exports, 0)).toThrow(/unreachable/);
    expect(meter.state).toBe('exhausted');
  });

  test('charges a bulk operation before it runs', async () => {
    const { meter, exports } = await metered(
      `(module (memory (export "memory") 2)
        (func (export "run") (param i32) i32.const 0 i32.const 1 local.get 0 memory.fill))`,
      { fuel: 1000 },
    );
    expect(() => run(exports, 100_000)).toThrow(/unreachable/);
    expect(meter.state).toBe('exhausted');
    expect(new Uint8Array((exports.memory as WebAssembly.Memory).buffer)[0]).toBe(0); // exported above
  });

  test('caps memory at the pages given, and the meter tells of a refused growth', async () => {
    const { meter, exports } = await metered(KERNELS.growth ?? '');
    expect(run(exports, 3)).toBe(3);
    expect(meter.growthRefused).toBe(false);
    expect(run(exports, 1)).toBe(0);
    expect(meter.growthRefused).toBe(true);
    expect((exports.memory as WebAssembly.Memory).buffer.byteLength).toBe(4 * 65_536); // exported by the kernel
  });

  test('shares the cap between several memories', async () => {
    // (module (memory (export "a") 1) (memory (export "b") 1)), which the assembler cannot write
    const preamble = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
    const two = Uint8Array.of(...preamble, 5, 5, 2, 0, 1, 0, 1, 7, 9, 2, 1, 0x61, 2, 0, 1, 0x62, 2, 1);
    const { a, b } = new WebAssembly.Instance(new WebAssembly.Module(instrument(two, { maxMemoryPages: 10 })))
      .exports;
    for (const memory of [a, b] as WebAssembly.Memory[]) {
      expect(memory.grow(4)).toBe(1);
      expect(() => memory.grow(1)).toThrow(RangeError);
    }
    expect(() => instrument(two, { maxMemoryPages: 1 })).toThrow(/starts with 2 pages/);
  });

  test('caps tables', async () => {
    const bytes = await assemble(
      '(module (table (export "t") 1 funcref) (func (export "run") (param i32) (result i32) ref.null func local.get 0 table.grow 0))',
    );
    const instance = new WebAssembly.Instance(
      new WebAssembly.Module(instrument(bytes, { maxMemoryPages: 1, maxTableElements: 5 })),
    );
    const exports = createMeter({ fuel: 1e6 }).attach(instance);
    expect(run(exports, 4)).toBe(1);
    expect(run(exports, 1)).toBe(-1);
  });

  test('defers the start function until the meter runs it, and charges it', async () => {
    const bytes = await assemble(
      '(module (global $g (export "g") (mut i32) (i32.const 0)) (func $start i32.const 5 global.set $g) (start $start))',
    );
    const instance = new WebAssembly.Instance(new WebAssembly.Module(instrument(bytes, OPTIONS)));
    const meter = createMeter({ fuel: 100 });
    const exports = meter.attach(instance);
    expect((exports.g as WebAssembly.Global).value).toBe(0); // exported above
    meter.start(instance);
    expect((exports.g as WebAssembly.Global).value).toBe(5);
    expect(meter.used).toBe(2);
  });

  test('keeps names for stack traces', async () => {
    const { exports } = await metered(
      '(module (func $named_in_traces unreachable) (func (export "run") (param i32) call $named_in_traces))',
    );
    let stack = '';
    try {
      run(exports, 0);
    } catch (error) {
      stack = error instanceof Error ? String(error.stack) : '';
    }
    expect(stack).toContain('named_in_traces');
  });

  test('without fuel only caps and records', async () => {
    const bytes = await assemble(KERNELS.growth ?? '');
    const instance = new WebAssembly.Instance(
      new WebAssembly.Module(instrument(bytes, { maxMemoryPages: 2, fuel: false })),
    );
    const meter = createMeter({ fuel: 1 });
    const exports = meter.attach(instance);
    expect(run(exports, 5)).toBe(1);
    expect(meter.growthRefused).toBe(true);
    expect(meter.used).toBe(0);
  });

  test('renumbers globals where the counter is imported', async () => {
    const text = `(module (import "m" "g" (global $in i32)) (global $a (mut i32) (i32.const 3)) (global $b (export "b") (mut i32) (i32.const 4))
      (table 2 funcref) (memory 1) (data (offset (global.get $in)) "x")
      (func (export "run") (param i32) (result i32)
        global.get $a global.get $b i32.mul global.get $in i32.add local.tee 0 global.set $b local.get 0))`;
    const module = new WebAssembly.Module(instrument(await assemble(text), { ...OPTIONS, sharedFuel: true }));
    const meter = createMeter({ fuel: 1000 });
    const instance = new WebAssembly.Instance(module, { m: { g: 100 }, ...meter.sharedFuel });
    const exports = meter.attach(instance);
    expect(run(exports, 0)).toBe(112);
    expect((exports.b as WebAssembly.Global).value).toBe(112); // exported above
    expect(meter.used).toBe(8);
  });
});

describe('createMeter()', () => {
  test('asks onSlice at each refill and stops for its reason', async () => {
    let asked = 0;
    const { meter, exports } = await metered(ENDLESS, {
      fuel: 1e9,
      sliceFuel: 1000,
      onSlice: () => {
        asked += 1;
        return asked < 5 ? undefined : 'deadline';
      },
    });
    expect(() => run(exports, 0)).toThrow(/unreachable/);
    expect(asked).toBe(5);
    expect(meter.state).toBe('stopped');
    expect(meter.stopReason).toBe('deadline');
    expect(meter.used).toBeGreaterThanOrEqual(4000);
    expect(meter.used).toBeLessThan(5000);
  });

  test('stops, and throws nothing into the guest, when onSlice throws', async () => {
    const failure = new Error('of the host');
    const { meter, exports } = await metered(ENDLESS, {
      fuel: 1e9,
      onSlice: () => {
        throw failure;
      },
    });
    expect(() => run(exports, 0)).toThrow(/unreachable/);
    expect(meter.stopReason).toBe('cancelled');
    expect(meter.failure).toBe(failure);
  });

  test('charges nothing while disarmed', async () => {
    const { meter, exports } = await metered(LOOP);
    meter.disarm();
    run(exports, 1000);
    expect(meter.used).toBe(0);
    meter.arm();
    run(exports, 10);
    const once = meter.used;
    expect(once).toBeGreaterThan(0);
    meter.disarm();
    run(exports, 1000);
    expect(meter.used).toBe(once);
  });

  test('bills what the host did in the place of the guest, which is then looked at and can run out', async () => {
    let asked = 0;
    const onSlice = (): undefined => {
      asked += 1;
    };
    const { meter, exports } = await metered(LOOP, { fuel: 100_000, sliceFuel: 1000, onSlice });
    run(exports, 10);
    const before = meter.used;
    meter.charge(50);
    expect(meter.used).toBe(before + 50);
    asked = 0;
    run(exports, 10);
    expect(asked).toBe(0); // within its slice
    meter.charge(1000);
    run(exports, 10);
    expect(asked).toBe(1);
    const left = 100_000 - meter.used;
    meter.charge(left - 20);
    expect(meter.state).toBe('running');
    expect(() => run(exports, 1000)).toThrow(WebAssembly.RuntimeError);
    expect(meter).toMatchObject({ state: 'exhausted', used: 100_000 });
  });

  test('bills nothing while disarmed', async () => {
    const { meter } = await metered(LOOP);
    meter.disarm();
    meter.charge(1000);
    meter.arm();
    expect(meter.used).toBe(0);
  });

  test('asks onSlice while disarmed', async () => {
    const { meter, exports } = await metered(ENDLESS, { fuel: 10, onSlice: () => 'cancelled' });
    meter.disarm();
    expect(() => run(exports, 0)).toThrow(/unreachable/);
    expect(meter.stopReason).toBe('cancelled');
  });

  test('can be stopped from a host call', async () => {
    let stop = (): void => undefined;
    let calls = 0;
    const { meter, exports } = await metered(
      '(module (import "m" "f" (func $f)) (func (export "run") (param i32) loop $again call $f br $again end))',
      { fuel: 1e6 },
      {
        m: {
          f: () => {
            calls += 1;
            if (calls === 3) stop();
          },
        },
      },
    );
    stop = () => meter.stop('output');
    expect(() => run(exports, 0)).toThrow(/unreachable/);
    expect(calls).toBe(3);
    expect(meter.stopReason).toBe('output');
  });

  test('bills the rest of the slice for a trap', async () => {
    const { meter, exports } = await metered(
      `(module (func (export "run") (param i32)
        loop $again local.get 0 i32.const 1 i32.sub local.tee 0 br_if $again end unreachable))`,
      { fuel: 10_000, sliceFuel: 500 },
    );
    expect(() => run(exports, 10)).toThrow(/unreachable/);
    expect(meter.state).toBe('running');
    meter.trapped();
    expect(meter.used).toBe(505); // the first check comes before the first slice
  });

  test('shares one budget between instances', async () => {
    const text = `(module (import "m" "other" (func $other (param i32) (result i32)))
      (func (export "run") (param i32) (result i32)
        loop $again
          local.get 0 call $other drop
          local.get 0 i32.const 1 i32.sub local.tee 0 br_if $again
        end i32.const 0))`;
    for (const sliceFuel of [3, 100, 1e9]) {
      const meter = createMeter({ fuel: 100_000, sliceFuel });
      const inner = new WebAssembly.Instance(
        new WebAssembly.Module(instrument(await assemble(LOOP), OPTIONS)),
      );
      const innerExports = meter.attach(inner);
      const outer = new WebAssembly.Instance(
        new WebAssembly.Module(instrument(await assemble(text), OPTIONS)),
        {
          m: { other: innerExports.run as () => number }, // exported by LOOP
        },
      );
      run(meter.attach(outer), 20);
      // Each of 20 rounds: 16 units out here; 5 for each turn of the inner loop, and 1. Last, the answer.
      const rounds = Array.from({ length: 20 }, (_, index) => index + 1);
      const expected = rounds.reduce((sum, n) => sum + 16 + 5 * n + 1, 0) + 1;
      expect(meter.used).toBe(expected);
      expect(() => run(meter.attach(outer), 500)).toThrow(WebAssembly.RuntimeError);
      expect(meter.state).toBe('exhausted');
    }
  });

  test('counts the same whatever the slice where one instance spends without asking', async () => {
    // No loop and no call: what it spends is checked by whoever called it.
    const leaf = `(module (func (export "run") (param i32) (result i32)
      local.get 0 i32.const 3 i32.mul i32.const 5 i32.add i32.const 7 i32.xor))`;
    const caller = `(module (import "m" "leaf" (func $leaf (param i32) (result i32)))
      (func (export "run") (param i32) (result i32)
        loop $again
          local.get 0 call $leaf drop
          local.get 0 i32.const 1 i32.sub local.tee 0 br_if $again
        end i32.const 0))`;
    const burnt = new Set<number>();
    for (const sliceFuel of [1, 3, 50, 1e9]) {
      const meter = createMeter({ fuel: 100_000, sliceFuel });
      const attach = async (text: string, imports: WebAssembly.Imports): Promise<WebAssembly.Exports> =>
        meter.attach(
          new WebAssembly.Instance(
            new WebAssembly.Module(instrument(await assemble(text), OPTIONS)),
            imports,
          ),
        );
      const { run: exported } = await attach(leaf, {});
      run(await attach(caller, { m: { leaf: exported as () => number } }), 100); // exported by the leaf
      burnt.add(meter.used);
      expect(() => run({ run: exported as () => number }, 1)).not.toThrow(); // exported by the leaf
      expect(meter.state).toBe('running');
    }
    expect(burnt.size).toBe(1);
  });

  test('refuses an instance that was not instrumented', async () => {
    const instance = new WebAssembly.Instance(new WebAssembly.Module(await assemble(LOOP)));
    expect(() => createMeter({ fuel: 1 }).attach(instance)).toThrow(TypeError);
  });

  test('refuses fuel that is not a whole positive number', () => {
    for (const fuel of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => createMeter({ fuel })).toThrow(RangeError);
    }
  });

  test('lets an endless guest and a good one share a thread', async () => {
    const turns = { due: () => true, take: () => new Promise<void>((resolve) => setImmediate(resolve)) };
    const endless = await metered(ENDLESS, { fuel: 1e12, sliceFuel: 10_000, turns });
    const good = await metered(LOOP, { fuel: 1e9, sliceFuel: 10_000, turns });
    const enter = (exports: WebAssembly.Exports): ((argument: number) => Promise<unknown>) =>
      promising(exports.run as (argument: number) => unknown); // the modules above export it so
    const stuck = enter(endless.exports)(0).then(
      () => 'returned',
      (error: unknown) => (error instanceof Error ? error.message : ''),
    );
    expect(await enter(good.exports)(100_000)).toBe(1);
    expect(endless.meter.state).toBe('running');
    expect(endless.meter.used).toBeGreaterThan(0);
    endless.meter.stop('cancelled');
    expect(await stuck).toBe('unreachable');
    expect(endless.meter.stopReason).toBe('cancelled');
  });

  test('goes on without turns, and shows no error, where the guest cannot be suspended', async () => {
    let asked = 0;
    const turns = {
      due: () => {
        asked += 1;
        return true;
      },
      take: () => Promise.resolve(),
    };
    const { meter, exports } = await metered(
      `(module (tag $none) (func (export "run") (param i32) (result i32) (local $caught i32)
        loop $again
          try
            loop $work local.get 0 i32.const 1 i32.sub local.tee 0 br_if $work end
          catch_all
            local.get $caught i32.const 1 i32.add local.set $caught
          end
          local.get 0 i32.const 0 i32.gt_s br_if $again
        end
        local.get $caught))`,
      { fuel: 100_000, sliceFuel: 100, turns },
    );
    expect(run(exports, 1000)).toBe(0);
    expect(asked).toBeGreaterThan(10);
    expect(meter.state).toBe('running');
    expect(() => run(exports, 1_000_000)).toThrow(/unreachable/);
    expect(meter.state).toBe('exhausted');
  });

  test('suspends a guest, but not where it is called back', async () => {
    let taken = 0;
    const turns = {
      due: () => true,
      take: async () => {
        taken += 1;
        await new Promise((resolve) => setImmediate(resolve));
      },
    };
    const calledBack: number[] = [];
    const { meter, exports } = await metered(
      `(module (import "host" "again" (func $again))
        (func $work (export "work") (result i32) (local $left i32) (local $caught i32)
          i32.const 1000 local.set $left
          try
            loop $more local.get $left i32.const 1 i32.sub local.tee $left br_if $more end
          catch_all
            i32.const 1 local.set $caught
          end
          local.get $caught)
        (func (export "run") (param i32) (result i32) call $work call $again call $work i32.add))`,
      { fuel: 1e6, sliceFuel: 100, turns },
      {
        host: {
          again: () => {
            const before = taken;
            const work = exports.work as () => number; // the module above exports it so
            expect(work()).toBe(0);
            calledBack.push(taken - before);
          },
        },
      },
    );
    expect(await promising(exports.run as (argument: number) => number)(0)).toBe(0);
    expect(calledBack).toEqual([0]);
    expect(taken).toBeGreaterThan(20);
    expect(meter.state).toBe('running');
  });
});
