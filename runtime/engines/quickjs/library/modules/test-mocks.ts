import { type Callable, type Named, nodeError, wrongArgument } from '../inner.ts';

interface Call {
  readonly arguments: readonly unknown[];
  readonly error: unknown;
  readonly result: unknown;
  readonly stack: Error;
  readonly target: unknown;
  readonly this: unknown;
}

/** What `mock.fn().mock` answers: the calls so far, and what is called in the end. */
class MockContext {
  #calls: Call[] = [];
  #current: Callable;
  readonly #original: Callable;
  readonly #once = new Map<number, Callable>();
  readonly #undo: () => void;
  constructor(original: Callable, current: Callable, undo: () => void) {
    this.#original = original;
    this.#current = current;
    this.#undo = undo;
  }
  get calls(): readonly Call[] {
    return [...this.#calls];
  }
  callCount(): number {
    return this.#calls.length;
  }
  mockImplementation(implementation: Callable): void {
    this.#current = checked(implementation, 'implementation');
  }
  mockImplementationOnce(implementation: Callable, onCall = this.#calls.length): void {
    this.#once.set(onCall, checked(implementation, 'implementation'));
  }
  resetCalls(): void {
    this.#calls = [];
  }
  restore(): void {
    this.#current = this.#original;
    this.#once.clear();
    this.#undo();
  }
  /** @internal */
  static run(context: MockContext, self: unknown, args: unknown[], target: unknown, times: number): unknown {
    const at = context.#calls.length;
    const fallback = at < times ? context.#current : context.#original;
    const called = context.#once.get(at) ?? fallback;
    context.#once.delete(at);
    let result: unknown;
    let error: unknown;
    try {
      result =
        target === undefined
          ? Reflect.apply(called, self, args)
          : Reflect.construct(called, args, target as Callable);
      return result;
    } catch (thrown) {
      error = thrown;
      throw thrown;
    } finally {
      context.#calls.push({
        arguments: args,
        error,
        result,
        stack: new Error(),
        target,
        this: target === undefined ? self : result,
      });
    }
  }
}

const checked = (value: unknown, name: string): Callable => {
  if (typeof value !== 'function') throw wrongArgument(name, 'of type function', value);
  return value as Callable;
};

type Mocked = Callable & { readonly mock: MockContext };
const NOTHING = (): void => undefined;

/** Functions and methods that note how they are called. */
export class MockTracker {
  #made: MockContext[] = [];

  #mocked(original: Callable, current: Callable, times: number, undo: () => void): Mocked {
    const context = new MockContext(original, current, undo);
    const mocked = function (this: unknown, ...args: unknown[]): unknown {
      return MockContext.run(context, this, args, new.target, times);
    };
    this.#made.push(context);
    Object.defineProperty(mocked, 'name', { value: original.name, configurable: true });
    Object.defineProperty(mocked, 'length', { value: original.length, configurable: true });
    return Object.assign(mocked, { mock: context });
  }

  fn(original: unknown = NOTHING, implementation: unknown = original, options: Named = {}): Mocked {
    const named = typeof original === 'function' ? (original as Callable) : NOTHING;
    const given = typeof original === 'function' ? implementation : original;
    const current = typeof given === 'function' ? (given as Callable) : named;
    return this.#mocked(named, current, Number(options.times ?? Number.POSITIVE_INFINITY), NOTHING);
  }

  method(target: object, name: PropertyKey, implementation?: unknown, options: Named = {}): Mocked {
    const settings =
      typeof implementation === 'object' && implementation !== null ? (implementation as Named) : options;
    let holder: object | null = target;
    let found: PropertyDescriptor | undefined;
    while (holder !== null && found === undefined) {
      found = Object.getOwnPropertyDescriptor(holder, name);
      holder = Object.getPrototypeOf(holder);
    }
    const kind = settings.getter === true ? 'get' : settings.setter === true ? 'set' : 'value';
    const original = found?.[kind];
    if (found === undefined || typeof original !== 'function')
      throw nodeError(
        TypeError,
        'ERR_INVALID_ARG_VALUE',
        `The argument 'methodName' must be a method. Received ${String(original)}`,
      );
    const own = Object.getOwnPropertyDescriptor(target, name);
    const current =
      typeof implementation === 'function' ? (implementation as Callable) : (original as Callable);
    const times = Number(settings.times ?? Number.POSITIVE_INFINITY);
    const mocked = this.#mocked(original as Callable, current, times, () => {
      if (own === undefined) Reflect.deleteProperty(target, name);
      else Object.defineProperty(target, name, own);
    });
    Object.defineProperty(target, name, { ...found, configurable: true, [kind]: mocked });
    return mocked;
  }

  getter(target: object, name: PropertyKey, implementation?: unknown, options: Named = {}): Mocked {
    return this.method(target, name, implementation, { ...options, getter: true });
  }

  setter(target: object, name: PropertyKey, implementation?: unknown, options: Named = {}): Mocked {
    return this.method(target, name, implementation, { ...options, setter: true });
  }

  /** Puts back what was mocked. */
  restoreAll(): void {
    for (const context of this.#made) context.restore();
  }

  /** As `restoreAll`, and forgets them. */
  reset(): void {
    this.restoreAll();
    this.#made = [];
  }

  get timers(): never {
    throw nodeError(
      Error,
      'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM',
      'mock.timers is not there in a guest: hand the clock to what you test, and mock that',
    );
  }

  module(): never {
    throw nodeError(
      Error,
      'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM',
      'mock.module is not there in a guest: hand what you mock to what you test',
    );
  }
}
