import { connect, type Socket } from 'node:net';
import type { OriginNetwork, OriginRules } from '../../runtime/contracts/operations/browser.ts';
import { addressesFor, type ConnectOptions, type Lookup } from './dialer.ts';
import { HttpFault, toFault } from './http-fault.ts';
import type { EntryPolicy } from './http-grant.ts';
import { denyAddress, HttpPolicy } from './http-policy.ts';
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
  const options: ConnectOptions = { connectTimeoutMs, ...(lookup === undefined ? {} : { lookup }) };
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
  const policy = new HttpPolicy(policies);
  return {
    covers: (url) => policies.some(({ origin }) => matchesOrigin(origin, url)),
    connect: async (url) => {
      const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
      const addresses = await addressesFor(policy, url, options);
      if (addresses.length === 0) throw denyAddress(url);
      let failure: unknown;
      for (const address of addresses) {
        try {
          return await dial(address, port, options.connectTimeoutMs);
        } catch (error) {
          failure = error;
        }
      }
      throw toFault(failure);
    },
  };
}

/** Plain TCP in any case: what goes through a tunnel is encrypted by the browser. */
const dial = (address: string, port: number, timeoutMs: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: address, port });
    const late = setTimeout(() => socket.destroy(new HttpFault('timeout')), timeoutMs);
    socket.once('error', (error) => {
      clearTimeout(late);
      reject(error);
    });
    socket.once('connect', () => {
      clearTimeout(late);
      resolve(socket);
    });
  });
