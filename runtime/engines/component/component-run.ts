import type { GuestEnd, GuestHost, HostAnswer, RunSpec } from '../../contracts/engine.ts';
import { type Arrived, freeArrived } from '../../vocabulary/bytes.ts';
import type { JsonObject } from '../../vocabulary/json.ts';
import { MIB } from '../../vocabulary/units.ts';
import { nativeFuel } from '../../wasm/meter.ts';
import { type AnswerOrder, asTheyCome, inOrderOfCalls } from './answer-order.ts';
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
  /** Answers that come while the guest does something else. */
  readonly order: AnswerOrder;
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
  /** Accounts for bytes lifted out of the guest for one host call or result, and bills them. */
  charge(bytes: number): void;
  /** Accounts for items of a list that are lifted one by one. */
  chargeItems(count: number): void;
  /** Bills a call of an import; the glue does. */
  enter(): void;
  /** Before the guest goes on after a call of an import; the linker does. */
  leave(): void;
  /** Bills bytes that go into the guest. */
  pay(bytes: number): void;
  /** The guest is about to hold a resource more; `count` of its kind then. */
  hold(count: number): void;
}

/** Answers whose bytes go into the guest at once; nothing here keeps a part of them. */
const HANDED_OVER: ReadonlySet<string> = new Set(['fs.read', 'fs.readFile']);

/** What a run does to the meter of its guest. */
export interface GuestMeter {
  /** Keeps the guest from going on after its end, should it catch what is thrown. */
  readonly stop: () => void;
  /** Bills work that the host does in the guest's place, units. */
  readonly charge: (units: number) => void;
  /** See `Meter.left`. */
  readonly left: () => void;
}

/** The generated glue takes ten microseconds and more of a call. */
const IMPORT_FUEL = 4000;
/** What an item of a list weighs at least once it is an object. */
const ITEM_BYTES = 64;
/** Items of lists that a guest in the host's own thread may pass in one call: nobody has a turn while they are made. */
const MOST_ITEMS_INLINE = 100_000;
/** Resources of one kind that a guest may hold at once: each is an object of ours. */
const MOST_RESOURCES = 100_000;

interface Bill extends Pick<ComponentRun, 'charge' | 'chargeItems' | 'enter' | 'pay' | 'hold'> {
  /** What is lifted from now on is for another call. */
  begin(): void;
}

/** What a guest passes and holds, as long as it is paid for and within its bounds. */
function createBill(
  host: GuestHost,
  { limits }: RunSpec,
  meter: GuestMeter,
  end: (ending: GuestEnd) => never,
): Bill {
  let lifted = 0;
  let items = 0;
  const pay = (bytes: number): void => meter.charge(nativeFuel(countOf(bytes)));
  const charge = (bytes: number): void => {
    pay(bytes);
    lifted += bytes;
    if (lifted > limits.memoryBytes) {
      end({
        kind: 'limit',
        limit: 'memory',
        message: 'Cannot take what the guest passes: it is larger than its memory',
      });
    }
  };
  return {
    begin: () => {
      lifted = 0;
      items = 0;
    },
    charge,
    chargeItems: (count) => {
      items += countOf(count);
      if (host.turns !== undefined && items > MOST_ITEMS_INLINE) {
        end({
          kind: 'invalid',
          code: 'UNSUPPORTED',
          message: `Cannot take ${items} items of lists from the guest in the host's own thread: over ${MOST_ITEMS_INLINE} a call`,
          hint: 'Run it at isolation level standard, in a worker',
        });
      }
      charge(count * ITEM_BYTES);
    },
    enter: () => meter.charge(IMPORT_FUEL),
    pay,
    hold: (count) => {
      if (countOf(count) > MOST_RESOURCES)
        end({ kind: 'trapped', message: `it holds over ${MOST_RESOURCES} resources of one kind` });
    },
  };
}

/** Glue may give anything for a number: what is billed must be one, or the bill is none. */
function countOf(count: unknown): number {
  if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < 0)
    throw new TypeError('expected a count');
  return count;
}

export function createGuestRun(
  host: GuestHost,
  spec: RunSpec,
  mode: WaitMode,
  meter: GuestMeter,
): ComponentRun {
  let decided: GuestEnd | undefined;
  let skewMs = 0;
  let noted = 0;
  /** On its way into the guest, which runs on only when it is there. */
  let lent: Arrived = {};
  const ended = Promise.withResolvers<void>();
  const end = (ending: GuestEnd): never => {
    decided ??= ending;
    meter.stop();
    ended.resolve();
    throw new GuestEnded('The guest has ended');
  };
  const bill = createBill(host, spec, meter, end);
  const check = (): void => {
    bill.begin();
    if (decided !== undefined) throw new GuestEnded('The guest has ended');
    const reason = host.stopReason();
    if (reason !== undefined) end({ kind: 'limit', limit: reason });
  };
  const answered = (operation: string, answer: HostAnswer): HostAnswer => {
    check();
    if (answer.ok && answer.bytes !== undefined) bill.pay(answer.bytes.byteLength);
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
        ? host.rest(host.call(operation, args, bytes)).then((answer) => answered(operation, answer))
        : answered(operation, host.callSync(operation, args, bytes));
    },
    order: spec.deterministic === undefined ? asTheyCome : inOrderOfCalls(),
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
      if (mode === 'jspi') return host.rest(host.sleep(milliseconds)).then(check);
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
    charge: bill.charge,
    chargeItems: bill.chargeItems,
    enter: bill.enter,
    leave: meter.left,
    pay: bill.pay,
    hold: bill.hold,
  };
}
