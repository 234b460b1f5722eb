import { parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import { describe, expect, test } from 'vitest';
import { instrument } from '../../runtime/wasm/instrument.ts';
import { createMeter, type Meter } from '../../runtime/wasm/meter.ts';
import { verifies } from '../support/verifies.ts';
import { assemble } from '../support/wasm/assemble.ts';

verifies('LM-03');

type Run = (...args: readonly unknown[]) => unknown;

function start(
  bytes: Uint8Array,
  imports: WebAssembly.Imports = {},
  fuel = 100_000,
): { meter: Meter; run: Run; exports: WebAssembly.Exports; instance: WebAssembly.Instance } {
  const instance = new WebAssembly.Instance(
    new WebAssembly.Module(instrument(bytes, { maxMemoryPages: 16, collectedHeap: true })),
    imports,
  );
  const meter = createMeter({ fuel, sliceFuel: 1000 });
  const exports = meter.attach(instance);
  return { meter, run: exports.run as Run, exports, instance }; // every guest here exports it
}

/** Guests that never end unless they are stopped; each tries to hide that it was. */
const EVADERS: readonly (readonly [string, () => Promise<Uint8Array>])[] = [
  [
    'catch_all of the legacy exceptions around an endless loop',
    () =>
      assemble(`(module (func (export "run") (result i32)
        loop $again try loop $work br $work end catch_all br $again end end i32.const 7))`),
  ],
  [
    'a catch_all around a call, deep down',
    () =>
      assemble(`(module
        (func $spin loop $work br $work end)
        (func $guarded (param i32)
          local.get 0 i32.eqz if call $spin return end
          try local.get 0 i32.const 1 i32.sub call $guarded catch_all end)
        (func (export "run") (result i32) i32.const 50 call $guarded i32.const 7))`),
  ],
  [
    'a delegate to a catch_all',
    () =>
      assemble(`(module (func (export "run") (result i32)
        try $outer try loop $work br $work end delegate $outer catch_all end i32.const 7))`),
  ],
  [
    'try_table with catch_all',
    () =>
      parse(`(module (func (export "run") (result i32)
        (loop $again (block $caught (try_table (catch_all $caught) (loop $work (br $work)))) (br $again)) (i32.const 7)))`),
  ],
  [
    'try_table with catch_all_ref and a rethrow into another handler',
    () =>
      parse(`(module (func (export "run") (result i32)
        (block $out (try_table (catch_all $out)
          (block $caught (result exnref) (try_table (catch_all_ref $caught) (loop $work (br $work))) (unreachable)) (throw_ref)))
        (i32.const 7)))`),
  ],
  ['an endless tail call', () => assemble('(module (func $f (export "run") (result i32) return_call $f))')],
  [
    'endless indirect tail calls between two functions',
    () =>
      assemble(`(module (type $t (func (result i32))) (table funcref (elem $a $b))
        (func $a (type $t) i32.const 1 return_call_indirect (type $t))
        (func $b (export "run") (type $t) i32.const 0 return_call_indirect (type $t)))`),
  ],
  [
    'a loop of br_table alone',
    () =>
      assemble(
        '(module (func (export "run") (result i32) loop $l i32.const 0 br_table $l $l end i32.const 7))',
      ),
  ],
  [
    'a loop on br_on_null',
    () =>
      parse(
        '(module (func (export "run") (result i32) (loop $l (drop (br_on_null $l (ref.null func)))) (i32.const 7)))',
      ),
  ],
  [
    'a loop on br_on_cast',
    () =>
      parse(`(module (func (export "run") (result i32)
(ref.null any) (loop $l (param anyref) br_on_cast $l anyref nullref drop) (i32.const 7)))`),
  ],
  [
    'huge bulk operations',
    () =>
      assemble(`(module (memory 16) (func (export "run") (result i32)
        loop $l i32.const 0 i32.const 0 i32.const 1000000 memory.fill br $l end i32.const 7))`),
  ],
  [
    'arrays of the collected heap',
    () =>
      parse(`(module (type $a (array i64)) (func (export "run") (result i32)
        (loop $l (drop (array.new_default $a (i32.const 10000))) (br $l)) (i32.const 7)))`),
  ],
  [
    'growing again and again',
    () =>
      assemble(`(module (memory 1) (func (export "run") (result i32)
        loop $l i32.const 0 memory.grow drop br $l end i32.const 7))`),
  ],
  [
    'throwing and catching without end',
    () =>
      assemble(`(module (tag $e) (func (export "run") (result i32)
        loop $l try throw $e catch $e br $l end end i32.const 7))`),
  ],
  [
    'exponential recursion in one arm',
    () =>
      assemble(`(module (func $f (param i32)
          local.get 0 if local.get 0 i32.const 1 i32.sub call $f local.get 0 i32.const 1 i32.sub call $f end)
        (func (export "run") (result i32) i32.const 200 call $f i32.const 7))`),
  ],
  [
    'exponential recursion of two functions, each calling in two arms',
    () =>
      assemble(`(module
        (func $a (param i32) local.get 0 i32.const 1 i32.and
          if local.get 0 call $b else local.get 0 if local.get 0 call $b end end)
        (func $b (param i32) local.get 0 if
          local.get 0 i32.const 1 i32.sub call $a local.get 0 i32.const 1 i32.sub call $a end)
        (func (export "run") (result i32) i32.const 200 call $a i32.const 7))`),
  ],
  [
    'exponential recursion from inside of loops that turn once or twice',
    () =>
      assemble(`(module (func $f (param i32) (local i32)
          loop $twice
            local.get 0 if local.get 0 i32.const 1 i32.sub call $f end
            local.get 1 i32.const 1 i32.add local.tee 1 i32.const 2 i32.lt_u br_if $twice
          end)
        (func (export "run") (result i32) i32.const 200 call $f i32.const 7))`),
  ],
  [
    'a loop inside that leaves for the loop around it on every turn',
    () =>
      assemble(`(module (func (export "run") (result i32)
        loop $around loop $inside i32.const 1 br_table $inside $around $inside end end i32.const 7))`),
  ],
  [
    'a loop that hands its parameters round',
    () =>
      assemble(`(module (func (export "run") (result i32)
        i32.const 1 i64.const 2 loop $l (param i32 i64) (result i32) br $l end))`),
  ],
  [
    'a loop of one operator',
    () => assemble('(module (func (export "run") (result i32) loop $l br $l end i32.const 7))'),
  ],
];

describe('exhaustion', () => {
  test.each(EVADERS)('stops %s', async (_, make) => {
    const { meter, run } = start(await make());
    expect(() => run()).toThrow(WebAssembly.RuntimeError);
    expect(meter.state).toBe('exhausted');
    expect(meter.used).toBe(100_000);
  });

  test.each(EVADERS)('leaves nothing to resume of %s', async (_, make) => {
    const { meter, run } = start(await make());
    for (let round = 0; round < 3; round += 1) expect(() => run()).toThrow(WebAssembly.RuntimeError);
    expect(meter.state).toBe('exhausted');
  });

  test('cannot be hidden by a JavaScript frame that swallows the trap', async () => {
    const bytes = await assemble(`(module (import "m" "swallow" (func $swallow))
      (func (export "spin") loop $l br $l end)
      (func (export "run") (result i32) (local i32) call $swallow
        loop $l local.get 0 i32.const 1 i32.add local.tee 0 i32.const 10 i32.lt_u br_if $l end
        i32.const 7))`);
    let swallowed = 0;
    const guest = start(bytes, {
      m: {
        swallow: () => {
          try {
            (guest.exports.spin as Run)(); // exported above
          } catch {
            swallowed += 1;
          }
        },
      },
    });
    expect(() => guest.run()).toThrow(WebAssembly.RuntimeError); // stopped in the very next loop
    expect(swallowed).toBe(1);
    expect(guest.meter.state).toBe('exhausted');
  });

  test('shows in the state even where the guest managed to return', async () => {
    const bytes = await assemble(`(module (import "m" "swallow" (func $swallow))
      (func (export "spin") loop $l br $l end)
      (func (export "run") (result i32) call $swallow i32.const 7))`);
    const guest = start(bytes, {
      m: {
        swallow: () => {
          try {
            (guest.exports.spin as Run)(); // exported above
          } catch {
            // hides it
          }
        },
      },
    });
    expect(guest.run()).toBe(7);
    expect(guest.meter.state).toBe('exhausted');
  });

  test('does not end before its time through a growth that wraps the counter round', async () => {
    const bytes = await parse(`(module (table i64 1 funcref) (func (export "run") (result i32)
      (loop $l (drop (table.grow (ref.null func) (i64.const -1))) (br $l)) (i32.const 7)))`);
    const { meter, run } = start(bytes);
    expect(() => run()).toThrow(WebAssembly.RuntimeError);
    expect(meter.state).toBe('exhausted');
  });
});

describe('the collected heap', () => {
  test.each([
    ['a struct', '(module (type $s (struct)) (func (export "run") (drop (struct.new $s))))'],
    [
      'an array',
      '(module (type $a (array i8)) (func (export "run") (drop (array.new_default $a (i32.const 9)))))',
    ],
    [
      'an array of operands',
      '(module (type $a (array i32)) (func (export "run") (drop (array.new_fixed $a 1 (i32.const 9)))))',
    ],
    ['an initial value', '(module (type $s (struct)) (global (ref $s) (struct.new $s)))'],
    ['a table of structs', '(module (type $s (struct)) (table 9 (ref $s) (struct.new $s)))'],
    ['an element', '(module (type $s (struct)) (elem (ref $s) (struct.new $s)))'],
    ['an exception that holds an exception', '(module (tag (param exnref)))'],
    ['an imported tag that holds an exception', '(module (import "m" "t" (tag (param i32 (ref exn)))))'],
  ])('is not for guests unless allowed: %s', async (_, text) => {
    const bytes = await parse(text);
    expect(() => instrument(bytes, { maxMemoryPages: 1 })).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED', message: expect.stringContaining('WebAssembly GC') }),
    );
    expect(WebAssembly.validate(instrument(bytes, { maxMemoryPages: 1, collectedHeap: true }))).toBe(true);
  });
});

