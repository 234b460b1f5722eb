import type { Host } from './host.ts';
import {
  apply,
  Bytes,
  bytesOf,
  bytesSet,
  bytesSubarray,
  charCodeAt,
  define,
  defineProperty,
  exactBuffer,
  includes,
  jsonParse,
  jsonStringify,
  min,
  publish,
  replaceAll,
  slice,
  toText,
  toWellFormed,
  typedArrayBytes,
  typedArrayLength,
  uint16Subarray,
} from './primordials.ts';

const fromCharCode = String.fromCharCode;
const PIECE = 8192;
/** Bytes or characters that the host codes in one step, which is a few milliseconds; whole groups of three and of four, as base64 has them. */
const STEP = 393_216;

/** The codecs of the host, which are native and exact; this side keeps what a stream has to remember. */
let native: Host;

const encodePiece = (text: string): Uint8Array<ArrayBuffer> =>
  new Bytes(includes(text, '\0') ? native.encode(jsonStringify(text), true) : native.encode(text, false));

/** UTF-8 of a string; a lone surrogate becomes U+FFFD. */
export const encodeUtf8 = (text: string): Uint8Array<ArrayBuffer> => {
  const whole = toWellFormed(text);
  return whole.length <= STEP ? encodePiece(whole) : joined(whole, STEP, encodePiece);
};

/** The text in pieces of about so many characters, never cut between the two halves of one. */
export const eachPiece = (text: string, size: number, take: (piece: string) => void): void => {
  for (let at = 0; at < text.length; ) {
    let end = min(at + size, text.length);
    if (end < text.length && (charCodeAt(text, end - 1) & 0xfc00) === 0xd800) end += 1;
    take(slice(text, at, end));
    at = end;
  }
};

