import { type Callable, inner } from '../inner.ts';

/** What holds in asynchronous code, however it came about: stores by their owner, and which resource runs. Never changed, only replaced. */
export interface AsyncContext {
  readonly stores: ReadonlyMap<object, unknown>;
  readonly resource: object | undefined;
}

const NOTHING: AsyncContext = { stores: new Map(), resource: undefined };

let current = NOTHING;
/** Something was put in force without an end: from then on each callback says anew what holds. */
let lasting = false;
let tracked = false;

/** The engine asks about each callback of a promise, and each `await`, from when the first context is put in force. */
const track = (): void => {
  if (tracked) return;
  tracked = true;
  inner.host.trackAsync((callback, then) => (then ? bound(callback) : boundReaction(callback)));
  inner.hooks.bind = bound;
};

export const contextNow = (): AsyncContext => current;

/** Runs a function in a context, and goes back to what held before. */
export const runIn = (context: AsyncContext, callback: Callable, self: unknown, args: unknown[]): unknown => {
  if (context !== NOTHING) track();
  const before = current;
  current = context;
  try {
    return Reflect.apply(callback, self, args);
  } finally {
    current = before;
  }
};

/** Has a context hold for the rest of what runs now, and for what comes of it. */
export const enter = (context: AsyncContext): void => {
  track();
  lasting = true;
  current = context;
};

/** The same function, for the context of now. */
export const bound = <F>(callback: F): F => {
  const context = current;
  if (typeof callback !== 'function' || (context === NOTHING && !lasting)) return callback;
  return function (this: unknown, ...args: unknown[]): unknown {
    return runIn(context, callback as unknown as Callable, this, args);
  } as F;
};

/** The same for what the engine calls with one argument and without a receiver. */
const boundReaction = (callback: unknown): unknown => {
  const context = current;
  if (typeof callback !== 'function' || (context === NOTHING && !lasting)) return callback;
  return (value: unknown): unknown => {
    const before = current;
    current = context;
    try {
      return callback(value);
    } finally {
      current = before;
    }
  };
};

inner.hooks.begin.push(() => {
  current = NOTHING;
  lasting = false;
  tracked = false;
});
