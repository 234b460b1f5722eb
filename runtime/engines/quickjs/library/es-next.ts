import { hide, inner } from './inner.ts';
import { installJsonSource } from './json-source.ts';

type Data = Uint8Array<ArrayBuffer>;

const mapped = async (
  source: unknown,
  map: ((item: unknown, at: number) => unknown) | undefined,
  self: unknown,
  into: unknown,
): Promise<unknown> => {
  const list = (typeof into === 'function' ? Reflect.construct(into, []) : []) as unknown[];
  const items = source as AsyncIterable<unknown> & Iterable<unknown> & ArrayLike<unknown>;
  let at = 0;
  const add = async (item: unknown): Promise<void> => {
    list[at] = map === undefined ? item : await Reflect.apply(map, self, [item, at]);
    at += 1;
  };
  if (items[Symbol.asyncIterator] !== undefined || items[Symbol.iterator] !== undefined) {
    for await (const item of items) await add(item);
  } else for (let index = 0; index < Number(items.length ?? 0); index++) await add(await items[index]);
  list.length = at;
  return list;
};

interface Base64Options {
  readonly alphabet?: 'base64' | 'base64url';
  readonly omitPadding?: boolean;
  readonly lastChunkHandling?: 'loose' | 'strict' | 'stop-before-partial';
}

const fromBase64 = (
  text: unknown,
  { alphabet = 'base64', lastChunkHandling = 'loose' }: Base64Options = {},
): Data => {
  if (typeof text !== 'string') throw new TypeError('Cannot read base64: expected text');
  let clean = text.replace(/[\t\n\f\r ]/g, '');
  if (/[-_]/.test(clean) !== false && alphabet !== 'base64url')
    throw new SyntaxError('Cannot read base64: a character is none of its alphabet');
  if (/[+/]/.test(clean) && alphabet === 'base64url')
    throw new SyntaxError('Cannot read base64: a character is none of its alphabet');
  clean = clean.replaceAll('-', '+').replaceAll('_', '/');
  const partial = clean.replace(/=+$/, '').length % 4;
  if (lastChunkHandling === 'strict' && clean.length % 4 !== 0)
    throw new SyntaxError('Cannot read base64: the padding is missing');
  if (lastChunkHandling === 'stop-before-partial' && clean.length % 4 !== 0)
    clean = clean.slice(0, clean.length - partial);
  const binary = inner.decodeBinary(clean);
  if (binary === undefined || (clean.endsWith('=') && clean.length % 4 !== 0))
    throw new SyntaxError('Cannot read base64: the text is not well formed');
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
};

const fromHex = (text: unknown): Data => {
  if (typeof text !== 'string') throw new TypeError('Cannot read hex: expected text');
  if (text.length % 2 !== 0 || /[^0-9a-f]/i.test(text))
    throw new SyntaxError('Cannot read hex: the text is not well formed');
  const bytes = new Uint8Array(text.length / 2);
  for (let at = 0; at < bytes.length; at++) bytes[at] = Number.parseInt(text.slice(2 * at, 2 * at + 2), 16);
  return bytes;
};

const copyFrom = (
  target: Uint8Array,
  bytes: Data,
  unit: number,
  read: (count: number) => number,
): { read: number; written: number } => {
  const written = Math.min(
    bytes.length,
    target.length - (target.length % unit === 0 || bytes.length <= target.length ? 0 : target.length % unit),
  );
  target.set(bytes.subarray(0, written));
  return { read: read(written), written };
};

class SuppressedError extends Error {
  readonly error: unknown;
  readonly suppressed: unknown;
  constructor(error: unknown, suppressed: unknown, message = '') {
    super(message);
    this.error = error;
    this.suppressed = suppressed;
    hide(this, 'error', error);
    hide(this, 'suppressed', suppressed);
  }
}
hide(SuppressedError.prototype, 'name', 'SuppressedError');
Object.defineProperty(SuppressedError, 'name', { value: 'SuppressedError' }); // the bundle gives it another

