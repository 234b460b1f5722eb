import { REFILL } from './reserved.ts';
import { suspending } from './suspending.ts';

/**
 * A module that turns host functions `() -> i32` into some that a table can hold. The second one stands for a `Suspending` function: where
 * the guest cannot be suspended, that throws a `SuspendError`, which ends here, before any code of the guest could see it.
 *
 *     (module
 *       (import "m" "ask" (func $ask (result i32)))
 *       (import "m" "wait" (func $wait (result i32)))
 *       (import "m" "refused" (func $refused (result i32)))
 *       (func (export "ask") (result i32) call $ask)
 *       (func (export "wait") (result i32)
 *         try (result i32) call $wait catch_all call $refused end))
 */
const TRAMPOLINE_BYTES: Uint8Array<ArrayBuffer> = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // preamble
  ...[1, 5, 1, 0x60, 0, 1, 0x7f], // type: () -> i32
  ...[2, 30, 3], // imports
  ...[1, 0x6d, 3, 0x61, 0x73, 0x6b, 0, 0], // "m" "ask"
  ...[1, 0x6d, 4, 0x77, 0x61, 0x69, 0x74, 0, 0], // "m" "wait"
  ...[1, 0x6d, 7, 0x72, 0x65, 0x66, 0x75, 0x73, 0x65, 0x64, 0, 0], // "m" "refused"
  ...[3, 3, 2, 0, 0], // two functions
  ...[7, 14, 2], // exports
  ...[3, 0x61, 0x73, 0x6b, 0, 3], // "ask"
  ...[4, 0x77, 0x61, 0x69, 0x74, 0, 4], // "wait"
  ...[10, 17, 2], // code
  ...[4, 0, 0x10, 0, 0x0b], // call $ask
  ...[10, 0, 0x06, 0x7f, 0x10, 1, 0x19, 0x10, 2, 0x0b, 0x0b], // try (result i32) call $wait catch_all call $refused end
);

let compiled: WebAssembly.Module | undefined;

/** Compiled on first use; `undefined` where a platform forbids to compile at run time. Holds no state of any run. */
export function compileTrampoline(): WebAssembly.Module | undefined {
  try {
    compiled ??= new WebAssembly.Module(TRAMPOLINE_BYTES);
  } catch {
    // The platform takes modules from its own build only: the meter then works without slices.
  }
  return compiled;
}

/** What a refill asks of a meter. */
export interface RefillFunctions {
  readonly ask: () => number;
  /** Suspends the guest until it is settled; absent where no guest is suspended. */
  readonly wait?: () => Promise<number>;
  /** Answers instead of `wait` where the guest cannot be suspended. */
  readonly refused: () => number;
}

/** The functions for the two slots of a refill table. */
export interface Refill {
  readonly ask: object;
  readonly wait: object;
  /** Gives them back, for another guest. No table may hold them any more, and nobody may be suspended in them. */
  release(): void;
}

interface Pair extends Pick<Refill, 'ask' | 'wait'> {
  /** Whom they answer for; nobody between two guests. */
  target: RefillFunctions | undefined;
}

/** An instance of the trampoline takes longer to make than all else of a meter, and holds nothing of the guest that it served. */
const MOST_IDLE = 64;
const idle = new WeakMap<WebAssembly.Module, Record<'suspending' | 'plain', Pair[]>>();

export function takeRefill(trampoline: WebAssembly.Module, functions: RefillFunctions): Refill {
  const pairs = idle.get(trampoline) ?? { suspending: [], plain: [] };
  idle.set(trampoline, pairs);
  const free = functions.wait === undefined ? pairs.plain : pairs.suspending;
  const pair = free.pop() ?? makePair(trampoline, functions.wait !== undefined);
  pair.target = functions;
  return {
    ask: pair.ask,
    wait: pair.wait,
    release: () => {
      if (pair.target !== functions) return;
      pair.target = undefined;
      if (free.length < MOST_IDLE) free.push(pair);
    },
  };
}

function makePair(trampoline: WebAssembly.Module, suspends: boolean): Pair {
  const functions = {
    ask: () => pair.target?.ask() ?? REFILL.stop,
    wait: suspends ? suspending(async () => pair.target?.wait?.() ?? REFILL.stop) : () => REFILL.stop,
    refused: () => pair.target?.refused() ?? REFILL.stop,
  };
  const imports = { m: functions as Record<string, WebAssembly.ImportValue> }; // a Suspending object is one of the importable things
  const { exports } = new WebAssembly.Instance(trampoline, imports);
  const { ask, wait } = exports as { readonly ask: () => number; readonly wait: () => number }; // its only exports
  const pair: Pair = { target: undefined, ask, wait };
  return pair;
}
