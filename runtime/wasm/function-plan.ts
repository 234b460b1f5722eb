import { allocates, refusedAllocation } from './collected-heap.ts';
import { FUEL_SCHEDULE } from './fuel-schedule.ts';
import { invalid } from './invalid.ts';
import type { ModuleShape } from './module-shape.ts';
import { BULK, GC, OP } from './opcodes.ts';
import { OperatorReader } from './operators.ts';
import type { Reader } from './reader.ts';
import { skipValueType } from './value-types.ts';

/** What the emitter has to do at one place of a body; `argument` is the number that goes with it. */
export const STEP = Object.freeze({
  /** Pay for the segment `argument`. */
  charge: 0,
  /** Before a call or a way out: what the local caches must be in the global. */
  flush: 1,
  /** After a call: the callee has changed the global. */
  reload: 2,
  /** Before a bulk operation: pay for the length on the stack; `argument` is one of `LENGTH`. */
  bulk: 3,
  /** After `memory.grow`: record a refusal; `argument` is 1 if the answer is an i64. */
  grown: 4,
  /** An operator that names global `argument`. */
  global: 5,
});

/** How the length of a bulk operation is counted. */
export const LENGTH = Object.freeze({ bytes32: 0, bytes64: 1, elements32: 2, elements64: 3 });

/** How a segment is entered, which says whether it checks that fuel is left. */
export const ENTRY = Object.freeze({ inner: 0, loop: 1, function: 2 });

/** Upper bound that V8 and others put on locals; more would make the rewriter's own invalid. */
const MAX_LOCALS = 50_000;

/**
 * One function body, cut into segments: runs of operators such that whoever executes the first executes the last, unless a call or a
 * trap in between ends the function. Each is paid for where it starts. The arrays are reused from one body to the next.
 */
export interface FunctionPlan {
  /** Groups of locals, their bounds in the binary, and where the operators start. */
  localGroups: number;
  localsStart: number;
  codeStart: number;
  end: number;
  /** Parameters and locals: the index of the first local that the rewriter may add. */
  locals: number;
  /** Steps in order of place. */
  readonly at: number[];
  readonly step: number[];
  readonly argument: number[];
  /** By segment. */
  readonly cost: number[];
  readonly entry: number[];
  calls: number;
  hasLoop: boolean;
  /** A loop without a call, not counting loops around it. */
  hasLeafLoop: boolean;
  /** Catches exceptions: control may come to a handler from any call, with the global ahead of a local. */
  hasHandlers: boolean;
  uses32: boolean;
  uses64: boolean;
}

export const createPlan = (): FunctionPlan => ({
  localGroups: 0,
  localsStart: 0,
  codeStart: 0,
  end: 0,
  locals: 0,
  at: [],
  step: [],
  argument: [],
  cost: [],
  entry: [],
  calls: 0,
  hasLoop: false,
  hasLeafLoop: false,
  hasHandlers: false,
  uses32: false,
  uses64: false,
});

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

/** What is open around the operator at hand, outermost first. */
interface Frame {
  readonly opcode: number;
  /** Something branches to its label. */
  targeted: boolean;
  /** It cannot be reached. */
  readonly dead: boolean;
  calls: boolean;
}

export interface PlanOptions {
  /** Operators on globals are among the steps, for a module whose globals are renumbered. */
  readonly globalsMove: boolean;
  /** Operators that allocate on the collected heap are allowed. */
  readonly collectedHeap: boolean;
}

