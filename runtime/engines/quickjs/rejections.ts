import type { Pointer } from './engine-exports.ts';
import type { Machine } from './machine.ts';
import type { MachineHost } from './machine-host.ts';

/** A value of the guest in its memory. */
const VALUE_BYTES = 8;

/** Promises that were rejected with nobody listening. */
export interface Rejections {
  readonly onRejection: MachineHost['onRejection'];
  readonly size: number;
  /** Promise → the reason, held alive. */
  entries(): Iterable<[promise: number, reason: Pointer]>;
  /** Somebody has taken it. */
  drop(promise: number, reason: Pointer): void;
  dropAll(): void;
  /** Whoever asked has this error: a promise that was rejected with it needs no listener. */
  forgive(thrown: Pointer): void;
}

export function createRejections(machine: () => Machine): Rejections {
  const unhandled = new Map<number, Pointer>();
  const drop = (promise: number, reason: Pointer): void => {
    machine().free(reason);
    unhandled.delete(promise);
  };
  return {
    get size() {
      return unhandled.size;
    },
    entries: () => unhandled,
    drop,
    dropAll: () => {
      for (const reason of unhandled.values()) machine().free(reason);
      unhandled.clear();
    },
    onRejection: (promise, reason, handled) => {
      const held = unhandled.get(promise);
      if (held !== undefined) machine().free(held);
      unhandled.delete(promise);
      if (!handled) unhandled.set(promise, machine().duplicate(reason));
    },
    forgive: (thrown) => {
      const value = (at: Pointer): string =>
        machine()
          .memory()
          .subarray(at, at + VALUE_BYTES)
          .join();
      for (const [promise, reason] of unhandled) {
        if (value(reason) === value(thrown)) drop(promise, reason);
      }
    },
  };
}
