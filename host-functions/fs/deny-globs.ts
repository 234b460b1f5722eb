import { checkPatternSizes, compileNameGlob } from '../../runtime/vocabulary/glob.ts';
import { advance, matchesPath, type PathGlob, startOf } from '../../runtime/vocabulary/path-glob.ts';
import { foldName } from './guest-path.ts';

/**
 * Globs below a mount: `*` and `?` within a name, `**` across folders, `[…]` and `{a,b}` within a name. Case and Unicode form do not
 * matter. A glob that matches a folder covers all in it.
 */
export interface DenyGlobs {
  readonly patterns: readonly string[];
  /** `path`: components below the mount's root. Only the path itself; the walk asks for each folder on the way. */
  matches(path: readonly string[]): boolean;
  /** The globs as they hold below the subfolder `path`; `undefined` when the subfolder itself is denied. */
  below(path: readonly string[]): readonly string[] | undefined;
}

/** One glob, as parts of a path, with their texts. */
interface DenyGlob {
  readonly texts: readonly string[];
  readonly glob: PathGlob;
}

/** @throws {TypeError} on a pattern that could not mean what it says, and on patterns that would take long to match. */
export function compileDenyGlobs(patterns: readonly string[], where: string): DenyGlobs {
  checkPatternSizes(patterns, where);
  const compiled = patterns.map((pattern) => compilePattern(pattern, where));
  const matches = (path: readonly string[]): boolean => {
    if (compiled.length === 0 || path.length === 0) return false;
    const folded = path.map(foldName);
    return compiled.some(({ glob }) => matchesPath(glob, folded));
  };
  return {
    patterns,
    matches,
    below: (path) => {
      const isDenied = path.some((_, index) => matches(path.slice(0, index + 1)));
      if (isDenied) return undefined;
      const folded = path.map(foldName);
      return [...new Set(compiled.flatMap((pattern) => rests(pattern, folded)))];
    },
  };
}

/** What is left of a glob after going down a path that it does not match; what follows a `**` that is left is in that already. */
function rests({ texts, glob }: DenyGlob, path: readonly string[]): readonly string[] {
  const position = path.reduce((from, name) => advance(glob, from, name), startOf(glob));
  return position
    .filter((at) => at < glob.length && !(glob[at - 1] === '**' && position.includes(at - 1)))
    .map((at) => texts.slice(at).join('/'));
}

function compilePattern(pattern: string, where: string): DenyGlob {
  const complain = (reason: string): TypeError =>
    new TypeError(`Cannot read ${where}: ${reason} in ${JSON.stringify(pattern)}`);
  if (pattern.startsWith('!')) throw complain('a leading "!"');
  if (pattern.includes('\\') || pattern.includes('\0')) throw complain('a backslash or NUL');
  if (hasSlashInside(pattern)) throw complain('a "/" inside brackets');
  const texts = pattern.split('/').filter((part) => part !== '' && part !== '.');
  if (texts.length === 0) throw complain('no name');
  if (texts.includes('..')) throw complain('".."');
  const parts = texts.filter((text, index) => text !== '**' || texts[index - 1] !== '**');
  const glob = parts.map((text) => {
    if (text === '**') return text;
    const plain = foldName(text);
    const isMatch = compileNameGlob(plain, where);
    return (name: string): boolean => name === plain || isMatch(name);
  });
  return { texts: parts, glob };
}

/** Whether a bracket that is open at a "/" is closed behind it. */
function hasSlashInside(pattern: string): boolean {
  let open = false;
  let slash = false;
  for (const character of pattern) {
    if ('{(['.includes(character)) {
      open = true;
      slash = false;
    } else if ('})]'.includes(character)) {
      if (slash) return true;
      open = false;
    } else if (character === '/' && open) slash = true;
  }
  return false;
}
