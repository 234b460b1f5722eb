import { allocates, bytesOfNew, refusedAllocation } from './collected-heap.ts';
import { hex, invalid } from './invalid.ts';
import type { IndexSpaces } from './module-shape.ts';
import { GC, OP, V128_CONST } from './opcodes.ts';
import { OperatorReader } from './operators.ts';
import type { Reader } from './reader.ts';

const PLAIN: ReadonlySet<number> = new Set([
  OP.i32Const,
  OP.i64Const,
  OP.f32Const,
  OP.f64Const,
  OP.globalGet,
  OP.refNull,
  OP.refFunc,
  0x6a, // i32.add, sub, mul
  0x6b,
  0x6c,
  0x7c, // i64.add, sub, mul
  0x7d,
  0x7e,
]);

const COLLECTED: ReadonlySet<number> = new Set([
  GC.structNew,
  GC.structNewDefault,
  GC.arrayNew,
  GC.arrayNewDefault,
  GC.arrayNewFixed,
  GC.anyConvertExtern,
  GC.externConvertAny,
  GC.refI31,
]);

/** Elements that all arrays made by constant expressions may have together: they are built before any fuel is counted. */
const MAX_CONSTANT_ELEMENTS = 100_000;

/** Bytes of all objects that they make together, for the same reason. */
const MAX_CONSTANT_BYTES = 16_777_216;

const NO_LABELS = (): void => undefined;

/**
 * Reads the constant expressions of one module: initial values, offsets and elements.
 * @param onGlobal Told where each `global.get` stands and which global it names.
 */
export class ConstExpressions {
  readonly #shape: IndexSpaces;
  readonly #collectedHeap: boolean;
  #elements = 0;
  #bytes = 0;

  constructor(shape: IndexSpaces, collectedHeap: boolean) {
    this.#shape = shape;
    this.#collectedHeap = collectedHeap;
  }

  skip(reader: Reader, onGlobal: (index: number, start: number, end: number) => void = NO_LABELS): void {
    const operators = new OperatorReader(reader, { shape: this.#shape, locals: 0 }, NO_LABELS);
    let constant: number | undefined;
    for (;;) {
      const start = reader.at;
      operators.next();
      const { opcode, sub } = operators;
      if (opcode === OP.end) return;
      const allowed =
        PLAIN.has(opcode) ||
        (opcode === OP.gcPrefix && COLLECTED.has(sub)) ||
        (opcode === OP.vectorPrefix && sub === V128_CONST);
      if (!allowed) throw invalid(`opcode ${hex(opcode)} may not stand in a constant expression`, start);
      if (opcode === OP.globalGet) onGlobal(operators.first, start, reader.at);
      if (opcode === OP.gcPrefix && allocates(sub)) {
        if (!this.#collectedHeap) throw refusedAllocation(start);
        if (sub === GC.arrayNew || sub === GC.arrayNewDefault) {
          this.#elements += constant ?? MAX_CONSTANT_ELEMENTS + 1;
          if (this.#elements > MAX_CONSTANT_ELEMENTS)
            throw invalid(`its initial arrays have over ${MAX_CONSTANT_ELEMENTS} elements`, start);
        }
        this.#bytes += bytesOfNew(operators, this.#shape);
        if (this.#bytes > MAX_CONSTANT_BYTES)
          throw invalid(`its initial objects take over ${MAX_CONSTANT_BYTES} bytes`, start);
      }
      constant = opcode === OP.i32Const ? readI32(reader, operators.operandsAt) : undefined;
    }
  }
}

function readI32(reader: Reader, at: number): number {
  let value = 0;
  for (let index = at, shift = 0; index < reader.at; index += 1, shift += 7) {
    value |= ((reader.bytes[index] ?? 0) & 0x7f) << shift;
  }
  return value >>> 0; // too large where the sign counts, which is refused all the same
}