/** Plans what to add to the body of the function at `index` of the function index space. */
export function planFunction(
  plan: FunctionPlan,
  shape: ModuleShape,
  index: number,
  body: Reader,
  options: PlanOptions,
): void {
  readLocals(plan, shape, index, body);
  plan.at.length = plan.step.length = plan.argument.length = plan.cost.length = plan.entry.length = 0;
  plan.calls = 0;
  plan.hasLoop = plan.hasLeafLoop = plan.hasHandlers = plan.uses32 = plan.uses64 = false;

  const frames: Frame[] = [{ opcode: OP.block, targeted: false, dead: false, calls: false }];
  let leaves = false;
  const operators = new OperatorReader(body, { shape, locals: plan.locals }, (depth) => {
    const target = frames[frames.length - 1 - depth];
    if (target === undefined) throw invalid(`label ${depth} does not exist`, body.at);
    target.targeted = true;
    if (depth === frames.length - 1) leaves = true;
  });
  const note = (at: number, step: number, argument: number): void => {
    plan.at.push(at);
    plan.step.push(step);
    plan.argument.push(argument);
  };
  let segment = 0;
  const cut = (entry: number): void => {
    segment = plan.cost.push(0) - 1;
    plan.entry.push(entry);
    note(body.at, STEP.charge, segment);
  };
  let dead = false;
  const called = (start: number, returns: boolean): void => {
    const frame = frames[frames.length - 1];
    if (frame !== undefined) frame.calls = true;
    plan.calls += 1;
    if (dead) return;
    note(start, STEP.flush, 0);
    if (returns) note(body.at, STEP.reload, 0);
    else dead = true;
  };
  const left = (start: number): void => {
    if (!dead) note(start, STEP.flush, 0);
    dead = true;
  };

  cut(ENTRY.function);
  while (frames.length > 0) {
    const start = body.at;
    leaves = false;
    operators.next();
    const { opcode } = operators;
    if (!dead) plan.cost[segment] = (plan.cost[segment] ?? 0) + (COSTS[opcode] ?? 0);
    switch (opcode) {
      case OP.block:
      case OP.loop:
      case OP.if:
      case OP.try:
      case OP.tryTable:
        frames.push({ opcode, targeted: false, dead, calls: false });
        if (opcode === OP.try || opcode === OP.tryTable) plan.hasHandlers = true;
        if (opcode === OP.loop) plan.hasLoop = true;
        if (!dead && opcode === OP.loop) cut(ENTRY.loop);
        if (!dead && opcode === OP.if) cut(ENTRY.inner);
        break;
      case OP.else:
      case OP.catch:
      case OP.catchAll: {
        const frame = frames[frames.length - 1];
        const opener = opcode === OP.else ? OP.if : OP.try;
        if (frame === undefined || frame.opcode !== opener || frames.length === 1) {
          throw invalid('an arm has nothing that it belongs to', start);
        }
        frame.targeted = true; // what follows the whole is reached from more than one arm
        dead = frame.dead;
        if (!dead) cut(ENTRY.inner);
        break;
      }
      case OP.delegate:
      case OP.end: {
        const frame = frames.pop();
        if (frame === undefined) break;
        if (opcode === OP.delegate && frame.opcode !== OP.try) throw invalid('delegate ends no try', start);
        if (frames.length === 0) {
          if (opcode === OP.delegate) throw invalid('delegate ends no try', start);
          if (!dead) note(start, STEP.flush, 0);
          break;
        }
        const around = frames[frames.length - 1];
        if (around !== undefined && frame.calls) around.calls = true;
        if (frame.opcode === OP.loop && !frame.calls) plan.hasLeafLoop = true;
        if (frame.dead) dead = true;
        else if (frame.opcode === OP.if || (frame.targeted && frame.opcode !== OP.loop)) {
          dead = false;
          cut(ENTRY.inner);
        }
        break;
      }
      case OP.br:
      case OP.brTable:
        if (leaves && !dead) note(start, STEP.flush, 0);
        dead = true;
        break;
      case OP.brIf:
      case OP.brOnNull:
      case OP.brOnNonNull:
        if (leaves && !dead) note(start, STEP.flush, 0);
        if (!dead) cut(ENTRY.inner);
        break;
      case OP.return:
      case OP.throw:
      case OP.throwRef:
      case OP.rethrow:
        left(start);
        break;
      case OP.unreachable:
        dead = true;
        break;
      case OP.call:
      case OP.returnCall:
        if (!dead && operators.first < shape.imported.function) {
          plan.cost[segment] =
            (plan.cost[segment] ?? 0) + FUEL_SCHEDULE.importedCall - FUEL_SCHEDULE.operator;
        }
        called(start, opcode === OP.call);
        break;
      case OP.callIndirect:
      case OP.callRef:
        called(start, true);
        break;
      case OP.returnCallIndirect:
      case OP.returnCallRef:
        called(start, false);
        break;
      case OP.globalGet:
      case OP.globalSet:
        if (options.globalsMove) note(start, STEP.global, operators.first);
        break;
      case OP.memoryGrow: {
        const wide = shape.memories[operators.first]?.wide === true;
        if (!dead) note(body.at, STEP.grown, wide ? 1 : 0);
        if (wide) plan.uses64 = true;
        else plan.uses32 = true;
        break;
      }
      case OP.bulkPrefix:
      case OP.gcPrefix: {
        if (opcode === OP.gcPrefix && (operators.sub === GC.brOnCast || operators.sub === GC.brOnCastFail)) {
          if (leaves && !dead) note(start, STEP.flush, 0);
          if (!dead) cut(ENTRY.inner);
          break;
        }
        if (!options.collectedHeap && opcode === OP.gcPrefix && allocates(operators.sub)) {
          throw refusedAllocation(start);
        }
        if (dead) break;
        plan.cost[segment] = (plan.cost[segment] ?? 0) + extraCost(opcode, operators.sub);
        const length = lengthOf(operators, shape);
        if (length < 0) break;
        note(start, STEP.bulk, length);
        if (length === LENGTH.bytes64 || length === LENGTH.elements64) plan.uses64 = true;
        else plan.uses32 = true;
        break;
      }
      default:
    }
  }
  body.finish('a function body');
}

function readLocals(plan: FunctionPlan, shape: ModuleShape, index: number, body: Reader): void {
  let locals = shape.types.parameters[shape.functionTypes[index] ?? -1] ?? 0;
  plan.localGroups = body.count(2);
  plan.localsStart = body.at;
  for (let left = plan.localGroups; left > 0; left -= 1) {
    locals += body.u32();
    skipValueType(body, shape.types.parameters.length);
    if (locals > MAX_LOCALS) throw invalid(`function ${index} has over ${MAX_LOCALS} locals`, body.at);
  }
  plan.codeStart = body.at;
  plan.locals = locals;
  plan.end = body.end;
}

/** What a prefixed operator costs beyond an ordinary one. */
function extraCost(prefix: number, sub: number): number {
  if (prefix === OP.bulkPrefix)
    return sub === BULK.tableGrow ? FUEL_SCHEDULE.grow - FUEL_SCHEDULE.operator : 0;
  return allocates(sub) ? FUEL_SCHEDULE.allocate - FUEL_SCHEDULE.operator : 0;
}

/** How the operator's length, always on top of the stack, is counted; -1 if it has none. */
function lengthOf({ opcode, sub, first, second }: OperatorReader, shape: ModuleShape): number {
  if (opcode === OP.gcPrefix) {
    const counted =
      sub === GC.arrayNew ||
      sub === GC.arrayNewDefault ||
      sub === GC.arrayNewData ||
      sub === GC.arrayNewElem ||
      (sub >= GC.arrayFill && sub <= GC.arrayInitElem);
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
