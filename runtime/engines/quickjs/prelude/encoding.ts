import {
  Bytes,
  bytesOf,
  bytesSet,
  bytesSubarray,
  charCodeAt,
  define,
  defineProperty,
  min,
  publish,
  toText,
  typedArrayBuffer,
  typedArrayBytes,
} from './primordials.ts';

const fromCharCode = String.fromCharCode;
const { apply } = Reflect;
const PIECE = 4096;

/** UTF-8 of a string; a lone surrogate becomes U+FFFD. */
export const encodeUtf8 = (text: string): Uint8Array<ArrayBuffer> => {
  let size = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = charCodeAt(text, at);
    if (unit < 0x80) size += 1;
    else if (unit < 0x800) size += 2;
    else if (isPair(text, at, unit)) {
      size += 4;
      at += 1;
    } else size += 3;
  }
  const bytes = new Bytes(size);
  writeUtf8(text, bytes, size);
  return bytes;
};

const isPair = (text: string, at: number, unit: number): boolean => {
  if (unit < 0xd800 || unit > 0xdbff || at + 1 >= text.length) return false;
  const next = charCodeAt(text, at + 1);
  return next >= 0xdc00 && next <= 0xdfff;
};

/** Writes whole characters only; answers units read and bytes written. */
const writeUtf8 = (text: string, bytes: Uint8Array, room: number): { read: number; written: number } => {
  let to = 0;
  let at = 0;
  for (; at < text.length; at++) {
    const unit = charCodeAt(text, at);
    if (unit < 0x80) {
      if (to >= room) break;
      bytes[to++] = unit;
    } else if (unit < 0x800) {
      if (to + 2 > room) break;
      bytes[to++] = 0xc0 | (unit >> 6);
      bytes[to++] = 0x80 | (unit & 63);
    } else if (isPair(text, at, unit)) {
      if (to + 4 > room) break;
      const point = 0x10000 + ((unit - 0xd800) << 10) + (charCodeAt(text, at + 1) - 0xdc00);
      at += 1;
      bytes[to++] = 0xf0 | (point >> 18);
      bytes[to++] = 0x80 | ((point >> 12) & 63);
      bytes[to++] = 0x80 | ((point >> 6) & 63);
      bytes[to++] = 0x80 | (point & 63);
    } else {
      if (to + 3 > room) break;
      const safe = unit >= 0xd800 && unit <= 0xdfff ? 0xfffd : unit;
      bytes[to++] = 0xe0 | (safe >> 12);
      bytes[to++] = 0x80 | ((safe >> 6) & 63);
      bytes[to++] = 0x80 | (safe & 63);
    }
  }
  return { read: at, written: to };
};

/** Collects UTF-16 units and gives text, a piece at a time. */
const createText = () => {
  let text = '';
  let units: number[] = [];
  return {
    put: (point: number): void => {
      if (point > 0xffff) {
        units[units.length] = 0xd800 + ((point - 0x10000) >> 10);
        units[units.length] = 0xdc00 + ((point - 0x10000) & 0x3ff);
      } else units[units.length] = point;
      if (units.length >= PIECE) {
        text += apply(fromCharCode, undefined, units);
        units = [];
      }
    },
    end: (): string => {
      text += apply(fromCharCode, undefined, units);
      units = [];
      return text;
    },
  };
};

interface Decoded {
  readonly text: string;
  /** Bytes of an unfinished character at the end. */
  readonly rest: number;
}

/** The decoder of the Encoding standard: each ill-formed piece is one U+FFFD, as long as the standard says. */
const readUtf8 = (bytes: Uint8Array, fatal: boolean, stream: boolean): Decoded => {
  const out = createText();
  const size = typedArrayBytes(bytes);
  let at = 0;
  while (at < size) {
    const first = bytes[at] as number; // within its size
    if (first < 0x80) {
      out.put(first);
      at += 1;
      continue;
    }
    let need = 0;
    let low = 0x80;
    let high = 0xbf;
    if (first >= 0xc2 && first <= 0xdf) need = 1;
    else if (first >= 0xe0 && first <= 0xef) {
      need = 2;
      if (first === 0xe0) low = 0xa0;
      if (first === 0xed) high = 0x9f;
    } else if (first >= 0xf0 && first <= 0xf4) {
      need = 3;
      if (first === 0xf0) low = 0x90;
      if (first === 0xf4) high = 0x8f;
    }
    let point = need === 1 ? first & 31 : need === 2 ? first & 15 : first & 7;
    let taken = 1;
    while (taken <= need && at + taken < size) {
      const next = bytes[at + taken] as number; // within its size
      if (next < low || next > high) break;
      low = 0x80;
      high = 0xbf;
      point = (point << 6) | (next & 63);
      taken += 1;
    }
    if (need > 0 && taken > need) out.put(point);
    else {
      if (need > 0 && at + taken >= size && stream) return { text: out.end(), rest: taken };
      if (fatal) throw new TypeError('Cannot decode: the bytes are no valid utf-8');
      out.put(0xfffd);
    }
    at += taken;
  }
  return { text: out.end(), rest: 0 };
};

