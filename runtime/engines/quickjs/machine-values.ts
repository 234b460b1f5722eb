import { type Arrived, freeArrived } from '../../vocabulary/bytes.ts';
import type { Pointer, QuickjsExports } from './engine-exports.ts';
import type { MachineMemory } from './machine-memory.ts';

export type ValueKind = 'string' | 'number' | 'object' | 'boolean' | 'undefined' | 'other';

/** Values of the guest, read and made by the host. */
export interface MachineValues {
  /** A string value of the guest as text; `undefined` when its memory is full. Must be a string without NUL. */
  readText(value: Pointer): string | undefined;
  /** A copy of the UTF-8 of a string value up to its first NUL; `undefined` when the guest's memory is full. */
  readUtf8(value: Pointer): Uint8Array<ArrayBuffer> | undefined;
  /** What `QTS_GetString` has made, which is freed; `undefined` for 0. */
  textAt(pointer: Pointer): string | undefined;
  readNumber(value: Pointer): number;
  isTrue(value: Pointer): boolean;
  /** A private copy of an ArrayBuffer. */
  readBytes(value: Pointer): Uint8Array<ArrayBuffer> | undefined;
  /** Reads an ArrayBuffer where it lies; `read` calls nothing of the guest. `undefined` as of `readBytes`. */
  lookAt<T>(value: Pointer, read: (bytes: Uint8Array<ArrayBuffer>) => T): T | undefined;
  bytesLength(value: Pointer): number;
  kind(value: Pointer): ValueKind;
  newText(text: string): Pointer;
  newNumber(value: number): Pointer;
  newBytes(bytes: Uint8Array): Pointer;
  /** The same of what came from the host, which is freed where nobody else holds it. */
  takeBytes(arrived: Arrived): Pointer;
  newFunction(name: string, ref: number): Pointer;
  /** 0 pending, 1 fulfilled, 2 rejected; negative for what is not a promise. */
  promiseState(promise: Pointer): number;
  promiseResult(promise: Pointer): Pointer;
  /** A NUL-terminated copy in the guest's memory, for the caller to free; `undefined` when that is full. */
  copyIn(text: string): { readonly at: number; readonly length: number } | undefined;
  /** The whole number that a completed call left, `undefined` where it is another value. */
  intOf(value: Pointer): number | undefined;
}

/** JavaScript values are 64 bits: a tag in the upper half, or a shifted double. */
const TAG = { stringRope: -6, string: -7, object: -1, int: 0, bool: 1, undefined: 3 } as const;
const LOWEST_TAG = -9;
const FIRST_FLOAT_TAG = 8;

const encoder = new TextEncoder();
/** Letters of a text from which on a copy of its bytes is worth avoiding. */
const LONG_TEXT = 4096;

export function machineValues(
  memory: MachineMemory,
  exports: QuickjsExports,
  context: () => number,
): MachineValues {
  const tag = (value: Pointer): number => memory.words().getInt32(value + 4, true);
  const isFloat = (found: number): boolean => found >= FIRST_FLOAT_TAG || found < LOWEST_TAG;
  const readNumber = (value: Pointer): number =>
    tag(value) === TAG.int ? memory.words().getInt32(value, true) : exports.QTS_GetFloat64(context(), value);
  const copyIn: MachineValues['copyIn'] = (text) => {
    // Most texts are ASCII, and are written where they belong at once.
    const plain = text.length >= LONG_TEXT ? exports.malloc(text.length + 1) : 0;
    if (plain !== 0) {
      const room = memory.bytes().subarray(plain, plain + text.length + 1);
      const { read, written } = encoder.encodeInto(text, room.subarray(0, text.length));
      if (read === text.length) {
        room[written] = 0;
        return { at: plain, length: written };
      }
      exports.free(plain);
    }
    const encoded = encoder.encode(text);
    const at = exports.malloc(encoded.length + 1);
    if (at === 0) return undefined;
    const bytes = memory.bytes();
    bytes.set(encoded, at);
    bytes[at + encoded.length] = 0;
    return { at, length: encoded.length };
  };
  const textAt: MachineValues['textAt'] = (pointer) => {
    if (pointer === 0) return undefined;
    const text = memory.cString(pointer);
    exports.QTS_FreeCString(context(), pointer);
    return text;
  };
  const newBytes = (source: Uint8Array): Pointer => {
    const at = exports.malloc(Math.max(1, source.length));
    if (at === 0) return 0;
    memory.bytes().set(source, at);
    return exports.QTS_NewArrayBuffer(context(), at, source.length);
  };
  const lookAt: MachineValues['lookAt'] = (value, read) => {
    const length = exports.QTS_GetArrayBufferLength(context(), value);
    if (length === 0) return read(new Uint8Array());
    const pointer = exports.QTS_GetArrayBuffer(context(), value);
    if (pointer === 0) return undefined;
    try {
      return read(memory.bytes().subarray(pointer, pointer + length));
    } finally {
      exports.free(pointer);
    }
  };
  return {
    readText: (value) => textAt(exports.QTS_GetString(context(), value)),
    readUtf8: utf8Reader(memory, exports, context),
    textAt,
    readNumber,
    isTrue: (value) => memory.words().getInt32(value, true) !== 0,
    readBytes: (value) => lookAt(value, (bytes) => bytes.slice()),
    lookAt,
    bytesLength: (value) => exports.QTS_GetArrayBufferLength(context(), value),
    kind: (value) => {
      const found = tag(value);
      if (found === TAG.string || found === TAG.stringRope) return 'string';
      if (found === TAG.int || isFloat(found)) return 'number';
      if (found === TAG.object) return 'object';
      if (found === TAG.bool) return 'boolean';
      return found === TAG.undefined ? 'undefined' : 'other';
    },
    newText: (text) => {
      const pointer = copyIn(text);
      if (pointer === undefined) return 0;
      const value = exports.QTS_NewString(context(), pointer.at);
      exports.free(pointer.at);
      return value;
    },
    newNumber: (value) => exports.QTS_NewFloat64(context(), value),
    newBytes,
    takeBytes: (arrived) => {
      const value = newBytes(arrived.bytes ?? new Uint8Array());
      freeArrived(arrived);
      return value;
    },
    newFunction: (name, ref) => {
      const pointer = copyIn(name);
      if (pointer === undefined) return 0;
      const value = exports.QTS_NewFunction(context(), pointer.at, 0, 0, ref);
      exports.free(pointer.at);
      return value;
    },
    promiseState: (promise) => exports.QTS_PromiseState(context(), promise),
    promiseResult: (promise) => exports.QTS_PromiseResult(context(), promise),
    copyIn,
    intOf: (value) => {
      const found = tag(value);
      return found === TAG.int || isFloat(found) ? readNumber(value) : undefined;
    },
  };
}

const utf8Reader =
  (memory: MachineMemory, exports: QuickjsExports, context: () => number): MachineValues['readUtf8'] =>
  (value) => {
    const pointer = exports.QTS_GetString(context(), value);
    if (pointer === 0) return undefined;
    const all = memory.bytes();
    const bytes = all.slice(pointer, all.indexOf(0, pointer));
    exports.QTS_FreeCString(context(), pointer);
    return bytes;
  };
