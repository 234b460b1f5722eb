import type { EntryName } from '../abi.ts';
import { blockNames } from './block.ts';
import { installBodies } from './body.ts';
import { createCalls, refusalOf } from './calls.ts';
import { installClone } from './clone.ts';
import { installConsole } from './console.ts';
import { installCrypto } from './crypto.ts';
import { installDates } from './dates.ts';
import { installEncoding } from './encoding.ts';
import { installEngineErrors, limitOf } from './engine-errors.ts';
import { installEvents } from './events.ts';
import { installExtras } from './extras.ts';
import { installFetch } from './fetch.ts';
import { installFs } from './fs.ts';
import { installHeaders } from './headers.ts';
import type { Host, Setup } from './host.ts';
import { inspect, installInspect } from './inspect.ts';
import { createInternals, type Internals } from './internals.ts';
import { createPath } from './path.ts';
import {
  define,
  defineProperty,
  ErrorType,
  freeze,
  isArray,
  jsonParse,
  jsonStringify,
  objectKeys,
  promiseThen,
  slice,
} from './primordials.ts';
import { installProxies } from './proxies.ts';
import { installStack, rawFrames } from './stack.ts';
import { setup } from './state.ts';
import { installStreams } from './streams.ts';
import { createTimers } from './timers.ts';
import { createTools } from './tools.ts';
import { installUrl } from './url.ts';
import { convert } from './value.ts';
import { installViews } from './views.ts';
import { installWeakRefs } from './weak-refs.ts';
import { installWebSocket } from './web-socket.ts';

const FULFILLED = 1;

type Entries = Readonly<Record<EntryName, (...args: never[]) => unknown>> & { readonly internals: Internals };

/** Builds the guest's world. Runs once, when the engine is built; what it leaves in memory is the snapshot that every run starts from. */
export const install = (host: Host): Entries => {
  const calls = createCalls(host);
  const timers = createTimers(host);
  const path = createPath(() => setup.cwd);
  installEngineErrors();
  installProxies();
  installWeakRefs();
  installStack();
  installDates(host);
  installInspect(host);
  installConsole(host);
  installEncoding(host);
  installEvents(timers);
  installUrl(host);
  installClone();
  installCrypto(host, calls);
  installStreams();
  installBodies();
  installHeaders();
  installFetch(calls);
  installWebSocket(calls);
  installFs(calls, path);
  installViews();
  const rewind = installExtras(host, calls, path);
  const tools = createTools(calls);
  const internals = createInternals(host, calls, timers, path);

  /** Counts the runs of this guest: how a program of an earlier one ends is nobody's business any more. */
  let runs = 0;
  let blocked = false;
  let outcome: { readonly ok: boolean; readonly value: unknown } | undefined;
  let outgoing: ArrayBuffer | undefined;
  let outgoingLong = '';
  const settle = (run: number, ok: boolean, value: unknown): void => {
    if (run !== runs) return;
    outcome ??= { ok, value };
    host.settled(ok ? 1 : 0);
  };
  const track = async (program: unknown): Promise<void> => {
    const run = runs;
    try {
      settle(run, true, await program);
    } catch (error) {
      fail(run, error);
    }
  };
  /** A program whose error somebody takes has ended well. */
  const fail = (run: number, error: unknown): void => {
    if (uncaught(error, false)) settle(run, true, undefined);
    else settle(run, false, error);
  };
  const ticks = (): number => {
    try {
      return internals.hooks.ticks?.() ?? 0;
    } catch (error) {
      if (uncaught(error, false)) return 1;
      throw error;
    }
  };
  const uncaught = (error: unknown, rejected: boolean): boolean =>
    internals.hooks.uncaught?.(error, rejected) === true;

  return {
    begin: (text: string, ...long: string[]): void => {
      const given = jsonParse(text) as Setup;
      const inputs = given.inputs as Record<string, unknown>; // still nobody's
      for (let at = 0; at < long.length; at++) inputs[given.long?.[at] as string] = long[at]; // a name for each
      runs += 1;
      outcome = undefined;
      outgoing = undefined;
      outgoingLong = '';
      if (runs > 1) {
        timers.drop();
        calls.drop();
        rewind();
        each(internals.hooks.begin);
      }
      setup.args = given.args;
      setup.env = freeze(given.env);
      setup.cwd = given.cwd;
      setup.program = given.program;
      setup.base = given.base;
      setup.block = given.block;
      setup.outputBytes = given.outputBytes;
      setup.hostCallBytes = given.hostCallBytes;
      define(globalThis, 'argv', given.args);
      define(globalThis, 'args', given.args); // the older name
      define(globalThis, 'env', setup.env);
      if (given.tools === true) define(globalThis, 'tools', tools);
      const names = objectKeys(given.inputs);
      for (let at = 0; at < names.length; at++) {
        const name = names[at] as string; // within its length
        defineProperty(globalThis, name, {
          __proto__: null,
          value: given.inputs[name],
          writable: true,
          configurable: true,
          enumerable: true,
        } as PropertyDescriptor);
      }
      if (!blocked) blockNames(given.block);
      blocked = true;
    },
    trackValue: (value: unknown): void => {
      // A script has ended: what it put off comes before the jobs of its promises.
      ticks();
      if ((typeof value === 'object' && value !== null) || typeof value === 'function') void track(value);
      else settle(runs, true, value);
    },
    trackScript: (completion: unknown): void => {
      if (host.promiseState(completion as object) === FULFILLED) ticks(); // it waited for nothing
      const run = runs;
      const wait = async (): Promise<void> => {
        try {
          const { value } = (await completion) as { readonly value: unknown }; // a script with top-level await wraps its value
          settle(run, true, await value);
        } catch (error) {
          fail(run, error);
        }
      };
      void wait();
    },
    trackModule: (name: string): void => {
      const run = runs;
      promiseThen(
        import(name),
        (namespace: { readonly default?: unknown }) => void track(namespace.default),
        (error) => fail(run, error),
      );
    },
    settle: calls.settle,
    turn: (): number => {
      try {
        if (ticks() > 0) return 0;
        const delay = timers.turn();
        ticks();
        return delay;
      } catch (error) {
        if (uncaught(error, false)) return 0;
        throw error;
      }
    },
    ticks: (): number => ticks(),
    beforeExit: (): number => {
      try {
        return internals.hooks.beforeExit?.() === true ? 1 : 0;
      } catch (error) {
        if (uncaught(error, false)) return 1;
        throw error;
      }
    },
    uncaught: (error: unknown, rejected: boolean): boolean => uncaught(error, rejected),
    describe: (error: unknown): string => describe(error),
    loadFailure: (text: string): Error => calls.failure(text),
    failure: (): string => describe(outcome?.value),
    result: (): string => {
      each(internals.hooks.end);
      const value = outcome?.value;
      const { text, bytes, long } = convert(value, setup.outputBytes);
      outgoing = bytes;
      outgoingLong = long;
      // What has no JSON form is told as its text; nothing asked for a value that must not fail.
      const asText = text[0] === 'x' || (text === 'u' && value !== undefined);
      return asText ? textOf(value, setup.outputBytes) : text;
    },
    resultBytes: (): ArrayBuffer | undefined => outgoing,
    resultLong: (): string => outgoingLong,
    resultLongJson: (): string => jsonStringify(outgoingLong),
    internals,
  };
};

