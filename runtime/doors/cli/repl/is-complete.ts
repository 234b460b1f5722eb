interface Syntax {
  readonly lineComment: string;
  readonly blockComment?: readonly [open: string, close: string];
  /** Longest first: what opens a text and closes it, and whether it may go over lines. */
  readonly quotes: readonly (readonly [quote: string, overLines: boolean])[];
}

const JAVASCRIPT: Syntax = {
  lineComment: '//',
  blockComment: ['/*', '*/'],
  quotes: [
    ['`', true],
    ['"', false],
    ["'", false],
  ],
};
const PYTHON: Syntax = {
  lineComment: '#',
  quotes: [
    ['"""', true],
    ["'''", true],
    ['"', false],
    ["'", false],
  ],
};

/**
 * Whether what was typed can be run, or more of it must follow: an open bracket, text or comment; in Python also a block until an empty line. It
 * guesses; an empty line always ends the wait.
 */
export function isComplete(code: string, language: string): boolean {
  if (/\n\s*\n$/.test(`${code}\n`) && code.includes('\n')) return true;
  const isPython = language === 'python';
  const left = scan(code, isPython ? PYTHON : JAVASCRIPT);
  if (left.open) return false;
  if (!isPython) return true;
  if (left.plain.endsWith('\\')) return false;
  const lines = left.plain.split('\n').filter((line) => line.trim() !== '');
  const begins = lines.some((line) => /:\s*$/.test(line)) || /^\s*@/.test(lines[0] ?? '');
  return !begins;
}

/** Reads past texts and comments. `plain`: the code without them. */
function scan(code: string, syntax: Syntax): { readonly open: boolean; readonly plain: string } {
  let depth = 0;
  let plain = '';
  for (let at = 0; at < code.length; ) {
    const quote = syntax.quotes.find(([text]) => code.startsWith(text, at));
    if (quote !== undefined) {
      const end = endOfText(code, at + quote[0].length, quote);
      if (end === undefined) return { open: true, plain };
      at = end;
    } else if (code.startsWith(syntax.lineComment, at)) {
      const end = code.indexOf('\n', at);
      at = end < 0 ? code.length : end;
    } else if (syntax.blockComment !== undefined && code.startsWith(syntax.blockComment[0], at)) {
      const end = code.indexOf(syntax.blockComment[1], at + 2);
      if (end < 0) return { open: true, plain };
      at = end + 2;
    } else {
      const character = code[at] ?? '';
      if ('([{'.includes(character)) depth += 1;
      if (')]}'.includes(character)) depth -= 1;
      plain += character;
      at += 1;
    }
  }
  return { open: depth > 0, plain };
}

/** Where a text ends; `undefined` when it goes on. One that should have ended with its line ends there: the engine will complain. */
function endOfText(
  code: string,
  from: number,
  [quote, overLines]: readonly [string, boolean],
): number | undefined {
  for (let at = from; at < code.length; at++) {
    if (code[at] === '\\') at += 1;
    else if (code.startsWith(quote, at)) return at + quote.length;
    else if (code[at] === '\n' && !overLines) return at;
  }
  return overLines ? undefined : code.length;
}
