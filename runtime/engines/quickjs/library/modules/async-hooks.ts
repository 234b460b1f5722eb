import type { Callable } from '../inner.ts';

/** Stores that are in force now. A store holds while what it was given to runs, and, where that answers a promise, until it settles. */
class AsyncLocalStorage {
  #store: unknown;
  #active = false;
  readonly #fallback: unknown;
  readonly name: string;
  constructor(options: { readonly defaultValue?: unknown; readonly name?: string } = {}) {
    this.#fallback = options.defaultValue;
    this.name = options.name ?? '';
  }
  getStore(): unknown {
    return this.#active ? this.#store : this.#fallback;
  }
  enterWith(store: unknown): void {
    this.#store = store;
    this.#active = true;
  }
  disable(): void {
    this.#active = false;
    this.#store = undefined;
  }
  run(store: unknown, callback: Callable, ...args: unknown[]): unknown {
    return this.#with(store, true, callback, args);
  }
  exit(callback: Callable, ...args: unknown[]): unknown {
    return this.#with(undefined, false, callback, args);
  }
  #with(store: unknown, active: boolean, callback: Callable, args: readonly unknown[]): unknown {
    const before = [this.#store, this.#active] as const;
    const restore = (): void => {
      [this.#store, this.#active] = before;
    };
    this.#store = store;
    this.#active = active;
    let result: unknown;
    try {
      result = callback(...args);
    } catch (error) {
      restore();
      throw error;
    }
    if (result instanceof Promise) result.then(restore, restore);
    else restore();
    return result;
  }
  static bind(callback: Callable): Callable {
    return (...args) => callback(...args);
  }
  static snapshot(): (callback: Callable, ...args: unknown[]) => unknown {
    return (callback, ...args) => callback(...args);
  }
}

class AsyncResource {
  readonly type: string;
  constructor(type: string) {
    this.type = type;
  }
  runInAsyncScope(callback: Callable, self?: unknown, ...args: unknown[]): unknown {
    return Reflect.apply(callback, self, args);
  }
  bind(callback: Callable): Callable {
    return (...args) => Reflect.apply(callback, this, args);
  }
  asyncId(): number {
    return 1;
  }
  triggerAsyncId(): number {
    return 0;
  }
  emitDestroy(): this {
    return this;
  }
  static bind(callback: Callable): Callable {
    return (...args) => callback(...args);
  }
}

const noHook = { enable: () => noHook, disable: () => noHook };

export const asyncHooks = {
  AsyncLocalStorage,
  AsyncResource,
  createHook: () => noHook,
  executionAsyncId: () => 1,
  executionAsyncResource: () => ({}),
  triggerAsyncId: () => 0,
  asyncWrapProviders: {},
};
