import { FUEL_SCHEDULE } from './fuel-schedule.ts';
import { ENTRY, type FunctionPlan, STEP } from './function-plan.ts';
import { OP } from './opcodes.ts';
import { LENGTH } from './operator-costs.ts';
import { relabel } from './relabel.ts';
import { EMPTY_BLOCK, I32, I64 } from './value-types.ts';
import type { Writer } from './writer.ts';

/** Indices of what the rewriter adds to the module. */
export interface AddedIndices {
  /** i64 global: the fuel counter. */
  readonly fuel: number;
  /** i32 global, set once a growth was refused. */
  readonly growthRefused: number;
  /** i64 global: bytes left of the collected heap; `undefined` where none are counted. */
  readonly heapLeft: number | undefined;
  /** By type: see `TypeSpace`. */
  readonly heapBytes: readonly number[];
  readonly elementBytes: readonly number[];
  /** The function to call when the counter is negative. */
  readonly outOfFuel: number;
  /** Where the module's own globals start to be counted one higher; `undefined` if they are not. */
  readonly globalsMoveFrom: number | undefined;
}

const BULK_SHIFT = Math.log2(FUEL_SCHEDULE.bulkBytesPerUnit);

/** Bytes of so many elements as are on the stack, which `length` keeps. */
function emitElements(writer: Writer, length: number, bytes: number): void {
  writer.byte(OP.localTee);
  writer.u32(length);
  writer.put(OP.i64ExtendI32U, OP.i64Const);
  writer.signed(bytes);
  writer.byte(OP.i64Mul);
}

/** Takes bytes from what is left of the collected heap, and those on the stack, if `more`. @returns whether too few were left, on the stack */
function emitAllocation(writer: Writer, { heapLeft = 0 }: AddedIndices, bytes: number, more: boolean): void {
  writer.byte(OP.i64Const);
  writer.signed(bytes);
  if (more) writer.byte(OP.i64Add);
  // What is left minus that: the operands stand the other way round, so both change their sign.
  writer.byte(OP.globalGet);
  writer.u32(heapLeft);
  writer.put(OP.i64Sub, OP.i64Const, 0x7f, OP.i64Mul, OP.globalSet);
  writer.u32(heapLeft);
  writer.byte(OP.globalGet);
  writer.u32(heapLeft);
  writer.put(OP.i64Const, 0, OP.i64LtS);
}

/** More bytes than an engine gives to a memory, more elements than it gives to a table. */
const MAX_WIDE_LENGTH = 2 ** 36;

/** Below this, holding the counter in a local costs more at the function's edges than it saves inside. */
const MIN_CACHED_CHARGES = 3;
const CHARGES_PER_CALL = 1.5;

/**
 * Whether to hold the counter in a local. Not where exceptions are caught: a handler is reached from any call in its body, when the
 * local is behind the global.
 */
function caches(plan: FunctionPlan): boolean {
  if (plan.hasHandlers) return false;
  if (plan.hasLeafLoop) return true;
  let charges = 0;
  for (const [segment, cost] of plan.cost.entries())
    if (cost > 0 || plan.entry[segment] !== ENTRY.unchecked) charges += 1;
  return charges >= MIN_CACHED_CHARGES && charges > CHARGES_PER_CALL * plan.calls;
}

/**
 * Writes one function body with its charges, without its length.
 * @param counting Whether fuel is counted at all; else only growth is recorded.
 * @param onHint Told of each branch that is almost never taken, by its offset in the body.
 */
