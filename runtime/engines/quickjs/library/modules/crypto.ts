import { hmac } from '@noble/hashes/hmac.js';
import { type Callable, inner, type Named, nodeError, wrongArgument } from '../inner.ts';
import type { Lent } from '../keys/lent.ts';
import { builtin } from '../registry.ts';
import { bufferOf } from './buffer.ts';
import { bytesFor, later, shown, timingSafeEqual } from './crypto/bytes.ts';
import { cipherObject, getCipherInfo, getCiphers } from './crypto/ciphers.ts';
import { hkdfSync, pbkdf2Sync, type ScryptOptions, scryptSync } from './crypto/derive.ts';
import { HASHES, type Hasher, hasherFor, hashFor, hashObject, type TransformClass } from './crypto/hashes.ts';
import { KeyObject, SecretKeyObject, setFromCryptoKey } from './crypto/key-object.ts';
import { random, randomBytes, randomFillSync, randomInt } from './crypto/random.ts';

// esbuild turns this into a call that evaluates the module when it is made.
declare const require: (path: './subtle.ts') => typeof import('./subtle.ts');

type Run = (...args: unknown[]) => unknown;

let made: Readonly<Record<string, Run>> | undefined;
/** What keys of two halves are done with: compiled when it is first asked for. */
const keys = (): Readonly<Record<string, Run>> => {
  if (made === undefined) {
    const { make } = inner.part('keys') as {
      readonly make: (given: typeof inner, lent: Lent) => Record<string, Run>;
    };
    made = make(inner, {
      bytesFor,
      shown,
      later,
      cipherObject,
      pbkdf2Sync,
      hashFor,
      KeyObject,
      random,
      bufferOf,
      curves: () => inner.part('curves') as ReturnType<Lent['curves']>,
      cryptoKeyFrom: () => require('./subtle.ts').cryptoKeyFrom,
      keptFor: () => require('./subtle.ts').keptFor,
      writable: () => (builtin('stream') as { readonly Writable: TransformClass }).Writable,
    });
  }
  return made;
};
const ofKeys =
  (name: string): Run =>
  (...args) =>
    (keys()[name] as Run)(...args); // the part has each that is named here

setFromCryptoKey((key) => {
  const kept = require('./subtle.ts').keptFor(key as never);
  if (kept.format === 'raw' && kept.bytes !== undefined) return new SecretKeyObject(kept.bytes);
  const found = ofKeys('fromCryptoKey')(key);
  if (found === undefined) throw wrongArgument('key', 'an instance of CryptoKey', key);
  return found as KeyObject;
});

const createSecretKey = (key: unknown, encoding?: unknown): SecretKeyObject =>
  new SecretKeyObject(bytesFor(key, encoding, 'key'));

const generateKeyPair = (type: unknown, options: unknown, done: Callable): void => {
  const answer = (error: unknown, pair?: Named): void =>
    error === null ? void done(null, pair?.publicKey, pair?.privateKey) : void done(error);
  later(answer as Callable, () => ofKeys('generatePair')(type, options));
};
Object.defineProperty(generateKeyPair, Symbol.for('nodejs.util.promisify.custom'), {
  value: async (type: unknown, options: unknown) => ofKeys('generatePair')(type, options),
});

const generateKeySync = (type: unknown, options: { readonly length?: number } = {}): SecretKeyObject => {
  const { length = 0 } = options;
  const fits = type === 'hmac' ? length >= 8 : type === 'aes' && [128, 192, 256].includes(length);
  if (!fits)
    throw nodeError(
      RangeError,
      'ERR_OUT_OF_RANGE',
      `The value of "options.length" is out of range. Received ${length}`,
    );
  return new SecretKeyObject(random(Math.floor(length / 8)));
};

const constants = {
  RSA_PKCS1_PADDING: 1,
  RSA_NO_PADDING: 3,
  RSA_PKCS1_OAEP_PADDING: 4,
  RSA_PKCS1_PSS_PADDING: 6,
  RSA_PSS_SALTLEN_DIGEST: -1,
  RSA_PSS_SALTLEN_MAX_SIGN: -2,
  RSA_PSS_SALTLEN_AUTO: -2,
  POINT_CONVERSION_COMPRESSED: 2,
  POINT_CONVERSION_UNCOMPRESSED: 4,
  POINT_CONVERSION_HYBRID: 6,
};

