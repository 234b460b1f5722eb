import { type Callable, wrongArgument } from '../inner.ts';
import { type AsyncContext, bound, contextNow, enter, runIn } from './async-context.ts';

const withStore = (owner: object, store: unknown): AsyncContext => {
  const { stores, resource } = contextNow();
  return { stores: new Map(stores).set(owner, store), resource };
};

/** Stores follow what is awaited, then, and set as a timer, as in Node. */
class AsyncLocalStorage {
  readonly #fallback: unknown;
  readonly name: string;
  constructor(options: { readonly defaultValue?: unknown; readonly name?: string } = {}) {
    this.#fallback = options.defaultValue;
    this.name = options.name ?? '';
  }
  getStore(): unknown {
    const { stores } = contextNow();
    return stores.has(this) ? stores.get(this) : this.#fallback;
  }
  enterWith(store: unknown): void {
    enter(withStore(this, store));
  }
  disable(): void {
    const { stores, resource } = contextNow();
    if (!stores.has(this)) return;
    const left = new Map(stores);
    left.delete(this);
    enter({ stores: left, resource });
  }
  run(store: unknown, callback: Callable, ...args: unknown[]): unknown {
    return runIn(withStore(this, store), callback, undefined, args);
  }
  exit(callback: Callable, ...args: unknown[]): unknown {
    return this.run(undefined, callback, ...args);
  }
  withScope(store: unknown): object {
    const before = contextNow();
    enter(withStore(this, store));
    return { [Symbol.dispose]: () => enter(before) };
  }
  static bind(callback: Callable): Callable {
    return boundTo(contextNow(), callback);
  }
  static snapshot(): (callback: Callable, ...args: unknown[]) => unknown {
    const context = contextNow();
    return (callback, ...args) => runIn(context, callback, undefined, args);
  }
}

const boundTo = (context: AsyncContext, callback: Callable): Callable => {
  if (typeof callback !== 'function') throw wrongArgument('fn', 'of type function', callback);
  const made = function (this: unknown, ...args: unknown[]): unknown {
    return runIn(context, callback, this, args);
  };
  Object.defineProperty(made, 'length', { value: callback.length, configurable: true });
  return made;
};

/** The program itself is 1. */
let ids = 1;

class AsyncResource {
  readonly type: string;
  readonly #id: number;
  readonly #parent: number;
  readonly #context: AsyncContext;
  constructor(type: string) {
    if (typeof type !== 'string') throw wrongArgument('type', 'of type string', type);
    ids += 1;
    this.#id = ids;
    this.#parent = executionAsyncId();
    this.type = type;
    this.#context = { ...contextNow(), resource: this };
    Object.defineProperty(this, 'type', { enumerable: false });
  }
  runInAsyncScope(callback: Callable, self?: unknown, ...args: unknown[]): unknown {
    return runIn(this.#context, callback, self, args);
  }
  bind(callback: Callable): Callable {
    return boundTo(this.#context, callback);
  }
  asyncId(): number {
    return this.#id;
  }
  triggerAsyncId(): number {
    return this.#parent;
  }
  emitDestroy(): this {
    return this;
  }
  static bind(callback: Callable, type?: string, self?: unknown): Callable {
    const made = new AsyncResource(type ?? (callback.name || 'bound-anonymous-fn')).bind(callback);
    return self === undefined ? made : made.bind(self);
  }
}

const runningResource = (): AsyncResource | undefined => contextNow().resource as AsyncResource | undefined;
const executionAsyncId = (): number => runningResource()?.asyncId() ?? 1;

/** Nothing tells of what begins and ends: hooks can be made, and are not called. */
const createHook = (): object => {
  const hook = { enable: () => hook, disable: () => hook };
  return hook;
};

export const asyncHooks = {
  AsyncLocalStorage,
  AsyncResource,
  createHook,
  executionAsyncId,
  executionAsyncResource: () => runningResource() ?? {},
  triggerAsyncId: () => runningResource()?.triggerAsyncId() ?? 0,
  asyncWrapProviders: {},
};

export { bound };
