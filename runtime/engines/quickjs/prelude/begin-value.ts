import { leavesOf, MAX_DEPTH } from './leaves.ts';
import { isLong } from './long-text.ts';
import { type Frame, type OutWalk, put, quote, type Reading, Refuse } from './out-walk.ts';
import {
  apply,
  bigintToText,
  bytesOf,
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
  ObjectPrototype,
  objectKeys,
  regexpToText,
  typedArrayLength,
  typedArrayTag,
} from './primordials.ts';
import { bytesSpecial, longSpecial, special } from './specials.ts';
import { list, ofArray, ofMap, ofSet, record } from './value-frames.ts';
import { pathTo, show } from './value-path.ts';

/** The text of a leaf, the frame of a container, or nothing for what has no form. */
export const begin = (walk: OutWalk, given: unknown, key: string | number): string | Frame | undefined => {
  let item = given;
  if (typeof item === 'object' && item !== null) {
    if (isDate(item))
      return isNotANumber(dateGetTime(item)) ? put(walk, 'null') : quote(walk, dateToIso(item));
    const { toJSON } = walk.reading?.object === item ? {} : (item as { readonly toJSON?: unknown });
    if (typeof toJSON === 'function') item = apply(toJSON, item, [`${key}`]);
  }
  switch (typeof item) {
    case 'string':
      return isLong(item) ? longSpecial(walk, item) : quote(walk, item);
    case 'number':
      return isFiniteNumber(item) ? put(walk, `${item}`) : special(walk, 'f', `"${item}"`);
    case 'boolean':
      return put(walk, item ? 'true' : 'false');
    case 'bigint':
      return special(walk, 'n', `"${bigintToText(item)}"`);
    case 'object':
      return item === null ? put(walk, 'null') : beginObject(walk, item);
    default:
      return undefined;
  }
};
const beginObject = (walk: OutWalk, object: object): string | Frame => {
  const prototype = getPrototypeOf(object) as object | null;
  if (prototype === ObjectPrototype || prototype === null)
    return beginRecord(walk, object, objectKeys(object));
  if (isArray(object)) {
    refuseCycle(walk, object);
    return ofArray(walk, object);
  }
  const tag = typedArrayTag(object);
  if (tag === 'Uint8Array' || tag === 'Uint8ClampedArray' || isArrayBuffer(object)) {
    const bytes = bytesOf(object);
    if (bytes !== undefined) return bytesSpecial(walk, bytes);
  }
  if (isRegExp(object)) return quote(walk, regexpToText(object));
  if (object instanceof String || object instanceof Number || object instanceof Boolean) {
    const inner = begin(walk, (object as { valueOf(): unknown }).valueOf(), '');
    return typeof inner === 'string' ? inner : put(walk, 'null');
  }
  refuseCycle(walk, object);
  if (tag !== undefined) {
    const numbers = object as unknown as ArrayLike<number | bigint>; // its tag says that it is a typed array
    return list(object, typedArrayLength(object), (at) => numbers[at]);
  }
  if (isMap(object)) return ofMap(object);
  if (isSet(object)) return ofSet(object);
  return beginRecord(walk, object, object instanceof ErrorType ? errorFields(object) : objectKeys(object));
};
const refuseCycle = ({ open }: OutWalk, object: object): void => {
  if (open.length >= MAX_DEPTH) {
    throw new Refuse('x', `nested deeper than ${MAX_DEPTH} at ${show(pathTo(open))}`);
  }
  for (let index = 0; index < open.length; index++) {
    if ((open[index] as Frame).container === object) {
      throw new Refuse('x', `it contains itself at ${show(pathTo(open))}`);
    }
  }
};
const beginRecord = (walk: OutWalk, object: object, given: readonly string[]): string | Frame => {
  refuseCycle(walk, object);
  const known = walk.reading?.object === object;
  const leaves = known ? undefined : leavesOf(walk, object, given);
  if (leaves !== undefined) return put(walk, jsonStringify(leaves));
  const { keys, read } = walk.reading as Reading; // of this object: it has something that is not a leaf
  walk.reading = undefined;
  const fields = object as Record<string, unknown>;
  return record(object, keys, (at) => (at < read.length ? read[at] : fields[keys[at] as string]));
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
