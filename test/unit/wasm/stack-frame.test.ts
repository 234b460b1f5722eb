import { describe, expect, test } from 'vitest';
import wabt from 'wabt';
import { instrument } from '../../../runtime/wasm/instrument.ts';
import { createMeter } from '../../../runtime/wasm/meter.ts';
import { addStackFrame } from '../../../runtime/wasm/stack-frame.ts';

/** `free` goes down `depth` levels by itself and notes where the stack was at the deepest; the functions around it must stay what they are. */
const MODULE = `(module
  (import "host" "seen" (func $seen (param i32)))
  (type $sink (func (param i32 i32)))
  (table 1 funcref)
  (elem (i32.const 0) $free)
  (global $sp (export "sp") (mut i32) (i32.const 4096))
  (func $before (export "before") (result i32) i32.const 1)
  (func $free (export "free") (param $depth i32) (param $mark i32)
    local.get $depth
    i32.eqz
    if
      global.get $sp
      call $seen
      local.get $mark
      call $seen
      return
    end
    local.get $depth i32.const 1 i32.sub local.get $mark i32.const 0 call_indirect (type $sink))
  (func $after (export "after") (result i32) i32.const 2)
  (func (export "give") (result i32) i32.const 3)
  (func (export "run") (param i32) local.get 0 i32.const 7 call $free))`;

const OPTIONS = { function: 'free', stackPointer: 'sp', frameBytes: 64 } as const;

async function instrumented(): Promise<Uint8Array<ArrayBuffer>> {
  const { parseWat } = await wabt();
  return instrument(new Uint8Array(parseWat('frame.wat', MODULE).toBinary({}).buffer), { maxMemoryPages: 1 });
}

async function run(bytes: Uint8Array<ArrayBuffer>, depth: number) {
  const seen: number[] = [];
  const meter = createMeter({ fuel: 1e6 });
  const instance = new WebAssembly.Instance(await WebAssembly.compile(bytes), {
    host: { seen: (value: number) => seen.push(value) },
  });
  const exports = meter.attach(instance) as unknown as {
    readonly run: (depth: number) => void;
    readonly before: () => number;
    readonly after: () => number;
    readonly sp: WebAssembly.Global<'i32'>;
  }; // the module above
  exports.run(depth);
  return { seen, fuel: meter.used, sp: exports.sp.value, around: [exports.before(), exports.after()] };
}

describe('addStackFrame()', () => {
  test('moves the stack by one frame a call, also where it is called through a table, and back', async () => {
    const plain = await instrumented();
    const framed = addStackFrame(plain, OPTIONS);
    for (const depth of [0, 1, 20]) {
      const before = await run(plain, depth);
      expect(before).toMatchObject({ seen: [4096, 7], sp: 4096, around: [1, 2] });
      expect(await run(framed, depth)).toEqual({ ...before, seen: [4096 - 64 * (depth + 1), 7] });
    }
  });

  test.each<[string, Partial<typeof OPTIONS> | object, RegExp]>([
    ['a function that is not exported', { function: 'nothing' }, /no function "nothing" is exported/],
    ['a pointer that is not exported', { stackPointer: 'run' }, /no global "run" is exported/],
    ['a function that gives values', { function: 'give' }, /"give" gives values/],
  ])('refuses %s', async (_name, wrong, message) => {
    const bytes = await instrumented();
    expect(() => addStackFrame(bytes, { ...OPTIONS, ...wrong })).toThrow(message);
  });

  test('refuses a function that is imported', async () => {
    const { parseWat } = await wabt();
    const source = `(module (import "host" "free" (func $free)) (global (export "sp") (mut i32) (i32.const 0)) (export "free" (func $free)))`;
    const bytes = new Uint8Array(parseWat('frame.wat', source).toBinary({}).buffer);
    expect(() => addStackFrame(bytes, OPTIONS)).toThrow(/"free" is imported/);
  });
});
