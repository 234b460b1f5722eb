import { allocates, takesLength } from './collected-heap.ts';
import { FUEL_SCHEDULE } from './fuel-schedule.ts';
import type { ModuleShape } from './module-shape.ts';
import { BULK, GC, OP } from './opcodes.ts';
import type { OperatorReader } from './operators.ts';

const FREE: ReadonlySet<number> = new Set([
  OP.unreachable,
  OP.nop,
  OP.block,
  OP.loop,
  OP.else,
  OP.end,
  OP.return,
  OP.drop,
  OP.try,
  OP.catch,
  OP.catchAll,
  OP.delegate,
  OP.tryTable,
]);

/** Costs by first byte of the opcode, apart from the few that need a second look. */
const COSTS = Uint8Array.from({ length: 256 }, (_, opcode) => {
  if (FREE.has(opcode)) return FUEL_SCHEDULE.structural;
  if (opcode === OP.throw || opcode === OP.throwRef || opcode === OP.rethrow) return FUEL_SCHEDULE.throw;
  if (opcode === OP.memoryGrow) return FUEL_SCHEDULE.grow;
  return FUEL_SCHEDULE.operator;
});

/** How the length of a bulk operation is counted. */
export const LENGTH = Object.freeze({ bytes32: 0, bytes64: 1, elements32: 2, elements64: 3 });

/** What an operator costs by the fuel schedule, apart from a length. */
export function costOf({ opcode, sub, first }: OperatorReader, shape: ModuleShape): number {
  if (opcode === OP.bulkPrefix) return sub === BULK.tableGrow ? FUEL_SCHEDULE.grow : FUEL_SCHEDULE.operator;
  if (opcode === OP.gcPrefix) return allocates(sub) ? FUEL_SCHEDULE.allocate : FUEL_SCHEDULE.operator;
  if ((opcode === OP.call || opcode === OP.returnCall) && first < shape.imported.function)
    return FUEL_SCHEDULE.importedCall;
  return COSTS[opcode] ?? 0;
}

/** How the operator's length, always on top of the stack, is counted; -1 if it has none. */
export function lengthOf({ opcode, sub, first, second }: OperatorReader, shape: ModuleShape): number {
  if (opcode === OP.gcPrefix) {
    const counted = takesLength(sub) || (sub >= GC.arrayFill && sub <= GC.arrayInitElem);
    return counted ? LENGTH.elements32 : -1;
  }
  const wideMemory = (index: number): boolean => shape.memories[index]?.wide === true;
  const wideTable = (index: number): boolean => shape.tables[index]?.wide === true;
  switch (sub) {
    case BULK.memoryInit:
      return LENGTH.bytes32;
    case BULK.memoryCopy:
      return wideMemory(first) && wideMemory(second) ? LENGTH.bytes64 : LENGTH.bytes32;
    case BULK.memoryFill:
      return wideMemory(first) ? LENGTH.bytes64 : LENGTH.bytes32;
    case BULK.tableInit:
      return LENGTH.elements32;
    case BULK.tableCopy:
      return wideTable(first) && wideTable(second) ? LENGTH.elements64 : LENGTH.elements32;
    case BULK.tableGrow:
    case BULK.tableFill:
      return wideTable(first) ? LENGTH.elements64 : LENGTH.elements32;
    default:
      return -1;
  }
}
