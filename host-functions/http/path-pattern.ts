import { checkPatternSizes, compileStarGlob } from '../../runtime/vocabulary/glob.ts';
import { matchesPath } from '../../runtime/vocabulary/path-glob.ts';

/** Path globs of one entry. */
export interface PathPatterns {
  readonly patterns: readonly string[];
  matches(segments: readonly string[]): boolean;
}

/** `*` stands for any characters within a segment, `**` for any segments. @throws {TypeError} */
export function compilePathPatterns(patterns: readonly string[], where: string): PathPatterns {
  checkPatternSizes(patterns, where);
  const globs = patterns.map((pattern) =>
    splitPattern(pattern, where).map((part) => (part === '**' ? part : compileStarGlob(part))),
  );
  return {
    patterns,
    matches: (segments) => globs.some((glob) => matchesPath(glob, segments)),
  };
}

export function splitPattern(pattern: string, where: string): readonly string[] {
  const complain = (why: string): TypeError =>
    new TypeError(`Cannot read ${where}: ${JSON.stringify(pattern)} ${why}`);
  if (!pattern.startsWith('/')) throw complain('does not begin with "/"');
  if (/[?#\\\s[\]{}]/.test(pattern))
    throw complain('has a character that no path pattern has; only * and ** are special');
  const segments = pathSegments(pattern);
  if (segments === undefined)
    throw complain('is ambiguous: it has "..", an empty segment or a broken escape');
  if (segments.some((segment) => segment !== '**' && segment.includes('**'))) {
    throw complain('has "**" beside other characters of a segment');
  }
  return segments;
}

/**
 * The segments of a URL's path, escapes decoded; a trailing `/` gives an empty last one. `undefined` when servers may read the path in different
 * ways: dot segments in any escaping (also `..;x`), `//`, an escaped slash, backslash or NUL, a broken escape.
 */
export function pathSegments(pathname: string): readonly string[] | undefined {
  const raw = pathname.slice(1).split('/');
  const segments: string[] = [];
  for (const [index, part] of raw.entries()) {
    if (part === '' && index < raw.length - 1) return undefined;
    let text = part;
    for (let layer = 0; ; layer++) {
      if (/^\.{1,2}(;|$)/.test(text) || /[/\\\0]/.test(text)) return undefined;
      const decoded = decode(text);
      if (decoded === undefined || layer > MAX_LAYERS) return undefined;
      if (layer === 0) segments.push(decoded);
      if (decoded === text) break;
      text = decoded;
    }
  }
  return segments;
}

/** Escapes of escapes that are looked through: a server behind a proxy may decode more than once. */
const MAX_LAYERS = 4;

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined; // a broken escape: each server makes its own thing of it
  }
}

/** Whether every path that `inner` matches is matched by `outer`; a doubtful case is a no. */
export function coversPattern(outer: readonly string[], inner: readonly string[]): boolean {
  // By part of `outer`, from its end: whether the rest of it covers what has been seen of `inner`, also from its end.
  let covered: boolean[] = [];
  for (let from = inner.length; from >= 0; from -= 1) {
    const before = covered;
    covered = new Array(outer.length + 1).fill(false);
    covered[outer.length] = from === inner.length;
    for (let at = outer.length - 1; at >= 0; at -= 1) {
      const head = outer[at] ?? '';
      if (head === '**') {
        covered[at] =
          at === outer.length - 1 || covered[at + 1] === true || (from < inner.length && before[at] === true);
      } else {
        const next = inner[from];
        covered[at] = next !== undefined && coversSegment(head, next) && before[at + 1] === true;
      }
    }
  }
  return covered[0] === true;
}

const coversSegment = (outer: string, inner: string): boolean =>
  inner !== '**' &&
  (outer === inner ||
    (outer === '*' && inner !== '') ||
    (!inner.includes('*') && compileStarGlob(outer)(inner)));
