import type { Buffer } from 'node:buffer';
import { others } from '../vocabulary/in-slices.ts';

/** Digested in one turn: a few milliseconds. */
const SLICE_BYTES = 4 * 1024 ** 2;

/**
 * A digest of bytes; large ones in slices, with turns for others between. node:crypto is loaded late: many runs never need it, and it is large.
 * @param algorithm As OpenSSL names it, e.g. `sha256`.
 */
export async function digestInSlices(algorithm: string, content: string | Uint8Array): Promise<Buffer> {
  const { createHash } = await import('node:crypto');
  const hash = createHash(algorithm);
  if (typeof content === 'string' || content.byteLength <= SLICE_BYTES) return hash.update(content).digest();
  for (let at = 0; at < content.byteLength; at += SLICE_BYTES) {
    await others();
    hash.update(content.subarray(at, at + SLICE_BYTES));
  }
  return hash.digest();
}
