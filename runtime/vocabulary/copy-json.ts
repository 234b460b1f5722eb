import { atOnce, SLICE, type Slices } from './in-slices.ts';
import { hasParts, isPlain, type JsonValue, setOwn } from './json.ts';
import { fieldsWeigh, MOST_FIELDS } from './size-of-json.ts';
import { utf8Length } from './utf8-length.ts';

const MAX_DEPTH = 128;

export interface JsonCheck {
  /** Nesting allowed. @default 128 */
  readonly maxDepth?: number;
  /** Bytes of the compact UTF-8 form allowed. @default unlimited */
  readonly maxBytes?: number;
  /** Values allowed, those in lists and objects counted, too. @default unlimited */
  readonly maxValues?: number;
}

/**
 * Copies a value into plain, null-prototype-free JSON data, so that nothing the caller holds is shared.
 * @throws {TypeError} on functions, symbols, cycles, non-finite numbers, class instances, or nesting over `maxDepth`.
 * @throws {RangeError} on a compact form over `maxBytes`, and on an object of over 100,000 fields.
 */
export function copyJson(value: unknown, where: string, check: JsonCheck = {}): JsonValue {
  const listed: Listed = { object: undefined, names: [] };
  return copySmall(value, check, listed) ?? atOnce(copyJsonSlices(value, where, check, listed));
}

/** The object that has too many names for a small copy, and those: to list them again takes some milliseconds. */
interface Listed {
  object: object | undefined;
  names: readonly string[];
}

/** Values that are copied without slices: to make those takes longer than to copy so few. */
const FEW = 200;
const MOST_BYTES_A_UNIT = 3;
/** Of a value that is no text, with its marks and those of its place. */
const MOST_BYTES_A_VALUE = 32;

/** A copy of a small value with which nothing is wrong; `undefined` for every other: what copies that in slices says why. */
function copySmall(
  value: unknown,
  { maxDepth = MAX_DEPTH, maxBytes = Number.POSITIVE_INFINITY, maxValues = FEW }: JsonCheck,
  listed: Listed,
): JsonValue | undefined {
  let left = Math.min(FEW, maxValues);
  let bytes = maxBytes;
  const copy = (item: unknown, depth: number): JsonValue | undefined => {
    left -= 1;
    bytes -= typeof item === 'string' ? item.length * MOST_BYTES_A_UNIT + 3 : MOST_BYTES_A_VALUE;
    if (left < 0 || bytes < 0 || depth > maxDepth) return undefined;
    if (!hasParts(item)) return isLeaf(item) ? item : undefined;
    if (Array.isArray(item)) {
      if (item.length > left) return undefined;
      const elements: JsonValue[] = [];
      for (let index = 0; index < item.length; index += 1) {
        const made = copy(item[index], depth + 1);
        if (made === undefined) return undefined;
        elements.push(made);
      }
      return elements;
    }
    if (!isPlain(item)) return undefined;
    const names = Object.keys(item);
    if (names.length > left) {
      listed.object = item;
      listed.names = names;
      return undefined;
    }
    const fields: Record<string, JsonValue> = {};
    for (const name of names) {
      const element = (item as Readonly<Record<string, unknown>>)[name];
      if (element === undefined) continue;
      bytes -= name.length * MOST_BYTES_A_UNIT + 4;
      const made = copy(element, depth + 1);
      if (made === undefined) return undefined;
      setOwn(fields, name, made);
    }
    return fields;
  };
  return copy(value, 0);
}

const isLeaf = (item: unknown): item is string | boolean | number | null =>
  typeof item === 'string' || typeof item === 'boolean' || item === null || Number.isFinite(item);

/** `copyJson` in slices. */
export function* copyJsonSlices(
  value: unknown,
  where: string,
  check: JsonCheck = {},
  listed?: Listed,
): Slices<JsonValue> {
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
        throw fail(
          placeOf(depth, holder, key),
          `${item === undefined ? 'undefined' : `a ${typeof item}`} has no JSON form`,
        );
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
    const names = listed?.object === item ? listed.names : Object.keys(item);
    if (names.length > MOST_FIELDS)
      throw new RangeError(`Cannot copy ${where}${pathOf(here)}: over ${MOST_FIELDS} fields in one object`);
    weigh(fieldsWeigh(names.length) - names.length);
    for (const name of names) {
      const element = (item as Readonly<Record<string, unknown>>)[name];
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
