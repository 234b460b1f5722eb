import { wasi } from '@bjorn3/browser_wasi_shim';
import type { GuestMemory } from './guest-memory.ts';

/** As many as POSIX systems take. */
const MAX_VECTORS = 1024;

export interface Vectors {
  readonly parts: readonly (readonly [pointer: number, length: number])[];
  /** Sum of the lengths. */
  readonly bytes: number;
}

/**
 * Reads an array of iovecs that the guard has found inside the memory, up to `maxBytes` of content: one call moves no more, and the guest
 * asks again for the rest.
 */
export function readVectors(
  memory: GuestMemory,
  pointer: number,
  count: number,
  maxBytes: number,
): Vectors | number {
  if (count > MAX_VECTORS) return wasi.ERRNO_INVAL;
  const { view } = memory;
  const parts: [number, number][] = [];
  let bytes = 0;
  for (let index = 0; index < count; index++) {
    const at = view.getUint32(pointer + index * 8, true);
    const length = view.getUint32(pointer + index * 8 + 4, true);
    if (!memory.holds(at, length)) return wasi.ERRNO_FAULT;
    const fits = Math.min(length, maxBytes - bytes);
    if (fits > 0) parts.push([at, fits]);
    bytes += fits;
  }
  return { parts, bytes };
}

/** The content of the vectors, as one copy. */
export function gather(memory: GuestMemory, vectors: Vectors): Uint8Array {
  const all = new Uint8Array(vectors.bytes);
  let at = 0;
  for (const [pointer, length] of vectors.parts) {
    all.set(memory.bytes.subarray(pointer, pointer + length), at);
    at += length;
  }
  return all;
}

/** Spreads bytes over the vectors. */
export function scatter(memory: GuestMemory, vectors: Vectors, data: Uint8Array): void {
  let at = 0;
  for (const [pointer, length] of vectors.parts) {
    if (at >= data.byteLength) return;
    memory.bytes.set(data.subarray(at, at + length), pointer);
    at += length;
  }
}
