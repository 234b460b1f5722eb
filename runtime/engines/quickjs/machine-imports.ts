import {
  DATE_TEXT_REF,
  ERROR_TEXT_REF,
  FRAMES_REF,
  REACTIONS_REF,
  REJECTION_REF,
  REJECTION_SCRATCH,
  THENABLE_REF,
} from './abi.ts';
import { DATE_TEXT_BYTES, dateText } from './date-text.ts';
import type { Pointer } from './engine-exports.ts';
import type { MachineErrors } from './machine-errors.ts';
import type { MachineHost } from './machine-host.ts';
import type { MachineMemory } from './machine-memory.ts';

/** What the imports need beside the guest's memory. */
export interface HostImportsOptions {
  readonly memory: MachineMemory;
  /** The host of the present run. */
  readonly host: () => MachineHost;
  readonly errors: MachineErrors;
  /** Hands a text in, NUL-terminated; 0 when the guest's memory is full. */
  readonly giveText: (text: string) => Pointer;
  /** Throws an error into the guest. */
  readonly throwInto: (error: Pointer) => void;
  /** The C code itself gives up. */
  readonly onAbort: (reason: string) => void;
}

/** The instance's imports: a frozen list without a prototype, and nothing of the platform's in it. */
export function hostImports(options: HostImportsOptions): WebAssembly.Imports {
  const { memory, host, errors, giveText, throwInto, onAbort } = options;
  const none = (): number => 0;
  const refused = (): number => 52;
  const zeros = (first: number, second: number): void => {
    const words = memory.words();
    words.setInt32(first, 0, true);
    words.setInt32(second, 0, true);
  };
  const imports = Object.freeze(
    Object.assign(Object.create(null) as Record<string, WebAssembly.ImportValue>, {
      memory: memory.memory,
      // The C code holds an `unreachable` behind every call that must not return.
      assertFail: (condition: number) => onAbort(`assertion ${memory.cString(condition)}`),
      abort: () => onAbort('abort'),
      exit: () => onAbort('exit'),
      fdWrite: refused,
      fdClose: refused,
      fdSeek: refused,
      environSizes: (count: number, size: number) => {
        zeros(count, size);
        return 0;
      },
      environGet: none,
      setTimer: none,
      keepAliveClear: () => undefined,
      growHeap: (wanted: number) => (memory.grow(wanted >>> 0, () => host().onThrashing()) ? 1 : 0),
      // Guests live in UTC, or in the zone of their own environment: the host's is none of their business.
      timeZone: (offset: number, daylight: number, standardName: number, daylightName: number) => {
        zeros(offset, daylight);
        for (const name of [standardName, daylightName]) memory.bytes().set([0x55, 0x54, 0x43, 0], name);
      },
      localTime: (seconds: bigint, out: number) => {
        const ms = Number(seconds) * 1000;
        writeTime(memory.words(), out, ms, host().zoneOffset(ms));
      },
      now: () => host().now(),
      interrupt: () => (host().shouldStop() ? 1 : 0),
      freeHost: () => undefined,
      normalizeModule: (_runtime: number, _context: number, base: number, specifier: number) =>
        giveText(host().normalizeModule(memory.cString(base), memory.cString(specifier))),
      loadModule: (_runtime: number, _context: number, name: number) => {
        const answer = host().loadModule(memory.cString(name));
        if (typeof answer === 'string') return giveText(answer);
        const error = host().errorFor(answer);
        if (error !== 0) throwInto(error);
        return 0;
      },
      callHost: (_context: number, _self: number, count: number, args: number, ref: number): number => {
        if (ref === ERROR_TEXT_REF) return errors.retell(args);
        if (ref === DATE_TEXT_REF) return retellDate(memory.bytes(), args);
        if (ref === FRAMES_REF) return errors.locate(args);
        if (ref === REACTIONS_REF) return host().reactions?.both(args) ?? 0;
        if (ref === THENABLE_REF) return host().reactions?.method(args) ?? 0;
        if (ref !== REJECTION_REF) return host().callHost(ref, { count, at: (index) => args + 8 * index });
        const promise = memory.words().getInt32(REJECTION_SCRATCH, true);
        host().onRejection(promise, REJECTION_SCRATCH + 8, count !== 0);
        return 0;
      },
    }),
  );
  return Object.freeze(Object.assign(Object.create(null) as WebAssembly.Imports, { host: imports }));
}

/** Puts a date's text in the engine's own words, where it has others. */
function retellDate(bytes: Uint8Array, at: number): 0 {
  const room = bytes.subarray(at, at + DATE_TEXT_BYTES);
  const told = dateText(String.fromCharCode(...room.subarray(0, Math.max(0, room.indexOf(0)))));
  if (told === undefined) return 0;
  for (let index = 0; index < told.length; index++) room[index] = told.charCodeAt(index);
  room[told.length] = 0;
  return 0;
}

/** Writes C's `struct tm` of a time whose zone is so many seconds ahead of UTC. */
function writeTime(words: DataView, out: number, ms: number, offset: number): void {
  const date = new Date(ms + 1000 * offset);
  const year = date.getUTCFullYear();
  const dayOfYear = Math.floor(
    (Date.UTC(year, date.getUTCMonth(), date.getUTCDate()) - Date.UTC(year, 0, 1)) / 86_400_000,
  );
  const fields = [
    date.getUTCSeconds(),
    date.getUTCMinutes(),
    date.getUTCHours(),
    date.getUTCDate(),
    date.getUTCMonth(),
    year - 1900,
    date.getUTCDay(),
    dayOfYear,
    0,
    offset,
  ];
  for (const [index, field] of fields.entries()) words.setInt32(out + 4 * index, field, true);
}
