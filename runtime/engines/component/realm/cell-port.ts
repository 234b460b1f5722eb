import type { GuestHost, HostAnswer } from '../../../contracts/engine.ts';
import { type Arrived, freeArrived } from '../../../vocabulary/bytes.ts';
import type { JsonObject } from '../../../vocabulary/json.ts';
import { DECODER, ENCODED, type RealmPort } from './contract.ts';
import { argsOf, bytesOf, countOf, guarded, moved, textOf, timeOf } from './crossing.ts';

/** How what the realm has asked for comes back into it, and how its run ends. */
export interface PortEvents {
  readonly fire: (timer: number) => void;
  readonly settle: (call: number, answer: string) => void;
  readonly done: (result: string, bytes: readonly Uint8Array[]) => void;
}

const encoder = new TextEncoder();
const decoders: TextDecoder[] = [];

function decoderFor(kind: number): TextDecoder {
  const place = kind & ALL_BITS;
  const made =
    decoders[place] ??
    new TextDecoder((kind & DECODER.utf16) === 0 ? 'utf-8' : 'utf-16', {
      fatal: (kind & DECODER.fatal) !== 0,
      ignoreBOM: (kind & DECODER.ignoreBom) !== 0,
    });
  decoders[place] = made;
  return made;
}

const ALL_BITS = DECODER.fatal | DECODER.ignoreBom | DECODER.utf16;
const NOTHING = new Uint8Array();

/** The cell's side of the seam for one run. @param given Bytes that come with the run. */
export function createCellPort(
  host: GuestHost,
  given: readonly Uint8Array[],
  { fire, settle, done }: PortEvents,
): RealmPort {
  const results: Uint8Array[] = [];
  const arrived = new Map<number, Arrived>();
  let encoded: Uint8Array = NOTHING;
  let lastRead = 0;
  let memoryBytes = 0;
  let fuel = 0;
  host.trackMemory(() => memoryBytes);
  host.trackFuel?.(() => fuel);

  const answerText = (id: number, answer: HostAnswer): string => {
    if (!answer.ok) return JSON.stringify(answer);
    const { value, bytes } = answer;
    if (bytes !== undefined) arrived.set(id, answer);
    return JSON.stringify({ ok: true, value, size: bytes?.byteLength ?? -1 });
  };
  const request = (
    operation: unknown,
    args: unknown,
    body: ArrayBuffer | undefined,
  ): [operation: string, args: JsonObject, bytes?: Uint8Array] => {
    const name = textOf(operation);
    return body === undefined ? [name, argsOf(args)] : [name, argsOf(args), moved(body)];
  };

  return guarded({
    now: () => host.now(),
    monotonic: () => host.monotonic(),
    random: (into, offset, length) => host.random(bytesOf(into, offset, length)),
    decode: (kind, buffer, offset, length) =>
      decoderFor(countOf(kind)).decode(bytesOf(buffer, offset, length)),
    encode: (text) => {
      encoded = encoder.encode(textOf(text));
      return encoded.byteLength;
    },
    encodeInto: (text, buffer, offset, length) => {
      const { read, written } = encoder.encodeInto(textOf(text), bytesOf(buffer, offset, length));
      lastRead = read;
      return written;
    },
    lastRead: () => lastRead,
    write: (stream, buffer, offset, length) =>
      host.write(stream === 1 ? 'stdout' : 'stderr', bytesOf(buffer, offset, length)),
    stopReason: (memory, burnt) => {
      memoryBytes = countOf(memory);
      fuel = countOf(burnt);
      return host.stopReason() ?? '';
    },
    timer: (id, ms) => {
      const timer = countOf(id);
      void host.rest(host.sleep(timeOf(ms))).then(() => fire(timer));
    },
    sleepSync: (ms) => host.sleepSync(timeOf(ms)),
    callSync: (operation, args, body) => answerText(0, host.callSync(...request(operation, args, body))),
    call: (id, operation, args, body) => {
      const call = countOf(id);
      void host
        .rest(host.call(...request(operation, args, body)))
        .then((answer) => settle(call, answerText(call, answer)));
    },
    take: (id, into) => {
      const answer = arrived.get(countOf(id));
      arrived.delete(id);
      if (answer?.bytes === undefined) return;
      bytesOf(into).set(answer.bytes);
      freeArrived(answer);
    },
    load: (place, into) => {
      const bytes = place === ENCODED ? encoded : given[countOf(place)];
      if (bytes !== undefined) bytesOf(into).set(bytes);
      if (place === ENCODED) encoded = NOTHING;
    },
    give: (buffer) => results.push(moved(buffer)) - 1,
    done: (text) => done(textOf(text), results),
  });
}
