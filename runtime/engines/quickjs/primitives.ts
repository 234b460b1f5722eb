import type { GuestHost, HostAnswer, RunSpec, StopReason } from '../../contracts/engine.ts';
import { toBase64 } from '../../vocabulary/base64.ts';
import { type Arrived, freeArrived, freeBytes } from '../../vocabulary/bytes.ts';
import type { JsonObject } from '../../vocabulary/json.ts';
import { EVAL_GLOBAL, PRELUDE_FILE, PRIMITIVES, type PrimitiveName } from './abi.ts';
import type { Clock } from './clock.ts';
import type { CommonJs } from './common-js.ts';
import { compressPrimitive } from './compress-primitive.ts';
import { createDecoders, toldText } from './decode-primitive.ts';
import type { Pointer } from './engine-exports.ts';
import { objectIn } from './guest-json.ts';
import { createIntl } from './intl-primitive.ts';
import type { DeriveKey } from './kdf-primitive.ts';
import type { Machine } from './machine.ts';
import type { GuestArguments, Reactions } from './machine-host.ts';
import { modPow } from './mod-pow-primitive.ts';
import { createNativeWork, type NativeWork } from './native-steps.ts';
import { subtlePrimitive } from './subtle-primitive.ts';
import { urlPrimitive } from './url-primitive.ts';

/** An answer on its way to the guest. */
export interface Arrival extends Arrived {
  readonly id: number;
  readonly text: string;
}

/** The host's side of the prelude's calls. */
export interface Primitives {
  /** Never throws for anything a guest passes: a wrong argument is answered with `undefined`. */
  callHost(ref: number, args: GuestArguments): Pointer;
  /** The next answer to hand in; in a deterministic run in the order of the calls. */
  takeArrival(): Arrival | undefined;
  readonly pending: () => number;
  /** Resolves with the next arrival, at once if there is one to take. */
  arrival(): Promise<void>;
  /** The most that the guest has held, native work for it included, bytes. */
  readonly peakBytes: () => number;
  /** The run is over: native work that has not begun never does. */
  leave(): void;
  /** Whether the program itself has ended, and well. */
  readonly settled: () => 'value' | 'failure' | undefined;
}

export interface PrimitivesOptions {
  readonly machine: () => Machine;
  readonly run: RunSpec;
  readonly host: GuestHost;
  readonly clock: Clock;
  /** Stops the guest before it runs on. */
  readonly stop: (reason: StopReason) => void;
  /** Bills native work on so many bytes: whatever is done outside the guest's own wasm, before it is done. */
  readonly charge: (bytes: number) => void;
  /** The program ends itself. */
  readonly exit: (code: number) => void;
  readonly commonJs: CommonJs;
  readonly reactions: Reactions;
  /** Where the program may derive keys. */
  readonly deriveKey?: DeriveKey | undefined;
  /** Text of a part of the library. */
  readonly part: (name: string) => string | undefined;
}

const MOST_RANDOM = 65_536;
/** Calls and digests at once, as the prelude has it; what asks for more is not the prelude any more. */
const MOST_AT_ONCE = 16;
/** What a call of `Intl` costs beside its text, in bytes of native work: a formatter may have to be made. */
const INTL_BYTES = 4096;
/** Decoders of encodings beside Unicode are so many times as slow as a copy. */
const LEGACY_TEXT = 16;
const encoder = new TextEncoder();

