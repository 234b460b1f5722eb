import { expect, test } from 'vitest';
import { NAMED_TYPES, SIGNATURES } from '../../../runtime/engines/component/interfaces/signatures.ts';
import { readComponentTypes } from '../../../runtime/engines/component/types/read-component.ts';
import { functionText } from '../../../runtime/engines/component/types/wit-type.ts';
import { readSignatures } from '../../../scripts/component-signatures.ts';
import { typesGuest, wat } from '../../guests/component/build.ts';
import { verifies } from '../../support/verifies.ts';

verifies('DX-16');

const functionsOf = (bytes: Uint8Array): Record<string, string> => {
  const found: Record<string, string> = {};
  for (const [name, item] of readComponentTypes(bytes).exports) {
    if (item.sort === 'func') found[name] = functionText(item.type);
    if (item.sort !== 'instance') continue;
    for (const [functionName, exported] of item.exports) {
      if (exported.sort === 'func') found[`${name}#${functionName}`] = functionText(exported.type);
    }
  }
  return found;
};

test('readComponentTypes() reads every kind of type that a world exports', async () => {
  const { init: _, ...functions } = functionsOf(await typesGuest());
  const point = 'record { x: s32, y: s32 }';
  expect(functions).toEqual({
    add: 'func(a: s32, b: s32) -> s32',
    wide: 'func(a: s64, b: u64) -> tuple<s64, u64>',
    small: 'func(a: u8, b: s8, c: u16, d: s16) -> list<s32>',
    half: 'func(a: f64) -> f64',
    flip: 'func(a: bool) -> bool',
    upper: 'func(a: char, b: string) -> tuple<char, string>',
    reverse: 'func(a: list<u8>) -> list<u8>',
    'sum-points': `func(points: list<${point}>) -> ${point}`,
    maybe: 'func(a: option<string>) -> option<string>',
    nested: 'func(a: option<option<u32>>) -> option<option<u32>>',
    swap: 'func(a: result<u32, string>) -> result<string, u32>',
    divide: 'func(a: s32, b: s32) -> result<s32, string>',
    'fail-with-point': `func() -> result<_, ${point}>`,
    nothing: 'func()',
    'test:types/shapes@1.0.0#mirror': `func(p: ${point}) -> ${point}`,
    'test:types/shapes@1.0.0#rename':
      'func(n: record { first-part: string, second-part: option<u8> }) -> record { first-part: string, second-part: option<u8> }',
    'test:types/shapes@1.0.0#area':
      'func(s: variant { circle(f64), rectangle(tuple<f64, f64>), nothing-at-all }) -> f64',
    'test:types/shapes@1.0.0#next':
      'func(c: enum { red, dark-green, blue }) -> enum { red, dark-green, blue }',
    'test:types/shapes@1.0.0#toggle':
      'func(a: flags { read, write-all, delete }) -> flags { read, write-all, delete }',
  });
});

test('readComponentTypes() tells resources of different interfaces apart', async () => {
  const bytes = await wat(`(component
    (import "a:b/one@1.0.0" (instance (export "thing" (type (sub resource)))
      (export "make" (func (result (own 0))))))
    (import "a:b/two@1.0.0" (instance (export "thing" (type (sub resource)))
      (export "make" (func (result (own 0))))))
  )`);
  const texts = [...readComponentTypes(bytes).imports.values()].map((item) => {
    const make = item.sort === 'instance' ? item.exports.get('make') : undefined;
    return make?.sort === 'func' ? functionText(make.type) : undefined;
  });
  expect(texts).toEqual(['func() -> a:b/one.thing', 'func() -> a:b/two.thing']);
});

test('readComponentTypes() follows nested components, aliases and instances', async () => {
  const bytes = await wat(`(component
    (core module $m (func (export "f") (param i32) (result i32) local.get 0))
    (core instance $i (instantiate $m))
    (type $t (func (param "a" u16) (result u16)))
    (func $f (type $t) (canon lift (core func $i "f")))
    (component $c
      (import "in" (func $in (param "a" u16) (result u16)))
      (export "out" (func $in)))
    (instance $n (instantiate $c (with "in" (func $f))))
    (alias export $n "out" (func $out))
    (export "top" (func $out))
    (export "x:y/z@0.1.0" (instance $n))
  )`);
  expect(functionsOf(bytes)).toEqual({
    top: 'func(a: u16) -> u16',
    'x:y/z@0.1.0#out': 'func(a: u16) -> u16',
  });
});

test('readComponentTypes() stops at a bomb of nested instances', async () => {
  const doubled = (depth: number): string =>
    depth === 0
      ? '(component (type (func)))'
      : `(component ${doubled(depth - 1)} ${'(instance (instantiate 0))'.repeat(16)})`;
  const bytes = await wat(doubled(6));
  expect(() => readComponentTypes(bytes)).toThrow(
    expect.objectContaining({
      code: 'MODULE_INVALID',
      message: 'Cannot read the component: its types are too many',
    }),
  );
});

test('readComponentTypes() refuses every truncation and never hangs', async () => {
  const bytes = await wat(`(component
    (import "a:b/c@1.0.0" (instance (export "f" (func (param "x" (list (tuple u8 string))) (result (option char))))))
    (type (record (field "a" u8)))
    (export "t" (type 1))
  )`);
  const { imports } = readComponentTypes(bytes);
  expect([...imports.keys()]).toEqual(['a:b/c@1.0.0']);
  let refused = 0;
  for (let end = 0; end < bytes.length; end++) {
    try {
      readComponentTypes(bytes.subarray(0, end));
    } catch (error) {
      expect(error).toMatchObject({ code: 'MODULE_INVALID' });
      refused += 1;
    }
  }
  expect(refused).toBeGreaterThan(bytes.length / 2); // a cut between two sections is a smaller component
});

test('readComponentTypes() answers or refuses whatever single byte is changed', async () => {
  const bytes = await wat(`(component
    (import "a:b/c@1.0.0" (instance (type (variant (case "x" u8) (case "y")))
      (export "v" (type (eq 0))) (export "f" (func (param "x" 1) (result (result 1 (error string)))))))
    (core module (memory 1) (func (export "f")))
  )`);
  for (let at = 0; at < bytes.length; at++) {
    for (const value of [0x00, 0x7f, 0x80, 0xff, (bytes[at] ?? 0) ^ 1]) {
      const changed = bytes.slice();
      changed[at] = value;
      try {
        readComponentTypes(changed);
      } catch (error) {
        expect(error).toMatchObject({ code: 'MODULE_INVALID' });
      }
    }
  }
});

test('the table of signatures is what wit/ and the WASI 0.2 WIT say', async () => {
  const { named, signatures } = await readSignatures();
  expect(NAMED_TYPES).toEqual(named);
  expect(SIGNATURES).toEqual(signatures);
});
