import { parseSync } from 'oxc-parser';

export interface Text {
  readonly path: string;
  readonly text: string;
}

/** A regular expression as it stands in a file; `undefined` pattern: one that is made at run time. */
interface Found {
  readonly path: string;
  readonly pattern: string | undefined;
  readonly flags: string;
}

/**
 * Regular expressions that could take more than linear time, by how they are written: more than one repetition without an upper bound, or one
 * in a pattern that may begin anywhere. Each must be listed with the reason why it is harmless all the same.
 * @param known `file` → patterns → reason.
 */
export function checkPatterns(
  files: readonly Text[],
  known: Readonly<Record<string, Readonly<Record<string, string>>>>,
): readonly string[] {
  const doubtful = files.flatMap(findPatterns).filter((found) => !isPlainlyLinear(found));
  const used = new Set<string>();
  const breaches: string[] = [];
  for (const { path, pattern = 'new RegExp' } of doubtful) {
    used.add(`${path} ${pattern}`);
    if (known[path]?.[pattern] === undefined)
      breaches.push(
        `${path}: /${pattern}/ may backtrack over a text that nobody trusts; match it in linear time`,
      );
  }
  for (const [path, patterns] of Object.entries(known)) {
    for (const pattern of Object.keys(patterns)) {
      if (!used.has(`${path} ${pattern}`))
        breaches.push(`scripts/linear-patterns.ts: no /${pattern}/ in ${path}`);
    }
  }
  return breaches;
}

function findPatterns({ path, text }: Text): readonly Found[] {
  const found: Found[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    if ('regex' in node && typeof node.regex === 'object' && node.regex !== null) {
      const { pattern, flags } = node.regex as { pattern: string; flags: string }; // a literal's own
      found.push({ path, pattern, flags });
    }
    if ('type' in node && node.type === 'NewExpression' && 'callee' in node) {
      const callee = node.callee as { readonly name?: string };
      if (callee.name === 'RegExp') found.push({ path, pattern: undefined, flags: '' });
    }
    for (const child of Object.values(node)) visit(child);
  };
  visit(parseSync(path, text).program);
  return found;
}

function isPlainlyLinear({ pattern, flags }: Found): boolean {
  if (pattern === undefined) return false;
  const bare = pattern.replace(/\\./g, '_').replace(/\[[^\]]*\]/g, '_');
  const repeats = bare.match(/[*+]|\{\d+,\}/g)?.length ?? 0;
  if (repeats === 0) return true;
  const isAnchored =
    (bare.startsWith('^') && !flags.includes('m') && !bare.includes('|')) || flags.includes('y');
  return repeats === 1 && isAnchored && !/\([^)]*[*+][^)]*\)[*+{]/.test(bare);
}
