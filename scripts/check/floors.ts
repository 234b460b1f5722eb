import { readSource } from './sources.ts';

/** What the tests of a floor may not start, by the files of `test/` that start it, with the floor it belongs on. */
export function checkFloors(
  tests: readonly { readonly path: string; readonly text: string }[],
  starters: Readonly<Record<string, string>>,
): string[] {
  return tests.flatMap(({ path, text }) =>
    readSource(path, text).imports.flatMap(({ target }) => {
      const reason = target === undefined ? undefined : starters[target];
      return reason === undefined ? [] : [`${path}: imports ${target}, which ${reason}`];
    }),
  );
}
