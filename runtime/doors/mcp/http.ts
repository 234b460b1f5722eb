import {
  createMcpHandler,
  InMemoryServerEventBus,
  isLegacyRequest,
  type Server,
  type ServerContext,
  type ServerEventBus,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import { createConfirmations } from './confirm.ts';
import type { McpDoor, Speaker } from './door.ts';
import type { McpOffers } from './offers.ts';
import { createMcpServer } from './server.ts';
import { createListedTasks } from './tasks.ts';

export interface McpHttp {
  /**
   * @param speaker Who was let in.
   * @param message What the body of a POST says, where it was read already; the request itself needs none then.
   */
  fetch(request: Request, speaker: Speaker, message?: unknown): Promise<Response>;
  close(): Promise<void>;
}

export interface McpHttpOptions {
  /** Body of one request, bytes. @default 16 MiB */
  readonly maxBodyBytes?: number;
  /** Sessions of the revision 2025-11-25 that are open at once. @default 1,000 */
  readonly maxSessions?: number;
  /** How long one may be idle, ms. @default 1,800,000 */
  readonly idleMs?: number;
  /** Signs what clients hold between the rounds of a question, 32 bytes or more. @default a fresh one */
  readonly key?: Uint8Array;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

interface LegacySession {
  readonly transport: WebStandardStreamableHTTPServerTransport;
  readonly server: Server;
  /** Id of whoever opened it. */
  readonly owner: string;
  usedAt: number;
  /** Requests of it that are being answered. */
  open: number;
}

/** MCP over streamable HTTP: 2026-07-28 without sessions, 2025-11-25 with them, from the same handlers. */
export function createMcpHttp(door: McpDoor, options: McpHttpOptions = {}): McpHttp {
  const { maxBodyBytes = 16 * 1024 * 1024, now = () => performance.now() } = options;
  const confirmations = createConfirmations(options.key ?? crypto.getRandomValues(new Uint8Array(32)));
  const listed = createListedTasks();
  const onerror = (): undefined => undefined; // of what clients sent wrongly; they were answered
  const modern = createMcpHandler(
    () => createMcpServer({ door, confirmations, speakerOf, tellsChanges: false, listed }),
    { legacy: 'reject', maxRequestBodySize: maxBodyBytes, onerror, bus: createBus(door.offers) },
  );
  const stop = door.tools.onChange(() => modern.notify.toolsChanged());
  const sessions = createLegacySessions(
    { maxSessions: 1_000, idleMs: 1_800_000, ...options, maxBodyBytes, now },
    () => createMcpServer({ door, confirmations, speakerOf, tellsChanges: true, listed }),
  );
  return {
    async fetch(request, speaker, message) {
      const authInfo = {
        token: '',
        clientId: speaker.caller?.id ?? '',
        scopes: [...(speaker.caller?.permissions ?? [])],
        extra: { speaker },
      };
      // Classified as it is read; a body that is too large goes to the modern handler, which refuses it.
      if (await isLegacyRequest(request, message, { maxRequestBodySize: maxBodyBytes }))
        return sessions.fetch(request, authInfo, message);
      return modern.fetch(request, { authInfo, parsedBody: message });
    },
    async close() {
      stop();
      await Promise.all([modern.close(), sessions.close()]);
    },
  };
}

/** What streams of `subscriptions/listen` are told. Which resources one of them wants is not known here: while one is open, all are watched. */
function createBus(offers: McpOffers | undefined): ServerEventBus {
  const bus = new InMemoryServerEventBus();
  const watches = new Set<() => void>();
  let streams = 0;
  return {
    publish: (event) => bus.publish(event),
    subscribe(listener) {
      const unsubscribe = bus.subscribe(listener);
      streams += 1;
      if (streams === 1 && offers !== undefined)
        for (const uri of offers.watched)
          watches.add(offers.onChange(uri, () => bus.publish({ kind: 'resource_updated', uri })));
      let isOver = false;
      return () => {
        unsubscribe();
        if (isOver) return;
        isOver = true;
        streams -= 1;
        if (streams > 0) return;
        for (const stop of watches) stop();
        watches.clear();
      };
    },
  };
}

/** As `fetch` above has put it there. */
const speakerOf = ({ http }: ServerContext): Speaker => http?.authInfo?.extra?.speaker as Speaker;

interface Auth {
  readonly token: string;
  readonly clientId: string;
  readonly scopes: string[];
  readonly extra: Record<string, unknown>;
}

function createLegacySessions(
  {
    maxSessions,
    idleMs,
    maxBodyBytes,
    now,
  }: { maxSessions: number; idleMs: number; maxBodyBytes: number; now: () => number },
  createServer: () => Server,
): {
  fetch(request: Request, authInfo: Auth, message: unknown): Promise<Response>;
  close(): Promise<void>;
} {
  const sessions = new Map<string, LegacySession>();
  const drop = async (id: string): Promise<void> => {
    const session = sessions.get(id);
    sessions.delete(id);
    await session?.server.close();
  };
  const sweep = async (): Promise<void> => {
    for (const [id, { usedAt, open }] of sessions) if (open === 0 && now() - usedAt >= idleMs) await drop(id);
    if (sessions.size < maxSessions) return;
    const [oldest] = [...sessions]
      .filter(([, { open }]) => open === 0)
      .sort(([, a], [, b]) => a.usedAt - b.usedAt);
    if (oldest !== undefined) await drop(oldest[0]);
  };
  const begin = async (request: Request, authInfo: Auth, message: unknown): Promise<Response> => {
    await sweep();
    if (sessions.size >= maxSessions) return refused(503, -32000, 'too many sessions are open', '1');
    const server = createServer();
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => crypto.randomUUID(),
      maxRequestBodySize: maxBodyBytes,
      onsessioninitialized: (id) =>
        void sessions.set(id, { transport, server, owner: authInfo.clientId, usedAt: now(), open: 0 }),
      onsessionclosed: (id) => void sessions.delete(id),
    });
    await server.connect(transport);
    const response = await transport.handleRequest(request, { authInfo, parsedBody: message });
    // What was not the beginning of a session leaves nothing behind.
    if (transport.sessionId === undefined) await server.close();
    return response;
  };
  return {
    async fetch(request, authInfo, message) {
      const id = request.headers.get('mcp-session-id');
      if (id === null) return begin(request, authInfo, message);
      const session = sessions.get(id);
      // Another's session is not told apart from none.
      if (session === undefined || session.owner !== authInfo.clientId)
        return refused(404, -32001, 'there is no such session, begin one with initialize');
      session.usedAt = now();
      session.open += 1;
      try {
        return await session.transport.handleRequest(request, { authInfo, parsedBody: message });
      } finally {
        session.open -= 1;
        session.usedAt = now();
      }
    },
    async close() {
      await Promise.all([...sessions.keys()].map(drop));
    },
  };
}

const refused = (status: number, code: number, reason: string, retryAfter?: string): Response =>
  Response.json(
    { jsonrpc: '2.0', id: null, error: { code, message: `Cannot answer: ${reason}` } },
    { status, headers: retryAfter === undefined ? {} : { 'Retry-After': retryAfter } },
  );
