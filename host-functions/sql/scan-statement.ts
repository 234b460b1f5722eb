/** What a part of a statement's text is, as far as placeholders matter: code, or a text, name or comment in which nothing is replaced. */
export interface Piece {
  readonly kind: 'code' | 'quoted' | 'comment';
  readonly text: string;
}

export type Dialect = 'postgres' | 'sqlite';

/**
 * Cuts a statement into code and what is quoted. Only placeholders are found by it: whether it is one statement and what it does, the parser of
 * the database says. Linear.
 */
export function scanStatement(text: string, dialect: Dialect): readonly Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  let at = 0;
  const close = (end: number, kind: Piece['kind']): void => {
    if (at > from) pieces.push({ kind: 'code', text: text.slice(from, at) });
    pieces.push({ kind, text: text.slice(at, end) });
    at = end;
    from = end;
  };
  while (at < text.length) {
    const char = text[at];
    if (char === "'")
      close(endOfQuoted(text, at, "'", dialect === 'postgres' && isEscapeString(text, at)), 'quoted');
    else if (char === '"' || (dialect === 'sqlite' && char === '`'))
      close(endOfQuoted(text, at, char, false), 'quoted');
    else if (dialect === 'sqlite' && char === '[') close(after(text, ']', at + 1), 'quoted');
    else if (char === '-' && text[at + 1] === '-') close(after(text, '\n', at + 2), 'comment');
    else if (char === '/' && text[at + 1] === '*') close(endOfComment(text, at, dialect), 'comment');
    else if (dialect === 'postgres' && char === '$') {
      const end = endOfDollars(text, at);
      if (end === undefined) at += 1;
      else close(end, 'quoted');
    } else at += 1;
  }
  if (at > from) pieces.push({ kind: 'code', text: text.slice(from) });
  return pieces;
}

function after(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from);
  return at < 0 ? text.length : at + mark.length;
}

function endOfQuoted(text: string, start: number, quote: string, escapes: boolean): number {
  let at = start + 1;
  while (at < text.length) {
    if (escapes && text[at] === '\\') at += 2;
    else if (text[at] !== quote) at += 1;
    else if (text[at + 1] === quote) at += 2;
    else return at + 1;
  }
  return text.length;
}

/** `E'…'`: there a backslash takes the next character. */
const isEscapeString = (text: string, at: number): boolean =>
  /[eE]/.test(text[at - 1] ?? '') && !/[\w$\u0080-\uffff]/.test(text[at - 2] ?? '');

/** Comments of PostgreSQL nest, those of SQLite do not. */
function endOfComment(text: string, start: number, dialect: Dialect): number {
  let depth = 1;
  let at = start + 2;
  while (at < text.length && depth > 0) {
    if (text[at] === '*' && text[at + 1] === '/') {
      depth -= 1;
      at += 2;
    } else if (dialect === 'postgres' && text[at] === '/' && text[at + 1] === '*') {
      depth += 1;
      at += 2;
    } else at += 1;
  }
  return at;
}

const MOST_TAG = 63;

/** `$tag$ … $tag$`; not where a name goes on, nor a placeholder. */
function endOfDollars(text: string, start: number): number | undefined {
  if (/[\w$\u0080-\uffff]/.test(text[start - 1] ?? '')) return undefined;
  const tag = /^\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]{0,62})?\$/.exec(
    text.slice(start, start + MOST_TAG + 2),
  )?.[0];
  return tag === undefined ? undefined : after(text, tag, start + tag.length);
}
