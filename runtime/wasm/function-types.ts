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
}

export const NO_TYPES: TypeSpace = Object.freeze({ entries: 0, parameters: [], at: [] });

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
  const add = (): void => {
    const { parameters: count, at } = readSubtype(reader);
    parameters.push(count);
    places.push(at);
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
  return { entries, parameters, at: places };
}

function readSubtype(reader: Reader): { parameters: number; at: number } {
  const form = reader.peek();
  if (form === SUBTYPE || form === FINAL_SUBTYPE) {
    reader.byte();
    for (let left = reader.count(); left > 0; left -= 1) reader.u32();
  }
  const at = reader.at + 1;
  return { parameters: readComposite(reader), at };
}

function readComposite(reader: Reader): number {
  const form = reader.byte();
  if (form === FUNCTION) {
    const parameters = skipValueTypes(reader);
    skipValueTypes(reader);
    return parameters;
  }
  if (form === STRUCT) for (let left = reader.count(2); left > 0; left -= 1) skipField(reader);
  else if (form === ARRAY) skipField(reader);
  else throw invalid(`type form ${hex(form)} is not known`, reader.at - 1);
  return -1;
}

function skipValueTypes(reader: Reader): number {
  const count = reader.count();
  for (let left = count; left > 0; left -= 1) skipValueType(reader, ANY_TYPE);
  return count;
}

/** A field is a value type or a packed `i8` or `i16`, and its mutability. */
function skipField(reader: Reader): void {
  const code = reader.peek();
  if (code === 0x78 || code === 0x77) reader.byte();
  else skipValueType(reader, ANY_TYPE);
  reader.flag();
}
