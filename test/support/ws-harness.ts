import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { createWsHostFunction, type WsHostFunctionOptions } from '../../host-functions/http/ws.ts';
import type { HostReply, Secret } from '../../runtime/contracts/host-function.ts';
import type { WsOperations } from '../../runtime/contracts/operations/ws.ts';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import type { WsGrant } from '../../runtime/vocabulary/grants/ws.ts';
import type { JsonObject, JsonValue } from '../../runtime/vocabulary/json.ts';
import { mergeLimits } from '../../runtime/vocabulary/limits.ts';
import { TEST_RUN } from './run-identity.ts';

/** A real server on loopback that remembers every connection and every handshake. */
export interface SocketServer extends AsyncDisposable {
  /** `ws://127.0.0.1:PORT` */
  readonly origin: string;
  readonly port: number;
  readonly seen: { readonly url: string; readonly headers: IncomingMessage['headers'] }[];
  connections: number;
  /** TCP connections that are open. */
  readonly sockets: Set<Socket>;
  /** Resolves once none is. */
  idle(): Promise<void>;
}

const echo = (socket: WebSocket): void => {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
};

export interface SocketServerOptions {
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Takes over the bytes after the request instead of a WebSocket. */
  readonly raw?: (request: IncomingMessage, socket: Socket) => void;
  readonly protocols?: boolean;
}

export async function startSocketServer(
  serve: (socket: WebSocket, request: IncomingMessage) => void = echo,
  { tls, raw, protocols = true }: SocketServerOptions = {},
): Promise<SocketServer> {
  const server = tls === undefined ? createServer() : createSecureServer(tls);
  const sockets = new Set<Socket>();
  const waiting: (() => void)[] = [];
  const webSockets = new WebSocketServer({
    noServer: true,
    ...(protocols ? {} : { handleProtocols: () => false }),
  });
  server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    started.connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined); // a guest that went away
    socket.on('close', () => {
      sockets.delete(socket);
      if (sockets.size === 0) for (const done of waiting.splice(0)) done();
    });
  });
  server.on('upgrade', (request, socket, head) => {
    started.seen.push({ url: request.url ?? '', headers: request.headers });
    if (raw !== undefined) {
      // Read to the end, and ended then: sockets of a server stay half open otherwise.
      socket.resume().on('end', () => socket.end());
      raw(request, socket as Socket);
    } else
      webSockets.handleUpgrade(request, socket, head, (one) => {
        one.on('error', () => undefined);
        serve(one, request);
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a TCP server has one
  const started: SocketServer = {
    origin: `${tls === undefined ? 'ws' : 'wss'}://127.0.0.1:${port}`,
    port,
    seen: [],
    connections: 0,
    sockets,
    idle: () => (sockets.size === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return started;
}

export interface WsGuest extends AsyncDisposable {
  call<O extends keyof WsOperations>(
    operation: O,
    args: WsOperations[O]['args'],
    bytes?: Uint8Array | string,
  ): Promise<{
    readonly value: WsOperations[O]['value'];
    readonly reply: HostReply;
    readonly text: string;
  }>;
  open(url: string, protocols?: readonly string[]): Promise<number>;
  refusal<O extends keyof WsOperations>(
    operation: O,
    args: WsOperations[O]['args'],
    bytes?: Uint8Array | string,
  ): Promise<{
    readonly code: string;
    readonly message: string;
    readonly reason: unknown;
    readonly details: Readonly<Record<string, unknown>>;
  }>;
  abort(): void;
}

export interface WsGuestOptions extends WsHostFunctionOptions {
  readonly grant?: readonly WsGrant[];
  readonly secrets?: Readonly<Record<string, Secret>>;
  readonly hostCallBytes?: number;
}

export async function openWsGuest({
  grant,
  secrets = {},
  hostCallBytes,
  ...options
}: WsGuestOptions): Promise<WsGuest> {
  const run = new AbortController();
  const part = grant === undefined ? undefined : (structuredClone(grant) as unknown as JsonValue); // a grant is JSON
  const ws = createWsHostFunction(options);
  const session = await ws.open(part === undefined ? undefined : ws.parse?.(part, 'grant.ws'), {
    run: TEST_RUN,
    limits: mergeLimits([hostCallBytes === undefined ? {} : { hostCallBytes }]),
    readOnlyFiles: false,
    noHostFiles: false,
    signal: run.signal,
    secret: (name) => (Object.hasOwn(secrets, name) ? secrets[name] : undefined),
    now: Date.now,
  });
  const call: WsGuest['call'] = async (operation, args, bytes) => {
    const reply = await session.call(operation, {
      args: args as unknown as JsonObject, // arguments are JSON by their types
      bytes: typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes,
      signal: run.signal,
    });
    return { value: reply.value as never, reply, text: new TextDecoder().decode(reply.bytes) }; // the session types it
  };
  return {
    call,
    open: async (url, protocols = []) => (await call('ws.open', { url, protocols })).value.handle,
    refusal: async (operation, args, bytes) => {
      try {
        await call(operation, args, bytes);
      } catch (error) {
        if (!(error instanceof SandglassError)) throw error;
        const { code, message, details = {} } = error;
        return { code, message, reason: details.reason, details };
      }
      throw new Error(`${operation} ${JSON.stringify(args)} was not refused`);
    },
    abort: () => run.abort(),
    [Symbol.asyncDispose]: async () => {
      await session.close();
    },
  };
}
