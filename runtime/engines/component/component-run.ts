import type { GuestEnd, GuestHost, HostAnswer, RunSpec } from '../../contracts/engine.ts';
import { type Arrived, freeArrived } from '../../vocabulary/bytes.ts';
import type { JsonObject } from '../../vocabulary/json.ts';
import { MIB } from '../../vocabulary/units.ts';
import type { WaitMode } from './component-data.ts';

/** A value now, or a promise of it: what an import answers in the two wait modes. */
export type Eventually<T> = T | Promise<T>;

/** Goes on at once with a value that is there, later with one that is not; so one implementation serves both wait modes. */
export function after<T, U>(value: Eventually<T>, next: (value: T) => Eventually<U>): Eventually<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** Thrown to leave the guest once its end is decided. A guest may catch it; the decided end stands all the same. */
export class GuestEnded extends Error {
  override readonly name = 'GuestEnded';
}

/** One run of one component, as its imports see it. */
export interface ComponentRun {
  readonly host: GuestHost;
  readonly spec: RunSpec;
  readonly mode: WaitMode;
  /** Largest piece of a file or body in one host call, bytes. */
  readonly chunkBytes: number;
  /** The end that an import decided: exit, spent output, deadline. The first one stands. */
  readonly ending: () => GuestEnd | undefined;
  /** Resolves once the end is decided. The glue does not pass on every error of a waiting import, so a suspended guest is left by this. */
  readonly ended: Promise<void>;
  /** Decides the end and leaves the guest. */
  end(ending: GuestEnd): never;
  /** Remembers the status that an adapted preview1 command exits with: WASI 0.2 itself only tells success from failure. */
  noteStatus(code: number): void;
  /** Ends the guest with its status; a failure without a noted one is 1. */
  exit(status: 'ok' | 'err'): never;
  /** Leaves the guest if its end is decided or the host wants it stopped; every import begins here. */
  check(): void;
  /** A host call in the run's wait mode. `bytes` are given away; those of a file in the answer are there until the next call. */
  call(operation: string, args: JsonObject, bytes?: Uint8Array): Eventually<HostAnswer>;
  /** A host call whose answer nobody waits for. */
  send(operation: string, args: JsonObject): void;
  /** Guest output; leaves the guest when the output budget is spent. */
  write(stream: 'stdout' | 'stderr', bytes: Uint8Array): void;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Monotonic nanoseconds. */
  nanoseconds(): bigint;
  /** Waits, in deterministic runs by moving the clock. */
  sleep(milliseconds: number): Eventually<void>;
  /** Accounts for bytes lifted out of the guest for one host call or result. */
  charge(bytes: number): void;
}

/** Answers whose bytes go into the guest at once; nothing here keeps a part of them. */
const HANDED_OVER: ReadonlySet<string> = new Set(['fs.read', 'fs.readFile']);

/** @param stop Keeps the guest from going on after its end, should it catch what is thrown. */
export function createGuestRun(
  host: GuestHost,
  spec: RunSpec,
  mode: WaitMode,
  stop: () => void,
): ComponentRun {
  let decided: GuestEnd | undefined;
  let skewMs = 0;
  let lifted = 0;
  let noted = 0;
  /** On its way into the guest, which runs on only when it is there. */
  let lent: Arrived = {};
  const ended = Promise.withResolvers<void>();
  const end = (ending: GuestEnd): never => {
    decided ??= ending;
    stop();
    ended.resolve();
    throw new GuestEnded('The guest has ended');
  };
  const check = (): void => {
    lifted = 0;
    if (decided !== undefined) throw new GuestEnded('The guest has ended');
    const reason = host.stopReason();
    if (reason !== undefined) end({ kind: 'limit', limit: reason });
  };
  const answered = (operation: string, answer: HostAnswer): HostAnswer => {
    check();
    if (answer.ok && HANDED_OVER.has(operation)) lent = answer;
    return answer;
  };
  return {
    host,
    spec,
    mode,
    chunkBytes: Math.min(spec.limits.hostCallBytes, MIB),
    ending: () => decided,
    ended: ended.promise,
    end,
    noteStatus: (code) => {
      noted = code & 0xff;
    },
    exit: (status) => end({ kind: 'exit', exitCode: status === 'ok' ? 0 : noted || 1 }),
    check,
    call: (operation, args, bytes) => {
      freeArrived(lent);
      lent = {};
      return mode === 'jspi'
        ? host.call(operation, args, bytes).then((answer) => answered(operation, answer))
        : answered(operation, host.callSync(operation, args, bytes));
    },
    send: (operation, args) => {
      if (mode === 'jspi')
        void host.call(operation, args); // never rejects
      else host.callSync(operation, args);
    },
    write: (stream, bytes) => {
      if (!host.write(stream, bytes)) end({ kind: 'limit', limit: 'output' });
    },
    now: () => host.now() + skewMs,
    nanoseconds: () => BigInt(Math.round((host.monotonic() + skewMs) * 1e6)),
    sleep: (milliseconds) => {
      if (spec.deterministic !== undefined) {
        skewMs += milliseconds;
        return undefined;
      }
      if (mode === 'jspi') return host.sleep(milliseconds).then(check);
      if (!host.canBlock) {
        end({
          kind: 'invalid',
          code: 'UNSUPPORTED',
          message: "Cannot wait in the host's own thread: this platform cannot suspend a guest",
          hint: 'Run it at isolation level standard, in a worker',
        });
      }
      host.sleepSync(milliseconds);
      check();
      return undefined;
    },
    charge: (bytes) => {
      lifted += bytes;
      if (lifted > spec.limits.memoryBytes) {
        end({
          kind: 'limit',
          limit: 'memory',
          message: 'Cannot take what the guest passes: it is larger than its memory',
        });
      }
    },
  };
}
