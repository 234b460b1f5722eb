import { hkdf } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { md5, sha1 } from '@noble/hashes/legacy.js';
import { pbkdf2 } from '@noble/hashes/pbkdf2.js';
import { sha224, sha256 } from '@noble/hashes/sha2.js';
import { type Callable, inner, nodeError, wrongArgument } from '../inner.ts';
import { builtin } from '../registry.ts';
import { Buffer, bufferOf } from './buffer.ts';

type Data = Uint8Array<ArrayBuffer>;
type Hash = typeof sha256;
interface Hasher {
  update(data: Uint8Array): unknown;
  digest(): Uint8Array;
  clone(): unknown;
}
interface TransformClass {
  new (options: object): object;
}

// esbuild turns these into calls that evaluate the module when they are made.
declare const require: {
  (path: './ciphers.ts'): typeof import('./ciphers.ts');
  (path: './more-hashes.ts'): typeof import('./more-hashes.ts');
};
const more = (name: keyof typeof import('./more-hashes.ts')) => (): Hash =>
  require('./more-hashes.ts')[name] as unknown as Hash;

const HASHES: Readonly<Record<string, () => Hash>> = Object.assign(Object.create(null), {
  md5: () => md5,
  ripemd160: more('ripemd160'),
  rmd160: more('ripemd160'),
  sha1: () => sha1,
  sha224: () => sha224,
  sha256: () => sha256,
  sha384: more('sha384'),
  sha512: more('sha512'),
  'sha512-224': more('sha512_224'),
  'sha512-256': more('sha512_256'),
  'sha3-224': more('sha3_224'),
  'sha3-256': more('sha3_256'),
  'sha3-384': more('sha3_384'),
  'sha3-512': more('sha3_512'),
});

const hashFor = (name: unknown): Hash => {
  if (typeof name !== 'string') throw wrongArgument('algorithm', 'of type string', name);
  const found =
    HASHES[
      name
        .toLowerCase()
        .replace(/^rsa-/, '')
        .replace(/^sha-(?=\d)/, 'sha')
        .replace('/', '-')
    ];
  if (found !== undefined) return found();
  throw nodeError(Error, 'ERR_OSSL_EVP_UNSUPPORTED', 'Digest method not supported');
};

const bytesFor = (data: unknown, encoding?: unknown, name = 'data'): Data => {
  if (typeof data === 'string') return new Uint8Array(Buffer.from(data, encoding ?? 'utf8'));
  if (data instanceof SecretKey) return data.export() as Data;
  const bytes = inner.bytesOf(data);
  if (bytes !== undefined) return bytes;
  throw wrongArgument(name, 'of type string or an instance of Buffer, TypedArray, or DataView', data);
};

const shown = (bytes: Uint8Array, encoding: unknown): unknown => {
  const buffer = bufferOf(bytes.slice());
  return encoding === undefined || encoding === null || encoding === 'buffer'
    ? buffer
    : (buffer.toString as Callable).call(buffer, encoding);
};

/** What `createHash` and `createHmac` answer: a hash that is also a stream. */
const hashObject = (hasher: Hasher): object => {
  const { Transform } = builtin('stream') as { readonly Transform: TransformClass };
  let done = false;
  const update = (data: unknown, encoding?: unknown): void => {
    if (done) throw nodeError(Error, 'ERR_CRYPTO_HASH_FINALIZED', 'Digest already called');
    hasher.update(bytesFor(data, encoding));
  };
  const made = new Transform({
    transform(chunk: unknown, encoding: unknown, next: Callable) {
      update(chunk, encoding);
      next();
    },
    flush(this: { push(chunk: unknown): void }, next: Callable) {
      this.push(digest());
      next();
    },
  });
  const digest = (encoding?: unknown): unknown => {
    if (done) throw nodeError(Error, 'ERR_CRYPTO_HASH_FINALIZED', 'Digest already called');
    done = true;
    return shown(hasher.digest(), encoding);
  };
  return Object.assign(made, {
    update: (data: unknown, encoding?: unknown) => {
      update(data, encoding);
      return made;
    },
    digest,
    copy: () => {
      if (done) throw nodeError(Error, 'ERR_CRYPTO_HASH_FINALIZED', 'Digest already called');
      return hashObject(hasher.clone() as Hasher);
    },
  });
};