/** What `made` makes of each piece of a text, one after the other in one buffer, which grows as it must. */
const joined = (
  text: string,
  size: number,
  made: (piece: string) => Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> => {
  let whole = new Bytes(text.length);
  let used = 0;
  eachPiece(text, size, (piece) => {
    const bytes = made(piece);
    const needed = used + typedArrayBytes(bytes);
    if (needed > typedArrayBytes(whole)) {
      const larger = new Bytes(needed + (needed >> 1));
      bytesSet(larger, bytesSubarray(whole, 0, used));
      whole = larger;
    }
    bytesSet(whole, bytes, used);
    used = needed;
  });
  return used === typedArrayBytes(whole) ? whole : new Bytes(exactBuffer(bytesSubarray(whole, 0, used)));
};

/** Whole characters of `text` that fit: units read and bytes written. */
const encodeInto = (text: string, target: Uint8Array): { read: number; written: number } => {
  const room = typedArrayBytes(target);
  const bytes = encodeUtf8(slice(text, 0, room + 1));
  let written = min(room, typedArrayBytes(bytes));
  if (written < typedArrayBytes(bytes))
    while (written > 0 && ((bytes[written] as number) & 0xc0) === 0x80) written -= 1;
  bytesSet(target, bytesSubarray(bytes, 0, written));
  return { read: decodeUtf8(new Bytes(bytesSubarray(bytes, 0, written))).length, written };
};

const notValid = (encoding: string): TypeError =>
  Object.assign(new TypeError(`The encoded data was not valid for encoding ${encoding}`), {
    code: 'ERR_ENCODING_INVALID_ENCODED_DATA',
  });

const decodePiece = (bytes: Uint8Array<ArrayBuffer>, fatal: boolean): string => {
  const told = native.decode(exactBuffer(bytes), fatal);
  if (told === '') throw notValid('utf-8');
  return toldText(told);
};
const decodeWhole = (bytes: Uint8Array<ArrayBuffer>, fatal: boolean): string => {
  const size = typedArrayBytes(bytes);
  if (size <= STEP) return decodePiece(bytes, fatal);
  let text = '';
  for (let at = 0; at < size; ) {
    let end = min(at + STEP, size);
    if (end < size) end -= unfinishedUtf8(bytesSubarray(bytes, at, end));
    text += decodePiece(bytesSubarray(bytes, at, end), fatal);
    at = end;
  }
  return text;
};

/** A text that the host told as it is, or as JSON, which alone begins with a quotation mark. */
const toldText = (told: string): string => (charCodeAt(told, 0) === 0x22 ? jsonParse(told) : told);

/** Text of UTF-8, for the prelude's own use. */
export const decodeUtf8 = (bytes: Uint8Array<ArrayBuffer>): string => decodeWhole(bytes, false);

export const isUtf8 = (bytes: Uint8Array<ArrayBuffer>): boolean => {
  try {
    decodeWhole(bytes, true);
    return true;
  } catch {
    return false;
  }
};

/** Bytes at the end that begin a character and do not finish it. */
const unfinishedUtf8 = (bytes: Uint8Array): number => {
  const size = typedArrayBytes(bytes);
  for (let back = 1; back <= min(3, size); back++) {
    const first = bytes[size - back] as number; // within its size
    if ((first & 0xc0) === 0x80) continue;
    const need =
      first >= 0xf0 && first <= 0xf4
        ? 4
        : first >= 0xe0 && first < 0xf0
          ? 3
          : first >= 0xc2 && first < 0xe0
            ? 2
            : 0;
    if (back >= need) return 0;
    const second = bytes[size - back + 1];
    if (second === undefined) return back;
    // The second byte decides whether the rest can be a character at all: no overlong forms, no surrogates, nothing over U+10FFFF.
    const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
    const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
    return second >= low && second <= high ? back : 0;
  }
  return 0;
};

/** Text of UTF-16 units. */
const fromUnits = (units: Uint16Array): string => {
  let text = '';
  const size = typedArrayLength(units);
  for (let at = 0; at < size; at += PIECE) {
    text += apply(fromCharCode, undefined, uint16Subarray(units, at, min(at + PIECE, size)));
  }
  return text;
};

export const readUtf16 = (bytes: Uint8Array, fatal: boolean, big: boolean): string => {
  const size = typedArrayBytes(bytes);
  const units = new Uint16Array((size + 1) >> 1);
  for (let at = 0; at + 1 < size; at += 2) {
    const [low, high] = big ? [at + 1, at] : [at, at + 1];
    units[at >> 1] = (bytes[low] as number) | ((bytes[high] as number) << 8);
  }
  if (size % 2 === 1) units[size >> 1] = 0xd800; // half a unit is not a character, as a lone surrogate is none
  const text = fromUnits(units);
  const whole = toWellFormed(text);
  if (fatal && whole !== text) throw notValid('utf-16');
  // Half a unit behind a lone surrogate is one bad end, not two.
  const double = size % 2 === 1 && size > 2 && ((units[(size >> 1) - 1] as number) & 0xfc00) === 0xd800;
  return double ? slice(whole, 0, whole.length - 1) : whole;
};

const unfinishedUtf16 = (bytes: Uint8Array, big: boolean): number => {
  const size = typedArrayBytes(bytes);
  const half = size % 2;
  if (size - half < 2) return half;
  const high = bytes[size - half - (big ? 2 : 1)] as number; // within its size
  return (high & 0xfc) === 0xd8 ? half + 2 : half;
};

/** Where windows-1252, which the label `latin1` means, differs from the bytes themselves. */
const WINDOWS_1252 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

export const readLatin1 = (bytes: Uint8Array, windows: boolean): string => {
  const units = new Uint16Array(bytes);
  if (windows) {
    for (let at = 0; at < typedArrayBytes(bytes); at++) {
      const byte = bytes[at] as number; // within its size
      if (byte >= 0x80 && byte < 0xa0) units[at] = charCodeAt(WINDOWS_1252, byte - 0x80);
    }
  }
  return fromUnits(units);
};

const LABELS: Readonly<Record<string, string>> = {
  __proto__: null,
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  'unicode-1-1-utf-8': 'utf-8',
  'utf-16le': 'utf-16le',
  'utf-16': 'utf-16le',
  ucs2: 'utf-16le',
  'ucs-2': 'utf-16le',
  utf16le: 'utf-16le',
  'utf-16be': 'utf-16be',
  latin1: 'windows-1252',
  l1: 'windows-1252',
  'iso-8859-1': 'windows-1252',
  'iso8859-1': 'windows-1252',
  'iso_8859-1': 'windows-1252',
  cp1252: 'windows-1252',
  'windows-1252': 'windows-1252',
  ascii: 'windows-1252',
  'us-ascii': 'windows-1252',
} as unknown as Readonly<Record<string, string>>; // `__proto__: null` is syntax, not a field

export const toBase64 = (bytes: Uint8Array<ArrayBuffer>): string => {
  const size = typedArrayBytes(bytes);
  if (size <= STEP) return native.base64(0, exactBuffer(bytes));
  let text = '';
  for (let at = 0; at < size; at += STEP)
    text += native.base64(0, exactBuffer(bytesSubarray(bytes, at, min(at + STEP, size))));
  return text;
};

/** Base64 of a binary text; empty for what is none. */
const encodeBinary = (text: string): string => {
  let encoded = '';
  for (let at = 0; at < text.length; at += STEP) {
    const piece = native.base64(1, jsonStringify(slice(text, at, at + STEP)));
    if (piece === '') return '';
    encoded += piece;
  }
  return encoded;
};

/** The binary text of forgiving base64; `undefined` for what is none. */
export const decodeBinary = (given: string): string | undefined => {
  let clean = given;
  if (given.length > STEP) {
    // Groups of four, whatever stands between them: then each piece can be read by itself, and only the last may be padded.
    for (const blank of [' ', '\n', '\r', '\t', '\f'])
      if (includes(clean, blank)) clean = replaceAll(clean, blank, '');
  }
  let binary = '';
  for (let at = 0; at < clean.length; at += STEP) {
    const piece = slice(clean, at, at + STEP);
    const json =
      at + STEP < clean.length && includes(piece, '=') ? '' : native.base64(2, jsonStringify(piece));
    if (json === '') return undefined;
    binary += jsonParse(json);
  }
  return binary;
};

/** Forgiving base64 of the Infra standard: spaces are skipped, padding may be left out. */
export const fromBase64 = (given: string): Uint8Array<ArrayBuffer> | undefined => {
  const binary = decodeBinary(given);
  if (binary === undefined) return undefined;
  const bytes = new Bytes(binary.length);
  for (let at = 0; at < binary.length; at++) bytes[at] = charCodeAt(binary, at);
  return bytes;
};

class InvalidCharacter extends Error {
  readonly code = 5;
}
define(InvalidCharacter.prototype, 'name', 'InvalidCharacterError');

/** Encodings that are decoded without the platform. */
const OWN = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252'];
let decoders = 0;

/** The standard's own name for a label, if the platform knows it. */
const platformEncoding = (label: string): string | undefined => {
  if (!/^[\x21-\x7e]{1,40}$/.test(label)) return undefined;
  const json = native.decodeAs(new ArrayBuffer(0), label, false, -1, true);
  return json === '' ? undefined : (jsonParse(json) as string);
};

export const installEncoding = (host: Host): void => {
  native = host;
  class TextEncoder {
    get encoding(): string {
      return 'utf-8';
    }
    encode(text = ''): Uint8Array<ArrayBuffer> {
      return encodeUtf8(toText(text));
    }
    encodeInto(text: string, target: Uint8Array): { read: number; written: number } {
      return encodeInto(toText(text), target);
    }
  }

  class TextDecoder {
    readonly #encoding: string;
    readonly #fatal: boolean;
    readonly #ignoreBom: boolean;
    #held: Uint8Array<ArrayBuffer> = new Bytes(0);
    #started = false;
    /** Of a text that comes in pieces and that the platform decodes. */
    #number = 0;
    constructor(label = 'utf-8', options: { readonly fatal?: boolean; readonly ignoreBOM?: boolean } = {}) {
      const asked = toText(label).trim().toLowerCase();
      const encoding = LABELS[asked] ?? platformEncoding(asked);
      if (encoding === undefined) {
        const error = new RangeError(
          `The "${slice(toText(label), 0, 100)}" encoding is not supported`,
        ) as RangeError & { code: string };
        error.code = 'ERR_ENCODING_NOT_SUPPORTED';
        throw error;
      }
      this.#encoding = encoding;
      this.#fatal = options?.fatal === true;
      this.#ignoreBom = options?.ignoreBOM === true;
    }
    get encoding(): string {
      return this.#encoding;
    }
    get fatal(): boolean {
      return this.#fatal;
    }
    get ignoreBOM(): boolean {
      return this.#ignoreBom;
    }
    decode(input?: unknown, options: { readonly stream?: boolean } = {}): string {
      const given = input === undefined ? new Bytes(0) : bytesOf(input);
      if (given === undefined) throw new TypeError('Cannot decode: expected a buffer or a view');
      const stream = options?.stream === true;
      if (!OWN.includes(this.#encoding)) return this.#ask(given, stream);
      const held = typedArrayBytes(this.#held);
      let bytes = given;
      if (held > 0) {
        bytes = new Bytes(held + typedArrayBytes(given));
        bytesSet(bytes, this.#held);
        bytesSet(bytes, given, held);
      }
      const size = typedArrayBytes(bytes);
      const rest = stream ? this.#unfinished(bytes) : 0;
      const text = this.#read(rest === 0 ? bytes : bytesSubarray(bytes, 0, size - rest));
      this.#held = new Bytes(rest);
      bytesSet(this.#held, bytesSubarray(bytes, size - rest));
      const first = !this.#started;
      if (text !== '') this.#started = true;
      if (!stream) this.#started = false;
      return first && !this.#ignoreBom && this.#encoding !== 'windows-1252' && charCodeAt(text, 0) === 0xfeff
        ? text.slice(1)
        : text;
    }
    /** The platform decodes, and remembers what a text in pieces has begun. */
    #ask(given: Uint8Array<ArrayBuffer>, stream: boolean): string {
      const size = typedArrayBytes(given);
      if (this.#number === 0 && (stream || size > STEP)) {
        decoders += 1;
        this.#number = decoders;
      }
      const number = this.#number;
      if (!stream) this.#number = 0;
      let text = '';
      let at = 0;
      do {
        const end = min(at + STEP, size);
        const piece = exactBuffer(bytesSubarray(given, at, end));
        const told = native.decodeAs(piece, this.#encoding, this.#fatal, number, !stream && end === size);
        if (told === '') throw notValid(this.#encoding);
        text += toldText(told);
        at = end;
      } while (at < size);
      return text;
    }
    #unfinished(bytes: Uint8Array): number {
      if (this.#encoding === 'utf-8') return unfinishedUtf8(bytes);
      return this.#encoding === 'windows-1252' ? 0 : unfinishedUtf16(bytes, this.#encoding === 'utf-16be');
    }
    #read(bytes: Uint8Array<ArrayBuffer>): string {
      if (this.#encoding === 'utf-8') return decodeWhole(bytes, this.#fatal);
      if (this.#encoding === 'windows-1252') return readLatin1(bytes, true);
      return readUtf16(bytes, this.#fatal, this.#encoding === 'utf-16be');
    }
  }

  publish('TextEncoder', TextEncoder);
  publish('TextDecoder', TextDecoder);
  for (const type of [TextEncoder, TextDecoder]) {
    defineProperty(type.prototype, Symbol.toStringTag, { value: type.name, configurable: true });
  }

  define(globalThis, 'btoa', function btoa(data: unknown): string {
    const text = toText(data);
    const encoded = encodeBinary(text);
    if (encoded === '' && text !== '') {
      throw new InvalidCharacter('Invalid character');
    }
    return encoded;
  });
  define(globalThis, 'atob', function atob(data: unknown): string {
    const text = toText(data);
    const binary = decodeBinary(text);
    if (binary === undefined)
      throw new InvalidCharacter(
        /[^A-Za-z0-9+/=\s]/.test(text)
          ? 'Invalid character'
          : 'The string to be decoded is not correctly encoded.',
      );
    return binary;
  });
};
