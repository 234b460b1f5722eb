import { hide, inner } from './inner.ts';
import { builtin } from './registry.ts';

/** Globals of Node and the web that come from the library, each made when it is first used. */
const member = (module: string, name: string) => (): unknown =>
  (builtin(module) as Record<string, unknown>)[name];

const LAZY: Readonly<Record<string, () => unknown>> = {
  Buffer: member('buffer', 'Buffer'),
  process: () => builtin('process'),
};

export const installGlobals = (): void => {
  hide(globalThis, 'global', globalThis);
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
          return new Timeout(set(...args) as number, args[0]);
        },
      }[name],
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
