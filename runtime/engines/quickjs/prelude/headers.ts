import { inspect } from './inspect.ts';
import { define, deleteProperty, objectKeys, publish, toText } from './primordials.ts';

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const BAD_VALUE = /[\0\r\n]|[^\0-\xff]/;

/** Standard `Headers`; names in lower case, values of one name joined by a comma. */
export class Headers {
  #list: [string, string][] = [];
  /** Names as they were first written, which is how they are shown. */
  readonly #written = new Map<string, string>();
  static shown: (headers: Headers) => string;
  static {
    Headers.shown = (headers) => {
      const own: Record<string, string> = {};
      for (const [name, value] of headers.#list) {
        const written = headers.#written.get(name) ?? name;
        own[written] = own[written] === undefined ? value : `${own[written]}, ${value}`;
      }
      return `Headers ${inspect(own)}`;
    };
  }
  constructor(init?: unknown) {
    if (init === undefined || init === null) return;
    if (typeof init !== 'object')
      throw new TypeError('Cannot make Headers: expected an object or a list of pairs');
    if (typeof (init as Iterable<unknown>)[Symbol.iterator] === 'function') {
      for (const pair of init as Iterable<Iterable<unknown>>) {
        const entry = [...pair];
        if (entry.length !== 2) throw new TypeError('Cannot make Headers: a pair has not two items');
        this.append(entry[0], entry[1]);
      }
    } else for (const name of objectKeys(init)) this.append(name, (init as Record<string, unknown>)[name]);
  }
  static #name(name: unknown): string {
    const text = toText(name);
    if (!TOKEN.test(text))
      throw new TypeError(`Headers.append: ${JSON.stringify(text)} is an invalid header name.`);
    return text.toLowerCase();
  }
  static #value(value: unknown): string {
    const text = toText(value).replace(/^[\t ]+|[\t ]+$/g, '');
    if (BAD_VALUE.test(text))
      throw new TypeError(`Headers.append: ${JSON.stringify(text)} is an invalid header value.`);
    return text;
  }
  append(name: unknown, value: unknown): void {
    const key = Headers.#name(name);
    this.#list.push([key, Headers.#value(value)]);
    if (!this.#written.has(key)) this.#written.set(key, toText(name));
  }
  set(name: unknown, value: unknown): void {
    this.delete(name);
    this.append(name, value);
  }
  delete(name: unknown): void {
    const key = Headers.#name(name);
    this.#list = this.#list.filter((pair) => pair[0] !== key);
  }
  get(name: unknown): string | null {
    const key = Headers.#name(name);
    const found = this.#list.filter((pair) => pair[0] === key).map((pair) => pair[1]);
    return found.length === 0 ? null : found.join(', ');
  }
  has(name: unknown): boolean {
    const key = Headers.#name(name);
    return this.#list.some((pair) => pair[0] === key);
  }
  getSetCookie(): string[] {
    return this.#list.filter((pair) => pair[0] === 'set-cookie').map((pair) => pair[1]);
  }
  forEach(each: (value: string, name: string, headers: Headers) => void, self?: unknown): void {
    for (const [name, value] of this.entries()) each.call(self, value, name, this);
  }
  *entries(): Generator<[string, string]> {
    const names = [...new Set(this.#list.map((pair) => pair[0]))].sort();
    for (const name of names) {
      if (name === 'set-cookie') for (const cookie of this.getSetCookie()) yield [name, cookie];
      else yield [name, this.get(name) as string]; // it is in the list
    }
  }
  *keys(): Generator<string> {
    for (const [name] of this.entries()) yield name;
  }
  *values(): Generator<string> {
    for (const [, value] of this.entries()) yield value;
  }
  [Symbol.iterator](): Generator<[string, string]> {
    return this.entries();
  }
}

export const installHeaders = (): void => {
  define(Headers.prototype, Symbol.toStringTag, 'Headers');
  const { shown } = Headers;
  deleteProperty(Headers, 'shown');
  define(Headers.prototype, Symbol.for('nodejs.util.inspect.custom'), function (this: Headers): string {
    return shown(this);
  });
  publish('Headers', Headers);
};
