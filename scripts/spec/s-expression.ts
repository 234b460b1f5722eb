/** A list, or an atom as it was written; strings keep their quotes. */
export type Expression = Atom | List;
export interface Atom {
  readonly atom: string;
}
export interface List {
  readonly items: readonly Expression[];
  /** The text it came from. */
  readonly text: string;
  readonly line: number;
}

export const isList = (expression: Expression | undefined): expression is List =>
  expression !== undefined && 'items' in expression;

export const atomOf = (expression: Expression | undefined): string =>
  expression === undefined || isList(expression) ? '' : expression.atom;

/** The word that a list starts with. */
export const headOf = (expression: Expression | undefined): string =>
  isList(expression) ? atomOf(expression.items[0]) : '';

const TOKEN = /\s+|;;[^\n]*|\(;|"(?:[^"\\]|\\.)*"|[()]|[^\s()";]+|[\s\S]/gy;

/** The lists at the top of a script. */
export function readScript(source: string): List[] {
  const open: { items: Expression[]; start: number; line: number }[] = [];
  const top: List[] = [];
  let line = 1;
  let at = 0;
  while (at < source.length) {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(source)?.[0];
    if (token === undefined) throw new Error(`Cannot read line ${line}: ${source.slice(at, at + 20)}`);
    const start = at;
    at = token === '(;' ? endOfComment(source, at) : at + token.length;
    if (token === '(') open.push({ items: [], start, line });
    else if (token === ')') {
      const done = open.pop();
      if (done === undefined) throw new Error(`Cannot read line ${line}: a list ends that never started`);
      const list = { items: done.items, text: source.slice(done.start, at), line: done.line };
      const around = open.at(-1);
      if (around === undefined) top.push(list);
      else around.items.push(list);
    } else if (!/^(\s|;;|\(;)/.test(token)) open.at(-1)?.items.push({ atom: token });
    for (let index = start; index < at; index += 1) if (source.charCodeAt(index) === 10) line += 1;
  }
  return top;
}

/** Block comments nest. */
function endOfComment(source: string, start: number): number {
  let depth = 0;
  for (let at = start; at < source.length; at += 1) {
    const pair = source.slice(at, at + 2);
    if (pair === '(;') depth += 1;
    else if (pair === ';)') depth -= 1;
    else continue;
    at += 1;
    if (depth === 0) return at + 1;
  }
  return source.length;
}

/** The bytes that a string literal stands for. */
export function bytesOfLiteral(literal: string): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  const escapes: Readonly<Record<string, number>> = { t: 9, n: 10, r: 13, '"': 34, "'": 39, '\\': 92 };
  const encoder = new TextEncoder();
  for (const [part] of literal.slice(1, -1).matchAll(/\\u\{[0-9a-fA-F_]+\}|\\[0-9a-fA-F]{2}|\\.|[^\\]+/gs)) {
    if (part.startsWith('\\u{'))
      bytes.push(...encoder.encode(String.fromCodePoint(parseInt(part.slice(3, -1), 16))));
    else if (/^\\[0-9a-fA-F]{2}/.test(part)) bytes.push(parseInt(part.slice(1), 16));
    else if (part.startsWith('\\')) bytes.push(escapes[part.slice(1)] ?? 0);
    else bytes.push(...encoder.encode(part));
  }
  return Uint8Array.from(bytes);
}

export const textOfLiteral = (literal: string): string => new TextDecoder().decode(bytesOfLiteral(literal));
