import {
  Bytes,
  bigintToText,
  bytesOf,
  bytesSet,
  dateGetTime,
  dateToIso,
  ErrorType,
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
  objectKeys,
  regexpToText,
  setForEach,
  toWellFormed,
  typedArrayBuffer,
  typedArrayBytes,
  typedArrayLength,
  typedArrayTag,
} from './primordials.ts';

const MAX_DEPTH = 128;

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

/**
 * Copies a value out of the guest. As `JSON.stringify` does: `toJSON` is respected, functions, symbols and `undefined` are left out (`null` in
 * arrays), numbers that are not finite become `null`. Beyond it: `bigint` and bytes stay what they are, a Map is an object (a list of pairs if
 * a key is no string), a Set an array, an error `{ name, message }`, a RegExp its text. A cycle or nesting over 128 cannot leave.
 */
export const convert = (value: unknown, maxBytes: number): Outgoing => {
  const specials: string[] = [];
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  const open: object[] = [];
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
  /** Where the present item is: one key for each open container. */
  const trail: (string | number)[] = [];
  const path = (): string => {
    let text = '';
    for (let index = 0; index < open.length; index++) {
      const key = trail[index];
      text += `${index > 0 ? ',' : ''}${typeof key === 'number' ? key : jsonStringify(key)}`;
    }
    return text;
  };
  const special = (kind: 'n' | 'b', text: string): string => {
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

  const list = (length: number, item: (index: number) => unknown): string => {
    let text = '[';
    for (let index = 0; index < length; index++) {
      if (index > 0) text += ',';
      trail[open.length - 1] = index;
      text += write(item(index), index) ?? put('null');
      spend(1);
    }
    return `${text}]`;
  };
  const record = (keys: readonly string[], item: (key: string) => unknown): string => {
    let text = '';
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index] as string; // within its length
      trail[open.length - 1] = key;
      const written = write(item(key), key);
      if (written === undefined) continue;
      text += `${text === '' ? '' : ','}${quote(key)}:${written}`;
      spend(2);
    }
    return `{${text}}`;
  };
  const enter = (value: object, body: () => string): string => {
    if (open.length >= MAX_DEPTH) throw new Refuse('x', `nested deeper than ${MAX_DEPTH} at ${show(path())}`);
    for (let index = 0; index < open.length; index++) {
      if (open[index] === value) throw new Refuse('x', `it contains itself at ${show(path())}`);
    }
    open[open.length] = value;
    const text = body();
    open.length -= 1;
    return text;
  };

  const write = (given: unknown, key: string | number): string | undefined => {
    let value = given;
    if (typeof value === 'object' && value !== null) {
      if (isDate(value)) {
        const time = dateGetTime(value);
        return !isNotANumber(time) ? quote(dateToIso(value)) : put('null');
      }
      const { toJSON } = value as { readonly toJSON?: unknown };
      if (typeof toJSON === 'function') value = (value as { toJSON(key: string): unknown }).toJSON(`${key}`);
    }
    switch (typeof value) {
      case 'string':
        return quote(value);
      case 'number':
        return put(isFiniteNumber(value) ? `${value}` : 'null');
      case 'boolean':
        return put(value ? 'true' : 'false');
      case 'bigint':
        return special('n', `"${bigintToText(value)}"`);
      case 'object':
        return value === null ? put('null') : writeObject(value);
      default:
        return undefined;
    }
  };
  const writeObject = (value: object): string => {
    const tag = typedArrayTag(value);
    if (tag === 'Uint8Array' || tag === 'Uint8ClampedArray' || isArrayBuffer(value)) {
      const bytes = bytesOf(value);
      if (bytes !== undefined) return bytesSpecial(bytes);
    }
    return enter(value, () => {
      if (tag !== undefined) {
        const items = value as unknown as ArrayLike<number | bigint>; // its tag says that it is a typed array
        return list(typedArrayLength(value), (index) => items[index]);
      }
      if (isArray(value)) return list(value.length, (index) => value[index]);
      if (isMap(value)) return writeMap(value);
      if (isSet(value)) {
        const items: unknown[] = [];
        setForEach(value, (item) => {
          items[items.length] = item;
        });
        return list(items.length, (index) => items[index]);
      }
      if (isRegExp(value)) return quote(regexpToText(value));
      if (value instanceof ErrorType) {
        const error = value as Error;
        const fields = objectKeys(error);
        const named: string[] = ['name', 'message'];
        for (let index = 0; index < fields.length; index++) {
          const field = fields[index] as string; // within its length
          if (field !== 'name' && field !== 'message' && field !== 'stack') named[named.length] = field;
        }
        return record(named, (field) => error[field as keyof Error]);
      }
      if (value instanceof String || value instanceof Number || value instanceof Boolean) {
        return write((value as { valueOf(): unknown }).valueOf(), '') ?? 'null';
      }
      return record(objectKeys(value), (key) => (value as Record<string, unknown>)[key]);
    });
  };
  const writeMap = (map: ReadonlyMap<unknown, unknown>): string => {
    const keys: unknown[] = [];
    const values: unknown[] = [];
    let named = true;
    mapForEach(map, (value, key) => {
      keys[keys.length] = key;
      values[values.length] = value;
      named &&= typeof key === 'string';
    });
    if (!named) return list(keys.length, (index) => [keys[index], values[index]]);
    let next = 0;
    return record(keys as string[], () => {
      next += 1;
      return values[next - 1];
    });
  };

  try {
    const text = write(value, '');
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
