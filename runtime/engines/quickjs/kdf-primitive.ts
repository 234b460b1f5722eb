import { sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { objectIn } from './guest-json.ts';
import type { NativeSteps } from './native-steps.ts';
import { pbkdf2Steps } from './pbkdf2-steps.ts';
import { scryptSteps } from './scrypt-steps.ts';

/** A key on its way. */
export interface Derivation {
  readonly steps: NativeSteps<Uint8Array<ArrayBuffer>>;
  /** What of the host's memory it takes until it is there. */
  readonly heldBytes: number;
}

/** Derives a key from a password, in steps; `undefined` for what is asked wrongly or takes more memory than a guest may have of the host. */
export type DeriveKey = (request: string, bytes: Uint8Array) => Derivation | undefined;

interface Request {
  readonly kind?: unknown;
  /** Of the bytes, so many are the password; the rest is the salt. */
  readonly password?: unknown;
  readonly length?: unknown;
  readonly hash?: unknown;
  readonly iterations?: unknown;
  readonly N?: unknown;
  readonly r?: unknown;
  readonly p?: unknown;
}

const HASHES = { sha1, sha256, sha384, sha512 } as const;

/** Memory of scrypt, which is the host's: what Node allows by default. */
const MOST_SCRYPT_BYTES = 33_000_000;
const MOST_LENGTH = 65_536;
/** A digest in JavaScript takes so many times what one of the platform's does. */
const SLOWER = 16;

const whole = (value: unknown, most: number): number | undefined =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most ? value : undefined;
const isPowerOfTwo = (value: number): boolean => value > 1 && Number.isInteger(Math.log2(value));

/** Work that a guest's own interpreter is a thousand times slower at. */
export const deriveKey: DeriveKey = (request, bytes) => {
  const given: Request | undefined = objectIn(request);
  if (given === undefined) return undefined;
  const length = whole(given.length, MOST_LENGTH);
  const cut = typeof given.password === 'number' ? given.password : 0;
  const [password, salt] = [bytes.subarray(0, cut), bytes.subarray(cut)];
  if (length === undefined) return undefined;
  if (given.kind === 'scrypt') {
    const [N, r, p] = [whole(given.N, 2 ** 20), whole(given.r, 1024), whole(given.p, 1024)];
    if (N === undefined || r === undefined || p === undefined) return undefined;
    const heldBytes = 128 * r * (N + p);
    if (!isPowerOfTwo(N) || heldBytes > MOST_SCRYPT_BYTES) return undefined;
    return { steps: scryptSteps(sha256, { password, salt, N, r, p, length, slower: SLOWER }), heldBytes };
  }
  const hash = HASHES[given.hash as keyof typeof HASHES];
  const rounds = whole(given.iterations, 2 ** 31);
  if (hash === undefined || rounds === undefined) return undefined;
  return { steps: pbkdf2Steps(hash, { password, salt, rounds, length, slower: SLOWER }), heldBytes: 0 };
};
