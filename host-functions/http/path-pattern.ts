/** Path globs of one entry. */
export interface PathPatterns {
  readonly patterns: readonly string[];
  matches(segments: readonly string[]): boolean;
}

/** `*` stands for any characters within a segment, `**` for any segments. @throws {TypeError} */
export function compilePathPatterns(patterns: readonly string[], where: string): PathPatterns {
  const compiled = patterns.map((pattern) => splitPattern(pattern, where));
  return {
    patterns,
    matches: (segments) => compiled.some((pattern) => matchSegments(pattern, 0, segments, 0)),
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

function matchSegments(
  pattern: readonly string[],
  at: number,
  path: readonly string[],
  from: number,
): boolean {
  const segment = pattern[at];
  if (segment === undefined) return from === path.length;
  if (segment === '**') {
    if (at === pattern.length - 1) return true;
    for (let next = from; next <= path.length; next++) {
      if (matchSegments(pattern, at + 1, path, next)) return true;
    }
    return false;
  }
  const name = path[from];
  return name !== undefined && matchText(segment, name) && matchSegments(pattern, at + 1, path, from + 1);
}

/** `*` in `pattern` stands for any characters, none too; a lone `*` for at least one. */
function matchText(pattern: string, text: string): boolean {
  if (pattern === '*') return text !== '';
  const [first = '', ...rest] = pattern.split('*');
  if (!text.startsWith(first)) return false;
  const last = rest.pop();
  if (last === undefined) return text === first;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

/** Whether every path that `inner` matches is matched by `outer`; a doubtful case is a no. */
export function coversPattern(outer: readonly string[], inner: readonly string[]): boolean {
  const [head, ...tail] = outer;
  const [next, ...rest] = inner;
  if (head === undefined) return next === undefined;
  if (head === '**') {
    if (tail.length === 0) return true;
    return coversPattern(tail, inner) || (next !== undefined && coversPattern(outer, rest));
  }
  if (next === undefined || next === '**') return false;
  const isCovered =
    head === next || (head === '*' && next !== '') || (!next.includes('*') && matchText(head, next));
  return isCovered && coversPattern(tail, rest);
}
