import { expect, test } from 'vitest';
import wabt from 'wabt';
import {
  DEFERRED_SECTION,
  type DeferredNames,
  deferExports,
} from '../../../runtime/wasm/deferred-exports.ts';
import { instrument } from '../../../runtime/wasm/instrument.ts';
import { createMeter } from '../../../runtime/wasm/meter.ts';
import { RESERVED } from '../../../runtime/wasm/reserved.ts';

const MODULE = `(module
  (table (export "table") 2 funcref)
  (elem (i32.const 1) $two)
  (memory (export "memory") 1)
  (global $at (export "at") i32 (i32.const -70000))
  (global $high (export "high") i32 (i32.const 2000000000))
  (global $sp (export "sp") (mut i32) (i32.const 16))
  (global $wide (export "wide") i64 (i64.const 9000000000))
  (func $one (export "one") (result i32) i32.const 1)
  (func $two (export "two") (result i32) i32.const 2)
  (func (export "call") (param i32) (result i32) local.get 0 call_indirect (result i32)))`;

async function deferred(keep: readonly string[]) {
  const { parseWat } = await wabt();
  const plain = new Uint8Array(parseWat('deferred.wat', MODULE).toBinary({}).buffer);
  const module = await WebAssembly.compile(
    deferExports(instrument(plain, { maxMemoryPages: 1 }), new Set(keep)),
  );
  const instance = new WebAssembly.Instance(module, {});
  createMeter({ fuel: 1e6 }).adopt(instance);
  const [section = new ArrayBuffer()] = WebAssembly.Module.customSections(module, DEFERRED_SECTION);
  const names = JSON.parse(new TextDecoder().decode(section)) as DeferredNames;
  return { exports: instance.exports, names };
}

const visible = (exports: WebAssembly.Exports): string[] =>
  Object.keys(exports)
    .filter((name) => !name.startsWith('__sandglass'))
    .sort();

test('functions that are not kept are in a table, in the order of their names', async () => {
  const { exports, names } = await deferred(['call']);
  expect(visible(exports)).toEqual(['call', 'memory', 'sp', 'table', 'wide']);
  expect(names.functions).toEqual(['one', 'two']);
  const table = exports[RESERVED.deferred] as WebAssembly.Table;
  expect(table.length).toBe(2);
  expect([0, 1].map((index) => (table.get(index) as () => number)())).toEqual([1, 2]);
});

test('constants are told of by value; what is not one stays', async () => {
  const { names } = await deferred([]);
  expect(names.globals).toEqual(['at', 'high']);
  expect(names.values).toEqual([-70_000, 2_000_000_000]);
});

test('what is kept is the same function, and the first table is as it was', async () => {
  const { exports } = await deferred(['two', 'call', 'high']);
  expect(exports.two).toBe((exports.table as WebAssembly.Table).get(1));
  expect((exports.call as (index: number) => number)(1)).toBe(2);
  expect((exports.high as WebAssembly.Global).value).toBe(2_000_000_000);
});
