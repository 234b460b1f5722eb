import type { Dispatcher } from 'undici';
import type { HeaderList } from '../../runtime/contracts/operations/http.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';
import type { Dialer } from './dialer.ts';
import { HttpFault, toFault } from './http-fault.ts';
import { type HttpEntry, type HttpPolicy, spendBytes } from './http-policy.ts';
import type { Redact } from './redact.ts';
import { type RequestForm, readUrl } from './request-form.ts';
import { contentCodings, readBody } from './response-body.ts';
import { type Credential, Scrubber, withCredential } from './secrets.ts';

/** A whole body, which can be sent again, or one that comes in pieces, which cannot. */
export type RequestBody = Uint8Array | { readonly stream: AsyncIterable<Uint8Array> } | undefined;

export interface ExchangeContext {
  readonly policy: HttpPolicy;
  readonly credential: (entry: HttpEntry) => Credential | undefined;
  /** Connections are shared only among requests with the same credential. */
  readonly dialer: (entry: HttpEntry) => Promise<Dialer>;
  /** All forms of all credentials of the run: a server may send on what it got. */
  readonly traces: readonly string[];
  /** W3C `traceparent` of the run, for entries that tell it. */
  readonly traceparent: string | undefined;
  readonly redact: Redact;
  /** Counts bytes of request bodies that left. */
  readonly sent: (bytes: number) => void;
  /** Told where a redirect leads, before it is admitted. */
  readonly onHop?: (url: URL, method: string) => void;
}

export interface Exchanged {
  readonly status: number;
  readonly statusText: string;
  readonly url: string;
  readonly redirected: boolean;
  readonly headers: HeaderList;
  readonly body: AsyncGenerator<Buffer, void, undefined>;
}

const MAX_HOPS = 10;
const MAX_RESPONSE_HEADERS = 256;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** How much of a redirect's own body is read to keep the connection. */
const DUMPED_BYTES = 16 * 1024;

/** What a redirect that turns into a GET takes off, as the Fetch standard has it. */
const BODY_HEADERS: ReadonlySet<string> = new Set([
  'content-encoding',
  'content-language',
  'content-location',
  'content-type',
]);
/** What never follows to another origin. */
const PERSONAL_HEADERS: ReadonlySet<string> = new Set(['authorization', 'cookie', 'proxy-authorization']);

/**
 * One request with its redirects, every hop checked as if the guest had asked for it.
 * @throws {SandglassError | HttpFault}
 */
export async function exchange(
  form: RequestForm,
  body: RequestBody,
  first: HttpEntry,
  context: ExchangeContext,
  signal: AbortSignal,
): Promise<Exchanged> {
  let { url, method, headers } = form;
  let payload = body;
  let entry = first;
  for (let hops = 0; ; hops++) {
    const credential = context.credential(entry);
    const response = await send(url, method, headers, payload, entry, credential, context, signal);
    const location = REDIRECTS.has(response.status) ? headerOf(response.headers, 'location') : undefined;
    if (location === undefined || form.redirect === 'manual') {
      return { ...finish(response, url, entry, context, method), redirected: hops > 0 };
    }
    await discard(response.body, signal);
    if (form.redirect === 'error')
      throw new HttpFault('redirect', 'the server redirects, which this request forbids');
    if (hops === MAX_HOPS) throw new HttpFault('redirect', `more than ${MAX_HOPS} redirects`);
    const next = readUrl(decodeHeader(location), url);
    if (becomesGet(response.status, method)) {
      method = 'GET';
      payload = undefined;
      headers = headers.filter(([name]) => !BODY_HEADERS.has(name));
    }
    if (payload !== undefined && !(payload instanceof Uint8Array)) {
      throw new HttpFault('redirect', 'a streamed body cannot be sent a second time');
    }
    if (next.origin !== url.origin) headers = headers.filter(([name]) => !PERSONAL_HEADERS.has(name));
    url = next;
    context.onHop?.(url, method);
    entry = context.policy.admit(url, method);
  }
}

const becomesGet = (status: number, method: string): boolean =>
  (status === 303 && method !== 'GET' && method !== 'HEAD') ||
  ((status === 301 || status === 302) && method === 'POST');

interface RawResponse {
  readonly status: number;
  readonly statusText: string;
  readonly headers: HeaderList;
  readonly body: Dispatcher.ResponseData['body'];
}

async function send(
  url: URL,
  method: string,
  headers: HeaderList,
  body: RequestBody,
  entry: HttpEntry,
  credential: Credential | undefined,
  { dialer, sent, traces, traceparent }: ExchangeContext,
  signal: AbortSignal,
): Promise<RawResponse> {
  if (body instanceof Uint8Array) countRequest(entry, body.length, body.length, url, sent);
  const payload =
    body === undefined || body instanceof Uint8Array ? body : counted(body.stream, entry, url, sent);
  try {
    const dialled = await dialer(entry);
    signal.throwIfAborted();
    const answer = await dialled.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      // A method of the guest's own is allowed where the grant names it; undici's type knows the usual ones.
      method: method as Dispatcher.HttpMethod,
      headers: withCredential(
        withDefaults(withTrace(headers, entry, traceparent), traces.length > 0),
        credential,
      ).flat(),
      ...defined({ body: payload }),
      signal,
      responseHeaders: 'raw',
    } as Dispatcher.RequestOptions);
    const list = toHeaderList(answer.headers);
    if (list.length > MAX_RESPONSE_HEADERS) {
      drop(answer.body);
      throw new HttpFault('too-large', `the answer has more than ${MAX_RESPONSE_HEADERS} headers`);
    }
    return { status: answer.statusCode, statusText: answer.statusText, headers: list, body: answer.body };
  } catch (error) {
    throw signal.aborted ? signal.reason : toFault(error);
  }
}

