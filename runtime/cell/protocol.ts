import type { GuestResult, HostAnswer, RunSpec } from '../contracts/engine.ts';
import { inOwnBuffer } from '../vocabulary/bytes.ts';
import { defined } from '../vocabulary/defined.ts';
import type { JsonObject } from '../vocabulary/json.ts';
import { isCount, isFields, readResult } from './read-result.ts';
import type { ValuePart } from './value-parts.ts';

/** What a worker or process cell is told. Trusted: it comes from our side. */
export type ToCell =
  | WarmMessage
  | ArgsMessage
  | RunMessage
  | AnswerMessage
  | StopMessage
  | LookMessage
  | TakenMessage
  | GoMessage;

/** Import the executor, and bring the engine up if there is something shared to bring it up with. */
export interface WarmMessage {
  readonly type: 'warm';
  readonly executorUrl: string;
  readonly stackBytes: number;
  readonly shared: GuestParts | undefined;
  /** After each run that ended by itself the cell renews its executor, and says that it is ready again. */
  readonly renews: boolean;
}

/** Ends of a run after which nothing of it goes on. */
export const ENDED_BY_ITSELF: ReadonlySet<string> = new Set<GuestResult['kind']>([
  'value',
  'threw',
  'exit',
  'invalid',
]);

export interface RunMessage {
  readonly type: 'run';
  /** Goes back with every message of this run; late ones of an earlier run are dropped by it. */
  readonly token: number;
  /** Its slots of the bridge, `0..MOST_GUESTS - 1`. */
  readonly place: number;
  /** The cell is held for one guest: the run goes on in what the earlier ones have left. */
  readonly kept: boolean;
  readonly guest: GuestMessage;
  readonly spec: RunSpec;
  /** Inputs as JSON text, where they are many: then `spec` has none. */
  readonly inputs?: string;
}

/** A piece of the arguments of the run that follows, where they are many: then its `spec` has none. */
export interface ArgsMessage {
  readonly type: 'args';
  readonly token: number;
  readonly part: ValuePart;
}

/** The guest of a run: all its parts, or only the number under which the cell keeps them. */
export interface GuestMessage {
  readonly parts?: GuestParts;
  /** The cell keeps it under this number for runs to come. */
  readonly keep?: number;
  /** The cell may forget this one. */
  readonly drop?: number;
}

/** A prepared guest on its way: modules compiled where they can be sent, bytes elsewhere. */
export interface GuestParts {
  readonly data: unknown;
  readonly modules: Readonly<Record<string, WebAssembly.Module | Uint8Array<ArrayBuffer>>>;
  /** Names of modules that the cell has from its warm message: to send one again makes an object of a module anew. */
  readonly shared?: readonly string[];
}

export interface AnswerMessage {
  readonly type: 'answer';
  readonly token: number;
  readonly call: number;
  /** The cell blocks on its bridge for it. */
  readonly sync: boolean;
  readonly answer: HostAnswer;
}

/** The host has taken in so many messages more. Ends at the main thread of a process; a worker sees it on its bridge. */
export interface TakenMessage {
  readonly type: 'taken';
  readonly messages: number;
}

/** The answer to `wakes`. */
export interface GoMessage {
  readonly type: 'go';
  readonly token: number;
  /** The cell blocks on its bridge for it. */
  readonly sync: boolean;
}

export interface StopMessage {
  readonly type: 'stop';
  readonly token: number;
  /** As in the `RunMessage`. */
  readonly place: number;
  readonly reason: 'deadline' | 'cancelled';
}

/** Asks a process for a `ProgressMessage`. */
export interface LookMessage {
  readonly type: 'look';
  readonly place: number;
}

/**
 * What a cell says. Untrusted: the guest may own the cell's realm, so each field is checked before use, and nothing here decides a code but
 * through the gate.
 */
