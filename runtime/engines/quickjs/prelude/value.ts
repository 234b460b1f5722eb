import {
  apply,
  Bytes,
  bigintToText,
  bytesOf,
  bytesSet,
  dateGetTime,
  dateToIso,
  ErrorType,
  getPrototypeOf,
  isArray,
  isArrayBuffer,
  isDate,
  isFiniteNumber,
  isMap,
  isNotANumber,
  isRegExp,
  isSet,
  jsonStringify,
  mapForEach,
  min,
  ObjectPrototype,
  objectCreate,
  objectKeys,
  regexpToText,
  setForEach,
  setPrototypeOf,
  slice,
  toWellFormed,
  typedArrayBuffer,
  typedArrayBytes,
  typedArrayLength,
  typedArrayTag,
} from './primordials.ts';

const MAX_DEPTH = 128;
/** Leaves of a list that are written in one go. */
const MOST_LEAVES = 1024;
/** A list has been written to its end, or as far as one goes at a time. */
const NONE = objectCreate(null) as object;

/** A value on its way out: JSON text, with what JSON cannot say beside it. */
export interface Outgoing {
  /** `j` plain JSON; `s` JSON with specials; `u` undefined; `x` cannot leave; `l` over the size limit. */
  readonly text: string;
  readonly bytes: ArrayBuffer | undefined;
}

class Refuse extends ErrorType {
  readonly kind: 'x' | 'l';
  constructor(kind: 'x' | 'l', message: string) {
    super(message);
    this.kind = kind;
  }
}

/** A container that is being written. It lives in a list, not on the stack: nesting must not depend on how much stack there is. */
interface Frame {
  readonly container: object;
  /** Names of a record; a list has none. */
  readonly keys: readonly string[] | undefined;
  readonly length: number;
  readonly item: (at: number) => unknown;
  /** An array as the guest has it. */
  readonly isArray: boolean;
  at: number;
  text: string;
}

/**
 * Copies a value out of the guest. As `JSON.stringify` does: `toJSON` is respected, functions, symbols and `undefined` are left out (`null` in
 * arrays). Beyond it: `bigint`, bytes and numbers that are not finite stay what they are, a Map is an object (a list of pairs if
 * a key is not a string), a Set an array, an error `{ name, message }`, a RegExp its text. A cycle or nesting over 128 cannot leave.
 */
