import { OP } from './opcodes.ts';
import { PREAMBLE_BYTES } from './preamble.ts';
import { readShape } from './read-shape.ts';
import { Reader } from './reader.ts';
import { SECTION, splitSections } from './sections.ts';
import { Writer } from './writer.ts';

export interface StackFrameOptions {
  /** Name of an exported function that gives no value. */
  readonly function: string;
  /** Name of an exported i32 global that points to the end of the stack in linear memory. */
  readonly stackPointer: string;
  /** Size of the frame, bytes; a multiple of 16. */
  readonly frameBytes: number;
}

/**
 * Gives a function an unused frame on the stack in linear memory. For an engine of ours that measures its recursion by that stack: a function
 * that keeps all it needs in locals moves nothing there, and fills the thread's own stack unseen.
 *
 * For a module that `instrument` has written: what is added here is not charged. The function's body goes to a new function at the end, and
 * what takes its place moves the pointer and calls that; so nothing is renumbered.
 *
 * @throws {Error} when an export is not there or not of that kind.
 */
export function addStackFrame(bytes: Uint8Array, options: StackFrameOptions): Uint8Array<ArrayBuffer> {
  const sections = splitSections(bytes);
  const shape = readShape(bytes, sections, { reservedNames: true });
  const exported = (name: string, kind: 'function' | 'global'): number => {
    const found = shape.exports.find((entry) => entry.name === name && entry.kind === kind);
    if (found === undefined) throw new Error(`Cannot add a stack frame: no ${kind} "${name}" is exported`);
    return found.index;
  };
  const index = exported(options.function, 'function');
  const pointer = exported(options.stackPointer, 'global');
  const place = index - shape.imported.function;
  if (place < 0) throw new Error(`Cannot add a stack frame: "${options.function}" is imported`);
  const type = shape.functionTypes[index] ?? 0;
  const signature = new Reader(bytes, shape.types.at[type] ?? 0);
  const parameters = signature.u32();
  signature.skip(parameters); // a byte each: of another form, what follows is not a count of results
  if (signature.u32() !== 0)
    throw new Error(`Cannot add a stack frame: "${options.function}" gives values, or takes references`);

  const writer = new Writer(bytes.length + 256);
  const operator = (opcode: number, operand: number): void => {
    writer.byte(opcode);
    writer.u32(operand);
  };
  const movePointer = (opcode: number): void => {
    operator(OP.globalGet, pointer);
    writer.byte(OP.i32Const);
    writer.signed(options.frameBytes);
    writer.byte(opcode);
    operator(OP.globalSet, pointer);
  };
  const writeFrame = (): void => {
    writer.u32(0);
    movePointer(OP.i32Sub);
    for (let parameter = 0; parameter < parameters; parameter += 1) operator(OP.localGet, parameter);
    operator(OP.call, shape.total.function);
    movePointer(OP.i32Add);
    writer.byte(OP.end);
  };
  const writeBodies = (reader: Reader): void => {
    const count = reader.u32();
    writer.u32(count + 1);
    let start = reader.at;
    for (let before = 0; before < place; before += 1) reader.part();
    writer.copy(bytes, start, reader.at);
    start = reader.at;
    reader.part();
    const [from, to] = [start, reader.at];
    writer.sized(writeFrame);
    writer.copy(bytes, to, reader.end);
    writer.copy(bytes, from, to); // length and body as they were
  };

  writer.copy(bytes, 0, PREAMBLE_BYTES);
  for (const { id, start, end } of sections) {
    const reader = new Reader(bytes, start, end);
    writer.section(id, () => {
      if (id === SECTION.code) writeBodies(reader);
      else if (id === SECTION.function) {
        writer.u32(reader.u32() + 1);
        writer.copy(bytes, reader.at, end);
        writer.u32(type);
      } else writer.copy(bytes, start, end);
    });
  }
  return writer.finish();
}