const disposers = () => {
  let stack: (() => unknown)[] = [];
  let disposed = false;
  const open = (): void => {
    if (disposed) throw new ReferenceError('Cannot use the stack: it is disposed');
  };
  return {
    get disposed() {
      return disposed;
    },
    push: (run: () => unknown): void => {
      open();
      stack.push(run);
    },
    take: (): (() => unknown)[] => {
      open();
      const taken = stack;
      stack = [];
      disposed = true;
      return taken;
    },
    fill: (given: (() => unknown)[]): void => {
      stack = given;
    },
    end: (): (() => unknown)[] => {
      if (disposed) return [];
      disposed = true;
      return stack.reverse();
    },
  };
};

type Disposers = ReturnType<typeof disposers>;
const methodOf = (value: unknown, name: symbol): (() => unknown) => {
  const method = (value as Record<symbol, unknown>)[name];
  if (typeof method !== 'function')
    throw new TypeError('Cannot dispose of the value: it has no method for that');
  return () => Reflect.apply(method, value, []);
};

const makeStacks = () => {
  class DisposableStack {
    readonly #own: Disposers = disposers();
    get disposed(): boolean {
      return this.#own.disposed;
    }
    use<T>(value: T): T {
      if (value !== null && value !== undefined) this.#own.push(methodOf(value, Symbol.dispose));
      return value;
    }
    adopt<T>(value: T, run: (value: T) => unknown): T {
      this.#own.push(() => run(value));
      return value;
    }
    defer(run: () => unknown): void {
      this.#own.push(run);
    }
    move(): DisposableStack {
      const moved = new DisposableStack();
      moved.#own.fill(this.#own.take());
      return moved;
    }
    dispose(): void {
      const errors: unknown[] = [];
      for (const run of this.#own.end()) {
        try {
          run();
        } catch (error) {
          errors.push(error);
        }
      }
      raise(errors);
    }
    [Symbol.dispose](): void {
      this.dispose();
    }
  }
  class AsyncDisposableStack {
    readonly #own: Disposers = disposers();
    get disposed(): boolean {
      return this.#own.disposed;
    }
    use<T>(value: T): T {
      if (value !== null && value !== undefined) {
        const name =
          (value as Record<symbol, unknown>)[Symbol.asyncDispose] === undefined
            ? Symbol.dispose
            : Symbol.asyncDispose;
        this.#own.push(methodOf(value, name));
      }
      return value;
    }
    adopt<T>(value: T, run: (value: T) => unknown): T {
      this.#own.push(() => run(value));
      return value;
    }
    defer(run: () => unknown): void {
      this.#own.push(run);
    }
    move(): AsyncDisposableStack {
      const moved = new AsyncDisposableStack();
      moved.#own.fill(this.#own.take());
      return moved;
    }
    async disposeAsync(): Promise<void> {
      const errors: unknown[] = [];
      for (const run of this.#own.end()) {
        try {
          await run();
        } catch (error) {
          errors.push(error);
        }
      }
      raise(errors);
    }
    async [Symbol.asyncDispose](): Promise<void> {
      await this.disposeAsync();
    }
  }
  return { DisposableStack, AsyncDisposableStack };
};
const raise = (errors: readonly unknown[]): void => {
  if (errors.length === 0) return;
  throw errors.slice(1).reduce((before, error) => new SuppressedError(error, before), errors[0]);
};

type Numbers = Int32Array | BigInt64Array;
const atomics = (): object => {
  const checked = (array: unknown, at: unknown): number => {
    if (
      !ArrayBuffer.isView(array) ||
      array instanceof DataView ||
      /^Float/.test((array as Uint8Array)[Symbol.toStringTag])
    )
      throw new TypeError('[object Array] is not an integer typed array.');
    const index = Math.trunc(Number(at)) || 0;
    if (index < 0 || index >= (array as Int32Array).length)
      throw new RangeError('Invalid atomic access index');
    return index;
  };
  const swap =
    (make: (old: never, value: never) => unknown) =>
    (array: Numbers, at: number, value: never): unknown => {
      const index = checked(array, at);
      const old = array[index];
      (array as unknown as unknown[])[index] = make(old as never, value);
      return old;
    };
  const members = {
    add: swap((old: number, value: number) => old + value),
    sub: swap((old: number, value: number) => old - value),
    and: swap((old: number, value: number) => old & value),
    or: swap((old: number, value: number) => old | value),
    xor: swap((old: number, value: number) => old ^ value),
    exchange: swap((_old, value) => value),
    store: (array: Numbers, at: number, value: never): unknown => {
      (array as unknown as unknown[])[checked(array, at)] = value;
      return value;
    },
    load: (array: Numbers, at: number): unknown => array[checked(array, at)],
    compareExchange: (array: Numbers, at: number, expected: unknown, value: unknown): unknown => {
      const index = checked(array, at);
      const old = array[index];
      if (old === expected) (array as unknown as unknown[])[index] = value;
      return old;
    },
    isLockFree: (size: number): boolean => [1, 2, 4, 8].includes(size),
    notify: (): number => 0,
    wait: (): never => {
      throw new TypeError('Atomics.wait cannot be called in this context');
    },
    pause: (): void => undefined,
    [Symbol.toStringTag]: 'Atomics',
  };
  const made = {};
  fill(made, members);
  return made;
};

