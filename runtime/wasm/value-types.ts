import { hex, invalid } from './invalid.ts';
import type { Reader } from './reader.ts';

// Core specification, Binary Format, Types. A type index is checked by the reader of the item that uses it.

export const I32 = 0x7f;
export const I64 = 0x7e;
export const FUNCREF = 0x70;
export const EMPTY_BLOCK = 0x40;
const REF = 0x64;
const REF_NULL = 0x63;

/** `i32 i64 f32 f64 v128`. */
const isNumeric = (code: number): boolean => code >= 0x7b && code <= 0x7f;

/** `exn array struct i31 eq any extern func none noextern nofunc noexn`. */
const isAbstractHeapType = (code: number): boolean => code >= 0x69 && code <= 0x74;

export function skipHeapType(reader: Reader, typeCount: number): void {
  const start = reader.at;
  const value = reader.s33();
  const known = value < 0 ? isAbstractHeapType(value + 0x80) : value < typeCount;
  if (!known) throw invalid(`heap type ${value} is not known`, start);
}

export function skipValueType(reader: Reader, typeCount: number): void {
  const code = reader.byte();
  if (code === REF || code === REF_NULL) skipHeapType(reader, typeCount);
  else if (!isNumeric(code) && !isAbstractHeapType(code)) {
    throw invalid(`value type ${hex(code)} is not known`, reader.at - 1);
  }
}

export function skipReferenceType(reader: Reader, typeCount: number): void {
  if (isNumeric(reader.peek())) throw invalid('expected a reference type', reader.at);
  skipValueType(reader, typeCount);
}

/** Block types are `empty`, one value type, or the index of a function type. */
export function skipBlockType(reader: Reader, typeCount: number): void {
  const code = reader.peek();
  if (code === EMPTY_BLOCK) reader.byte();
  else if (code >= 0x40 && code < 0x80) skipValueType(reader, typeCount);
  else {
    const start = reader.at;
    const index = reader.s33();
    if (index < 0 || index >= typeCount) throw invalid(`block type ${index} does not exist`, start);
  }
}
