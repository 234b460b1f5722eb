import Package from 'events/events.js';
import { type Callable, hide, inner, type Named, nodeError, wrongArgument } from '../inner.ts';

interface Emitter {
  on(name: PropertyKey, listener: Callable): unknown;
  once(name: PropertyKey, listener: Callable): unknown;
  removeListener(name: PropertyKey, listener: Callable): unknown;
  listeners(name: PropertyKey): Callable[];
  setMaxListeners(count: number): unknown;
  getMaxListeners(): number;
  listenerCount(name: PropertyKey): number;
}
interface Options {
  readonly signal?: AbortSignal;
  readonly close?: readonly string[];
}

type EmitterClass = Named & {
  new (options?: { readonly captureRejections?: boolean }): Emitter;
  readonly prototype: Emitter & Named;
};
const Plain = Package as unknown as EmitterClass & { readonly init: () => void };

const CAPTURES = Symbol('kCapture');
const SHAPE = Symbol('shapeMode');
/** Node's own takes options, which the package's does not. */
function Wrapped(this: Emitter & Named, options?: { readonly captureRejections?: boolean }): void {
  Plain.init.call(this);
  const own = this as unknown as Record<symbol, unknown>;
  own[SHAPE] = false;
  own[CAPTURES] = options?.captureRejections ?? EventEmitter.captureRejections ?? false;
}
Object.defineProperty(Wrapped, 'name', { value: 'EventEmitter' });
Object.assign(Wrapped, Plain);
Object.defineProperty(Wrapped, 'defaultMaxListeners', {
  enumerable: true,
  get: () => Plain.defaultMaxListeners,
  set: (count: number) => {
    Plain.defaultMaxListeners = count;
  },
});
Wrapped.prototype = Plain.prototype;
hide(Plain.prototype, 'constructor', Wrapped);
export const EventEmitter = Wrapped as unknown as EmitterClass;

const plainCount = EventEmitter.prototype.listenerCount;
Object.defineProperty(EventEmitter.prototype, 'listenerCount', {
  configurable: true,
  writable: true,
  value(this: Emitter, name: PropertyKey, listener?: Callable): number {
    if (listener === undefined) return plainCount.call(this, name);
    return this.listeners(name).filter((one) => one === listener).length;
  },
});

const aborted = (signal: AbortSignal): Error =>
  Object.assign(new Error('The operation was aborted', { cause: signal.reason }), {
    name: 'AbortError',
    code: 'ABORT_ERR',
  });

/** The arguments of the next event. Nothing of it is left on the emitter afterwards, whichever way it ends. */
const once = async (emitter: unknown, name: PropertyKey, options: Options = {}): Promise<unknown[]> => {
  const { signal } = options;
  if (signal?.aborted === true) throw aborted(signal);
  const ofNode = isEmitter(emitter);
  const target = emitter as EventTarget;
  if (!ofNode && typeof target?.addEventListener !== 'function')
    throw wrongArgument('emitter', 'an instance of EventEmitter', emitter);
  return new Promise((resolve, reject) => {
    const listener = (...args: unknown[]): void => {
      end();
      resolve(args);
    };
    const fail = (error: unknown): void => {
      end();
      reject(error);
    };
    const abort = (): void => fail(aborted(signal as AbortSignal)); // it listens to one
    const end = (): void => {
      signal?.removeEventListener('abort', abort);
      if (ofNode)
        for (const [one, fn] of [
          [name, listener],
          ['error', fail],
        ] as const)
          emitter.removeListener(one, fn);
      else target.removeEventListener(String(name), listener);
    };
    signal?.addEventListener('abort', abort, { once: true });
    if (!ofNode) target.addEventListener(String(name), listener, { once: true });
    else {
      emitter.once(name, listener);
      if (name !== 'error') emitter.once('error', fail);
    }
  });
};