export function emitFunction(
  writer: Writer,
  source: Uint8Array,
  plan: FunctionPlan,
  added: AddedIndices,
  counting: boolean,
  onHint: (offset: number) => void,
): void {
  const bodyStart = writer.length;
  const cached = counting && caches(plan);
  /** Inside of a loop that is wrapped in another one. */
  let wrapped = false;

  const extra = (counting ? 1 : 0) + (plan.uses32 ? 1 : 0) + (plan.uses64 ? 1 : 0);
  writer.u32(plan.localGroups + extra);
  writer.copy(source, plan.localsStart, plan.codeStart);
  let next = plan.locals;
  const local = (type: number): number => {
    writer.put(1, type);
    next += 1;
    return next - 1;
  };
  const counter = counting ? local(I64) : -1;
  const length32 = plan.uses32 ? local(I32) : -1;
  const length64 = plan.uses64 ? local(I64) : -1;

  const op = (opcode: number, operand: number): void => {
    writer.byte(opcode);
    writer.u32(operand);
  };
  const load = (): void => (cached ? op(OP.localGet, counter) : op(OP.globalGet, added.fuel));
  const flush = (): void => {
    op(OP.localGet, counter);
    op(OP.globalSet, added.fuel);
  };
  const reload = (): void => {
    op(OP.globalGet, added.fuel);
    op(OP.localSet, counter);
  };
  /** The new count is on the stack: keep it. */
  const store = (): void => (cached ? op(OP.localSet, counter) : op(OP.globalSet, added.fuel));
  /** The count is on the stack: leave whether it is negative, which it hardly ever is. The branch on that comes next. */
  const testNegative = (): void => {
    writer.put(OP.i64Const, 0, OP.i64LtS);
    onHint(writer.length - bodyStart);
  };
  /** The count is on the stack, and kept: ask for more if it is negative. */
  const check = (): void => {
    testNegative();
    writer.put(OP.if, EMPTY_BLOCK);
    if (cached) flush();
    op(OP.call, added.outOfFuel);
    if (cached) reload();
    writer.byte(OP.end);
  };
  /** The new count is on the stack. */
  const storeAndCheck = (): void => {
    op(OP.localTee, counter);
    if (!cached) {
      op(OP.globalSet, added.fuel);
      op(OP.localGet, counter);
    }
    check();
  };

  if (cached) reload();
  let copied = plan.codeStart;
  for (let index = 0; index < plan.step.length; index += 1) {
    const step = plan.step[index];
    const argument = plan.argument[index] ?? 0;
    const at = plan.at[index] ?? 0;
    const copyUpTo = (): void => {
      if (at > copied) writer.copy(source, copied, at);
      copied = Math.max(copied, at);
    };
    if (step === STEP.charge) {
      if (!counting) continue;
      const cost = plan.cost[argument] ?? 0;
      const headsWrapped = wrapped && plan.leaf[argument] === true;
      const checked = plan.entry[argument] !== ENTRY.unchecked && !headsWrapped;
      if (cost === 0 && plan.entry[argument] === ENTRY.unchecked) continue;
      copyUpTo();
      if (headsWrapped) {
        op(OP.localGet, counter);
        testNegative();
        writer.put(OP.brIf, 1);
      }
      load();
      writer.byte(OP.i64Const);
      writer.signed(cost);
      writer.byte(OP.i64Sub);
      if (checked) storeAndCheck();
      else store();
    } else if (step === STEP.flush || step === STEP.reload) {
      if (!cached) continue;
      copyUpTo();
      if (step === STEP.flush) flush();
      else reload();
    } else if (step === STEP.enter) {
      if (!cached || plan.leaf[argument] !== true) continue;
      // V8 optimises a loop far better when nothing in it calls: such a loop goes out to one around it, which asks.
      copyUpTo();
      writer.copy(source, at, plan.at[index + 1] ?? at);
      op(OP.localGet, counter);
      check();
      wrapped = true;
    } else if (step === STEP.leave) {
      if (!wrapped) continue;
      copyUpTo();
      writer.byte(OP.end);
      wrapped = false;
    } else if (step === STEP.relabel) {
      if (!wrapped) continue;
      copyUpTo();
      copied = relabel(writer, source, at, plan.end, argument);
    } else if (step === STEP.bulk) {
      if (!counting) continue;
      copyUpTo();
      const wide = argument === LENGTH.bytes64 || argument === LENGTH.elements64;
      const length = wide ? length64 : length32;
      op(OP.localSet, length);
      load();
      op(OP.localGet, length);
      if (!wide) writer.byte(OP.i64ExtendI32U);
      else {
        // Without a bound, a length near 2^64 would turn the counter round: `table.grow` refuses it and goes on.
        writer.byte(OP.i64Const);
        writer.signed(MAX_WIDE_LENGTH);
        op(OP.localGet, length);
        writer.byte(OP.i64Const);
        writer.signed(MAX_WIDE_LENGTH);
        writer.put(OP.i64LtU, OP.select);
      }
      if (argument === LENGTH.bytes32 || argument === LENGTH.bytes64) {
        writer.put(OP.i64Const, BULK_SHIFT, OP.i64ShrU);
      }
      writer.byte(OP.i64Sub);
      storeAndCheck();
      op(OP.localGet, length);
    } else if (step === STEP.allocate || step === STEP.allocateArray) {
      copyUpTo();
      const array = step === STEP.allocateArray;
      const bytes = array ? (added.heapBytes[argument] ?? 0) : argument;
      if (array) emitElements(writer, length32, added.elementBytes[argument] ?? 0);
      emitAllocation(writer, added, bytes, array);
      onHint(writer.length - bodyStart);
      writer.put(OP.if, EMPTY_BLOCK, OP.i32Const, 1);
      op(OP.globalSet, added.growthRefused);
      writer.put(OP.unreachable, OP.end);
      if (array) op(OP.localGet, length32);
    } else if (step === STEP.grown) {
      copyUpTo();
      const wide = argument === 1;
      op(OP.localTee, wide ? length64 : length32);
      writer.put(wide ? OP.i64Const : OP.i32Const, 0x7f, wide ? OP.i64Eq : OP.i32Eq);
      onHint(writer.length - bodyStart);
      writer.put(OP.if, EMPTY_BLOCK, OP.i32Const, 1);
      op(OP.globalSet, added.growthRefused);
      writer.byte(OP.end);
      op(OP.localGet, wide ? length64 : length32);
    } else {
      const from = added.globalsMoveFrom;
      if (from === undefined || argument < from) continue;
      copyUpTo();
      op(source[at] ?? OP.globalGet, argument + 1);
      copied = at + 1;
      while ((source[copied] ?? 0) >= 0x80) copied += 1;
      copied += 1;
    }
  }
  writer.copy(source, copied, plan.end);
}
