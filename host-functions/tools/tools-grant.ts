import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import { checkPatternSizes, compileStarGlob, type NameMatcher } from '../../runtime/vocabulary/glob.ts';
import type { JsonValue } from '../../runtime/vocabulary/json.ts';

/** The `tools` part of a grant, parsed. */
export interface ToolsPart {
  /** As they were given. */
  readonly patterns: readonly string[];
  readonly covers: NameMatcher;
}

const MOST_PATTERNS = 1_000;
/** What names of tools are made of, and `*`. */
const PATTERN = /^[\w.*-]{1,64}$/;

/** @throws {TypeError} naming the entry that is wrong. */
export function parseToolsGrant(part: JsonValue, where: string): ToolsPart {
  if (!Array.isArray(part) || part.length > MOST_PATTERNS) {
    throw new TypeError(
      `Cannot read ${where}: expected a list of at most ${MOST_PATTERNS} names of tools, or patterns like "web_*"`,
    );
  }
  const patterns = part.map((pattern: JsonValue, index) => {
    if (typeof pattern === 'string' && PATTERN.test(pattern)) return pattern;
    throw new TypeError(
      `Cannot read ${where}[${index}]: ${JSON.stringify(pattern)?.slice(0, 80)} is not the name of a tool, or a pattern like "web_*"`,
    );
  });
  checkPatternSizes(patterns, where);
  return partOf(patterns);
}

function partOf(patterns: readonly string[]): ToolsPart {
  const names = new Set(patterns.filter((pattern) => !pattern.includes('*')));
  const globs = patterns.filter((pattern) => pattern.includes('*')).map(compileStarGlob);
  return { patterns, covers: (name) => names.has(name) || globs.some((matches) => matches(name)) };
}

/**
 * What `asked` names, each of which one pattern of `ceiling` must cover.
 * @throws {SandglassError} CAPABILITY_DENIED naming the first that none covers.
 */
export function narrowToolsGrant(asked: ToolsPart, ceiling: ToolsPart | undefined): ToolsPart {
  // A star of the asked pattern is one character to the ceiling's, which only a star of its own stands for.
  const refused = asked.patterns.find((pattern) => ceiling?.covers(pattern) !== true);
  if (refused === undefined) return asked;
  throw new SandglassError(
    'CAPABILITY_DENIED',
    `Cannot grant tools: the ceiling does not cover "${refused}"`,
    {
      details: { capability: 'tools.call', requested: refused, missing: ['tools.call'] },
      hint: 'Ask for tools that the policy allows; do not retry',
    },
  );
}
