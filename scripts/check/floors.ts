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

/** Tests of one floor import nothing of another, except documents, whose blocks others may read: what floors share lies in `test/support/`. */
export function checkShared(
  tests: readonly { readonly path: string; readonly text: string }[],
  floors: readonly string[],
): string[] {
  const floorOf = (path: string): string | undefined =>
    floors.find((floor) => path.startsWith(`test/${floor}/`));
  return tests.flatMap(({ path, text }) =>
    readSource(path, text).imports.flatMap(({ target }) => {
      const other = target === undefined ? undefined : floorOf(target);
      return other === undefined || other === 'docs' || other === floorOf(path)
        ? []
        : [`${path}: imports ${target} of another floor; what floors share lies in test/support/`];
    }),
  );
}
