/**
 * A module that turns a host function `() -> i32` into one that a table can hold:
 * `(module (import "m" "f" (func (result i32))) (func (export "f") (result i32) call 0))`.
 */
export const TRAMPOLINE_BYTES: Uint8Array<ArrayBuffer> = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // preamble
  ...[1, 5, 1, 0x60, 0, 1, 0x7f], // type: () -> i32
  ...[2, 7, 1, 1, 0x6d, 1, 0x66, 0, 0], // import "m" "f"
  ...[3, 2, 1, 0], // one function
  ...[7, 5, 1, 1, 0x66, 0, 1], // export "f"
  ...[10, 6, 1, 4, 0, 0x10, 0, 0x0b], // call 0
);

let compiled: WebAssembly.Module | undefined;

/** Compiled on first use; `undefined` where a platform forbids to compile at run time. Holds no state of any run. */
export function compileTrampoline(): WebAssembly.Module | undefined {
  try {
    compiled ??= new WebAssembly.Module(TRAMPOLINE_BYTES);
  } catch {
    // The platform takes modules from its own build only: the meter then works without slices.
  }
  return compiled;
}

/** @param callback A function that answers an i32, or a `WebAssembly.Suspending` of one. */
export function asTableFunction(trampoline: WebAssembly.Module, callback: object): object {
  const imports = { m: { f: callback as () => number } }; // a Suspending object is one of the importable things
  const { exports } = new WebAssembly.Instance(trampoline, imports);
  return exports.f as object; // its only export
}
