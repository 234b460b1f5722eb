import { describe, expect, test } from 'vitest';
import {
  CoreReader,
  type CoreValue,
  CoreWriter,
} from '../../../runtime/engines/component/linking/core-values.ts';
import { createHandles } from '../../../runtime/engines/component/linking/handles.ts';
import { type CoreType, coreSignature, layoutOf } from '../../../runtime/engines/component/linking/layout.ts';
import { job } from '../../../runtime/engines/component/linking/link-job.ts';
import type { WitType } from '../../../runtime/engines/component/types/wit-type.ts';
import { commandGuest, echoGuest, probeGuest, typesGuest, wat } from '../../guests/component/build.ts';
import { runComponent } from '../../guests/component/run-component.ts';

const u8: WitType = { kind: 'u8' };
const f32: WitType = { kind: 'f32' };
const u64: WitType = { kind: 'u64' };
const string: WitType = { kind: 'string' };

describe('layoutOf()', () => {
  test.each<[WitType, number, number, string]>([
    [u8, 1, 1, 'i32'],
    [{ kind: 'char' }, 4, 4, 'i32'],
    [string, 8, 4, 'i32 i32'],
    [{ kind: 'tuple', items: [u8, u64, u8] }, 24, 8, 'i32 i64 i32'],
    [{ kind: 'option', element: u8 }, 2, 1, 'i32 i32'],
    [{ kind: 'option', element: u64 }, 16, 8, 'i32 i64'],
    [{ kind: 'result', ok: f32, err: { kind: 's32' } }, 8, 4, 'i32 i32'],
    [{ kind: 'result', ok: { kind: 'f64' }, err: string }, 16, 8, 'i32 i64 i32'],
    [{ kind: 'result', ok: undefined, err: undefined }, 1, 1, 'i32'],
    [{ kind: 'enum', names: Array.from({ length: 257 }, (_, at) => `n${at}`) }, 2, 2, 'i32'],
    [{ kind: 'flags', names: Array.from({ length: 17 }, (_, at) => `n${at}`) }, 4, 4, 'i32'],
  ])('%j takes %i bytes at multiples of %i', (type, size, align, flat) => {
    expect(layoutOf(type)).toEqual({ size, align, flat: flat.split(' ') });
  });

  test('coreSignature() passes by a pointer what is too much', () => {
    const many = Array.from({ length: 17 }, (_, at) => ({ name: `p${at}`, type: u8 }));
    expect(coreSignature({ params: many, result: string }, 'lift')).toEqual({
      params: ['i32'],
      results: ['i32'],
    });
    expect(coreSignature({ params: many, result: string }, 'lower')).toEqual({
      params: ['i32', 'i32'],
      results: [],
    });
  });
});

test.each<[CoreValue, CoreType, CoreType, CoreValue]>([
  [1.5, 'f32', 'i32', 0x3fc00000],
  [0x3fc00000, 'i32', 'f32', 1.5],
  [1.5, 'f64', 'i64', 0x3ff8000000000000n],
  [0x3ff8000000000000n, 'i64', 'f64', 1.5],
  [-1, 'i32', 'i64', 0xffffffffn],
  [-1n, 'i64', 'i32', -1],
  [0x3fc00000n, 'i64', 'f32', 1.5],
])('%s of %s has as %s the same bits, and the lower 32 of 64', (value, from, to, same) => {
  expect(new CoreReader([value], [from]).next(to)).toBe(same);
  const into = new CoreWriter([to]);
  into.add(value, from);
  expect(into.values).toEqual([same]);
});

test('CoreWriter fills up what a case does not use, CoreReader passes over it', () => {
  const into = new CoreWriter(['i32', 'i64', 'f32', 'i32']);
  into.add(1, 'i32');
  into.fillTo(3);
  into.add(7, 'i32');
  expect(into.values).toEqual([1, 0n, 0, 7]);
  expect(() => into.add(0, 'i32')).toThrow(TypeError);
  const from = new CoreReader(into.values, ['i32', 'i64', 'f32', 'i32']);
  from.skipTo(3);
  expect(from.next('i32')).toBe(7);
  expect(() => from.next('i32')).toThrow(TypeError);
});

test('a handle is good for its resource until it is given away, and each is asked for', () => {
  const counts: number[] = [];
  const handles = createHandles((count) => void counts.push(count));
  const one = handles.add('a:b/c.d', {});
  expect(() => handles.get('a:b/c.e', one)).toThrow('is not a handle of a:b/c.e');
  expect(() => handles.get('a:b/c.d', 0)).toThrow('is not a handle');
  expect(() => handles.get('a:b/c.d', -1)).toThrow('is not a handle');
  expect(handles.remove('a:b/c.d', one)).toEqual({});
  expect(() => handles.remove('a:b/c.d', one)).toThrow('is not a handle');
  expect(handles.add('a:b/c.d', {})).toBe(one);
  expect(handles.add('a:b/c.d', {})).toBe(2);
  expect(counts).toEqual([1, 1, 2]);
});

