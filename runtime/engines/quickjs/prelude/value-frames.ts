import { type Frame, type OutWalk, put, spend } from './out-walk.ts';
import {
  arrayCopy,
  arrayEvery,
  arrayJoin,
  isFiniteNumber,
  mapForEach,
  setForEach,
  setPrototypeOf,
} from './primordials.ts';

/** Items of an array from which on it is read in one step of the engine's own. */
const LONG_LIST = 32;

/** An array as the program has it: its text where it is long and holds numbers alone, which the engine tells and writes by itself. */
export const ofArray = (walk: OutWalk, array: readonly unknown[]): string | Frame => {
  const { length } = array;
  if (length < LONG_LIST) return list(array, length, (at) => array[at], array);
  if (2 * length > walk.maxBytes - walk.spent) spend(walk, 2 * length); // each takes two letters at least: it throws
  const items = arrayCopy(array, 0, 0);
  setPrototypeOf(items, null); // nobody's `length`, `join` or `toJSON`
  if (!arrayEvery(items, isFiniteNumber)) return list(array, items.length, (at) => items[at], items);
  spend(walk, 2);
  return `[${put(walk, arrayJoin(items, ','))}]`;
};

/** What is written as a list. */
export const list = (
  container: object,
  length: number,
  item: (at: number) => unknown,
  items?: readonly unknown[],
): Frame => ({
  container,
  keys: undefined,
  length,
  item,
  items,
  at: 0,
  text: '',
});

export const record = (container: object, keys: readonly string[], item: (at: number) => unknown): Frame => ({
  container,
  keys,
  length: keys.length,
  item,
  items: undefined,
  at: 0,
  text: '',
});

/** An object, or a list of pairs if a key is not a string. */
export const ofMap = (map: ReadonlyMap<unknown, unknown>): Frame => {
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

export const ofSet = (set: ReadonlySet<unknown>): Frame => {
  const items: unknown[] = [];
  setForEach(set, (item) => {
    items[items.length] = item;
  });
  return list(set, items.length, (at) => items[at]);
};
