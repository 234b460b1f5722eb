import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type Runtime } from '../../../runtime/index.ts';
import { verifies } from '../../support/verifies.ts';
import { assemble } from '../../support/wasm/assemble.ts';

verifies('EX-05');

const REACTOR = `(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1 4)
  (global $next (mut i32) (i32.const 1024))
  (global $ready (mut i32) (i32.const 0))
  (func (export "_initialize") (global.set $ready (i32.add (global.get $ready) (i32.const 1))))
  (func (export "initialized") (result i32) (global.get $ready))
  (func (export "allocate") (param $size i32) (result i32)
    (global.get $next)
    (global.set $next (i32.add (global.get $next) (local.get $size))))
  (func (export "upper") (param $at i32) (param $length i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $at) (local.get $length)))
    (block $done (loop $next
      (br_if $done (i32.eq (local.get $at) (local.get $end)))
      (i32.store8 (local.get $at) (i32.sub (i32.load8_u (local.get $at)) (i32.const 32)))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br $next))))
  (func (export "print") (param $at i32) (param $length i32)
    (i32.store (i32.const 0) (local.get $at)) (i32.store (i32.const 4) (local.get $length))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func (export "grow") (result i32) (memory.grow (i32.const 1)))
  (func (export "spin") (loop (br 0)))
  (func (export "trap") unreachable))`;

let runtime: Runtime;
let module: Uint8Array<ArrayBuffer>;
beforeAll(async () => {
  runtime = createRuntime({ cache: false });
  module = await assemble(REACTOR);
});
afterAll(() => runtime.close());

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const bytes = (words: string): Uint8Array => new TextEncoder().encode(words);

describe.each(['minimal', 'standard'] as const)('a session of a module at %s', verifies('XT-02'), (level) => {
  test('calls one instance, which initializes itself once, and reaches its memory', async () => {
    await using session = await runtime.sessions.open({ module, level });
    const at = await session.run({ invoke: 'allocate', args: [5] });
    expect(at).toMatchObject({ ok: true, value: 1024 });
    expect(await session.run({ invoke: 'allocate', args: [5] })).toMatchObject({ value: 1029 });
    await session.memory.write(1024, bytes('hello'));
    expect(await session.run({ invoke: 'upper', args: [1024, 5] })).toMatchObject({ ok: true });
    expect(text(await session.memory.read(1024, 5))).toBe('HELLO');
    expect((await session.run({ invoke: 'print', args: [1024, 5] })).stdout).toBe('HELLO');
    expect((await session.run({ invoke: 'print', args: [1024, 4] })).stdout).toBe('HELL');
    expect(await session.run({ invoke: 'initialized' })).toMatchObject({ value: 1 });
    expect(await session.run({ invoke: 'grow' })).toMatchObject({ value: 1 });
    expect((await session.memory.read(65_536, 4)).byteLength).toBe(4);
  });

  test('each call has fuel of its own, and one that spends it ends the session', async () => {
    await using session = await runtime.sessions.open({ module, level });
    const one = await session.run({ invoke: 'allocate', args: [1] });
    const two = await session.run({ invoke: 'allocate', args: [1] });
    const three = await session.run({ invoke: 'allocate', args: [1] });
    expect(two.usage.fuel).toBe(three.usage.fuel);
    expect(one.usage.fuel).toBeGreaterThan(two.usage.fuel ?? 0); // it initialized the instance
    const spun = await session.run({ invoke: 'spin', limits: { fuel: 100_000 } });
    expect(spun).toMatchObject({ error: { code: 'FUEL_EXHAUSTED' }, usage: { fuel: 100_000 } });
    expect(await session.run({ invoke: 'initialized' })).toMatchObject({
      error: { code: 'INPUT_INVALID', message: expect.stringContaining('the session ended, FUEL_EXHAUSTED') },
    });
  });

  test('a trap ends it; what is not there does not', async () => {
    await using session = await runtime.sessions.open({ module, level });
    expect(await session.run({ invoke: 'nothing' })).toMatchObject({ error: { code: 'INPUT_INVALID' } });
    expect(await session.run({ invoke: 'initialized' })).toMatchObject({ value: 1 });
    expect(await session.run({ invoke: 'trap' })).toMatchObject({ error: { code: 'GUEST_TRAPPED' } });
    await expect(session.memory.read(0, 1)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  test('memory is reached inside its bounds only', async () => {
    await using session = await runtime.sessions.open({ module, level, limits: { hostCallBytes: 1024 } });
    await expect(session.memory.read(0, 1)).rejects.toThrow('no call has made the instance yet');
    await session.run({ invoke: 'initialized' });
    for (const [offset, length] of [
      [65_536, 1],
      [-1, 1],
      [0.5, 1],
      [0, -1],
      [2 ** 53, 1],
      [65_535, 2],
    ] as const)
      await expect(session.memory.read(offset, length)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(session.memory.write(65_535, bytes('ab'))).rejects.toThrow('are not inside its 65536');
    await expect(session.memory.read(0, 1025)).rejects.toThrow('over the 1024 of hostCallBytes');
    expect(await session.memory.read(65_535, 1)).toEqual(Uint8Array.of(0));
  });
});

test('what is in the bytes later does not matter, and it is a module or a language', async () => {
  const changing = new Uint8Array(module);
  await using session = await runtime.sessions.open({ module: changing });
  changing.fill(0);
  expect(await session.run({ invoke: 'initialized' })).toMatchObject({ value: 1 });
  await expect(runtime.sessions.open({ module, language: 'python' } as never)).rejects.toThrow(TypeError);
});
