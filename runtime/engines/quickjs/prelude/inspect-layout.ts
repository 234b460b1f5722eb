import { floor, includes, isArray, max, min } from './primordials.ts';

/** What decides where lines end. */
export interface Layout {
  /** Characters of a line. */
  readonly breakLength: number;
  /** Levels that may share a line; 0: each entry has its own. */
  readonly compact: number;
  readonly colors: boolean;
}

/** Fewer items than this are never put in columns. */
const GROUP_FROM = 7;
const MOST_COLUMNS = 15;

/** The entries of an object between its braces: on one line if they fit and are not too deep, else a line each. */
export const layOut = (
  entries: readonly string[],
  head: string,
  braces: readonly [string, string],
  indent: number,
  shallow: boolean,
  layout: Layout,
): string => {
  let total = 2 * entries.length + head.length + indent + 11;
  let broken = !shallow || includes(head, '\n');
  for (let at = 0; at < entries.length; at++) {
    const entry = entries[at] as string; // within its length
    total += width(entry, layout);
    broken ||= includes(entry, '\n');
  }
  const [open, close] = braces;
  let text = '';
  if (!broken && total <= layout.breakLength) {
    for (let at = 0; at < entries.length; at++) text += `${at > 0 ? ', ' : ''}${entries[at]}`;
    return `${head}${open} ${text} ${close}`;
  }
  const margin = `\n${spaces(indent)}`;
  for (let at = 0; at < entries.length; at++) text += `${at > 0 ? ',' : ''}${margin}  ${entries[at]}`;
  return `${head}${open}${text}${margin}${close}`;
};

/** Long lists of short items go in columns: numbers to the right, the rest to the left. */
export const group = (
  entries: readonly string[],
  object: object,
  indent: number,
  layout: Layout,
): readonly string[] => {
  let widest = 0;
  let total = 0;
  if (entries.length < GROUP_FROM) return entries;
  const last = entries[entries.length - 1] as string; // never empty here
  const overflow = includes(last, ' more item') ? 1 : 0;
  const count = entries.length - overflow;
  const lengths: number[] = [];
  for (let at = 0; at < count; at++) {
    const length = width(entries[at] as string, layout); // within its length
    if (includes(entries[at] as string, '\n')) return entries;
    lengths[at] = length;
    widest = max(widest, length);
    total += length + 2;
  }
  const cell = widest + 2;
  if (cell * 3 + indent >= layout.breakLength || (total / cell <= 5 && widest > 6)) return entries;
  // About as wide as high, as letters are 2.5 times as high as wide; lists of even width get a few columns more.
  const narrow = max(cell - 3 - Math.sqrt(cell - total / entries.length), 1);
  const square = Math.round(Math.sqrt(2.5 * narrow * count) / narrow);
  const columns = min(
    square,
    floor((layout.breakLength - indent) / cell),
    min(4 * layout.compact, MOST_COLUMNS),
  );
  if (columns <= 1) return entries;
  let right = isArray(object);
  for (let at = 0; at < count && right; at++) {
    const kind = typeof (object as readonly unknown[])[at];
    right = kind === 'number' || kind === 'bigint';
  }
  const widths: number[] = [];
  for (let column = 0; column < columns; column++) {
    let longest = 0;
    for (let at = column; at < count; at += columns) longest = max(longest, lengths[at] as number);
    widths[column] = longest + 2;
  }
  const rows: string[] = [];
  for (let start = 0; start < count; start += columns) {
    let row = '';
    const end = min(start + columns, count);
    for (let at = start; at < end; at++) {
      const ends = at + 1 >= end;
      const cellText = ends ? (entries[at] as string) : `${entries[at]}, `;
      const pad = spaces((widths[at - start] as number) - 2 - (lengths[at] as number));
      row += right ? pad + cellText : ends ? cellText : cellText + pad;
    }
    rows[rows.length] = row;
  }
  if (overflow === 1) rows[rows.length] = last;
  return rows;
};

/** Letters that show: escape sequences of colours do not. */
const width = (text: string, { colors }: Layout): number => {
  if (!colors) return text.length;
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] !== '\u001b') count += 1;
    else while (at < text.length && text[at] !== 'm') at += 1;
  }
  return count;
};

export const spaces = (count: number): string => {
  let text = '';
  for (let at = 0; at < count; at++) text += ' ';
  return text;
};