export type FromCell =
  | ReadyMessage
  | CallMessage
  | TookMessage
  | OutputMessage
  | ProgressMessage
  | RestMessage
  | PartMessage
  | DoneMessage
  | CrashedMessage;

export interface ReadyMessage {
  readonly type: 'ready';
  /** What the cell holds while it is idle: its JavaScript heap, buffers and linear memory; of a process all that is resident. */
  readonly memoryBytes: number;
  /** What of it is the memory that waits for its next guest. @default 0 */
  readonly warmBytes?: number;
}

export interface CallMessage {
  readonly type: 'call';
  readonly token: number;
  readonly call: number;
  /** The cell blocks until the answer is on its bridge. */
  readonly sync: boolean;
  readonly operation: string;
  readonly args: JsonObject;
  readonly bytes?: Uint8Array;
}

/** An answer of `LARGE_ANSWER` bytes or more is with the guest. */
export interface TookMessage {
  readonly type: 'took';
  readonly token: number;
  readonly call: number;
}

/** How far a guest has come that is about to be stopped, or was asked; of a process, whose bridge the host does not see. */
export interface ProgressMessage {
  readonly type: 'progress';
  readonly memoryBytes: number;
  readonly fuel: number | null;
}

/** A guest waits, and burns nothing; it goes on when it has asked by `wakes` and was answered `go`. */
export interface RestMessage {
  readonly type: 'rests' | 'wakes';
  readonly token: number;
  /** The cell will block for the answer to `wakes`. */
  readonly sync: boolean;
}

export interface OutputMessage {
  readonly type: 'output';
  readonly token: number;
  readonly stream: 'stdout' | 'stderr';
  readonly bytes: Uint8Array;
  readonly memoryBytes: number;
}

/** A piece of the value of a run; the others have come before, or come next. */
export interface PartMessage extends ValuePart {
  readonly type: 'part';
  readonly token: number;
}

export interface DoneMessage {
  readonly type: 'done';
  readonly token: number;
  /** Its value is absent if it has come in pieces. */
  readonly result: GuestResult;
  readonly cpuMs: number | null;
}

export interface CrashedMessage {
  readonly type: 'crashed';
  readonly token: number;
  readonly message: string;
}

/** Guests that may be in one worker at once. */
export const MOST_GUESTS = 64;
/** How long a guest has to wait before its cell tells of it, ms: shorter waits are not worth two messages. */
export const REST_AFTER_MS = 2;

/**
 * The bridge shared with a blocking cell. Slots of 32 bits: `answers` counts those to blocking calls and wakes the guest, `read` those that it has
 * taken; `heard` counts the other answers that it has taken; `taken` counts the messages that the other side has taken in; `go` counts the
 * answers to guests that block until they may go on. By place of the guest: `stop` holds the stop reason; in slots of 64 bits, what it has used.
 */
export const BRIDGE = Object.freeze({
  bytes: 32 + 4 * MOST_GUESTS + 16 * MOST_GUESTS,
  answers: 0,
  taken: 1,
  read: 2,
  heard: 3,
  go: 4,
  stop: 8,
  /** Flags of 32 bits in all. */
  flags: 8 + MOST_GUESTS,
  used: Object.freeze({ offset: 32 + 4 * MOST_GUESTS, memory: 0, fuel: 1 }),
});

/** Both views of a bridge. */
export const viewsOf = (
  bridge: SharedArrayBuffer,
): { readonly flags: Int32Array; readonly used: Float64Array } => ({
  flags: new Int32Array(bridge, 0, BRIDGE.flags),
  used: new Float64Array(bridge, BRIDGE.used.offset, 2 * MOST_GUESTS),
});
/**
 * How many messages a worker may be ahead of the host. A guest that asks or prints faster is held, since what waits is in the host's memory, not
 * in its own.
 */