const textOf = (value: unknown, most: number): string => {
  let shown: string;
  try {
    shown = inspect(value);
  } catch {
    shown = '[a value that cannot be shown]';
  }
  return shown.length > most ? 'l' : `t${jsonStringify(shown)}`;
};

const each = (hooks: readonly (() => void)[]): void => {
  for (let at = 0; at < hooks.length; at++) (hooks[at] as () => void)(); // within its length
};

/** What an error was caused by, and the errors that an AggregateError gathers: each with its own frames, as Node prints them. */
const more = (error: object): string => {
  const { cause, errors } = error as { readonly cause?: unknown; readonly errors?: unknown };
  let text = '';
  if (cause !== undefined && refusalOf(cause) === undefined) text += `\n  [cause]: ${inspect(cause)}`;
  if (isArray(errors)) text += `\n  [errors]: ${inspect(errors)}`;
  return text;
};

const MOST_MESSAGE = 16_384;
const MOST_STACK = 32_768;

/** An error as JSON `{ name, message, stack?, id? }`. What it says is the guest's; `id` is the host's own. */
const describe = (error: unknown): string => {
  const id = refusalOf(error);
  let name = 'Uncaught';
  let message = '';
  let stack = '';
  let limit: ReturnType<typeof limitOf>;
  try {
    limit = limitOf(error);
    if (error instanceof ErrorType) {
      const given = error as {
        readonly name?: unknown;
        readonly message?: unknown;
      };
      name = typeof given.name === 'string' && given.name !== '' ? given.name : 'Error';
      message = typeof given.message === 'string' ? given.message : '';
      stack = rawFrames(error) + more(error);
    } else message = inspect(error);
  } catch {
    message = 'an error that cannot be read';
  }
  return jsonStringify({
    __proto__: null,
    name: slice(name, 0, 200),
    message: slice(message, 0, MOST_MESSAGE),
    stack: slice(stack, 0, MOST_STACK),
    id,
    limit,
  });
};
