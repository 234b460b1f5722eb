// The program of the shells: components that are built once, and hold the source of a tool in a hole of their memory. `runtime/build/fill-shell.ts`
// writes the source there, so that a tool is built without a compiler, in no time, and always to the same bytes.
import * as log from 'sandglass:host/log@0.1.0';
import host from 'virtual:host';

/** Bytes for lengths, manifest and program. A tool that needs more is bundled with too much. */
const CAPACITY = 262_144;
/** Found by these bytes, which lie nowhere else in the component. */
const MARK = [0x73, 0x61, 0x6e, 0x64, 0x67, 0x6c, 0x61, 0x73, 0x73, 0x00, 0x01, 0x02, 0x68, 0x6f, 0x6c, 0x65];

// Not of zeros: those would not be in the component.
const hole = new Uint8Array(CAPACITY).fill(0x20);
hole.set(MARK);

const lengthAt = (at) => hole[at] | (hole[at + 1] << 8) | (hole[at + 2] << 16);

function decode(bytes) {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at];
    const more = first < 0x80 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    let code = more === 0 ? first : first & (0x3f >> more);
    for (let next = 1; next <= more; next += 1) code = (code << 6) | (bytes[at + next] & 0x3f);
    text += String.fromCodePoint(code);
    at += more + 1;
  }
  return text;
}

function encode(text) {
  const bytes = [];
  for (const character of String(text)) {
    const code =
      character.codePointAt(0) >= 0xd800 && character.codePointAt(0) < 0xe000
        ? 0xfffd
        : character.codePointAt(0);
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 0x3f));
    else if (code < 0x10000)
      bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
    else
      bytes.push(
        0xf0 | (code >> 18),
        0x80 | ((code >> 12) & 0x3f),
        0x80 | ((code >> 6) & 0x3f),
        0x80 | (code & 0x3f),
      );
  }
  return new Uint8Array(bytes);
}

const shown = (values) =>
  values
    .map((value) => (typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))))
    .join(' ');
const writes =
  (level) =>
  (...values) =>
    log.write(level, shown(values));
globalThis.console = {
  debug: writes('debug'),
  log: writes('info'),
  info: writes('info'),
  warn: writes('warn'),
  error: writes('error'),
};
globalThis.TextEncoder = class TextEncoder {
  encode = encode;
};
globalThis.TextDecoder = class TextDecoder {
  decode = (bytes) => decode(new Uint8Array(bytes.buffer ?? bytes, bytes.byteOffset ?? 0, bytes.byteLength));
};

const MANIFEST_AT = 8;
const part = (from, length) => decode(hole.subarray(from, from + length));

export const describe = () => part(MANIFEST_AT, lengthAt(0));

export function invoke(input) {
  try {
    const source = part(MANIFEST_AT + lengthAt(0), lengthAt(4));
    // biome-ignore lint/security/noGlobalEval: the tool's own source, in its own instance
    const evaluate = globalThis.eval;
    const run = evaluate(source)({ ...host, log });
    if (typeof run !== 'function')
      throw new TypeError('the tool has neither a function run(args) nor a default export that is one');
    const answer = run(JSON.parse(input));
    if (typeof answer?.then === 'function')
      throw new TypeError(
        'run answered a promise, and a built tool runs synchronously: leave out async and await, the functions of sandglass:host wait by themselves; or build it with --engine=starlingmonkey',
      );
    return JSON.stringify(answer ?? null);
  } catch (error) {
    // A refusal of the host goes out as it came in, so that the run ends with its code.
    const refusal = error?.payload;
    if (typeof refusal?.code === 'string' && typeof refusal.message === 'string') throw refusal;
    throw { code: 'GUEST_THREW', message: String(error?.message ?? error), hint: undefined, refusal: 0 };
  }
}
