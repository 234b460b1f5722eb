import { didYouMean } from './nearest.ts';

/** @throws {TypeError} naming the first option that `known` does not have, with the nearest one that it has. */
export function refuseUnknown(given: object, known: Readonly<Record<string, unknown>>, where: string): void {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(known, name)) throw unknownName(`${where}: unknown option`, name, Object.keys(known));
  }
}

/** The same for a field of a grant, a policy or a part of one; `where` says which. @throws {TypeError} */
export function refuseUnknownField(
  given: object,
  known: Readonly<Record<string, unknown>>,
  where: string,
): void {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(known, name))
      throw unknownName(`read ${where}: unknown field`, name, Object.keys(known));
  }
}

/** @param action Begins with the verb, ends with what the name is not known as: `run: unknown option`. */
export function unknownName(action: string, name: string, known: readonly string[]): TypeError {
  const near = didYouMean(name, known);
  return new TypeError(
    `Cannot ${action} ${JSON.stringify(name)}${near || `, known are ${known.join(', ')}`}`,
  );
}
