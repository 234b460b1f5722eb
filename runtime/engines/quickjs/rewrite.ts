import { importable } from './built-in.ts';
import { MOST_TOKENS, scan, type Token } from './scan.ts';

const blanks = (text: string): string => text.replace(/[^\n]/g, ' ');
const newLines = (text: string): string => text.replace(/[^\n]/g, '');

/** Pieces of a text put in the place of others. */
function replaced(
  code: string,
  changes: readonly (readonly [from: number, to: number, text: string])[],
): string {
  let text = '';
  let at = 0;
  for (const [from, to, piece] of changes) {
    text += code.slice(at, from) + piece;
    at = to;
  }
  return text + code.slice(at);
}

/**
 * A module without a default export as a script, whose last expression is its value: imports wait for their module, where they stand, and
 * exported declarations are plain ones. Lines stay where they are. `undefined` where that would change what it does: it has a default
 * export or exports by another module, names `import.meta`, or imports what is not at hand.
 */
export function moduleAsScript(code: string, isAtHand: (specifier: string) => boolean): string | undefined {
  const tokens = scan(code);
  if (tokens.length === MOST_TOKENS) return undefined; // what stands behind them is not known
  const changes: [number, number, string][] = [];
  for (let index = 0; index < tokens.length; index++) {
    const { text, depth, at } = tokens[index] as Token; // within its length
    if (text === 'import' && tokens[index + 1]?.text === '.' && tokens[index + 2]?.text === 'meta')
      return undefined;
    if (depth !== 0 || /^\??\.$/.test(tokens[index - 1]?.text ?? '')) continue;
    if (text === 'export') {
      const next = tokens[index + 1];
      if (next === undefined || !/^(?:const|let|var|function|class|async)$/.test(next.text)) return undefined;
      changes.push([at, next.at, blanks(code.slice(at, next.at))]);
    } else if (text === 'import' && tokens[index + 1]?.text !== '(') {
      const found = readImport(code, tokens, index);
      if (found === undefined || !isAtHand(found.specifier)) return undefined;
      changes.push([at, found.end, found.script + newLines(code.slice(at, found.end))]);
      index = found.last;
    }
  }
  return replaced(code, changes);
}

interface FoundImport {
  readonly specifier: string;
  /** Index of its last token, and where its text ends. */
  readonly last: number;
  readonly end: number;
  readonly script: string;
}

