import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type GuestValue, type Runtime } from '../../../runtime/index.ts';
import { typesGuest, wat } from '../../guests/component/build.ts';
import { verifies } from '../../support/verifies.ts';

verifies('EX-05');

/** Counters in a memory of its own: a handle of one stands for its place there. */
const COUNTERS = `(component
  (type $counter (resource (rep i32)))
  (core func $new (canon resource.new $counter))
  (core func $place (canon resource.rep $counter))
  (core module $m
    (import "r" "new" (func $new (param i32) (result i32)))
    (import "r" "place" (func $place (param i32) (result i32)))
    (memory (export "memory") 1 2)
    (global $last (mut i32) (i32.const 0))
    (func (export "create") (param i32) (result i32)
      (global.set $last (i32.add (global.get $last) (i32.const 4)))
      (i32.store (global.get $last) (local.get 0))
      (call $new (global.get $last)))
    (func (export "add") (param i32 i32) (result i32)
      (i32.store (local.get 0) (i32.add (i32.load (local.get 0)) (local.get 1)))
      (i32.load (local.get 0)))
    (func (export "finish") (param i32) (result i32) (i32.load (call $place (local.get 0))))
    (func (export "made") (result i32) (i32.div_u (global.get $last) (i32.const 4)))
    (func (export "grow") (result i32) (memory.grow (i32.const 1)))
    (func (export "spin") (loop (br 0)))
    (func (export "fail") unreachable))
  (core instance $i (instantiate $m (with "r" (instance (export "new" (func $new)) (export "place" (func $place))))))
  (func $create (param "start" u32) (result (own $counter)) (canon lift (core func $i "create")))
  (func $add (param "self" (borrow $counter)) (param "by" u32) (result u32) (canon lift (core func $i "add")))
  (func $finish (param "it" (own $counter)) (result u32) (canon lift (core func $i "finish")))
  (func (export "made") (result u32) (canon lift (core func $i "made")))
  (func (export "grow") (result s32) (canon lift (core func $i "grow")))
  (func (export "spin") (canon lift (core func $i "spin")))
  (func (export "fail") (canon lift (core func $i "fail")))
  (component $shape
    (import "counter" (type $c (sub resource)))
    (import "create" (func $create (param "start" u32) (result (own $c))))
    (import "add" (func $add (param "self" (borrow $c)) (param "by" u32) (result u32)))
    (import "finish" (func $finish (param "it" (own $c)) (result u32)))
    (export $e "counter" (type $c))
    (export "[constructor]counter" (func $create) (func (param "start" u32) (result (own $e))))
    (export "[method]counter.add" (func $add) (func (param "self" (borrow $e)) (param "by" u32) (result u32)))
    (export "finish" (func $finish) (func (param "it" (own $e)) (result u32))))
  (instance $things (instantiate $shape
    (with "counter" (type $counter)) (with "create" (func $create)) (with "add" (func $add)) (with "finish" (func $finish))))
  (export "test:kept/things" (instance $things)))`;

let runtime: Runtime;
let counters: Uint8Array<ArrayBuffer>;
let types: Uint8Array<ArrayBuffer>;
beforeAll(async () => {
  runtime = createRuntime({ cache: false });
  counters = await wat(COUNTERS);
  types = await typesGuest();
});
afterAll(() => runtime.close());

const handle = (number: number) => ({ $resource: 'counter', handle: number });

describe.each(['minimal', 'standard', 'maximum'] as const)(
  'a session of a component at %s',
  verifies('XT-02'),
  (level) => {
    test('calls one instance, whose resources its caller holds by handles', async () => {
      await using session = await runtime.sessions.open({ module: counters, level });
      const call = async (invoke: string, ...args: readonly GuestValue[]) => {
        const outcome = await session.run({ invoke, args });
        return outcome.ok ? outcome.value : outcome.error.code;
      };
      expect(await call('made')).toBe(0);
      expect(await call('test:kept/things#[constructor]counter', 5)).toEqual(handle(1));
      expect(await call('counter', 100)).toEqual(handle(2));
      expect(await call('counter.add', handle(1), 2)).toBe(7);
      expect(await call('things#[method]counter.add', handle(2), 1)).toBe(101);
      expect(await call('counter.add', handle(1), 1)).toBe(8);
      expect(await call('made')).toBe(2);
      expect(await call('finish', handle(1))).toBe(8);
      expect(await call('counter.add', handle(1), 1)).toBe('INPUT_INVALID');
      expect(await call('[resource-drop]counter', handle(2))).toBeUndefined();
      expect(await call('counter.add', handle(2), 1)).toBe('INPUT_INVALID');
      expect(await call('made')).toBe(2);
    });
  },
);

describe('a session of a component', () => {
  test('takes no handle that it did not give', async () => {
    await using session = await runtime.sessions.open({ module: counters });
    await session.run({ invoke: 'counter', args: [1] });
    for (const forged of [
      handle(2),
      handle(-1),
      handle(1.5),
      1,
      null,
      '1',
      { handle: 1 },
      { ...handle(1), handle: '1' },
    ]) {
      const outcome = await session.run({ invoke: 'counter.add', args: [forged, 1] });
      expect(outcome).toMatchObject({ error: { code: 'INPUT_INVALID' } });
    }
    expect(await session.run({ invoke: 'counter.add', args: [handle(1), 1] })).toMatchObject({ value: 2 });
  });

  test('has fuel of its own for each call, one memory for all, and ends with a trap', async () => {
    await using session = await runtime.sessions.open({ module: counters });
    const first = await session.run({ invoke: 'made' });
    const second = await session.run({ invoke: 'made' });
    expect(second.usage.fuel).toBeLessThanOrEqual(first.usage.fuel ?? 0);
    expect(await session.run({ invoke: 'grow' })).toMatchObject({ value: 1 });
    expect(await session.run({ invoke: 'grow' })).toMatchObject({
      value: -1,
      usage: { memoryBytes: 2 ** 17 },
    });
    await expect(session.memory.read(0, 4)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(await session.run({ invoke: 'fail' })).toMatchObject({ error: { code: 'GUEST_TRAPPED' } });
    expect(await session.run({ invoke: 'made' })).toMatchObject({ error: { code: 'INPUT_INVALID' } });
    await using spinning = await runtime.sessions.open({ module: counters });
    const spent = await spinning.run({ invoke: 'spin', limits: { fuel: 1_000_000 } });
    expect(spent).toMatchObject({ error: { code: 'FUEL_EXHAUSTED' }, meta: { sessionEnded: true } });
  });

  test('goes on after an error that a function declares', async () => {
    await using session = await runtime.sessions.open({ module: types });
    expect(await session.run({ invoke: 'divide', args: [1, 0] })).toMatchObject({
      error: { code: 'GUEST_THREW' },
    });
    expect(await session.run({ invoke: 'divide', args: [6, 3] })).toMatchObject({ value: 2 });
  });

  test('is where a handle has a meaning: a run says so', async () => {
    const outcome = await runtime.run({ module: counters, invoke: 'counter', args: [1] });
    expect(outcome).toMatchObject({
      error: { code: 'INPUT_INVALID', hint: expect.stringContaining('sessions.open') },
    });
  });
});
