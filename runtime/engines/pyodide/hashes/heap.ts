import { memoryBufferOf, readGlobal } from '../../../wasm/intrinsics.ts';

/** A stopped CPython interpreter's memory, by words, and the few of its own functions that know what the memory does not say. */
export interface Heap {
  readonly memory: WebAssembly.Memory;
  /** Words of 4 bytes, unsigned; `address >>> 2` is an index. */
  readonly words: Uint32Array;
  /** The same by 2 bytes; `address >>> 1` is an index. */
  readonly halves: Uint16Array;
  readonly bytes: Uint8Array;
  /** CPython's `Py_HashBuffer`: of bytes, with the present secret; never -1. */
  hashBuffer(address: number, length: number): number;
  /**
   * CPython's `PyObject_Hash`; `undefined` where it raises. May run Python code.
   * @throws {Error} when it brings the interpreter down: by a trap, for want of fuel, by calling JavaScript where that is not allowed.
   */
  hashOf(object: number): number | undefined;
  /** Address of a C variable; throws when there is none of that name. */
  address(name: string): number;
}

type NativeFunction = (...args: readonly number[]) => number;

/** @throws {Error} when the interpreter exports none of what is needed. */
export function openHeap(exports: WebAssembly.Exports): Heap {
  const memory = exports.memory as WebAssembly.Memory; // CPython's own
  const native = (name: string): NativeFunction => {
    const found = exports[name];
    if (typeof found !== 'function') throw new Error(`this interpreter exports no function ${name}`);
    return found as NativeFunction; // of CPython and Emscripten, all of numbers
  };
  const buffer = (): ArrayBuffer => memoryBufferOf(memory);
  const hash = native('PyObject_Hash');
  const hashBytes = native('Py_HashBuffer');
  const clearError = native('PyErr_Clear');
  let words = new Uint32Array(buffer());
  let halves = new Uint16Array(buffer());
  let bytes = new Uint8Array(buffer());
  const renewViews = (): void => {
    if (words.length > 0) return; // a memory that has grown has left its old buffer empty
    words = new Uint32Array(buffer());
    halves = new Uint16Array(buffer());
    bytes = new Uint8Array(buffer());
  };
  return {
    memory,
    get words() {
      return words;
    },
    get halves() {
      return halves;
    },
    get bytes() {
      return bytes;
    },
    hashBuffer: (address, length) => hashBytes(address, length) | 0,
    hashOf: (object) => {
      let found: number;
      try {
        found = hash(object) | 0;
      } catch {
        throw new Error(`the object at ${object} has a hash that cannot be asked for now`); // what was thrown may be of a guest's making
      }
      if (found === -1) clearError();
      renewViews();
      return found === -1 ? undefined : found;
    },
    address: (name) => {
      const found = exports[name];
      const value = found === undefined ? 0 : readGlobal(found as WebAssembly.Global); // a data symbol
      if (!(value > 0)) throw new Error(`this interpreter exports no variable ${name}`);
      return value;
    },
  };
}
