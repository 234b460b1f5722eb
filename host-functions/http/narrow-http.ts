import type { JsonObject, JsonValue } from '../../runtime/codec.ts';
import { SandglassError } from '../../runtime/errors.ts';
import { type HttpEntryPolicy, parseHttpGrants, readHttpGrants } from './http-grant.ts';
import { coversOrigin } from './origin-pattern.ts';
import { coversPattern, splitPattern } from './path-pattern.ts';

/**
 * What `asked` wants, under what `ceiling` allows: each asked origin must be covered by one ceiling entry that allows its methods and paths and has the
 * same secret; caps take the smaller figure. An asked entry without paths takes the ceiling's.
 * @throws {SandglassError} CAPABILITY_DENIED naming the first entry that no ceiling entry covers. @throws {TypeError} on a malformed part.
 */
export function narrowHttpGrants(asked: JsonValue, ceiling: JsonValue | undefined): JsonValue {
  const wanted = parseHttpGrants(asked, 'grant.http');
  const raw = readHttpGrants(asked, 'grant.http');
  const allowed = parseHttpGrants(ceiling, 'policy.http');
  return wanted.map((entry, index) => {
    const limit = allowed.find((candidate) => covers(candidate, entry));
    if (limit !== undefined) return narrowEntry(raw[index] ?? {}, entry, limit);
    throw new SandglassError(
      'CAPABILITY_DENIED',
      `Cannot grant http[${index}]: the policy does not cover ${JSON.stringify(entry.origin.text)}`,
      {
        details: { capability: 'http', requested: entry.origin.text },
        hint: 'Ask for an origin, methods and paths that the policy allows; do not retry',
      },
    );
  });
}

function covers(limit: HttpEntryPolicy, asked: HttpEntryPolicy): boolean {
  return (
    coversOrigin(limit.origin, asked.origin) &&
    [...asked.methods].every((method) => limit.methods.has(method)) &&
    (asked.secret === undefined || asked.secret === limit.secret) &&
    (limit.paths === undefined ||
      asked.paths === undefined ||
      asked.paths.patterns.every((pattern) =>
        limit.paths?.patterns.some((outer) =>
          coversPattern(splitPattern(outer, 'policy.http'), splitPattern(pattern, 'grant.http')),
        ),
      ))
  );
}

function narrowEntry(raw: JsonObject, asked: HttpEntryPolicy, limit: HttpEntryPolicy): JsonObject {
  const paths = asked.paths ?? limit.paths;
  const caps = {
    maxRequestBytes: Math.min(asked.maxRequestBytes, limit.maxRequestBytes),
    maxResponseBytes: Math.min(asked.maxResponseBytes, limit.maxResponseBytes),
    maxCalls: Math.min(asked.maxCalls, limit.maxCalls),
    maxBytes: Math.min(asked.maxBytes, limit.maxBytes),
  };
  return {
    ...raw,
    methods: [...asked.methods],
    ...(paths === undefined ? {} : { paths: [...paths.patterns] }),
    ...Object.fromEntries(Object.entries(caps).filter(([, cap]) => Number.isFinite(cap))),
  };
}
