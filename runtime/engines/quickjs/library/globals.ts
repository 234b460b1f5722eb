import { installEsNext } from './es-next.ts';
import { hide, inner } from './inner.ts';
import { builtin, own } from './registry.ts';

/** Globals of Node and the web that come from the library, each made when it is first used. */
const member = (module: string, name: string) => (): unknown =>
  (builtin(module) as Record<string, unknown>)[name];

const stream = (name: string): readonly [string, () => unknown] => [name, member('stream/web', name)];

/** The polyfill, with what it adds to dates. */
const temporal = (): Readonly<Record<string, unknown>> => {
  const part = inner.part('temporal');
  hide(Date.prototype, 'toTemporalInstant', part.toTemporalInstant);
  return part;
};

/** Not one of Node's modules, but made on demand as they are. */
const inside = (name: string) => (): unknown => own(name);

const LAZY: Readonly<Record<string, () => unknown>> = {
  Buffer: member('buffer', 'Buffer'),
  process: () => builtin('process'),
  Intl: inside('Intl'),
  CryptoKey: inside('CryptoKey'),
  Temporal: () => temporal().Temporal,
  URLPattern: () => inner.part('url-pattern').URLPattern,
  navigator: inside('navigator'),
  BroadcastChannel: inside('BroadcastChannel'),
  MessageChannel: inside('MessageChannel'),
  MessagePort: inside('MessagePort'),
  ...Object.fromEntries(
    [
      'ReadableStream',
      'ReadableStreamDefaultReader',
      'ReadableStreamBYOBReader',
      'ReadableStreamDefaultController',
      'ReadableByteStreamController',
      'WritableStream',
      'WritableStreamDefaultWriter',
      'TransformStream',
      'ByteLengthQueuingStrategy',
      'CountQueuingStrategy',
      'TextEncoderStream',
      'TextDecoderStream',
      'CompressionStream',
      'DecompressionStream',
    ].map(stream),
  ),
};

export const installGlobals = (): void => {
  installEsNext();
  hide(globalThis, 'global', globalThis);
  installConsoleClass();
  installLocales();
  installSubtle();
  inner.setMakeStream((source) => {
    const { ReadableStream } = builtin('stream/web') as {
      readonly ReadableStream: new (source: unknown, strategy: object) => never;
    };
    return new ReadableStream(source, { highWaterMark: 0 });
  });
  for (const [name, make] of Object.entries(LAZY)) {
    Object.defineProperty(globalThis, name, {
      configurable: true,
      enumerable: false,
      get: () => {
        const value = make();
        hide(globalThis, name, value);
        return value;
      },
      set: (value: unknown) => hide(globalThis, name, value),
    });
  }
  installTimers();
  installPerformance();
};

/** What `performance` has of marks and measures: stand-ins until one is called, which puts them all in place. */
const installPerformance = (): void => {
  const { performance } = globalThis;
  const names =
    'mark measure getEntries getEntriesByName getEntriesByType clearMarks clearMeasures timerify eventLoopUtilization';
  for (const name of names.split(' ')) {
    const stand = (...args: unknown[]): unknown => {
      builtin('perf_hooks');
      return Reflect.apply(
        (performance as unknown as Record<string, () => unknown>)[name] as () => unknown,
        performance,
        args,
      );
    };
    Object.defineProperty(performance, name, {
      value: stand,
      writable: true,
      configurable: true,
      enumerable: true,
    });
  }
};

/** `new console.Console(stream)`: made when it is asked for. What only a debugger would show does nothing. */
const installConsoleClass = (): void => {
  for (const name of ['profile', 'profileEnd', 'timeStamp'])
    hide(globalThis.console, name, { [name]: (): void => undefined }[name]);
  Object.defineProperty(globalThis.console, 'Console', {
    configurable: true,
    get: () => {
      const Console = own('Console');
      hide(globalThis.console, 'Console', Console);
      return Console;
    },
  });
};

