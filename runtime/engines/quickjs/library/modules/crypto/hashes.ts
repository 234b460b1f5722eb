import { md5, sha1 } from '@noble/hashes/legacy.js';
import { sha224, sha256 } from '@noble/hashes/sha2.js';
import { type Callable, hide, nodeError, wrongArgument } from '../../inner.ts';
import { builtin } from '../../registry.ts';
import { bytesFor, shown } from './bytes.ts';

export type Hash = typeof sha256;
export interface Hasher {
  update(data: Uint8Array): unknown;
  digest(): Uint8Array;
  clone(): unknown;
}
export interface TransformClass {
  new (options: object): object;
}

// esbuild turns this into a call that evaluates the module when it is made.
declare const require: (path: './more-hashes.ts') => typeof import('./more-hashes.ts');
const more = (name: keyof typeof import('./more-hashes.ts')) => (): Hash =>
  require('./more-hashes.ts')[name] as unknown as Hash;

export const HASHES: Readonly<Record<string, () => Hash>> = Object.assign(Object.create(null), {
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
  blake2b512: more('blake2b'),
  blake2s256: more('blake2s'),
  shake128: more('shake128'),
  shake256: more('shake256'),
});

/** Hashes of any length → the length that they have when none is named. */
const ANY_LENGTH: Readonly<Record<string, number>> = { shake128: 16, shake256: 32 };

/** A hash under way, of so many bytes where it can be of any length. */
export const hasherFor = (name: unknown, length?: number): Hasher => {
  const hash = hashFor(name);
  const usual = ANY_LENGTH[String(name).toLowerCase()];
  if (usual !== undefined) {
    const { create } = hash as unknown as { create(options: { readonly dkLen: number }): Hasher };
    return create({ dkLen: length ?? usual });
  }
  if (length !== undefined && length !== hash.outputLen)
    throw nodeError(
      Error,
      'ERR_OSSL_EVP_NOT_XOF_OR_INVALID_LENGTH',
      'Unsupported state or unable to set output length',
    );
  return hash.create() as unknown as Hasher;
};

export const hashFor = (name: unknown): Hash => {
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
  throw new Error('Digest method not supported');
};

/** What `createHash` and `createHmac` answer: a hash that is also a stream. */
export const hashObject = (hasher: Hasher): object => {
  const { Transform } = builtin('stream') as { readonly Transform: TransformClass };
  let done = false;
  let streamed: ReturnType<Hasher['digest']> | undefined;
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
      // Whoever has piped something through it asks for its digest as well.
      streamed = hasher.digest();
      done = true;
      this.push(shown(streamed, undefined));
      next();
    },
  });
  const digest = (encoding?: unknown): unknown => {
    if (streamed !== undefined) {
      const sum = streamed;
      streamed = undefined;
      return shown(sum, encoding);
    }
    if (done) throw nodeError(Error, 'ERR_CRYPTO_HASH_FINALIZED', 'Digest already called');
    done = true;
    return shown(hasher.digest(), encoding);
  };
  const members = {
    update: (data: unknown, encoding?: unknown) => {
      update(data, encoding);
      return made;
    },
    digest,
    copy: () => {
      if (done) throw nodeError(Error, 'ERR_CRYPTO_HASH_FINALIZED', 'Digest already called');
      return hashObject(hasher.clone() as Hasher);
    },
  };
  for (const [name, member] of Object.entries(members)) hide(made, name, member);
  return made;
};
