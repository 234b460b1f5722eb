import type { JsonValue } from './json.ts';

/** An engine keeps a large object as a table, in which each field costs as much as many elements of a list. */
const LARGE_OBJECT = 1_000;
const LARGE_FIELD = 8;
/** What so many fields of one object weigh. */
export const fieldsWeigh = (count: number): number => (count > LARGE_OBJECT ? count * LARGE_FIELD : count);

/**
 * Fields that one object of a large value may have. They can only be listed in one go, which takes some 25 ms for so many.
 */
export const MOST_FIELDS = 100_000;

/** Whether a value holds more than so many others, at any depth; each field of an object of over 1,000 counts as 8. Counts no further than that. */
export function holdsMore(value: unknown, most: number): boolean {
  let left = most;
  const count = (item: unknown): boolean => {
    if (typeof item !== 'object' || item === null || ArrayBuffer.isView(item)) return false;
    if (Array.isArray(item)) {
      left -= item.length;
      return left < 0 || item.some(count);
    }
    // Names alone are listed four times as fast as fields.
    const names = Object.keys(item);
    left -= fieldsWeigh(names.length);
    return left < 0 || names.some((name) => count((item as Readonly<Record<string, unknown>>)[name]));
  };
  return count(value);
}

/** A value itself, and all that it holds at any depth. */
export const partsOf = (value: JsonValue): number =>
  typeof value === 'object' && value !== null
    ? Object.values(value).reduce((sum: number, part: JsonValue) => sum + partsOf(part), 1)
    : 1;

/** Whether lists and objects in a value lie deeper in it than so many levels. Looks no deeper than that. */
export const nestsDeeper = (value: unknown, levels: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (levels < 0 || Object.values(value).some((part) => nestsDeeper(part, levels - 1)));
