import wabt from 'wabt';

/** Where it has its `PyModuleDef`, its name and the name of its constant, in bytes from the start of its memory. */
const [DEFINITION, NAME, CONSTANT, SIZE] = [0, 64, 96, 128];

/**
 * A native module of Python for this interpreter, by the book of dynamic linking: `import NAME; NAME.ANSWER` is the given number. What
 * `PyInit_` does is what a compiler makes of `PyModule_Create` and `PyModule_AddIntConstant`.
 */
export async function sideModule(name: string, answer: number): Promise<Uint8Array> {
  const { parseWat } = await wabt();
  const text = `${`${'\0'.repeat(NAME)}${name}`.padEnd(CONSTANT, '\0')}ANSWER`;
  const source = `(module
    (import "env" "memory" (memory 1))
    (import "env" "__memory_base" (global $base i32))
    (import "env" "PyModule_Create2" (func $create (param i32 i32) (result i32)))
    (import "env" "PyModule_AddIntConstant" (func $add (param i32 i32 i32) (result i32)))
    (data (global.get $base) "${text.padEnd(SIZE, '\0').replaceAll('\0', '\\00')}")
    (func (export "PyInit_${name}") (result i32) (local $made i32)
      (i32.store offset=${DEFINITION + 20} (global.get $base) (i32.add (global.get $base) (i32.const ${NAME})))
      (i32.store offset=${DEFINITION + 28} (global.get $base) (i32.const -1))
      (local.set $made (call $create (global.get $base) (i32.const 1013)))
      (drop (call $add (local.get $made) (i32.add (global.get $base) (i32.const ${CONSTANT})) (i32.const ${answer})))
      (local.get $made)))`;
  using made = disposable(parseWat(`${name}.wat`, source));
  const binary = made.module.toBinary({}).buffer;
  // Section 0, `dylink.0`: part 1 says how much memory it wants, at which alignment (2 ** 4), and no table.
  const link = [8, ...new TextEncoder().encode('dylink.0'), 1, 5, SIZE | 0x80, SIZE >> 7, 4, 0, 0];
  return Uint8Array.of(...binary.subarray(0, 8), 0, link.length, ...link, ...binary.subarray(8));
}

const disposable = <T extends { destroy(): void }>(module: T): { readonly module: T } & Disposable => ({
  module,
  [Symbol.dispose]: () => module.destroy(),
});
