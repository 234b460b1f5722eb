import type { Host } from './host.ts';
import { inspect } from './inspect.ts';
import { apply, define, freeze, isFiniteNumber, max, objectCreate } from './primordials.ts';

interface Timer {
  readonly id: number;
  readonly callback: (...args: unknown[]) => void;
  readonly args: readonly unknown[];
  readonly every: number | undefined;
  readonly wait: number;
  /** It does not keep the run going. */
  idle: boolean;
  due: number;
  order: number;
}

const LONGEST = 2 ** 31 - 1;

/** Timers and immediates. The host asks for one callback a turn, and drains the promise jobs between them, as Node does. */
export interface Timers {
  /**
   * Runs the next callback that is due. Answers 0 if there was one, because the promise jobs it leaves may set further timers; else ms until
   * the next one, -1 if there is none, `-2 - ms` if those that are left do not keep the run going.
   */
  readonly turn: () => number;
  /** A timer that does not keep the run going. */
  readonly idle: (ms: number, callback: () => void) => void;
  /** Whether a timer keeps the run going; one that is gone is left alone. */
  readonly setIdle: (id: number, idle: boolean) => void;
  readonly isIdle: (id: number) => boolean;
  /** Starts a timer's wait anew. */
  readonly refresh: (id: number) => void;
  /** Whether a timer or an immediate is still to come. */
  readonly isSet: (id: number) => boolean;
  /** Forgets them all: they belong to a run that has ended. */
  readonly drop: () => void;
}

export const createTimers = (host: Host): Timers => {
  /** A binary heap by due time, then by order of setting. */
  const heap: Timer[] = [];
  let live = objectCreate(null) as Record<number, Timer | (() => void)>;
  let immediates: { readonly id: number; readonly run: () => void }[] = [];
  let nextImmediate = 0;
  let ids = 0;
  let orders = 0;
  let busy = 0;

  const before = (a: Timer, b: Timer): boolean => a.due < b.due || (a.due === b.due && a.order < b.order);
  const push = (timer: Timer): void => {
    let at = heap.length;
    heap[at] = timer;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as Timer; // a heap has a parent for each
      if (!before(timer, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = timer;
  };
  const pop = (): void => {
    const last = heap[heap.length - 1] as Timer; // only called when there is one
    heap.length -= 1;
    const size = heap.length;
    if (size === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && before(heap[child + 1] as Timer, heap[child] as Timer)) child += 1;
      if (!before(heap[child] as Timer, last)) break;
      heap[at] = heap[child] as Timer;
      at = child;
    }
    heap[at] = last;
  };
  const wait = (ms: unknown): number => {
    const wanted = +(ms as number);
    return isFiniteNumber(wanted) && wanted >= 1 && wanted <= LONGEST ? wanted : 1;
  };
  const set = (
    callback: unknown,
    ms: unknown,
    args: readonly unknown[],
    repeat: boolean,
    idle = false,
  ): number => {
    if (typeof callback !== 'function') throw notCallable(callback);
    const every = wait(ms);
    ids += 1;
    orders += 1;
    const timer: Timer = {
      id: ids,
      callback: callback as Timer['callback'],
      args,
      every: repeat ? every : undefined,
      wait: every,
      idle,
      due: host.monotonic() + every,
      order: orders,
    };
    live[ids] = timer;
    if (!idle) busy += 1;
    push(timer);
    return ids;
  };
  const drop = (id: number): void => {
    const one = live[id];
    if (one === undefined) return;
    if (typeof one !== 'function' && !one.idle) busy -= 1;
    delete live[id];
  };
  const clear = (id: unknown): void => {
    if (typeof id === 'number' || typeof id === 'string') drop(+id);
  };
  /** Drops cleared timers from the top. */
  const top = (): Timer | undefined => {
    for (;;) {
      const first = heap[0];
      if (first === undefined || live[first.id] === first) return first;
      pop();
    }
  };
  const nextDelay = (): number => {
    if (nextImmediate < immediates.length) return 0;
    const first = top();
    if (first === undefined) return -1;
    const left = max(0, first.due - host.monotonic());
    return busy > 0 ? left : -2 - left;
  };
  const turn = (): number => {
    const first = top();
    if (first !== undefined && first.due <= host.monotonic()) {
      pop();
      if (first.every === undefined) drop(first.id);
      else {
        orders += 1;
        first.due = host.monotonic() + first.every;
        first.order = orders;
        push(first);
      }
      apply(first.callback, undefined, first.args);
      return 0;
    }
    while (nextImmediate < immediates.length) {
      const immediate = immediates[nextImmediate];
      nextImmediate += 1;
      if (nextImmediate >= immediates.length) {
        immediates = [];
        nextImmediate = 0;
      }
      if (immediate === undefined || live[immediate.id] !== immediate.run) continue;
      delete live[immediate.id];
      immediate.run();
      return 0;
    }
    return nextDelay();
  };

  define(globalThis, 'setTimeout', function setTimeout(callback: unknown, ms?: unknown, ...args: unknown[]) {
    return set(callback, ms, args, false);
  });
  define(
    globalThis,
    'setInterval',
    function setInterval(callback: unknown, ms?: unknown, ...args: unknown[]) {
      return set(callback, ms, args, true);
    },
  );
  define(globalThis, 'setImmediate', function setImmediate(callback: unknown, ...args: unknown[]) {
    if (typeof callback !== 'function') throw notCallable(callback);
    ids += 1;
    const run = (): void => {
      apply(callback, undefined, args);
    };
    live[ids] = run;
    immediates[immediates.length] = { id: ids, run };
    return ids;
  });
  define(globalThis, 'clearTimeout', function clearTimeout(id: unknown) {
    clear(id);
  });
  define(globalThis, 'clearInterval', function clearInterval(id: unknown) {
    clear(id);
  });
  define(globalThis, 'clearImmediate', function clearImmediate(id: unknown) {
    clear(id);
  });
  return freeze({
    turn,
    setIdle: (id: number, idle: boolean) => {
      const one = live[id];
      if (one === undefined || typeof one === 'function' || one.idle === idle) return;
      one.idle = idle;
      busy += idle ? -1 : 1;
    },
    isIdle: (id: number) => {
      const one = live[id];
      return one !== undefined && typeof one !== 'function' && one.idle;
    },
    refresh: (id: number) => {
      const one = live[id];
      if (one === undefined || typeof one === 'function') return;
      orders += 1;
      // The old entry is dropped when it comes to the top: it is no longer the one that lives.
      const again: Timer = { ...one, due: host.monotonic() + one.wait, order: orders };
      live[id] = again;
      push(again);
    },
    isSet: (id: number) => live[id] !== undefined,
    drop: () => {
      heap.length = 0;
      live = objectCreate(null) as typeof live;
      immediates = [];
      nextImmediate = 0;
      busy = 0;
    },
    idle: (ms: number, callback: () => void) => void set(callback, ms, [], false, true),
  });
};

export const notCallable = (given: unknown): TypeError => {
  const shown = inspect(given, 0);
  const received = given === undefined || given === null ? shown : `type ${typeof given} (${shown})`;
  const told = typeof given === 'object' && given !== null ? `an instance of ${className(given)}` : received;
  const error = new TypeError(`The "callback" argument must be of type function. Received ${told}`);
  return Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' });
};

const className = (value: object): string =>
  (value as { readonly constructor?: { readonly name?: string } }).constructor?.name ?? 'Object';
