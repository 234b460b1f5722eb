/**
 * The candidate nearest to a misspelt word, if one is near enough: at most a third of the longer word's letters differ.
 * Counts inserted, left out, wrong and swapped neighbouring letters (Damerau–Levenshtein, optimal string alignment).
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > MOST_LETTERS) return undefined;
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const most = Math.max(1, Math.floor(Math.max(word.length, candidate.length) / 3));
    // No word is nearer than its length is: a caller's text may be megabytes, and what follows costs the product of both lengths.
    if (Math.abs(word.length - candidate.length) > most) continue;
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < least && distance <= most) {
      best = candidate;
      least = distance;
    }
  }
  return best;
}

/** Comparing takes steps by both lengths multiplied, and nobody misspells a word this long. */
const MOST_LETTERS = 64;

/** `, did you mean "run"?`, or nothing. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const near = nearest(word, candidates);
  return near === undefined ? '' : `, did you mean "${near}"?`;
}

/** The nearest name, or all that there are where none is near: what follows a name that nobody knows. */
export const nearestOrAll = (word: string, known: readonly string[]): string =>
  didYouMean(word, known) || `, known are ${known.join(', ')}`;

export function editDistance(left: string, right: string): number {
  let before: number[] = [];
  let above = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const same = left[row - 1] === right[column - 1];
      const at = (line: readonly number[], index: number): number => line[index] ?? 0;
      let cost = Math.min(
        at(above, column) + 1,
        at(current, column - 1) + 1,
        at(above, column - 1) + (same ? 0 : 1),
      );
      const swapped = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (row > 1 && column > 1 && swapped) cost = Math.min(cost, at(before, column - 2) + 1);
      current.push(cost);
    }
    before = above;
    above = current;
  }
  return above[right.length] ?? left.length;
}

/** @param action Begins with the verb, ends with what the name is not known as: `run: unknown option`. */
export function unknownName(action: string, name: string, known: readonly string[]): TypeError {
  return new TypeError(`Cannot ${action} ${shownText(name)}${nearestOrAll(name, known)}`);
}

const MAX_SHOWN = 100;

/** A caller's text in quotes, cut to a bounded length. */
export const shownText = (text: string): string =>
  JSON.stringify(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text);
