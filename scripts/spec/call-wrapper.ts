import { Writer } from '../../runtime/wasm/writer.ts';
import type { Value } from './values.ts';

const TYPE_CODES = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const;
const STORES = { i32: [0x36], i64: [0x37], f32: [0x38], f64: [0x39], v128: [0xfd, 0x0b] } as const;
const SLOT = 16;

/**
 * Calls a function with exact bits and takes its results as exact bits, which JavaScript numbers would not keep: a module of its own
 * makes the call and stores what comes back.
 */
export function callExactly(
  callee: unknown,
  args: readonly Value[],
  results: readonly Value['type'][],
): Uint8Array[] {
  const writer = new Writer(256);
  writer.put(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  const list = (types: readonly Value['type'][]): void => {
    writer.u32(types.length);
    for (const type of types) writer.byte(TYPE_CODES[type]);
  };
  writer.section(1, () => {
    writer.put(2, 0x60);
    list(args.map(({ type }) => type));
    list(results);
    writer.put(0x60, 0, 0);
  });
  writer.section(2, () => {
    writer.byte(1);
    writer.name('m');
    writer.name('f');
    writer.put(0, 0);
  });
  writer.section(3, () => writer.put(1, 1));
  writer.section(5, () => writer.put(1, 0, 1));
  writer.section(7, () => {
    writer.byte(2);
    writer.name('run');
    writer.put(0, 1);
    writer.name('memory');
    writer.put(2, 0);
  });
  writer.section(10, () => {
    writer.byte(1);
    writer.sized(() => {
      writer.u32(results.length);
      for (const type of results) writer.put(1, TYPE_CODES[type]);
      for (const arg of args) pushConstant(writer, arg);
      writer.put(0x10, 0);
      for (let index = results.length - 1; index >= 0; index -= 1) writer.put(0x21, index);
      for (const [index, type] of results.entries()) {
        writer.put(0x41);
        writer.signed(index * SLOT);
        writer.put(0x20, index, ...STORES[type], 0, 0);
      }
      writer.byte(0x0b);
    });
  });
  const module = new WebAssembly.Module(writer.finish());
  const { run, memory } = new WebAssembly.Instance(module, { m: { f: callee as () => void } }).exports;
  (run as () => void)(); // exported above, as is the memory
  const bytes = new Uint8Array((memory as WebAssembly.Memory).buffer);
  return results.map((_, index) => bytes.slice(index * SLOT, (index + 1) * SLOT));
}

function pushConstant(writer: Writer, { type, bytes }: Value): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (type === 'v128') writer.put(0xfd, 0x0c, ...bytes);
  else if (type === 'f32') writer.put(0x43, ...bytes);
  else if (type === 'f64') writer.put(0x44, ...bytes);
  else if (type === 'i32') {
    writer.byte(0x41);
    writer.signed(view.getInt32(0, true));
  } else {
    writer.byte(0x42);
    let rest = view.getBigInt64(0, true);
    for (;;) {
      const low = Number(rest & 0x7fn);
      rest >>= 7n;
      const last = (rest === 0n && low < 0x40) || (rest === -1n && low >= 0x40);
      writer.byte(last ? low : low | 0x80);
      if (last) break;
    }
  }
}
