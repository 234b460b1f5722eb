import { allocates, bytesOfNew, refusedAllocation, takesLength } from './collected-heap.ts';
import { CompileCost } from './compile-limits.ts';
import { ENTRY, type FunctionPlan, STEP } from './function-plan.ts';
import { invalid } from './invalid.ts';
import type { ModuleShape } from './module-shape.ts';
import { GC, OP } from './opcodes.ts';
import { costOf, LENGTH, lengthOf } from './operator-costs.ts';
import { OperatorReader } from './operators.ts';
import type { Reader } from './reader.ts';
import { skipValueType } from './value-types.ts';

/** Upper bound that V8 and others put on locals; more would make the rewriter's own invalid. */
const MAX_LOCALS = 50_000;

export interface PlanOptions {
  /** Operators on globals are among the steps, for a module whose globals are renumbered. */
  readonly globalsMove: boolean;
  /** Operators that allocate on the collected heap are allowed. */
  readonly collectedHeap: boolean;
  /** What is allocated there is among the steps. */
  readonly heapCounted: boolean;
}

/** What is open around the operator at hand. Frames are named by their place in the list, outermost first. */
interface Frame {
  readonly opcode: number;
  /** The segment of the operator that opened it. */
  readonly segment: number;
  /** It cannot be reached. */
  readonly dead: boolean;
  /** The innermost frame that is a loop, this one included; -1 if there is none. */
  readonly loop: number;
  /** The segments that a loop, or the arms of an `if`, start with; -1 where there is none. */
  first: number;
  second: number;
  /** Something branches to its label. */
  targeted: boolean;
  calls: boolean;
  /** Holds something else, apart from itself, that may ask for fuel. */
  asks: boolean;
  /** The outermost frame that control may go to from inside, other than by a trap; -1 out of the function. */
  outermost: number;
}

