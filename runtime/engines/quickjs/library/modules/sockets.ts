import { nodeError } from '../inner.ts';

type Members = Record<string, unknown>;

const NO_SOCKETS = 'a guest has no sockets; use fetch or WebSocket';

/** What programs load because a library names it, and fails where it is used: the message says what to use. */
export const refusing = (module: string, name: string, advice: string): ((...args: unknown[]) => never) => {
  // Programs make objects of some: an arrow function could not be asked for one.
  function refuse(): never {
    throw nodeError(Error, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', `Cannot use ${module}.${name}: ${advice}`);
  }
  Object.defineProperty(refuse, 'name', { value: name });
  return refuse;
};

const refusals = (module: string, advice: string, names: string): Members =>
  Object.fromEntries(names.split(' ').map((name) => [name, refusing(module, name, advice)]));

const BYTE = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const V4 = new RegExp(`^${BYTE}(?:\\.${BYTE}){3}$`);
const PART = /^[\da-f]{1,4}$/i;

const isIPv4 = (text: unknown): boolean => V4.test(`${text}`);

/** Eight parts of 16 bits, with at most one gap, perhaps an address of version 4 at the end, perhaps a zone. */
const isIPv6 = (text: unknown): boolean => {
  const [address = '', zone, ...more] = `${text}`.split('%');
  if (more.length > 0 || (zone !== undefined && !/^[\w.~-]+$/.test(zone))) return false;
  const halves = address.split('::');
  if (halves.length > 2) return false;
  let parts = 0;
  for (const [at, half] of halves.entries()) {
    if (half === '') continue;
    const all = half.split(':');
    for (const [index, part] of all.entries()) {
      const last = index === all.length - 1 && at === halves.length - 1;
      if (last && isIPv4(part)) parts += 2;
      else if (PART.test(part)) parts += 1;
      else return false;
    }
  }
  return halves.length === 2 ? parts < 8 : parts === 8;
};

export const net: Members = {
  ...refusals('net', NO_SOCKETS, 'connect createConnection createServer Socket Stream Server'),
  isIP: (text: unknown) => (isIPv4(text) ? 4 : isIPv6(text) ? 6 : 0),
  isIPv4,
  isIPv6,
  getDefaultAutoSelectFamily: () => true,
  setDefaultAutoSelectFamily: () => undefined,
};

export const tls: Members = {
  ...refusals(
    'tls',
    'a guest has no sockets; use fetch with an https URL',
    'connect createServer createSecureContext TLSSocket Server SecureContext checkServerIdentity',
  ),
  rootCertificates: Object.freeze([]),
  getCiphers: () => [],
  DEFAULT_MIN_VERSION: 'TLSv1.2',
  DEFAULT_MAX_VERSION: 'TLSv1.3',
};

const DNS = 'a guest has no sockets; name the host in the URL given to fetch';
const LOOKUPS =
  'lookup lookupService resolve resolve4 resolve6 resolveAny resolveCname resolveMx resolveNs resolveSrv resolveTxt reverse Resolver';

export const dnsPromises: Members = refusals('dns/promises', DNS, LOOKUPS);

export const dns: Members = {
  ...refusals('dns', DNS, LOOKUPS),
  getServers: () => [],
  setDefaultResultOrder: () => undefined,
  ADDRCONFIG: 1024,
  ALL: 256,
  V4MAPPED: 2048,
  NOTFOUND: 'ENOTFOUND',
  TIMEOUT: 'ETIMEOUT',
  promises: dnsPromises,
};

export const http2: Members = {
  ...refusals(
    'http2',
    'a guest has no sockets; use fetch, which speaks it where the server does',
    'connect createServer createSecureServer Http2ServerRequest Http2ServerResponse',
  ),
  constants: Object.freeze({
    HTTP2_HEADER_AUTHORITY: ':authority',
    HTTP2_HEADER_METHOD: ':method',
    HTTP2_HEADER_PATH: ':path',
    HTTP2_HEADER_SCHEME: ':scheme',
    HTTP2_HEADER_STATUS: ':status',
    HTTP2_HEADER_CONTENT_LENGTH: 'content-length',
    HTTP2_HEADER_CONTENT_TYPE: 'content-type',
    HTTP2_HEADER_EXPECT: 'expect',
    NGHTTP2_CANCEL: 8,
    NGHTTP2_REFUSED_STREAM: 7,
  }),
  sensitiveHeaders: Symbol('sensitiveHeaders'),
};
