import { OPERAND as O, operandTable } from './operands.ts';

// Core specification 3.0, Binary Format, Instructions; with the threads proposal (0xFE) and the legacy exception handling that
// browsers still run. A row is: first opcode, last opcode, operands.

/** Opcodes that the rewriter acts on by name. */
export const OP = Object.freeze({
  unreachable: 0x00,
  nop: 0x01,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  try: 0x06,
  catch: 0x07,
  throw: 0x08,
  rethrow: 0x09,
  throwRef: 0x0a,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  returnCall: 0x12,
  returnCallIndirect: 0x13,
  callRef: 0x14,
  returnCallRef: 0x15,
  delegate: 0x18,
  catchAll: 0x19,
  drop: 0x1a,
  select: 0x1b,
  tryTable: 0x1f,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  memoryGrow: 0x40,
  i32Const: 0x41,
  i64Const: 0x42,
  f32Const: 0x43,
  f64Const: 0x44,
  i32Eq: 0x46,
  i32Ne: 0x47,
  i64Eq: 0x51,
  i64LtS: 0x53,
  i64LtU: 0x54,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i64Sub: 0x7d,
  i64ShrU: 0x88,
  i64ExtendI32U: 0xad,
  refNull: 0xd0,
  refFunc: 0xd2,
  brOnNull: 0xd5,
  brOnNonNull: 0xd6,
  gcPrefix: 0xfb,
  bulkPrefix: 0xfc,
  vectorPrefix: 0xfd,
  atomicPrefix: 0xfe,
});

export const OPERANDS = operandTable(256, [
  [0x00, 0x01],
  [0x02, 0x04, O.blockType],
  [0x05, 0x05],
  [0x06, 0x06, O.blockType],
  [0x07, 0x08, O.index],
  [0x09, 0x09, O.label],
  [0x0a, 0x0b],
  [0x0c, 0x0d, O.label],
  [0x0e, 0x0e, O.labels],
  [0x0f, 0x0f],
  [0x10, 0x10, O.function],
  [0x11, 0x11, O.type, O.table],
  [0x12, 0x12, O.function],
  [0x13, 0x13, O.type, O.table],
  [0x14, 0x15, O.type],
  [0x18, 0x18, O.label],
  [0x19, 0x1b],
  [0x1c, 0x1c, O.valueTypes],
  [0x1f, 0x1f, O.blockType, O.handlers],
  [0x20, 0x22, O.local],
  [0x23, 0x24, O.global],
  [0x25, 0x26, O.table],
  [0x28, 0x3e, O.memoryArgument],
  [0x3f, 0x40, O.memory],
  [0x41, 0x41, O.int32],
  [0x42, 0x42, O.int64],
  [0x43, 0x43, O.bytes4],
  [0x44, 0x44, O.bytes8],
  [0x45, 0xc4],
  [0xd0, 0xd0, O.heapType],
  [0xd1, 0xd1],
  [0xd2, 0xd2, O.function],
  [0xd3, 0xd4],
  [0xd5, 0xd6, O.label],
]);

/** Garbage collection, after 0xFB. */
export const GC_OPERANDS = operandTable(31, [
  [0, 1, O.type],
  [2, 5, O.type, O.index],
  [6, 7, O.type],
  [8, 10, O.type, O.index],
  [11, 14, O.type],
  [15, 15],
  [16, 16, O.type],
  [17, 17, O.type, O.type],
  [18, 19, O.type, O.index],
  [20, 23, O.heapType],
  [24, 25, O.byte, O.label, O.heapType, O.heapType],
  [26, 30],
]);

/** Codes after 0xFB that the rewriter acts on. */
export const GC = Object.freeze({
  structNew: 0,
  structNewDefault: 1,
  arrayNew: 6,
  arrayNewDefault: 7,
  arrayNewFixed: 8,
  arrayNewData: 9,
  arrayNewElem: 10,
  arrayFill: 16,
  arrayCopy: 17,
  arrayInitData: 18,
  arrayInitElem: 19,
  brOnCast: 24,
  brOnCastFail: 25,
  anyConvertExtern: 26,
  externConvertAny: 27,
  refI31: 28,
});

/** Saturating conversions, bulk memory and tables, after 0xFC. */
export const BULK_OPERANDS = operandTable(18, [
  [0, 7],
  [8, 8, O.index, O.memory],
  [9, 9, O.index],
  [10, 10, O.memory, O.memory],
  [11, 11, O.memory],
  [12, 12, O.index, O.table],
  [13, 13, O.index],
  [14, 14, O.table, O.table],
  [15, 17, O.table],
]);

/** Codes after 0xFC that the rewriter acts on. */
export const BULK = Object.freeze({
  memoryInit: 8,
  memoryCopy: 10,
  memoryFill: 11,
  tableInit: 12,
  tableCopy: 14,
  tableGrow: 15,
  tableFill: 17,
});

/** Fixed-width and relaxed SIMD, after 0xFD. The gaps are codes that were never assigned. */
export const VECTOR_OPERANDS = operandTable(0x114, [
  [0x00, 0x0b, O.memoryArgument],
  [0x0c, 0x0d, O.bytes16],
  [0x0e, 0x14],
  [0x15, 0x22, O.byte],
  [0x23, 0x53],
  [0x54, 0x5b, O.memoryArgument, O.byte],
  [0x5c, 0x5d, O.memoryArgument],
  [0x5e, 0x99],
  [0x9b, 0xa1],
  [0xa3, 0xa4],
  [0xa7, 0xae],
  [0xb1, 0xb1],
  [0xb5, 0xba],
  [0xbc, 0xc1],
  [0xc3, 0xc4],
  [0xc7, 0xce],
  [0xd1, 0xd1],
  [0xd5, 0xe1],
  [0xe3, 0xed],
  [0xef, 0x113],
]);

/** `v128.const`, the only vector operator of constant expressions. */
export const V128_CONST = 0x0c;

/** Atomics, after 0xFE. They are fine on memories of one thread: shared ones are refused, and waiting on others traps. */
export const ATOMIC_OPERANDS = operandTable(0x4f, [
  [0x00, 0x02, O.memoryArgument],
  [0x03, 0x03, O.byte],
  [0x10, 0x4e, O.memoryArgument],
]);
