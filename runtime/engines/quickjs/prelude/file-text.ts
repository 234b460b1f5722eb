import { decodeUtf8, encodeUtf8, fromBase64, readLatin1, readUtf16, toBase64 } from './encoding.ts';
import { Bytes, charCodeAt, jsonStringify, slice, toText, typedArrayBytes } from './primordials.ts';

type Data = Uint8Array<ArrayBuffer>;
export type Encoding = 'utf8' | 'utf16le' | 'latin1' | 'hex' | 'base64';

/** Node's names for them. */
const ENCODINGS: Readonly<Record<string, Encoding>> = {
  __proto__: null,
  utf8: 'utf8',
  'utf-8': 'utf8',
  utf16le: 'utf16le',
  'utf-16le': 'utf16le',
  ucs2: 'utf16le',
  'ucs-2': 'utf16le',
  latin1: 'latin1',
  binary: 'latin1',
  ascii: 'latin1',
  hex: 'hex',
  base64: 'base64',
} as unknown as Readonly<Record<string, Encoding>>; // `__proto__: null` is syntax, not a field

/** The encoding that a file function was given, by itself or among its options; `undefined`: bytes. */
export const readEncoding = (options: unknown): Encoding | undefined => {
  const given =
    typeof options === 'object' && options !== null
      ? (options as { readonly encoding?: unknown }).encoding
      : options;
  if (given === undefined || given === null || given === 'buffer') return undefined;
  const found = ENCODINGS[toText(given).toLowerCase()];
  if (found !== undefined) return found;
  throw new TypeError(
    `Cannot use as an encoding: ${jsonStringify(slice(toText(given), 0, 100))}, known are utf8, utf16le, latin1, hex and base64`,
  );
};

/** The text of a file's bytes. */
export const decodeAs = (bytes: Data, encoding: Encoding): string => {
  switch (encoding) {
    case 'utf8':
      return decodeUtf8(bytes);
    case 'utf16le':
      return readUtf16(bytes, false, false);
    case 'latin1':
      return readLatin1(bytes, false);
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
  }
};

/** The bytes of a text that is to be written. */
export const encodeAs = (text: string, encoding: Encoding): Data => {
  switch (encoding) {
    case 'utf8':
      return encodeUtf8(text);
    case 'utf16le': {
      const bytes = new Bytes(text.length * 2);
      for (let at = 0; at < text.length; at++) {
        const unit = charCodeAt(text, at);
        bytes[2 * at] = unit & 0xff;
        bytes[2 * at + 1] = unit >> 8;
      }
      return bytes;
    }
    case 'latin1': {
      const bytes = new Bytes(text.length);
      for (let at = 0; at < text.length; at++) bytes[at] = charCodeAt(text, at);
      return bytes;
    }
    case 'hex': {
      const bytes = new Bytes(text.length >> 1);
      for (let at = 0; at < typedArrayBytes(bytes); at++) {
        const [high, low] = [digitOf(text, 2 * at), digitOf(text, 2 * at + 1)];
        if (high < 0 || low < 0) throw malformed(encoding);
        bytes[at] = high * 16 + low;
      }
      if (text.length % 2 === 1) throw malformed(encoding);
      return bytes;
    }
    case 'base64': {
      const bytes = fromBase64(text);
      if (bytes === undefined) throw malformed(encoding);
      return bytes;
    }
  }
};

/** Node writes what came before the first wrong character; half a file is worse than an error. */
const malformed = (encoding: Encoding): TypeError =>
  new TypeError(`Cannot write: the text is not well formed ${encoding}`);

const digitOf = (text: string, at: number): number => {
  const unit = charCodeAt(text, at);
  if (unit >= 0x30 && unit <= 0x39) return unit - 0x30;
  const letter = unit | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
};
