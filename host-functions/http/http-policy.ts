import { type ErrorDetails, SandglassError } from '../../runtime/vocabulary/errors.ts';
import { canonicalAddress, isLocalName, isLoopback, isPublicAddress } from './address.ts';
import type { EntryPolicy, HttpEntryPolicy } from './http-grant.ts';
import { matchesHost, matchesOrigin, type OriginPattern } from './origin-pattern.ts';
import { pathSegments } from './path-pattern.ts';

/** One entry of the grant and what this run has used of it. */
export interface HttpEntry<P extends EntryPolicy = HttpEntryPolicy> {
  readonly policy: P;
  calls: number;
  bytes: number;
}

const MAX_SHOWN = 300;
const DO_NOT_RETRY = 'do not retry';

/** Exact origins win over wildcards, so that the entry with the secret is found whatever the order. */
const RANK: Readonly<Record<OriginPattern['kind'], number>> = { exact: 0, subdomains: 1, any: 2 };

/** The grant of one run: which entry covers a request, and which addresses it may be sent to. Pure. */
export class HttpPolicy<P extends EntryPolicy = HttpEntryPolicy> {
  readonly #entries: readonly HttpEntry<P>[];

  constructor(policies: readonly P[]) {
    this.#entries = policies
      .map((policy) => ({ policy, calls: 0, bytes: 0 }))
      .sort((a, b) => RANK[a.policy.origin.kind] - RANK[b.policy.origin.kind]);
  }

  /**
   * The entry that covers this hop, one call spent on it.
   * @throws {SandglassError} CAPABILITY_DENIED, HOST_CALLS_EXCEEDED
   */
  admit(url: URL, method: string): HttpEntry<P> {
    const origin = this.#entries.filter(({ policy }) => matchesOrigin(policy.origin, url));
    if (origin.length === 0) throw this.#denyOrigin(url, method);
    const withMethod = origin.filter(({ policy }) => policy.methods.has(method));
    if (withMethod.length === 0)
      throw denied(
        url,
        method,
        `no grant for ${wordsFor(url).capability} covers ${method} to it`,
        methodHint(url, method),
      );
    const segments = pathSegments(url.pathname);
    const found = withMethod.find(
      ({ policy: { paths } }) => paths === undefined || (segments !== undefined && paths.matches(segments)),
    );
    if (found === undefined)
      throw denied(url, method, `no grant for ${wordsFor(url).capability} covers this path`);
    if (found.calls >= found.policy.maxCalls) {
      const { maxCalls } = found.policy;
      throw new SandglassError(
        'HOST_CALLS_EXCEEDED',
        `Cannot ${wordsFor(url).verb} ${shown(url)}: the grant's ${maxCalls} calls are spent`,
        {
          details: { capability: wordsFor(url).capability, requested: url.origin, limit: { maxCalls } },
          hint: 'Make fewer calls, or raise maxCalls of the grant',
        },
      );
    }
    found.calls += 1;
    return found;
  }

  #denyOrigin(url: URL, method: string): SandglassError {
    const sameHost = this.#entries.find(
      ({ policy }) => policy.origin.kind !== 'any' && matchesHost(policy.origin, url),
    );
    const why =
      sameHost === undefined
        ? `no grant for ${wordsFor(url).capability} covers it`
        : `the grant for this host covers ${sameHost.policy.origin.protocol} only, not ${url.protocol}`;
    return denied(url, method, why, methodHint(url, method));
  }

  /**
   * Whether a connection for `url` may go to `address`: a public one; one that the URL itself names and the grant too; loopback for `localhost` by
   * name; or one that the grant names beside the name that leads there, with the same port.
   */
  mayDial(url: URL, address: string): boolean {
    if (isPublicAddress(address)) return true;
    const exact = this.#entries.filter(({ policy: { origin } }) => origin.kind === 'exact');
    if (!exact.some(({ policy }) => matchesOrigin(policy.origin, url))) return false;
    const wanted = canonicalAddress(address);
    if (wanted === undefined) return false;
    if (isLocalName(url.hostname)) return isLoopback(wanted);
    return exact.some(
      ({ policy: { origin } }) =>
        origin.protocol === url.protocol &&
        origin.port === url.port &&
        canonicalAddress(origin.host) === wanted,
    );
  }
}

/** Bytes of a request or an answer, before they are passed on. @throws {SandglassError} CAPABILITY_DENIED */
export function spendBytes(entry: HttpEntry<EntryPolicy>, bytes: number, url: URL): void {
  const { maxBytes } = entry.policy;
  if (entry.bytes + bytes > maxBytes) {
    throw new SandglassError(
      'CAPABILITY_DENIED',
      `Cannot ${wordsFor(url).verb} ${shown(url)}: the grant's ${maxBytes} bytes are spent`,
      {
        details: { capability: wordsFor(url).capability, requested: url.origin, limit: { maxBytes } },
        hint: `Send and receive less, or raise maxBytes of the grant; ${DO_NOT_RETRY}`,
      },
    );
  }
  entry.bytes += bytes;
}

/** No address of this name may be dialled. The addresses are not told: they would map the host's network. */
export function denyAddress(url: URL): SandglassError {
  const why = `its address is not public and no grant for ${wordsFor(url).capability} names that address`;
  const isNamed = canonicalAddress(url.hostname) !== undefined || isLocalName(url.hostname);
  return isNamed
    ? denied(url, undefined, why)
    : denied(
        url,
        undefined,
        why,
        `List the private address itself as another origin of the grant; ${DO_NOT_RETRY}`,
      );
}

function denied(url: URL, method: string | undefined, why: string, hint?: string): SandglassError {
  const grant: ErrorDetails = {
    origin: url.origin,
    ...(method === undefined || method === 'GET' || method === 'HEAD' ? {} : { methods: [method] }),
  };
  return new SandglassError('CAPABILITY_DENIED', `Cannot ${wordsFor(url).verb} ${shown(url)}: ${why}`, {
    details: { capability: wordsFor(url).capability, requested: shownText(url), grant },
    hint: hint ?? `Grant it with --allow-net=${url.origin}, or do without; ${DO_NOT_RETRY}`,
  });
}

/** `--allow-net` grants GET and HEAD only. */
const methodHint = ({ origin }: URL, method: string): string | undefined =>
  method === 'GET' || method === 'HEAD'
    ? undefined
    : `Grant it with origin "${origin}" and methods ["${method}"] in a grant file, or do without; ${DO_NOT_RETRY}`;

/** How messages speak of a URL's kind of grant. */
const wordsFor = ({ protocol }: URL): { readonly capability: string; readonly verb: string } =>
  protocol === 'ws:' || protocol === 'wss:'
    ? { capability: 'ws', verb: 'connect to' }
    : { capability: 'http', verb: 'fetch' };

const shownText = (url: URL): string => `${url.origin}${url.pathname}`.slice(0, MAX_SHOWN);

/** Without query and fragment: they may carry a guest's data that belongs in no log. */
export const shown = (url: URL): string => JSON.stringify(shownText(url));
