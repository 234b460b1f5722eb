import type { Frame } from './out-walk.ts';
import { mapForEach, setForEach } from './primordials.ts';

/** An array, or what is written as one. */
export const list = (
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

export const record = (container: object, keys: readonly string[], item: (at: number) => unknown): Frame => ({
  container,
  keys,
  length: keys.length,
  item,
  isArray: false,
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