/** Events as they come, as an async iterator of the lists of their arguments. */
const on = (emitter: Emitter, name: PropertyKey, options: Options = {}): AsyncIterableIterator<unknown[]> => {
  const { signal, close = [] } = options;
  if (signal?.aborted === true) throw aborted(signal);
  const ready: unknown[][] = [];
  const waiting: {
    resolve: (result: IteratorResult<unknown[]>) => void;
    reject: (error: unknown) => void;
  }[] = [];
  let failure: unknown;
  let finished = false;
  const listener = (...args: unknown[]): void => {
    const next = waiting.shift();
    if (next === undefined) ready.push(args);
    else next.resolve({ value: args, done: false });
  };
  const end = (): void => {
    finished = true;
    emitter.removeListener(name, listener);
    emitter.removeListener('error', fail);
    for (const one of close) emitter.removeListener(one, end);
    for (const one of waiting.splice(0)) one.resolve({ value: undefined, done: true });
  };
  const fail = (error: unknown): void => {
    const next = waiting.shift();
    if (next === undefined) failure = error;
    else next.reject(error);
    end();
  };
  emitter.on(name, listener);
  if (name !== 'error') emitter.on('error', fail);
  for (const one of close) emitter.on(one, end);
  signal?.addEventListener('abort', () => fail(aborted(signal)), { once: true });
  return {
    next: async () => {
      const value = ready.shift();
      if (value !== undefined) return { value, done: false };
      if (failure !== undefined) {
        const error = failure;
        failure = undefined;
        throw error;
      }
      if (finished) return { value: undefined, done: true };
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
    },
    return: async () => {
      end();
      return { value: undefined, done: true };
    },
    throw: async (error) => {
      fail(error);
      return { value: undefined, done: true };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
};

const isEmitter = (target: unknown): target is Emitter =>
  typeof (target as Named | undefined)?.listeners === 'function';

Object.assign(EventEmitter, {
  EventEmitter,
  once,
  on,
  errorMonitor: Symbol.for('events.errorMonitor'),
  captureRejectionSymbol: Symbol.for('nodejs.rejection'),
  captureRejections: false,
  usingDomains: false,
  EventEmitterAsyncResource: EventEmitter,
  getEventListeners: (target: unknown, name: PropertyKey) =>
    isEmitter(target) ? target.listeners(name) : [],
  getMaxListeners: (target: unknown) => (isEmitter(target) ? target.getMaxListeners() : 10),
  setMaxListeners: (count: number, ...targets: unknown[]): void => {
    for (const target of targets) if (isEmitter(target)) target.setMaxListeners(count);
    if (targets.length === 0) EventEmitter.defaultMaxListeners = count;
  },
  listenerCount: (target: unknown, name: PropertyKey) => (isEmitter(target) ? target.listenerCount(name) : 0),
  addAbortListener: (signal: AbortSignal, listener: Callable) => {
    if (signal.aborted) queueMicrotask(() => listener());
    else signal.addEventListener('abort', listener as never, { once: true });
    return { [Symbol.dispose]: () => signal.removeEventListener('abort', listener as never) };
  },
});

const checked = (listener: unknown): void => {
  if (typeof listener !== 'function') throw wrongArgument('listener', 'of type function', listener);
};
/** Whether the next listener is one too many, of which nothing was told yet. The package, which would write it itself, then does not. */
const isFull = (emitter: Emitter, event: PropertyKey): boolean => {
  const { _events } = emitter as unknown as { readonly _events?: Record<PropertyKey, unknown> };
  const found = _events?.[event] as Callable | (Callable[] & { warned?: boolean }) | undefined;
  if (_events === undefined || found === undefined) return false;
  const most = emitter.getMaxListeners();
  const list: Callable[] & { warned?: boolean } = typeof found === 'function' ? [found] : found;
  if (!(most > 0) || list.length < most || list.warned === true) return false;
  list.warned = true;
  _events[event] = list;
  return true;
};
const warnOfMany = (emitter: Emitter, type: PropertyKey): void => {
  const count = emitter.listenerCount(type);
  const warning = new Error(
    `Possible EventEmitter memory leak detected. ${count} ${String(type)} listeners added to ${inner.inspect(emitter, -1)}. ` +
      `MaxListeners is ${emitter.getMaxListeners()}. Use emitter.setMaxListeners() to increase limit`,
  );
  Object.assign(warning, { name: 'MaxListenersExceededWarning', emitter, type, count });
  const { process } = globalThis as unknown as { readonly process?: { emitWarning(warning: Error): void } };
  process?.emitWarning(warning);
};
for (const name of [
  'on',
  'addListener',
  'once',
  'prependListener',
  'prependOnceListener',
  'removeListener',
  'off',
]) {
  const plain = EventEmitter.prototype[name] as Callable;
  const adds = name === 'on' || name === 'prependListener';
  hide(
    EventEmitter.prototype,
    name,
    {
      [name](this: Emitter, event: PropertyKey, listener: unknown): unknown {
        checked(listener);
        const isTooMany = adds && isFull(this, event);
        const answer = plain.call(this, event, listener);
        if (isTooMany) warnOfMany(this, event);
        return answer;
      },
    }[name],
  );
}

for (const [same, name] of Object.entries({ off: 'removeListener', addListener: 'on' }))
  hide(EventEmitter.prototype, same, EventEmitter.prototype[name]);

const plainEmit = EventEmitter.prototype.emit as Callable;
const MONITOR = Symbol.for('events.errorMonitor');
Object.defineProperty(EventEmitter.prototype, 'emit', {
  configurable: true,
  writable: true,
  value: function emit(this: Emitter, name: PropertyKey, ...args: unknown[]): unknown {
    if (name === 'error' && this.listenerCount(MONITOR) > 0) plainEmit.call(this, MONITOR, ...args);
    if (name === 'error' && this.listenerCount('error') === 0 && !(args[0] instanceof Error)) {
      throw Object.assign(
        nodeError(Error, 'ERR_UNHANDLED_ERROR', `Unhandled error. (${inner.inspect(args[0])})`),
        { context: args[0] },
      );
    }
    if ((this as unknown as Record<symbol, unknown>)[CAPTURES] === true && name !== 'error')
      return emitCapturing(this, name, args);
    return plainEmit.call(this, name, ...args);
  },
});

/** As `emit`; what a listener's promise is rejected with goes to the emitter. */
const emitCapturing = (emitter: Emitter, name: PropertyKey, args: unknown[]): boolean => {
  const listeners = (emitter as unknown as { rawListeners(name: PropertyKey): Callable[] }).rawListeners(
    name,
  );
  const failed = (error: unknown): void => {
    const own = (emitter as unknown as Record<symbol, unknown>)[Symbol.for('nodejs.rejection')];
    if (typeof own === 'function') Reflect.apply(own, emitter, [error, name, ...args]);
    else (emitter as unknown as { emit(name: string, error: unknown): void }).emit('error', error);
  };
  for (const listener of listeners) {
    const answer = Reflect.apply(listener, emitter, args) as { then?: unknown } | undefined;
    if (typeof answer?.then === 'function') answer.then(undefined, failed);
  }
  return listeners.length > 0;
};

export const events: unknown = EventEmitter;
