import { once } from 'node:events';
import type { Server, ServerResponse } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { UsageError } from './usage-error.ts';

export interface ListenOptions {
  readonly fetch: (request: Request) => Response | Promise<Response>;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

export interface ListeningServer extends AsyncDisposable {
  readonly port: number;
}

/** How long a client may take for what it still sends or reads, once the server closes. */
const LINGER_MS = 2_000;

/**
 * Connections that wait to be accepted, as far as the system has room: with Node's own 511 the system cuts off some of a thousand that come
 * at once.
 */
const BACKLOG = 4_096;

/**
 * Serves on a socket. Disposing stops listening, lets answers under way go out, and ends every connection.
 * @throws {UsageError} when the address cannot be had.
 */
export async function listen({ fetch, host, port }: ListenOptions): Promise<ListeningServer> {
  // Without options of its own the adaptor makes a plain HTTP/1.1 server. It puts its own `Response` in place of the global one: an answer whose
  // bytes are there is then written as it is, and not read back out of a stream.
  const own = Response;
  const server = createAdaptorServer({ fetch }) as Server;
  if (Response !== own) keepInstances(Response, own);
  const underWay = new Set<ServerResponse>();
  server.on('request', (_request, response) => {
    underWay.add(response);
    response.once('close', () => underWay.delete(response));
  });
  const closeIdle = (): void => {
    setImmediate(() => server.closeIdleConnections());
  };
  server.listen({ port, host, backlog: BACKLOG });
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new UsageError(
      `Cannot listen on ${host}:${port}: ${reasonOf(error)}`,
      'Port 0 takes a free one: --port=0',
    );
  }
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      // A connection that is kept alive is idle once its answer is out: it need not wait for its own timeout.
      for (const response of underWay) response.once('close', closeIdle);
      server.close();
      const cut = setTimeout(() => server.closeAllConnections(), LINGER_MS);
      await closed;
      clearTimeout(cut);
    },
  };
}

/** What `fetch` answers is the platform's own, and a response all the same: packages ask, as that of MCP does for what a sign-in answers. */
function keepInstances(replaced: typeof Response, own: typeof Response): void {
  Object.defineProperty(replaced, Symbol.hasInstance, {
    value: (value: unknown) => Function.prototype[Symbol.hasInstance].call(own, value),
  });
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'something listens there already',
  EACCES: 'the system does not permit this port',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'no such host name',
};

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return REASONS[code] ?? (error instanceof Error ? error.message : 'unknown reason');
}
