import type { Source } from './sources.ts';

/** Above this a function is looked at again: it stays with its reason, or is split by subject. */
const MOST_LINES = 100;

/**
 * Functions that are too long and have no reason to be.
 * @param reasons `file#name` → why it stays.
 */
export function checkFunctions(
  sources: readonly Source[],
  reasons: Readonly<Record<string, string>>,
): readonly string[] {
  const unneeded = new Set(Object.keys(reasons));
  const breaches: string[] = [];
  for (const { path, functions } of sources) {
    for (const { name, lines } of functions) {
      if (lines <= MOST_LINES) continue;
      const key = `${path}#${name}`;
      if (Object.hasOwn(reasons, key)) unneeded.delete(key);
      else breaches.push(`${path}: ${name} is ${lines} lines long; split it by subject, or give a reason`);
    }
  }
  for (const key of unneeded)
    breaches.push(`${key}: in the list of long functions, and short or gone by now; strike it`);
  return breaches;
}
