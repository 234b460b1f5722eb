import { inspect } from './inspect.ts';
import { define, includes, objectKeys, publish, toText, toWellFormed } from './primordials.ts';

/** Calls back after each change that the program makes. */
export let onChange: (params: URLSearchParams, changed: () => void) => void;
/** Another query, of which nobody is told. */
export let refill: (params: URLSearchParams, query: string) => void;

export class URLSearchParams {
  #pairs: [string, string][] = [];
  #changed: (() => void) | undefined;
  static {
    onChange = (params, changed) => {
      params.#changed = changed;
    };
    refill = (params, query) => {
      params.#pairs = readQuery(query);
    };
  }
  constructor(init: unknown = '') {
    if (typeof init === 'object' && init !== null) {
      const iterate = (init as Iterable<unknown>)[Symbol.iterator];
      if (typeof iterate === 'function') {
        for (const pair of init as Iterable<Iterable<unknown>>) {
          const entry = [...pair];
          if (entry.length !== 2)
            throw new TypeError('Cannot make URLSearchParams: a pair has not two items');
          this.append(entry[0], entry[1]);
        }
      } else for (const key of objectKeys(init)) this.append(key, (init as Record<string, unknown>)[key]);
      return;
    }
    const text = toText(init);
    this.#pairs = readQuery(text[0] === '?' ? text.slice(1) : text);
  }
  get size(): number {
    return this.#pairs.length;
  }
  append(name: unknown, value: unknown): void {
    this.#pairs.push([toWellFormed(toText(name)), toWellFormed(toText(value))]);
    this.#changed?.();
  }
  delete(name: unknown, value?: unknown): void {
    this.#pairs = this.#pairs.filter(
      (pair) => pair[0] !== toText(name) || (value !== undefined && pair[1] !== toText(value)),
    );
    this.#changed?.();
  }
  get(name: unknown): string | null {
    return this.#pairs.find((pair) => pair[0] === toText(name))?.[1] ?? null;
  }
  getAll(name: unknown): string[] {
    return this.#pairs.filter((pair) => pair[0] === toText(name)).map((pair) => pair[1]);
  }
  has(name: unknown, value?: unknown): boolean {
    return this.#pairs.some(
      (pair) => pair[0] === toText(name) && (value === undefined || pair[1] === toText(value)),
    );
  }
  set(name: unknown, value: unknown): void {
    const index = this.#pairs.findIndex((pair) => pair[0] === toText(name));
    if (index < 0) {
      this.append(name, value);
      return;
    }
    this.#pairs = this.#pairs.filter((pair, at) => at <= index || pair[0] !== toText(name));
    this.#pairs[index] = [toText(name), toWellFormed(toText(value))];
    this.#changed?.();
  }
  sort(): void {
    this.#pairs.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
    this.#changed?.();
  }
  forEach(each: (value: string, name: string, params: URLSearchParams) => void, self?: unknown): void {
    for (const [name, value] of this.#pairs) each.call(self, value, name, this);
  }
  *entries(): Generator<[string, string]> {
    for (let at = 0; at < this.#pairs.length; at++) {
      const pair = this.#pairs[at] as [string, string]; // within its length
      yield [pair[0], pair[1]];
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
  toString(): string {
    return this.#pairs.map(([name, value]) => `${formEncode(name)}=${formEncode(value)}`).join('&');
  }
}

export const installSearchParams = (): void => {
  define(URLSearchParams.prototype, Symbol.toStringTag, 'URLSearchParams');
  define(
    URLSearchParams.prototype,
    Symbol.for('nodejs.util.inspect.custom'),
    function (this: URLSearchParams): string {
      const pairs = [...this].map(([name, value]) => `${inspect(name)} => ${inspect(value)}`);
      return pairs.length === 0 ? 'URLSearchParams {}' : `URLSearchParams { ${pairs.join(', ')} }`;
    },
  );
  publish('URLSearchParams', URLSearchParams);
};

const encode = encodeURIComponent;
const decode = decodeURIComponent;

const formEncode = (text: string): string =>
  encode(text).replace(/%20|[!'()~]/g, (unit) =>
    unit === '%20' ? '+' : `%${unit.charCodeAt(0).toString(16).toUpperCase()}`,
  );

const readQuery = (query: string): [string, string][] => {
  const pairs: [string, string][] = [];
  for (const part of query.split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const name = equals < 0 ? part : part.slice(0, equals);
    const value = equals < 0 ? '' : part.slice(equals + 1);
    pairs.push([formDecode(name), formDecode(value)]);
  }
  return pairs;
};

const formDecode = (text: string): string => {
  const spaced = text.replaceAll('+', ' ');
  if (!includes(spaced, '%')) return spaced;
  try {
    return decode(spaced);
  } catch {
    // Not all of it is percent-encoded UTF-8: take what is, one run of escapes at a time.
    return spaced.replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
      try {
        return decode(run);
      } catch {
        return '\ufffd';
      }
    });
  }
};
