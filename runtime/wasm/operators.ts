import { hex, invalid } from './invalid.ts';
import type { IndexSpaces } from './module-shape.ts';
import { ATOMIC_OPERANDS, BULK_OPERANDS, GC_OPERANDS, OP, OPERANDS, VECTOR_OPERANDS } from './opcodes.ts';
import { OPERAND, type OperandTable, UNKNOWN } from './operands.ts';
import type { Reader } from './reader.ts';
import { skipBlockType, skipHeapType, skipValueType } from './value-types.ts';

/** How far indices of one function may go. */
export interface Scope {
  readonly shape: IndexSpaces;
  /** Parameters and locals. */
  readonly locals: number;
}

/** Told of each label, as its relative depth, and how it is reached. */
export type OnLabel = (depth: number, by: 'branch' | 'exception') => void;

/**
 * One operator after another. Every index into a space that the rewriter appends to (types, functions, tables, globals, locals) is
 * checked here: what was invalid in the original must not become valid because something of ours now has that index.
 */
export class OperatorReader {
  readonly reader: Reader;
  readonly #scope: Scope;
  readonly #onLabel: OnLabel;
  /** Of the last operator; the code after a prefix is `sub`. */
  opcode = 0;
  sub = 0;
  /** The first and second index among its operands. */
  first = 0;
  second = 0;
  /** Where the last operator's operands start. */
  operandsAt = 0;

  constructor(reader: Reader, scope: Scope, onLabel: OnLabel) {
    this.reader = reader;
    this.#scope = scope;
    this.#onLabel = onLabel;
  }

  next(): void {
    const { reader } = this;
    const start = reader.at;
    const opcode = reader.byte();
    this.opcode = opcode;
    let operands = OPERANDS[opcode] ?? UNKNOWN;
    if (operands === UNKNOWN) {
      const table = prefixed(opcode);
      if (table === undefined) throw invalid(`opcode ${hex(opcode)} is not known`, start);
      this.sub = reader.u32();
      operands = table[this.sub] ?? UNKNOWN;
      if (operands === UNKNOWN) throw invalid(`opcode ${hex(opcode)} ${hex(this.sub)} is not known`, start);
    }
    this.operandsAt = reader.at;
    for (let rest = operands, place = 0; rest !== 0; rest >>>= 5, place += 1) this.#operand(rest & 31, place);
  }

  #operand(kind: number, place: number): void {
    const { reader } = this;
    const { total, types } = this.#scope.shape;
    const typeCount = types.parameters.length;
    switch (kind) {
      case OPERAND.memoryArgument:
        this.#memoryArgument();
        return;
      case OPERAND.local:
        this.#index(this.#scope.locals, 'local', place);
        return;
      case OPERAND.global:
        this.#index(total.global, 'global', place);
        return;
      case OPERAND.function:
        this.#index(total.function, 'function', place);
        return;
      case OPERAND.type:
        this.#index(typeCount, 'type', place);
        return;
      case OPERAND.table:
        this.#index(total.table, 'table', place);
        return;
      case OPERAND.memory:
        this.#index(total.memory, 'memory', place);
        return;
      case OPERAND.index:
        this.#keep(reader.u32(), place);
        return;
      case OPERAND.int32:
        reader.skipLeb(5);
        return;
      case OPERAND.int64:
        reader.skipLeb(10);
        return;
      case OPERAND.bytes4:
        reader.skip(4);
        return;
      case OPERAND.bytes8:
        reader.skip(8);
        return;
      case OPERAND.bytes16:
        reader.skip(16);
        return;
      case OPERAND.byte:
        reader.byte();
        return;
      case OPERAND.blockType:
        skipBlockType(reader, typeCount);
        return;
      case OPERAND.heapType:
        skipHeapType(reader, typeCount);
        return;
      case OPERAND.valueTypes:
        for (let left = reader.count(); left > 0; left -= 1) skipValueType(reader, typeCount);
        return;
      case OPERAND.label:
        this.#onLabel(reader.u32(), 'branch');
        return;
      case OPERAND.labels:
        for (let left = reader.count() + 1; left > 0; left -= 1) this.#onLabel(reader.u32(), 'branch');
        return;
      case OPERAND.handlers:
        this.#handlers();
        return;
      default:
        throw new Error(`Cannot read an operand of kind ${kind}`);
    }
  }

  #index(count: number, what: string, place: number): void {
    const start = this.reader.at;
    const index = this.reader.u32();
    if (index >= count) throw invalid(`${what} ${index} does not exist`, start);
    this.#keep(index, place);
  }

  #keep(index: number, place: number): void {
    if (place === 0) this.first = index;
    else this.second = index;
  }

  #memoryArgument(): void {
    const { reader } = this;
    const flags = reader.u32();
    if (flags >= 0x80) throw invalid(`memory argument ${hex(flags)} is not known`, reader.at);
    if (flags >= 0x40) this.#index(this.#scope.shape.total.memory, 'memory', 0);
    reader.skipLeb(10);
  }

  /** `catch`, `catch_ref` with a tag, `catch_all`, `catch_all_ref` without; each with the label it jumps to, seen from outside. */
  #handlers(): void {
    const { reader } = this;
    for (let left = reader.count(2); left > 0; left -= 1) {
      const kind = reader.byte();
      if (kind > 3) throw invalid(`exception handler ${hex(kind)} is not known`, reader.at - 1);
      if (kind < 2) reader.u32();
      this.#onLabel(reader.u32(), 'exception');
    }
  }
}

function prefixed(opcode: number): OperandTable | undefined {
  switch (opcode) {
    case OP.gcPrefix:
      return GC_OPERANDS;
    case OP.bulkPrefix:
      return BULK_OPERANDS;
    case OP.vectorPrefix:
      return VECTOR_OPERANDS;
    case OP.atomicPrefix:
      return ATOMIC_OPERANDS;
    default:
      return undefined;
  }
}
