import { expect, test } from 'vitest';
import type { GuestValue } from '../../../runtime/vocabulary/guest-value.ts';
import { commandGuest, typesGuest, wat } from '../../guests/component/build.ts';
import { runComponent } from '../../guests/component/run-component.ts';

const invoke = async (name: string, args: readonly GuestValue[], mode: 'sync' | 'jspi' = 'sync') =>
  (await runComponent(await typesGuest(), { invoke: name, args }, { mode })).result;

test.each<[string, readonly GuestValue[], GuestValue]>([
  ['add', [2, 40], 42],
  ['wide', ['-1099511627776', 9007199254740991n], [-1099511627776n, 9007199254740991n]],
  ['small', [255, -128, 65535, -32768], [255, -128, 65535, -32768]],
  ['half', [3], 1.5],
  ['flip', [true], false],
  ['upper', ['ä', 'straße'], ['Ä', 'STRASSE']],
  ['reverse', [[1, 2, 3]], Uint8Array.of(3, 2, 1)],
  [
    'sum-points',
    [
      [
        { x: 1, y: 2 },
        { x: -3, y: 4 },
      ],
    ],
    { x: -2, y: 6 },
  ],
  ['maybe', [null], null],
  ['maybe', ['x'], 'x'],
  ['nested', [null], null],
  ['nested', [4], { tag: 'some', val: 4 }],
  ['nested', [{ tag: 'some', val: null }], { tag: 'some', val: null }],
  ['reverse', [{ $bytes: 'AQL/' }], Uint8Array.of(255, 2, 1)],
  ['swap', [{ tag: 'err', val: 'text' }], 'text'],
  ['divide', [7, 2], 3],
  ['nothing', [], undefined],
  ['test:types/shapes@1.0.0#mirror', [{ x: 1, y: 2 }], { x: 2, y: 1 }],
  ['test:types/shapes#mirror', [{ x: 1, y: 2 }], { x: 2, y: 1 }],
  ['shapes#rename', [{ 'first-part': 'a', secondPart: 9 }], { firstPart: 'a!', secondPart: 9 }],
  ['area', [{ tag: 'rectangle', val: [2, 3] }], 6],
  ['area', ['nothing-at-all'], 0],
  ['next', ['dark-green'], 'blue'],
  ['toggle', [['read']], ['write-all', 'delete']],
])('invoke %s with %o answers its value', async (name, args, value) => {
  expect(await invoke(name, args)).toMatchObject({ kind: 'value', value });
});

test('64-bit numbers are exact at both ends of their range', async () => {
  // A component of its own: JavaScript on QuickJS takes 64-bit numbers for doubles.
  const bytes = await wat(`(component
    (core module $m
      (func (export "s") (param i64) (result i64) local.get 0)
      (func (export "u") (param i64) (result i64) local.get 0))
    (core instance $i (instantiate $m))
    (func (export "signed") (param "a" s64) (result s64) (canon lift (core func $i "s")))
    (func (export "unsigned") (param "a" u64) (result u64) (canon lift (core func $i "u"))))`);
  const call = async (name: string, arg: GuestValue) =>
    (await runComponent(bytes, { invoke: name, args: [arg] })).result;
  for (const value of [-(2n ** 63n), 2n ** 63n - 1n, 9007199254740993n]) {
    expect(await call('signed', String(value))).toMatchObject({ kind: 'value', value });
  }
  expect(await call('unsigned', 2n ** 64n - 1n)).toMatchObject({ kind: 'value', value: 2n ** 64n - 1n });
  expect(await call('unsigned', '18446744073709551616')).toMatchObject({ kind: 'invalid' });
});

test('invoke works where the guest is suspended as it does where the thread blocks', async () => {
  expect(await invoke('divide', [7, 2], 'jspi')).toMatchObject({ kind: 'value', value: 3 });
  expect(await invoke('shapes#next', ['red'], 'jspi')).toMatchObject({ kind: 'value', value: 'dark-green' });
});

test('a declared error is a throw with its payload', async () => {
  expect(await invoke('divide', [1, 0])).toMatchObject({
    kind: 'threw',
    error: { name: 'err', message: 'division by zero' },
    payload: 'division by zero',
  });
  expect(await invoke('fail-with-point', [])).toMatchObject({ kind: 'threw', payload: { x: 1, y: 2 } });
  expect(await invoke('swap', [{ tag: 'ok', val: 3 }], 'jspi')).toMatchObject({ kind: 'threw', payload: 3 });
});

test('an unknown export is answered with the list of exports', async () => {
  const result = await invoke('subtract', [1, 2]);
  expect(result).toMatchObject({
    kind: 'invalid',
    code: 'INPUT_INVALID',
    message: 'Cannot invoke "subtract": the component exports no such function',
    details: { exports: expect.arrayContaining(['add: func(a: s32, b: s32) -> s32']) },
  });
});

