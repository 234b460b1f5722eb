import type { HeaderList } from '../../../contracts/operations/http.ts';
import { err, ok, type Result } from './errors.ts';

type HeaderError = { readonly tag: 'invalid-syntax' | 'forbidden' | 'immutable' };

const TOKEN = /^[!#$%&'*+\-.^_`|~\dA-Za-z]{1,256}$/;
/** Bytes of one value: visible ASCII, spaces, tabs, and what is not ASCII. */
const isValue = (bytes: Uint8Array): boolean =>
  bytes.every((byte) => byte === 9 || (byte >= 32 && byte !== 127));
/** Written by the host side alone. */
const FORBIDDEN = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'host',
  'http2-settings',
]);

/** `wasi:http/types.fields`: headers, names in lower case, values as bytes. */
export class Fields {
  #entries: (readonly [name: string, value: Uint8Array])[] = [];
  #immutable = false;

  static fromList(entries: readonly (readonly [string, Uint8Array])[]): Result<Fields, HeaderError> {
    const fields = new Fields();
    for (const [name, value] of entries) {
      const added = fields.append(name, value);
      if (added.tag === 'err') return added;
    }
    return ok(fields);
  }

  /** Headers of a response; they cannot be changed. */
  static ofHost(headers: HeaderList): Fields {
    const fields = new Fields();
    fields.#entries = headers.map(([name, value]) => [name.toLowerCase(), new TextEncoder().encode(value)]);
    return fields.frozen();
  }

  /** The same headers, read only. */
  frozen(): Fields {
    const copy = this.clone();
    copy.#immutable = true;
    return copy;
  }

  /** As the host function wants them. */
  toHeaders(): [string, string][] {
    const decoder = new TextDecoder();
    return this.#entries.map(([name, value]) => [name, decoder.decode(value)]);
  }

  get(name: string): Uint8Array[] {
    return this.#entries.filter(([key]) => key === name.toLowerCase()).map(([, value]) => value);
  }

  has(name: string): boolean {
    return this.get(name).length > 0;
  }

  set(name: string, values: readonly Uint8Array[]): Result<undefined, HeaderError> {
    const problem = this.#problem(name, values);
    if (problem !== undefined) return err({ tag: problem });
    this.#remove(name);
    for (const value of values) this.#entries.push([name.toLowerCase(), value]);
    return ok(undefined);
  }

  delete(name: string): Result<undefined, HeaderError> {
    const problem = this.#problem(name, []);
    if (problem !== undefined) return err({ tag: problem });
    this.#remove(name);
    return ok(undefined);
  }

  append(name: string, value: Uint8Array): Result<undefined, HeaderError> {
    const problem = this.#problem(name, [value]);
    if (problem !== undefined) return err({ tag: problem });
    this.#entries.push([name.toLowerCase(), value]);
    return ok(undefined);
  }

  entries(): (readonly [string, Uint8Array])[] {
    return [...this.#entries];
  }

  clone(): Fields {
    const copy = new Fields();
    copy.#entries = [...this.#entries];
    return copy;
  }

  #remove(name: string): void {
    this.#entries = this.#entries.filter(([key]) => key !== name.toLowerCase());
  }

  #problem(name: string, values: readonly Uint8Array[]): HeaderError['tag'] | undefined {
    if (this.#immutable) return 'immutable';
    if (!TOKEN.test(name) || !values.every(isValue)) return 'invalid-syntax';
    return FORBIDDEN.has(name.toLowerCase()) ? 'forbidden' : undefined;
  }
}
