import { Buffer } from 'node:buffer';
import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type {
  BrowserDriver,
  BrowserServerOptions,
  DriverSession,
  OriginNetwork,
  OriginRules,
  RunningBrowserServer,
} from '../../runtime/contracts/operations/browser.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../runtime/vocabulary/json.ts';
import { BrowserRefusal } from './browser-refusal.ts';
import { MOST_ASKED, writeAnswer, writeRefusal } from './service-messages.ts';

/** One session, and what the call that is under way brings. */
interface Served {
  readonly session: DriverSession;
  network: OriginNetwork | undefined;
  stayed: string[];
  idle: ReturnType<typeof setTimeout> | undefined;
}

class Refused extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * Lets runtimes elsewhere use the browser of this process, by messages over HTTP. Whoever has the token may open sessions; what their pages load goes
 * through the proxies that they name.
 */
export async function startBrowserServer(
  driver: BrowserDriver,
  rules: OriginRules,
  { token, host = '127.0.0.1', port = 0, maxSessions = 8, idleMs = 300_000 }: BrowserServerOptions,
): Promise<RunningBrowserServer> {
  const sessions = new Map<string, Served>();
  const secret = digest(token);
  const end = async (id: string): Promise<void> => {
    const served = sessions.get(id);
    sessions.delete(id);
    clearTimeout(served?.idle);
    await served?.session.close().catch(() => undefined); // its browser may have ended before it
    if (sessions.size === 0) await driver.close();
  };
  const rest = (id: string, served: Served): void => {
    clearTimeout(served.idle);
    served.idle = setTimeout(() => void end(id), idleMs);
    served.idle.unref();
  };

  const open = async (asked: JsonObject): Promise<JsonObject> => {
    if (sessions.size >= maxSessions)
      throw new BrowserRefusal('busy', `${maxSessions} browser sessions are open`, 'Close one, or try again later');
    const { server, username, password } = isJsonObject(asked.proxy ?? null) ? (asked.proxy as JsonObject) : {};
    const { maxPages, downloads } = asked;
    if (typeof server !== 'string' || typeof username !== 'string' || typeof password !== 'string')
      throw new Refused(400, 'proxy');
    if (typeof maxPages !== 'number' || !Number.isInteger(maxPages) || maxPages < 1 || maxPages > 32)
      throw new Refused(400, 'maxPages');
    const served: Omit<Served, 'session'> & { session?: DriverSession } = {
      network: undefined,
      stayed: [],
      idle: undefined,
    };
    served.session = await driver.open({
      proxy: { server, username, password },
      maxPages,
      downloads: downloads === true,
      origins: () => [],
      covers: (text) => {
        const url = URL.parse(text);
        if (url === null) return false;
        return !/^https?:$/.test(url.protocol) || served.network?.covers(url) === true;
      },
      stayed: (url) => {
        if (served.stayed.length < 32) served.stayed.push(url);
      },
    });
    const id = randomUUID();
    const kept = served as Served; // it has a session now
    sessions.set(id, kept);
    rest(id, kept);
    return { id };
  };

  const act = async (id: string, { verb, args, timeoutMs, origins }: JsonObject): Promise<JsonObject> => {
    const served = sessions.get(id);
    if (served === undefined) throw new BrowserRefusal('closed', 'the session has ended');
    if (typeof verb !== 'string' || args === undefined || !isJsonObject(args)) throw new Refused(400, 'verb');
    if (typeof timeoutMs !== 'number' || !(timeoutMs >= 1 && timeoutMs <= 300_000)) throw new Refused(400, 'timeoutMs');
    if (!Array.isArray(origins) || !origins.every((one) => typeof one === 'string')) throw new Refused(400, 'origins');
    const allowed = origins as readonly string[]; // each was just looked at
    rules.check(allowed, 'origins');
    served.network = rules.open(allowed);
    served.stayed = [];
    clearTimeout(served.idle);
    try {
      const answer = await served.session.act(verb, args, timeoutMs);
      return writeAnswer({ answer, url: served.session.url(), stayed: served.stayed });
    } catch (error) {
      if (!(error instanceof BrowserRefusal)) throw error;
      throw new Told(error, writeAnswer({ answer: {}, url: served.session.url(), stayed: served.stayed }));
    } finally {
      served.network = undefined;
      rest(id, served);
    }
  };

  const answer = async (request: IncomingMessage): Promise<JsonObject> => {
    const [, first, id, more] = (request.url ?? '').split('/');
    if (!isBearer(request.headers.authorization, secret)) throw new Refused(401, 'token');
    if (first !== 'sessions' || more !== undefined) throw new Refused(404, 'path');
    if (request.method === 'DELETE' && id !== undefined) {
      await end(id);
      return {};
    }
    if (request.method !== 'POST') throw new Refused(405, 'method');
    const asked = await bodyOf(request);
    return id === undefined ? open(asked) : act(id, asked);
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
      await Promise.all([...sessions.keys()].map(end));
      await driver.close();
    },
  };
}

/** A refusal, with where the page is. */
class Told extends Error {
  readonly refusal: BrowserRefusal;
  readonly facts: JsonObject;
  constructor(refusal: BrowserRefusal, facts: JsonObject) {
    super(refusal.message);
    this.refusal = refusal;
    this.facts = facts;
  }
}

function sendFailure(response: ServerResponse, error: unknown): void {
  if (error instanceof Told) send(response, 422, { ...error.facts, ...writeRefusal(error.refusal) });
  else if (error instanceof BrowserRefusal) send(response, 422, writeRefusal(error));
  else if (error instanceof Refused) send(response, error.status, { error: { reason: 'invalid', message: `the request is refused: ${error.message}` } });
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
