import type { Machine } from './machine.ts';

/** What native work holds for the guest outside of its own memory. */
export interface HeldBytes {
  /** @returns What lets go of them, once. */
  hold(size: number): () => void;
  /** The same, unless both would be more than the guest's memory may be. */
  holdWithin(size: number): (() => void) | undefined;
  /** The most that the guest has held, in its memory and outside of it, bytes. */
  readonly peakBytes: () => number;
}

export function createHeldBytes(machine: () => Machine, mostBytes: number): HeldBytes {
  let heldBytes = 0;
  let peakBytes = 0;
  const hold = (size: number): (() => void) => {
    heldBytes += size;
    peakBytes = Math.max(peakBytes, machine().memoryBytes() + heldBytes);
    let still = size;
    return () => {
      heldBytes -= still;
      still = 0;
    };
  };
  return {
    hold,
    holdWithin: (size) => (machine().memoryBytes() + heldBytes + size > mostBytes ? undefined : hold(size)),
    peakBytes: () => Math.max(peakBytes, machine().memoryBytes()),
  };
}
