import { encodeUtf8, fromBase64 } from './encoding.ts';
import { Bytes } from './primordials.ts';

type Data = Uint8Array<ArrayBuffer>;

const HEX = /^[0-9a-f]{2}$/i;

/** The bytes that a text with `%xx` in it stands for. */
const percentDecoded = (text: string): Data => {
  const bytes = encodeUtf8(text);
  const out = new Bytes(bytes.length);
  let size = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number; // within its length
    const digits = byte === 0x25 ? String.fromCharCode(bytes[at + 1] ?? 0, bytes[at + 2] ?? 0) : '';
    if (HEX.test(digits)) {
      out[size] = Number.parseInt(digits, 16);
      at += 2;
    } else out[size] = byte;
    size += 1;
  }
  return out.slice(0, size);
};

/** What a `data:` URL holds, by the Fetch standard's processor; `undefined` when it is not well formed. */
export const readDataUrl = (url: string): { readonly type: string; readonly bytes: Data } | undefined => {
  const text = url.slice('data:'.length).replace(/#.*$/s, '');
  const comma = text.indexOf(',');
  if (comma < 0) return undefined;
  let type = text.slice(0, comma).trim();
  let bytes = percentDecoded(text.slice(comma + 1));
  const base64 = /;\s*base64$/i.exec(type);
  if (base64 !== null) {
    type = type.slice(0, base64.index);
    let binary = '';
    for (let at = 0; at < bytes.length; at++) binary += String.fromCharCode(bytes[at] as number);
    const decoded = fromBase64(binary);
    if (decoded === undefined) return undefined;
    bytes = decoded;
  }
  if (type.startsWith(';')) type = `text/plain${type}`;
  if (!/^[^\s/;]+\/[^\s/;]+/.test(type)) type = 'text/plain;charset=US-ASCII';
  return { type, bytes };
};
