/** A token of a program's text. `depth` counts the brackets it is inside of; a closing one has the depth of its opening one. */
export interface Token {
  readonly text: string;
  readonly at: number;
  readonly depth: number;
  /** A line ends somewhere before it. */
  readonly newLine: boolean;
}

/** Tokens that are read of one text: what is behind them is left to the engine's own parser. It bounds the time and the memory of a scan. */
export const MOST_TOKENS = 200_000;
const WORD = /[\p{ID_Continue}$#\u200c\u200d]/u;
/** Words after which a slash begins a regular expression. */
const BEFORE_REGEXP: ReadonlySet<string> = new Set(
  'return typeof instanceof in of new delete void throw case do else yield await'.split(' '),
);
/** Brackets after whose `)` a statement follows, not an operator. */
const HEADS: ReadonlySet<string> = new Set(['if', 'while', 'for', 'with']);
const PUNCTUATORS = [
  '?.',
  '=>',
  '...',
  '==',
  '!=',
  '<=',
  '>=',
  '&&',
  '||',
  '??',
  '++',
  '--',
  '+=',
  '-=',
  '*=',
  '/=',
];

/**
 * Words, texts and signs of JavaScript in one pass, comments left out. A template is one token, with what is inside it. Where the text is not
 * well formed the tokens say little: whoever uses them has the engine's own parser decide in the end.
 */
export function scan(code: string): readonly Token[] {
  const tokens: Token[] = [];
  /** For each open bracket, the word before it. */
  const open: string[] = [];
  let newLine = false;
  let at = 0;
  let closedHead = false;

  const add = (end: number, depth = open.length): void => {
    tokens.push({ text: code.slice(at, end), at, depth, newLine });
    newLine = false;
    at = end;
  };
  const last = (): string => tokens[tokens.length - 1]?.text ?? '';
  const slashIsRegexp = (): boolean => {
    const before = last();
    if (before === '' || BEFORE_REGEXP.has(before)) return true;
    if (before === ')') return closedHead;
    return !(
      WORD.test(before[before.length - 1] ?? '') ||
      /[\]}'"`]$/.test(before) ||
      before === '++' ||
      before === '--'
    );
  };

  while (at < code.length && tokens.length < MOST_TOKENS) {
    const sign = code[at] as string; // within its length
    if (sign === '\n' || sign === '\r' || sign === '\u2028' || sign === '\u2029') {
      newLine = true;
      at += 1;
    } else if (/\s/.test(sign)) at += 1;
    else if (sign === '/' && code[at + 1] === '/') {
      const end = code.indexOf('\n', at);
      at = end < 0 ? code.length : end;
    } else if (sign === '/' && code[at + 1] === '*') {
      const end = code.indexOf('*/', at + 2);
      newLine ||= code.slice(at, end < 0 ? undefined : end).includes('\n');
      at = end < 0 ? code.length : end + 2;
    } else if (sign === '"' || sign === "'") add(endOfText(code, at));
    else if (sign === '`') add(endOfTemplate(code, at));
    else if (sign === '/' && slashIsRegexp()) add(endOfRegexp(code, at));
    else if (WORD.test(code.slice(at, at + 2)[0] as string) || code.charCodeAt(at) >= 0xd800) {
      let end = at + 1;
      while (end < code.length && (WORD.test(code[end] as string) || code.charCodeAt(end) >= 0xd800))
        end += 1;
      add(end);
    } else if (sign === '(' || sign === '[' || sign === '{') {
      const before = last();
      add(at + 1);
      open.push(before);
    } else if (sign === ')' || sign === ']' || sign === '}') {
      const before = open.pop();
      closedHead = sign === ')' && before !== undefined && HEADS.has(before);
      add(at + 1);
    } else {
      const found = PUNCTUATORS.find((one) => code.startsWith(one, at));
      add(at + (found?.length ?? 1));
    }
  }
  return tokens;
}

function endOfText(code: string, start: number): number {
  const mark = code[start];
  for (let at = start + 1; at < code.length; at++) {
    if (code[at] === '\\') at += 1;
    else if (code[at] === mark) return at + 1;
    else if (code[at] === '\n') return at;
  }
  return code.length;
}

function endOfTemplate(code: string, start: number): number {
  /** What is open, innermost last: -1 the text of a template, else an expression in one with so many braces open. */
  const open = [-1];
  for (let at = start + 1; at < code.length; at++) {
    const sign = code[at];
    const inner = open[open.length - 1] ?? -1;
    if (inner < 0) {
      if (sign === '\\') at += 1;
      else if (sign === '`') {
        open.pop();
        if (open.length === 0) return at + 1;
      } else if (sign === '$' && code[at + 1] === '{') {
        open.push(0);
        at += 1;
      }
    } else if (sign === '`') open.push(-1);
    else if (sign === '"' || sign === "'") at = endOfText(code, at) - 1;
    else if (sign === '{') open[open.length - 1] = inner + 1;
    else if (sign === '}') {
      if (inner > 0) open[open.length - 1] = inner - 1;
      else open.pop();
    }
  }
  return code.length;
}

function endOfRegexp(code: string, start: number): number {
  let inClass = false;
  for (let at = start + 1; at < code.length; at++) {
    const sign = code[at];
    if (sign === '\\') at += 1;
    else if (sign === '\n') return at;
    else if (sign === '[') inClass = true;
    else if (sign === ']') inClass = false;
    else if (sign === '/' && !inClass) {
      let end = at + 1;
      while (end < code.length && /[a-z]/.test(code[end] as string)) end += 1;
      return end;
    }
  }
  return code.length;
}