export const MOST_AHEAD = 16;
/** Messages of one cell that wait at the host. Only a cell that no longer runs our code gets so far ahead. */
export const MOST_WAITING_MESSAGES = 256;
/** What the cell counts when it sends it, and the host when it has taken it in. */
export const isCounted = ({ type }: FromCell): boolean =>
  type === 'call' || type === 'output' || type === 'part';

/** From so many bytes on, an answer is in nobody's way only when the guest has told that it is there. */
export const LARGE_ANSWER = 65_536;
export const STOP_CODES = Object.freeze({ none: 0, deadline: 1, cancelled: 2 });

/**
 * An answer as it goes to a guest's thread: its bytes alone in a buffer, which is to be moved. Bytes that the host function has not given away
 * are copied first, and so are those that share their buffer: what else is in it is none of the guest's business.
 */
export function packAnswer(answer: HostAnswer): {
  readonly answer: HostAnswer;
  readonly transfer: ArrayBuffer[];
} {
  if (!answer.ok || answer.bytes === undefined) return { answer, transfer: [] };
  const shared = answer.ownsBytes !== true && answer.bytes.byteLength > 0;
  const bytes = shared ? new Uint8Array(answer.bytes) : inOwnBuffer(answer.bytes);
  return { answer: { ...answer, bytes, ownsBytes: true }, transfer: [bytes.buffer] };
}

/** Narrows a message from a cell; `undefined` for anything malformed. */
export function readFromCell(message: unknown): FromCell | undefined {
  if (!isFields(message)) return undefined;
  switch (message.type) {
    case 'ready': {
      const { memoryBytes, warmBytes } = message;
      if (!isCount(memoryBytes)) return undefined;
      return { type: 'ready', memoryBytes, ...(isCount(warmBytes) ? { warmBytes } : {}) };
    }
    case 'call': {
      const { token, call, sync, operation, args, bytes } = message;
      if (!isCount(token) || !isCount(call) || typeof sync !== 'boolean' || typeof operation !== 'string')
        return undefined;
      if (!isFields(args) || (bytes !== undefined && !(bytes instanceof Uint8Array))) return undefined;
      // The gate copies and checks the arguments as JSON; here it is enough that they are an object.
      const json = args as JsonObject;
      return {
        type: 'call',
        token,
        call,
        sync,
        operation,
        args: json,
        ...defined({ bytes }),
      };
    }
    case 'took': {
      const { token, call } = message;
      return isCount(token) && isCount(call) ? { type: 'took', token, call } : undefined;
    }
    case 'progress': {
      const { memoryBytes, fuel } = message;
      return isCount(memoryBytes) && (fuel === null || isCount(fuel))
        ? { type: 'progress', memoryBytes, fuel }
        : undefined;
    }
    case 'rests':
    case 'wakes': {
      const { type, token, sync } = message;
      return isCount(token) && typeof sync === 'boolean' ? { type, token, sync } : undefined;
    }
    case 'output': {
      const { token, stream, bytes, memoryBytes } = message;
      if (!isCount(token) || (stream !== 'stdout' && stream !== 'stderr')) return undefined;
      if (!(bytes instanceof Uint8Array) || !isCount(memoryBytes)) return undefined;
      return { type: 'output', token, stream, bytes, memoryBytes };
    }
    case 'part': {
      const { token, kinds, leaves } = message;
      return isCount(token) && kinds instanceof Uint8Array && Array.isArray(leaves)
        ? { type: 'part', token, kinds, leaves }
        : undefined;
    }
    case 'done': {
      const { token, result, cpuMs } = message;
      if (!isCount(token) || (cpuMs !== null && typeof cpuMs !== 'number')) return undefined;
      const checked = readResult(result);
      return checked === undefined ? undefined : { type: 'done', token, result: checked, cpuMs };
    }
    case 'crashed': {
      const { token, message: text } = message;
      return isCount(token) && typeof text === 'string'
        ? { type: 'crashed', token, message: text }
        : undefined;
    }
    default:
      return undefined;
  }
}
