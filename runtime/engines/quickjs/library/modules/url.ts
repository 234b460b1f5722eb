import { type Named, wrongArgument } from '../inner.ts';
import { builtin } from '../registry.ts';

interface Legacy {
  protocol: string | null;
  slashes: boolean | null;
  auth: string | null;
  host: string | null;
  port: string | null;
  hostname: string | null;
  hash: string | null;
  search: string | null;
  query: unknown;
  pathname: string | null;
  path: string | null;
  href: string;
}
interface Query {
  parse(text: string): unknown;
  stringify(value: unknown): string;
}

const SLASHED = /^(?:https?|ftp|file|gopher|wss?):?$/;

class Url implements Legacy {
  protocol: string | null = null;
  slashes: boolean | null = null;
  auth: string | null = null;
  host: string | null = null;
  port: string | null = null;
  hostname: string | null = null;
  hash: string | null = null;
  search: string | null = null;
  query: unknown = null;
  pathname: string | null = null;
  path: string | null = null;
  href = '';
  format(): string {
    return formatLegacy(this);
  }
  resolve(to: string): string {
    return resolve(this.format(), to);
  }
  parse(text: string, withQuery = false, slashes = false): this {
    return Object.assign(this, parse(text, withQuery, slashes));
  }
}

/** Node's older parser: relative texts too, and whatever is missing is null. */
const parse = (given: unknown, withQuery = false, slashesMean = false): Url => {
  if (given instanceof Url) return given;
  if (typeof given !== 'string') throw wrongArgument('url', 'of type string', given);
  const made = new Url();
  let rest = given.trim();
  const hash = rest.indexOf('#');
  if (hash >= 0) {
    made.hash = rest.slice(hash);
    rest = rest.slice(0, hash);
  }
  const search = rest.indexOf('?');
  if (search >= 0) {
    made.search = rest.slice(search);
    rest = rest.slice(0, search);
  }
  const protocol = /^([a-z0-9.+-]+:)/i.exec(rest)?.[1];
  if (protocol !== undefined) {
    made.protocol = protocol.toLowerCase();
    rest = rest.slice(protocol.length);
  }
  const hasSlashes = /^[\\/]{2}/.test(rest);
  if (hasSlashes && (protocol !== undefined ? protocol.toLowerCase() !== 'javascript:' : slashesMean)) {
    made.slashes = true;
    rest = rest.slice(2);
    const end = rest.search(/[\\/]/);
    let authority = end < 0 ? rest : rest.slice(0, end);
    rest = end < 0 ? '' : rest.slice(end);
    const at = authority.lastIndexOf('@');
    if (at >= 0) {
      made.auth = decodeURIComponent(authority.slice(0, at));
      authority = authority.slice(at + 1);
    }
    const port = /:(\d*)$/.exec(authority);
    if (port !== null) {
      made.port = port[1] === '' ? null : (port[1] as string);
      authority = authority.slice(0, port.index);
    }
    const hostname = authority.replace(/^\[(.*)\]$/, '$1').toLowerCase();
    made.hostname = hostname;
    made.host = authority.toLowerCase() + (made.port === null ? '' : `:${made.port}`);
    if (rest === '' && made.protocol !== null && SLASHED.test(made.protocol)) rest = '/';
  }
  const path = rest
    .replaceAll('\\', made.slashes === true ? '/' : '\\')
    .replace(/[\s"<>`{}|^]/g, (sign) => encodeURIComponent(sign));
  made.pathname = path === '' ? null : path;
  const { parse: readQuery } = builtin('querystring') as Query;
  if (made.search !== null)
    made.query = withQuery
      ? Object.assign(Object.create(null), readQuery(made.search.slice(1)))
      : made.search.slice(1);
  else if (withQuery) made.query = Object.create(null);
  made.path =
    made.pathname === null && made.search === null ? null : (made.pathname ?? '') + (made.search ?? '');
  made.href = formatLegacy(made);
  return made;
};

const formatLegacy = (parts: Partial<Legacy>): string => {
  const protocol = parts.protocol
    ? parts.protocol.endsWith(':')
      ? parts.protocol
      : `${parts.protocol}:`
    : '';
  const auth = parts.auth ? `${encodeURIComponent(parts.auth).replace(/%3A/i, ':')}@` : '';
  const host = parts.host
    ? auth + parts.host
    : parts.hostname
      ? auth +
        (parts.hostname.includes(':') ? `[${parts.hostname}]` : parts.hostname) +
        (parts.port ? `:${parts.port}` : '')
      : undefined;
  let { pathname } = parts;
  pathname = (pathname ?? '').replace(/[?#]/g, (sign) => encodeURIComponent(sign));
  const { stringify } = builtin('querystring') as Query;
  const query = typeof parts.query === 'object' && parts.query !== null ? stringify(parts.query) : '';
  let search = parts.search ?? (query === '' ? '' : `?${query}`);
  if (search !== '' && !search.startsWith('?')) search = `?${search}`;
  search = search.replaceAll('#', '%23');
  let hash = parts.hash ?? '';
  if (hash !== '' && !hash.startsWith('#')) hash = `#${hash}`;
  const slashed =
    parts.slashes === true || ((protocol === '' || SLASHED.test(protocol)) && host !== undefined);
  if (slashed && pathname !== '' && !pathname.startsWith('/')) pathname = `/${pathname}`;
  return `${protocol}${slashed ? '//' : ''}${host ?? ''}${pathname}${search}${hash}`;
};

interface FormatOptions {
  readonly auth?: boolean;
  readonly fragment?: boolean;
  readonly search?: boolean;
  readonly unicode?: boolean;
}
const format = (given: unknown, options: FormatOptions = {}): string => {
  if (given instanceof URL) {
    const copy = new URL(given.href);
    if (options.auth === false) copy.username = copy.password = '';
    if (options.fragment === false) copy.hash = '';
    if (options.search === false) copy.search = '';
    if (options.unicode !== true || !copy.hostname.includes('xn--')) return copy.href;
    const { toUnicode } = builtin('punycode') as { toUnicode(text: string): string };
    return copy.href.replace(copy.hostname, () => toUnicode(copy.hostname));
  }
  if (typeof given === 'string') return parse(given).format();
  if (typeof given !== 'object' || given === null)
    throw wrongArgument('urlObject', 'one of type object or string', given);
  return formatLegacy(given as Partial<Legacy>);
};

const BASE = 'resolve://base';
/** `to` as seen from `from`, which may be relative itself. */
const resolve = (from: string, to: string): string => {
  if (/^[a-z0-9.+-]+:/i.test(to)) return parse(to).format();
  const absolute = /^[a-z0-9.+-]+:\/\//i.test(from);
  const rooted = from.startsWith('/');
  const { href } = new URL(to, new URL(from, `${BASE}/`));
  if (absolute) return href;
  const text = href.startsWith(BASE) ? href.slice(BASE.length) : href;
  return rooted || to.startsWith('/') ? text : text.replace(/^\//, '');
};

const { fileURLToPath, pathToFileURL } = (
  globalThis as unknown as { readonly sandglass: { readonly url: Named } }
).sandglass.url;

const hostOf = (domain: unknown): string => {
  try {
    return new URL(`http://${String(domain)}`).hostname;
  } catch {
    return ''; // as Node answers for what is not a domain
  }
};

export const url = {
  Url,
  URL: globalThis.URL,
  URLSearchParams: globalThis.URLSearchParams,
  parse,
  format,
  resolve,
  resolveObject: (from: string, to: string): Url => parse(resolve(from, to)),
  domainToASCII: hostOf,
  domainToUnicode: (domain: unknown): string =>
    (builtin('punycode') as { toUnicode(text: string): string }).toUnicode(hostOf(domain)),
  fileURLToPath,
  fileURLToPathBuffer: (given: unknown): unknown =>
    (builtin('buffer') as { Buffer: { from(text: unknown): unknown } }).Buffer.from(
      (fileURLToPath as (url: unknown) => string)(given),
    ),
  pathToFileURL,
  urlToHttpOptions: (given: URL): Named => ({
    protocol: given.protocol,
    hostname: given.hostname.replace(/^\[(.*)\]$/, '$1'),
    hash: given.hash,
    search: given.search,
    pathname: given.pathname,
    path: `${given.pathname}${given.search}`,
    href: given.href,
    ...(given.port === '' ? {} : { port: Number(given.port) }),
    ...(given.username === ''
      ? {}
      : { auth: `${decodeURIComponent(given.username)}:${decodeURIComponent(given.password)}` }),
  }),
};
