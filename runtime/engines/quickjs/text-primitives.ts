import { toBase64 } from '../../vocabulary/base64.ts';
import { createDecoders, toldText } from './decode-primitive.ts';
import { createIntl } from './intl-primitive.ts';
import type { PrimitiveParts, Serve } from './primitive-parts.ts';
import { unquoted } from './quoted-text.ts';
import { urlPrimitive } from './url-primitive.ts';

/** What a call of `Intl` costs beside its text, in bytes of native work: a formatter may have to be made. */
const INTL_BYTES = 4096;
/** Decoders of encodings beside Unicode are so many times as slow as a copy. */
const LEGACY_TEXT = 16;
const encoder = new TextEncoder();

/** Texts as the platform reads and writes them: encodings, addresses, locales. */
export function textPrimitives({
  machine,
  charge,
  given,
}: PrimitiveParts): Serve<'url' | 'encode' | 'decode' | 'base64' | 'decodeAs' | 'intl'> {
  const intl = createIntl();
  const decoders = createDecoders();
  return {
    url: (args) => {
      const request = given.text(args, 0);
      return request === undefined ? 0 : machine().newText(urlPrimitive(request));
    },
    encode: (args) => {
      const text = given.text(args, 0);
      if (text === undefined) return 0;
      const encoded = encoder.encode(given.flag(args, 1) ? unquoted(text) : text);
      return machine().takeBytes({ bytes: encoded, ownsBytes: true });
    },
    decode: (args) => {
      const decoder = new TextDecoder('utf-8', { fatal: given.flag(args, 1), ignoreBOM: true });
      const told = given.lookAt(args, 0, (bytes) => {
        try {
          return toldText(decoder.decode(bytes));
        } catch {
          return ''; // the bytes are not UTF-8, and the guest wants to know
        }
      });
      return told === undefined ? 0 : machine().newText(told);
    },
    base64: (args) =>
      machine().newText(base64(given.number(args, 0), given.text(args, 1), given.anyBytes(args, 1))),
    decodeAs: (args) => {
      const bytes = given.anyBytes(args, 0);
      const label = given.text(args, 1);
      if (bytes === undefined || label === undefined) return 0;
      charge(LEGACY_TEXT * bytes.byteLength);
      const [fatal, stream, last] = [given.flag(args, 2), given.number(args, 3), given.flag(args, 4)];
      return machine().newText(decoders.decode(bytes, label, fatal, stream, last));
    },
    intl: (args) => {
      const request = given.text(args, 0);
      if (request === undefined) return 0;
      charge(INTL_BYTES + 16 * request.length);
      return machine().newText(intl(request));
    },
  };
}

/** Base64 of bytes (0) or of a binary text (1), or a binary text of base64 (2); texts travel as JSON. Empty for what is none. */
function base64(kind: number, json: string | undefined, bytes: Uint8Array | undefined): string {
  try {
    if (kind === 0) return bytes === undefined ? '' : toBase64(bytes);
    const given = String(JSON.parse(json ?? ''));
    return kind === 1 ? btoa(given) : JSON.stringify(atob(given));
  } catch {
    return ''; // a character out of range, or not base64: the prelude throws the guest's own error
  }
}
