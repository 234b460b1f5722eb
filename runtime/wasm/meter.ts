import type { StopReason, Turns } from '../contracts/engine.ts';
import { clearI32, exportsOf, readGlobal, setTableSlot, writeI64 } from './intrinsics.ts';
import { isReserved, REFILL, REFILL_SLOT, RESERVED, SHARED_FUEL_IMPORT } from './reserved.ts';
import { compileTrampoline, type Refill, takeRefill } from './trampoline.ts';

export interface MeterOptions {
  /** What the guest may burn, whole units, 1..2^53-1. */
  readonly fuel: number;
  /** Units between two calls of `onSlice`. The total does not depend on it. @default DEFAULT_SLICE_FUEL */
  readonly sliceFuel?: number;
  /** Asked at each refill, also while disarmed; an answer stops the guest. */
  readonly onSlice?: () => StopReason | undefined;
  /**
   * Lets the event loop have its turn at a refill, by JavaScript Promise Integration: where the guest was entered through
   * `WebAssembly.promising`, with no JavaScript frame between that and the refill. Elsewhere the guest goes on without, and sees nothing.
   */
  readonly turns?: Turns;
  /** The module of `TRAMPOLINE_BYTES`, for platforms that compile nothing at run time. Without it there are no slices there. */
  readonly trampoline?: WebAssembly.Module;
}

/** The run-time side of what `instrument` made: one budget over the instances of one guest. */
export interface Meter {
  /**
   * Units burnt, at most `fuel`. Exact whenever no call into the guest is under way and none has trapped; what a trap cut short is
   * billed by `trapped`.
   */
  readonly used: number;
  /** `exhausted` exactly when more than `fuel` was burnt. Read this after every call, whatever the call returned or threw. */
  readonly state: 'running' | 'exhausted' | 'stopped';
  readonly stopReason: StopReason | undefined;
  /** A `memory.grow` of the guest was refused. */
  readonly growthRefused: boolean;
  /** Whether refills happen. `false` where nothing can be compiled: then fuel alone stops the guest, and `onSlice` is never asked. */
  readonly sliced: boolean;
  /** What `onSlice` or `turns` threw; the guest was stopped for it as `cancelled`. */
  readonly failure: unknown;
  /** For the import object of modules that were instrumented with `sharedFuel`: `{ [module]: { [name]: global } }`. */
  readonly sharedFuel: WebAssembly.Imports;
  /**
   * Takes an instance under this meter, and from any meter that had it.
   * @returns Its exports without ours, frozen, with no prototype.
   * @throws {TypeError} when `instrument` did not make its module.
   */
  attach(instance: WebAssembly.Instance): WebAssembly.Exports;
  /** As `attach`, for whoever needs no list of the exports: of ten thousand, that takes milliseconds. */
  adopt(instance: WebAssembly.Instance): void;
  /** Runs the deferred start function, if there is one. Once, after `attach`. */
  start(instance: WebAssembly.Instance): void;
  /** Charges from now on, as a new meter does. */
  arm(): void;
  /** Charges nothing until `arm`; `onSlice` is still asked. */
  disarm(): void;
  /**
   * Burns units for work that the host does in the guest's place, as by `nativeFuel`; nothing while disarmed. A guest that cannot pay is
   * `exhausted` at once, and one that paid a slice or more is looked at before it goes on.
   */
  charge(units: number): void;
  /** Has the guest ask at its next check, whatever is left of its slice: `onSlice`, and `turns` if one is due. */
  lookUp(): void;
  /** Stops the guest at its next check; only the first reason counts. For use from host calls, and while the guest is suspended. */
  stop(reason: StopReason): void;
  /**
   * The run is over: the guest cannot be refilled any more, and what refilled it serves the next one. Not for instances that are kept, which
   * another meter takes over. What was counted stays readable.
   */
  release(): void;
  /** Bills the rest of the slice. To be called when a guest has trapped for a reason of its own: the count since its last call is lost. */
  trapped(): void;
}

/**
 * Half a millisecond of dense loops, some milliseconds of an interpreter: a deadline is seen in time. A refill takes 1 µs, and up to 15
 * µs while the engine has not optimised it, which a million units would show as some per cent.
 */
export const DEFAULT_SLICE_FUEL = 4_000_000;

/** Left in the counter of a guest that must not go on: no charge can bring it round to a positive number. */
const OUT = -(2 ** 61);

/** Where an instance counts. */
interface Counter {
  readonly global: WebAssembly.Global;
  /** What the host wrote last. */
  base: number;
}

