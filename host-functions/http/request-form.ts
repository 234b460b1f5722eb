import type { HeaderList } from '../../runtime/contracts/operations/http.ts';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import type { JsonObject, JsonValue } from '../../runtime/vocabulary/json.ts';
import { HttpFault } from './http-fault.ts';
import { METHOD } from './http-grant.ts';

/** A guest's request, checked. */
export interface RequestForm {
  readonly url: URL;
  /** Upper case. */
  readonly method: string;
  readonly headers: HeaderList;
  readonly redirect: 'follow' | 'manual' | 'error';
  readonly timeoutMs: number | undefined;
  readonly stream: boolean;
  /** The guest's own number for it, by which it ends the request while it is under way. */
  readonly request: number | undefined;
}

const FIELDS: ReadonlySet<string> = new Set([
  'url',
  'method',
  'headers',
  'redirect',
  'timeoutMs',
  'stream',
  'request',
]);
const MAX_URL_LENGTH = 8192;
const MAX_HEADERS = 100;
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_TIMEOUT_MS = 600_000;

/** Methods that open tunnels or show a proxy's own headers. */
const FORBIDDEN_METHODS: ReadonlySet<string> = new Set(['CONNECT', 'TRACE', 'TRACK']);

/** Headers that are about the connection, not the request: they belong to the host. */
const FORBIDDEN_HEADERS: ReadonlySet<string> = new Set([
  'host',
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'http2-settings',
]);

const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/;
// Visible ASCII, spaces, tabs and the bytes above, as RFC 9110 has it; no control character can end the line.
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** @param base Where a relative URL starts. @throws {SandglassError} INPUT_INVALID @throws {HttpFault} `invalid` */
export function readRequest(operation: string, args: JsonObject, base: URL | undefined): RequestForm {
  const complain = (reason: string): SandglassError =>
    new SandglassError('INPUT_INVALID', `Cannot call ${operation}: ${reason}`, {
      details: { reason: 'invalid' },
    });
  const { url, method = 'GET', headers = [], redirect = 'follow', timeoutMs, stream = false, request } = args;
  const unknown = Object.keys(args).find((name) => !FIELDS.has(name));
  if (unknown !== undefined) throw complain(`unknown argument ${JSON.stringify(unknown.slice(0, 64))}`);
  if (typeof url !== 'string') throw complain('"url" must be a string');
  if (typeof method !== 'string') throw complain('"method" must be a string');
  if (typeof stream !== 'boolean') throw complain('"stream" must be true or false');
  if (redirect !== 'follow' && redirect !== 'manual' && redirect !== 'error') {
    throw complain('"redirect" must be "follow", "manual" or "error"');
  }
  if (request !== undefined && !Number.isSafeInteger(request))
    throw complain('"request" must be a whole number');
  const isTimeout = typeof timeoutMs === 'number' && timeoutMs >= 1 && timeoutMs <= MAX_TIMEOUT_MS;
  if (timeoutMs !== undefined && !isTimeout)
    throw complain(`"timeoutMs" must be from 1 to ${MAX_TIMEOUT_MS}`);
  return {
    url: readUrl(url, base),
    method: readMethod(method),
    headers: readHeaders(headers, complain),
    redirect,
    timeoutMs: isTimeout ? timeoutMs : undefined,
    stream,
    request: typeof request === 'number' ? request : undefined,
  };
}

/** @throws {HttpFault} `invalid` */
export function readUrl(text: string, base?: URL, scheme: 'http' | 'ws' = 'http'): URL {
  if (text.length > MAX_URL_LENGTH)
    throw new HttpFault('invalid', `a URL is over ${MAX_URL_LENGTH} characters`);
  const url = URL.parse(text, base);
  if (url === null)
    throw base === undefined && scheme === 'http'
      ? relative()
      : new HttpFault('invalid', 'that is not a URL');
  if (url.protocol !== `${scheme}:` && url.protocol !== `${scheme}s:`) {
    throw new HttpFault(
      'invalid',
      `only ${scheme}: and ${scheme}s: are served, not ${url.protocol.slice(0, 32)}`,
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new HttpFault('invalid', 'a URL with a user name or password in it is not served');
  }
  if (url.href.length > MAX_URL_LENGTH)
    throw new HttpFault('invalid', `a URL is over ${MAX_URL_LENGTH} characters`);
  url.hash = '';
  return url;
}

const relative = (): HttpFault =>
  new HttpFault(
    'invalid',
    'that is not an absolute URL, and no entry of the grant has a base for relative ones',
    'Give the whole URL, or set base on an entry of the http grant',
  );

function readMethod(text: string): string {
  const method = text.toUpperCase();
  if (!METHOD.test(text)) throw new HttpFault('invalid', 'that is not a method');
  if (FORBIDDEN_METHODS.has(method)) throw new HttpFault('invalid', `method ${method} is not served`);
  return method;
}

function readHeaders(value: JsonValue, complain: (reason: string) => SandglassError): HeaderList {
  if (!Array.isArray(value)) throw complain('"headers" must be a list of [name, value]');
  if (value.length > MAX_HEADERS) throw new HttpFault('too-large', `more than ${MAX_HEADERS} headers`);
  let bytes = 0;
  return value.map((pair: JsonValue) => {
    const [name, text] = Array.isArray(pair) && pair.length === 2 ? pair : [];
    if (typeof name !== 'string' || typeof text !== 'string') {
      throw complain('"headers" must be a list of [name, value]');
    }
    bytes += name.length + text.length + 4;
    if (bytes > MAX_HEADER_BYTES)
      throw new HttpFault('too-large', `over ${MAX_HEADER_BYTES} bytes of headers`);
    const lower = name.toLowerCase();
    if (!TOKEN.test(name)) throw new HttpFault('invalid', 'that is not a header name');
    if (FORBIDDEN_HEADERS.has(lower) || lower.startsWith('proxy-')) {
      throw new HttpFault('invalid', `a guest may not set the header "${lower}"`);
    }
    if (!FIELD_VALUE.test(text))
      throw new HttpFault('invalid', `the header "${lower}" has a character it may not have`);
    return [lower, text.trim()] as const;
  });
}

/**
 * Takes `content-length` out: the host sets it from the body itself.
 * @param bodyBytes `undefined`: a streamed body, whose length nobody knows yet. @throws {HttpFault} `invalid` when it contradicts the body.
 */
export function withoutLength(headers: HeaderList, bodyBytes: number | undefined): HeaderList {
  for (const [name, value] of headers) {
    if (name !== 'content-length') continue;
    if (bodyBytes === undefined || value !== String(bodyBytes)) {
      throw new HttpFault('invalid', 'the header "content-length" does not fit the body');
    }
  }
  return headers.filter(([name]) => name !== 'content-length');
}
