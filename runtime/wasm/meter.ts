import type { StopReason, Turns } from '../contracts/engine.ts';
import { type Counters, createCounters } from './counters.ts';
import { clearI32, exportsOf, readGlobal, writeI64 } from './intrinsics.ts';
import { createProgress } from './progress.ts';
import { createRefills, type Refills } from './refills.ts';
import { isReserved, RESERVED, SHARED_FUEL_IMPORT } from './reserved.ts';
import { compileTrampoline } from './trampoline.ts';

export interface MeterOptions {
  /** What the guest may burn, whole units, 1..2^53-1. */
  readonly fuel: number;
  /** Bytes that a module may allocate on the collected heap; what it frees is not given back. @default DEFAULT_HEAP_BYTES */
  readonly heapBytes?: number;
  /** Units between two calls of `onSlice`. The total does not depend on it. @default DEFAULT_SLICE_FUEL */
  readonly sliceFuel?: number;
  /** Asked at each refill, also while disarmed; an answer stops the guest. */
  readonly onSlice?: () => StopReason | undefined;
  /**
   * Lets the event loop have its turn at a refill, by JavaScript Promise Integration: where the guest was entered through
   * `WebAssembly.promising`, with no JavaScript frame between that and the refill. Elsewhere the guest goes on without, and sees nothing,
   * as long as that is short: see `held`.
   */
  readonly turns?: Turns;
  /** Units that the guest may burn where it cannot be suspended although a turn is due. @default DEFAULT_MOST_HELD_FUEL */
  readonly mostHeldFuel?: number;
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
  /** The guest was stopped, as `cancelled`, for keeping its thread where it cannot be suspended: its end is `HELD_THREAD`. */
  readonly held: boolean;
  /** A `memory.grow` of the guest was refused in its last few slices: before that, it has gone on without. */
  readonly growthRefused: boolean;
  /** Bytes allocated on the collected heap. */
  readonly heapUsed: number;
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
  /** Gives up an instance that nobody is inside of: whatever is burnt there from now on is another's to pay. Without a meter, it cannot go on. */
  leave(instance: WebAssembly.Instance): void;
  /**
   * Runs the deferred start function, if there is one. Once, after `attach`.
   * @param enter How: for whoever can suspend it. @returns What that answers.
   */
  start(instance: WebAssembly.Instance, enter?: (start: () => unknown) => unknown): unknown;
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
  /** The host goes back into the guest, in which it may have called something: a turn that was due there and could not be taken is taken now. */
  left(): void;
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

/** For exceptions, of engines that have no structs and arrays. */
const DEFAULT_HEAP_BYTES = 16_777_216;

/**
 * Some ten milliseconds. So long work the functions that a host calls by itself in the middle of something, as allocators and starts of
 * modules do.
 */
const DEFAULT_MOST_HELD_FUEL = 64_000_000;

/** @throws {RangeError} on fuel or slices that are not whole positive numbers. */
export function createMeter(options: MeterOptions): Meter {
  const { onSlice, turns } = options;
  const { fuel, sliceFuel = DEFAULT_SLICE_FUEL, mostHeldFuel = DEFAULT_MOST_HELD_FUEL } = options;
  checkUnits('fuel', fuel);
  checkUnits('sliceFuel', sliceFuel);
  const trampoline = options.trampoline ?? compileTrampoline();
  const sliced = trampoline !== undefined;
  const counters = createCounters({ fuel, sliceFuel, sliced });
  const growth = watchGrowth(() => counters.burnt);
  const progress = createProgress(counters, () => {
    growth.note();
    return onSlice?.();
  });
  const { settle } = progress;
  const heaps = createHeaps(options.heapBytes ?? DEFAULT_HEAP_BYTES);
  const refills =
    trampoline === undefined ? undefined : createRefills(trampoline, { progress, turns, mostHeldFuel });

  const adopt = (all: WebAssembly.Exports): void => {
    const { refused, heap, ...counted } = addedTo(all);
    growth.watch(refused);
    heaps.take(heap);
    countIn(counted, counters, refills);
  };
  const leave = (instance: WebAssembly.Instance): void => {
    settle();
    giveUp(addedTo(exportsOf(instance)), growth, counters, refills);
  };
  const lookUp = (): void => {
    settle();
    counters.lookUp();
  };
  const arm = (armed: boolean): void => {
    settle();
    counters.arm(armed);
  };
  const isCharged = (): boolean => progress.state === 'running' && counters.armed;
  turns?.onWork?.(lookUp);
  return {
    get used() {
      settle();
      return Math.min(counters.burnt, fuel);
    },
    get state() {
      settle();
      return progress.state;
    },
    get stopReason() {
      return progress.stopReason;
    },
    get held() {
      return progress.held;
    },
    get growthRefused() {
      settle();
      return growth.refusedWithin(2 * sliceFuel);
    },
    get heapUsed() {
      return heaps.used();
    },
    sliced,
    get failure() {
      return progress.failure;
    },
    get sharedFuel() {
      return { [SHARED_FUEL_IMPORT.module]: { [SHARED_FUEL_IMPORT.name]: counters.shared() } };
    },
    attach: (instance) => {
      const all = exportsOf(instance);
      adopt(all);
      return withoutReserved(all);
    },
    adopt: (instance) => adopt(exportsOf(instance)),
    leave,
    start: startInstance,
    arm: () => arm(true),
    disarm: () => arm(false),
    charge: (units) => {
      settle();
      if (isCharged() && counters.charge(units)) progress.exhaust();
    },
    lookUp,
    left: () => {
      if (refills?.owesTurn === true) lookUp();
    },
    stop: progress.stop,
    release: () => {
      settle();
      refills?.release();
    },
    trapped: () => {
      settle();
      if (isCharged()) counters.billSlices();
    },
  };
}

function countIn(
  { table, own }: Pick<ReturnType<typeof addedTo>, 'table' | 'own'>,
  counters: Counters,
  refills: Refills | undefined,
): void {
  if (table === undefined) return;
  if (own === undefined) counters.shared();
  else counters.take(own);
  refills?.connect(table);
}

function giveUp(
  { refused, table, own }: ReturnType<typeof addedTo>,
  growth: ReturnType<typeof watchGrowth>,
  counters: Counters,
  refills: Refills | undefined,
): void {
  growth.leave(refused);
  if (own !== undefined) counters.leave(own);
  if (table !== undefined) refills?.disconnect(table);
}

/** What the rewriter added to an instance. No guest can export these names. */
function addedTo(all: WebAssembly.Exports) {
  const {
    [RESERVED.growthRefused]: refused,
    [RESERVED.refill]: table,
    [RESERVED.fuel]: own,
    [RESERVED.heapLeft]: heap,
  } = all;
  if (refused === undefined) throw new TypeError('Cannot attach the meter: the module was not instrumented');
  return {
    refused: refused as WebAssembly.Global,
    table: table as WebAssembly.Table | undefined,
    own: own as WebAssembly.Global | undefined,
    heap: heap as WebAssembly.Global | undefined,
  };
}

/** What instances were given of the collected heap; once, whichever meter has them later. */
const given = new WeakMap<WebAssembly.Global, number>();

/**
 * The collected heap of the instances of one guest: the first may have all of it, and what is left is shared anew each time that twice as many
 * have come, so that together they never have more.
 */
function createHeaps(bytes: number) {
  const heaps = new Set<WebAssembly.Global>();
  let places = 1;
  let share = bytes;
  const leftOf = (heap: WebAssembly.Global): number => Math.max(0, readGlobal(heap));
  const used = (): number => {
    let sum = 0;
    for (const heap of heaps) sum += (given.get(heap) ?? 0) - leftOf(heap);
    return sum;
  };
  const shareAnew = (): void => {
    places *= 2;
    share = Math.floor(Math.max(0, bytes - used()) / places);
    for (const heap of heaps) {
      given.set(heap, (given.get(heap) ?? 0) - leftOf(heap) + share);
      writeI64(heap, share);
    }
  };
  return {
    take: (heap: WebAssembly.Global | undefined): void => {
      if (heap === undefined || heaps.has(heap)) return;
      if (!given.has(heap)) {
        if (heaps.size >= places) shareAnew();
        given.set(heap, share);
        writeI64(heap, share);
      }
      heaps.add(heap);
    },
    used,
  };
}

function startInstance(
  instance: WebAssembly.Instance,
  enter = (start: () => unknown): unknown => start(),
): unknown {
  const start = exportsOf(instance)[RESERVED.start];
  return typeof start === 'function' ? enter(start as () => unknown) : undefined; // it takes nothing
}

/** Which growths of memory were refused; `burnt` says how long ago that is. */
function watchGrowth(burnt: () => number) {
  const flags = new Set<WebAssembly.Global>();
  let refusedAt: number | undefined;
  const isRefused = (): boolean => [...flags].some((global) => readGlobal(global) !== 0);
  /** A guest that goes on for long after a refused growth has got over it. */
  const note = (): void => {
    if (!isRefused()) return;
    refusedAt = burnt();
    for (const flag of flags) clearI32(flag);
  };
  return {
    watch: (flag: WebAssembly.Global): void => {
      clearI32(flag);
      flags.add(flag);
    },
    leave: (flag: WebAssembly.Global): void => {
      note();
      flags.delete(flag);
    },
    note,
    refusedWithin: (units: number): boolean =>
      isRefused() || (refusedAt !== undefined && burnt() - refusedAt <= units),
  };
}

function withoutReserved(all: WebAssembly.Exports): WebAssembly.Exports {
  const visible: WebAssembly.Exports = Object.create(null);
  for (const name of Object.keys(all))
    if (!isReserved(name)) visible[name] = all[name] as WebAssembly.ExportValue; // a listed name has a value
  return Object.freeze(visible);
}

/** Units that native work on so many bytes costs: a copy, a digest, a text coded or parsed. Some of it per call, the rest by size. */
export const nativeFuel = (bytes: number): number => NATIVE_CALL_FUEL + bytes * NATIVE_BYTE_FUEL;

/**
 * Units of one call that the guest makes to a function of its host, and of what that moves in or out of its memory. Such a call takes about
 * what a thousand operators of an interpreter do: without a price, a guest that only calls would hold its thread for a second a slice.
 */
export const importFuel = (bytes: number): number => IMPORT_CALL_FUEL + bytes * NATIVE_BYTE_FUEL;

/** About what the slowest of it, a digest, takes of the time that a guest's own operators take. */
const NATIVE_BYTE_FUEL = 4;
const NATIVE_CALL_FUEL = 100;
const IMPORT_CALL_FUEL = 1000;

function checkUnits(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new RangeError(`Cannot create a meter: ${name} ${value} is not a whole positive number`);
  }
}