describe('which components a plan can say', () => {
  test.each([
    ['of every type', typesGuest],
    ['that echoes', echoGuest],
    ['of a tool with files and requests', probeGuest],
    ['of a command', commandGuest],
  ])('one %s', async (_, build) => {
    const linked = job({ bytes: await build() });
    expect(linked?.plan.exports.length).toBeGreaterThan(0);
    expect(JSON.parse(JSON.stringify(linked?.plan))).toEqual(JSON.parse(JSON.stringify(linked?.plan)));
  });

  const CORE = `(core module $m (memory (export "mem") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 8))
    (func (export "f") (param i32 i32) (result i32) (i32.const 0)) (func (export "v")))
    (core instance $i (instantiate $m))
    (alias core export $i "mem" (core memory $mem))
    (alias core export $i "realloc" (core func $realloc))`;

  test.each([
    [
      'resources of its own',
      '(type $r (resource (rep i32))) (core func $new (canon resource.new $r)) (core func $drop (canon resource.drop $r))',
    ],
    [
      'text of Latin-1',
      `${CORE} (func (export "f") (param "a" string) (result string)
        (canon lift (core func $i "f") (memory $mem) (realloc $realloc) string-encoding=latin1+utf16))`,
    ],
    [
      'a part that calls the host',
      `(import "wasi:cli/exit@0.2.0" (instance $exit (export "exit" (func (param "status" (result))))))
       (alias export $exit "exit" (func $e))
       (component $c
         (import "exit" (func $e (param "status" (result))))
         (core func $e (canon lower (func $e)))
         (core module $m (import "h" "e" (func (param i32))) (func (export "f")))
         (core instance $i (instantiate $m (with "h" (instance (export "e" (func $e))))))
         (func (export "f") (canon lift (core func $i "f"))))
       (instance $c (instantiate $c (with "exit" (func $e))))
       (alias export $c "f" (func $f)) (core func $l (canon lower (func $f)))
       (core module $n (import "h" "f" (func)) (func (export "g") (call 0)))
       (core instance $n (instantiate $n (with "h" (instance (export "f" (func $l))))))
       (func (export "g") (canon lift (core func $n "g")))`,
    ],
  ])('none with %s', async (_, body) => {
    expect(job({ bytes: await wat(`(component ${body})`) })).toBeUndefined();
  });

  test('none whose parts do not fit: it is for the generator to refuse', async () => {
    const bytes = await wat(`(component ${CORE}
      (func (export "fit") (param "a" string) (result string) (canon lift (core func $i "f") (memory $mem) (realloc $realloc))))`);
    expect(job({ bytes })).toBeDefined();
    const other = bytes.slice();
    const name = Buffer.from(other).lastIndexOf('\u0001f');
    expect(name).toBeGreaterThan(0);
    other[name + 1] = 'v'.charCodeAt(0); // lifted is another function, of another type
    expect(job({ bytes: other })).toBeUndefined();
  });

  test('none with types that grow without end when written out', async () => {
    const types = Array.from({ length: 30 }, (_, at) => `(type $t${at + 1} (tuple $t${at} $t${at}))`).join(
      ' ',
    );
    const bytes = await wat(`(component ${CORE} (type $t0 (tuple u8 u8)) ${types}
      (func (export "f") (param "a" (list $t30)) (canon lift (core func $i "v") (memory $mem) (realloc $realloc))))`).catch(
      () => undefined,
    );
    if (bytes !== undefined)
      expect(() => job({ bytes })).toThrow(expect.objectContaining({ code: 'MODULE_INVALID' }));
  });
});

describe('a component of components', () => {
  const NESTED = `(component
    (component $shout
      (core module $m (memory (export "mem") 1) (global $next (mut i32) (i32.const 1024))
        (func (export "realloc") (param i32 i32 i32 i32) (result i32)
          (global.get $next) (global.set $next (i32.add (global.get $next) (i32.and (i32.add (local.get 3) (i32.const 7)) (i32.const -8)))))
        (func (export "f") (param i32 i32) (result i32)
          (i32.store8 (local.get 0) (i32.const 33))
          (i32.store (i32.const 8) (local.get 0)) (i32.store (i32.const 12) (local.get 1)) (i32.const 8)))
      (core instance $i (instantiate $m))
      (func (export "shout") (param "a" string) (result string)
        (canon lift (core func $i "f") (memory (core memory $i "mem")) (realloc (core func $i "realloc")))))
    (instance $s (instantiate $shout))
    (alias export $s "shout" (func $shout))
    (core module $lib (memory (export "mem") 1) (global $next (mut i32) (i32.const 2048))
      (func (export "realloc") (param i32 i32 i32 i32) (result i32)
        (global.get $next) (global.set $next (i32.add (global.get $next) (i32.and (i32.add (local.get 3) (i32.const 7)) (i32.const -8))))))
    (core instance $lib (instantiate $lib))
    (core func $call (canon lower (func $shout) string-encoding=utf16
      (memory (core memory $lib "mem")) (realloc (core func $lib "realloc"))))
    (core module $m (import "l" "call" (func $call (param i32 i32 i32)))
      (func (export "f") (param i32 i32) (result i32)
        (call $call (local.get 0) (local.get 1) (i32.const 16)) (i32.const 16)))
    (core instance $m (instantiate $m (with "l" (instance (export "call" (func $call))))))
    (func (export "go") (param "a" string) (result string)
      (canon lift (core func $m "f") string-encoding=utf16 (memory (core memory $lib "mem")) (realloc (core func $lib "realloc")))))`;

  test.each(['jspi', 'sync'] as const)(
    'passes text from one to the other, in each its own form (%s)',
    async (mode) => {
      const bytes = await wat(NESTED);
      expect(job({ bytes })?.plan.imports).toMatchObject([{ kind: 'inner' }]);
      const { result } = await runComponent(bytes, { invoke: 'go', args: ['größer 😀'] }, { mode });
      expect(result).toMatchObject({ kind: 'value', value: '!rößer 😀' });
    },
  );
});