export const convert = (value: unknown, maxBytes: number): Outgoing => {
  const specials: string[] = [];
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  const open: Frame[] = [];
  /** Lists of records have the same keys again and again. */
  const quotedKeys = objectCreate(null) as Record<string, string>;
  let byteCount = 0;
  let spent = 0;

  const spend = (count: number): void => {
    spent += count;
    if (spent > maxBytes) throw new Refuse('l', 'over the output limit');
  };
  const put = (text: string): string => {
    spend(text.length);
    return text;
  };
  const quote = (text: string): string => {
    spend(text.length + 2);
    return jsonStringify(text);
  };
  /** Keys that lead to the present item, as the inside of a JSON list. */
  const path = (): string => {
    let text = '';
    for (let index = 0; index < open.length; index++) {
      const { keys, at } = open[index] as Frame; // within its length
      text += `${index > 0 ? ',' : ''}${keys === undefined ? at : jsonStringify(keys[at])}`;
    }
    return text;
  };
  const special = (kind: 'n' | 'b' | 'f', text: string): string => {
    const entry = `[[${path()}],"${kind}",${text}]`;
    spend(entry.length);
    specials[specials.length] = entry;
    return 'null';
  };
  const bytesSpecial = (bytes: Uint8Array<ArrayBuffer>): string => {
    const length = typedArrayBytes(bytes);
    spend(length);
    chunks[chunks.length] = bytes;
    byteCount += length;
    return special('b', `[${byteCount - length},${length}]`);
  };
  const list = (
    container: object,
    length: number,
    item: (at: number) => unknown,
    isOwnArray = false,
  ): Frame => ({
    container,
    keys: undefined,
    length,
    item,
    isArray: isOwnArray,
    at: 0,
    text: '',
  });
  const record = (container: object, keys: readonly string[], item: (at: number) => unknown): Frame => ({
    container,
    keys,
    length: keys.length,
    item,
    isArray: false,
    at: 0,
    text: '',
  });

  /** The text of a leaf, the frame of a container, or nothing for what has no form. */
  const begin = (given: unknown, key: string | number): string | Frame | undefined => {
    let item = given;
    if (typeof item === 'object' && item !== null) {
      if (isDate(item)) return isNotANumber(dateGetTime(item)) ? put('null') : quote(dateToIso(item));
      const { toJSON } = reading?.object === item ? {} : (item as { readonly toJSON?: unknown });
      if (typeof toJSON === 'function') item = apply(toJSON, item, [`${key}`]);
    }
    switch (typeof item) {
      case 'string':
        return quote(item);
      case 'number':
        return isFiniteNumber(item) ? put(`${item}`) : special('f', `"${item}"`);
      case 'boolean':
        return put(item ? 'true' : 'false');
      case 'bigint':
        return special('n', `"${bigintToText(item)}"`);
      case 'object':
        return item === null ? put('null') : beginObject(item);
      default:
        return undefined;
    }
  };
  const beginObject = (object: object): string | Frame => {
    const prototype = getPrototypeOf(object) as object | null;
    if (prototype === ObjectPrototype || prototype === null) return beginRecord(object, objectKeys(object));
    if (isArray(object)) {
      refuseCycle(object);
      return list(object, object.length, (at) => object[at], true);
    }
    const tag = typedArrayTag(object);
    if (tag === 'Uint8Array' || tag === 'Uint8ClampedArray' || isArrayBuffer(object)) {
      const bytes = bytesOf(object);
      if (bytes !== undefined) return bytesSpecial(bytes);
    }
    if (isRegExp(object)) return quote(regexpToText(object));
    if (object instanceof String || object instanceof Number || object instanceof Boolean) {
      const inner = begin((object as { valueOf(): unknown }).valueOf(), '');
      return typeof inner === 'string' ? inner : put('null');
    }
    refuseCycle(object);
    if (tag !== undefined) {
      const numbers = object as unknown as ArrayLike<number | bigint>; // its tag says that it is a typed array
      return list(object, typedArrayLength(object), (at) => numbers[at]);
    }
    if (isMap(object)) return beginMap(object);
    if (isSet(object)) {
      const items: unknown[] = [];
      setForEach(object, (item) => {
        items[items.length] = item;
      });
      return list(object, items.length, (at) => items[at]);
    }
    return beginRecord(object, object instanceof ErrorType ? errorFields(object) : objectKeys(object));
  };
  const refuseCycle = (object: object): void => {
    if (open.length >= MAX_DEPTH) {
      throw new Refuse('x', `nested deeper than ${MAX_DEPTH} at ${show(path())}`);
    }
    for (let index = 0; index < open.length; index++) {
      if ((open[index] as Frame).container === object) {
        throw new Refuse('x', `it contains itself at ${show(path())}`);
      }
    }
  };
  /** What has been read of a record: no field is read twice. */
  let reading:
    | { readonly object: object; readonly keys: readonly string[]; readonly read: unknown[] }
    | undefined;
  /** A copy of a record that holds leaves alone, for the platform to write in one go. */
  const leavesOf = (object: object, keys: readonly string[]): object | undefined => {
    const fields = object as Record<string, unknown>;
    const leaves = objectCreate(null) as Record<string, unknown>;
    const read: unknown[] = [];
    let letters = 0;
    for (let at = 0; at < keys.length; at++) {
      const key = keys[at] as string; // within its length
      const item = fields[key];
      read[at] = item;
      if (!isLeaf(item)) {
        reading = { object, keys, read };
        return undefined;
      }
      leaves[key] = item;
      letters += key.length + (typeof item === 'string' ? item.length : 1);
      if (spent + letters > maxBytes) spend(letters);
    }
    return leaves;
  };
  const beginRecord = (object: object, given: readonly string[]): string | Frame => {
    refuseCycle(object);
    const known = reading?.object === object;
    const leaves = known ? undefined : leavesOf(object, given);
    if (leaves !== undefined) return put(jsonStringify(leaves));
    const { keys, read } = reading as NonNullable<typeof reading>; // of this object: it has something that is not a leaf
    reading = undefined;
    const fields = object as Record<string, unknown>;
    return record(object, keys, (at) => (at < read.length ? read[at] : fields[keys[at] as string]));
  };
  /** The same for an item of a list, where it is nothing but a record. */
  const plainLeaves = (item: unknown): object | undefined => {
    if (typeof item !== 'object' || item === null || open.length >= MAX_DEPTH) return undefined;
    const prototype = getPrototypeOf(item) as object | null;
    if (prototype !== ObjectPrototype && prototype !== null) return undefined;
    const { toJSON } = item as { readonly toJSON?: unknown };
    return typeof toJSON === 'function' ? undefined : leavesOf(item, objectKeys(item));
  };
  /** Writes what leaves come next in an array. Answers the first item that is none, `NONE` where there is no such item yet. */
  const takeLeaves = (frame: Frame): unknown => {
    const array = frame.container as readonly unknown[];
    const end = min(frame.length, frame.at + MOST_LEAVES);
    const leaves: unknown[] = [];
    setPrototypeOf(leaves, null); // nobody's `toJSON`
    let at = frame.at;
    let count = 0;
    let letters = 0;
    let item: unknown = NONE;
    for (; at < end; at++) {
      item = array[at];
      if (isLeaf(item)) {
        leaves[count++] = item;
        letters += typeof item === 'string' ? item.length : 1;
      } else {
        const plain = plainLeaves(item);
        if (plain === undefined) break;
        leaves[count++] = plain;
        letters += 2;
      }
      item = NONE;
      if (spent + letters > maxBytes) spend(letters);
    }
    if (count > 0) {
      const text = put(jsonStringify(leaves));
      frame.text += `${frame.at > 0 ? ',' : ''}${slice(text, 1, text.length - 1)}`;
      frame.at = at;
    }
    return item;
  };
  const beginMap = (map: ReadonlyMap<unknown, unknown>): Frame => {
    const keys: unknown[] = [];
    const values: unknown[] = [];
    let named = true;
    mapForEach(map, (item, key) => {
      keys[keys.length] = key;
      values[values.length] = item;
      named &&= typeof key === 'string';
    });
    return named
      ? record(map, keys as string[], (at) => values[at]) // every one was looked at
      : list(map, keys.length, (at) => [keys[at], values[at]]);
  };

  /** Adds an item to the innermost container and moves on to its next one. */
  const add = (frame: Frame, text: string | undefined): void => {
    if (frame.keys === undefined) frame.text += `${frame.at > 0 ? ',' : ''}${text ?? put('null')}`;
    else if (text !== undefined) {
      const key = frame.keys[frame.at] as string; // within its length
      const quoted = quotedKeys[key] ?? jsonStringify(key);
      quotedKeys[key] = quoted;
      frame.text += `${frame.text === '' ? '' : ','}${put(quoted)}:${text}`;
    }
    spend(1);
    frame.at += 1;
  };
  const write = (): string | undefined => {
    let begun = begin(value, '');
    for (;;) {
      if (typeof begun === 'object') {
        open[open.length] = begun;
        spend(2);
      } else {
        const holder = open[open.length - 1];
        if (holder === undefined) return begun;
        add(holder, begun);
      }
      let frame = open[open.length - 1] as Frame; // one was put there, or found there
      let item: unknown = NONE;
      while (item === NONE) {
        while (frame.at >= frame.length) {
          const text = frame.keys === undefined ? `[${frame.text}]` : `{${frame.text}}`;
          open.length -= 1;
          const holder = open[open.length - 1];
          if (holder === undefined) return text;
          add(holder, text);
          frame = holder;
        }
        item = frame.isArray ? takeLeaves(frame) : frame.item(frame.at);
      }
      const key = frame.keys === undefined ? frame.at : (frame.keys[frame.at] as string); // within its length
      begun = begin(item, key);
    }
  };

  try {
    const text = write();
    if (text === undefined) return { text: 'u', bytes: undefined };
    if (specials.length === 0) return { text: `j${text}`, bytes: undefined };
    let beside = '';
    for (let index = 0; index < specials.length; index++)
      beside += `${index > 0 ? ',' : ''}${specials[index]}`;
    return { text: `s{"json":${text},"specials":[${beside}]}`, bytes: joined(chunks, byteCount) };
  } catch (error) {
    if (error instanceof Refuse)
      return { text: `${error.kind}${toWellFormed(error.message)}`, bytes: undefined };
    throw error;
  }
};

