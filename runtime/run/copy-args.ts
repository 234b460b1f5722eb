import type { GuestValue } from '../vocabulary/guest-value.ts';
import { SLICE, type Slices } from '../vocabulary/in-slices.ts';
import { isPlain, setOwn } from '../vocabulary/json.ts';
import { MAX_INPUT_BYTES } from '../vocabulary/read-options.ts';
import { fieldsWeigh, MOST_FIELDS } from '../vocabulary/size-of-json.ts';
import { utf8Length } from '../vocabulary/utf8-length.ts';

const MOST_DEPTH = 128;
/**
 * Lists and objects in all arguments: they go to a cell in one step, some tens of milliseconds for so many. Numbers and texts are ten times
 * as quick.
 */
const MOST_CONTAINERS = 150_000;
/** What a value weighs that is neither text nor bytes. */
const VALUE_BYTES = 8;

/**
 * Copies the arguments of a call, in slices: JSON, and what functions of modules take beside it, which are bytes, bigints, numbers that are
 * not finite and `undefined`.
 * @throws {TypeError} on functions, symbols, instances of classes, or nesting over 128.
 * @throws {RangeError} on more than inputs may weigh, 150,000 lists and objects, or 100,000 fields in one of them.
 */
export function* copyArgsSlices(args: readonly unknown[]): Slices<readonly GuestValue[]> {
  let bytes = 0;
  let weight = 0;
  let containers = 0;
  let nextPause = SLICE;
  const spend = (count: number): void => {
    bytes += count;
    if (bytes > MAX_INPUT_BYTES) throw new RangeError(`Cannot run: args are over ${MAX_INPUT_BYTES} bytes`);
  };
  const isLong = (): boolean => {
    if (weight < nextPause) return false;
    nextPause = weight + SLICE;
    return true;
  };
  const leaf = (value: unknown, path: Path): GuestValue => {
    switch (typeof value) {
      case 'string':
        spend(utf8Length(value) + 2);
        return value;
      case 'bigint':
        spend(VALUE_BYTES + value.toString(16).length / 2);
        return value;
      case 'number':
      case 'boolean':
      case 'undefined':
        spend(VALUE_BYTES);
        return value;
      default:
        if (value !== null) throw new TypeError(`Cannot run: ${textOf(path)} is a ${typeof value}`);
        spend(VALUE_BYTES);
        return null;
    }
  };
  function* copy(value: unknown, path: Path): Slices<GuestValue> {
    weight += 1;
    if (isLong()) yield;
    if (typeof value !== 'object' || value === null) return leaf(value, path);
    if (value instanceof Uint8Array) {
      spend(value.byteLength);
      return value.slice();
    }
    if (path.depth > MOST_DEPTH)
      throw new TypeError(`Cannot run: ${textOf(path)} is nested deeper than ${MOST_DEPTH}`);
    spend(VALUE_BYTES);
    containers += 1;
    if (containers > MOST_CONTAINERS)
      throw new RangeError(
        `Cannot run: args hold over ${MOST_CONTAINERS} lists and objects; give much data as bytes, text or numbers`,
      );
    if (Array.isArray(value)) return yield* list(value, path);
    if (!isPlain(value)) throw new TypeError(`Cannot run: ${textOf(path)} is an instance of a class`);
    const copied: Record<string, GuestValue> = {};
    const names = Object.keys(value);
    if (names.length > MOST_FIELDS)
      throw new RangeError(`Cannot run: ${textOf(path)} has over ${MOST_FIELDS} fields`);
    weight += fieldsWeigh(names.length) - names.length;
    for (const name of names) {
      const item = (value as Readonly<Record<string, unknown>>)[name];
      spend(utf8Length(name) + 2);
      const made = yield* copy(item, { holder: path, key: name, depth: path.depth + 1 });
      setOwn(copied, name, made);
    }
    return copied;
  }
  function* list(items: readonly unknown[], path: Path): Slices<GuestValue[]> {
    spend(items.length);
    const copied: GuestValue[] = [];
    for (let index = 0; index < items.length; index += 1)
      copied.push(yield* copy(items[index], { holder: path, key: index, depth: path.depth + 1 }));
    return copied;
  }
  return yield* list(args, { key: 'args', depth: 0 });
}

/** Where a value is: a chain, which becomes text only for an error. */
interface Path {
  readonly holder?: Path;
  readonly key: string | number;
  readonly depth: number;
}

function textOf(path: Path): string {
  let text = '';
  for (let at: Path | undefined = path; at !== undefined; at = at.holder)
    text =
      (typeof at.key === 'number' ? `[${at.key}]` : at.holder === undefined ? at.key : `.${at.key}`) + text;
  return text;
}
