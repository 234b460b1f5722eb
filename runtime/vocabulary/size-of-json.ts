/** An engine keeps a large object as a table, in which each field costs as much as many elements of a list. */
const LARGE_OBJECT = 1_000;
const LARGE_FIELD = 8;
/** What so many fields of one object weigh. */
export const fieldsWeigh = (count: number): number => (count > LARGE_OBJECT ? count * LARGE_FIELD : count);

/** Whether a value holds more than so many others, at any depth; each field of an object of over 1,000 counts as 8. Counts no further than that. */
export function holdsMore(value: unknown, most: number): boolean {
  let left = most;
  const count = (item: unknown): boolean => {
    if (typeof item !== 'object' || item === null || ArrayBuffer.isView(item)) return false;
    // A list says how long it is; the fields of an object have to be listed.
    const parts = Array.isArray(item) ? item : Object.values(item);
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
