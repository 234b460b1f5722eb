import * as rsa from 'micro-rsa-dsa-dh/rsa.js';
import { mgf1, PSS } from 'micro-rsa-dsa-dh/rsa.js';
import { type Callable, inner, type Named, nodeError } from '../inner.ts';
import { CURVES, PLAIN } from './curves.ts';
import { isRsa, type KeyData, type RsaKey } from './key-data.ts';
import { readKey } from './key-objects.ts';
import { lent } from './lent.ts';

export const PADDING = { pkcs1: 1, none: 3, oaep: 4, pss: 6 } as const;
const SALT = { digest: -1, max: -2, auto: -2 } as const;

interface Options {
  readonly padding?: number;
  readonly saltLength?: number;
  readonly dsaEncoding?: string;
}
const optionsOf = (given: unknown): Options =>
  typeof given === 'object' && given !== null ? (given as Options) : {};

const PKCS1: Readonly<Record<string, rsa.IPKCS>> = {
  sha1: rsa.PKCS1_SHA1,
  sha224: rsa.PKCS1_SHA224,
  sha256: rsa.PKCS1_SHA256,
  sha384: rsa.PKCS1_SHA384,
  sha512: rsa.PKCS1_SHA512,
  'sha512-224': rsa.PKCS1_SHA512_224,
  'sha512-256': rsa.PKCS1_SHA512_256,
  'sha3-224': rsa.PKCS1_SHA3_224,
  'sha3-256': rsa.PKCS1_SHA3_256,
  'sha3-384': rsa.PKCS1_SHA3_384,
  'sha3-512': rsa.PKCS1_SHA3_512,
};
const plainName = (hash: string): string =>
  hash
    .toLowerCase()
    .replace(/^rsa-|^ecdsa-with-|withrsaencryption$/g, '')
    .replace(/^sha-(?=\d)/, 'sha')
    .replace('/', '-');

const hashOr = (name: unknown): string =>
  name === null || name === undefined ? 'sha256' : plainName(String(name));

const rsaSigner = (name: string): rsa.IPKCS => {
  const found = PKCS1[name];
  if (found === undefined)
    throw nodeError(
      Error,
      'ERR_OSSL_EVP_UNSUPPORTED',
      `Digest method not supported: signatures of RSA know ${Object.keys(PKCS1).join(', ')}`,
    );
  return found;
};

/** Bytes of salt that fit beside a digest. */
const mostSalt = (key: RsaKey, digest: number): number =>
  Math.ceil((key.n.toString(2).length - 1) / 8) - digest - 2;

const isPss = (key: RsaKey, options: Options): boolean =>
  (options.padding ?? (key.kind === 'rsa-pss' ? PADDING.pss : PADDING.pkcs1)) === PADDING.pss;

const needed = (key: KeyData): never => {
  throw nodeError(
    Error,
    'ERR_OSSL_EVP_NOT_A_PRIVATE_KEY',
    `Cannot sign: the ${key.kind} key is a public one`,
  );
};

export const signData = (name: unknown, data: Uint8Array, given: unknown): Uint8Array => {
  const key = readKey(given);
  const options = optionsOf(given);
  if (key.secret === undefined) return needed(key);
  if (isRsa(key)) {
    const secret = { n: key.n, d: key.secret.d };
    if (!isPss(key, options)) return rsaSigner(hashOr(name)).sign(secret, data);
    const hash = lent.hashFor(hashOr(name));
    const salt = options.saltLength ?? SALT.max;
    const length =
      salt === SALT.digest ? hash.outputLen : salt === SALT.max ? mostSalt(key, hash.outputLen) : salt;
    return PSS(hash, mgf1(hash), length).sign(secret, data);
  }
  if (key.kind === 'ec') {
    const digest = lent.hashFor(hashOr(name))(data);
    const format = options.dsaEncoding === 'ieee-p1363' ? 'compact' : 'der';
    return CURVES[key.curve].curve().sign(digest, key.secret, { prehash: false, lowS: false, format });
  }
  if (key.kind !== 'ed25519' && key.kind !== 'ed448') throw cannot(key);
  return PLAIN[key.kind].curve().sign(data, key.secret);
};

const cannot = (key: KeyData): Error =>
  nodeError(
    Error,
    'ERR_OSSL_EVP_OPERATION_NOT_SUPPORTED_FOR_THIS_KEYTYPE',
    `error:03000096:digital envelope routines::operation not supported for this keytype (${key.kind})`,
  );

export const verifyData = (
  name: unknown,
  data: Uint8Array,
  given: unknown,
  signature: Uint8Array,
): boolean => {
  const key = readKey(given);
  const options = optionsOf(given);
  if (isRsa(key)) {
    if (!isPss(key, options)) return rsaSigner(hashOr(name)).verify(key, data, signature);
    const hash = lent.hashFor(hashOr(name));
    const most = mostSalt(key, hash.outputLen);
    const asked = options.saltLength ?? SALT.auto;
    const lengths =
      asked === SALT.digest
        ? [hash.outputLen]
        : asked === SALT.auto
          ? [...new Set([most, hash.outputLen, ...Array.from({ length: Math.max(0, most) }, (_, at) => at)])]
          : [asked];
    return lengths.some((length) => PSS(hash, mgf1(hash), length).verify(key, data, signature));
  }
  try {
    if (key.kind === 'ec') {
      const digest = lent.hashFor(hashOr(name))(data);
      const format = options.dsaEncoding === 'ieee-p1363' ? 'compact' : 'der';
      return CURVES[key.curve].curve().verify(signature, digest, key.point, {
        prehash: false,
        lowS: false,
        format,
      });
    }
    if (key.kind !== 'ed25519' && key.kind !== 'ed448') throw cannot(key);
    return PLAIN[key.kind].curve().verify(signature, data, key.point);
  } catch (error) {
    if ((error as Named).code !== undefined) throw error;
    return false; // what is no signature at all
  }
};

/** What `createSign` and `createVerify` answer: it gathers what is to be signed, also as a stream. */
export const gatherer = (name: unknown): Named => {
  const Writable = lent.writable();
  lent.hashFor(hashOr(name)); // a name that is none is told at once
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const made = new Writable({
    write(chunk: unknown, _encoding: unknown, next: Callable) {
      parts.push(lent.bytesFor(chunk).slice());
      next();
    },
  });
  const whole = (): Uint8Array => inner.joinBytes(parts);
  return Object.assign(made, {
    update: (data: unknown, encoding?: unknown) => {
      parts.push(lent.bytesFor(data, encoding).slice());
      return made;
    },
    sign: (key: unknown, encoding?: unknown) => lent.shown(signData(name, whole(), key), encoding),
    verify: (key: unknown, signature: unknown, encoding?: unknown) =>
      verifyData(name, whole(), key, lent.bytesFor(signature, encoding)),
  }) as unknown as Named;
};
