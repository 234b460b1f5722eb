import type { ModuleShape } from '../../runtime/wasm/module-shape.ts';
import { OperatorReader } from '../../runtime/wasm/operators.ts';
import { readShape } from '../../runtime/wasm/read-shape.ts';
import { Reader } from '../../runtime/wasm/reader.ts';
import { SECTION, SECTION_ORDER, type Section, splitSections } from '../../runtime/wasm/sections.ts';
import { skipValueType } from '../../runtime/wasm/value-types.ts';
import { Writer } from '../../runtime/wasm/writer.ts';

/** Name of the exported i64 global with the count. */
export const COUNT = 'count-of-each';

/**
 * Adds to a global in front of every single operator: slow, and too simple to be wrong in the ways that cutting a body into segments
 * can be. It reads operators as the rewriter does, and costs them by a list of its own.
 */
export function countEach(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const sections = splitSections(bytes);
  const shape = readShape(bytes, sections);
  const writer = new Writer(bytes.length * 4);
  writer.copy(bytes, 0, 8);
  const find = (id: number): Section | undefined => sections.find((section) => section.id === id);
  for (const id of SECTION_ORDER) {
    const section = find(id);
    if (id === SECTION.global) writer.section(id, () => writeGlobals(writer, bytes, shape, section));
    else if (id === SECTION.export) writer.section(id, () => writeExports(writer, bytes, shape, section));
    else if (section === undefined) continue;
    else if (id === SECTION.code) writer.section(id, () => writeCode(writer, bytes, shape, section));
    else writer.section(id, () => writer.copy(bytes, section.start, section.end));
  }
  return writer.finish();
}

function writeGlobals(
  writer: Writer,
  bytes: Uint8Array,
  { total, imported }: ModuleShape,
  section: Section | undefined,
): void {
  writer.u32(total.global - imported.global + 1);
  if (section !== undefined) {
    const reader = new Reader(bytes, section.start, section.end);
    reader.u32();
    writer.copy(bytes, reader.at, reader.end);
  }
  writer.put(0x7e, 1, 0x42, 0, 0x0b);
}

function writeExports(
  writer: Writer,
  bytes: Uint8Array,
  shape: ModuleShape,
  section: Section | undefined,
): void {
  writer.u32(shape.exports.length + 1);
  if (section !== undefined) {
    const reader = new Reader(bytes, section.start, section.end);
    reader.u32();
    writer.copy(bytes, reader.at, reader.end);
  }
  writer.name(COUNT);
  writer.byte(3);
  writer.u32(shape.total.global);
}

function writeCode(writer: Writer, bytes: Uint8Array, shape: ModuleShape, section: Section): void {
  const reader = new Reader(bytes, section.start, section.end);
  writer.u32(reader.u32());
  for (let index = shape.imported.function; index < shape.total.function; index += 1) {
    const body = reader.part();
    writer.sized(() => writeBody(writer, bytes, shape, index, body));
  }
}

function writeBody(writer: Writer, bytes: Uint8Array, shape: ModuleShape, index: number, body: Reader): void {
  const groups = body.u32();
  const start = body.at;
  let locals = shape.types.parameters[shape.functionTypes[index] ?? -1] ?? 0;
  for (let left = groups; left > 0; left -= 1) {
    locals += body.u32();
    skipValueType(body, shape.types.parameters.length);
  }
  writer.u32(groups + 2);
  writer.copy(bytes, start, body.at);
  writer.put(1, 0x7f, 1, 0x7e);
  const operators = new OperatorReader(body, { shape, locals }, () => undefined);
  const op = (opcode: number, operand: number): void => {
    writer.byte(opcode);
    writer.u32(operand);
  };
  const add = (push: () => void): void => {
    op(0x23, shape.total.global);
    push();
    writer.byte(0x7c);
    op(0x24, shape.total.global);
  };
  while (!body.done) {
    const at = body.at;
    operators.next();
    const cost = costOf(operators, shape);
    if (cost > 0) {
      add(() => {
        writer.byte(0x42);
        writer.signed(cost);
      });
    }
    const length = lengthOf(operators, shape);
    if (length !== undefined) {
      const scratch = locals + (length.wide ? 1 : 0);
      op(0x21, scratch);
      add(() => {
        op(0x20, scratch);
        if (!length.wide) writer.byte(0xad);
        if (length.wide) {
          writer.byte(0x42);
          writer.signed(2 ** 36);
          op(0x20, scratch);
          writer.byte(0x42);
          writer.signed(2 ** 36);
          writer.put(0x54, 0x1b);
        }
        if (length.bytes) writer.put(0x42, 8, 0x80);
      });
      op(0x20, scratch);
    }
    writer.copy(bytes, at, body.at);
  }
}

const FREE = new Set([0x00, 0x01, 0x02, 0x03, 0x05, 0x06, 0x07, 0x0b, 0x0f, 0x18, 0x19, 0x1a, 0x1f]);

function costOf({ opcode, sub, first }: OperatorReader, shape: ModuleShape): number {
  if (FREE.has(opcode)) return 0;
  if (opcode >= 0x08 && opcode <= 0x0a) return 50;
  if ((opcode === 0x10 || opcode === 0x12) && first < shape.imported.function) return 10;
  if (opcode === 0x40 || (opcode === 0xfc && sub === 15)) return 100;
  if (opcode === 0xfb && (sub <= 1 || (sub >= 6 && sub <= 10))) return 5;
  return 1;
}

function lengthOf(
  { opcode, sub, first, second }: OperatorReader,
  shape: ModuleShape,
): { bytes: boolean; wide: boolean } | undefined {
  const memory = (index: number): boolean => shape.memories[index]?.wide === true;
  const table = (index: number): boolean => shape.tables[index]?.wide === true;
  if (opcode === 0xfb) {
    return [6, 7, 9, 10, 16, 17, 18, 19].includes(sub) ? { bytes: false, wide: false } : undefined;
  }
  if (opcode !== 0xfc) return undefined;
  if (sub === 8) return { bytes: true, wide: false };
  if (sub === 10) return { bytes: true, wide: memory(first) && memory(second) };
  if (sub === 11) return { bytes: true, wide: memory(first) };
  if (sub === 12) return { bytes: false, wide: false };
  if (sub === 14) return { bytes: false, wide: table(first) && table(second) };
  if (sub === 15 || sub === 17) return { bytes: false, wide: table(first) };
  return undefined;
}
