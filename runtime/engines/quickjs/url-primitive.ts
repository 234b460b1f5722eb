/** Longest text that is parsed as a URL, characters. */
const MOST_TEXT = 65_536;

const SETTABLE: ReadonlySet<string> = new Set([
  'href',
  'protocol',
  'username',
  'password',
  'host',
  'hostname',
  'port',
  'pathname',
  'search',
  'hash',
]);

/**
 * The host's own WHATWG parser for the guest's `URL`: text in, text out.
 * @param request JSON `{ input, base? }`, or `{ href, set, value }` for a setter.
 * @returns JSON of the parts, or empty text for what is not a URL.
 */
export function urlPrimitive(request: string): string {
  if (request.length > 3 * MOST_TEXT) return '';
  try {
    const given: Readonly<Record<string, unknown>> = JSON.parse(request);
    const { input, base, href, set, value } = given;
    if (typeof input === 'string') {
      return parts(typeof base === 'string' ? new URL(input, base) : new URL(input));
    }
    if (typeof href !== 'string' || typeof set !== 'string' || typeof value !== 'string') return '';
    if (!SETTABLE.has(set)) return '';
    const url = new URL(href);
    Reflect.set(url, set, value);
    return parts(url);
  } catch {
    return ''; // what is not a URL: the prelude throws the guest's own TypeError
  }
}

const parts = (url: URL): string =>
  JSON.stringify({
    href: url.href,
    origin: url.origin,
    protocol: url.protocol,
    username: url.username,
    password: url.password,
    host: url.host,
    hostname: url.hostname,
    port: url.port,
    pathname: url.pathname,
    search: url.search,
    hash: url.hash,
  });
