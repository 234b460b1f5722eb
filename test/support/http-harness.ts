import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createHttpHostFunction, type HttpHostFunctionOptions } from '../../host-functions/http/http.ts';
import type { HostReply, HostService, Secret } from '../../runtime/contracts/host-function.ts';
import type { HttpOperations, HttpResponseHead } from '../../runtime/contracts/operations/http.ts';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import type { HttpGrant } from '../../runtime/vocabulary/grants/http.ts';
import type { JsonObject, JsonValue } from '../../runtime/vocabulary/json.ts';
import { mergeLimits } from '../../runtime/vocabulary/limits.ts';
import { TEST_RUN } from './run-identity.ts';

export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A real server on loopback that remembers every request. */
export interface TestServer extends AsyncDisposable {
  readonly origin: string;
  readonly port: number;
  readonly seen: Seen[];
  connections: number;
  readonly server: Server;
}

export async function startServer(
  answer: RequestListener = (_, response) => response.end('ok'),
  tls?: { readonly key: string; readonly cert: string },
): Promise<TestServer> {
  const seen: Seen[] = [];
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    const note = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body: '' };
    seen.push(note);
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => undefined); // a guest that went away
    request.on('end', () => {
      note.body = Buffer.concat(chunks).toString('utf8');
      answer(request, response);
    });
  };
  const server = tls === undefined ? createServer(listener) : createSecureServer(tls, listener);
  const sockets = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => {
    started.connections += 1;
    sockets.add(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a TCP server has one
  const started: TestServer = {
    origin: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    seen,
    connections: 0,
    server,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return started;
}

export interface HttpGuest extends AsyncDisposable {
  readonly session: HostService;
  call<O extends keyof HttpOperations>(
    operation: O,
    args: HttpOperations[O]['args'],
    bytes?: Uint8Array | string,
  ): Promise<{
    readonly value: HttpOperations[O]['value'];
    readonly reply: HostReply;
    readonly text: string;
  }>;
  get(
    url: string,
    args?: Partial<HttpOperations['http.request']['args']>,
  ): Promise<HttpResponseHead & { readonly text: string }>;
  refusal<O extends keyof HttpOperations>(
    operation: O,
    args: HttpOperations[O]['args'],
    bytes?: Uint8Array | string,
  ): Promise<Refused>;
  /** Ends the run. */
  abort(): void;
}

export interface Refused {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
  readonly reason: unknown;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface GuestOptions extends HttpHostFunctionOptions {
  readonly grant?: readonly HttpGrant[];
  readonly secrets?: Readonly<Record<string, Secret>>;
  readonly hostCallBytes?: number;
  /** Of the run. */
  readonly traceparent?: string;
}

export async function openGuest({
  grant,
  secrets = {},
  hostCallBytes,
  traceparent,
  ...options
}: GuestOptions): Promise<HttpGuest> {
  const run = new AbortController();
  const part = grant === undefined ? undefined : (structuredClone(grant) as unknown as JsonValue); // a grant is JSON
  const http = createHttpHostFunction(options);
  const session = await http.open(part === undefined ? undefined : http.parse?.(part, 'grant.http'), {
    run: traceparent === undefined ? TEST_RUN : { ...TEST_RUN, traceparent },
    limits: mergeLimits([hostCallBytes === undefined ? {} : { hostCallBytes }]),
    readOnlyFiles: false,
    noHostFiles: false,
    signal: run.signal,
    secret: (name) => (Object.hasOwn(secrets, name) ? secrets[name] : undefined),
    now: Date.now,
  });
  const call: HttpGuest['call'] = async (operation, args, bytes) => {
    const reply = await session.call(operation, {
      args: args as unknown as JsonObject, // arguments are JSON by their types
      bytes: typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes,
      signal: run.signal,
    });
    return { value: reply.value as never, reply, text: new TextDecoder().decode(reply.bytes) }; // the session types it
  };
  return {
    session,
    call,
    get: async (url, args = {}) => {
      const { value, text } = await call('http.request', { url, ...args });
      return { ...value, text };
    },
    refusal: async (operation, args, bytes) => {
      try {
        await call(operation, args, bytes);
      } catch (error) {
        if (!(error instanceof SandglassError)) throw error;
        const { code, message, hint, details = {} } = error;
        return { code, message, hint, reason: details.reason, details };
      }
      throw new Error(`${operation} ${JSON.stringify(args)} was not refused`);
    },
    abort: () => run.abort(),
    [Symbol.asyncDispose]: async () => {
      await session.close();
    },
  };
}

/** The whole streamed body behind a handle. */
export async function readAll(guest: HttpGuest, handle: number): Promise<string> {
  let text = '';
  for (;;) {
    const { value, text: piece } = await guest.call('http.read', { handle });
    if (value.done) return text;
    text += piece;
  }
}
