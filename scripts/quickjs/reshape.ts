import {
  DATE_TEXT_REF,
  ERROR_SCRATCH,
  ERROR_TEXT_REF,
  FRAMES_REF,
  REACTIONS_REF,
  REJECTION_REF,
  REJECTION_SCRATCH,
  THENABLE_REF,
} from '../../runtime/engines/quickjs/abi.ts';
import { joinBytes } from '../../runtime/vocabulary/bytes.ts';
import { Reader } from '../../runtime/wasm/reader.ts';
import { nameBytes, SECTION, type Section, s32, sectionBody, u32 } from './sections.ts';

/** Import letter of the published binary → the name that `runtime/engines/quickjs/machine.ts` serves. */
const IMPORTS: Readonly<Record<string, string>> = {
  a: 'memory',
  b: 'assertFail',
  c: 'fdWrite',
  d: 'fdClose',
  e: 'environGet',
  f: 'environSizes',
  g: 'normalizeModule',
  h: 'loadModule',
  i: 'interrupt',
  j: 'setTimer',
  k: 'growHeap',
  l: 'keepAliveClear',
  m: 'localTime',
  n: 'timeZone',
  o: 'fdSeek',
  p: 'now',
  q: 'abort',
  r: 'exit',
  s: 'callHost',
  t: 'freeHost',
};

/** The binary's only global. */
const STACK_POINTER = 0;

const FUNC_TYPE = 0x60;
const I32 = 0x7f;
const I64 = 0x7e;

export interface Reshaped {
  readonly sections: Section[];
  /** Table slot of the rejection hook. */
  readonly rejectionSlot: number;
}

/**
 * Gives the published binary readable import and export names, and one more function: QuickJS's hook for rejected promises, which the
 * package compiles in but never sets. The hook stores both values and calls the host through the existing import for host functions.
 */
export function reshape(sections: readonly Section[], glue: string): Reshaped {
  const exportNames = readExportNames(glue);
  const types = readTypes(sectionBody(sections, SECTION.type));
  const hookType = types.indexOf(JSON.stringify({ parameters: [I32, I64, I64, I32, I32], results: [] }));
  if (hookType < 0) throw new Error('Cannot build QuickJS: no type for the rejection hook');

  const imports = renameImports(sectionBody(sections, SECTION.import));
  const callHost = imports.functions.indexOf('callHost');
  const functions = new Reader(sectionBody(sections, SECTION.function));
  const defined = functions.u32();
  const hookIndex = imports.functions.length + defined;

  const code = new Reader(sectionBody(sections, SECTION.code));
  const bodies = code.u32();
  if (bodies !== defined) throw new Error('Cannot build QuickJS: functions and bodies differ');

  const element = readElement(sectionBody(sections, SECTION.element));
  const rejectionSlot = element.offset + element.functions.length;
  const table = new Reader(sectionBody(sections, SECTION.table));
  const [tables, kind, flags, minimum] = [table.u32(), table.byte(), table.byte(), table.u32()];
  if (tables !== 1 || kind !== 0x70 || minimum !== rejectionSlot) {
    throw new Error('Cannot build QuickJS: its table is not the one we know');
  }

  const replaced = new Map<number, Uint8Array>([
    [SECTION.import, imports.body],
    [SECTION.function, joinBytes([u32(defined + 1), functions.bytes.subarray(functions.at), u32(hookType)])],
    [
      SECTION.table,
      joinBytes([
        u32(1),
        Uint8Array.of(0x70, flags),
        u32(minimum + 1),
        ...(flags === 1 ? [u32(minimum + 1)] : []),
      ]),
    ],
    [SECTION.export, renameExports(sectionBody(sections, SECTION.export), exportNames)],
    [
      SECTION.element,
      joinBytes([
        u32(1),
        u32(0),
        Uint8Array.of(0x41),
        s32(element.offset),
        Uint8Array.of(0x0b),
        u32(element.functions.length + 1),
        ...element.functions.map(u32),
        u32(hookIndex),
      ]),
    ],
    [
      SECTION.code,
      joinBytes([
        u32(bodies + 1),
        ...withHooks(readBodies(code, bodies), imports.functions.length, callHost),
        hookBody(callHost),
      ]),
    ],
  ]);
  return {
    rejectionSlot,
    sections: sections
      .filter(({ id }) => id !== SECTION.custom)
      .map(({ id, body }) => ({ id, body: replaced.get(id) ?? body })),
  };
}

