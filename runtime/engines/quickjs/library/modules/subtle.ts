import { inner, type Named } from '../inner.ts';

type Data = Uint8Array<ArrayBuffer>;
type Algorithm = Named & { readonly name: string };
/** How a key is imported again: bytes, or a JWK. */
interface Kept {
  readonly format: 'raw' | 'pkcs8' | 'spki' | 'jwk';
  readonly algorithm: Algorithm;
  readonly bytes?: Data;
  readonly jwk?: object;
}

let keptOf: (key: CryptoKey) => Kept;
let makeKey: (fields: Named, kept: Kept, extractable: boolean) => CryptoKey;

class CryptoKey {
  readonly type: unknown;
  readonly extractable: boolean;
  readonly algorithm: unknown;
  readonly usages: readonly string[];
  readonly #kept: Kept;
  static #open = false;
  static {
    keptOf = (key) => {
      if (!(#kept in key)) throw new TypeError('Cannot use the key: it is not a CryptoKey');
      return key.#kept;
    };
    makeKey = (fields, kept, extractable) => {
      CryptoKey.#open = true;
      return new CryptoKey(fields, kept, extractable);
    };
  }
  constructor(fields: Named, kept: Kept, extractable: boolean) {
    if (!CryptoKey.#open) throw new TypeError('Illegal constructor');
    CryptoKey.#open = false;
    this.type = fields.type;
    this.extractable = extractable;
    this.algorithm = fields.algorithm;
    this.usages = fields.usages as string[];
    this.#kept = kept;
  }
}
Object.defineProperty(CryptoKey, 'name', { value: 'CryptoKey', configurable: true });
Object.defineProperty(CryptoKey.prototype, Symbol.toStringTag, { value: 'CryptoKey', configurable: true });

/** How a key is imported again. @throws {TypeError} on what is no key */
export const keptFor = (key: CryptoKey): Kept => keptOf(key);
/** A key from one of `node:crypto`, whose text is known. */
export const cryptoKeyFrom = (
  type: string,
  kept: Kept,
  extractable: boolean,
  usages: readonly string[],
): CryptoKey => {
  const { hash } = kept.algorithm;
  const algorithm: Named = {
    ...kept.algorithm,
    ...(typeof hash === 'string' ? { hash: { name: hash } } : {}),
  };
  if (type === 'secret') algorithm.length = 8 * (kept.bytes?.length ?? 0);
  return makeKey({ type, algorithm, usages: [...usages] }, kept, extractable);
};

const NAMES = [
  'HMAC',
  'AES-GCM',
  'AES-CBC',
  'AES-CTR',
  'AES-KW',
  'PBKDF2',
  'HKDF',
  'ECDSA',
  'ECDH',
  'Ed25519',
  'X25519',
  'RSASSA-PKCS1-v1_5',
  'RSA-PSS',
  'RSA-OAEP',
];

const failure = (name: string, message: string): Error =>
  name === 'TypeError' ? new TypeError(message) : new DOMException(message, name);

const bytesFor = (value: unknown, name: string): Data => {
  const bytes = inner.bytesOf(value);
  if (bytes === undefined) throw new TypeError(`Cannot use ${name}: expected a buffer or a view`);
  return bytes;
};

/** One request: its byte fields are taken out and lie one after the other. */
class Call {
  readonly #parts: Data[] = [];
  add(bytes: Data): number {
    this.#parts.push(bytes);
    return this.#parts.length - 1;
  }
  algorithm(given: unknown): Algorithm {
    const from = typeof given === 'string' ? { name: given } : (given as Named);
    const made: Named = {};
    for (const name in from) {
      const value = from[name];
      const bytes = inner.bytesOf(value);
      if (bytes !== undefined) made[name] = { $part: this.add(bytes) };
      else if (name === 'public' && value instanceof CryptoKey) continue;
      else if (value !== undefined)
        made[name] =
          typeof value === 'object' && value !== null && 'name' in value ? (value as Named).name : value;
    }
    const name = NAMES.find((one) => one.toLowerCase() === String(from?.name).toLowerCase());
    if (name === undefined) throw new DOMException('Unrecognized algorithm name', 'NotSupportedError');
    return { ...made, name };
  }
  key(key: CryptoKey, usages: readonly string[] = key.usages): object {
    const kept = keptOf(key);
    return {
      format: kept.format,
      algorithm: this.algorithm(kept.algorithm),
      usages,
      ...(kept.bytes === undefined ? { jwk: kept.jwk } : { at: this.add(kept.bytes) }),
    };
  }
  async send(request: object): Promise<{ readonly value: unknown; readonly bytes: ArrayBuffer | undefined }> {
    const lengths = this.#parts.map((part) => part.length);
    const whole = inner.joinBytes(this.#parts);
    if (whole.length > inner.setup.hostCallBytes) {
      throw new DOMException(
        `Cannot use crypto.subtle: ${whole.length} bytes are over ${inner.setup.hostCallBytes} (hostCallBytes)`,
        'OperationError',
      );
    }
    const answer = await inner.calls.subtle(JSON.stringify({ ...request, lengths }), whole);
    const { value, error } = answer.value as {
      readonly value?: unknown;
      readonly error?: readonly [string, string];
    };
    if (error !== undefined) throw failure(error[0], error[1]);
    return { value, bytes: answer.bytes };
  }
}

const fieldsOf = (value: unknown): Named => {
  const fields = value as Named & { algorithm: Named };
  for (const [name, part] of Object.entries(fields.algorithm)) {
    const bytes = (part as { readonly $bytes?: number[] } | null)?.$bytes;
    if (bytes !== undefined) fields.algorithm[name] = new Uint8Array(bytes);
  }
  return fields;
};

const allow = (key: CryptoKey, usage: string): void => {
  keptOf(key);
  if (key.usages.includes(usage)) return;
  throw new DOMException(`Unable to use this key to ${usage}`, 'InvalidAccessError');
};

const importKey = async (
  format: unknown,
  data: unknown,
  algorithm: unknown,
  extractable: unknown,
  usages: Iterable<string>,
): Promise<CryptoKey> => {
  const call = new Call();
  const list = [...usages];
  const kept: Kept = {
    format: format as Kept['format'],
    algorithm:
      typeof algorithm === 'string' ? { name: algorithm } : ({ ...(algorithm as object) } as Algorithm),
    ...(format === 'jwk'
      ? { jwk: JSON.parse(JSON.stringify(data)) }
      : { bytes: bytesFor(data, 'keyData').slice() }),
  };
  const own = call.algorithm(algorithm);
  const { value } = await call.send({
    op: 'importKey',
    algorithm: own,
    key: {
      format,
      algorithm: own,
      usages: list,
      ...(kept.bytes === undefined ? { jwk: kept.jwk } : { at: call.add(kept.bytes) }),
    },
  });
  return makeKey(fieldsOf(value), kept, extractable === true);
};

const exportKey = async (format: unknown, key: CryptoKey): Promise<unknown> => {
  const kept = keptOf(key);
  if (!key.extractable) throw new DOMException('key is not extractable', 'InvalidAccessError');
  if (format === 'raw' && kept.format === 'raw' && kept.bytes !== undefined && key.type === 'secret')
    return kept.bytes.slice().buffer;
  const call = new Call();
  const { value, bytes } = await call.send({
    op: 'exportKey',
    format,
    key: call.key(key),
    algorithm: call.algorithm(kept.algorithm),
  });
  return format === 'jwk' ? { ...(value as object), ext: key.extractable, key_ops: [...key.usages] } : bytes;
};

const HASH_BLOCK: Readonly<Record<string, number>> = {
  'SHA-1': 64,
  'SHA-256': 64,
  'SHA-384': 128,
  'SHA-512': 128,
};

/** The usages of a pair: the private half has the first ones. */
const PRIVATE = ['sign', 'decrypt', 'deriveKey', 'deriveBits', 'unwrapKey'];
const generateKey = async (
  algorithm: unknown,
  extractable: unknown,
  usages: Iterable<string>,
): Promise<unknown> => {
  const call = new Call();
  const own = call.algorithm(algorithm);
  const list = [...usages];
  if (own.name === 'HMAC' || own.name.startsWith('AES-')) {
    const hash = typeof own.hash === 'string' ? own.hash : 'SHA-256';
    const bits = Number(own.length ?? (HASH_BLOCK[hash] ?? 64) * 8);
    if (!(bits > 0 && bits <= 65_536 * 8)) throw new DOMException('Invalid key length', 'OperationError');
    const bytes = globalThis.crypto.getRandomValues(new Uint8Array(Math.ceil(bits / 8)));
    return importKey('raw', bytes, algorithm, extractable, list);
  }
  const { value } = await call.send({ op: 'generateKey', algorithm: own, usages: list });
  const pair = value as Record<'privateKey' | 'publicKey', Named & { jwk: object }>;
  const half = (name: 'privateKey' | 'publicKey'): CryptoKey => {
    const { jwk, ...fields } = pair[name];
    const {
      publicExponent: _exponent,
      modulusLength: _length,
      ...importing
    } = typeof algorithm === 'string' ? { name: algorithm } : ({ ...(algorithm as Named) } as Named);
    const own = {
      ...fieldsOf(fields),
      usages: list.filter((usage) => PRIVATE.includes(usage) === (name === 'privateKey')),
    };
    return makeKey(
      own,
      { format: 'jwk', algorithm: importing as Algorithm, jwk },
      name === 'publicKey' || extractable === true,
    );
  };
  return { privateKey: half('privateKey'), publicKey: half('publicKey') };
};

const onData =
  (op: 'sign' | 'encrypt' | 'decrypt') =>
  async (algorithm: unknown, key: CryptoKey, data: unknown): Promise<ArrayBuffer> => {
    allow(key, op);
    const call = new Call();
    call.add(bytesFor(data, 'data'));
    const { bytes } = await call.send({ op, algorithm: call.algorithm(algorithm), key: call.key(key) });
    return bytes ?? new ArrayBuffer(0);
  };

const deriveBitsOf = async (algorithm: unknown, key: CryptoKey, bits: unknown): Promise<ArrayBuffer> => {
  const call = new Call();
  const other = (algorithm as { readonly public?: unknown }).public;
  const { bytes } = await call.send({
    op: 'deriveBits',
    algorithm: call.algorithm(algorithm),
    key: call.key(key, ['deriveBits']),
    ...(other instanceof CryptoKey ? { other: call.key(other, []) } : {}),
    ...(bits === undefined || bits === null ? {} : { bits }),
  });
  return bytes ?? new ArrayBuffer(0);
};

const lengthOf = (algorithm: unknown): number | null => {
  const { name, length, hash } = (typeof algorithm === 'string' ? { name: algorithm } : algorithm) as Named;
  if (/^AES-/i.test(String(name))) return Number(length);
  if (/^HMAC$/i.test(String(name))) {
    const digest = typeof hash === 'string' ? hash : String((hash as Named | undefined)?.name);
    return Number(length ?? (HASH_BLOCK[digest.toUpperCase()] ?? 64) * 8);
  }
  return null;
};

const own = {
  importKey,
  exportKey,
  generateKey,
  sign: onData('sign'),
  encrypt: onData('encrypt'),
  decrypt: onData('decrypt'),
  verify: async (algorithm: unknown, key: CryptoKey, signature: unknown, data: unknown): Promise<boolean> => {
    allow(key, 'verify');
    const call = new Call();
    call.add(bytesFor(data, 'data'));
    call.add(bytesFor(signature, 'signature'));
    const { value } = await call.send({
      op: 'verify',
      algorithm: call.algorithm(algorithm),
      key: call.key(key),
    });
    return value === true;
  },
  deriveBits: async (algorithm: unknown, key: CryptoKey, bits: unknown): Promise<ArrayBuffer> => {
    allow(key, 'deriveBits');
    return deriveBitsOf(algorithm, key, bits);
  },
  deriveKey: async (
    algorithm: unknown,
    key: CryptoKey,
    derived: unknown,
    extractable: unknown,
    usages: Iterable<string>,
  ): Promise<CryptoKey> => {
    allow(key, 'deriveKey');
    const bits = await deriveBitsOf(algorithm, key, lengthOf(derived));
    return importKey('raw', bits, derived, extractable, usages);
  },
  wrapKey: async (
    format: unknown,
    key: CryptoKey,
    wrapping: CryptoKey,
    algorithm: unknown,
  ): Promise<ArrayBuffer> => {
    allow(wrapping, 'wrapKey');
    const exported = await exportKey(format, key);
    const bytes =
      format === 'jwk' ? inner.encodeUtf8(JSON.stringify(exported)) : new Uint8Array(exported as ArrayBuffer);
    const call = new Call();
    call.add(bytes);
    const answer = await call.send({
      op: 'encrypt',
      algorithm: call.algorithm(algorithm),
      key: call.key(wrapping, ['encrypt']),
    });
    return answer.bytes ?? new ArrayBuffer(0);
  },
  unwrapKey: async (
    format: unknown,
    wrapped: unknown,
    unwrapping: CryptoKey,
    algorithm: unknown,
    keyAlgorithm: unknown,
    extractable: unknown,
    usages: Iterable<string>,
  ): Promise<CryptoKey> => {
    allow(unwrapping, 'unwrapKey');
    const call = new Call();
    call.add(bytesFor(wrapped, 'wrappedKey'));
    const { bytes } = await call.send({
      op: 'decrypt',
      algorithm: call.algorithm(algorithm),
      key: call.key(unwrapping, ['decrypt']),
    });
    const data = new Uint8Array(bytes ?? new ArrayBuffer(0));
    return importKey(
      format,
      format === 'jwk' ? JSON.parse(inner.decodeUtf8(data)) : data,
      keyAlgorithm,
      extractable,
      usages,
    );
  },
};

const { subtle } = globalThis.crypto;
for (const [name, value] of Object.entries(own)) {
  const shown = inner.exposed(value as (...args: unknown[]) => Promise<unknown>);
  Object.defineProperty(shown, 'name', { value: name, configurable: true });
  Object.defineProperty(subtle, name, {
    value: shown,
    writable: true,
    configurable: true,
    enumerable: false,
  });
}

export const webcrypto = { subtle, CryptoKey };
