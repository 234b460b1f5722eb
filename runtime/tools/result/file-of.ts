import { isBase64 } from '../../vocabulary/base64.ts';
import type { GuestValue } from '../../vocabulary/guest-value.ts';
import type { JsonObject } from '../../vocabulary/json.ts';
import { toJsonForm } from '../../vocabulary/json-form.ts';

/** What a tool answered as a file. */
export interface ResultFile {
  readonly mime: string;
  readonly base64: string;
  /** The rest of what it answered, which a model reads. */
  readonly about: JsonObject;
}

/** A result is a file where it says its type and its bytes: `{ mime, base64 }`, with anything beside them. */
export function fileOf(value: GuestValue): ResultFile | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array)
    return undefined;
  const { base64, ...about } = value as { readonly [key: string]: GuestValue };
  const { mime } = about;
  if (typeof mime !== 'string' || typeof base64 !== 'string') return undefined;
  if (!isType(mime) || !isBase64(base64)) return undefined;
  return { mime, base64, about: toJsonForm(about) as JsonObject }; // an object has the form of one
}

const isType = (text: string): boolean =>
  text.length <= 100 && text.split('/').length === 2 && /^[a-z0-9.+/-]+$/.test(text);
