import { hex, invalid } from './invalid.ts';
import type { Reader } from './reader.ts';
import { skipValueType } from './value-types.ts';

/** What the rewriter needs to know of a type section. */
export interface TypeSpace {
  /** Entries of the section: a recursion group is one entry with several types. */
  readonly entries: number;
  /** Parameters of each type by index; -1 where the type is not of a function. */
  readonly parameters: readonly number[];
  /** Where the parameter list of each stands in the binary; of no use where it is not of a function. */
  readonly at: readonly number[];
  /** Bytes that one thing of each type takes on the collected heap at most: a struct, an array without elements, an exception with the parameters. */
  readonly bytes: readonly number[];
  /** Bytes of an element of an array type; 0 for other types. */
  readonly elementBytes: readonly number[];
  /** There are structs or arrays among them. */
  readonly collected: boolean;
}

export const NO_TYPES: TypeSpace = Object.freeze({
  entries: 0,
  parameters: [],
  at: [],
  bytes: [],
  elementBytes: [],
  collected: false,
});

/** What an object has before its fields, and the most that a field or a parameter takes, alignment included. Found in V8: 16, 8 or 16, 64. */
const HEAD_BYTES = 32;
const FIELD_BYTES = 16;
const EXCEPTION_BYTES = 256;
const PARAMETER_BYTES = 64;

/** Types refer to each other before they are defined; whether they exist is left to the engine's validation. */
const ANY_TYPE = Number.POSITIVE_INFINITY;

const RECURSION_GROUP = 0x4e;
const SUBTYPE = 0x50;
const FINAL_SUBTYPE = 0x4f;
const FUNCTION = 0x60;
const STRUCT = 0x5f;
const ARRAY = 0x5e;

/** Reads a type section: function, struct and array types, subtypes and recursion groups. */
export function readTypes(reader: Reader): TypeSpace {
  const parameters: number[] = [];
  const places: number[] = [];
  const bytes: number[] = [];
  const elementBytes: number[] = [];
  const add = (): void => {
    const type = readSubtype(reader);
    parameters.push(type.parameters);
    places.push(type.at);
    bytes.push(type.bytes);
    elementBytes.push(type.elementBytes);
  };
  const entries = reader.count();
  for (let index = 0; index < entries; index += 1) {
    if (reader.peek() !== RECURSION_GROUP) {
      add();
      continue;
    }
    reader.byte();
    for (let left = reader.count(); left > 0; left -= 1) add();
  }
  reader.finish('the type section');
  return { entries, parameters, at: places, bytes, elementBytes, collected: parameters.includes(-1) };
}

interface Composite {
  readonly parameters: number;
  readonly bytes: number;
  readonly elementBytes: number;
}

function readSubtype(reader: Reader): Composite & { readonly at: number } {
  const form = reader.peek();
  if (form === SUBTYPE || form === FINAL_SUBTYPE) {
    reader.byte();
    for (let left = reader.count(); left > 0; left -= 1) reader.u32();
  }
  const at = reader.at + 1;
  return { ...readComposite(reader), at };
}

function readComposite(reader: Reader): Composite {
  const form = reader.byte();
  if (form === FUNCTION) {
    const parameters = skipValueTypes(reader);
    skipValueTypes(reader);
    return { parameters, bytes: EXCEPTION_BYTES + parameters * PARAMETER_BYTES, elementBytes: 0 };
  }
  if (form === ARRAY) return { parameters: -1, bytes: HEAD_BYTES, elementBytes: fieldBytes(reader) };
  if (form !== STRUCT) throw invalid(`type form ${hex(form)} is not known`, reader.at - 1);
  const fields = reader.count(2);
  for (let left = fields; left > 0; left -= 1) fieldBytes(reader);
  return { parameters: -1, bytes: HEAD_BYTES + fields * FIELD_BYTES, elementBytes: 0 };
}

function skipValueTypes(reader: Reader): number {
  const count = reader.count();
  for (let left = count; left > 0; left -= 1) skipValueType(reader, ANY_TYPE);
  return count;
}

/** A field is a value type or a packed `i8` or `i16`, and its mutability. */
function fieldBytes(reader: Reader): number {
  const code = reader.peek();
  if (code === 0x78 || code === 0x77) reader.byte();
  else skipValueType(reader, ANY_TYPE);
  reader.flag();
  return ELEMENT_BYTES[code] ?? 8;
}

/** Of packed fields, `i32`, `f32` and `v128`; all others take 8. */
const ELEMENT_BYTES: Readonly<Record<number, number>> = { 120: 1, 119: 2, 127: 4, 125: 4, 123: 16 };