class SecretKey {
  readonly type = 'secret';
  readonly #bytes: Data;
  constructor(bytes: Data) {
    this.#bytes = bytes.slice();
  }
  get symmetricKeySize(): number {
    return this.#bytes.length;
  }
  export(): unknown {
    return bufferOf(this.#bytes.slice());
  }
  equals(other: unknown): boolean {
    return other instanceof SecretKey && timingSafeEqual(this.export(), other.export());
  }
}

const random = (size: number): Data => {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65_536) {
    const part = new Uint8Array(inner.host.random(Math.min(65_536, size - at)));
    bytes.set(part, at);
  }
  return bytes;
};

const later = (done: Callable, run: () => unknown): void => {
  let result: unknown;
  try {
    result = run();
  } catch (error) {
    setImmediate(() => done(error));
    return;
  }
  setImmediate(() => done(null, result));
};

const sizeOf = (size: unknown): number => {
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 0 || size > 2 ** 31 - 1) {
    throw nodeError(
      RangeError,
      'ERR_OUT_OF_RANGE',
      `The value of "size" is out of range. It must be >= 0 && <= 2147483647. Received ${inner.inspect(size)}`,
    );
  }
  return size;
};

const randomBytes = (size: unknown, done?: Callable): unknown => {
  const count = sizeOf(size);
  if (done === undefined) return bufferOf(random(count));
  return later(done, () => bufferOf(random(count)));
};

const randomFillSync = (target: unknown, offset = 0, size?: number): unknown => {
  const bytes = bytesFor(target, undefined, 'buf');
  bytes.set(random(size ?? bytes.length - offset), offset);
  return target;
};

const MOST_RANGE = 2 ** 48 - 1;
const randomInt = (...args: unknown[]): unknown => {
  const done = typeof args[args.length - 1] === 'function' ? (args.pop() as Callable) : undefined;
  const [low, high] = (args.length > 1 ? args : [0, args[0]]) as [number, number];
  for (const [name, value] of Object.entries({ min: low, max: high })) {
    if (!Number.isSafeInteger(value)) throw wrongArgument(name, 'a safe integer', value);
  }
  if (high <= low || high - low > MOST_RANGE) {
    throw nodeError(
      RangeError,
      'ERR_OUT_OF_RANGE',
      `The value of "max" is out of range. It must be greater than the value of "min" (${low}). Received ${high}`,
    );
  }
  const range = high - low;
  const limit = MOST_RANGE - (MOST_RANGE % range);
  let drawn: number;
  do drawn = random(6).reduce((sum, byte) => sum * 256 + byte, 0);
  while (drawn >= limit);
  const value = low + (drawn % range);
  if (done === undefined) return value;
  setImmediate(() => done(null, value));
};

const timingSafeEqual = (a: unknown, b: unknown): boolean => {
  const [one, two] = [bytesFor(a, undefined, 'buf1'), bytesFor(b, undefined, 'buf2')];
  if (one.length !== two.length) {
    throw nodeError(
      RangeError,
      'ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH',
      'Input buffers must have the same byte length',
    );
  }
  let different = 0;
  for (let at = 0; at < one.length; at++) different |= (one[at] as number) ^ (two[at] as number);
  return different === 0;
};

const plainName = (digest: unknown): string => String(digest).toLowerCase().replace(/^sha-/, 'sha');

/** By the host, which is quicker by far; `undefined` where it leaves the work to the guest. */
const derived = (request: object, password: Uint8Array, salt: Uint8Array): Uint8Array | undefined => {
  const both = new Uint8Array(password.length + salt.length);
  both.set(password);
  both.set(salt, password.length);
  const key = inner.host.deriveKey(JSON.stringify({ ...request, password: password.length }), both.buffer);
  return key === undefined ? undefined : new Uint8Array(key);
};

