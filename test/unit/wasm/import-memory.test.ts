import { expect, test } from 'vitest';
import wabt from 'wabt';
import { importMemory, leastMemory, MEMORY_IMPORT, memoryFor } from '../../../runtime/wasm/import-memory.ts';
import { instrument } from '../../../runtime/wasm/instrument.ts';
import { createMeter } from '../../../runtime/wasm/meter.ts';

const PAGE = 65_536;

async function binary(text: string): Promise<Uint8Array> {
  const { parseWat } = await wabt();
  return new Uint8Array(parseWat('memory.wat', text).toBinary({}).buffer);
}

const MODULE = `(module
  (import "env" "tell" (func $tell (param i32)))
  (memory (export "memory") 2 8)
  (data (i32.const 16) "abc")
  (func (export "first") (result i32) i32.const 16 i32.load8_u)
  (func (export "put") (param i32 i32) local.get 0 local.get 1 i32.store8 local.get 1 call $tell)
  (func (export "grow") (result i32) i32.const 1 memory.grow))`;

test('one memory serves two instances, and starts as it is given', async () => {
  const plain = await binary(MODULE);
  expect(leastMemory(plain)).toBe(2 * PAGE);
  const module = await WebAssembly.compile(await importMemory(instrument(plain, { maxMemoryPages: 4 })));
  const memory = memoryFor(3 * PAGE, 4 * PAGE);
  const told: number[] = [];
  const make = (): Record<string, (...args: number[]) => number> => {
    const instance = new WebAssembly.Instance(module, {
      env: { tell: (value: number) => told.push(value) },
      [MEMORY_IMPORT]: { [MEMORY_IMPORT]: memory },
    });
    createMeter({ fuel: 1e6 }).adopt(instance);
    return instance.exports as Record<string, (...args: number[]) => number>;
  };
  const one = make();
  expect(one.first?.()).toBe(97);
  one.put?.(16, 7);
  expect(told).toEqual([7]);
  expect(new Uint8Array(memory.buffer)[16]).toBe(7);
  expect(make().first?.()).toBe(97); // its data are written again
  expect(one.grow?.()).toBe(3);
  expect(one.grow?.()).toBe(-1); // the cap is the module's
  expect(memory.buffer.byteLength).toBe(4 * PAGE);
});

test('what has no memory of its own with a maximum, or no imports, is refused', async () => {
  const refused: readonly [string, RegExp][] = [
    ['(module (import "a" "b" (func)))', /needs imports and a memory/],
    ['(module (memory 1 2))', /needs imports and a memory/],
    ['(module (import "a" "b" (func)) (memory 1))', /needs a maximum/],
  ];
  for (const [text, reason] of refused) {
    const bytes = await binary(text);
    await expect(async () => importMemory(bytes)).rejects.toThrow(reason);
  }
});

test('no guest can import what stands under the name', async () => {
  const bytes = await binary(`(module (import "${MEMORY_IMPORT}" "${MEMORY_IMPORT}" (memory 1 2)))`);
  expect(() => instrument(bytes, { maxMemoryPages: 4 })).toThrow(/reserved name/);
});
