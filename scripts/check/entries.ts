import type { Source } from './sources.ts';

/** What is exported on every platform is listed once; each entry names all of it, so that an entry is a whole promise. */
export function checkEntries(
  sources: readonly Source[],
  shared: string,
  entries: readonly string[],
): readonly string[] {
  const namesOf = (path: string): readonly string[] =>
    sources.find((source) => source.path === path)?.exports.map(({ name }) => name) ?? [];
  return entries.flatMap((entry) => {
    const exported = new Set(namesOf(entry));
    return namesOf(shared)
      .filter((name) => !exported.has(name))
      .map((name) => `${entry}: does not export ${name} of ${shared}`);
  });
}
