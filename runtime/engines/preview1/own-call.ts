import type { GuestHost, HostAnswer, RunSpec } from '../../contracts/engine.ts';
import { freeArrived } from '../../vocabulary/bytes.ts';
import type { JsonObject } from '../../vocabulary/json.ts';
import { isStackOverflow } from './guarded.ts';
import type { GuestMemory } from './guest-memory.ts';
import { type Import, suspending } from './jspi.ts';
import { LeaveGuest, type RunControl } from './run-control.ts';

/** The one function by which a module reaches host functions: `wit/preview1.h` is its description. */
export const CALL_MODULE = 'sandglass';
export const CALL_NAME = 'call';
export const CALL_PARAMS: readonly string[] = ['i32', 'i32', 'i32', 'i32'];
export const CALL_RESULTS: readonly string[] = ['i32'];

/** What a module says of itself by the same call: no host function sees it. */
const REFUSED = 'guest.refused';
const MISFIT = 'guest.misfit';
const MAX_REASON = 2_000;

export interface OwnCallContext {
  readonly host: GuestHost;
  readonly memory: GuestMemory;
  readonly control: RunControl;
  readonly run: Pick<RunSpec, 'limits'>;
  /** Spends fuel for bytes that a call moves. */
  readonly charge: (bytes: number) => void;
  readonly suspends: boolean;
  /** Told why a script does not fit what its run allows; absent: the module is no interpreter of ours. */
  readonly misfit: ((reason: string) => void) | undefined;
}

interface Request {
  readonly operation: string;
  readonly args: JsonObject;
  readonly bytes: Uint8Array;
}

/**
 * `call(request, length, answer, room)`: the answer's length. Where the room is too small nothing is written, and a call with no request
 * takes the answer that is kept. Request and answer are a 32-bit length, JSON of that length, and bytes.
 */
export function createOwnCall(context: OwnCallContext): Import {
  const { host, memory, control, run, charge, suspends } = context;
  const maxBytes = run.limits.hostCallBytes;
  let kept: Uint8Array | undefined;
  const safely = <T>(step: () => T): T => {
    try {
      return step();
    } catch (error) {
      if (error instanceof LeaveGuest || isStackOverflow(error)) throw error;
      return control.failed(error);
    }
  };
  const part = (pointer: unknown, length: unknown): Uint8Array => {
    const at = Number(pointer) >>> 0;
    const size = Number(length) >>> 0;
    if (memory.holds(at, size)) return memory.bytes.subarray(at, at + size);
    return control.ended({
      kind: 'trapped',
      message: `it called ${CALL_MODULE}.${CALL_NAME} with ${size} bytes at ${at}, which are not inside its memory`,
    });
  };
  /** Writes the answer, or keeps it for a call that brings more room. */
  const give = (answer: Uint8Array, pointer: unknown, room: unknown): number => {
    const fits = answer.byteLength <= Number(room) >>> 0;
    if (fits) part(pointer, answer.byteLength).set(answer);
    kept = fits ? undefined : answer;
    return answer.byteLength;
  };
  /** What is to be asked of the gate; an answer where nothing is. */
  const read = (pointer: unknown, length: unknown): Request | Uint8Array => {
    control.check();
    if (Number(length) >>> 0 === 0) return kept ?? invalid('no answer is kept');
    kept = undefined;
    charge(Number(length) >>> 0);
    const request = parse(part(pointer, length), maxBytes);
    return request instanceof Uint8Array ? request : (told(request, context) ?? request);
  };
  const take = (answer: HostAnswer, pointer: unknown, room: unknown): number => {
    const packed = packAnswer(answer);
    charge(packed.byteLength);
    if (answer.ok) freeArrived(answer);
    control.check();
    return give(packed, pointer, room);
  };
  if (!suspends)
    return (...[request, length, answer, room]: readonly unknown[]) =>
      safely(() => {
        const asked = read(request, length);
        if (asked instanceof Uint8Array) return give(asked, answer, room);
        return take(host.callSync(asked.operation, asked.args, asked.bytes), answer, room);
      });
  return suspending(async (request, length, answer, room) => {
    const asked = safely(() => read(request, length));
    if (asked instanceof Uint8Array) return safely(() => give(asked, answer, room));
    const given = await host.rest(host.call(asked.operation, asked.args, asked.bytes));
    return safely(() => take(given, answer, room));
  });
}

/** A module that ends with a refusal, or with why its script does not fit, says so by the same way. */
function told({ operation, args }: Request, { control, misfit }: OwnCallContext): Uint8Array | undefined {
  if (operation === REFUSED) {
    // The gate knows its refusals by their ids: of any other number nothing follows.
    const refusalId = Number(args.refusal);
    return control.ended({
      kind: 'threw',
      error: { name: 'HostError', message: 'a host call was refused' },
      ...(Number.isSafeInteger(refusalId) ? { refusalId } : {}),
    });
  }
  if (operation !== MISFIT || misfit === undefined) return undefined;
  misfit(String(args.reason).slice(0, MAX_REASON));
  return pack({ ok: true, value: null });
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function parse(request: Uint8Array, maxBytes: number): Request | Uint8Array {
  if (request.byteLength < 4) return invalid('the request has no length');
  const size = new DataView(request.buffer, request.byteOffset).getUint32(0, true);
  if (size > request.byteLength - 4) return invalid('the request is cut off');
  if (request.byteLength > 2 * maxBytes + 4)
    return invalid(`a request is ${maxBytes} bytes at most, by the limit hostCallBytes`);
  try {
    const given: unknown = JSON.parse(utf8.decode(request.slice(4, 4 + size)));
    if (isObject(given) && typeof given.operation === 'string' && isObject(given.args ?? {}))
      return {
        operation: given.operation,
        args: (given.args ?? {}) as JsonObject, // it was JSON, and is an object
        bytes: request.slice(4 + size),
      };
    return invalid('the request is not { operation, args }');
  } catch {
    return invalid('the request is not JSON');
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function packAnswer(answer: HostAnswer): Uint8Array {
  if (answer.ok) return pack({ ok: true, value: answer.value }, answer.bytes);
  const { id, code, message, hint, details } = answer.refusal;
  return pack({ ok: false, refusal: id, code, message, hint, details });
}

const invalid = (reason: string): Uint8Array =>
  pack({ ok: false, code: 'INPUT_INVALID', message: `Cannot call the host: ${reason}` });

function pack(head: object, bytes: Uint8Array = new Uint8Array()): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(head));
  const packed = new Uint8Array(4 + text.byteLength + bytes.byteLength);
  new DataView(packed.buffer).setUint32(0, text.byteLength, true);
  packed.set(text, 4);
  packed.set(bytes, 4 + text.byteLength);
  return packed;
}