/** @throws {HttpFault} `too-large` @throws {SandglassError} CAPABILITY_DENIED */
function countRequest(
  entry: HttpEntry,
  total: number,
  bytes: number,
  url: URL,
  sent: (bytes: number) => void,
): void {
  const { maxRequestBytes } = entry.policy;
  if (total > maxRequestBytes) {
    throw new HttpFault(
      'too-large',
      `the body is over ${maxRequestBytes} bytes`,
      'Send less, or raise maxRequestBytes of the grant',
    );
  }
  spendBytes(entry, bytes, url);
  sent(bytes);
}

async function* counted(
  stream: AsyncIterable<Uint8Array>,
  entry: HttpEntry,
  url: URL,
  sent: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  let total = 0;
  for await (const chunk of stream) {
    total += chunk.length;
    countRequest(entry, total, chunk.length, url, sent);
    yield chunk;
  }
}

/** The trace of the run, in place of one that the guest has made up. */
const withTrace = (
  headers: HeaderList,
  { policy }: HttpEntry,
  traceparent: string | undefined,
): HeaderList =>
  policy.traceparent !== true || traceparent === undefined
    ? headers
    : [
        ...headers.filter(([name]) => name !== 'traceparent' && name !== 'tracestate'),
        ['traceparent', traceparent],
      ];

/** Where a grant has a credential only codings are asked for that can be undone, so that an answer that repeats it can be searched. */
function withDefaults(given: HeaderList, hasCredential: boolean): HeaderList {
  const headers = hasCredential ? given.filter(([name]) => name !== 'accept-encoding') : given;
  const has = (wanted: string): boolean => headers.some(([name]) => name === wanted);
  return [
    ...headers,
    ...(has('accept') ? [] : [['accept', '*/*'] as const]),
    ...(has('accept-encoding')
      ? []
      : [['accept-encoding', has('range') ? 'identity' : 'gzip, deflate, br'] as const]),
    ...(has('user-agent') ? [] : [['user-agent', 'sandglass'] as const]),
  ];
}

function finish(
  { status, statusText, headers, body }: RawResponse,
  url: URL,
  entry: HttpEntry,
  { traces, redact }: ExchangeContext,
  method: string,
): Omit<Exchanged, 'redirected'> {
  const { maxResponseBytes } = entry.policy;
  const scrubber = new Scrubber(traces);
  const hasBody = method !== 'HEAD' && status !== 204 && status !== 205 && status !== 304;
  let codings: readonly string[] | undefined;
  try {
    codings = hasBody ? contentCodings(headerOf(headers, 'content-encoding')) : [];
    const length = Number(headerOf(headers, 'content-length') ?? 0);
    if (hasBody && length > maxResponseBytes) {
      throw new HttpFault(
        'too-large',
        `the answer is over ${maxResponseBytes} bytes`,
        'Ask for less, or raise maxResponseBytes of the grant',
      );
    }
  } catch (error) {
    drop(body);
    throw error;
  }
  // A decoded body has neither the coding nor the length that the headers tell.
  const isDecoded = codings !== undefined && codings.length > 0;
  const shown = isDecoded
    ? headers.filter(([name]) => name !== 'content-encoding' && name !== 'content-length')
    : headers;
  return {
    status,
    statusText: redact(decodeHeader(statusText)),
    url: redact(url.href),
    headers: shown.map(([name, value]) => [redact(name), redact(value)] as const),
    body: readBody(body, codings ?? [], {
      maxBytes: maxResponseBytes,
      spend: (bytes) => spendBytes(entry, bytes, url),
      scrubber,
    }),
  };
}

/** Ends an answer that nobody will read, with its connection. */
function drop(body: Dispatcher.ResponseData['body']): void {
  body.on('error', () => undefined).destroy(); // it ends in an abort of our own
}

async function discard(body: Dispatcher.ResponseData['body'], signal: AbortSignal): Promise<void> {
  try {
    await body.dump({ limit: DUMPED_BYTES, signal });
  } catch {
    // The connection is gone, which is no matter: the next hop opens another.
    if (signal.aborted) throw signal.reason;
  }
}

/** undici gives raw headers as a flat list of names and values. */
function toHeaderList(raw: unknown): HeaderList {
  const flat = Array.isArray(raw)
    ? raw.map((part: unknown) => (Buffer.isBuffer(part) ? part.toString('latin1') : String(part)))
    : [];
  const list: (readonly [string, string])[] = [];
  for (let at = 0; at + 1 < flat.length; at += 2)
    list.push([(flat[at] ?? '').toLowerCase(), flat[at + 1] ?? '']);
  return list;
}

const headerOf = (headers: HeaderList, wanted: string): string | undefined =>
  headers.find(([name]) => name === wanted)?.[1];

/** Headers travel as bytes; a `Location` in UTF-8 is common. */
const decodeHeader = (latin1: string): string => {
  const bytes = Buffer.from(latin1, 'latin1');
  const text = bytes.toString('utf8');
  return text.includes('\ufffd') ? latin1 : text;
};
