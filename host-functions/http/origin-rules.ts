import type { Socket } from 'node:net';
import type { OriginNetwork, OriginRules } from '../../runtime/contracts/operations/browser.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';
import type { ConnectOptions, Lookup } from './dialer.ts';
import type { EntryPolicy } from './http-grant.ts';
import { coversOrigin, matchesOrigin, parseOriginPattern } from './origin-pattern.ts';

export interface OriginRulesOptions {
  /** Resolves host names. Its answers are checked like any other's. @default the system's resolver */
  readonly lookup?: Lookup;
  /** Name, TCP and TLS of one connection together, ms. @default 10_000 */
  readonly connectTimeoutMs?: number;
}

/** The rules of `http` for whoever else reaches origins: a browser. */
export function createOriginRules({
  lookup,
  connectTimeoutMs = 10_000,
}: OriginRulesOptions = {}): OriginRules<Socket> {
  const options: ConnectOptions = { connectTimeoutMs, ...defined({ lookup }) };
  return {
    check: (origins, where) => {
      for (const [index, origin] of origins.entries()) parseOriginPattern(origin, `${where}[${index}]`);
    },
    uncovered: (asked, allowed) => {
      const outer = allowed.map((origin) => parseOriginPattern(origin, 'policy'));
      return asked.find((origin) => {
        const inner = parseOriginPattern(origin, 'grant');
        return !outer.some((pattern) => coversOrigin(pattern, inner));
      });
    },
    open: (origins) => openNetwork(origins, options),
  };
}

function openNetwork(origins: readonly string[], options: ConnectOptions): OriginNetwork<Socket> {
  const policies = origins.map(
    (origin): EntryPolicy => ({
      origin: parseOriginPattern(origin, 'grant'),
      methods: new Set(),
      paths: undefined,
      secret: undefined,
      maxCalls: Number.POSITIVE_INFINITY,
      maxBytes: Number.POSITIVE_INFINITY,
    }),
  );
  return {
    covers: (url) => policies.some(({ origin }) => matchesOrigin(origin, url)),
    // What dials is large: it is loaded with the first connection.
    connect: async (url) => (await import('./dial-origin.ts')).dialOrigin(policies, url, options),
  };
}
