import { equalBytes } from '@noble/curves/utils.js';
import { inner, type Named, nodeError, wrongArgument } from '../inner.ts';
import { CURVES } from './curves.ts';
import { readJwk, writeJwk } from './jwk.ts';
import { isRsa, type KeyData, publicOf } from './key-data.ts';
import {
  readCertificate,
  readPkcs8,
  readRsaPrivate,
  readRsaPublic,
  readSec1,
  readSpki,
  writePkcs8,
  writeRsaPrivate,
  writeRsaPublic,
  writeSec1,
  writeSpki,
} from './key-formats.ts';
import { lent } from './lent.ts';
import { openPkcs8, readPem, sealPkcs8, writePem } from './pem.ts';

/** What a program may give where a key is wanted. */
export type KeyInput = unknown;
interface ExportOptions {
  readonly type?: string;
  readonly format?: string;
  readonly cipher?: unknown;
  readonly passphrase?: unknown;
}
export interface Key {
  readonly type: string;
  export(options?: ExportOptions): unknown;
}

let dataOf: (key: unknown) => KeyData | undefined;

const detailsOf = (key: KeyData): object =>
  isRsa(key)
    ? { modulusLength: key.n.toString(2).length, publicExponent: key.e }
    : key.kind === 'ec'
      ? { namedCurve: key.curve }
      : {};

const subtleType = (key: KeyData): Named =>
  isRsa(key) ? {} : key.kind === 'ec' ? { namedCurve: CURVES[key.curve].jwk } : {};

