import { importable } from './built-in.ts';
import { scan, type Token } from './scan.ts';

/** Whether a file is CommonJS: by its ending, else by what is written in it. */
export function isCommonJs(name: string, text: string): boolean {
  if (/\.c[jt]s$/.test(name)) return true;
  if (!/\.[jt]sx?$/.test(name)) return false;
  if (!/\b(?:module|exports|require)\b/.test(text)) return false;
  const tokens = scan(text);
  return !tokens.some((token, at) => isModuleWord(tokens, token, at));
}

/** Whether a file is an ES module: by its ending, else by what is written in it. */
export function isEsModule(name: string, text: string): boolean {
  if (/\.m[jt]s$/.test(name)) return true;
  if (/\.c[jt]s$/.test(name) || !/\b(?:import|export)\b/.test(text)) return false;
  const tokens = scan(text);
  return tokens.some((token, at) => isModuleWord(tokens, token, at));
}

/** `import` and `export` declarations, not `import()` and `import.meta`. */
function isModuleWord(tokens: readonly Token[], { text, depth }: Token, at: number): boolean {
  if (depth !== 0 || (text !== 'import' && text !== 'export')) return false;
  const before = tokens[at - 1]?.text;
  if (before === '.' || before === '?.') return false;
  const after = tokens[at + 1]?.text;
  return text === 'export' ? after !== ':' && after !== '=' : after !== '(' && after !== '.' && after !== ':';
}

/** An ES module that gives out what a CommonJS file exports: the whole by default, and each name that the text shows. */
export const commonJsSource = (name: string, text: string): string =>
  `const api = globalThis.sandglass.file(${JSON.stringify(name)}); export default api; export const { ` +
  `${exportedNames(text).join(', ')} } = Object(api);`;

/** Names that a CommonJS file exports, as far as its text shows: `exports.a =`, `module.exports = { a, b: 1 }`, `defineProperty(exports, 'a'`. */
function exportedNames(text: string): readonly string[] {
  const tokens = scan(text);
  const names: string[] = [];
  const at = (index: number): string => tokens[index]?.text ?? '';
  /** Where the last object ends whose keys were taken: those of what is inside it are not looked for again and again. */
  let seen = 0;
  for (let index = 0; index < tokens.length; index++) {
    if (at(index) !== 'exports') continue;
    if (at(index + 1) === '.' && at(index + 3) === '=') names.push(at(index + 2));
    else if (at(index + 1) === '[' && at(index + 4) === '=') names.push(unquoted(at(index + 2)));
    else if (at(index - 1) === '(' && /^define(?:Property|Getter)$/.test(at(index - 2)))
      names.push(unquoted(at(index + 2)));
    else if (at(index + 1) === '=' && at(index + 2) === '{' && index >= seen) {
      const keys = keysFrom(tokens, index + 3);
      for (const name of keys.names) names.push(name);
      seen = keys.end;
    }
  }
  return importable(names).filter((name) => name !== '__esModule');
}

const unquoted = (text: string): string => (/^['"]/.test(text) ? text.slice(1, -1) : '');

/** The keys of an object literal whose first token is at `start`, and where it ends. */
function keysFrom(
  tokens: readonly Token[],
  start: number,
): { readonly names: readonly string[]; readonly end: number } {
  const names: string[] = [];
  const depth = tokens[start]?.depth ?? 0;
  let fresh = true;
  let index = start;
  for (; index < tokens.length; index++) {
    const token = tokens[index] as Token; // within its length
    if (token.depth < depth) break;
    if (token.depth > depth) continue;
    if (fresh) {
      const after = tokens[index + 1]?.text;
      const last = tokens[index + 1] === undefined || (tokens[index + 1] as Token).depth < depth;
      if (after === ':' || after === ',' || after === '(' || last)
        names.push(/^['"]/.test(token.text) ? unquoted(token.text) : token.text);
    }
    fresh = token.text === ',' || (fresh && (token.text === 'get' || token.text === 'async'));
  }
  return { names, end: index };
}