/** Plans what to add to the body of the function at `index` of the function index space. */
export function planFunction(
  plan: FunctionPlan,
  shape: ModuleShape,
  index: number,
  body: Reader,
  options: PlanOptions,
): void {
  const compiling = new CompileCost(index);
  readLocals(plan, shape, index, body);
  compiling.begin(body.end - plan.localsStart, plan.locals, body.at);
  for (const list of [plan.at, plan.step, plan.argument, plan.cost, plan.entry, plan.calling, plan.leaf])
    list.length = 0;
  plan.calls = 0;
  plan.hasLeafLoop = plan.hasHandlers = plan.uses32 = plan.uses64 = false;

  const frames: Frame[] = [];
  let top = openFrame(OP.block, 0, false, -1);
  frames.push(top);
  /** The operator at hand branches to the function's own label; or out of the innermost loop. */
  let leaves = false;
  let crosses = false;
  const operators = new OperatorReader(body, { shape, locals: plan.locals }, (depth) => {
    compiling.branched(operators.opcode === OP.brTable, body.at);
    const target = frames.length - 1 - depth;
    const frame = frames[target];
    if (frame === undefined) throw invalid(`label ${depth} does not exist`, body.at);
    frame.targeted = true;
    top.outermost = Math.min(top.outermost, target);
    if (target === 0) leaves = true;
    if (target < top.loop) crosses = true;
  });
  const note = (at: number, step: number, argument: number): void => {
    plan.at.push(at);
    plan.step.push(step);
    plan.argument.push(argument);
  };
  let segment = 0;
  const cut = (entry: number): number => {
    segment = plan.cost.push(0) - 1;
    plan.entry.push(entry);
    plan.calling.push(false);
    plan.leaf.push(false);
    note(body.at, STEP.charge, segment);
    return segment;
  };
  const pay = (into: number, units: number): void => {
    plan.cost[into] = (plan.cost[into] ?? 0) + units;
  };
  let dead = false;
  /** Segments with calls that stand in no loop, and the first of them. */
  let unguarded = 0;
  let firstUnguarded = 0;
  const called = (start: number, returns: boolean): void => {
    top.calls = true;
    plan.calls += 1;
    if (!returns) top.outermost = -1;
    if (dead) return;
    if (top.loop < 0 && plan.calling[segment] !== true) {
      if (unguarded === 0) firstUnguarded = segment;
      unguarded += 1;
    }
    plan.calling[segment] = true;
    note(start, STEP.flush, 0);
    if (returns) note(body.at, STEP.reload, 0);
    else dead = true;
  };
  const left = (start: number): void => {
    if (!dead) note(start, STEP.flush, 0);
    top.outermost = -1;
    dead = true;
  };
  const branched = (start: number): void => {
    if (leaves && !dead) note(start, STEP.flush, 0);
    if (crosses) note(start, STEP.relabel, frames.length - top.loop);
  };
  const asked = (at: number, step: number, argument: number, wide: boolean): void => {
    top.asks = true;
    note(at, step, argument);
    if (wide) plan.uses64 = true;
    else plan.uses32 = true;
  };
  /** Goes on behind the end of `frame`, which control has come to from more than one side. */
  const join = (frame: Frame): void => {
    dead = false;
    const paid = frame.segment;
    // A call in front of it may have thrown already: until then nothing behind it is to be paid.
    const early = plan.calling[paid] !== true;
    if (early && frame.first >= 0 && frame.second >= 0) {
      const both = Math.min(plan.cost[frame.first] ?? 0, plan.cost[frame.second] ?? 0);
      pay(paid, both);
      pay(frame.first, -both);
      pay(frame.second, -both);
    }
    const passes = !frame.calls && !frame.asks && frame.outermost >= frames.length;
    if (early && passes) segment = paid;
    else cut(ENTRY.unchecked);
  };

  cut(ENTRY.unchecked);
  while (frames.length > 0) {
    const start = body.at;
    leaves = crosses = false;
    operators.next();
    const { opcode } = operators;
    if (!dead) pay(segment, costOf(operators, shape));
    switch (opcode) {
      case OP.block:
      case OP.loop:
      case OP.if:
      case OP.try:
      case OP.tryTable: {
        const isLoop = opcode === OP.loop && !dead;
        if (isLoop) top.asks = true;
        if (opcode === OP.try || opcode === OP.tryTable) plan.hasHandlers = true;
        compiling.opened(opcode === OP.loop, start);
        top = openFrame(opcode, segment, dead, isLoop ? frames.length : top.loop);
        frames.push(top);
        if (isLoop) {
          note(start, STEP.enter, plan.cost.length);
          top.first = cut(ENTRY.loop);
        } else if (!dead && opcode === OP.if) top.first = cut(ENTRY.unchecked);
        break;
      }
      case OP.else:
      case OP.catch:
      case OP.catchAll: {
        const opener = opcode === OP.else ? OP.if : OP.try;
        if (top.opcode !== opener || frames.length === 1) {
          throw invalid('an arm has nothing that it belongs to', start);
        }
        top.targeted = true; // what follows the whole is reached from more than one arm
        dead = top.dead;
        if (!dead) top.second = cut(ENTRY.unchecked);
        break;
      }
      case OP.delegate:
      case OP.end: {
        const frame = top;
        frames.pop();
        if (opcode === OP.delegate && frame.opcode !== OP.try) throw invalid('delegate ends no try', start);
        const around = frames[frames.length - 1];
        if (around !== undefined) compiling.closed(frame.opcode === OP.loop);
        if (around === undefined) {
          if (!dead) note(start, STEP.flush, 0);
          break;
        }
        top = around;
        top.calls ||= frame.calls;
        top.asks ||= frame.asks;
        top.outermost = Math.min(top.outermost, frame.outermost);
        if (frame.dead) dead = true;
        else if (frame.opcode === OP.loop) {
          if (!frame.calls) plan.hasLeafLoop = true;
          plan.leaf[frame.first] = !frame.calls && !frame.asks;
          note(body.at, STEP.leave, frame.first);
        } else if (frame.opcode === OP.if || frame.targeted) join(frame);
        break;
      }
      case OP.br:
      case OP.brTable:
        branched(start);
        dead = true;
        break;
      case OP.brIf:
      case OP.brOnNull:
      case OP.brOnNonNull:
        branched(start);
        if (!dead) cut(ENTRY.unchecked);
        break;
      case OP.throw: {
        // Structs hold exceptions, so these count as what they hold.
        const bytes = shape.types.bytes[shape.tagTypes[operators.first] ?? -1] ?? 0;
        if (!dead && options.heapCounted) note(start, STEP.allocate, bytes);
        left(start);
        break;
      }
      case OP.return:
      case OP.throwRef:
      case OP.rethrow:
        left(start);
        break;
      case OP.unreachable:
        dead = true;
        break;
      case OP.call:
      case OP.callIndirect:
      case OP.callRef:
        called(start, true);
        break;
      case OP.returnCall:
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
        if (!dead) asked(body.at, STEP.grown, wide ? 1 : 0, wide);
        break;
      }
      case OP.bulkPrefix:
      case OP.gcPrefix: {
        if (opcode === OP.gcPrefix && (operators.sub === GC.brOnCast || operators.sub === GC.brOnCastFail)) {
          branched(start);
          if (!dead) cut(ENTRY.unchecked);
          break;
        }
        if (opcode === OP.gcPrefix && allocates(operators.sub)) {
          if (!options.collectedHeap) throw refusedAllocation(start);
          if (options.heapCounted && !dead) {
            if (takesLength(operators.sub)) {
              note(start, STEP.allocateArray, operators.first);
              plan.uses32 = true;
            } else note(start, STEP.allocate, bytesOfNew(operators, shape));
          }
        }
        const length = lengthOf(operators, shape);
        if (dead || length < 0) break;
        asked(start, STEP.bulk, length, length === LENGTH.bytes64 || length === LENGTH.elements64);
        break;
      }
      default:
    }
  }
  body.finish('a function body');

  // Every cycle passes a loop header or a call outside of loops. What guards these guards all; one check in front of several calls
  // costs less than one in front of each.
  if (unguarded > 0) plan.entry[unguarded === 1 ? firstUnguarded : 0] = ENTRY.checked;
}

const openFrame = (opcode: number, segment: number, dead: boolean, loop: number): Frame => ({
  opcode,
  segment,
  dead,
  loop,
  first: -1,
  second: -1,
  targeted: false,
  calls: false,
  asks: false,
  outermost: Number.POSITIVE_INFINITY,
});

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
