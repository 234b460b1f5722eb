/** Sources longer than this are not looked through: whoever writes them names packages. */
const MAX_CHARACTERS = 1_000_000;

/**
 * Top-level modules that a Python program imports, found without running it: `import a.b as c, d` gives `a` and `d`, `from x.y import z`
 * gives `x`, relative imports give nothing. Imports in strings and comments do not count; what is imported by a computed name is not seen.
 */
export const findImports = (code: string): readonly string[] => [
  ...new Set(findImportedNames(code).map((name) => name.split('.', 1)[0] ?? '')),
];

/** The same with all that a name says: `a.b` and `d`, `x.y` and `x.y.z`, whether that is a module or not. */
export function findImportedNames(code: string): readonly string[] {
  if (code.length > MAX_CHARACTERS) return [];
  const modules = new Set<string>();
  for (const statement of statementsOf(code)) {
    const plain = /^import\s+(.+)$/s.exec(statement)?.[1];
    for (const part of plain?.split(',') ?? []) {
      const name = nameAtStart(part);
      if (name !== undefined) modules.add(name);
    }
    const from = /^from\s+(.+)$/s.exec(statement)?.[1];
    const module = from === undefined ? undefined : nameAtStart(from);
    if (from === undefined || module === undefined) continue;
    modules.add(module);
    for (const part of from.slice(from.indexOf('import') + 'import'.length).split(',')) {
      const name = nameAtStart(part.replace('(', ' '));
      if (name !== undefined) modules.add(`${module}.${name}`);
    }
  }
  return [...modules];
}

/** Dotted. */
const nameAtStart = (text: string): string | undefined => /^\s*([\p{L}_][\p{L}\p{N}_.]*)/u.exec(text)?.[1];

/** Logical statements with strings and comments blanked: lines joined by brackets and backslashes, cut at `;` and after a block's colon. */
function statementsOf(code: string): string[] {
  const statements: string[] = [];
  let statement = '';
  let depth = 0;
  const cut = (): void => {
    const trimmed = statement.trim();
    if (trimmed !== '') statements.push(trimmed);
    statement = '';
  };
  for (let at = 0; at < code.length; ) {
    const character = code[at] ?? '';
    if (character === '#') {
      while (at < code.length && code[at] !== '\n') at += 1;
    } else if (character === '"' || character === "'") {
      at = endOfString(code, at);
      statement += '""';
    } else if (character === '\\' && /^\\\r?\n/.test(code.slice(at, at + 3))) {
      at = code.indexOf('\n', at) + 1;
      statement += ' ';
    } else {
      at += 1;
      if ('([{'.includes(character)) depth += 1;
      else if (')]}'.includes(character)) depth = Math.max(0, depth - 1);
      const ends = depth === 0 && (character === '\n' || character === ';' || character === ':');
      if (ends) cut();
      else statement += character;
    }
  }
  cut();
  return statements;
}

/** Where the string that begins here is over. */
function endOfString(code: string, start: number): number {
  const quote = code[start] ?? '';
  const closing = code.startsWith(quote.repeat(3), start) ? quote.repeat(3) : quote;
  for (let at = start + closing.length; at < code.length; at += 1) {
    if (code[at] === '\\')
      at += 1; // in a raw string, too, a quote after a backslash does not close it
    else if (code.startsWith(closing, at)) return at + closing.length;
    else if (closing.length === 1 && code[at] === '\n') return at; // never closed: not Python, but no reason to lose the rest
  }
  return code.length;
}
