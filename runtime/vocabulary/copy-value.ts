import type { GuestValue } from './guest-value.ts';
import { atOnce, SLICE, type Slices } from './in-slices.ts';
import { hasParts, isPlain, setOwn } from './json.ts';
import { MOST_FIELDS } from './size-of-json.ts';
import { utf8Length } from './utf8-length.ts';

/** Characters measured in one slice: a few milliseconds. */
const LONG_TEXT = 1_048_576;
/** Nesting that a run's value may have. */
const MAX_VALUE_DEPTH = 1_000;

/**
 * Copies what a run answered out of data that nobody trusts, and measures it: the compact JSON form, bytes as they are, 20 for a bigint. Stops
 * at `maxBytes`, so that a value that refers to itself over and over costs no more than an honest one of that size.
 * @throws {TypeError} on anything but JSON, bigint, bytes and undefined, nesting over 1,000, or over 100,000 fields in one object. @throws
 * {RangeError} over `maxBytes`.
 */
export function copyValue(
  value: unknown,
  maxBytes: number,
): { readonly value: GuestValue; readonly bytes: number } {
  // What nothing has to be taken apart for costs no slices.
  const bytes = bytesOfSmall(value);
  return bytes !== undefined && bytes <= maxBytes
    ? { value: value as GuestValue, bytes }
    : atOnce(copySlices(value, maxBytes));
}

function bytesOfSmall(value: unknown): number | undefined {
  if (typeof value === 'string') return value.length > LONG_TEXT ? undefined : utf8Length(value) + 2;
  if (typeof value === 'number') return String(value).length;
  if (typeof value === 'boolean') return value ? 4 : 5;
  return value === undefined ? 0 : undefined;
}

/** `copyValue` in slices. */
export function* copySlices(
  value: unknown,
  maxBytes: number,
): Slices<{ readonly value: GuestValue; readonly bytes: number }> {
  let bytes = 0;
  let parts = 0;
  const spend = (count: number): void => {
    bytes += count;
    if (bytes > maxBytes) throw new RangeError(`Cannot take the value: over ${maxBytes} bytes`);
  };
  const copyLeaf = (item: unknown): GuestValue => {
    switch (typeof item) {
      case 'undefined':
      case 'string':
      case 'number':
      case 'boolean':
        spend(bytesOfSmall(item) ?? 0);
        return item;
      case 'bigint':
        spend(20);
        return item;
      case 'object':
        spend(4);
        return null; // what has parts is not copied here
      default:
        throw new TypeError(`Cannot take the value: it holds a ${typeof item}`);
    }
  };
  /** A long text is measured in slices, never cut between the two halves of a character. */
  function* longText(text: string): Slices<string> {
    spend(2);
    for (let at = 0; at < text.length; ) {
      yield;
      const end = at + LONG_TEXT;
      const next = (text.charCodeAt(end - 1) & 0xfc00) === 0xd800 ? end + 1 : end;
      spend(utf8Length(text.slice(at, next)));
      at = next;
    }
    return text;
  }
  function* any(item: unknown, depth: number): Slices<GuestValue> {
    if (hasParts(item)) return yield* copy(item, depth);
    return typeof item === 'string' ? yield* longText(item) : copyLeaf(item);
  }
  function* copy(item: object, depth: number): Slices<GuestValue> {
    if (depth > MAX_VALUE_DEPTH)
      throw new TypeError(`Cannot take the value: nested deeper than ${MAX_VALUE_DEPTH}`);
    if (item instanceof Uint8Array) {
      spend(item.byteLength);
      return new Uint8Array(item);
    }
    if (Array.isArray(item)) {
      spend(2 + item.length);
      const elements: GuestValue[] = [];
      for (const element of item) {
        if (++parts % SLICE === 0) yield;
        elements.push(isSmall(element) ? copyLeaf(element) : yield* any(element, depth + 1));
      }
      return elements;
    }
    if (!isPlain(item)) throw new TypeError('Cannot take the value: it holds an object of a class');
    spend(2);
    const fields: Record<string, GuestValue> = {};
    const names = Object.keys(item);
    if (names.length > MOST_FIELDS)
      throw new TypeError(`Cannot take the value: over ${MOST_FIELDS} fields in one object`);
    for (const key of names) {
      const element = (item as Readonly<Record<string, unknown>>)[key];
      if (++parts % SLICE === 0) yield;
      spend(utf8Length(key) + 4);
      setOwn(fields, key, isSmall(element) ? copyLeaf(element) : yield* any(element, depth + 1));
    }
    return fields;
  }
  const copied = yield* any(value, 0);
  return { value: copied, bytes };
}

const isSmall = (item: unknown): boolean =>
  !hasParts(item) && !(typeof item === 'string' && item.length > LONG_TEXT);
