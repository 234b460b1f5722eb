import { type Callable, type Named, nodeError } from '../inner.ts';
import { builtin } from '../registry.ts';
import { bufferOf } from './buffer.ts';

interface Emitting extends Named {
  emit(name: string, ...args: unknown[]): boolean;
  once(name: string, fn: Callable): unknown;
  on(name: string, fn: Callable): unknown;
  destroy(error?: unknown): unknown;
  push(chunk: unknown): boolean;
}
interface StreamModule {
  readonly Readable: new (options: object) => Emitting;
  readonly Writable: new (options: object) => Emitting;
}
type Options = Named & { readonly headers?: Named; readonly signal?: AbortSignal };

const STATUS_CODES: Readonly<Record<number, string>> = {
  100: 'Continue',
  101: 'Switching Protocols',
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  203: 'Non-Authoritative Information',
  204: 'No Content',
  205: 'Reset Content',
  206: 'Partial Content',
  300: 'Multiple Choices',
  301: 'Moved Permanently',
  302: 'Found',
  303: 'See Other',
  304: 'Not Modified',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  408: 'Request Timeout',
  409: 'Conflict',
  410: 'Gone',
  411: 'Length Required',
  412: 'Precondition Failed',
  413: 'Payload Too Large',
  414: 'URI Too Long',
  415: 'Unsupported Media Type',
  416: 'Range Not Satisfiable',
  418: "I'm a Teapot",
  422: 'Unprocessable Entity',
  425: 'Too Early',
  426: 'Upgrade Required',
  428: 'Precondition Required',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  451: 'Unavailable For Legal Reasons',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
  511: 'Network Authentication Required',
};
const TOKEN = /^[\^_`a-zA-Z\-0-9!#$%&'*+.|~]+$/;
const validateHeaderName = (name: unknown): void => {
  if (typeof name !== 'string' || !TOKEN.test(name))
    throw nodeError(
      TypeError,
      'ERR_INVALID_HTTP_TOKEN',
      `Header name must be a valid HTTP token ["${String(name)}"]`,
    );
};
const validateHeaderValue = (name: unknown, value: unknown): void => {
  if (value === undefined)
    throw nodeError(
      TypeError,
      'ERR_HTTP_INVALID_HEADER_VALUE',
      `Invalid value "undefined" for header "${String(name)}"`,
    );
  if (/[^\t\x20-\x7e\x80-\xff]/.test(String(value)))
    throw nodeError(TypeError, 'ERR_INVALID_CHAR', `Invalid character in header content ["${String(name)}"]`);
};
const METHODS = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'];

class Agent {
  readonly options: Named;
  readonly maxSockets: unknown;
  readonly keepAlive: boolean;
  readonly sockets = {};
  readonly requests = {};
  readonly freeSockets = {};
  constructor(options: Named = {}) {
    this.options = options;
    this.maxSockets = options.maxSockets ?? Number.POSITIVE_INFINITY;
    this.keepAlive = options.keepAlive === true;
  }
  destroy(): void {}
}

const urlOf = (options: Options, protocol: string): URL => {
  const scheme = String(options.protocol ?? protocol);
  const name = String(options.hostname ?? options.host ?? 'localhost').replace(/:\d+$/, '');
  const port =
    options.port === undefined || options.port === null
      ? (/:\d+$/.exec(String(options.host ?? ''))?.[0] ?? '')
      : `:${String(options.port)}`;
  return new URL(String(options.path ?? '/'), `${scheme}//${name.includes(':') ? `[${name}]` : name}${port}`);
};

/** An answer as Node gives it: a readable stream with the head beside it. */
const incoming = (response: Response, url: URL): Emitting => {
  const { Readable } = builtin('stream') as StreamModule;
  const reader = response.body?.getReader();
  const made = new Readable({
    read(this: Emitting) {
      if (reader === undefined) {
        this.push(null);
        return;
      }
      reader.read().then(
        ({ done, value }) => {
          if (done) made.complete = true;
          this.push(done ? null : bufferOf(value as Uint8Array));
        },
        (error: unknown) => this.destroy(error),
      );
    },
    destroy(error: unknown, done: Callable) {
      if (made.complete !== true) reader?.cancel(error).catch(() => undefined);
      done(error);
    },
  });
  const headers: Record<string, unknown> = {};
  const rawHeaders: string[] = [];
  for (const [name, value] of response.headers) {
    rawHeaders.push(name, value);
    if (name !== 'set-cookie') headers[name] = value;
  }
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) headers['set-cookie'] = cookies;
  return Object.assign(made, {
    statusCode: response.status,
    statusMessage: response.statusText || (STATUS_CODES[response.status] ?? ''),
    headers,
    rawHeaders,
    httpVersion: '1.1',
    httpVersionMajor: 1,
    httpVersionMinor: 1,
    complete: false,
    url: url.href,
    trailers: {},
    aborted: false,
    socket: { remoteAddress: undefined, encrypted: url.protocol === 'https:' },
    setTimeout: () => made,
  });
};

