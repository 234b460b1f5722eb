/**
 * Folders that the house does not know, and known ones that are not there.
 * @param known Folders that have to be there.
 * @param notKept Folders that may be there and that no commit has.
 */
export function checkFolders(
  found: readonly string[],
  known: readonly string[],
  notKept: readonly string[] = [],
): readonly string[] {
  return [
    ...found
      .filter((name) => !known.includes(name) && !notKept.includes(name))
      .map((name) => `${name}/: the house does not know this folder (scripts/house.ts)`),
    ...[...new Set(known)]
      .filter((name) => !found.includes(name))
      .map((name) => `${name}/: in scripts/house.ts, and not there`),
  ];
}

/** Tests that lie on no floor: no project of vitest has them. */
export const checkTests = (files: readonly string[], floors: readonly string[]): readonly string[] =>
  files
    .filter((file) => file.endsWith('.test.ts') && !floors.some((floor) => file.startsWith(`test/${floor}/`)))
    .map((file) => `${file}: no floor has this test, so nothing runs it`);
