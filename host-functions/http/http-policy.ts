import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import { canonicalAddress, isLocalName, isLoopback, isPublicAddress } from './address.ts';
import type { EntryPolicy, HttpEntryPolicy } from './http-grant.ts';
import { matchesHost, matchesOrigin, type OriginPattern } from './origin-pattern.ts';
import { compilePathPatterns, pathSegments } from './path-pattern.ts';

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
      throw this.#deny(url, method, `no grant for ${wordsFor(url).capability} covers ${method} to it`);
    const segments = pathSegments(url.pathname);
    const found = withMethod.find(
      ({ policy: { paths } }) => paths === undefined || (segments !== undefined && paths.matches(segments)),
    );
    if (found === undefined)
      throw this.#deny(url, method, `no grant for ${wordsFor(url).capability} covers this path`);
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
    return this.#deny(url, method, why);
  }

  /** The entry that the denial names keeps what is granted for this very origin. */
  #deny(url: URL, method: string, why: string): SandglassError {
    const granted = this.#entries
      .map(({ policy }) => policy)
      .filter(({ origin }) => origin.kind === 'exact' && matchesOrigin(origin, url));
    return denied(url, method, why, entryWith(url, method, granted));
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

/** No address of this name may be dialled. The addresses are not told: they would map the host's network, so no entry can be named for a name. */
export function denyAddress(url: URL): SandglassError {
  const why = `its address is not public and no grant for ${wordsFor(url).capability} names that address`;
  const isNamed = canonicalAddress(url.hostname) !== undefined || isLocalName(url.hostname);
  return denied(url, 'GET', why, isNamed ? entryWith(url, 'GET', []) : undefined);
}

/** An entry as a denial names it. */
interface OriginEntry {
  readonly origin: string;
  readonly methods?: readonly string[];
  readonly paths?: readonly string[];
}

/** The whole entry of a grant that would give what `granted` gives for this origin, and this request. */
function entryWith(url: URL, method: string, granted: readonly EntryPolicy[]): OriginEntry {
  const methods = [
    ...granted.flatMap((entry) => [...entry.methods]),
    ...(isPlain(method) ? PLAIN : [method]),
  ];
  const path = patternFor(url.pathname);
  const paths = [...granted.map((entry) => entry.paths?.patterns), path === undefined ? undefined : [path]];
  return {
    origin: url.origin,
    ...(wordsFor(url).capability === 'ws' ? {} : { methods: [...new Set(methods)] }),
    ...(paths.includes(undefined) ? {} : { paths: [...new Set(paths.flatMap((list) => list ?? []))] }),
  };
}

/** What an entry without methods gives. */
const PLAIN: readonly string[] = ['GET', 'HEAD'];

const isPlain = (method: string): boolean => PLAIN.includes(method);

/** A pattern that covers this path; `undefined` where only an entry for any path would. */
function patternFor(pathname: string): string | undefined {
  const pattern = pathname.replaceAll('[', '%5B').replaceAll(']', '%5D');
  const segments = pathSegments(pathname);
  if (segments === undefined || pattern.length > MAX_SHOWN) return undefined;
  try {
    return compilePathPatterns([pattern], 'grant').matches(segments) ? pattern : undefined;
  } catch (error) {
    if (error instanceof TypeError) return undefined; // it has a character that no pattern has
    throw error;
  }
}

/** @param entry What would allow it; absent where nothing can be named. */
function denied(url: URL, method: string, why: string, entry: OriginEntry | undefined): SandglassError {
  const { capability, verb } = wordsFor(url);
  return new SandglassError('CAPABILITY_DENIED', `Cannot ${verb} ${shown(url)}: ${why}`, {
    details: {
      capability,
      requested: shownText(url),
      missing: [capability],
      ...(entry === undefined ? {} : { grant: { [capability]: [entry] } }),
    },
    hint:
      entry === undefined
        ? `List the private address itself as another origin of the grant; ${DO_NOT_RETRY}`
        : `Grant it with ${howTo(capability, entry.origin, method)}, or do without; ${DO_NOT_RETRY}`,
  });
}

/** `--allow-net` grants GET and HEAD only. */
function howTo(capability: string, origin: string, method: string): string {
  const entry = { origin, ...(isPlain(method) ? {} : { methods: [method] }) };
  const inProgram = JSON.stringify({ [capability]: [entry] });
  return isPlain(method)
    ? `--allow-net=${origin} (in a program: ${inProgram})`
    : `${inProgram}, in a program or a grant file`;
}

/** How messages speak of a URL's kind of grant. */
const wordsFor = ({ protocol }: URL): { readonly capability: string; readonly verb: string } =>
  protocol === 'ws:' || protocol === 'wss:'
    ? { capability: 'ws', verb: 'connect to' }
    : { capability: 'http', verb: 'fetch' };

const shownText = (url: URL): string => `${url.origin}${url.pathname}`.slice(0, MAX_SHOWN);

/** Without query and fragment: they may carry a guest's data that belongs in no log. */
export const shown = (url: URL): string => JSON.stringify(shownText(url));