const makeRequest = (protocol: string, args: unknown[]): Emitting => {
  const { Writable } = builtin('stream') as StreamModule;
  const answer = typeof args[args.length - 1] === 'function' ? (args.pop() as Callable) : undefined;
  const [first, second] = args;
  const given = typeof first === 'string' || first instanceof URL ? new URL(String(first)) : undefined;
  const options = { ...((given === undefined ? first : second) as Options | undefined) } as Options;
  if (typeof options.path === 'string' && /[^\u0021-\u00ff]/.test(options.path))
    throw nodeError(TypeError, 'ERR_UNESCAPED_CHARACTERS', 'Request path contains unescaped characters');
  const url = given ?? urlOf(options, protocol);
  const { agent } = options as { readonly agent?: { readonly protocol?: unknown } };
  if (url.protocol !== protocol && agent?.protocol !== url.protocol)
    throw nodeError(
      TypeError,
      'ERR_INVALID_PROTOCOL',
      `Protocol "${url.protocol}" not supported. Expected "${protocol}"`,
    );
  if (options.method !== undefined && options.method !== null && !TOKEN.test(String(options.method)))
    throw nodeError(
      TypeError,
      'ERR_INVALID_HTTP_TOKEN',
      `Method must be a valid HTTP token ["${String(options.method)}"]`,
    );
  const method = String(options.method ?? 'GET').toUpperCase();
  const headers = new Map<string, readonly [name: string, value: unknown]>();
  const setHeader = (name: string, value: unknown): Emitting => {
    validateHeaderName(name);
    for (const one of [value].flat()) validateHeaderValue(name, one);
    headers.set(name.toLowerCase(), [name, value]);
    return made;
  };
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  const stop = new AbortController();
  options.signal?.addEventListener('abort', () => made.destroy(options.signal?.reason));
  let timer: unknown;

  const send = async (): Promise<void> => {
    const list: [string, string][] = [];
    for (const [name, value] of headers.values()) {
      // These are the connection's own; the host sets them.
      if (/^(?:host|connection|content-length|transfer-encoding|keep-alive|expect)$/i.test(name)) continue;
      for (const one of [value].flat()) list.push([name, String(one)]);
    }
    if (options.auth !== undefined && !headers.has('authorization'))
      list.push(['authorization', `Basic ${btoa(String(options.auth))}`]);
    const body = pieces.length === 0 || method === 'GET' || method === 'HEAD' ? undefined : new Blob(pieces);
    const response = await globalThis.fetch(url, {
      method,
      headers: list,
      redirect: 'manual',
      signal: stop.signal,
      ...(body === undefined ? {} : { body: await body.arrayBuffer() }),
    });
    clearTimeout(timer as never);
    const message = incoming(response, url);
    made.res = message;
    if (!made.emit('response', message)) (message.resume as Callable).call(message);
  };
  const made: Emitting = new Writable({
    write(chunk: Uint8Array, _encoding: unknown, done: Callable) {
      pieces.push(new Uint8Array(chunk));
      done();
    },
    final(done: Callable) {
      send().then(
        () => done(),
        (error: unknown) => {
          if (stop.signal.aborted) return;
          done(error);
        },
      );
    },
    destroy(error: unknown, done: Callable) {
      clearTimeout(timer as never);
      made.aborted = made.res === undefined;
      if (made.res === undefined) stop.abort(error ?? undefined);
      const failure =
        error ??
        (made.res === undefined && made.writableFinished !== true
          ? nodeError(Error, 'ECONNRESET', 'socket hang up')
          : null);
      done(failure);
    },
  });
  const setTimer = (ms: number, onTimeout?: Callable): Emitting => {
    if (onTimeout !== undefined) made.once('timeout', onTimeout);
    clearTimeout(timer as never);
    if (ms > 0) {
      timer = setTimeout(() => made.emit('timeout'), ms);
      (timer as { unref(): void }).unref();
    }
    return made;
  };
  Object.assign(made, {
    method,
    path: url.pathname + url.search,
    host: url.hostname,
    protocol: url.protocol,
    reusedSocket: false,
    aborted: false,
    setHeader,
    appendHeader: setHeader,
    getHeader: (name: string) => headers.get(name.toLowerCase())?.[1],
    getHeaders: () =>
      Object.assign(
        Object.create(null),
        Object.fromEntries([...headers].map(([name, [, value]]) => [name, value])),
      ),
    headersSent: false,
    getHeaderNames: () => [...headers.keys()],
    hasHeader: (name: string) => headers.has(name.toLowerCase()),
    removeHeader: (name: string) => void headers.delete(name.toLowerCase()),
    flushHeaders: (): void => undefined,
    setNoDelay: () => made,
    setSocketKeepAlive: () => made,
    setTimeout: setTimer,
    abort: () => made.destroy(),
  });
  for (const [name, value] of Object.entries(options.headers ?? {}))
    if (value !== undefined) setHeader(name, value);
  if (!headers.has('host')) setHeader('Host', url.host);
  if (answer !== undefined) made.once('response', answer);
  if (typeof options.timeout === 'number') setTimer(options.timeout);
  return made;
};

const noServer = (): never => {
  throw nodeError(
    Error,
    'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM',
    'Cannot start a server: a guest has no sockets; it can only make requests, with fetch or http.request',
  );
};

const client = (protocol: string): Named => {
  const request = (...args: unknown[]): Emitting => makeRequest(protocol, args);
  return {
    request,
    get: (...args: unknown[]): Emitting => {
      const made = request(...args);
      (made.end as Callable).call(made);
      return made;
    },
    Agent,
    globalAgent: new Agent(),
    METHODS,
    STATUS_CODES,
    maxHeaderSize: 16_384,
    createServer: noServer,
    Server: noServer,
    validateHeaderName,
    validateHeaderValue,
    IncomingMessage: class IncomingMessage {},
    ClientRequest: class ClientRequest {},
    ServerResponse: class ServerResponse {},
    OutgoingMessage: class OutgoingMessage {},
  };
};

/** Clients of `http` and `https` over `fetch`: the grant decides, and redirects are left to the program, as under Node. */
export const http = client('http:');
export const https = client('https:');
