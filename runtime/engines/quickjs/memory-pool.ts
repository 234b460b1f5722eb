import { WASM_PAGE } from './abi.ts';

/** Memories of ended guests that a thread keeps: making one takes longer than all else that an instance needs. */
const MOST_IDLE = 2;

interface Lent {
  readonly memory: WebAssembly.Memory;
  readonly initialPages: number;
  readonly maximumPages: number;
}

/** All zero, and nobody's. */
const idle: Lent[] = [];

/** A memory for one guest, zero throughout, and how to give it back. */
export interface GuestMemory {
  readonly memory: WebAssembly.Memory;
  /**
   * Zeroes it, for another guest. Once, after a guest that has ended by itself: no call into its instance may be under way or come. One that the
   * guest has grown is dropped, as no memory gets smaller.
   */
  giveBack(): void;
}

export function takeMemory(initialPages: number, maximumPages: number): GuestMemory {
  const at = idle.findIndex((one) => one.initialPages === initialPages && one.maximumPages === maximumPages);
  const [found] = at < 0 ? [] : idle.splice(at, 1);
  const memory = found?.memory ?? new WebAssembly.Memory({ initial: initialPages, maximum: maximumPages });
  let given = false;
  return {
    memory,
    giveBack: () => {
      const { buffer } = memory;
      if (given || buffer.byteLength !== initialPages * WASM_PAGE) return;
      given = true;
      if (idle.length >= MOST_IDLE) return;
      new Uint8Array(buffer).fill(0);
      idle.push({ memory, initialPages, maximumPages });
    },
  };
}