const pbkdf2Sync = (
  password: unknown,
  salt: unknown,
  iterations: number,
  length: number,
  digest: unknown,
): unknown =>
  bufferOf(
    derived(
      { kind: 'pbkdf2', hash: plainName(digest), iterations, length },
      bytesFor(password),
      bytesFor(salt),
    ) ?? pbkdf2(hashFor(digest), bytesFor(password), bytesFor(salt), { c: iterations, dkLen: length }),
  );

interface ScryptOptions {
  readonly N?: number;
  readonly r?: number;
  readonly p?: number;
  readonly cost?: number;
  readonly blockSize?: number;
  readonly parallelization?: number;
  readonly maxmem?: number;
}
const scryptSync = (
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

const hkdfSync = (digest: unknown, key: unknown, salt: unknown, info: unknown, length: number): ArrayBuffer =>
  hkdf(hashFor(digest), bytesFor(key), bytesFor(salt), bytesFor(info), length).slice().buffer as ArrayBuffer;

interface Cipher {
  encrypt(data: Uint8Array): Uint8Array;
  decrypt(data: Uint8Array): Uint8Array;
}
const CIPHER = /^(?:aes-?|id-aes)(128|192|256)-(gcm|cbc|ctr)$/i;
const TAG = 16;

/** A cipher gathers its input and works at `final`: what it answers before is empty, and the whole is the same. */
const cipherObject = (name: unknown, key: unknown, iv: unknown, decrypts: boolean): object => {
  const [, bits, mode] = CIPHER.exec(String(name)) ?? [];
  if (mode === undefined)
    throw nodeError(
      Error,
      'ERR_CRYPTO_UNKNOWN_CIPHER',
      `Unknown cipher: known are aes-128, aes-192 and aes-256 in gcm, cbc and ctr`,
    );
  const secret = bytesFor(key, undefined, 'key');
  if (secret.length * 8 !== Number(bits))
    throw nodeError(RangeError, 'ERR_CRYPTO_INVALID_KEYLEN', 'Invalid key length');
  const nonce = bytesFor(iv, undefined, 'iv');
  const parts: Data[] = [];
  let extra: Data | undefined;
  let tag: Data | undefined;
  let padding = true;
  let done = false;
  const finish = (): Uint8Array => {
    if (done) throw nodeError(Error, 'ERR_CRYPTO_INVALID_STATE', 'Invalid state for operation final');
    done = true;
    const whole = new Uint8Array(
      parts.reduce((size, part) => size + part.length, 0) +
        (decrypts && mode.toLowerCase() === 'gcm' ? TAG : 0),
    );
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    const kind = mode.toLowerCase();
    const { gcm, cbc, ctr } = require('./ciphers.ts');
    const cipher: Cipher =
      kind === 'gcm'
        ? gcm(secret, nonce, extra)
        : kind === 'cbc'
          ? cbc(secret, nonce, { disablePadding: !padding })
          : ctr(secret, nonce);
    if (!decrypts) {
      const sealed = cipher.encrypt(whole);
      if (kind !== 'gcm') return sealed;
      tag = sealed.slice(-TAG) as Data;
      return sealed.subarray(0, -TAG);
    }
    if (kind === 'gcm') whole.set(tag ?? new Uint8Array(TAG), at);
    try {
      return cipher.decrypt(whole);
    } catch {
      throw kind === 'gcm'
        ? new Error('Unsupported state or unable to authenticate data')
        : nodeError(Error, 'ERR_OSSL_BAD_DECRYPT', 'error:1C800064:Provider routines::bad decrypt');
    }
  };
  const { Transform } = builtin('stream') as { readonly Transform: TransformClass };
  const made = new Transform({
    transform(chunk: unknown, _encoding: unknown, next: Callable) {
      parts.push(bytesFor(chunk).slice());
      next();
    },
    flush(this: { push(chunk: unknown): void }, next: Callable) {
      try {
        this.push(bufferOf(finish()));
        next();
      } catch (error) {
        next(error);
      }
    },
  });
  return Object.assign(made, {
    update: (data: unknown, from?: unknown, to?: unknown) => {
      parts.push(bytesFor(data, from).slice());
      return shown(new Uint8Array(0), to);
    },
    final: (to?: unknown) => shown(finish(), to),
    setAutoPadding: (given = true) => {
      padding = given;
      return made;
    },
    setAAD: (data: unknown) => {
      extra = bytesFor(data).slice();
      return made;
    },
    setAuthTag: (data: unknown, encoding?: unknown) => {
      tag = bytesFor(data, encoding).slice();
      return made;
    },
    getAuthTag: () => {
      if (tag === undefined || decrypts)
        throw nodeError(Error, 'ERR_CRYPTO_INVALID_STATE', 'Invalid state for operation getAuthTag');
      return bufferOf(tag.slice());
    },
  });
};

const missing =
  (name: string): Callable =>
  () => {
    throw nodeError(
      Error,
      'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM',
      `Cannot use crypto.${name}: a guest has it in crypto.subtle only`,
    );
  };

export const crypto = {
  ...Object.fromEntries(
    [
      'createSign',
      'createVerify',
      'sign',
      'verify',
      'generateKeyPair',
      'generateKeyPairSync',
      'createPrivateKey',
      'createPublicKey',
      'publicEncrypt',
      'privateDecrypt',
      'createDiffieHellman',
      'createECDH',
    ].map((name) => [name, missing(name)]),
  ),
  constants: {},
  createCipheriv: (name: unknown, key: unknown, iv: unknown) => cipherObject(name, key, iv, false),
  createDecipheriv: (name: unknown, key: unknown, iv: unknown) => cipherObject(name, key, iv, true),
  createHash: (name: unknown) => hashObject(hashFor(name).create() as unknown as Hasher),
  createHmac: (name: unknown, key: unknown) =>
    hashObject(hmac.create(hashFor(name), bytesFor(key, undefined, 'key')) as unknown as Hasher),
  createSecretKey: (key: unknown, encoding?: unknown) => new SecretKey(bytesFor(key, encoding, 'key')),
  getCiphers: () =>
    ['128', '192', '256'].flatMap((bits) => ['cbc', 'ctr', 'gcm'].map((mode) => `aes-${bits}-${mode}`)),
  getCurves: () => [],
  getHashes: () => Object.keys(HASHES),
  getRandomValues: (target: never) => globalThis.crypto.getRandomValues(target),
  hash: (name: unknown, data: unknown, encoding: unknown = 'hex') =>
    shown(hashFor(name)(bytesFor(data)), encoding),
  hkdf: (digest: unknown, key: unknown, salt: unknown, info: unknown, length: number, done: Callable) =>
    later(done, () => hkdfSync(digest, key, salt, info, length)),
  hkdfSync,
  KeyObject: SecretKey,
  pbkdf2: (
    password: unknown,
    salt: unknown,
    iterations: number,
    length: number,
    digest: unknown,
    done: Callable,
  ) => later(done, () => pbkdf2Sync(password, salt, iterations, length, digest)),
  pbkdf2Sync,
  pseudoRandomBytes: randomBytes,
  randomBytes,
  randomFill: (target: unknown, ...rest: unknown[]) => {
    const done = rest.pop() as Callable;
    later(done, () => randomFillSync(target, ...(rest as number[])));
  },
  randomFillSync,
  randomInt,
  randomUUID: () => globalThis.crypto.randomUUID(),
  rng: randomBytes,
  scrypt: (password: unknown, salt: unknown, length: number, options: unknown, done?: unknown) => {
    const [settings, answer] = typeof options === 'function' ? [{}, options] : [options, done];
    later(answer as Callable, () => scryptSync(password, salt, length, settings as ScryptOptions));
  },
  scryptSync,
  subtle: globalThis.crypto.subtle,
  timingSafeEqual,
  webcrypto: globalThis.crypto,
};