class X509Certificate {
  constructor() {
    throw nodeError(
      Error,
      'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM',
      'Cannot read the certificate: a guest takes only its key, by crypto.createPublicKey(pem)',
    );
  }
}

export const crypto = {
  constants,
  checkPrime: (candidate: unknown, ...rest: unknown[]) =>
    later(rest.pop() as Callable, () => ofKeys('checkPrime')(candidate)),
  checkPrimeSync: ofKeys('checkPrime'),
  createCipheriv: (name: unknown, key: unknown, iv: unknown) => cipherObject(name, key, iv, false),
  createDecipheriv: (name: unknown, key: unknown, iv: unknown) => cipherObject(name, key, iv, true),
  createDiffieHellman: ofKeys('dh'),
  createDiffieHellmanGroup: ofKeys('dhGroup'),
  createECDH: ofKeys('ecdh'),
  createHash: (name: unknown, options: { readonly outputLength?: number } = {}) =>
    hashObject(hasherFor(name, options.outputLength)),
  createHmac: (name: unknown, key: unknown) => {
    if (key === null || key === undefined)
      throw wrongArgument(
        'key',
        'of type string or an instance of ArrayBuffer, Buffer, TypedArray, DataView, KeyObject, or CryptoKey',
        key,
      );
    return hashObject(hmac.create(hashFor(name), bytesFor(key, undefined, 'key')) as unknown as Hasher);
  },
  createPrivateKey: ofKeys('createPrivateKey'),
  createPublicKey: ofKeys('createPublicKey'),
  createSecretKey,
  createSign: ofKeys('createSign'),
  createVerify: ofKeys('createVerify'),
  diffieHellman: ofKeys('commonSecret'),
  generateKey: (type: unknown, options: never, done: Callable) =>
    later(done, () => generateKeySync(type, options)),
  generateKeyPair,
  generateKeyPairSync: ofKeys('generatePair'),
  generateKeySync,
  generatePrime: (size: unknown, ...rest: unknown[]) => {
    const done = rest.pop() as Callable;
    later(done, () => ofKeys('generatePrime')(size, ...rest));
  },
  generatePrimeSync: ofKeys('generatePrime'),
  getCipherInfo,
  getCiphers,
  getCurves: () => ['prime256v1', 'secp256k1', 'secp384r1', 'secp521r1'],
  getDiffieHellman: ofKeys('dhGroup'),
  getFips: () => 0,
  getHashes: () => Object.keys(HASHES),
  getRandomValues: (target: never) => globalThis.crypto.getRandomValues(target),
  hash: (name: unknown, data: unknown, options: unknown = 'hex') => {
    const { outputEncoding, outputLength } = (
      typeof options === 'string' ? { outputEncoding: options } : options
    ) as { readonly outputEncoding?: string; readonly outputLength?: number };
    const hasher = hasherFor(name, outputLength);
    hasher.update(bytesFor(data, undefined, 'input'));
    return shown(hasher.digest(), outputEncoding ?? 'hex');
  },
  hkdf: (digest: unknown, key: unknown, salt: unknown, info: unknown, length: number, done: Callable) =>
    later(done, () => hkdfSync(digest, key, salt, info, length)),
  hkdfSync,
  KeyObject,
  pbkdf2: (
    password: unknown,
    salt: unknown,
    iterations: number,
    length: number,
    digest: unknown,
    done: Callable,
  ) => later(done, () => pbkdf2Sync(password, salt, iterations, length, digest)),
  pbkdf2Sync,
  privateDecrypt: ofKeys('privateDecrypt'),
  privateEncrypt: ofKeys('privateEncrypt'),
  pseudoRandomBytes: randomBytes,
  publicDecrypt: ofKeys('publicDecrypt'),
  publicEncrypt: ofKeys('publicEncrypt'),
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
  secureHeapUsed: () => ({ total: 0, used: 0, utilization: 0, min: 0 }),
  sign: ofKeys('sign'),
  subtle: globalThis.crypto.subtle,
  timingSafeEqual,
  verify: ofKeys('verify'),
  webcrypto: globalThis.crypto,
  X509Certificate,
};
