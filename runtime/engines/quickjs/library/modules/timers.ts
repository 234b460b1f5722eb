import type { Callable } from '../inner.ts';

interface Options {
  readonly signal?: AbortSignal;
  readonly ref?: boolean;
}
interface Timer {
  unref(): unknown;
}
const world = globalThis as unknown as Record<string, Callable>; // timers are there

const aborted = (signal: AbortSignal): Error =>
  Object.assign(new Error('The operation was aborted', { cause: signal.reason }), {
    name: 'AbortError',
    code: 'ABORT_ERR',
  });

const wait = (
  set: (done: () => void) => unknown,
  clear: (timer: unknown) => void,
  value: unknown,
  { signal, ref = true }: Options = {},
): Promise<unknown> =>
  new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(aborted(signal));
      return;
    }
    const timer = set(() => {
      signal?.removeEventListener('abort', stop);
      resolve(value);
    });
    const stop = (): void => {
      clear(timer);
      reject(aborted(signal as AbortSignal)); // only a signal calls it
    };
    if (!ref) (timer as Timer).unref?.();
    signal?.addEventListener('abort', stop, { once: true });
  });

const setTimeout = (ms?: number, value?: unknown, options?: Options): Promise<unknown> =>
  wait(
    (done) => world.setTimeout?.(done, ms),
    (timer) => world.clearTimeout?.(timer),
    value,
    options,
  );
const setImmediate = (value?: unknown, options?: Options): Promise<unknown> =>
  wait(
    (done) => world.setImmediate?.(done),
    (timer) => world.clearImmediate?.(timer),
    value,
    options,
  );
async function* setInterval(ms?: number, value?: unknown, options?: Options): AsyncGenerator<unknown> {
  for (;;) {
    await setTimeout(ms, undefined, options);
    yield value;
  }
}

export const promises = {
  setTimeout,
  setImmediate,
  setInterval,
  scheduler: {
    wait: (ms: number, options?: Options) => setTimeout(ms, undefined, options),
    yield: () => setImmediate(),
  },
};

export const timers = {
  setTimeout: world.setTimeout,
  setInterval: world.setInterval,
  setImmediate: world.setImmediate,
  clearTimeout: world.clearTimeout,
  clearInterval: world.clearInterval,
  clearImmediate: world.clearImmediate,
  promises,
};
