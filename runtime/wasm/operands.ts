/**
 * What can follow an opcode, each with the check it gets. A row of the opcode tables packs up to four of them, five bits each, first
 * one lowest, so that reading an operator costs one look-up.
 */
export const OPERAND = Object.freeze({
  none: 0,
  blockType: 1,
  label: 2,
  /** A vector of labels and one more. */
  labels: 3,
  function: 4,
  type: 5,
  local: 6,
  global: 7,
  table: 8,
  memory: 9,
  /** Alignment, memory if flagged, offset. */
  memoryArgument: 10,
  /** Index of a field, a tag, a segment, or a count: not one of the spaces that the rewriter adds to. */
  index: 11,
  int32: 12,
  int64: 13,
  bytes4: 14,
  bytes8: 15,
  bytes16: 16,
  /** A lane, a flag byte. */
  byte: 17,
  heapType: 18,
  valueTypes: 19,
  /** Handlers of a `try_table`. */
  handlers: 20,
});

/** Marks an opcode that no finished proposal defines. */
export const UNKNOWN = 0xffff_ffff;

const pack = (...operands: readonly number[]): number =>
  operands.reduceRight((packed, operand) => (packed << 5) | operand, 0);

export type OperandTable = Uint32Array;

/** Builds a table of `size` opcodes from rows of `[first, last, ...operands]`; what no row names is unknown. */
export function operandTable(size: number, rows: readonly (readonly number[])[]): OperandTable {
  const table = new Uint32Array(size).fill(UNKNOWN);
  for (const [first = 0, last = 0, ...operands] of rows) table.fill(pack(...operands), first, last + 1);
  return table;
}
