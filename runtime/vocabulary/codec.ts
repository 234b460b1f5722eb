import { atOnce, SLICE, type Slices } from './in-slices.ts';

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
/** Not a list, not null. */
export const isJsonObject = (value: JsonValue): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** What a run can answer with: JSON, plus `bigint` (i64) and bytes. */
export type GuestValue =
  | JsonValue
  | bigint
  | Uint8Array
  | undefined
  | readonly GuestValue[]
  | { readonly [key: string]: GuestValue };

const MAX_DEPTH = 128;

export interface JsonCheck {
  /** Nesting allowed. @default 128 */
  readonly maxDepth?: number;
  /** Bytes of the compact UTF-8 form allowed. @default unlimited */
  readonly maxBytes?: number;
  /** Values allowed, those in lists and objects counted, too. @default unlimited */
  readonly maxValues?: number;
}

/** An engine keeps a large object as a table, in which each field costs as much as many elements of a list. */
const LARGE_OBJECT = 1_000;
const LARGE_FIELD = 8;
const fieldsWeigh = (count: number): number => (count > LARGE_OBJECT ? count * LARGE_FIELD : count);

/** Whether a value holds more than so many others, at any depth; each field of an object of over 1,000 counts as 8. Counts no further than that. */
export function holdsMore(value: unknown, most: number): boolean {
  let left = most;
  const count = (item: unknown): boolean => {
    if (typeof item !== 'object' || item === null) return false;
    const parts = Object.values(item);
    left -= Array.isArray(item) ? parts.length : fieldsWeigh(parts.length);
    return left < 0 || parts.some(count);
  };
  return count(value);
}

/** Whether lists and objects in a value lie deeper in it than so many levels. Looks no deeper than that. */
export const nestsDeeper = (value: unknown, levels: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (levels < 0 || Object.values(value).some((part) => nestsDeeper(part, levels - 1)));

/**
 * Copies a value into plain, null-prototype-free JSON data, so that nothing the caller holds is shared.
 * @throws {TypeError} on functions, symbols, cycles, non-finite numbers, class instances, or nesting over `maxDepth`.
 * @throws {RangeError} on a compact form over `maxBytes`.
 */
export function copyJson(value: unknown, where: string, check: JsonCheck = {}): JsonValue {
  return atOnce(copyJsonSlices(value, where, check));
}

/** `copyJson` in slices. */
export function* copyJsonSlices(value: unknown, where: string, check: JsonCheck = {}): Slices<JsonValue> {
  const maxDepth = check.maxDepth ?? MAX_DEPTH;
  const maxBytes = check.maxBytes ?? Number.POSITIVE_INFINITY;
  const maxValues = check.maxValues ?? Number.POSITIVE_INFINITY;
  let values = 0;
  let weight = 0;
  let bytes = 0;
  const weigh = (count: number): void => {
    weight += count;
    if (weight > maxValues) throw new RangeError(`Cannot copy ${where}: over ${maxValues} values`);
  };
  const spend = (count: number): void => {
    bytes += count;
    if (bytes > maxBytes) throw new RangeError(`Cannot copy ${where}: over ${maxBytes} bytes of JSON`);
  };
  const fail = (place: Place | undefined, reason: string): TypeError =>
    new TypeError(`Cannot copy ${where}${pathOf(place)}: ${reason}`);
  const enter = (depth: number, holder: Place | undefined, key: string | number): void => {
    if (depth > maxDepth) throw fail(placeOf(depth, holder, key), `nested deeper than ${maxDepth}`);
    values += 1;
    weigh(1);
  };
  const leaf = (item: unknown, depth: number, holder: Place | undefined, key: string | number): JsonValue => {
    enter(depth, holder, key);
    switch (typeof item) {
      case 'string':
        spend(utf8Length(item) + 2);
        return item;
      case 'boolean':
        spend(5);
        return item;
      case 'number':
        if (!Number.isFinite(item)) throw fail(placeOf(depth, holder, key), `${item} has no JSON form`);
        spend(String(item).length);
        return item;
      case 'object':
        spend(4);
        return null; // what has parts is not copied here
      default:
        throw fail(placeOf(depth, holder, key), `a ${typeof item} has no JSON form`);
    }
  };
  function* copy(
    item: object,
    depth: number,
    holder: Place | undefined,
    key: string | number,
  ): Slices<JsonValue> {
    enter(depth, holder, key);
    const here = placeOf(depth, holder, key);
    if (Array.isArray(item)) {
      spend(2 + item.length);
      const elements: JsonValue[] = [];
      for (let index = 0; index < item.length; index += 1) {
        if (values % SLICE === 0) yield;
        const element: unknown = item[index];
        elements.push(
          hasParts(element)
            ? yield* copy(element, depth + 1, here, index)
            : leaf(element, depth + 1, here, index),
        );
      }
      return elements;
    }
    if (!isPlain(item)) throw fail(here, 'expected plain JSON, got an instance of a class');
    spend(2);
    const copied: Record<string, JsonValue> = {};
    const entries = Object.entries(item);
    weigh(fieldsWeigh(entries.length) - entries.length);
    for (const [name, element] of entries) {
      if (element === undefined) continue;
      if (values % SLICE === 0) yield;
      spend(utf8Length(name) + 4);
      const made: JsonValue = hasParts(element)
        ? yield* copy(element, depth + 1, here, name)
        : leaf(element, depth + 1, here, name);
      setOwn(copied, name, made);
    }
    return copied;
  }
  return hasParts(value) ? yield* copy(value, 0, undefined, '') : leaf(value, 0, undefined, '');
}

const placeOf = (depth: number, holder: Place | undefined, key: string | number): Place | undefined =>
  depth === 0 ? undefined : { holder, key };

/** Where in a value something is: a chain up to the value itself, which becomes text only for an error. */
interface Place {
  readonly holder: Place | undefined;
  readonly key: string | number;
}

function pathOf(place: Place | undefined): string {
  let path = '';
  for (let at = place; at !== undefined; at = at.holder) {
    path = (typeof at.key === 'number' ? `[${at.key}]` : `.${at.key}`) + path;
  }
  return path;
}

/** Sets an own property, also one called "__proto__". */
export function setOwn<T>(object: Record<string, T>, name: string, value: T): void {
  if (name !== '__proto__') object[name] = value;
  else Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
}

/** UTF-8 length of a string in bytes, without encoding it; a lone surrogate counts 3, as it is encoded. */
export function utf8Length(text: string): number {
  let length = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) length += 1;
    else if (unit < 0x800) length += 2;
    else if (unit >= 0xd800 && unit < 0xdc00 && isLowSurrogate(text.charCodeAt(index + 1))) {
      length += 4;
      index++;
    } else length += 3;
  }
  return length;
}