const rawJson = new WeakSet<object>();
const rawJSON = (text: unknown): object => {
  const json = String(text);
  const value: unknown = JSON.parse(json);
  if (typeof value === 'object' && value !== null) throw new SyntaxError('Invalid value for JSON.rawJSON');
  const made = Object.freeze(Object.assign(Object.create(null), { rawJSON: json }));
  rawJson.add(made);
  return made;
};

const fill = (target: object, members: Readonly<Record<PropertyKey, unknown>>): void => {
  for (const name of Reflect.ownKeys(members)) {
    if (!Object.hasOwn(target, name)) hide(target, name, members[name as string]);
  }
};

/** What the language has by now and QuickJS has not yet. */
export const installEsNext = (): void => {
  for (const name of ['dispose', 'asyncDispose']) {
    if (!Object.hasOwn(Symbol, name)) {
      Object.defineProperty(Symbol, name, {
        value: Symbol(`Symbol.${name}`),
        writable: false,
        configurable: false,
      });
    }
  }
  hide(inner.FileHandle.prototype, Symbol.asyncDispose, async function (this: { close(): Promise<void> }) {
    await this.close();
  });
  const { DisposableStack, AsyncDisposableStack } = makeStacks();
  nameTheLost();
  fill(globalThis, { SuppressedError, DisposableStack, AsyncDisposableStack, Atomics: atomics() });
  fill(Array, {
    fromAsync(this: unknown, source: unknown, map?: (item: unknown, at: number) => unknown, self?: unknown) {
      return mapped(source, map, self, this);
    },
  });
  installJsonSource();
  fill(JSON, {
    rawJSON,
    isRawJSON: (value: unknown) => typeof value === 'object' && value !== null && rawJson.has(value),
  });
  fill(Uint8Array, { fromBase64, fromHex });
  fill(Uint8Array.prototype, {
    toBase64(this: Data, { alphabet = 'base64', omitPadding = false }: Base64Options = {}): string {
      const text = inner.toBase64(new Uint8Array(this.buffer, this.byteOffset, this.byteLength));
      const safe = alphabet === 'base64url' ? text.replaceAll('+', '-').replaceAll('/', '_') : text;
      return omitPadding ? safe.replace(/=+$/, '') : safe;
    },
    toHex(this: Data): string {
      let text = '';
      for (const byte of this) text += (byte < 16 ? '0' : '') + byte.toString(16);
      return text;
    },
    setFromHex(this: Data, text: unknown) {
      return copyFrom(this, fromHex(text), 1, (count) => 2 * count);
    },
    setFromBase64(this: Data, text: unknown, options?: Base64Options) {
      return copyFrom(this, fromBase64(text, options), 3, (count) => Math.ceil((count * 4) / 3));
    },
  });
  for (const type of [Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())) as object]) {
    fill(type, {
      [Symbol.dispose](this: Iterator<unknown>): void {
        this.return?.();
      },
    });
  }
};

/** QuickJS leaves the message of what `Promise.any` rejects with empty. */
const nameTheLost = (): void => {
  const plain = Promise.any;
  hide(Promise, 'any', function any(this: PromiseConstructor, promises: Iterable<unknown>): Promise<unknown> {
    return Reflect.apply(plain, this, [promises]).catch((error: unknown) => {
      if (error instanceof AggregateError && error.message === '')
        hide(error, 'message', 'All promises were rejected');
      throw error;
    });
  });
};