/** The classes of the two halves of a pair; made late, because what they extend is lent. */
export const makeKeyClasses = () => {
  const { KeyObject } = lent;
  class AsymmetricKeyObject extends KeyObject {
    readonly #data: KeyData;
    static {
      dataOf = (key) => (typeof key === 'object' && key !== null && #data in key ? key.#data : undefined);
    }
    constructor(type: string, data: KeyData) {
      super(type);
      this.#data = data;
    }
    get asymmetricKeyType(): string {
      return this.#data.kind;
    }
    get asymmetricKeyDetails(): object {
      return detailsOf(this.#data);
    }
    equals(other: unknown): boolean {
      if (!(other instanceof KeyObject))
        throw wrongArgument('otherKeyObject', 'an instance of KeyObject', other);
      const theirs = dataOf(other);
      return (
        theirs !== undefined &&
        other.type === this.type &&
        theirs.kind === this.#data.kind &&
        equalBytes(writeSpki(theirs), writeSpki(this.#data))
      );
    }
    toCryptoKey(algorithm: unknown, extractable: boolean, usages: string[]): unknown {
      const named = (typeof algorithm === 'string' ? { name: algorithm } : algorithm) as Named;
      return lent.cryptoKeyFrom()(
        this.type,
        {
          format: 'jwk',
          algorithm: { ...subtleType(this.#data), ...named } as never,
          jwk: writeJwk(this.#data),
        },
        extractable,
        usages,
      );
    }
  }
  class PublicKeyObject extends AsymmetricKeyObject {
    static override readonly name = 'PublicKeyObject'; // names are cut short when this is bundled
    export(options: ExportOptions = {}): unknown {
      return exported(dataOf(this) as KeyData, false, options); // it was made with it
    }
  }
  class PrivateKeyObject extends AsymmetricKeyObject {
    static override readonly name = 'PrivateKeyObject';
    export(options: ExportOptions = {}): unknown {
      return exported(dataOf(this) as KeyData, true, options); // it was made with it
    }
  }
  return {
    privateKey: (data: KeyData): Key => new PrivateKeyObject('private', data),
    publicKey: (data: KeyData): Key => new PublicKeyObject('public', publicOf(data)),
  };
};

export type KeyClasses = ReturnType<typeof makeKeyClasses>;

const wrongOption = (name: string, value: unknown): TypeError =>
  nodeError(
    TypeError,
    'ERR_INVALID_ARG_VALUE',
    `The property 'options.${name}' is invalid. Received ${inner.inspect(value)}`,
  );

/** A key as Node gives it out: JWK, PEM or bytes, in the form that is asked for. */
export const exported = (key: KeyData, secret: boolean, options: ExportOptions): unknown => {
  const { type, format, cipher, passphrase } = options;
  if (format === 'jwk') return writeJwk(secret ? key : publicOf(key));
  if (format !== 'pem' && format !== 'der') throw wrongOption('format', format);
  const [label, bytes] = secret ? privateBytes(key, type) : publicBytes(key, type);
  const sealed = cipher !== undefined && cipher !== null;
  const whole = sealed ? sealPkcs8(bytes, cipher, passphrase) : bytes;
  if (format === 'der') return lent.bufferOf(whole);
  return writePem({ label: sealed ? 'ENCRYPTED PRIVATE KEY' : label, bytes: whole });
};

const publicBytes = (key: KeyData, type: string | undefined): readonly [string, Uint8Array] => {
  if (type === 'pkcs1' && isRsa(key)) return ['RSA PUBLIC KEY', writeRsaPublic(key)];
  if (type === 'spki') return ['PUBLIC KEY', writeSpki(key)];
  throw wrongOption('type', type);
};
const privateBytes = (key: KeyData, type: string | undefined): readonly [string, Uint8Array] => {
  if (type === 'pkcs1' && isRsa(key)) return ['RSA PRIVATE KEY', writeRsaPrivate(key)];
  if (type === 'sec1' && key.kind === 'ec') return ['EC PRIVATE KEY', writeSec1(key)];
  if (type === 'pkcs8') return ['PRIVATE KEY', writePkcs8(key)];
  throw wrongOption('type', type);
};

const undecodable = (): Error =>
  Object.assign(nodeError(Error, 'ERR_OSSL_UNSUPPORTED', 'error:1E08010C:DECODER routines::unsupported'), {
    library: 'DECODER routines',
    reason: 'unsupported',
  });

const fromPem = (text: string, passphrase: unknown): KeyData => {
  const pem = readPem(text);
  if (pem === undefined) throw undecodable();
  switch (pem.label) {
    case 'PUBLIC KEY':
      return readSpki(pem.bytes);
    case 'RSA PUBLIC KEY':
      return readRsaPublic(pem.bytes);
    case 'CERTIFICATE':
      return readCertificate(pem.bytes);
    case 'PRIVATE KEY':
      return readPkcs8(pem.bytes);
    case 'ENCRYPTED PRIVATE KEY':
      return readPkcs8(openPkcs8(pem.bytes, passphrase));
    case 'RSA PRIVATE KEY':
      return readRsaPrivate(pem.bytes);
    case 'EC PRIVATE KEY':
      return readSec1(pem.bytes);
    default:
      throw undecodable();
  }
};

const fromDer = (bytes: Uint8Array, type: unknown, passphrase: unknown): KeyData => {
  if (type === 'spki') return readSpki(bytes);
  if (type === 'sec1') return readSec1(bytes);
  if (type === 'pkcs8')
    return readPkcs8(passphrase === undefined || passphrase === null ? bytes : openPkcs8(bytes, passphrase));
  try {
    return readRsaPrivate(bytes);
  } catch {
    return readRsaPublic(bytes); // which says what is wrong with it
  }
};

/** Numbers, curve and points of whatever is given for a key. @throws {Error} where it is none. */
export const readKey = (given: KeyInput): KeyData => {
  const known = dataOf(given);
  if (known !== undefined) return known;
  const options = (isOptions(given) ? given : { key: given }) as Named;
  const { key, format, type, passphrase } = options;
  const inside = dataOf(key);
  if (inside !== undefined) return inside;
  if (format === 'jwk') return readJwk(key as Named);
  if (format === 'der') return fromDer(lent.bytesFor(key, undefined, 'key.key'), type, passphrase);
  const kept = typeof key === 'object' && key !== null ? cryptoKeyData(key) : undefined;
  if (kept !== undefined) return kept;
  const text = typeof key === 'string' ? key : inner.decodeUtf8(lent.bytesFor(key, undefined, 'key'));
  return fromPem(text, passphrase);
};

const isOptions = (given: unknown): boolean =>
  typeof given === 'object' && given !== null && 'key' in given && inner.bytesOf(given) === undefined;

/** Of a key of `crypto.subtle`. */
export const cryptoKeyData = (key: object): KeyData | undefined => {
  let kept: { readonly format: string; readonly jwk?: object; readonly bytes?: Uint8Array };
  try {
    kept = lent.keptFor()(key as never);
  } catch {
    return undefined; // it is none
  }
  if (kept.format === 'jwk') return readJwk(kept.jwk as Named);
  if (kept.bytes === undefined || kept.format === 'raw') return undefined;
  return kept.format === 'spki' ? readSpki(kept.bytes) : readPkcs8(kept.bytes);
};
