import picomatch from 'picomatch';
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

type Segment = { readonly text: string; readonly matches: ((name: string) => boolean) | '**' };

/** @throws {TypeError} on a pattern that could not mean what it says. */
export function compileDenyGlobs(patterns: readonly string[], where: string): DenyGlobs {
  const compiled = patterns.map((pattern) => compilePattern(pattern, where));
  const matches = (path: readonly string[]): boolean => {
    if (compiled.length === 0) return false;
    const folded = path.map(foldName);
    return folded.length > 0 && compiled.some((segments) => matchSegments(segments, 0, folded, 0));
  };
  return {
    patterns,
    matches,
    below: (path) => {
      const isDenied = path.some((_, index) => matches(path.slice(0, index + 1)));
      if (isDenied) return undefined;
      let rest: readonly (readonly Segment[])[] = compiled;
      for (const name of path.map(foldName)) rest = rest.flatMap((segments) => step(segments, name));
      return [...new Set(rest.map((segments) => segments.map(({ text }) => text).join('/')))];
    },
  };
}

function compilePattern(pattern: string, where: string): readonly Segment[] {
  const complain = (reason: string): TypeError =>
    new TypeError(`Cannot read ${where}: ${reason} in ${JSON.stringify(pattern)}`);
  if (pattern.startsWith('!')) throw complain('a leading "!"');
  if (pattern.includes('\\') || pattern.includes('\0')) throw complain('a backslash or NUL');
  if (/[{([][^})\]]*\/[^{([]*[})\]]/.test(pattern)) throw complain('a "/" inside brackets');
  const parts = pattern.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.length === 0) throw complain('no name');
  if (parts.includes('..')) throw complain('".."');
  return parts.map((text) => {
    if (text === '**') return { text, matches: '**' };
    // picomatch gives names that begin with a dot, and extended globs, their usual meaning.
    const isMatch = picomatch(foldName(text), { dot: true, nonegate: true, nocase: true });
    const plain = foldName(text);
    return { text, matches: (name) => name === plain || isMatch(name) };
  });
}

/** `a/**` also matches `a`: hiding all of a folder hides the folder. */
function matchSegments(
  segments: readonly Segment[],
  at: number,
  path: readonly string[],
  from: number,
): boolean {
  const segment = segments[at];
  if (segment === undefined) return from === path.length;
  if (segment.matches === '**') {
    if (at === segments.length - 1) return true;
    for (let next = from; next <= path.length; next++) {
      if (matchSegments(segments, at + 1, path, next)) return true;
    }
    return false;
  }
  const name = path[from];
  return name !== undefined && segment.matches(name) && matchSegments(segments, at + 1, path, from + 1);
}

/** What is left of a pattern after going down into folder `name`. */
function step(segments: readonly Segment[], name: string): readonly (readonly Segment[])[] {
  const [first, ...rest] = segments;
  if (first === undefined) return [];
  if (first.matches === '**') return [segments, ...step(rest, name)];
  return first.matches(name) && rest.length > 0 ? [rest] : [];
}
