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
  slice,
  toText,
  toWellFormed,
  typedArrayBytes,
  typedArrayLength,
  uint16Subarray,
} from './primordials.ts';

const fromCharCode = String.fromCharCode;
const PIECE = 8192;

/** The codecs of the host, which are native and exact; this side keeps what a stream has to remember. */
let native: Host;

/** UTF-8 of a string; a lone surrogate becomes U+FFFD. */
export const encodeUtf8 = (text: string): Uint8Array<ArrayBuffer> => {
  const whole = toWellFormed(text);
  return new Bytes(
    includes(whole, '\0') ? native.encode(jsonStringify(whole), true) : native.encode(whole, false),
  );
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

const decodeWhole = (bytes: Uint8Array<ArrayBuffer>, fatal: boolean): string => {
  const told = native.decode(exactBuffer(bytes), fatal);
  if (told === '') throw notValid('utf-8');
  return toldText(told);
};

/** A text that the host told as it is, or as JSON, which alone begins with a quotation mark. */
const toldText = (told: string): string => (charCodeAt(told, 0) === 0x22 ? jsonParse(told) : told);

/** Text of UTF-8 in one go, for the prelude's own use. */
export const decodeUtf8 = (bytes: Uint8Array<ArrayBuffer>): string => decodeWhole(bytes, false);

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

export const toBase64 = (bytes: Uint8Array<ArrayBuffer>): string => native.base64(0, exactBuffer(bytes));

/** Forgiving base64 of the Infra standard: spaces are skipped, padding may be left out. */
export const fromBase64 = (given: string): Uint8Array<ArrayBuffer> | undefined => {
  const json = native.base64(2, jsonStringify(given));
  if (json === '') return undefined;
  const binary: string = jsonParse(json);
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
      if (this.#number === 0 && stream) {
        decoders += 1;
        this.#number = decoders;
      }
      const told = native.decodeAs(exactBuffer(given), this.#encoding, this.#fatal, this.#number, !stream);
      if (!stream) this.#number = 0;
      if (told === '') throw notValid(this.#encoding);
      return toldText(told);
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
    const encoded = native.base64(1, jsonStringify(text));
    if (encoded === '' && text !== '') {
      throw new InvalidCharacter('Invalid character');
    }
    return encoded;
  });
  define(globalThis, 'atob', function atob(data: unknown): string {
    const text = toText(data);
    const json = native.base64(2, jsonStringify(text));
    if (json === '')
      throw new InvalidCharacter(
        /[^A-Za-z0-9+/=\s]/.test(text)
          ? 'Invalid character'
          : 'The string to be decoded is not correctly encoded.',
      );
    return jsonParse(json);
  });
};
