/** What a text offends against, beside its schema. */
export type InputKind = 'path' | 'sql' | 'url';

interface KindOfInput {
  readonly kind: InputKind;
  /** Why a text is none; `undefined` for one that is. Takes time linear in the text. */
  readonly fault: (text: string) => string | undefined;
}

const MOST = { path: 4_096, name: 255, sql: 100_000, url: 8_192 } as const;

/**
 * The formats of our own, each with what it refuses. They help whoever wrote the arguments, before anything starts: what a tool may reach is decided
 * where it reaches for it, whatever these say.
 */
export const INPUT_KINDS: Readonly<Record<string, KindOfInput>> = Object.freeze({
  path: { kind: 'path', fault: pathFault },
  sql: { kind: 'sql', fault: sqlFault },
  'http-url': { kind: 'url', fault: urlFault },
});

/** Why a text is not in one of these formats. */
export const inputFault = (format: string, text: string): string | undefined =>
  Object.hasOwn(INPUT_KINDS, format) ? INPUT_KINDS[format]?.fault(text) : undefined;

export const kindOfFormat = (format: string): InputKind | undefined =>
  Object.hasOwn(INPUT_KINDS, format) ? INPUT_KINDS[format]?.kind : undefined;

const hasControl = (text: string): boolean => /\p{Cc}/u.test(text);

function pathFault(path: string): string | undefined {
  if (path === '') return 'a path is not empty';
  if (path.length > MOST.path) return `a path has at most ${MOST.path} characters`;
  if (hasControl(path)) return 'a path has no control characters';
  if (/^[A-Za-z][A-Za-z\d+.-]*:\/\//.test(path)) return 'it is an address, not a path of a file';
  if (/^[A-Za-z]:[\\/]|^\\\\/.test(path)) return 'paths are written with /, without a drive: /data/file.txt';
  const names = path.split('/');
  if (names.some((name) => name.length > MOST.name))
    return `a name in a path has at most ${MOST.name} characters`;
  return path.startsWith('/') && climbs(names) ? 'it leads above the root by ".."' : undefined;
}

function climbs(names: readonly string[]): boolean {
  let depth = 0;
  for (const name of names) {
    if (name === '..') depth -= 1;
    else if (name !== '' && name !== '.') depth += 1;
    if (depth < 0) return true;
  }
  return false;
}

function urlFault(text: string): string | undefined {
  if (text.length > MOST.url) return `an address has at most ${MOST.url} characters`;
  if (/[\s\p{Cc}]/u.test(text)) return 'an address has no spaces and no control characters';
  const url = URL.parse(text);
  if (url === null) return 'it is not an address: it begins with https:// or http://';
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    return `it begins with ${url.protocol}, only https: and http: are allowed`;
  return url.username === '' && url.password === ''
    ? undefined
    : 'an address has no name and no password in it';
}

function sqlFault(sql: string): string | undefined {
  if (sql.length > MOST.sql) return `a statement has at most ${MOST.sql} characters`;
  if (hasControl(sql.replaceAll(/[\t\n\r]/g, ' '))) return 'a statement has no control characters';
  const first = skipStatement(sql, 0);
  if (first.empty) return 'a statement is not empty';
  if (first.end >= sql.length) return undefined;
  return skipStatement(sql, first.end).empty ? undefined : 'one statement is allowed, it has more';
}

/**
 * Where a statement ends, behind its semicolon, and whether there was anything in it. Databases quote in ways of their own: what one of them could
 * take for quoted is taken for quoted, as a semicolon too few is told by the database, and one too many would refuse what is right.
 */
function skipStatement(sql: string, start: number): { readonly end: number; readonly empty: boolean } {
  let empty = true;
  for (let at = start; at < sql.length; ) {
    const char = sql.charAt(at);
    if (char === ';' && !empty) return { end: at + 1, empty };
    const skipped = skipQuoted(sql, at);
    if (!skipped.comment && char !== ';' && !/\s/.test(char)) empty = false;
    at = Math.max(skipped.end, at + 1);
  }
  return { end: sql.length, empty };
}

/** Behind a comment, or what is quoted; the place itself where neither begins. */
function skipQuoted(sql: string, at: number): { readonly end: number; readonly comment: boolean } {
  const after = (found: number, length: number): number => (found < 0 ? sql.length : found + length);
  const char = sql.charAt(at);
  if (sql.startsWith('--', at)) return { end: after(sql.indexOf('\n', at), 1), comment: true };
  if (sql.startsWith('/*', at)) return { end: after(sql.indexOf('*/', at + 2), 2), comment: true };
  if (char === '[') return { end: after(sql.indexOf(']', at), 1), comment: false };
  if (char === '$') {
    const tag = /^\$(?:[A-Za-z_]\w{0,62})?\$/.exec(sql.slice(at, at + 66))?.[0];
    return {
      end: tag === undefined ? at : after(sql.indexOf(tag, at + tag.length), tag.length),
      comment: false,
    };
  }
  if (char === "'" || char === '"' || char === '`')
    return { end: behindQuote(sql, at, char), comment: false };
  return { end: at, comment: false };
}

function behindQuote(sql: string, start: number, quote: string): number {
  const escapes = quote === "'" && /[eE]/.test(sql.charAt(start - 1));
  for (let at = start + 1; at < sql.length; at++) {
    const char = sql.charAt(at);
    if (escapes && char === '\\') at += 1;
    else if (char === quote) {
      if (sql.charAt(at + 1) !== quote) return at + 1;
      at += 1;
    }
  }
  return sql.length;
}
