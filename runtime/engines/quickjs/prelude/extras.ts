import { type Calls, SandglassError } from './calls.ts';
import { writeTo } from './console.ts';
import { decodeUtf8 } from './encoding.ts';
import type { Host } from './host.ts';
import { inspect } from './inspect.ts';
import { createNamedCalls } from './named-calls.ts';
import { createFileUrls, type PathApi } from './path.ts';
import { Bytes, define, defineProperty, indexOf, promiseThen, slice, toText } from './primordials.ts';
import { notCallable } from './timers.ts';

/**
 * `stdin`, `readline()`, `queueMicrotask`, `performance`, and what has no standard name, in `sandglass`.
 * @returns what begins to read the input of the next run.
 */
export const installExtras = (host: Host, calls: Calls, path: PathApi): (() => void) => {
  let input: string | undefined;
  let at = 0;
  const text = (): string => {
    input ??= decodeUtf8(new Bytes(host.stdin()));
    return input;
  };
  defineProperty(globalThis, 'stdin', {
    configurable: true,
    enumerable: false,
    get: text,
    set: (value: unknown) => define(globalThis, 'stdin', value),
  });
  define(globalThis, 'readline', function readline(): string | null {
    const whole = text();
    if (at >= whole.length) return null;
    const end = indexOf(whole, '\n', at);
    const line = end < 0 ? slice(whole, at) : slice(whole, at, end);
    at = end < 0 ? whole.length : end + 1;
    return line[line.length - 1] === '\r' ? slice(line, 0, line.length - 1) : line;
  });

  const settled = Promise.resolve();
  define(globalThis, 'queueMicrotask', function queueMicrotask(callback: unknown): void {
    if (typeof callback !== 'function') throw notCallable(callback);
    promiseThen(settled, () => void callback());
  });

  const performance = {
    now: (): number => host.monotonic(),
    get timeOrigin(): number {
      return host.now() - host.monotonic();
    },
    mark: (): void => {},
    measure: (): void => {},
    toJSON: (): object => ({ timeOrigin: host.now() - host.monotonic() }),
  };
  define(performance, Symbol.toStringTag, 'Performance');
  define(globalThis, 'performance', performance);

  const sandglass = {
    /** Text to stdout as it is, without a line end. */
    write: (value: unknown): void => writeTo(host, 0, toText(value)),
    /** Milliseconds left of the run's wall-clock budget. */
    remainingMs: (): number => host.remaining(),
    /** Tells whoever listens to the run: a line with a level, and how much of the work is done. */
    log: (level: unknown, message: unknown, data?: unknown): void => {
      calls.callSync('sandglass.log', { level, message: toText(message), data });
    },
    progress: (share: unknown, message?: unknown): void => {
      calls.callSync('sandglass.progress', {
        share,
        message: message === undefined ? undefined : toText(message),
      });
    },
    /** Calls a host function by the name of its operation. */
    call: (operation: unknown, args: object = {}, bytes?: Uint8Array<ArrayBuffer>): Promise<unknown> =>
      calls.call(toText(operation), args, bytes, (answer) =>
        answer.bytes === undefined ? answer.value : { value: answer.value, bytes: new Bytes(answer.bytes) },
      ),
    /** What the run was granted; an absent part is denied. Paths are the guest's own. */
    grant: (): unknown => calls.callSync('sandglass.grant', {}).value,
    inspect: (value: unknown, options?: { readonly depth?: number }): string =>
      inspect(value, options?.depth ?? 2),
    ...createNamedCalls(calls),
    SandglassError,
    path,
    url: createFileUrls(),
  };
  define(sandglass, Symbol.toStringTag, 'sandglass');
  define(globalThis, 'sandglass', sandglass);
  define(globalThis, 'self', globalThis);
  return () => {
    input = undefined;
    at = 0;
  };
};
