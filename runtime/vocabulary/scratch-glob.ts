/**
 * Whether a path fits a pattern: `*` and `?` within a name, `**` for any number of names, none too. All else stands for itself. Takes at most
 * as many steps as pattern and path have characters, multiplied: after a mismatch only the last star can give way.
 */
export function matchesScratch(pattern: string, path: string): boolean {
  return matchStars(pattern.split('/'), path.split('/'), (name) => name === '**', matchesName);
}

const matchesName = (pattern: string, name: string): boolean =>
  matchStars(
    [...pattern],
    [...name],
    (character) => character === '*',
    (wanted, character) => wanted === '?' || wanted === character,
  );

function matchStars(
  pattern: readonly string[],
  items: readonly string[],
  isStar: (part: string) => boolean,
  fits: (part: string, item: string) => boolean,
): boolean {
  let at = 0;
  let from = 0;
  /** Where to go on when what follows the last star does not fit: after it, with one item more taken by it. */
  let retry: { readonly at: number; from: number } | undefined;
  while (from < items.length) {
    const part = pattern[at];
    const item = items[from] ?? '';
    if (part !== undefined && isStar(part)) {
      retry = { at: at + 1, from };
      at += 1;
    } else if (part !== undefined && fits(part, item)) {
      at += 1;
      from += 1;
    } else if (retry !== undefined) {
      retry.from += 1;
      at = retry.at;
      from = retry.from;
    } else return false;
  }
  return pattern.slice(at).every(isStar);
}