const readBodies = (code: Reader, count: number): Uint8Array[] =>
  Array.from({ length: count }, () => code.take(code.u32()));

/** `JS_ThrowError2`, `build_backtrace`, `perform_promise_then` and a promise's own resolving function, by their index in the published binary. */
const THROW_ERROR = 770;
const BUILD_BACKTRACE = 348;
const PERFORM_THEN = 324;
const RESOLVE_PROMISE = 1007;
/** `js_Date_parse`. */
const PARSE_DATE = 852;
/** `count_ascii` and `JS_ToCStringLen2`, which look at each letter of a text on its way in and out. */
const COUNT_ASCII = 696;
const TO_C_STRING = 582;

/**
 * The engine's own errors in words that programs know from elsewhere: once an error has its text, and again when its frames are written (only
 * they say where it is), the host is called. Neither call tells the host anything but the text.
 *
 * And what asynchronous code is called in: the two callbacks of `then` and `await`, and the `then` of what is no promise, are shown to the host,
 * which may put others in their place.
 *
 * And the text of a date, which the host may put in other words.
 *
 * And texts of ASCII, as most are, cross with a look at eight letters at once.
 */
function withHooks(bodies: readonly Uint8Array[], imported: number, callHost: number): Uint8Array[] {
  // After `vsnprintf(text, 256, …)`; the text is local 6.
  const text = { after: [0x10, 0xdd, 0x02, 0x1a], more: hostCall([0x20, 6], ERROR_TEXT_REF, callHost) };
  // After `frames = dbuf.buf`, local 2; the error is local 1.
  const frames = {
    after: [0x42, 0x80, 0x80, 0x80, 0x80, 0x20, 0x21, 8, 0x20, 6, 0x28, 2, 88, 0x21, 2],
    more: joinBytes([
      Uint8Array.of(0x41),
      s32(ERROR_SCRATCH),
      Uint8Array.of(0x20, 1, 0x37, 3, 0), // local.get error; i64.store
      hostCall([0x20, 2], FRAMES_REF, callHost),
    ]),
  };
  // Where its frame is made; the callbacks are at local 2.
  const reactions = {
    after: [0x23, 0, 0x41, 48, 0x6b, 0x22, 5, 0x24, 0],
    more: joinBytes([
      hostAnswer([0x20, 2], REACTIONS_REF, callHost),
      Uint8Array.of(0x22, 4, 0x04, 0x40, 0x20, 4, 0x21, 2, 0x0b), // if it answers another place, that is local 2
    ]),
  };
  // After the arguments of the job: promise, thenable and its `then`, at local 5.
  const thenable = {
    after: [0x20, 5, 0x20, 9, 0x37, 3, 0],
    more: hostCall([0x20, 5, 0x41, 16, 0x6a], THENABLE_REF, callHost),
  };
  // Before the loop over bytes, from local 1 to local 2.
  const ascii = {
    after: [0x20, 1, 0x6a, 0x21, 2, 0x20, 0, 0x21, 1],
    more: skipAscii({ at: 1, isWithin: [0x20, 2, 0x4d], address: [0x20, 1] }),
  };
  // The same: local 4 of as many letters as local 7 says, which begin at local 8.
  const latin = {
    after: [0x20, 6, 0x41, 0, 0x4e, 0x04, 0x40, 0x41, 0, 0x21, 3],
    more: skipAscii({ at: 4, isWithin: [0x20, 7, 0x4c], address: [0x20, 8, 0x20, 4, 0x6a] }),
  };
  // Where the text of a date has got its end, at local 4.
  const date = {
    after: [0x20, 4, 0x20, 5, 0x6a, 0x41, 0, 0x3a, 0, 0],
    more: hostCall([0x20, 4], DATE_TEXT_REF, callHost),
  };
  const hooks = new Map([
    [PARSE_DATE - imported, date],
    [COUNT_ASCII - imported, ascii],
    [TO_C_STRING - imported, latin],
    [PERFORM_THEN - imported, reactions],
    [RESOLVE_PROMISE - imported, thenable],
    [THROW_ERROR - imported, text],
    [BUILD_BACKTRACE - imported, frames],
  ]);
  return bodies.map((body, index) => {
    const hook = hooks.get(index);
    const whole = hook === undefined ? body : spliced(body, hook.after, hook.more);
    return joinBytes([u32(whole.length), whole]);
  });
}

