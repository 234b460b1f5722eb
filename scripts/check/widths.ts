import { parseSync } from 'oxc-parser';

/** Columns of a line, at most. */
const MOST_COLUMNS = 150;

/** What may close a call after a text, e.g. `);`. */
const CLOSING = 4;

/** What cannot be broken, or stands as whoever reads it gets it. */
type Kept = 'pattern' | 'raw' | 'text';

/**
 * Lines that are too long. The formatter breaks code, and leaves comments and texts: those are broken by hand. A regular expression and a text
 * that is `String.raw` stay whole. So does every text of a test: it is a guest's program, or what must be printed, as it stands.
 */
export function checkWidths(
  files: readonly { readonly path: string; readonly text: string }[],
): readonly string[] {
  return files.flatMap(({ path, text }) => {
    const long = longLines(text);
    if (long.length === 0) return [];
    const kept = keptIn(
      path,
      text,
      path.startsWith('test/') ? ['pattern', 'raw', 'text'] : ['pattern', 'raw'],
    );
    return long
      .filter(({ at }) => !kept.some(([start, end]) => start <= at && at < end + CLOSING))
      .map(({ line }) => `${path}:${line}: over ${MOST_COLUMNS} columns`);
  });
}

/** Each with the place of the first column that is too many. */
function longLines(text: string): readonly { readonly line: number; readonly at: number }[] {
  const found: { line: number; at: number }[] = [];
  let start = 0;
  for (const [index, line] of text.split('\n').entries()) {
    if (line.length > MOST_COLUMNS) found.push({ line: index + 1, at: start + MOST_COLUMNS - 1 });
    start += line.length + 1;
  }
  return found;
}

interface Node {
  readonly type?: string;
  readonly start?: number;
  readonly end?: number;
  readonly regex?: unknown;
  readonly value?: unknown;
}

function keptIn(
  path: string,
  text: string,
  kinds: readonly Kept[],
): readonly (readonly [start: number, end: number])[] {
  const spans: (readonly [number, number])[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const node: Node = value;
    const kind = kindOf(node);
    if (kind !== undefined && kinds.includes(kind)) spans.push([node.start ?? 0, node.end ?? 0]);
    for (const child of Object.values(value)) visit(child);
  };
  visit(parseSync(path, text).program);
  return spans;
}

function kindOf({ type, regex, value }: Node): Kept | undefined {
  if (type === 'TaggedTemplateExpression') return 'raw';
  if (type === 'TemplateLiteral') return 'text';
  if (type !== 'Literal') return undefined;
  if (regex !== undefined && regex !== null) return 'pattern';
  return typeof value === 'string' ? 'text' : undefined;
}
