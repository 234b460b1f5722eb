import { OP } from './opcodes.ts';
import { PREAMBLE_BYTES } from './preamble.ts';
import { readShape } from './read-shape.ts';
import { Reader } from './reader.ts';
import { RESERVED } from './reserved.ts';
import { SECTION, type Section, splitSections } from './sections.ts';
import { Writer } from './writer.ts';

/** Custom section with the names of what is no longer exported: JSON of `DeferredNames`. */
export const DEFERRED_SECTION = 'sandglass.deferred-exports';

export interface DeferredNames {
  /** In the order of their places in the table. */
  readonly functions: readonly string[];
  /** Constants: names, and as many values. */
  readonly globals: readonly string[];
  readonly values: readonly number[];
}

const I32 = 0x7f;
const FUNCTION_REFERENCES = 0x70;
/** An active segment of function indices for a table other than the first, with the kind of its elements. */
const SEGMENT_OF_TABLE = 2;
const KIND = { function: 0, table: 1, global: 3 } as const;

/**
 * Takes exports out of a module that has thousands, of which most of its instances use few: V8 makes an object of each with every instance. The
 * functions are put into a table of their own, `RESERVED.deferred`, which makes them when they are asked for; constants are told of by value.
 *
 * For a module that `instrument` has written. Nothing is renumbered.
 *
 * @param keep Names that stay exports. What is neither a function nor a constant i32 stays as well.
 */
export function deferExports(bytes: Uint8Array, keep: ReadonlySet<string>): Uint8Array<ArrayBuffer> {
  const sections = splitSections(bytes);
  const shape = readShape(bytes, sections, { reservedNames: true });
  const constants = readConstants(bytes, sections, shape.imported.global);
  const stays = shape.exports.filter(
    ({ name, kind, index }) =>
      keep.has(name) ||
      Object.values(RESERVED).some((reserved) => reserved === name) ||
      (kind !== 'function' && !(kind === 'global' && constants.has(index))),
  );
  const staying = new Set(stays);
  const left = shape.exports.filter((entry) => !staying.has(entry));
  const functions = left.filter(({ kind }) => kind === 'function');
  const globals = left.filter(({ kind }) => kind === 'global');
  const names: DeferredNames = {
    functions: functions.map(({ name }) => name),
    globals: globals.map(({ name }) => name),
    values: globals.map(({ index }) => constants.get(index) ?? 0),
  };

  const writer = new Writer(bytes.length + 256);
  const kinds = Object.keys(KIND_CODES);
  const write: Readonly<Record<number, (reader: Reader, end: number) => void>> = {
    [SECTION.table]: (reader, end) => {
      writer.u32(reader.u32() + 1);
      writer.copy(bytes, reader.at, end);
      writer.byte(FUNCTION_REFERENCES);
      writer.byte(1); // with a maximum
      writer.u32(functions.length);
      writer.u32(functions.length);
    },
    [SECTION.export]: () => {
      writer.u32(stays.length + 1);
      for (const { name, kind, index } of stays) {
        writer.name(name);
        writer.byte(kinds.indexOf(kind));
        writer.u32(index);
      }
      writer.name(RESERVED.deferred);
      writer.byte(KIND.table);
      writer.u32(shape.total.table);
    },
    [SECTION.element]: (reader, end) => {
      writer.u32(reader.u32() + 1);
      writer.copy(bytes, reader.at, end);
      writer.byte(SEGMENT_OF_TABLE);
      writer.u32(shape.total.table);
      writer.put(OP.i32Const, 0, OP.end);
      writer.byte(KIND.function);
      writer.u32(functions.length);
      for (const { index } of functions) writer.u32(index);
    },
  };
  writer.copy(bytes, 0, PREAMBLE_BYTES);
  for (const { id, start, end } of sections) {
    const change = write[id];
    writer.section(id, () => {
      if (change === undefined) writer.copy(bytes, start, end);
      else change(new Reader(bytes, start, end), end);
    });
  }
  writer.section(SECTION.custom, () => {
    writer.name(DEFERRED_SECTION);
    const text = new TextEncoder().encode(JSON.stringify(names));
    writer.copy(text, 0, text.length);
  });
  for (const id of [SECTION.table, SECTION.export, SECTION.element]) {
    if (!sections.some((section) => section.id === id))
      throw new Error(`Cannot defer exports: the module has no section ${id}`);
  }
  return writer.finish();
}

/** In the order of their codes. */
const KIND_CODES = { function: 0, table: 1, memory: 2, global: 3, tag: 4 } as const;

/**
 * Globals of the module's own that are an i32 for ever, by index; the first ones of the section, up to one that is told otherwise than as a
 * number.
 */
function readConstants(
  bytes: Uint8Array,
  sections: readonly Section[],
  imported: number,
): Map<number, number> {
  const constants = new Map<number, number>();
  const section = sections.find(({ id }) => id === SECTION.global);
  if (section === undefined) return constants;
  const reader = new Reader(bytes, section.start, section.end);
  const count = reader.u32();
  for (let index = imported; index < imported + count; index += 1) {
    const isI32 = reader.byte() === I32;
    const isMutable = reader.flag();
    const opcode = reader.byte();
    if (opcode !== OP.i32Const && opcode !== OP.i64Const) break;
    const value = readSigned(reader);
    if (reader.byte() !== OP.end) break;
    if (isI32 && !isMutable) constants.set(index, value);
  }
  return constants;
}

/** A signed LEB128; exact as far as 53 bits, which holds any i32. */
function readSigned(reader: Reader): number {
  let value = 0;
  for (let factor = 1; ; factor *= 0x80) {
    const byte = reader.byte();
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return byte & 0x40 ? value - factor * 0x80 : value;
  }
}
