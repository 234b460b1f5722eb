import type { Source } from './sources.ts';

export interface ExportRules {
  /** Files whose exports somebody outside of the sources uses. */
  readonly outside: readonly (readonly [file: RegExp, why: string])[];
  /** `file#name` → why it stays although nothing imports it. */
  readonly kept: Readonly<Record<string, string>>;
}

/**
 * Exports that no other file imports. A type may be exported for the sake of what else the file exports: it says what a function takes.
 * @param users Files that import beside the sources themselves, such as scripts.
 */
export function checkExports(
  sources: readonly Source[],
  users: readonly Source[],
  { outside, kept }: ExportRules,
): readonly string[] {
  const used = new Set<string>();
  for (const { imports } of [...sources, ...users]) {
    for (const { target, names } of imports) {
      if (target === undefined) continue;
      for (const name of names ?? ['*']) used.add(`${target}#${name}`);
    }
  }
  const breaches: string[] = [];
  const unneeded = new Set(Object.keys(kept));
  for (const { path, text, exports } of sources) {
    if (outside.some(([file]) => file.test(path))) continue;
    for (const { name, isType } of exports) {
      const key = `${path}#${name}`;
      if (used.has(key) || used.has(`${path}#*`)) continue;
      if (isType && text.match(new RegExp(`\\b${name}\\b`, 'g'))?.length !== 1) continue;
      if (Object.hasOwn(kept, key)) unneeded.delete(key);
      else breaches.push(`${path}: no other file imports ${name}`);
    }
  }
  for (const key of unneeded) breaches.push(`${key}: in the list of exports that stay, and not needed there`);
  return breaches;
}

/** `export *` makes a promise of whatever a file happens to export. */
export const checkStars = (sources: readonly Source[]): readonly string[] =>
  sources
    .filter(({ exports }) => exports.some(({ name }) => name === '*'))
    .map(({ path }) => `${path}: export * (name what is exported)`);
