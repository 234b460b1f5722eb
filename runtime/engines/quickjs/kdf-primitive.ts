import { sha1 } from '@noble/hashes/legacy.js';
import { pbkdf2 } from '@noble/hashes/pbkdf2.js';
import { scrypt } from '@noble/hashes/scrypt.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';

/** Derives a key from a password; `undefined` for what is asked wrongly or is more than a guest may have done in one go. */
export type DeriveKey = (
  request: string,
  bytes: Uint8Array,
  charge: (bytes: number) => void,
) => Uint8Array<ArrayBuffer> | undefined;

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

/** Bytes hashed in one call: some seconds of a thread that nothing can end meanwhile. */
const MOST_HASHED = 80_000_000;
/** Memory of scrypt, which is the host's: what Node allows by default. */
const MOST_SCRYPT_BYTES = 33_000_000;
const MOST_LENGTH = 65_536;
/** A digest in JavaScript takes so many times what one of the platform's does. */
const SLOWER = 16;

const whole = (value: unknown, most: number): number | undefined =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most ? value : undefined;

/** Work that a guest's own interpreter is a thousand times slower at. It is paid for by its size before it is done. */
export const deriveKey: DeriveKey = (request, bytes, charge) => {
  const given = JSON.parse(request) as Request; // the prelude's own JSON
  const length = whole(given.length, MOST_LENGTH);
  const cut = typeof given.password === 'number' ? given.password : 0;
  const [password, salt] = [bytes.subarray(0, cut), bytes.subarray(cut)];
  if (length === undefined) return undefined;
  if (given.kind === 'scrypt') {
    const [N, r, p] = [whole(given.N, 2 ** 20), whole(given.r, 1024), whole(given.p, 1024)];
    if (N === undefined || r === undefined || p === undefined) return undefined;
    const memory = 128 * N * r;
    if (memory > MOST_SCRYPT_BYTES || 2 * memory * p > MOST_HASHED) return undefined;
    charge(2 * memory * p);
    return scrypt(password, salt, {
      N,
      r,
      p,
      dkLen: length,
      maxmem: memory + MOST_LENGTH * 4,
    }) as Uint8Array<ArrayBuffer>;
  }
  const hash = HASHES[given.hash as keyof typeof HASHES];
  const iterations = whole(given.iterations, 2 ** 31);
  if (hash === undefined || iterations === undefined) return undefined;
  const hashed = 2 * hash.blockLen * iterations * Math.ceil(length / hash.outputLen);
  if (hashed > MOST_HASHED) return undefined;
  charge(SLOWER * hashed);
  return pbkdf2(hash, password, salt, { c: iterations, dkLen: length }) as Uint8Array<ArrayBuffer>;
};
