import type { RealmPort } from './contract.ts';

/** What the glue has scheduled, and the functions for it. */
export interface RealmTimers {
  setTimer(callback: (...args: unknown[]) => void, ms?: unknown, ...args: unknown[]): number;
  clearTimer(id: unknown): void;
  /** Runs one that is due. */
  fire(id: number): void;
  /** How many there are. */
  count(): number;
  /** Forgets all of them. */
  clear(): void;
  /** The run has ended: objects that are collected from now on are not freed in Python. */
  end(): void;
  /** A number that no timer and no call has. */
  nextId(): number;
}

/**
 * Runs inside the guest's realm; see `bootRealm`. Defines what Pyodide's glue expects of its surroundings and finds in no bare realm:
 * timers, text coders, clocks, random.
 * @param fileBytes A file of the engine's own.
 * @param failRun Ends the run for a failure of the interpreter itself.
 */
export function installSurroundings(
  realm: Record<string, unknown>,
  port: RealmPort,
  fileBytes: (name: string) => Uint8Array,
  failRun: (error: unknown) => void,
): RealmTimers {
  const { apply } = Reflect;
  const Bytes = Uint8Array;
  const Buffer = ArrayBuffer;
  const Failure = Error;
  const Text = String;
  const Whole = Number;
  const TypeFailure = TypeError;
  const PromiseOf = Promise;
  const promiseThen = PromiseOf.prototype.then;
  const setBytes = Bytes.prototype.set;
  const splitText = Text.prototype.split;
  const stringFrom = Text.fromCharCode;
  const mapGet = Map.prototype.get;
  const mapSet = Map.prototype.set;
  const mapDelete = Map.prototype.delete;
  const mapClear = Map.prototype.clear;
  const sizeOf = Object.getOwnPropertyDescriptor(Map.prototype, 'size')?.get as () => number; // every Map has it

  const MOST_NAME_BYTES = 1024 * 1024;
  /** The system calls answer an error of this name to the program, by its number. */
  const nameTooLong = (): Error =>
    Object.assign(new Failure('name too long'), { name: 'ErrnoError', errno: 37 });

  let identifiers = 0;
  const timers = new Map<number, () => void>();
  const later = (callback: (...args: unknown[]) => void, ms: number, args: unknown[]): number => {
    const id = ++identifiers;
    apply(mapSet, timers, [id, () => watched(() => callback(...args))]);
    port.timer(id, ms);
    return id;
  };
  /** The interpreter runs its tasks in timers: what fails there is its own failure, and nobody else would hear of it. */
  const watched = (work: () => unknown): void => {
    try {
      const result = work();
      if (typeof result === 'object' && result !== null) apply(promiseThen, result, [undefined, failRun]);
    } catch (error) {
      // `then` refuses what is not a promise; that is not a failure.
      if (!(error instanceof TypeFailure)) failRun(error);
    }
  };
  const setTimer = (callback: (...args: unknown[]) => void, ms?: unknown, ...args: unknown[]): number =>
    later(callback, Math.max(0, Whole(ms)), args);
  const setSoon = (callback: (...args: unknown[]) => void, ...args: unknown[]): number =>
    later(callback, -1, args);
  const clearTimer = (id: unknown): void => {
    apply(mapDelete, timers, [id]);
  };
  const nothing = (): void => undefined;
  const define = (name: string, value: unknown): void => {
    realm[name] = value;
  };
  define('WorkerGlobalScope', { __proto__: null });
  define('performance', { now: () => port.monotonic(), timeOrigin: 0, mark: nothing, measure: nothing });
  define('crypto', {
    getRandomValues: (view: Uint8Array): Uint8Array => {
      const buffer = new Buffer(view.byteLength);
      port.random(buffer);
      apply(setBytes, new Bytes(view.buffer, view.byteOffset, view.byteLength), [new Bytes(buffer)]);
      return view;
    },
  });
  define('console', { log: nothing, warn: nothing, error: nothing, info: nothing, debug: nothing });
  define('setTimeout', setTimer);
  define('setImmediate', setSoon);
  define('clearTimeout', clearTimer);
  define('clearInterval', clearTimer);
  define('setInterval', () => {
    throw new Failure('setInterval is not available here');
  });
  // The glue frees objects of Python in such callbacks, and that can run a guest's code: what fails in it must not be the cell's own failure.
  // Once the run has ended they must not run at all: they would do so in the midst of the next one of their thread.
  let ended = false;
  const Registry = FinalizationRegistry;
  const { register, unregister } = Registry.prototype;
  define(
    'FinalizationRegistry',
    class {
      readonly #registry: FinalizationRegistry<unknown>;
      constructor(free: (held: unknown) => void) {
        this.#registry = new Registry((held) => {
          if (ended) return;
          try {
            free(held);
          } catch (error) {
            failRun(error);
          }
        });
      }
      register(...entry: [target: WeakKey, held: unknown, token?: WeakKey]): void {
        apply(register, this.#registry, entry);
      }
      unregister(token: WeakKey): boolean {
        return apply(unregister, this.#registry, [token]) as boolean;
      }
    },
  );
  Reflect.deleteProperty(Registry.prototype, 'constructor');
  define('queueMicrotask', (callback: () => void): void => {
    PromiseOf.resolve().then(callback);
  });
  define(
    'TextDecoder',
    class {
      readonly encoding: string;
      constructor(encoding = 'utf-8') {
        this.encoding = encoding;
      }
      decode(input?: ArrayBuffer | Uint8Array): string {
        if (input === undefined) return '';
        const view = input instanceof Bytes ? input : input instanceof Buffer ? new Bytes(input) : undefined;
        if (view === undefined) return '';
        // A text that Python hands over has been measured. What the glue reads up to its end is a path or a name.
        if (view.byteLength > MOST_NAME_BYTES && this.encoding !== 'latin1') throw nameTooLong();
        if (this.encoding !== 'utf-16le') {
          return port.decode(view.buffer as ArrayBuffer, view.byteOffset, view.byteLength); // the realm has no SharedArrayBuffer
        }
        let text = '';
        for (let at = 0; at + 1 < view.length; at += 2)
          text += stringFrom((view[at] ?? 0) | ((view[at + 1] ?? 0) << 8));
        return text;
      }
    },
  );
  const encode = (input: unknown): Uint8Array => {
    const text = Text(input);
    const bytes: number[] = [];
    for (let at = 0; at < text.length; at++) {
      let point = text.codePointAt(at) ?? 0;
      if (point > 0xffff) at++;
      else if (point >= 0xd800 && point < 0xe000) point = 0xfffd;
      if (point < 0x80) bytes.push(point);
      else if (point < 0x800) bytes.push(0xc0 | (point >> 6), 0x80 | (point & 63));
      else if (point < 0x10000)
        bytes.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63));
      else {
        bytes.push(
          0xf0 | (point >> 18),
          0x80 | ((point >> 12) & 63),
          0x80 | ((point >> 6) & 63),
          0x80 | (point & 63),
        );
      }
    }
    return Bytes.from(bytes);
  };
  define(
    'TextEncoder',
    class {
      encode(text: unknown): Uint8Array {
        return encode(text);
      }
      encodeInto(text: string, into: Uint8Array): { read: number; written: number } {
        const bytes = encode(text);
        into.set(bytes.subarray(0, into.length));
        return { read: text.length, written: Math.min(bytes.length, into.length) };
      }
    },
  );
  define(
    'AbortController',
    class {
      readonly signal = { aborted: false, addEventListener: nothing, removeEventListener: nothing };
      abort(): void {
        this.signal.aborted = true;
      }
    },
  );
  define(
    'URL',
    class {
      readonly href: string;
      constructor(href: unknown) {
        this.href = Text(href);
      }
      toString(): string {
        return this.href;
      }
    },
  );
  const noImport = (): never => {
    throw new Failure('import() is not available here');
  };
  define('__noImport', noImport);
  define('readbuffer', (name: unknown) => {
    const base = apply(splitText, Text(name), ['/']).pop() ?? '';
    // The glue asks for its wasm, which it gets compiled instead; what it reads here is never used.
    return base === 'pyodide.asm.wasm' ? new Buffer(8) : fileBytes(base).buffer;
  });
  define('read', noImport);
  define('load', noImport);

  return {
    setTimer,
    clearTimer,
    fire: (id) => {
      const callback = apply(mapGet, timers, [id]) as (() => void) | undefined;
      apply(mapDelete, timers, [id]);
      callback?.();
    },
    count: () => apply(sizeOf, timers, []) as number,
    clear: () => {
      apply(mapClear, timers, []);
    },
    end: () => {
      ended = true;
    },
    nextId: () => ++identifiers,
  };
}
