import { isLong } from './long-text.ts';
import { type Frame, type OutWalk, put, spend } from './out-walk.ts';
import {
  getPrototypeOf,
  jsonStringify,
  min,
  ObjectPrototype,
  objectCreate,
  objectKeys,
  setPrototypeOf,
  slice,
} from './primordials.ts';

export const MAX_DEPTH = 128;
/** Leaves of a list that are written in one go. */
const MOST_LEAVES = 1024;
/** A list has been written to its end, or as far as one goes at a time. */
export const NONE = objectCreate(null) as object;

/** What JSON writes as it is, and nothing of the guest's runs for. */
const isLeaf = (item: unknown): boolean => {
  switch (typeof item) {
    case 'number':
      return (item as number) - (item as number) === 0; // what is not finite, JSON does not know
    case 'string':
      return !isLong(item as string);
    case 'boolean':
    case 'undefined':
      return true;
    default:
      return item === null;
  }
};

/** A copy of a record that holds leaves alone, for the platform to write in one go. Without one, `walk.reading` has what was read. */
export const leavesOf = (walk: OutWalk, object: object, keys: readonly string[]): object | undefined => {
  const fields = object as Record<string, unknown>;
  const leaves = objectCreate(null) as Record<string, unknown>;
  const read: unknown[] = [];
  const room = walk.maxBytes - walk.spent;
  let letters = 0;
  for (let at = 0; at < keys.length; at++) {
    const key = keys[at] as string; // within its length
    const item = fields[key];
    read[at] = item;
    if (!isLeaf(item)) {
      walk.reading = { object, keys, read };
      return undefined;
    }
    leaves[key] = item;
    letters += key.length + (typeof item === 'string' ? item.length : 1);
    if (letters > room) spend(walk, letters);
  }
  return leaves;
};
/** The same for an item of a list, where it is nothing but a record. */
const plainLeaves = (walk: OutWalk, item: unknown): object | undefined => {
  if (typeof item !== 'object' || item === null || walk.open.length >= MAX_DEPTH) return undefined;
  const prototype = getPrototypeOf(item) as object | null;
  if (prototype !== ObjectPrototype && prototype !== null) return undefined;
  const { toJSON } = item as { readonly toJSON?: unknown };
  return typeof toJSON === 'function' ? undefined : leavesOf(walk, item, objectKeys(item));
};
/** Writes what leaves come next in an array. Answers the first item that is none, `NONE` where there is no such item yet. */
export const takeLeaves = (walk: OutWalk, frame: Frame, array: readonly unknown[]): unknown => {
  const end = min(frame.length, frame.at + MOST_LEAVES);
  const leaves: unknown[] = [];
  setPrototypeOf(leaves, null); // nobody's `toJSON`
  const room = walk.maxBytes - walk.spent;
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
      const plain = plainLeaves(walk, item);
      if (plain === undefined) break;
      leaves[count++] = plain;
      letters += 2;
    }
    item = NONE;
    if (letters > room) spend(walk, letters);
  }
  if (count > 0) {
    const text = put(walk, jsonStringify(leaves));
    frame.text += `${frame.at > 0 ? ',' : ''}${slice(text, 1, text.length - 1)}`;
    frame.at = at;
  }
  return item;
};