const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit < 0xe000;

/** Nesting that a run's value may have. */
const MAX_VALUE_DEPTH = 1_000;

/**
 * Copies what a run answered out of data that nobody trusts, and measures it: the compact JSON form, bytes as they are, 20 for a bigint. Stops
 * at `maxBytes`, so that a value that refers to itself over and over costs no more than an honest one of that size.
 * @throws {TypeError} on anything but JSON, bigint, bytes and undefined, or nesting over 1,000. @throws {RangeError} over `maxBytes`.
 */
export function copyValue(
  value: unknown,
  maxBytes: number,
): { readonly value: GuestValue; readonly bytes: number } {
  return atOnce(copySlices(value, maxBytes));
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
        return undefined;
      case 'string':
        spend(utf8Length(item) + 2);
        return item;
      case 'number':
        spend(String(item).length);
        return item;
      case 'boolean':
        spend(item ? 4 : 5);
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
        elements.push(hasParts(element) ? yield* copy(element, depth + 1) : copyLeaf(element));
      }
      return elements;
    }
    if (!isPlain(item)) throw new TypeError('Cannot take the value: it holds an object of a class');
    spend(2);
    const fields: Record<string, GuestValue> = {};
    for (const [key, element] of Object.entries(item)) {
      if (++parts % SLICE === 0) yield;
      spend(utf8Length(key) + 4);
      setOwn(fields, key, hasParts(element) ? yield* copy(element, depth + 1) : copyLeaf(element));
    }
    return fields;
  }
  const copied = hasParts(value) ? yield* copy(value, 0) : copyLeaf(value);
  return { value: copied, bytes };
}

const hasParts = (item: unknown): item is object => typeof item === 'object' && item !== null;

const isPlain = (item: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(item);
  return prototype === null || prototype === Object.prototype;
};

/**
 * The JSON form of a value for text doors: a bigint as a decimal string, bytes as `{ "$bytes": base64 }`, a number that JSON does not know as
 * `"NaN"`, `"Infinity"` or `"-Infinity"`.
 */
export function toJsonForm(value: GuestValue): JsonValue | undefined {
  return atOnce(jsonFormSlices(value));
}

/** `toJsonForm` in slices. */
export function* jsonFormSlices(value: GuestValue): Slices<JsonValue | undefined> {
  let parts = 0;
  const leaf = (item: GuestLeaf): JsonValue | undefined => {
    if (typeof item === 'bigint') return item.toString();
    if (typeof item === 'number') return Number.isFinite(item) ? item : String(item);
    return item instanceof Uint8Array ? { [BYTES_KEY]: toBase64(item) } : item;
  };
  function* form(item: GuestValue): Slices<JsonValue | undefined> {
    if (isGuestLeaf(item)) return leaf(item);
    if (isGuestList(item)) {
      const elements: JsonValue[] = [];
      for (const element of item) {
        if (++parts % SLICE === 0) yield;
        elements.push((isGuestLeaf(element) ? leaf(element) : yield* form(element)) ?? null);
      }
      return elements;
    }
    const fields: Record<string, JsonValue> = {};
    for (const [key, element] of Object.entries(item)) {
      if (++parts % SLICE === 0) yield;
      const made = isGuestLeaf(element) ? leaf(element) : yield* form(element);
      if (made !== undefined) setOwn(fields, key, made);
    }
    return fields;
  }
  return yield* form(value);
}

type GuestLeaf = Exclude<GuestValue, readonly GuestValue[] | { readonly [key: string]: GuestValue }>;

const isGuestLeaf = (item: GuestValue): item is GuestLeaf =>
  typeof item !== 'object' || item === null || item instanceof Uint8Array;

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

/** What newer platforms bring: tens of times faster than the loop, which is what counts in a realm that has just begun. */
interface NativeBase64 {
  readonly toBase64?: () => string;
}

export function toBase64(bytes: Uint8Array & NativeBase64): string {
  if (bytes.toBase64 !== undefined) return bytes.toBase64();
  let binary = '';
  for (let at = 0; at < bytes.length; at += 0x2000) {
    binary += String.fromCharCode(...bytes.subarray(at, at + 0x2000));
  }
  return btoa(binary);
}