/** The highest bit of each of eight bytes, as a signed LEB128. */
const HIGH_BITS = [0x80, 0x81, 0x82, 0x84, 0x88, 0x90, 0xa0, 0xc0, 0x80, 0x7f];

/** Passes over eight bytes at once for as long as none of them is over 127: `while (at + 8 isWithin && all are ASCII) at += 8`. */
function skipAscii({
  at,
  isWithin,
  address,
}: {
  /** The local that counts. */
  readonly at: number;
  readonly isWithin: readonly number[];
  readonly address: readonly number[];
}): Uint8Array {
  const next = [0x20, at, 0x41, 8, 0x6a];
  return Uint8Array.of(
    ...[0x03, 0x40, ...next, ...isWithin, 0x04, 0x40], // loop, if
    ...[...address, 0x29, 0, 0, 0x42, ...HIGH_BITS, 0x83, 0x50, 0x04, 0x40], // i64.load; i64.and; i64.eqz; if
    ...[...next, 0x21, at, 0x0c, 2, 0x0b, 0x0b, 0x0b], // br to the loop
  );
}

/** `callHost(ctx, 0, 0, pointer, ref)`. */
const hostAnswer = (pointer: readonly number[], ref: number, callHost: number): Uint8Array =>
  joinBytes([
    Uint8Array.of(0x20, 0, 0x41, 0, 0x41, 0, ...pointer, 0x41),
    s32(ref),
    Uint8Array.of(0x10),
    u32(callHost),
  ]);

/** The same, its answer dropped. */
const hostCall = (pointer: readonly number[], ref: number, callHost: number): Uint8Array =>
  joinBytes([hostAnswer(pointer, ref, callHost), Uint8Array.of(0x1a)]);

function spliced(body: Uint8Array, after: readonly number[], more: Uint8Array): Uint8Array {
  const places: number[] = [];
  for (let at = 0; at <= body.length - after.length; at++)
    if (after.every((byte, index) => body[at + index] === byte)) places.push(at + after.length);
  const [place] = places;
  if (place === undefined || places.length > 1)
    throw new Error('Cannot build QuickJS: the place of a hook is not where it was');
  return joinBytes([body.subarray(0, place), more, body.subarray(place)]);
}

/** `(ctx, promise, reason, handled, opaque)`: store promise and reason, then `callHost(ctx, 0, handled, scratch, ref)`. */
function hookBody(callHost: number): Uint8Array {
  const body = joinBytes([
    u32(0), // no locals
    Uint8Array.of(0x41),
    s32(REJECTION_SCRATCH),
    Uint8Array.of(0x20, 1, 0x37, 3, 0), // local.get promise; i64.store
    Uint8Array.of(0x41),
    s32(REJECTION_SCRATCH),
    Uint8Array.of(0x20, 2, 0x37, 3, 8), // local.get reason; i64.store offset=8
    Uint8Array.of(0x20, 0, 0x41, 0, 0x20, 3, 0x41),
    s32(REJECTION_SCRATCH),
    Uint8Array.of(0x41),
    s32(REJECTION_REF),
    Uint8Array.of(0x10),
    u32(callHost),
    Uint8Array.of(0x1a, 0x0b), // drop; end
  ]);
  return joinBytes([u32(body.length), body]);
}