const isText = (token: Token | undefined): boolean => /^['"]/.test(token?.text ?? '');

function readImport(code: string, tokens: readonly Token[], start: number): FoundImport | undefined {
  let last = start + 1;
  while (last < tokens.length && !isText(tokens[last])) last += 1;
  const source = tokens[last];
  if (source === undefined) return undefined;
  const clause = tokens.slice(start + 1, last).map(({ text }) => text);
  if (clause.length > 0 && clause.pop() !== 'from') return undefined;
  // `with { type: 'json' }` says nothing that the ending does not.
  if (tokens[last + 1]?.text === 'with' && tokens[last + 2]?.text === '{') {
    while (last < tokens.length && tokens[last]?.text !== '}') last += 1;
  }
  const end = (tokens[last] as Token).at + (tokens[last] as Token).text.length;
  const asked = `await import(${source.text})`;
  const pattern = patternOf(clause);
  if (pattern === undefined) return undefined;
  const { names, whole } = pattern;
  const taken = names.length === 0 ? '' : `const {${names.join(',')}}=${whole ?? asked}`;
  const script =
    whole === undefined
      ? taken === ''
        ? `${asked};void 0`
        : taken
      : `const ${whole}=${asked}${taken === '' ? '' : `;${taken}`}`;
  const specifier = source.text.slice(1, -1);
  if (specifier.includes('\\')) return undefined;
  return { specifier, last, end, script: `${script};`.replace(/;$/, code[end] === ';' ? '' : ';') };
}

/** `a, { b as c }` and `a, * as d`: what is taken by name, and the name of the whole. */
function patternOf(
  clause: readonly string[],
): { readonly names: readonly string[]; readonly whole?: string } | undefined {
  const names: string[] = [];
  let whole: string | undefined;
  for (let at = 0; at < clause.length; at++) {
    const word = clause[at] as string; // within its length
    if (word === ',') continue;
    if (word === '*') {
      whole = clause[at + 2];
      if (clause[at + 1] !== 'as' || whole === undefined) return undefined;
      at += 2;
    } else if (word === '{') {
      for (at += 1; at < clause.length && clause[at] !== '}'; at++) {
        const name = clause[at] as string; // within its length
        if (name === ',') continue;
        if (clause[at + 1] === 'as') {
          names.push(`${name}:${clause[at + 2]}`);
          at += 2;
        } else names.push(name);
      }
    } else if (importable([word]).length === 1) names.push(`default:${word}`);
    else return undefined;
  }
  return whole === undefined ? { names } : { names, whole };
}

/** In a session, what one program declares at its top level another may declare again, as in a browser's console. Columns stay where they are. */
export function redeclarable(code: string): string {
  if (!/\b(?:const|let|class)\b/.test(code)) return code;
  const tokens = scan(code);
  const opens = nextOf(tokens, '{');
  const closes = nextOf(tokens, '}');
  const changes: [number, number, string][] = [];
  for (const [index, { text, depth, at }] of tokens.entries()) {
    if (depth !== 0 || !startsStatement(tokens, index)) continue;
    const next = tokens[index + 1]?.text ?? '';
    const declares = /^[\w$[{]/.test(next) && next !== 'in' && next !== 'instanceof';
    if (text === 'const' || (text === 'let' && declares))
      changes.push([at, at + text.length, text === 'const' ? 'var  ' : 'var']);
    else if (text === 'class' && importable([next]).length === 1) {
      changes.push([at, at, `var ${next}=`]);
      const open = opens[index + 1] ?? tokens.length;
      const close = tokens[closes[open + 1] ?? tokens.length];
      if (close !== undefined) changes.push([close.at + 1, close.at + 1, ';']);
    }
  }
  return replaced(code, changes);
}

/** For each token the index of the next of that text at the outermost level, itself counted; the number of tokens where there is none. */
function nextOf(tokens: readonly Token[], text: string): Uint32Array {
  const found = new Uint32Array(tokens.length);
  let next = tokens.length;
  for (let index = tokens.length - 1; index >= 0; index--) {
    const token = tokens[index] as Token; // within its length
    if (token.text === text && token.depth === 0) next = index;
    found[index] = next;
  }
  return found;
}

/** Whether a statement may begin at a token of the outermost level. */
function startsStatement(tokens: readonly Token[], index: number): boolean {
  const before = tokens[index - 1];
  if (before === undefined || before.text === ';' || before.text === '}') return true;
  if (tokens[index]?.newLine !== true) return false;
  return (
    !/^(?:[=,+\-*/%&|^!<>?:.([{~]|=>|\?\.|&&|\|\||\?\?)/.test(before.text) &&
    !/^(?:return|extends|new|await|export)$/.test(before.text)
  );
}

/** A script that returns at its top level, as the function it was meant to be. */
export const RETURNING = { head: '(async function () {', tail: '\n}).call(globalThis)' } as const;

/** Where a program throws something that is not an Error: the only such place, or the only one with this very text. */
export function placeOfThrow(
  code: string,
  thrown: string,
): { readonly line: number; readonly column: number } | undefined {
  if (code.length > 1_000_000) return undefined;
  const tokens = scan(code);
  const places = tokens.flatMap(({ text, at }, index) => {
    const literal = tokens[index + 1]?.text ?? '';
    return text === 'throw' && literal !== 'new' ? [{ at, literal }] : [];
  });
  const same = places.filter(
    ({ literal }) => literal.slice(1, -1) === thrown.slice(1, -1) || literal === thrown,
  );
  const [found] = same.length === 1 ? same : places.length === 1 ? places : [];
  if (found === undefined) return undefined;
  const before = code.slice(0, found.at);
  return { line: before.split('\n').length, column: found.at - before.lastIndexOf('\n') };
}
