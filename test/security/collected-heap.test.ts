import { parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type Runtime } from '../../runtime/index.ts';
import { instrument } from '../../runtime/wasm/instrument.ts';
import { createMeter, type Meter } from '../../runtime/wasm/meter.ts';
import { verifies } from '../support/verifies.ts';

/** What WebAssembly keeps outside of linear memory: no cap of memory holds it, so all that is allocated there counts. */
let runtime: Runtime;
beforeAll(() => {
  runtime = createRuntime();
});
afterAll(() => runtime.close());

const HEAP = 1_000_000;

async function run(
  text: string,
  heapBytes = HEAP,
  collectedHeap: boolean | 'counted' = 'counted',
): Promise<{ answer: unknown; meter: Meter }> {
  const bytes = instrument(await parse(text), { maxMemoryPages: 16, collectedHeap });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  const meter = createMeter({ fuel: 100_000_000, heapBytes });
  const { run: call } = meter.attach(instance);
  try {
    return { answer: (call as () => unknown)(), meter }; // every module here exports it
  } catch (error) {
    return { answer: (error as Error).constructor, meter };
  }
}

/** Each makes more and more, and holds all of it. */
const HOARDERS: readonly (readonly [string, string])[] = [
  [
    'a list of structs',
    `(module (type $l (struct (field (ref null $l)) (field i32))) (global $g (mut (ref null $l)) (ref.null $l))
      (func (export "run") (loop $x (global.set $g (struct.new $l (global.get $g) (i32.const 1))) (br $x))))`,
  ],
  [
    'structs made without operands',
    '(module (type $s (struct (field (mut i64)))) (table 9 anyref) (func (export "run") (loop $x (table.set (i32.const 0) (struct.new_default $s)) (br $x))))',
  ],
  [
    'one array',
    '(module (type $a (array (mut i8))) (func (export "run") (drop (array.new_default $a (i32.const 1000001)))))',
  ],
  [
    'an array with the largest length there is',
    '(module (type $a (array (mut v128))) (func (export "run") (drop (array.new_default $a (i32.const -1)))))',
  ],
  [
    'arrays of operands',
    '(module (type $a (array i64)) (func (export "run") (loop $x (drop (array.new_fixed $a 2 (i64.const 1) (i64.const 2))) (br $x))))',
  ],
  [
    'arrays of data',
    '(module (type $a (array i8)) (data $d "0123456789") (func (export "run") (loop $x (drop (array.new_data $a $d (i32.const 0) (i32.const 10))) (br $x))))',
  ],
  [
    'exceptions in a table',
    `(module (tag $t (param i32)) (table 9 exnref) (func (export "run") (loop $x
      (table.set (i32.const 0) (block $h (result exnref) (try_table (catch_all_ref $h) (throw $t (i32.const 1))) (unreachable))) (br $x))))`,
  ],
  [
    'large exceptions, wherever they are kept',
    `(module (tag $t (param v128 v128 v128)) (func (export "run") (loop $x
      (drop (block $h (result exnref) (try_table (catch_all_ref $h) (throw $t (v128.const i64x2 1 1) (v128.const i64x2 1 1) (v128.const i64x2 1 1))) (unreachable))) (br $x))))`,
  ],
  [
    'exceptions in each other',
    `(module (tag $t (param exnref)) (func (export "run") (local $e exnref) (loop $x
      (local.set $e (block $h (result exnref) (try_table (catch_all_ref $h) (throw $t (local.get $e))) (unreachable))) (br $x))))`,
  ],
];

