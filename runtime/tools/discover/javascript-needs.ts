import type { Need } from './needs.ts';

const WRITES = new Set(
  (
    'writeFile writeFileSync appendFile appendFileSync createWriteStream mkdir mkdirSync mkdtemp ' +
    'mkdtempSync copyFile copyFileSync cp cpSync truncate truncateSync symlink symlinkSync'
  ).split(' '),
);
const DELETES = new Set('rm rmSync rmdir rmdirSync unlink unlinkSync'.split(' '));
const READS = new Set(
  'readFile readFileSync readdir readdirSync createReadStream opendir opendirSync stat statSync lstat lstatSync'.split(
    ' ',
  ),
);
const NETWORK = new Set(['fetch', 'WebSocket', 'XMLHttpRequest']);
const MODULES: Readonly<Record<string, string>> = {
  http: 'http',
  https: 'http',
  fs: 'fs',
  'fs/promises': 'fs',
};

/**
 * What a source of JavaScript or TypeScript uses, by its words: one pass, texts and comments left out. It takes words for what they mostly are, and
 * is not a boundary: the gate checks every call.
 */
export function javascriptNeeds(code: string): readonly Need[] {
  const { words, texts } = scan(code);
  const files =
    texts.some((text) => MODULES[text.replace(/^node:/, '')] === 'fs') ||
    words.some(({ word }) => word === 'fs');
  // The scratch folder needs no grant, and whose path goes where is not seen here.
  const isScratch = texts.some((text) => /^\/tmp(?:\/|$)/.test(text));
  const needs: Need[] = [];
  for (const text of texts)
    if (MODULES[text.replace(/^node:/, '')] === 'http') needs.push({ capability: 'http', by: text });
  for (const { word, line, own } of words) {
    const by = { by: word, line };
    if (NETWORK.has(word) && own) needs.push({ capability: word === 'WebSocket' ? 'ws' : 'http', ...by });
    if (!files || isScratch) continue;
    if (WRITES.has(word)) needs.push({ capability: 'fs.write', ...by });
    else if (DELETES.has(word)) needs.push({ capability: 'fs.delete', ...by });
    else if (READS.has(word)) needs.push({ capability: 'fs.read', ...by });
  }
  return needs;
}

interface Word {
  readonly word: string;
  readonly line: number;
  /** Not the name of a property, nor a field. */
  readonly own: boolean;
}

const isStart = (letter: string): boolean => /[\p{ID_Start}$_]/u.test(letter);
const isPart = (letter: string): boolean => /[\p{ID_Continue}$]/u.test(letter);

/** Identifiers and texts, letter by letter. A pattern is read as code: its words count, which is on the safe side. */
function scan(code: string): { readonly words: readonly Word[]; readonly texts: readonly string[] } {
  const words: Word[] = [];
  const texts: string[] = [];
  let line = 1;
  let before = '';
  let at = 0;
  const skipTo = (end: number): void => {
    for (; at < end; at += 1) if (code[at] === '\n') line += 1;
  };
  while (at < code.length) {
    const letter = code[at] ?? '';
    if (letter === '/' && (code[at + 1] === '/' || code[at + 1] === '*')) {
      const end = code[at + 1] === '/' ? code.indexOf('\n', at) : code.indexOf('*/', at + 2) + 2;
      skipTo(end < at + 2 ? code.length : end);
      continue;
    }
    if (letter === '"' || letter === "'") {
      const end = endOfText(code, at, letter);
      texts.push(code.slice(at + 1, end));
      skipTo(end + 1);
      before = letter;
      continue;
    }
    if (!isStart(letter)) {
      // Of a template the words between count as code: what it puts in is.
      if (letter.trim() !== '') before = letter;
      skipTo(at + 1);
      continue;
    }
    let end = at + 1;
    while (end < code.length && isPart(code[end] ?? '')) end += 1;
    words.push({ word: code.slice(at, end), line, own: before !== '.' && !isField(code, end, before) });
    before = 'a';
    at = end;
  }
  return { words, texts };
}

const isField = (code: string, end: number, before: string): boolean =>
  (before === '{' || before === ',') &&
  code
    .slice(end, end + 20)
    .trimStart()
    .startsWith(':');

/** Where a text ends that begins at `from`: at its quote, or with its line. */
function endOfText(code: string, from: number, quote: string): number {
  for (let at = from + 1; at < code.length; at += 1) {
    const letter = code[at];
    if (letter === '\\') at += 1;
    else if (letter === quote || letter === '\n') return at;
  }
  return code.length;
}
