/** Things of the embedder by their names. */
export const byName = <T extends { readonly name: string }>(
  items: readonly T[],
  what: string,
): ReadonlyMap<string, T> => new Map(uniqueByName(items, what).map((item) => [item.name, item]));

/** @throws {TypeError} for two of one name. */
export function uniqueByName<T extends { readonly name: string }>(
  items: readonly T[],
  what: string,
): readonly T[] {
  const names = new Set<string>();
  for (const { name } of items) {
    if (names.has(name)) throw new TypeError(`Cannot create a runtime: two of ${what} "${name}"`);
    names.add(name);
  }
  return items;
}