describe('the collected heap', verifies('LM-02'), () => {
  test.each(HOARDERS)('%s: ends where its bytes are spent, and no handler catches that', async (_, text) => {
    const { answer, meter } = await run(text);
    expect(answer).toBe(WebAssembly.RuntimeError);
    expect(meter.growthRefused).toBe(true);
    expect(meter.heapUsed).toBe(HEAP);
    expect(meter.state).toBe('running');
    expect(meter.used).toBeLessThan(10_000_000);
  });

  test('what fits is given, and told to the byte', async () => {
    const made = await run(
      '(module (type $s (struct (field (mut i32)))) (func (export "run") (result i32) (struct.get $s 0 (struct.new $s (i32.const 42)))))',
    );
    expect(made).toMatchObject({ answer: 42, meter: { heapUsed: 48, growthRefused: false } });
    const array =
      '(module (type $a (array (mut i64))) (func (export "run") (result i32) (array.len (array.new_default $a (i32.const 1000)))))';
    expect((await run(array, 8032)).answer).toBe(1000);
    expect((await run(array, 8031)).answer).toBe(WebAssembly.RuntimeError);
  });

  test('small exceptions that nothing keeps cost none of it: those of C++', async () => {
    const { answer, meter } = await run(
      `(module (tag $t (param i32)) (func (export "run") (result i32) (local $i i32) (loop $x
        (block $h (try_table (catch_all $h) (throw $t (i32.const 1)))) (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $x (i32.lt_u (local.get $i) (i32.const 10000)))) (local.get $i)))`,
      0,
      false,
    );
    expect(answer).toBe(10_000);
    expect(meter.heapUsed).toBe(0);
  });

  test('exceptions that are kept count also where structs are refused', async () => {
    const { answer, meter } = await run(HOARDERS[6]?.[1] ?? '', HEAP, false);
    expect(answer).toBe(WebAssembly.RuntimeError);
    expect(meter.heapUsed).toBe(HEAP);
  });

  test('what an instance has spent is not given back by another meter', async () => {
    const bytes = instrument(
      await parse(
        '(module (type $a (array i8)) (func (export "run") (drop (array.new_default $a (i32.const 600)))))',
      ),
      { maxMemoryPages: 1, collectedHeap: 'counted' },
    );
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes));
    const call = (): unknown => {
      const meter = createMeter({ fuel: 1000, heapBytes: 1000 });
      return (meter.attach(instance).run as () => unknown)();
    };
    call();
    expect(call).toThrow(WebAssembly.RuntimeError);
  });

  test('instances of one guest share it: a hundred that each keep all they can have no more than one', async () => {
    const bytes = instrument(await parse(HOARDERS[6]?.[1] ?? ''), {
      maxMemoryPages: 1,
      collectedHeap: false,
    });
    const module = new WebAssembly.Module(bytes);
    const meter = createMeter({ fuel: 100_000_000, heapBytes: HEAP });
    const hoard = (): void => {
      const { run: call } = meter.attach(new WebAssembly.Instance(module));
      expect(call).toThrow(WebAssembly.RuntimeError);
    };
    hoard();
    expect(meter.heapUsed).toBe(HEAP);
    for (let more = 0; more < 20; more++) hoard();
    expect(meter.heapUsed).toBe(HEAP);

    const together = createMeter({ fuel: 100_000_000, heapBytes: HEAP });
    const calls = Array.from(
      { length: 100 },
      () => together.attach(new WebAssembly.Instance(module)).run as () => void,
    );
    for (const call of calls) expect(call).toThrow(WebAssembly.RuntimeError);
    expect(together.heapUsed).toBeLessThanOrEqual(HEAP);
    expect(together.heapUsed).toBeGreaterThan(HEAP / 3);
  });

  test('initial values are bounded before anything runs', async () => {
    const fields = '(field i64)'.repeat(1000);
    const globals = '(global (ref $s) (struct.new_default $s))'.repeat(1100);
    const bytes = await parse(`(module (type $s (struct ${fields})) ${globals})`);
    expect(() => instrument(bytes, { maxMemoryPages: 1, collectedHeap: 'counted' })).toThrow(
      expect.objectContaining({
        code: 'MODULE_INVALID',
        message: expect.stringContaining('initial objects'),
      }),
    );
  });

  test.each(['minimal', 'standard', 'strict', 'maximum'] as const)(
    'at level %s a run has half of its memory for it',
    async (level) => {
      const module = Uint8Array.from(
        await parse(`(module (type $a (array (mut i8))) (memory (export "memory") 1)
        (func (export "f") (param i32) (result i32) (array.len (array.new_default $a (local.get 0)))))`),
      );
      const limits = { memoryBytes: 8 * 1024 * 1024 };
      const options = { module, invoke: 'f', level, limits };
      const fits = await runtime.run({ ...options, args: [4_000_000] });
      expect(fits).toMatchObject({ ok: true, value: 4_000_000 });
      expect(fits.usage.memoryBytes).toBe(65_536 + 4_000_032);
      expect(await runtime.run({ ...options, args: [4_200_000] })).toMatchObject({
        ok: false,
        error: { code: 'MEMORY_EXCEEDED' },
      });
    },
  );
});