const readUtf16 = (bytes: Uint8Array, fatal: boolean, stream: boolean, big: boolean): Decoded => {
  const out = createText();
  const size = typedArrayBytes(bytes);
  const unitAt = (at: number): number =>
    big
      ? ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
      : (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
  const bad = (): void => {
    if (fatal) throw new TypeError('Cannot decode: the bytes are no valid utf-16');
    out.put(0xfffd);
  };
  let at = 0;
  for (; at + 1 < size; at += 2) {
    const unit = unitAt(at);
    if (unit < 0xd800 || unit > 0xdfff) out.put(unit);
    else if (unit > 0xdbff) bad();
    else if (at + 3 < size) {
      const next = unitAt(at + 2);
      if (next >= 0xdc00 && next <= 0xdfff) {
        out.put(0x10000 + ((unit - 0xd800) << 10) + (next - 0xdc00));
        at += 2;
      } else bad();
    } else if (stream) return { text: out.end(), rest: size - at };
    else {
      bad();
      return { text: out.end(), rest: 0 };
    }
  }
  if (at < size) {
    if (stream) return { text: out.end(), rest: size - at };
    bad();
  }
  return { text: out.end(), rest: 0 };
};

/** Where windows-1252, which the label `latin1` means, differs from the bytes themselves. */
const WINDOWS_1252 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

const readLatin1 = (bytes: Uint8Array): Decoded => {
  const out = createText();
  for (let at = 0; at < typedArrayBytes(bytes); at++) {
    const byte = bytes[at] as number; // within its size
    out.put(byte >= 0x80 && byte < 0xa0 ? charCodeAt(WINDOWS_1252, byte - 0x80) : byte);
  }
  return { text: out.end(), rest: 0 };
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
  'iso-8859-1': 'windows-1252',
  'windows-1252': 'windows-1252',
  ascii: 'windows-1252',
  'us-ascii': 'windows-1252',
} as unknown as Readonly<Record<string, string>>; // `__proto__: null` is syntax, not a field

/** Text of bytes in one go, for the prelude's own use. */
export const decodeUtf8 = (bytes: Uint8Array): string => readUtf8(bytes, false, false).text;

export const decodeAs = (bytes: Uint8Array, encoding: string): string => {
  switch (encoding) {
    case 'utf8':
    case 'utf-8':
      return decodeUtf8(bytes);
    case 'utf16le':
    case 'utf-16le':
    case 'ucs2':
      return readUtf16(bytes, false, false, false).text;
    case 'latin1':
    case 'binary':
    case 'ascii': {
      const out = createText();
      for (let at = 0; at < typedArrayBytes(bytes); at++) {
        out.put((bytes[at] as number) & (encoding === 'ascii' ? 0x7f : 0xff));
      }
      return out.end();
    }
    case 'hex': {
      const digits = '0123456789abcdef';
      let text = '';
      for (let at = 0; at < typedArrayBytes(bytes); at++) {
        const byte = bytes[at] as number; // within its size
        text += (digits[byte >> 4] as string) + digits[byte & 15];
      }
      return text;
    }
    case 'base64':
      return toBase64(bytes);
    default:
      throw new TypeError(`Cannot decode: unknown encoding ${toText(encoding)}`);
  }
};

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

const toBase64 = (bytes: Uint8Array): string => {
  const size = typedArrayBytes(bytes);
  let text = '';
  for (let at = 0; at < size; at += 3) {
    const [a, b, c] = [bytes[at] as number, bytes[at + 1] ?? 0, bytes[at + 2] ?? 0];
    text += (ALPHABET[a >> 2] as string) + ALPHABET[((a & 3) << 4) | (b >> 4)];
    text += at + 1 < size ? (ALPHABET[((b & 15) << 2) | (c >> 6)] as string) : '=';
    text += at + 2 < size ? (ALPHABET[c & 63] as string) : '=';
  }
  return text;
};

class InvalidCharacter extends Error {
  readonly code = 5;
}
define(InvalidCharacter.prototype, 'name', 'InvalidCharacterError');

export const installEncoding = (): void => {
  class TextEncoder {
    get encoding(): string {
      return 'utf-8';
    }
    encode(text = ''): Uint8Array<ArrayBuffer> {
      return encodeUtf8(toText(text));
    }
    encodeInto(text: string, target: Uint8Array): { read: number; written: number } {
      return writeUtf8(toText(text), target, typedArrayBytes(target));
    }
  }

  class TextDecoder {
    readonly #encoding: string;
    readonly #fatal: boolean;
    readonly #ignoreBom: boolean;
    #held: Uint8Array<ArrayBuffer> = new Bytes(0);
    #started = false;
    constructor(label = 'utf-8', options: { readonly fatal?: boolean; readonly ignoreBOM?: boolean } = {}) {
      const encoding = LABELS[toText(label).trim().toLowerCase()];
      if (encoding === undefined) throw new RangeError(`Cannot decode: unknown encoding ${toText(label)}`);
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
      const held = typedArrayBytes(this.#held);
      let bytes = given;
      if (held > 0) {
        bytes = new Bytes(held + typedArrayBytes(given));
        bytesSet(bytes, this.#held);
        bytesSet(bytes, given, held);
      }
      const { text, rest } = this.#read(bytes, stream);
      const size = typedArrayBytes(bytes);
      this.#held = new Bytes(rest);
      bytesSet(this.#held, bytesSubarray(bytes, size - rest));
      const first = !this.#started;
      if (text !== '') this.#started = true;
      if (!stream) this.#started = false;
      return first && !this.#ignoreBom && this.#encoding !== 'windows-1252' && charCodeAt(text, 0) === 0xfeff
        ? text.slice(1)
        : text;
    }
    #read(bytes: Uint8Array, stream: boolean): Decoded {
      if (this.#encoding === 'utf-8') return readUtf8(bytes, this.#fatal, stream);
      if (this.#encoding === 'windows-1252') return readLatin1(bytes);
      return readUtf16(bytes, this.#fatal, stream, this.#encoding === 'utf-16be');
    }
  }

  publish('TextEncoder', TextEncoder);
  publish('TextDecoder', TextDecoder);
  for (const type of [TextEncoder, TextDecoder]) {
    defineProperty(type.prototype, Symbol.toStringTag, { value: type.name, configurable: true });
  }

  define(globalThis, 'btoa', function btoa(data: unknown): string {
    const text = toText(data);
    const bytes = new Bytes(text.length);
    for (let at = 0; at < text.length; at++) {
      const unit = charCodeAt(text, at);
      if (unit > 255) throw new InvalidCharacter('Cannot encode as base64: a character is over U+00FF');
      bytes[at] = unit;
    }
    return toBase64(bytes);
  });
  define(globalThis, 'atob', function atob(data: unknown): string {
    const bytes = fromBase64(toText(data));
    if (bytes === undefined) throw new InvalidCharacter('Cannot decode base64: the text is not well formed');
    let text = '';
    for (let at = 0; at < typedArrayBytes(bytes); at += PIECE) {
      text += apply(
        fromCharCode,
        undefined,
        bytesSubarray(bytes, at, min(at + PIECE, typedArrayBytes(bytes))),
      );
    }
    return text;
  });
};

/** Forgiving base64 of the Infra standard: spaces are skipped, padding may be left out. */
export const fromBase64 = (given: string): Uint8Array<ArrayBuffer> | undefined => {
  let text = '';
  for (let at = 0; at < given.length; at++) {
    const unit = given[at] as string; // within its length
    if (unit !== ' ' && unit !== '\n' && unit !== '\t' && unit !== '\r' && unit !== '\f') text += unit;
  }
  if (text.length % 4 === 0) {
    for (let pads = 0; pads < 2 && text[text.length - 1] === '='; pads++) text = text.slice(0, -1);
  }
  if (text.length % 4 === 1) return undefined;
  const bytes = new Bytes(Math.floor((text.length * 3) / 4));
  let held = 0;
  let bits = 0;
  let to = 0;
  for (let at = 0; at < text.length; at++) {
    const value = sextet(charCodeAt(text, at));
    if (value < 0) return undefined;
    held = ((held << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[to++] = (held >> bits) & 0xff;
    }
  }
  return new Bytes(typedArrayBuffer(bytes), 0, to);
};

const sextet = (unit: number): number => {
  if (unit >= 65 && unit <= 90) return unit - 65;
  if (unit >= 97 && unit <= 122) return unit - 71;
  if (unit >= 48 && unit <= 57) return unit + 4;
  return unit === 43 ? 62 : unit === 47 ? 63 : -1;
};
