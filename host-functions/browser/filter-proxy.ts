import { Buffer } from 'node:buffer';
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { OriginNetwork } from '../../runtime/contracts/operations/browser.ts';

/** What a session may reach at the moment. */
export interface ProxyRules {
  /** `undefined`: nothing, which is so between calls of runs. */
  network(): OriginNetwork<Duplex> | undefined;
  /** Bytes that went either way. `false`: they were the last. */
  spend(bytes: number): boolean;
  /** Told of each refusal. */
  refused(url: string): void;
}

export interface FilterProxy extends AsyncDisposable {
  readonly server: string;
  readonly username: string;
  readonly password: string;
  /** Ends all connections that go on. */
  cut(): void;
}

const MOST_CONNECTIONS = 128;
const HOP = new Set([
  'proxy-authorization',
  'proxy-connection',
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'upgrade',
]);

/**
 * The boundary of a browser session: all that it loads goes through here, by whatever it is loaded, and is held to the origins of the grant. On
 * loopback, behind a password of its own, so that nobody else of this machine reaches through it what a grant names.
 */
export async function openFilterProxy(rules: ProxyRules, host: string): Promise<FilterProxy> {
  const username = 'sandglass';
  const password = randomBytes(24).toString('hex');
  const expected = Buffer.from(`Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`);
  const open = new Set<Duplex>();
  const track = (socket: Duplex): void => {
    open.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => open.delete(socket));
  };
  const isOurs = ({ headers }: IncomingMessage): boolean => {
    const given = Buffer.from(headers['proxy-authorization'] ?? '');
    return given.length === expected.length && timingSafeEqual(given, expected);
  };
  const count = (from: Duplex): void => {
    from.on('data', (chunk: Uint8Array) => {
      if (!rules.spend(chunk.byteLength)) cut();
    });
  };
  const cut = (): void => {
    for (const socket of open) socket.destroy();
  };
  /** @returns a connection to the host of a URL, or why there is none: a status. */
  const reach = async (urls: readonly URL[], shown: string): Promise<Duplex | number> => {
    const network = rules.network();
    const url = urls.find((one) => network?.covers(one) === true);
    if (network === undefined || url === undefined) {
      rules.refused(shown);
      return 403;
    }
    try {
      const socket = await network.connect(url);
      track(socket);
      count(socket);
      return socket;
    } catch (error) {
      if (isDenial(error)) rules.refused(shown);
      return isDenial(error) ? 403 : 502;
    }
  };

  const server = createServer((request, response) => {
    void (async () => {
      if (!isOurs(request)) return askPassword(response);
      const url = URL.parse(request.url ?? '');
      if (url === null || url.protocol !== 'http:') return end(response, 400);
      const upstream = await reach([url], url.href);
      if (typeof upstream === 'number') return end(response, upstream);
      request.on('data', (chunk: Uint8Array) => {
        if (!rules.spend(chunk.byteLength)) cut();
      });
      forward(request, response, url, upstream);
    })().catch(() => response.destroy());
  });
  server.maxConnections = MOST_CONNECTIONS;
  server.on('connection', track);
  server.on('connect', (request: IncomingMessage, socket: Duplex, head: Uint8Array) => {
    void (async () => {
      if (isOurs(request)) await tunnel(request, socket, head, reach, count);
      else
        socket.end(
          'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="sandglass"\r\nContent-Length: 0\r\n\r\n',
        );
    })().catch(() => socket.destroy());
  });
  server.on('clientError', (_, socket) => socket.destroy());
  server.listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    server: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    username,
    password,
    cut,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      cut();
      await closed;
    },
  };
}

/** What comes after CONNECT: bytes both ways, whatever they are. */
async function tunnel(
  { url: target = '' }: IncomingMessage,
  socket: Duplex,
  head: Uint8Array,
  reach: (urls: readonly URL[], shown: string) => Promise<Duplex | number>,
  count: (from: Duplex) => void,
): Promise<void> {
  // Nothing tells whether TLS follows: a WebSocket without it is tunnelled, too.
  const urls = ['https', 'http']
    .map((scheme) => URL.parse(`${scheme}://${target}`))
    .filter((url) => url !== null);
  const upstream = await reach(urls, `https://${target}`);
  if (typeof upstream === 'number') {
    socket.end(
      `HTTP/1.1 ${upstream} ${upstream === 403 ? 'Forbidden' : 'Bad Gateway'}\r\nContent-Length: 0\r\n\r\n`,
    );
    return;
  }
  socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
  count(socket);
  if (head.byteLength > 0) upstream.write(head);
  upstream.pipe(socket).pipe(upstream);
  upstream.once('close', () => socket.destroy());
  socket.once('close', () => upstream.destroy());
}

const isDenial = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && Reflect.get(error, 'code') === 'CAPABILITY_DENIED';

function askPassword(response: ServerResponse): void {
  response.writeHead(407, { 'proxy-authenticate': 'Basic realm="sandglass"', 'content-length': '0' }).end();
}

const end = (response: ServerResponse, status: number): void => {
  response.writeHead(status, { 'content-type': 'text/plain', 'cache-control': 'no-store' });
  response.end(status === 403 ? 'not granted' : 'not reached');
};

/** Sends a plain request on over a connection that was checked, and its answer back. */
function forward(request: IncomingMessage, response: ServerResponse, url: URL, socket: Duplex): void {
  const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !HOP.has(name)));
  const outgoing = httpRequest({
    method: request.method ?? 'GET',
    path: `${url.pathname}${url.search}`,
    headers: { ...headers, host: url.host, connection: 'close' },
    createConnection: () => socket,
    maxHeaderSize: 65_536,
  });
  outgoing.on('response', (answer) => {
    const back = Object.fromEntries(Object.entries(answer.headers).filter(([name]) => !HOP.has(name)));
    try {
      response.writeHead(answer.statusCode ?? 502, back);
    } catch {
      // A status or a header that Node reads and does not write: its server does not speak HTTP as it should.
      answer.destroy();
      end(response, 502);
      return;
    }
    answer.pipe(response);
    answer.once('error', () => response.destroy());
  });
  outgoing.once('error', () => {
    if (response.headersSent) response.destroy();
    else end(response, 502);
  });
  response.once('close', () => socket.destroy());
  request.pipe(outgoing);
}