test.each(['__proto__', 'constructor', 'toString', 'instantiate', 'shapes'])(
  'invoke %s is not an export',
  async (name) => {
    expect(await invoke(name, [])).toMatchObject({ kind: 'invalid', code: 'INPUT_INVALID' });
  },
);

test('arguments that do not fit name their place and the type wanted', async () => {
  expect(await invoke('add', [1, 2 ** 31])).toMatchObject({
    kind: 'invalid',
    code: 'INPUT_INVALID',
    message: 'Cannot invoke "add": argument 2 (b) must be s32, got 2147483648',
    details: { place: 'argument 2 (b)', wanted: 's32' },
  });
  expect(await invoke('add', [1, 2, 3])).toMatchObject({
    message: 'Cannot invoke "add": it takes 2 arguments, got 3',
  });
  expect(await invoke('add', [1])).toMatchObject({
    message: 'Cannot invoke "add": argument 2 (b) must be s32, got nothing',
  });
  expect(await invoke('sum-points', [[{ x: 1, y: 2 }, { x: 1 }]])).toMatchObject({
    message: 'Cannot invoke "sum-points": argument 1 (points)[1].y is missing, it must be s32',
  });
});

test('a component that is not a command and no tool needs a function to invoke', async () => {
  const { result } = await runComponent(await typesGuest());
  expect(result).toMatchObject({
    kind: 'invalid',
    code: 'INPUT_INVALID',
    message: 'Cannot run the component: it is not a command, so name a function to invoke',
  });
});

test("a command's run can be invoked by its name, and answers as a function does", async () => {
  const { result, host } = await runComponent(await commandGuest(), {
    invoke: 'wasi:cli/run#run',
    argv: ['print', 'out', 'err'],
  });
  expect(result).toMatchObject({ kind: 'value', value: undefined });
  expect(host.stdout()).toBe('out');
});

test('values are lifted as the Canonical ABI says', async () => {
  // Core functions that answer what no compiler would: each result is lifted from the raw number.
  const bytes = await wat(`(component
    (core module $m
      (memory (export "memory") 1)
      (func (export "i") (param i32) (result i32) local.get 0)
      (func (export "nan") (result f64) (f64.reinterpret_i64 (i64.const 0xfff0000000000001)))
      (func (export "option") (param i32) (result i32)
        (i32.store8 (i32.const 16) (local.get 0)) (i32.store8 (i32.const 20) (i32.const 0)) i32.const 16)
      (data (i32.const 32) "\\40\\00\\00\\00\\05\\00\\00\\00\\40\\00\\00\\00\\06\\00\\00\\00")
      (data (i32.const 64) "\\ef\\bb\\bfab\\ff"))
    (core instance $i (instantiate $m))
    (alias core export $i "memory" (core memory $memory))
    (type $flags (flags "one" "two"))
    (func (export "bool") (param "v" u32) (result bool) (canon lift (core func $i "i")))
    (func (export "byte") (param "v" u32) (result u8) (canon lift (core func $i "i")))
    (func (export "short") (param "v" u32) (result s16) (canon lift (core func $i "i")))
    (func (export "nan") (result f64) (canon lift (core func $i "nan")))
    (func $set (param "v" u32) (result $flags) (canon lift (core func $i "i")))
    (component $shim
      (type $inner (flags "one" "two"))
      (import "kind" (type $kind (eq $inner)))
      (import "imported-set" (func $f (param "v" u32) (result $kind)))
      (export $named "bits" (type $kind))
      (export "set" (func $f) (func (param "v" u32) (result $named))))
    (instance $bits (instantiate $shim (with "kind" (type $flags)) (with "imported-set" (func $set))))
    (export "test:abi/bits" (instance $bits))
    (func (export "letter") (param "v" u32) (result char) (canon lift (core func $i "i")))
    (func (export "text") (param "at" u32) (result string) (canon lift (core func $i "i") (memory $memory)))
    (func (export "nested") (param "v" u32) (result (option (option u32))) (canon lift (core func $i "option") (memory $memory))))`);
  const call = async (name: string, ...args: readonly GuestValue[]) => {
    const { result } = await runComponent(bytes, { invoke: name, args });
    return result.kind === 'value' ? result.value : result.kind;
  };
  expect(await call('bool', 7)).toBe(true);
  expect(await call('bool', 0)).toBe(false);
  expect(await call('byte', 0x1ff)).toBe(0xff);
  expect(await call('short', 0x18000)).toBe(-0x8000);
  expect(await call('nan')).toBe(Number.NaN);
  expect(await call('set', 0xfe)).toEqual(['two']);
  expect(await call('letter', 0x1f600)).toBe('😀');
  expect(await call('letter', 0xd800)).toBe('trapped');
  expect(await call('letter', 0x110000)).toBe('trapped');
  expect(await call('text', 32)).toBe('\ufeffab');
  expect(await call('text', 40)).toBe('trapped');
  expect(await call('nested', 0)).toBe(null);
  expect(await call('nested', 1)).toEqual({ tag: 'some', val: null });
});
