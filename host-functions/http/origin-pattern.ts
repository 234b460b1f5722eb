/** Which origins one entry of a grant names. */
export interface OriginPattern {
  /** As written, for messages. */
  readonly text: string;
  /** `exact` names one host; `subdomains` all below one, not itself; `any` every public origin. */
  readonly kind: 'exact' | 'subdomains' | 'any';
  /** `https:` or `http:`, `wss:` or `ws:`; `undefined` for `any`. */
  readonly protocol: string | undefined;
  /** Of `exact` as `URL` spells it; of `subdomains` what is after the `*.`. */
  readonly host: string;
  /** Empty for the scheme's own. */
  readonly port: string;
}

/** @throws {TypeError} naming what an origin looks like. */
export function parseOriginPattern(
  text: string,
  where: string,
  scheme: 'http' | 'ws' = 'http',
): OriginPattern {
  if (text === '*') return { text, kind: 'any', protocol: undefined, host: '', port: '' };
  const complain = (): TypeError =>
    new TypeError(
      `Cannot read ${where}: ${JSON.stringify(text)} is not an origin such as "${scheme}s://api.example.com", "${scheme}s://*.example.com" or "*"`,
    );
  const found = /^(https?|wss?):\/\/(\*\.)?([^*/?#@\\\s]+)\/?$/i.exec(text);
  const [, named = '', star, rest] = found ?? [];
  const isOfScheme = named.toLowerCase().startsWith(scheme);
  if (!isOfScheme || rest === undefined || !URL.canParse(`${named}://${rest}`)) throw complain();
  const { protocol, hostname, port } = new URL(`${named}://${rest}`);
  if (star === undefined) return { text, kind: 'exact', protocol, host: hostname, port };
  // A star before an address or a bare top-level name would name far more than anybody means.
  if (/^[\d.]+$|^\[/.test(hostname) || !hostname.includes('.')) throw complain();
  return { text, kind: 'subdomains', protocol, host: hostname, port };
}

export function matchesOrigin(pattern: OriginPattern, url: URL): boolean {
  return matchesHost(pattern, url) && (pattern.protocol === undefined || pattern.protocol === url.protocol);
}

/** The same but for the scheme: for a message that tells which scheme is covered. */
export function matchesHost({ kind, host, port, protocol }: OriginPattern, url: URL): boolean {
  if (kind === 'any') return true;
  const isPortSame = port === url.port || (protocol !== url.protocol && port === '');
  if (!isPortSame) return false;
  return kind === 'exact' ? url.hostname === host : isBelow(url.hostname, host);
}

const isBelow = (hostname: string, domain: string): boolean =>
  hostname.endsWith(`.${domain}`) && hostname.length > domain.length + 1;

/** Whether all that `inner` names is named by `outer` too. */
export function coversOrigin(outer: OriginPattern, inner: OriginPattern): boolean {
  if (outer.kind === 'any') return inner.kind !== 'exact' || !isLiteralOrLocal(inner.host);
  if (inner.kind === 'any' || outer.protocol !== inner.protocol || outer.port !== inner.port) return false;
  if (outer.kind === 'exact') return inner.kind === 'exact' && inner.host === outer.host;
  return isBelow(inner.host, outer.host) || (inner.kind === 'subdomains' && inner.host === outer.host);
}

/** Naming one of these gives more than `*` does: an address that is not public. */
const isLiteralOrLocal = (host: string): boolean =>
  /^\[|^\d+(\.\d+){3}$/.test(host) || host === 'localhost' || host.endsWith('.localhost');
