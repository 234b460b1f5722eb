import { hkdf } from '@noble/hashes/hkdf.js';
import { pbkdf2 } from '@noble/hashes/pbkdf2.js';
import { inner, nodeError, wrongArgument } from '../../inner.ts';
import { bufferOf } from '../buffer.ts';
import { bytesFor } from './bytes.ts';
import { hashFor } from './hashes.ts';

// esbuild turns this into a call that evaluates the module when it is made.
declare const require: (path: './more-hashes.ts') => typeof import('./more-hashes.ts');

const plainName = (digest: unknown): string => String(digest).toLowerCase().replace(/^sha-/, 'sha');

/** By the host, which is quicker by far; `undefined` where it leaves the work to the guest. */
const derived = (request: object, password: Uint8Array, salt: Uint8Array): Uint8Array | undefined => {
  const both = new Uint8Array(password.length + salt.length);
  both.set(password);
  both.set(salt, password.length);
  let key = inner.host.deriveKey(JSON.stringify({ ...request, password: password.length }), both.buffer);
  // In steps: whoever shares the thread has its turn between two of them.
  while (typeof key === 'number') key = inner.host.deriveKey('', new ArrayBuffer(0));
  return key === undefined ? undefined : new Uint8Array(key);
};

export const pbkdf2Sync = (
  password: unknown,
  salt: unknown,
  iterations: number,
  length: number,
  digest: unknown,
): unknown => {
  const [secret, salted] = [bytesFor(password, undefined, 'password'), bytesFor(salt, undefined, 'salt')];
  counted('iterations', iterations, 1);
  counted('keylen', length, 0);
  if (typeof digest !== 'string') throw wrongArgument('digest', 'of type string', digest);
  return bufferOf(
    derived({ kind: 'pbkdf2', hash: plainName(digest), iterations, length }, secret, salted) ??
      pbkdf2(hashFor(digest), secret, salted, { c: iterations, dkLen: length }),
  );
};

const counted = (name: string, value: unknown, least: number): void => {
  if (typeof value !== 'number') throw wrongArgument(name, 'of type number', value);
  if (!Number.isInteger(value) || value < least || value > 2 ** 31 - 1)
    throw nodeError(
      RangeError,
      'ERR_OUT_OF_RANGE',
      `The value of "${name}" is out of range. It must be ` +
        `${Number.isInteger(value) ? `>= ${least} && <= 2147483647` : 'an integer'}. Received ` +
        `${inner.inspect(value)}`,
    );
};

export interface ScryptOptions {
  readonly N?: number;
  readonly r?: number;
  readonly p?: number;
  readonly cost?: number;
  readonly blockSize?: number;
  readonly parallelization?: number;
  readonly maxmem?: number;
}
export const scryptSync = (
  password: unknown,
  salt: unknown,
  length: number,
  options: ScryptOptions = {},
): unknown => {
  const N = options.N ?? options.cost ?? 16_384;
  const r = options.r ?? options.blockSize ?? 8;
  const p = options.p ?? options.parallelization ?? 1;
  const maxmem = (options.maxmem ?? 32 * 1024 * 1024) + 128 * 1024;
  if (128 * N * r > maxmem)
    throw nodeError(
      RangeError,
      'ERR_CRYPTO_INVALID_SCRYPT_PARAMS',
      'Invalid scrypt params: memory limit exceeded',
    );
  return bufferOf(
    derived({ kind: 'scrypt', N, r, p, length }, bytesFor(password), bytesFor(salt)) ??
      require('./more-hashes.ts').scrypt(bytesFor(password), bytesFor(salt), {
        N,
        r,
        p,
        dkLen: length,
        maxmem,
      }),
  );
};

export const hkdfSync = (
  digest: unknown,
  key: unknown,
  salt: unknown,
  info: unknown,
  length: number,
): ArrayBuffer =>
  hkdf(hashFor(digest), bytesFor(key), bytesFor(salt), bytesFor(info), length).slice().buffer as ArrayBuffer;