export function createPrimitives(options: PrimitivesOptions): Primitives {
  const { machine, run, host, clock, stop, exit, commonJs, charge, part, deriveKey, reactions } = options;
  const { hostCallBytes } = run.limits;
  const arrivals = new Map<number, Arrival>();
  const order: number[] = [];
  /** Bytes of the answers that the guest has not taken. With `hostCallBytes` of them, nothing more begins. */
  let arrivedBytes = 0;
  const held: (() => void)[] = [];
  const begin = (work: () => void): void => {
    held.push(work);
    goOn();
  };
  const goOn = (): void => {
    while (arrivedBytes < hostCallBytes) {
      const work = held.shift();
      if (work === undefined) break;
      work();
    }
  };
  /** Work in the platform's few threads, which other runs wait for, too: one piece after the other, so that one is left when the run ends. */
  let pooled: Promise<unknown> = Promise.resolve();
  let left = false;
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const begun = pooled.then(() => (left ? new Promise<T>(() => undefined) : work()));
    pooled = begun.catch(() => undefined);
    return begun;
  };
  /** What native work holds for the guest outside of its own memory, bytes. */
  let heldBytes = 0;
  let peakBytes = 0;
  const hold = (size: number): (() => void) => {
    heldBytes += size;
    peakBytes = Math.max(peakBytes, machine().memoryBytes() + heldBytes);
    let still = size;
    return () => {
      heldBytes -= still;
      still = 0;
    };
  };
  const holdWithin = (size: number): (() => void) | undefined =>
    machine().memoryBytes() + heldBytes + size > run.limits.memoryBytes ? undefined : hold(size);
  let letGoOfKey = (): void => undefined;
  let wake: (() => void) | undefined;
  let settled: 'value' | 'failure' | undefined;
  let waiting: Arrived = {};
  const intl = createIntl();
  const decoders = createDecoders();
  const deriving = createNativeWork<Uint8Array<ArrayBuffer>>(charge);
  const powering = createNativeWork<string>(charge);
  /** One step of native work, which the guest asks for until there is an answer; a number says that more is to be done. */
  const stepped = <T>(work: NativeWork<T>, answer: (done: T) => Pointer): Pointer => {
    const step = work.step();
    if (step === undefined) return 0;
    return step === 'more' ? machine().newNumber(1) : answer(step.done);
  };

  const text = (args: GuestArguments, index: number): string | undefined => {
    if (index >= args.count || machine().kind(args.at(index)) !== 'string') return undefined;
    const read = machine().readText(args.at(index));
    if (read !== undefined) charge(read.length);
    return read;
  };
  const number = (args: GuestArguments, index: number): number => {
    if (index >= args.count || machine().kind(args.at(index)) !== 'number') return Number.NaN;
    return machine().readNumber(args.at(index));
  };
  const flag = (args: GuestArguments, index: number): boolean =>
    index < args.count && machine().kind(args.at(index)) === 'boolean' && machine().isTrue(args.at(index));
  const copied = (value: Pointer, length: number): Uint8Array<ArrayBuffer> | undefined => {
    charge(length);
    return machine().readBytes(value);
  };
  /** A private copy, or `undefined`; over `hostCallBytes` nothing is copied. */
  const bytes = (args: GuestArguments, index: number): Uint8Array<ArrayBuffer> | undefined => {
    if (index >= args.count || machine().kind(args.at(index)) !== 'object') return undefined;
    const length = machine().bytesLength(args.at(index));
    return length < 0 || length > hostCallBytes ? undefined : copied(args.at(index), length);
  };
  /** The same for what stays inside: never more than the guest's own memory holds. */
  const anyBytes = (args: GuestArguments, index: number): Uint8Array<ArrayBuffer> | undefined => {
    if (index >= args.count || machine().kind(args.at(index)) !== 'object') return undefined;
    const length = machine().bytesLength(args.at(index));
    return length < 0 ? undefined : copied(args.at(index), length);
  };
  /** @param drop The guest asks only whether it succeeds. */
  const answerText = (answer: HostAnswer, drop = false): string => {
    if (!answer.ok) return JSON.stringify({ refused: answer.refusal });
    if (drop || (answer.value === null && answer.bytes === undefined)) return '';
    return JSON.stringify({ value: answer.value, bytes: answer.bytes !== undefined });
  };
  const payload = (answer: HostAnswer): Arrived =>
    answer.ok ? { bytes: answer.bytes, ownsBytes: answer.ownsBytes } : {};
  const arrive = (arrival: Arrival): void => {
    arrivals.set(arrival.id, arrival);
    arrivedBytes += arrival.bytes?.byteLength ?? 0;
    wake?.();
    wake = undefined;
  };
  const parsed = (json: string | undefined): JsonObject | undefined =>
    json === undefined || json.length > hostCallBytes ? undefined : objectIn(json);

  const serve: Record<PrimitiveName, (args: GuestArguments) => Pointer> = {
    write: (args) => {
      const given = text(args, 1);
      if (given === undefined) return 0;
      const whole = flag(args, 2) ? unquoted(given) : given;
      const stream = number(args, 0) === 1 ? 'stderr' : 'stdout';
      if (!host.write(stream, encoder.encode(whole))) stop('output');
      return 0;
    },
    call: (args) => {
      const id = number(args, 0);
      const operation = text(args, 1);
      const request = parsed(text(args, 2));
      if (!Number.isSafeInteger(id) || operation === undefined || request === undefined) return 0;
      if (order.length >= MOST_AT_ONCE) return 0;
      const body = bytes(args, 3);
      order.push(id);
      begin(() => {
        void host
          .call(operation, request, body)
          .then((answer) => arrive({ id, text: answerText(answer), ...payload(answer) }));
      });
      return 0;
    },
    callSync: (args) => {
      const operation = text(args, 0);
      const request = parsed(text(args, 1));
      if (operation === undefined || request === undefined) return 0;
      const answer = host.callSync(operation, request, bytes(args, 2));
      const drop = flag(args, 3);
      freeArrived(waiting); // the guest has not taken it
      waiting = payload(answer);
      if (drop) {
        freeArrived(waiting);
        waiting = {};
      }
      const told = answerText(answer, drop);
      charge(told.length);
      return machine().newText(told);
    },
    takeBytes: () => {
      const taken = waiting;
      waiting = {};
      if (taken.bytes === undefined) return 0;
      charge(taken.bytes.byteLength);
      return machine().takeBytes(taken);
    },
    now: () => machine().newNumber(clock.now()),
    monotonic: () => machine().newNumber(clock.monotonic()),
    random: (args) => {
      const count = number(args, 0);
      const filled = new Uint8Array(count >= 0 && count <= MOST_RANDOM ? Math.floor(count) : 0);
      charge(filled.byteLength);
      host.random(filled);
      return machine().takeBytes({ bytes: filled, ownsBytes: true });
    },
    url: (args) => {
      const request = text(args, 0);
      return request === undefined ? 0 : machine().newText(urlPrimitive(request));
    },
    digest: (args) => {
      const id = number(args, 0);
      const algorithm = text(args, 1);
      if (!Number.isSafeInteger(id) || order.length >= MOST_AT_ONCE) return 0;
      const data = bytes(args, 2);
      order.push(id);
      const done = (digest: ArrayBuffer | undefined): void =>
        arrive({
          id,
          text: JSON.stringify({ value: null, bytes: digest !== undefined }),
          bytes: digest === undefined ? undefined : new Uint8Array(digest),
          ownsBytes: true,
        });
      if (data === undefined || algorithm === undefined || !DIGESTS.has(algorithm)) done(undefined);
      else {
        charge(data.byteLength);
        // Ours, and the platform's own copy of it.
        const letGo = hold(2 * data.byteLength);
        void inTurn(() => crypto.subtle.digest(algorithm, data))
          .then(done, () => done(undefined))
          .finally(letGo);
      }
      return 0;
    },
    stdin: () => {
      charge(run.stdin.byteLength);
      return machine().newBytes(run.stdin);
    },
    settled: (args) => {
      settled ??= number(args, 0) === 1 ? 'value' : 'failure';
      return 0;
    },
    encode: (args) => {
      const given = text(args, 0);
      if (given === undefined) return 0;
      const encoded = encoder.encode(flag(args, 1) ? unquoted(given) : given);
      return machine().takeBytes({ bytes: encoded, ownsBytes: true });
    },
    decode: (args) => {
      const given = anyBytes(args, 0);
      if (given === undefined) return 0;
      try {
        const decoder = new TextDecoder('utf-8', { fatal: flag(args, 1), ignoreBOM: true });
        return machine().newText(toldText(decoder.decode(given)));
      } catch {
        return machine().newText(''); // the bytes are no UTF-8, and the guest wants to know
      } finally {
        freeBytes(given);
      }
    },
    base64: (args) => machine().newText(base64(number(args, 0), text(args, 1), anyBytes(args, 1))),
    exit: (args) => {
      const code = number(args, 0);
      exit(Number.isInteger(code) ? code & 0xff : 1);
      return 0;
    },
    resolve: (args) => {
      const base = text(args, 0);
      const specifier = text(args, 1);
      if (base === undefined || specifier === undefined) return 0;
      return machine().newText(JSON.stringify(commonJs.resolve(base, specifier)));
    },
    compile: (args) => {
      const name = text(args, 0);
      return name === undefined ? 0 : commonJs.compile(name);
    },
    intl: (args) => {
      const request = text(args, 0);
      if (request === undefined) return 0;
      charge(INTL_BYTES + 16 * request.length);
      return machine().newText(intl(request));
    },
    decodeAs: (args) => {
      const given = anyBytes(args, 0);
      const label = text(args, 1);
      if (given === undefined || label === undefined) return 0;
      charge(LEGACY_TEXT * given.byteLength);
      return machine().newText(decoders.decode(given, label, flag(args, 2), number(args, 3), flag(args, 4)));
    },
    subtle: (args) => {
      const id = number(args, 0);
      const request = text(args, 1);
      if (!Number.isSafeInteger(id) || order.length >= MOST_AT_ONCE) return 0;
      const data = bytes(args, 2);
      order.push(id);
      const repeats = run.deterministic !== undefined;
      const asked = request !== undefined && request.length <= hostCallBytes ? request : '';
      void subtlePrimitive(asked, data ?? new Uint8Array(), { charge, repeats, inTurn }).then((answer) =>
        arrive({
          id,
          text: JSON.stringify({ value: JSON.parse(answer.text), bytes: answer.bytes !== undefined }),
          bytes: answer.bytes,
          ownsBytes: true,
        }),
      );
      return 0;
    },
    promiseState: (args) => machine().newNumber(args.count === 0 ? 0 : machine().promiseState(args.at(0))),
    promiseResult: (args) => (args.count === 0 ? 0 : machine().promiseResult(args.at(0))),
    part: (args) => {
      const name = text(args, 0);
      const code = name === undefined ? undefined : part(name);
      if (code === undefined) return 0;
      const made = machine().evaluate(code, PRELUDE_FILE, EVAL_GLOBAL);
      return 'value' in made ? made.value : made.thrown;
    },
    deriveKey: (args) => {
      const request = text(args, 0);
      const given = bytes(args, 1);
      if (request === undefined || given === undefined) return 0;
      if (request !== '') {
        letGoOfKey();
        const work = deriveKey?.(request, given);
        const held = work === undefined ? undefined : holdWithin(work.heldBytes);
        if (held !== undefined) letGoOfKey = held;
        deriving.begin(held === undefined ? undefined : work?.steps);
      }
      return stepped(deriving, (derived) => {
        letGoOfKey();
        return machine().takeBytes({ bytes: derived, ownsBytes: true });
      });
    },
    modPow: (args) => {
      const [base, exponent, modulus] = [text(args, 0), text(args, 1), text(args, 2)];
      if (base === undefined || exponent === undefined || modulus === undefined) return 0;
      if (modulus !== '') powering.begin(modPow(base, exponent, modulus));
      return stepped(powering, (power) => machine().newText(power));
    },
    compress: (args) => {
      const request = text(args, 0);
      const given = anyBytes(args, 1);
      if (request === undefined || given === undefined) return 0;
      const made = compressPrimitive(request, given, {
        compress: host.compress,
        shared: host.turns !== undefined,
        charge,
        hold: holdWithin,
      });
      if (typeof made === 'string') return machine().newText(made);
      charge(made.byteLength);
      return machine().takeBytes({ bytes: made, ownsBytes: true });
    },
    trackAsync: (args) => {
      if (args.count > 0 && machine().kind(args.at(0)) === 'object') reactions.track(args.at(0));
      return 0;
    },
    remaining: () => machine().newNumber(Math.max(0, run.limits.timeoutMs - clock.elapsed())),
  };

  const nextId = (): number | undefined =>
    clock.virtual
      ? order.slice(0, 1).find((one) => arrivals.has(one))
      : order.find((one) => arrivals.has(one));

  return {
    callHost: (ref, args) => {
      const name = PRIMITIVES[ref];
      return name === undefined ? 0 : serve[name](args);
    },
    takeArrival: () => {
      const id = nextId();
      const arrival = id === undefined ? undefined : arrivals.get(id);
      if (arrival === undefined) return undefined;
      arrivals.delete(arrival.id);
      arrivedBytes -= arrival.bytes?.byteLength ?? 0;
      goOn();
      order.splice(order.indexOf(arrival.id), 1);
      return arrival;
    },
    pending: () => order.length,
    arrival: () =>
      new Promise((resolve) => {
        if (nextId() === undefined) wake = resolve;
        else resolve();
      }),
    leave: () => {
      left = true;
    },
    settled: () => settled,
    peakBytes: () => Math.max(peakBytes, machine().memoryBytes()),
  };
}

/** A text that travels as JSON, because half of a surrogate pair may be in it. */
function unquoted(json: string): string {
  try {
    return String(JSON.parse(json));
  } catch {
    return ''; // only a prelude that is not ours sends no JSON
  }
}

/** Base64 of bytes (0) or of a binary text (1), or a binary text of base64 (2); texts travel as JSON. Empty for what is none. */
function base64(kind: number, json: string | undefined, bytes: Uint8Array | undefined): string {
  try {
    if (kind === 0) return bytes === undefined ? '' : toBase64(bytes);
    const given = String(JSON.parse(json ?? ''));
    return kind === 1 ? btoa(given) : JSON.stringify(atob(given));
  } catch {
    return ''; // a character out of range, or no base64: the prelude throws the guest's own error
  }
}

const DIGESTS: ReadonlySet<string> = new Set(['SHA-1', 'SHA-256', 'SHA-384', 'SHA-512']);