describe('what the rewriter adds', () => {
  test('is not among the exports that the meter hands out, nor can they be changed', async () => {
    const { exports, instance } = start(
      await assemble(
        '(module (memory (export "m") 1) (func $s) (start $s) (func (export "run") (result i32) i32.const 7))',
      ),
    );
    expect(Object.keys(exports)).toEqual(['m', 'run']);
    expect(Object.getPrototypeOf(exports)).toBeNull();
    expect(Object.isFrozen(exports)).toBe(true);
    expect(
      Object.keys(instance.exports)
        .filter((name) => name.startsWith('__sandglass'))
        .sort(),
    ).toEqual(['__sandglass_fuel', '__sandglass_growth_refused', '__sandglass_refill', '__sandglass_start']);
  });

  test('does not start with fuel: an instance without a meter traps at its first check', async () => {
    const bytes = instrument(
      await assemble('(module (func (export "run") (param i32) loop $l local.get 0 br_if $l end))'),
      {
        maxMemoryPages: 1,
      },
    );
    const { run } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as Record<string, Run>; // its only function
    expect(() => run?.(0)).toThrow(WebAssembly.RuntimeError);
  });

  test('makes linking fail with a memory that has no cap', async () => {
    const bytes = instrument(await assemble('(module (import "m" "memory" (memory 1)))'), {
      maxMemoryPages: 4,
    });
    const module = new WebAssembly.Module(bytes);
    const link = (memory: WebAssembly.Memory): unknown => new WebAssembly.Instance(module, { m: { memory } });
    expect(() => link(new WebAssembly.Memory({ initial: 1 }))).toThrow(WebAssembly.LinkError);
    expect(() => link(new WebAssembly.Memory({ initial: 1, maximum: 5 }))).toThrow(WebAssembly.LinkError);
    expect(() => link(new WebAssembly.Memory({ initial: 1, maximum: 4 }))).not.toThrow();
  });
});
