import { nodeError, wrongArgument } from '../../inner.ts';
import { Buffer, bufferOf } from '../buffer.ts';

// esbuild turns this into a call that evaluates the module when it is made.
declare const require: (path: '../subtle.ts') => typeof import('../subtle.ts');

let secret: (key: unknown) => Uint8Array<ArrayBuffer> | undefined;

/** A key as Node hands it around. What it holds is nobody's to see but by `export`. */
export class KeyObject {
  readonly #type: string;
  constructor(type: string) {
    if (!/^(?:secret|public|private)$/.test(type))
      throw nodeError(
        TypeError,
        'ERR_INVALID_ARG_VALUE',
        `The argument 'type' is invalid. Received '${type}'`,
      );
    this.#type = type;
  }
  get type(): string {
    return this.#type;
  }
  /** Of a key of `crypto.subtle`. */
  static from(key: unknown): KeyObject {
    return fromCryptoKey(key);
  }
}

let fromCryptoKey: (key: unknown) => KeyObject;
/** What makes it is given by who knows all kinds of keys. */
export const setFromCryptoKey = (make: (key: unknown) => KeyObject): void => {
  fromCryptoKey = make;
};

export class SecretKeyObject extends KeyObject {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  static {
    secret = (key) => (typeof key === 'object' && key !== null && #bytes in key ? key.#bytes : undefined);
  }
  constructor(bytes: Uint8Array) {
    super('secret');
    this.#bytes = bytes.slice() as Uint8Array<ArrayBuffer>;
  }
  get symmetricKeySize(): number {
    return this.#bytes.length;
  }
  export(options: { readonly format?: string } = {}): unknown {
    const bytes = bufferOf(this.#bytes.slice());
    if (options.format !== 'jwk') return bytes;
    return {
      kty: 'oct',
      k: (Buffer.from(bytes) as { toString(form: string): string }).toString('base64url'),
    };
  }
  equals(other: unknown): boolean {
    if (!(other instanceof KeyObject))
      throw wrongArgument('otherKeyObject', 'an instance of KeyObject', other);
    const bytes = secret(other);
    return bytes?.length === this.#bytes.length && bytes.every((byte, at) => byte === this.#bytes[at]);
  }
  toCryptoKey(algorithm: unknown, extractable: boolean, usages: string[]): unknown {
    const own = (typeof algorithm === 'string' ? { name: algorithm } : algorithm) as {
      readonly name: string;
    };
    const kept = { format: 'raw' as const, algorithm: { ...own }, bytes: this.#bytes.slice() };
    return require('../subtle.ts').cryptoKeyFrom('secret', kept, extractable, usages);
  }
}
Object.defineProperty(KeyObject.prototype, Symbol.toStringTag, {
  value: 'KeyObject',
  configurable: true,
});

/** The bytes of a secret key, `undefined` for whatever is none. */
export const secretOf = (key: unknown): Uint8Array<ArrayBuffer> | undefined => secret(key);