/** @throws {RangeError} on fuel or slices that are no whole positive number. */
export function createMeter(options: MeterOptions): Meter {
  const { fuel, sliceFuel = DEFAULT_SLICE_FUEL, onSlice, turns } = options;
  checkUnits('fuel', fuel);
  checkUnits('sliceFuel', sliceFuel);
  const trampoline = options.trampoline ?? compileTrampoline();
  const counters = new Map<WebAssembly.Global, Counter>();
  const growth: WebAssembly.Global[] = [];
  let shared: Counter | undefined;
  let state: Meter['state'] = 'running';
  let stopReason: StopReason | undefined;
  let failure: unknown;
  let armed = true;
  let burnt = 0;
  /** Charged by the host since the guest was last asked. */
  let charged = 0;
  /** Turns begun; one that turned out not to suspend the guest must not answer for a later one. */
  let turn = 0;

  const write = (counter: Counter, value: number): void => {
    counter.base = value;
    writeI64(counter.global, value);
  };
  const leave = (next: 'exhausted' | 'stopped'): void => {
    state = next;
    for (const counter of counters.values()) write(counter, OUT);
  };
  const stop = (reason: StopReason): void => {
    settle();
    if (state !== 'running') return;
    stopReason = reason;
    leave('stopped');
  };
  /** Bills what has been counted since the host wrote the counters. */
  const settle = (): void => {
    if (state !== 'running') return;
    for (const counter of counters.values()) {
      const value = readGlobal(counter.global);
      if (value === counter.base) continue;
      if (armed) burnt += counter.base - value;
      counter.base = value;
    }
    if (burnt > fuel) leave('exhausted');
  };
  /** Gives a counter its next slice, taking back what others have left when there is too little. */
  const grant = (counter: Counter): void => {
    const left = armed ? fuel - burnt : Number.POSITIVE_INFINITY;
    let held = 0;
    for (const { base } of counters.values()) held += Math.max(0, base);
    held -= Math.max(0, counter.base);
    if (held > 0 && left - held < sliceFuel) for (const other of counters.values()) write(other, 0);
    write(counter, Math.min(left, sliceFuel));
  };
  /** Without refills, what a guest has left of its slice is all that it has left. */
  const lookUp = (): void => {
    if (state !== 'running') return;
    if (trampoline === undefined) rewriteAll();
    else for (const counter of counters.values()) write(counter, 0);
  };
  const charge = (units: number): void => {
    settle();
    if (state !== 'running' || !armed) return;
    burnt += units;
    charged += units;
    let held = 0;
    for (const { base } of counters.values()) held += Math.max(0, base);
    if (burnt > fuel) leave('exhausted');
    else if (burnt + held > fuel || charged >= sliceFuel) lookUp();
  };
  const consult = (): void => {
    settle();
    charged = 0;
    if (state !== 'running') return;
    try {
      const reason = onSlice?.();
      if (reason !== undefined) stop(reason);
    } catch (error) {
      fail(error);
    }
  };
  /** Nothing may be thrown into the guest: it could catch it. */
  const fail = (error: unknown): void => {
    failure ??= error;
    stop('cancelled');
  };
  const turnIsDue = (): boolean => {
    if (turns === undefined) return false;
    try {
      return turns.due();
    } catch (error) {
      fail(error);
      return false;
    }
  };
  /** Whoever asks has a negative counter, and one that is negative without asking is about to. */
  const answer = (): number => {
    if (state !== 'running') return REFILL.stop;
    for (const counter of counters.values()) if (counter.base < 0) grant(counter);
    return REFILL.go;
  };
  const ask = (): number => {
    consult();
    return state === 'running' && turnIsDue() ? REFILL.wait : answer();
  };
  /** Guests suspended in `wait`. */
  let waiting = 0;
  const wait = async (): Promise<number> => {
    turn += 1;
    const mine = turn;
    // V8 13 calls this before it finds that it cannot suspend the guest. By the next microtask that is known: no turn is taken in vain.
    await undefined;
    if (mine !== turn) return REFILL.stop; // nobody waits for it
    waiting += 1;
    try {
      await turns?.take();
    } catch (error) {
      fail(error);
    }
    waiting -= 1;
    consult();
    return answer();
  };
  const cannotWait = (): number => {
    turn += 1;
    return answer();
  };
  let made: Refill | undefined;
  const tables: WebAssembly.Table[] = [];
  /** One pair for all instances: each is an instance of its own, which costs more than finding out who asked. */
  const refillFunctions = (module: WebAssembly.Module): Refill => {
    made ??= takeRefill(module, { ask, refused: cannotWait, ...(turns === undefined ? {} : { wait }) });
    return made;
  };
  /** Without refills the first slice is the last one. */
  const firstSlice = (): number => {
    if (trampoline !== undefined) return 0;
    return armed ? fuel - burnt : Number.MAX_SAFE_INTEGER;
  };
  const take = (global: WebAssembly.Global): Counter => {
    const known = counters.get(global);
    if (known !== undefined) return known;
    const counter = { global, base: 0 };
    counters.set(global, counter);
    if (state !== 'running') write(counter, OUT);
    else write(counter, firstSlice());
    return counter;
  };
  const sharedCounter = (): Counter => {
    shared ??= take(new WebAssembly.Global({ value: 'i64', mutable: true }, 0n));
    return shared;
  };
  const rewriteAll = (): void => {
    if (state !== 'running') return;
    for (const counter of counters.values()) write(counter, firstSlice());
  };

  const adopt = (all: WebAssembly.Exports): void => {
    const { [RESERVED.growthRefused]: refused, [RESERVED.refill]: table, [RESERVED.fuel]: own } = all;
    // No guest can export these names, so what they name is what the rewriter added.
    if (refused === undefined)
      throw new TypeError('Cannot attach the meter: the module was not instrumented');
    clearI32(refused as WebAssembly.Global);
    growth.push(refused as WebAssembly.Global);
    if (table === undefined) return;
    if (own === undefined) sharedCounter();
    else take(own as WebAssembly.Global);
    if (trampoline === undefined) return;
    const refill = table as WebAssembly.Table;
    const functions = refillFunctions(trampoline);
    tables.push(refill);
    setTableSlot(refill, REFILL_SLOT.ask, functions.ask);
    setTableSlot(refill, REFILL_SLOT.wait, functions.wait);
  };

  turns?.onWork?.(() => {
    settle();
    lookUp();
  });
  return {
    get used() {
      settle();
      return Math.min(burnt, fuel);
    },
    get state() {
      settle();
      return state;
    },
    get stopReason() {
      return stopReason;
    },
    get growthRefused() {
      return growth.some((global) => readGlobal(global) !== 0);
    },
    sliced: trampoline !== undefined,
    get failure() {
      return failure;
    },
    get sharedFuel() {
      return { [SHARED_FUEL_IMPORT.module]: { [SHARED_FUEL_IMPORT.name]: sharedCounter().global } };
    },
    attach: (instance) => {
      const all = exportsOf(instance);
      adopt(all);
      const visible: WebAssembly.Exports = Object.create(null);
      for (const name of Object.keys(all))
        if (!isReserved(name)) visible[name] = all[name] as WebAssembly.ExportValue; // a listed name has a value
      return Object.freeze(visible);
    },
    adopt: (instance) => adopt(exportsOf(instance)),
    start: (instance) => {
      const start = exportsOf(instance)[RESERVED.start];
      if (typeof start === 'function') start();
    },
    arm: () => {
      settle();
      armed = true;
      rewriteAll();
    },
    disarm: () => {
      settle();
      armed = false;
      if (trampoline === undefined && state === 'running') rewriteAll();
    },
    charge,
    lookUp: () => {
      settle();
      lookUp();
    },
    stop,
    release: () => {
      settle();
      for (const table of tables) {
        setTableSlot(table, REFILL_SLOT.ask, null);
        setTableSlot(table, REFILL_SLOT.wait, null);
      }
      if (waiting === 0) made?.release(); // a stack that is suspended in them would come back into them
      made = undefined;
    },
    trapped: () => {
      settle();
      if (state !== 'running' || !armed) return;
      for (const counter of counters.values()) {
        burnt += Math.min(Math.max(0, counter.base), sliceFuel);
        write(counter, 0);
      }
      burnt = Math.min(burnt, fuel);
    },
  };
}

/** Units that native work on so many bytes costs: a copy, a digest, a text coded or parsed. Some of it per call, the rest by size. */
export const nativeFuel = (bytes: number): number => NATIVE_CALL_FUEL + bytes * NATIVE_BYTE_FUEL;

/** About what the slowest of it, a digest, takes of the time that a guest's own operators take. */
const NATIVE_BYTE_FUEL = 4;
const NATIVE_CALL_FUEL = 100;

function checkUnits(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new RangeError(`Cannot create a meter: ${name} ${value} is not a whole positive number`);
  }
}
