import type { NameMatcher } from './glob.ts';

/** A glob over a path, a part for each segment; `**` stands for any segments, none too. */
export type PathGlob = readonly (NameMatcher | '**')[];

/** Positions in a glob that the segments so far may have led to. All are followed at once: a segment meets each part at most once. */
export type PathPosition = readonly number[];

export const startOf = (glob: PathGlob): PathPosition => open(glob, [0]);

/** The positions after one more segment. */
export function advance(glob: PathGlob, position: PathPosition, name: string): PathPosition {
  const next: number[] = [];
  for (const at of position) {
    const part = glob[at];
    if (part === '**') next.push(at);
    else if (part?.(name) === true) next.push(at + 1);
  }
  return open(glob, next);
}

/** Whether nothing more is needed. */
const isAtEnd = (glob: PathGlob, position: PathPosition): boolean => position.includes(glob.length);

export function matchesPath(glob: PathGlob, path: readonly string[]): boolean {
  let position = startOf(glob);
  for (const name of path) {
    if (position.length === 0) return false;
    position = advance(glob, position, name);
  }
  return isAtEnd(glob, position);
}

/** With the positions behind each `**`, which may stand for nothing; in order, each once. */
function open(glob: PathGlob, positions: readonly number[]): PathPosition {
  const found: number[] = [];
  for (let at of positions) {
    for (;;) {
      if ((found[found.length - 1] ?? -1) < at) found.push(at);
      if (glob[at] !== '**') break;
      at += 1;
    }
  }
  return found;
}
