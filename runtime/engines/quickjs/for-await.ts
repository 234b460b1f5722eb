import { scan, type Token } from './scan.ts';

/** What a changed loop asks for its iterator by, inside the loop: no name of it is a global. */
const HELPER =
  `(s,x)=>{const m=x?.[Symbol.asyncIterator];return m==null?x:{[Symbol.asyncIterator]:()=>{const i=m.call(x);
if(Object(i)!==i)throw new TypeError('Result of the Symbol.asyncIterator method is not an object');
const next=i.next;return{next:()=>next.call(i),return:()=>{s.end=async()=>{let o;try{const
f=i.return;if(f==null)return;o=await f.call(i)}catch(e){if(!s.threw)throw e;return}
if(!s.threw&&Object(o)!==o)throw new TypeError(String(o)+' is not an object')};return{}}}}}}`.replaceAll(
    '\n',
    ' ',
  );

/** Longest text that is looked through, characters. */
const MOST_TEXT = 300_000;
/** Characters between the two words that begin a loop. */
const MOST_GAP = 20;
/** Tokens of what a loop declares: a longer pattern is not looked through for its `of`. */
const MOST_DECLARED = 1000;

/**
 * QuickJS asks an iterator to `return` when a `for await` is left early, and does not wait for it: what is cleaned up, and what fails then, is
 * late or lost. Such loops are written so that it is waited for, as the standard has it. Lines stay where they are. Loops whose body is
 * no block are changed only where it is plain where they end.
 */
export function waitForReturns(code: string): string {
  if (code.length > MOST_TEXT || !mayHaveLoop(code)) return code;
  const tokens = scan(code);
  const partners = partnersOf(tokens);
  const pieces: [at: number, text: string][] = [];
  let count = 0;
  for (let index = 0; index + 1 < tokens.length; index++) {
    if (tokens[index]?.text !== 'for' || tokens[index + 1]?.text !== 'await') continue;
    const found = readLoop(tokens, partners, index);
    if (found === undefined) continue;
    const name = `__forAwait${count}`;
    count += 1;
    pieces.push(
      [found.start, `{const ${name}={},${name}Of=${HELPER};try{`],
      [found.iterated, ` ${name}Of(${name},`],
      [found.closing, ')'],
      [found.end, `}catch(e){${name}.threw=true;throw e}finally{if(${name}.end)await ${name}.end()}}`],
    );
  }
  if (pieces.length === 0) return code;
  let text = '';
  let at = 0;
  for (const [place, piece] of pieces.sort(([a], [b]) => a - b)) {
    text += code.slice(at, place) + piece;
    at = place;
  }
  return text + code.slice(at);
}

/** Whether `await` stands behind `for` anywhere. */
export function mayHaveLoop(code: string): boolean {
  for (let at = code.indexOf('await'); at >= 0; at = code.indexOf('await', at + 1)) {
    if (
      code
        .slice(Math.max(0, at - MOST_GAP), at)
        .trimEnd()
        .endsWith('for')
    )
      return true;
  }
  return false;
}

interface Loop {
  /** Where it begins, with its labels; where what is iterated begins; where the bracket closes; where it is over. */
  readonly start: number;
  readonly iterated: number;
  readonly closing: number;
  readonly end: number;
}

function readLoop(tokens: readonly Token[], partners: readonly number[], index: number): Loop | undefined {
  const open = index + 2;
  const bracket = tokens[open];
  if (bracket?.text !== '(') return undefined;
  const close = partners[open] ?? tokens.length;
  const most = Math.min(close, open + MOST_DECLARED);
  let of = open + 2;
  while (of < most && !(tokens[of]?.text === 'of' && tokens[of]?.depth === bracket.depth + 1)) of += 1;
  if (of >= most) return undefined;
  const start = startWithLabels(tokens, index);
  const end = endOfBody(tokens, partners, close + 1);
  const [first, last] = [tokens[of + 1], tokens[close]];
  if (start === undefined || end === undefined || first === undefined || last === undefined) return undefined;
  return { start, iterated: first.at, closing: last.at, end };
}

/** For what opens a bracket, the index of what closes it. */
function partnersOf(tokens: readonly Token[]): readonly number[] {
  const partners: number[] = [];
  const open: number[] = [];
  for (const [index, { text }] of tokens.entries()) {
    if (text === '(' || text === '[' || text === '{') open.push(index);
    else if (text === ')' || text === ']' || text === '}') {
      const from = open.pop();
      if (from !== undefined) partners[from] = index;
    }
  }
  return partners;
}

/** `undefined` where it cannot be told whether a name before a colon is a label. */
function startWithLabels(tokens: readonly Token[], index: number): number | undefined {
  let at = index;
  while (tokens[at - 1]?.text === ':') {
    const name = tokens[at - 2];
    if (name === undefined || name.text === 'default') break;
    if (!/^[\p{ID_Start}$_]/u.test(name.text)) break;
    const before = tokens[at - 3]?.text;
    if (before === 'case') break;
    if (before !== undefined && !name.newLine && !/^[;{}:)]$/.test(before)) return undefined;
    at -= 2;
  }
  return tokens[at]?.at;
}

/** Where the body is over: a block, or one statement in one line that ends with its semicolon. */
function endOfBody(tokens: readonly Token[], partners: readonly number[], first: number): number | undefined {
  const body = tokens[first];
  if (body === undefined) return undefined;
  if (body.text === '{') {
    const last = tokens[partners[first] ?? tokens.length];
    return last === undefined ? undefined : last.at + last.text.length;
  }
  for (let at = first; at < tokens.length; at++) {
    const token = tokens[at] as Token; // within its length
    if (token.depth < body.depth || (at > first && token.newLine) || token.text === 'for') return undefined;
    if (token.depth === body.depth && token.text === ';')
      return tokens[at + 1]?.text === 'else' ? undefined : token.at + 1;
  }
  return undefined;
}