function readTypes(body: Uint8Array): string[] {
  const reader = new Reader(body);
  return Array.from({ length: reader.u32() }, () => {
    if (reader.byte() !== FUNC_TYPE) throw new Error('Cannot build QuickJS: a type that is not a function');
    const parameters = [...reader.take(reader.u32())];
    const results = [...reader.take(reader.u32())];
    return JSON.stringify({ parameters, results });
  });
}

function renameImports(body: Uint8Array): { readonly body: Uint8Array; readonly functions: string[] } {
  const reader = new Reader(body);
  const count = reader.u32();
  const functions: string[] = [];
  const parts: Uint8Array[] = [u32(count)];
  for (let index = 0; index < count; index++) {
    if (reader.name() !== 'a') throw new Error('Cannot build QuickJS: an import from an unknown module');
    const letter = reader.name();
    const name = IMPORTS[letter];
    if (name === undefined) throw new Error(`Cannot build QuickJS: unknown import ${letter}`);
    const kind = reader.byte();
    parts.push(nameBytes('host'), nameBytes(name), Uint8Array.of(kind));
    if (kind === 0x00) {
      functions.push(name);
      parts.push(u32(reader.u32()));
    } else if (kind === 0x02) {
      const flags = reader.byte();
      const [minimum, maximum] = [reader.u32(), reader.u32()];
      if (flags !== 1) throw new Error('Cannot build QuickJS: its memory is not the one we know');
      parts.push(Uint8Array.of(1), u32(minimum), u32(maximum));
    } else throw new Error(`Cannot build QuickJS: unknown kind of import ${kind}`);
  }
  return { body: joinBytes(parts), functions };
}

/** Sets the limits of the imported memory. */
export function setMemoryImport(body: Uint8Array, minimumPages: number, maximumPages: number): Uint8Array {
  const reader = new Reader(body);
  const count = reader.u32();
  const parts: Uint8Array[] = [u32(count)];
  for (let index = 0; index < count; index++) {
    parts.push(nameBytes(reader.name()), nameBytes(reader.name()));
    const kind = reader.byte();
    parts.push(Uint8Array.of(kind));
    if (kind === 0x00) parts.push(u32(reader.u32()));
    else {
      reader.byte();
      reader.u32();
      reader.u32();
      parts.push(Uint8Array.of(1), u32(minimumPages), u32(maximumPages));
    }
  }
  return joinBytes(parts);
}

/** The package's own loader says which letter is which function: `c._QTS_Eval=b.pa`. */
function readExportNames(glue: string): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const [, name, letter] of glue.matchAll(/\bc\._(\w+)=b\.([\w$]+)/g)) {
    if (name !== undefined && letter !== undefined) names.set(letter, name);
  }
  if (names.size < 60) throw new Error(`Cannot build QuickJS: only ${names.size} export names in its loader`);
  return names;
}

function renameExports(body: Uint8Array, names: ReadonlyMap<string, string>): Uint8Array {
  const reader = new Reader(body);
  const count = reader.u32();
  const kept: Uint8Array[] = [];
  for (let index = 0; index < count; index++) {
    const letter = reader.name();
    const kind = reader.byte();
    const target = reader.u32();
    const name = letter === 'u' ? 'construct' : names.get(letter);
    if (name === undefined) continue; // the loader's own stack helpers: nobody calls them here
    kept.push(joinBytes([nameBytes(name), Uint8Array.of(kind), u32(target)]));
  }
  kept.push(joinBytes([nameBytes('stackPointer'), Uint8Array.of(0x03), u32(STACK_POINTER)]));
  return joinBytes([u32(kept.length), ...kept]);
}

function readElement(body: Uint8Array): { readonly offset: number; readonly functions: number[] } {
  const reader = new Reader(body);
  const [segments, flags, opcode, offset, end] = [
    reader.u32(),
    reader.u32(),
    reader.byte(),
    reader.u32(),
    reader.byte(),
  ];
  if (segments !== 1 || flags !== 0 || opcode !== 0x41 || offset !== 1 || end !== 0x0b) {
    throw new Error('Cannot build QuickJS: its function table is not the one we know');
  }
  return { offset, functions: Array.from({ length: reader.u32() }, () => reader.u32()) };
}
