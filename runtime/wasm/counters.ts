import { readGlobal, writeI64 } from './intrinsics.ts';

/** What the instances of one guest have burnt: each counts down in a global of its own, and all of them out of one budget. */
export interface Counters {
  /** Units billed so far; after the end it may be over `fuel` by what one check counts. */
  readonly burnt: number;
  readonly armed: boolean;
  /** Counts in a global from now on. */
  take(global: WebAssembly.Global): void;
  /** Counts there no more. What was counted must be settled; the global is left such that nobody runs on it. */
  leave(global: WebAssembly.Global): void;
  /** The global of all instances that have none of their own. */
  shared(): WebAssembly.Global;
  /** Bills what has been counted since the host wrote the counters. @returns whether the budget is burnt */
  settle(): boolean;
  /** Bills work of the host, and has the guest ask where it owes a slice. @returns whether the budget is burnt */
  charge(units: number): boolean;
  /** The guest has asked: what the host charged is no longer due. */
  asked(): void;
  /** A slice for each counter that is negative: whoever asks has one, and one that is negative without asking is about to. */
  refill(): void;
  /** Has the guest ask at its next check. Without slices, what it has left is all that it has left. */
  lookUp(): void;
  /** No counter is refilled any more, nor one that comes later; nothing is billed any more. */
  end(): void;
  /** Whether what is counted is billed, from now on. */
  arm(armed: boolean): void;
  /** Bills what is left of all slices. */
  billSlices(): void;
}

export interface CountersOptions {
  /** What may be burnt. */
  readonly fuel: number;
  readonly sliceFuel: number;
  /** Whether guests are refilled: without, the first slice is the last one. */
  readonly sliced: boolean;
}

/** Left in the counter of a guest that must not go on: no charge can bring it round to a positive number. */
const OUT = -(2 ** 61);

/** Where an instance counts. */
interface Counter {
  readonly global: WebAssembly.Global;
  /** What the host wrote last. */
  base: number;
}

const write = (counter: Counter, value: number): void => {
  counter.base = value;
  writeI64(counter.global, value);
};

export function createCounters({ fuel, sliceFuel, sliced }: CountersOptions): Counters {
  const counters = new Map<WebAssembly.Global, Counter>();
  let shared: WebAssembly.Global | undefined;
  let ended = false;
  let armed = true;
  let burnt = 0;
  /** Charged by the host since the guest was last asked. */
  let charged = 0;

  const writeAll = (value: number): void => {
    for (const counter of counters.values()) write(counter, value);
  };
  const firstSlice = (): number => {
    if (sliced) return 0;
    return armed ? fuel - burnt : Number.MAX_SAFE_INTEGER;
  };
  /** What the guest has left of the slices that it was given. */
  const held = (): number => {
    let sum = 0;
    for (const { base } of counters.values()) sum += Math.max(0, base);
    return sum;
  };
  /** Gives a counter its next slice, taking back what others have left when there is too little. */
  const grant = (counter: Counter): void => {
    const left = armed ? fuel - burnt : Number.POSITIVE_INFINITY;
    const others = held() - Math.max(0, counter.base);
    if (others > 0 && left - others < sliceFuel) writeAll(0);
    write(counter, Math.min(left, sliceFuel));
  };
  const take = (global: WebAssembly.Global): void => {
    if (counters.has(global)) return;
    const counter = { global, base: 0 };
    counters.set(global, counter);
    write(counter, ended ? OUT : firstSlice());
  };
  const lookUp = (): void => {
    if (!ended) writeAll(firstSlice());
  };

  return {
    get burnt() {
      return burnt;
    },
    get armed() {
      return armed;
    },
    take,
    leave: (global) => {
      if (counters.delete(global)) writeI64(global, OUT);
    },
    shared: () => {
      if (shared === undefined) {
        shared = new WebAssembly.Global({ value: 'i64', mutable: true }, 0n);
        take(shared);
      }
      return shared;
    },
    settle: () => {
      if (ended) return false;
      for (const counter of counters.values()) {
        const value = readGlobal(counter.global);
        if (value === counter.base) continue;
        if (armed) burnt += counter.base - value;
        counter.base = value;
      }
      return burnt > fuel;
    },
    charge: (units) => {
      burnt += units;
      charged += units;
      if (burnt > fuel) return true;
      if (burnt + held() > fuel || charged >= sliceFuel) lookUp();
      return false;
    },
    asked: () => {
      charged = 0;
    },
    refill: () => {
      for (const counter of counters.values()) if (counter.base < 0) grant(counter);
    },
    lookUp,
    end: () => {
      ended = true;
      writeAll(OUT);
    },
    arm: (next) => {
      const changed = next || !sliced; // with slices, what is left of one that was not billed may be used up
      armed = next;
      if (changed) lookUp();
    },
    billSlices: () => {
      for (const counter of counters.values()) {
        burnt += Math.min(Math.max(0, counter.base), sliceFuel);
        write(counter, 0);
      }
      burnt = Math.min(burnt, fuel);
    },
  };
}
