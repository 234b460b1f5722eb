import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import type { EntryPolicy, HttpPart } from './http-grant.ts';
import { coversOrigin } from './origin-pattern.ts';
import { coversPattern, splitPattern } from './path-pattern.ts';

/**
 * What `asked` wants, under what `ceiling` allows: each asked origin must be covered by one ceiling entry that allows its methods and paths
 * and has the same secret; caps take the smaller figure. An asked entry without paths takes the ceiling's. A ceiling's base is the only one
 * that may be asked for under it.
 * @throws {SandglassError} CAPABILITY_DENIED naming the first entry that no ceiling entry covers.
 */
export function narrowHttpGrants(asked: HttpPart, ceiling: HttpPart | undefined): HttpPart {
  return asked.map((entry, index) => {
    const limit = findCeiling(entry, ceiling ?? [], 'http', index);
    return {
      ...narrowed(entry, limit),
      traceparent: limit.traceparent === true && entry.traceparent !== false,
      maxRequestBytes: Math.min(entry.maxRequestBytes, limit.maxRequestBytes),
      maxResponseBytes: Math.min(entry.maxResponseBytes, limit.maxResponseBytes),
    };
  });
}

/** The ceiling's entry that covers an asked one. @throws {SandglassError} CAPABILITY_DENIED */
export function findCeiling<P extends EntryPolicy>(
  asked: P,
  allowed: readonly P[],
  capability: 'http' | 'ws',
  index: number,
): P {
  const limit = allowed.find((candidate) => covers(candidate, asked));
  if (limit !== undefined) return limit;
  throw new SandglassError(
    'CAPABILITY_DENIED',
    `Cannot grant ${capability}[${index}]: the policy does not cover ${JSON.stringify(asked.origin.text)}`,
    {
      details: { capability, requested: asked.origin.text, missing: [capability] },
      hint: 'Ask for an origin, methods and paths that the policy allows; do not retry',
    },
  );
}

function covers(limit: EntryPolicy, asked: EntryPolicy): boolean {
  return (
    coversOrigin(limit.origin, asked.origin) &&
    [...asked.methods].every((method) => limit.methods.has(method)) &&
    (asked.secret === undefined || asked.secret === limit.secret) &&
    (asked.base === undefined || limit.base === undefined || asked.base.href === limit.base.href) &&
    (limit.paths === undefined ||
      asked.paths === undefined ||
      asked.paths.patterns.every((pattern) =>
        limit.paths?.patterns.some((outer) =>
          coversPattern(splitPattern(outer, 'policy'), splitPattern(pattern, 'grant')),
        ),
      ))
  );
}

/** An asked entry with the paths and caps that both kinds of entry have, under its ceiling's. */
export const narrowed = <P extends EntryPolicy>(asked: P, limit: P): P => ({
  ...asked,
  paths: asked.paths ?? limit.paths,
  maxCalls: Math.min(asked.maxCalls, limit.maxCalls),
  maxBytes: Math.min(asked.maxBytes, limit.maxBytes),
});
