import { Buffer } from 'node:buffer';
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type {
  BrowserDriver,
  BrowserServerOptions,
  OriginRules,
  RunningBrowserServer,
} from '../../runtime/contracts/operations/browser.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../runtime/vocabulary/json.ts';
import { BrowserRefusal } from './browser-refusal.ts';
import { createServedSessions, Refused, Told } from './served-sessions.ts';
import { MOST_ASKED, writeRefusal } from './service-messages.ts';

/**
 * Lets runtimes elsewhere use the browser of this process, by messages over HTTP. Whoever has the token may open sessions; what their pages load goes
 * through the proxies that they name.
 */
export async function startBrowserServer(
  driver: BrowserDriver,
  rules: OriginRules,
  { token, host = '127.0.0.1', port = 0, maxSessions = 8, idleMs = 300_000 }: BrowserServerOptions,
): Promise<RunningBrowserServer> {
  const sessions = createServedSessions(driver, rules, { maxSessions, idleMs });
  const secret = digest(token);
  const answer = async (request: IncomingMessage): Promise<JsonObject> => {
    const [, first, id, more] = (request.url ?? '').split('/');
    if (!isBearer(request.headers.authorization, secret)) throw new Refused(401, 'token');
    if (first !== 'sessions' || more !== undefined) throw new Refused(404, 'path');
    if (request.method === 'DELETE' && id !== undefined) {
      await sessions.end(id);
      return {};
    }
    if (request.method !== 'POST') throw new Refused(405, 'method');
    const asked = await bodyOf(request);
    return id === undefined ? sessions.open(asked) : sessions.act(id, asked);
  };
  const server = createServer({ requestTimeout: 30_000 }, (request, response) => {
    void answer(request).then(
      (body) => send(response, 200, body),
      (error: unknown) => sendFailure(response, error),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
  return {
    url: urlOf(server, host),
    close: async () => {
      server.close();
      server.closeAllConnections();
      await sessions.endAll();
    },
  };
}

function sendFailure(response: ServerResponse, error: unknown): void {
  if (error instanceof Told) send(response, 422, { ...error.facts, ...writeRefusal(error.refusal) });
  else if (error instanceof BrowserRefusal) send(response, 422, writeRefusal(error));
  else if (error instanceof Refused)
    send(response, error.status, {
      error: { reason: 'invalid', message: `the request is refused: ${error.message}` },
    });
  // What it is stays here: it may tell of this machine.
  else send(response, 500, { error: { reason: 'failed', message: 'the browser service failed' } });
}

function send(response: ServerResponse, status: number, body: JsonObject): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
  });
  response.end(text);
}

async function bodyOf(request: IncomingMessage): Promise<JsonObject> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Uint8Array).byteLength; // nothing has set an encoding
    if (size > MOST_ASKED) throw new Refused(413, 'body');
    chunks.push(chunk as Uint8Array); // the same
  }
  let body: JsonValue;
  try {
    body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as JsonValue; // what parses is JSON
  } catch {
    throw new Refused(400, 'JSON');
  }
  if (!isJsonObject(body)) throw new Refused(400, 'JSON');
  return body;
}

const digest = (text: string): Uint8Array => createHash('sha256').update(text).digest();

const isBearer = (header: string | undefined, secret: Uint8Array): boolean =>
  header?.startsWith('Bearer ') === true && timingSafeEqual(digest(header.slice('Bearer '.length)), secret);

function urlOf(server: Server, host: string): string {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