/** What JSON writes as it is, and nothing of the guest's runs for. */
const isLeaf = (item: unknown): boolean => {
  switch (typeof item) {
    case 'number':
      return (item as number) - (item as number) === 0; // what is not finite, JSON does not know
    case 'string':
    case 'boolean':
    case 'undefined':
      return true;
    default:
      return item === null;
  }
};

/** `name` and `message`, which are not enumerable, and what the program put on it. */
const errorFields = (error: object): string[] => {
  const fields = objectKeys(error);
  const named: string[] = ['name', 'message'];
  for (let index = 0; index < fields.length; index++) {
    const field = fields[index] as string; // within its length
    if (field !== 'name' && field !== 'message' && field !== 'stack') named[named.length] = field;
  }
  return named;
};

const joined = (chunks: readonly Uint8Array<ArrayBuffer>[], length: number): ArrayBuffer | undefined => {
  if (chunks.length === 0) return undefined;
  const whole = new Bytes(length);
  let at = 0;
  for (let index = 0; index < chunks.length; index++) {
    const chunk = chunks[index] as Uint8Array<ArrayBuffer>; // within its length
    bytesSet(whole, chunk, at);
    at += typedArrayBytes(chunk);
  }
  return typedArrayBuffer(whole);
};

/** `"a",0,"b"` → `value["a"][0]["b"]`. */
const show = (path: string): string => {
  if (path === '') return 'the value itself';
  let text = 'value[';
  let quoted = false;
  for (let index = 0; index < path.length; index++) {
    const unit = path[index] as string; // within its length
    if (unit === '\\') {
      text += unit + (path[index + 1] ?? '');
      index += 1;
      continue;
    }
    if (unit === '"') quoted = !quoted;
    text += unit === ',' && !quoted ? '][' : unit;
    if (text.length > 300) return `${text}…`;
  }
  return `${text}]`;
};