/** The methods that know a locale: stand-ins until one is called, which puts them all in place. */
const installLocales = (): void => {
  const places: readonly (readonly [object, readonly string[]])[] = [
    [Date.prototype, ['toLocaleString', 'toLocaleDateString', 'toLocaleTimeString']],
    [Number.prototype, ['toLocaleString']],
    [BigInt.prototype, ['toLocaleString']],
    [String.prototype, ['localeCompare', 'toLocaleUpperCase', 'toLocaleLowerCase']],
    [Array.prototype, ['toLocaleString']],
    [Object.getPrototypeOf(Uint8Array.prototype) as object, ['toLocaleString']],
  ];
  for (const [prototype, names] of places) {
    for (const name of names) {
      const stand = {
        [name](this: unknown, ...args: unknown[]): unknown {
          (own('installLocaleMethods') as () => void)();
          return Reflect.apply(
            (prototype as Record<string, () => unknown>)[name] as () => unknown,
            this,
            args,
          );
        },
      }[name];
      hide(prototype, name, stand);
    }
  }
};

const SUBTLE =
  'importKey exportKey generateKey sign verify encrypt decrypt deriveBits deriveKey wrapKey unwrapKey';
/** The same for `crypto.subtle`, which has only `digest` without the library. */
const installSubtle = (): void => {
  const { subtle } = globalThis.crypto;
  for (const name of SUBTLE.split(' ')) {
    hide(subtle, name, async (...args: unknown[]) => {
      own('CryptoKey');
      return Reflect.apply(
        (subtle as unknown as Record<string, () => unknown>)[name] as () => unknown,
        subtle,
        args,
      );
    });
  }
};

/** The functions that set timers answer an object, as Node's do; it counts as a number where one is wanted. */
const installTimers = (): void => {
  const { timers } = inner;
  class Timeout {
    readonly #id: number;
    readonly #callback: unknown;
    constructor(id: number, callback: unknown) {
      this.#id = id;
      this.#callback = callback;
    }
    ref(): this {
      timers.setIdle(this.#id, false);
      return this;
    }
    unref(): this {
      timers.setIdle(this.#id, true);
      return this;
    }
    hasRef(): boolean {
      return timers.isSet(this.#id) && !timers.isIdle(this.#id);
    }
    refresh(): this {
      timers.refresh(this.#id);
      return this;
    }
    close(): this {
      plain.clearTimeout?.(this.#id);
      return this;
    }
    [Symbol.toPrimitive](): number {
      return this.#id;
    }
    [Symbol.dispose](): void {
      this.close();
    }
    get _onTimeout(): unknown {
      return this.#callback;
    }
  }
  Object.defineProperty(Timeout.prototype, '_onTimeout', { enumerable: false });
  class Immediate extends Timeout {}
  const world = globalThis as unknown as Record<string, (...args: unknown[]) => unknown>; // functions of these names are there
  const names = [
    'setTimeout',
    'setInterval',
    'setImmediate',
    'clearTimeout',
    'clearInterval',
    'clearImmediate',
  ];
  const plain: Record<string, (...args: unknown[]) => unknown> = {};
  for (const name of names) plain[name] = world[name] as (...args: unknown[]) => unknown; // the prelude set it
  for (const name of names.slice(0, 3)) {
    const set = plain[name] as (...args: unknown[]) => unknown; // one of them
    hide(
      globalThis,
      name,
      {
        [name](...args: unknown[]): unknown {
          const [callback, ...rest] = args;
          const Type = name === 'setImmediate' ? Immediate : Timeout;
          return new Type(set(inner.hooks.bind?.(callback) ?? callback, ...rest) as number, callback);
        },
      }[name],
    );
  }
  for (const name of ['setTimeout', 'setImmediate']) {
    hide(world[name] as object, Symbol.for('nodejs.util.promisify.custom'), (...args: unknown[]) =>
      (builtin('timers/promises') as Record<string, (...args: unknown[]) => unknown>)[name]?.(...args),
    );
  }
  for (const name of names.slice(3)) {
    const clear = plain[name] as (...args: unknown[]) => unknown; // one of them
    hide(
      globalThis,
      name,
      {
        [name](timer: unknown): void {
          clear(timer instanceof Timeout ? +(timer as unknown as number) : timer);
        },
      }[name],
    );
  }
};
