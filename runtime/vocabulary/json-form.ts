import { toBase64 } from './base64.ts';
import type { GuestValue } from './guest-value.ts';
import { atOnce, SLICE, type Slices } from './in-slices.ts';
import { type JsonValue, setOwn } from './json.ts';

/**
 * The JSON form of a value for text doors: a bigint as a decimal string, bytes as `{ "$bytes": base64 }`, a number that JSON does not know as
 * `"NaN"`, `"Infinity"` or `"-Infinity"`.
 * @throws {TypeError} on a function or a symbol, which no guest's value is.
 */
export function toJsonForm(value: GuestValue): JsonValue | undefined {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null || Number.isFinite(value))
    return value as JsonValue; // what JSON has by itself
  return atOnce(jsonFormSlices(value));
}

/** `toJsonForm` in slices. */
export function* jsonFormSlices(value: GuestValue): Slices<JsonValue | undefined> {
  let parts = 0;
  const leaf = (item: GuestLeaf): JsonValue | undefined => {
    if (typeof item === 'bigint') return item.toString();
    if (typeof item === 'number') return Number.isFinite(item) ? item : String(item);
    if (typeof item === 'function' || typeof item === 'symbol')
      throw new TypeError(`Cannot give the JSON form of a ${typeof (item as unknown)}`); // of a caller without types
    return item instanceof Uint8Array ? { [BYTES_KEY]: toBase64(item) } : item;
  };
  function* form(item: GuestValue): Slices<JsonValue | undefined> {
    if (item instanceof Uint8Array && item.byteLength > CODED_BYTES)
      return { [BYTES_KEY]: yield* base64Slices(item) };
    if (isGuestLeaf(item)) return leaf(item);
    if (isGuestList(item)) {
      const elements: JsonValue[] = [];
      for (const element of item) {
        if (++parts % SLICE === 0) yield;
        elements.push((isSmallLeaf(element) ? leaf(element) : yield* form(element)) ?? null);
      }
      return elements;
    }
    const fields: Record<string, JsonValue> = {};
    for (const key of Object.keys(item)) {
      const element = item[key];
      if (++parts % SLICE === 0) yield;
      const made = isSmallLeaf(element) ? leaf(element) : yield* form(element);
      if (made !== undefined) setOwn(fields, key, made);
    }
    return fields;
  }
  return yield* form(value);
}

/** Bytes that are written as base64 in one slice: whole groups of three, a few milliseconds. */
const CODED_BYTES = 1_572_864;

function* base64Slices(bytes: Uint8Array): Slices<string> {
  let text = '';
  for (let at = 0; at < bytes.byteLength; at += CODED_BYTES) {
    text += toBase64(bytes.subarray(at, at + CODED_BYTES));
    yield;
  }
  return text;
}

type GuestLeaf = Exclude<GuestValue, readonly GuestValue[] | { readonly [key: string]: GuestValue }>;

const isGuestLeaf = (item: GuestValue): item is GuestLeaf =>
  typeof item !== 'object' || item === null || item instanceof Uint8Array;

const isSmallLeaf = (item: GuestValue): item is GuestLeaf =>
  isGuestLeaf(item) && !(item instanceof Uint8Array && item.byteLength > CODED_BYTES);

const isGuestList = (item: Exclude<GuestValue, GuestLeaf>): item is readonly GuestValue[] =>
  Array.isArray(item);

/** The one key of what `toJsonForm` makes of bytes. */
const BYTES_KEY = '$bytes';

/** The bytes of `{ "$bytes": base64 }`, padded and without blanks, as `toJsonForm` writes it; `undefined` for anything else. */
export function bytesOfJsonForm(value: GuestValue): Uint8Array<ArrayBuffer> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array)
    return undefined;
  const entries: readonly (readonly [string, unknown])[] = Object.entries(value);
  const [key, text] = entries[0] ?? [];
  if (entries.length !== 1 || key !== BYTES_KEY || typeof text !== 'string') return undefined;
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  return Uint8Array.from(atob(text), (unit) => unit.charCodeAt(0));
}
