import { beforePass } from '../vocabulary/in-slices.ts';
import { sha256Hex } from '../vocabulary/sha256.ts';

/** A caller's binary, copied, with its identity. */
export interface TakenModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Lower-case hex SHA-256 of `bytes`. */
  readonly hash: Promise<string>;
}

/**
 * Takes the binaries that callers pass to runs. One that was taken before and has not changed since is neither copied nor hashed again; it is
 * compared, so that a caller who writes to the same array runs what is in it now.
 */
export interface KnownModules {
  take(bytes: Uint8Array): TakenModule;
}

/**
 * @param same How the platform compares two byte strings. @default word by word
 * @param hashOf Their SHA-256, lower-case hex. @default in one go
 */
export function createKnownModules(
  same: typeof sameBytes = sameBytes,
  hashOf: (bytes: Uint8Array<ArrayBuffer>) => Promise<string> = sha256Hex,
): KnownModules {
  const known = new WeakMap<Uint8Array, TakenModule>();
  return {
    take: (bytes) => {
      const before = known.get(bytes);
      if (before !== undefined && same(before.bytes, bytes)) return before;
      const copy = new Uint8Array(bytes);
      const taken = { bytes: copy, hash: beforePass(copy).then(() => hashOf(copy)) };
      known.set(bytes, taken);
      return taken;
    },
  };
}

/** `one` starts at the start of its buffer; where the other does not lie on a word either, it is compared byte by byte. */
function sameBytes(one: Uint8Array<ArrayBuffer>, other: Uint8Array): boolean {
  if (one.byteLength !== other.byteLength) return false;
  const words = other.byteOffset % 4 === 0 ? one.byteLength >> 2 : 0;
  const mine = new Int32Array(one.buffer, 0, words);
  const theirs = new Int32Array(other.buffer, words === 0 ? 0 : other.byteOffset, words);
  for (let at = 0; at < words; at++) if (mine[at] !== theirs[at]) return false;
  for (let at = words * 4; at < one.byteLength; at++) if (one[at] !== other[at]) return false;
  return true;
}
