import { MIB } from '../../vocabulary/units.ts';

/** A line of the guest's own source. */
export interface SourcePlace {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/**
 * Where CPython keeps what an observer needs to find the running frames: the table that it puts at the start of its runtime state for
 * debuggers (`_Py_DebugOffsets`, since 3.13). Read before any guest runs, so these are CPython's own.
 */
export interface FrameLayout {
  /** Address of the runtime state. */
  readonly runtime: number;
  readonly interpretersHead: number;
  readonly threadsHead: number;
  readonly gilHolder: number;
  readonly nextThread: number;
  readonly currentFrame: number;
  readonly previousFrame: number;
  readonly executable: number;
  readonly instruction: number;
  readonly filename: number;
  readonly lineTable: number;
  readonly firstLine: number;
  readonly code: number;
  readonly bytesSize: number;
  readonly bytesData: number;
  readonly textState: number;
  readonly textLength: number;
  readonly asciiData: number;
  readonly textData: number;
}

const COOKIE = 'xdebugpy';
/** 3.14: the order of the table's fields is that of one minor version. */
const MINOR_VERSION = 0x030e;
/** Place of each field in the table, in 64-bit words after the cookie. */
const FIELDS = {
  interpretersHead: 4,
  threadsHead: 8,
  gilHolder: 18,
  nextThread: 23,
  currentFrame: 25,
  previousFrame: 31,
  executable: 32,
  instruction: 33,
  filename: 39,
  lineTable: 42,
  firstLine: 43,
  code: 47,
  bytesSize: 74,
  bytesData: 75,
  textData: 76,
  textState: 77,
  textLength: 78,
  asciiData: 79,
} as const;
const VERSION_FIELD = 0;

/** All of these are met long before: forged memory may be a circle, or a line without end. */
const MAX_THREADS = 64;
const MAX_FRAMES = 20_000;
const MAX_TABLE_BYTES = 4 * MIB;
const MAX_NAME_LENGTH = 1000;

/** `undefined` when the table is not there or of another version: then nothing can be told, and nothing else changes. */
export function readFrameLayout(memory: Uint8Array, runtime: number): FrameLayout | undefined {
  const view = viewOf(memory);
  const words = Math.max(...Object.values(FIELDS)) + 1;
  if (!(runtime > 0) || runtime + COOKIE.length + words * 8 > memory.length) return undefined;
  const cookie = String.fromCharCode(...memory.subarray(runtime, runtime + COOKIE.length));
  const word = (index: number): number =>
    Number(view.getBigUint64(runtime + COOKIE.length + index * 8, true));
  if (cookie !== COOKIE || word(VERSION_FIELD) >>> 16 !== MINOR_VERSION) return undefined;
  const layout = Object.fromEntries(Object.entries(FIELDS).map(([name, index]) => [name, word(index)]));
  return { ...layout, runtime } as FrameLayout & typeof layout; // each of its other fields is a name of FIELDS
}

/**
 * The innermost line of the guest's own files that was running when its interpreter was stopped. The memory is the guest's, and may have been
 * forged: every read is within it, every loop ends, and what comes out is a name that `isOwn` took and a number.
 */
export function stoppedAt(
  memory: Uint8Array,
  layout: FrameLayout,
  isOwn: (file: string) => boolean,
): SourcePlace | undefined {
  const view = viewOf(memory);
  const word = (address: number): number =>
    Number.isSafeInteger(address) && address > 0 && address + 4 <= memory.length
      ? view.getUint32(address, true)
      : 0;
  const interpreter = word(layout.runtime + layout.interpretersHead);
  const threads = new Set([word(interpreter + layout.gilHolder)]);
  let next = word(interpreter + layout.threadsHead);
  for (let count = 0; next !== 0 && count < MAX_THREADS; count++) {
    threads.add(next);
    next = word(next + layout.nextThread);
  }
  let left = MAX_FRAMES;
  for (const thread of threads) {
    if (thread === 0) continue;
    for (let frame = word(thread + layout.currentFrame); frame !== 0 && left > 0; left--) {
      const code = (word(frame + layout.executable) & ~3) >>> 0; // the low bits say who counts the reference
      const file = readText(memory, word, word(code + layout.filename), layout);
      if (file !== undefined && isOwn(file)) {
        const unit = (word(frame + layout.instruction) - (code + layout.code)) >> 1;
        const table = readBytes(memory, word, word(code + layout.lineTable), layout);
        const line = lineOf(table, word(code + layout.firstLine), unit);
        if (line !== undefined) return { file, line };
      }
      frame = word(frame + layout.previousFrame);
    }
  }
  return undefined;
}

type ReadWord = (address: number) => number;

function readText(memory: Uint8Array, word: ReadWord, text: number, layout: FrameLayout): string | undefined {
  const state = word(text + layout.textState);
  const length = word(text + layout.textLength);
  // Bit fields: interned (2 bits), kind (3), compact, ascii; Include/cpython/unicodeobject.h.
  const [kind, isCompact, isAscii] = [(state >>> 2) & 7, (state >>> 5) & 1, (state >>> 6) & 1];
  if (text === 0 || isCompact === 0 || length === 0 || length > MAX_NAME_LENGTH) return undefined;
  if (kind !== 1 && kind !== 2 && kind !== 4) return undefined;
  const start = text + (isAscii === 1 ? layout.asciiData : layout.textData - 4); // a compact text has no pointer to its data
  if (start + length * kind > memory.length) return undefined;
  const view = viewOf(memory);
  let result = '';
  for (let at = start; at < start + length * kind; at += kind) {
    const point =
      kind === 1 ? view.getUint8(at) : kind === 2 ? view.getUint16(at, true) : view.getUint32(at, true);
    result += String.fromCodePoint(point <= 0x10ffff ? point : 0xfffd);
  }
  return result;
}

function readBytes(memory: Uint8Array, word: ReadWord, bytes: number, layout: FrameLayout): Uint8Array {
  const size = word(bytes + layout.bytesSize);
  const start = bytes + layout.bytesData;
  if (bytes === 0 || size > MAX_TABLE_BYTES || start + size > memory.length) return new Uint8Array();
  return memory.subarray(start, start + size);
}

/** Line of a code unit, by a location table as PEP 657 has it (CPython, Objects/locations.md). */
export function lineOf(table: Uint8Array, firstLine: number, unit: number): number | undefined {
  let line = firstLine;
  let reached = 0;
  for (let at = 0; at < table.length; ) {
    const head = table[at] ?? 0;
    const form = (head >>> 3) & 15;
    reached += (head & 7) + 1;
    if (form === 13 || form === 14) line += readSigned(table, at + 1);
    else if (form >= 10 && form <= 12) line += form - 10;
    if (unit < reached) return form !== 15 && line > 0 && Number.isSafeInteger(line) ? line : undefined;
    at += 1;
    while (at < table.length && ((table[at] ?? 0) & 0x80) === 0) at += 1;
  }
  return undefined;
}

function readSigned(table: Uint8Array, start: number): number {
  let value = 0;
  for (let at = start, scale = 1; at < start + 6; at++, scale *= 64) {
    const byte = table[at] ?? 0;
    value += (byte & 63) * scale;
    if ((byte & 64) === 0) break;
  }
  return value % 2 === 1 ? -Math.floor(value / 2) : value / 2;
}

const viewOf = (memory: Uint8Array): DataView =>
  new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
