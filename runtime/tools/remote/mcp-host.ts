import {
  type CallToolResult,
  Client,
  ProtocolError,
  SdkError,
  SdkErrorCode,
  StreamableHTTPClientTransport,
  type Tool,
  type Transport,
  UnauthorizedError,
} from '@modelcontextprotocol/client';
import type { Secret } from '../../contracts/host-function.ts';
import type { ServerPowers, ServerRequests } from '../../contracts/server-powers.ts';
import { defined } from '../../vocabulary/defined.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import type { JsonObject } from '../../vocabulary/json.ts';
import { createPipeTransport } from './pipe-transport.ts';
import type { CommandPlace, ServerSettings, UrlPlace } from './read-server.ts';
import { failedCall, noSecret, unreachable } from './remote-errors.ts';
import { createServerAuth, isPlace, type ServerAuth, type ServerAuthOptions } from './server-auth.ts';
import type { HostCall, HostOpening, HostTool, OpenHost, ToolHost } from './tool-host.ts';

/** Pages of one list. */
const MOST_PAGES = 10;
/** Progress of one call that is told on. */
const MOST_PROGRESS = 1_000;
/** An old server on a pipe may say nothing to what it does not know. */
const PROBE_MS = 3_000;
/** Changes that come at once are one. */
const DEBOUNCE_MS = 200;

/** A server of MCP of either revision, over pipes or HTTP. */
export const openMcpHost: OpenHost = async (opening, signal): Promise<ToolHost> => {
  const { settings } = opening;
  const opened = await openTransport(opening, signal);
  const { complaint, auth } = opened;
  const redact = redactorOf(() => [...opened.traces, ...(auth?.traces() ?? [])]);
  const fail = (error: unknown, what: string): SandglassError =>
    toSandglassError(error, what, settings.name, redact, complaint);
  let client = createClient(opening);
  let { transport } = opened;
  try {
    await signedIn(
      auth,
      () => client.connect(transport, { signal, timeout: settings.connectTimeoutMs }),
      async (answer) => {
        if (transport instanceof StreamableHTTPClientTransport) await transport.finishAuth(answer);
        // A client that could not connect is done with.
        await client.close().catch(() => undefined);
        client = createClient(opening);
        transport = opened.again();
      },
    );
  } catch (error) {
    await client.close().catch(() => undefined); // the reason is the error before
    await opened.close();
    throw fail(error, 'connect to');
  }
  const again = async (answer: URLSearchParams): Promise<void> => {
    if (transport instanceof StreamableHTTPClientTransport) await transport.finishAuth(answer);
  };
  const { name, version } = client.getServerVersion() ?? {};
  return {
    about: defined({ name, version, revision: client.getNegotiatedProtocolVersion() }),
    async list(ended) {
      try {
        const { tools } = await signedIn(
          auth,
          () =>
            client.listTools(undefined, {
              signal: ended,
              timeout: settings.connectTimeoutMs,
              cacheMode: 'refresh',
            }),
          again,
        );
        return tools.slice(0, settings.maxTools + 1).map((tool) => toHostTool(redact(tool)));
      } catch (error) {
        throw fail(error, 'list the tools of');
      }
    },
    async call(tool, args, call) {
      let answer: CallToolResult;
      try {
        answer = redact(
          await signedIn(
            auth,
            () => client.callTool({ name: tool, arguments: { ...args } }, requestOf(call)),
            again,
          ),
        );
      } catch (error) {
        throw fail(error, `call ${tool.slice(0, 64)} of`);
      }
      return answerOf(answer, tool);
    },
    close: async () => {
      await client.close();
      await opened.close();
    },
  };
};

/** Questions of one piece of work: a server may ask for more scopes than it said at first. */
const MOST_SIGN_INS = 2;

/** Does what a server may refuse until its person has signed in; then it is done again. */
async function signedIn<T>(
  auth: ServerAuth | undefined,
  work: () => Promise<T>,
  finish: (answer: URLSearchParams) => Promise<void>,
): Promise<T> {
  for (let round = 0; ; round++) {
    try {
      return await work();
    } catch (error) {
      const answer = auth?.takeAnswer();
      if (answer === undefined || round === MOST_SIGN_INS) throw error;
      await finish(answer);
    }
  }
}

const createClient = ({ settings, onChange }: HostOpening): Client => {
  const signs = 'signIn' in settings.at && settings.at.signIn !== undefined;
  const client = new Client(
    { name: 'sandglass', version: '1.0.0' },
    {
      // Nothing is offered to servers: no model, no folders, nobody to ask.
      capabilities: {},
      versionNegotiation: {
        mode: 'auto',
        // A person who signs in takes longer than a server that says nothing.
        probe: {
          timeoutMs: signs ? settings.connectTimeoutMs : Math.min(PROBE_MS, settings.connectTimeoutMs / 2),
        },
      },
      listMaxPages: MOST_PAGES,
      listChanged: {
        tools: { autoRefresh: false, debounceMs: DEBOUNCE_MS, onChanged: () => onChange() },
      },
      // What tools answer is checked by their manifests, with patterns that are matched in linear time.
      jsonSchemaValidator: {
        getValidator: () => (value) => ({ valid: true, data: value as never, errorMessage: undefined }),
      },
    },
  );
  client.onerror = () => undefined; // what concerns a call is thrown where it is made
  return client;
};

interface Opened {
  readonly transport: Transport;
  /** Another one to the same place. */
  readonly again: () => Transport;
  readonly auth: ServerAuth | undefined;
  /** Lets go of what its transports shared. */
  readonly close: () => Promise<void>;
  readonly complaint: () => string;
  /** Texts that would give a secret away. */
  readonly traces: readonly string[];
}

async function openTransport(opening: HostOpening, signal: AbortSignal): Promise<Opened> {
  const { at } = opening.settings;
  return 'command' in at ? openPipes(at, opening, signal) : openHttp(at, opening);
}

async function openPipes(
  { command, args, env: given, cwd }: CommandPlace,
  { settings, powers, secret, onClosed }: HostOpening,
  signal: AbortSignal,
): Promise<Opened> {
  const traces: string[] = [];
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    const text = typeof value === 'string' ? value : textOf(await secret(value.secret));
    if (text === undefined) throw noSecret(settings.name, typeof value === 'string' ? name : value.secret);
    if (typeof value !== 'string') traces.push(text);
    env[name] = text;
  }
  const process = await spawnWith(powers, settings.name)({ command, args, env, cwd });
  const transport = createPipeTransport(process, settings.maxMessageBytes, onClosed);
  // By these two fields the client of the protocol knows a pipe, on which silence means an old server.
  Object.assign(transport, { stderr: null, pid: null });
  signal.addEventListener('abort', () => void transport.close(), { once: true });
  return {
    transport,
    again: () => transport,
    auth: undefined,
    close: async () => undefined,
    complaint: process.complaint,
    traces,
  };
}

const spawnWith = ({ spawn }: ServerPowers, name: string) => {
  if (spawn !== undefined) return spawn;
  throw new SandglassError(
    'UNSUPPORTED',
    `Cannot connect to the server ${name}: this platform starts no programs`,
    { hint: 'Reach the server by a URL' },
  );
};

async function openHttp(
  { url, headers, secret: named, signIn }: UrlPlace,
  { settings, powers, secret, onClosed }: HostOpening,
): Promise<Opened> {
  const { connect } = powers;
  if (connect === undefined)
    throw new SandglassError(
      'UNSUPPORTED',
      `Cannot connect to the server ${settings.name}: this platform reaches none`,
    );
  const credential = named === undefined ? undefined : await secret(named);
  if (named !== undefined && credential === undefined) throw noSecret(settings.name, named);
  const { maxMessageBytes } = settings;
  const requests = await connect({ url, headers, secret: credential, maxMessageBytes });
  const auth = signIn === undefined ? undefined : authOf({ settings, signIn, url, secret });
  const elsewhere = createElsewhere(url, settings, connect);
  const open = (): Transport => {
    const transport = new StreamableHTTPClientTransport(url, {
      fetch: (input, init) =>
        auth === undefined || new URL(String(input)).origin === url.origin
          ? requests.fetch(input, asText(init))
          : elsewhere.fetch(new URL(String(input)), asText(init)),
      ...(auth === undefined ? {} : { authProvider: auth.provider }),
      requestInit: { redirect: 'manual' },
      reconnectionOptions: {
        initialReconnectionDelay: 500,
        maxReconnectionDelay: 10_000,
        reconnectionDelayGrowFactor: 2,
        maxRetries: 3,
      },
    });
    const end = transport.close.bind(transport);
    transport.close = async () => {
      await transport.terminateSession().catch(() => undefined); // the server ends it by itself, later
      await end();
    };
    return transport;
  };
  return {
    transport: open(),
    again: open,
    auth,
    close: async () => {
      await Promise.all([requests.close(), elsewhere.close()]);
      onClosed('it was closed');
    },
    complaint: () => '',
    traces: requests.traces,
  };
}

/** One for each server, whatever becomes of the connections to it: who is signed in stays so. */
const auths = new WeakMap<ServerSettings, ServerAuth>();

function authOf(options: ServerAuthOptions & { readonly settings: ServerSettings }): ServerAuth {
  const auth = auths.get(options.settings) ?? createServerAuth(options);
  auths.set(options.settings, auth);
  return auth;
}

/** Requests for tokens and for what is told of them have forms for bodies. */
const asText = (init: RequestInit | undefined): RequestInit | undefined =>
  init?.body instanceof URLSearchParams ? { ...init, body: String(init.body) } : init;

/** Those that give tokens, or tell of it, beside the server itself. */
const MOST_ELSEWHERE = 4;

/**
 * Requests to whom a server names as the one that gives tokens: by https, or on this machine where the server is on it, with nothing of the
 * server's own.
 */
function createElsewhere(
  server: URL,
  { name, maxMessageBytes }: ServerSettings,
  connect: NonNullable<ServerPowers['connect']>,
): { fetch(url: URL, init: RequestInit | undefined): Promise<Response>; close(): Promise<void> } {
  const opened = new Map<string, Promise<ServerRequests>>();
  return {
    async fetch(url, init) {
      const known = opened.get(url.origin);
      if (known === undefined && (!isPlace(url, server) || opened.size >= MOST_ELSEWHERE))
        throw unreachable('sign in to', name, {
          reason: 'refused',
          told: `it names ${url.origin}, which is no place for tokens`,
          retryable: false,
        });
      const requests = known ?? connect({ url, headers: {}, secret: undefined, maxMessageBytes });
      opened.set(url.origin, requests);
      return (await requests).fetch(url, init);
    },
    close: async () => {
      for (const requests of opened.values()) await (await requests).close();
    },
  };
}

const textOf = (secret: Secret | undefined): string | undefined =>
  secret === undefined
    ? undefined
    : secret.kind === 'bearer'
      ? secret.token
      : secret.kind === 'header'
        ? secret.value
        : undefined;

function requestOf({ signal, remainingMs, onProgress }: HostCall) {
  let told = 0;
  return {
    signal,
    // The deadline of the call ends it; this one is for what nobody waits for any more.
    timeout: Math.max(1, remainingMs() + 1_000),
    onprogress: (progress: {
      progress: number;
      total?: number | undefined;
      message?: string | undefined;
    }) => {
      told += 1;
      if (told > MOST_PROGRESS) return;
      const { message, total } = progress;
      onProgress({ progress: progress.progress, ...defined({ total, message: message?.slice(0, 1_000) }) });
    },
  };
}

/** `*` in the place of secrets, in whatever came. */
function redactorOf(traces: () => readonly string[]): <T>(value: T) => T {
  return (value) => {
    const found = traces().filter((trace) => trace.length >= 6);
    if (found.length === 0) return value;
    const forms = [...new Set(found.flatMap((trace) => [trace, JSON.stringify(trace).slice(1, -1)]))];
    const text = JSON.stringify(value);
    if (text === undefined || !forms.some((form) => text.includes(form))) return value;
    return JSON.parse(forms.reduce((clean, form) => clean.replaceAll(form, '*'.repeat(8)), text));
  };
}

const toHostTool = ({
  name,
  description,
  title,
  inputSchema,
  outputSchema,
  annotations,
}: Tool): HostTool => ({
  name,
  description: description ?? title ?? annotations?.title ?? '',
  // Whether they are schemas is looked at where they are registered.
  input: inputSchema as unknown as JsonObject,
  ...defined({ output: outputSchema as unknown as JsonObject | undefined }),
  ...defined({ destructive: annotations?.destructiveHint }),
  ...defined({ idempotent: annotations?.readOnlyHint === true ? true : annotations?.idempotentHint }),
});

/** Structured content, else the text, else all of its parts. @throws {SandglassError} GUEST_THREW for an error that the tool tells. */
function answerOf({ content = [], structuredContent, isError }: CallToolResult, tool: string): unknown {
  const texts = content.flatMap((part) => (part.type === 'text' ? [part.text] : []));
  if (isError === true) throw failedCall(tool, texts.join('\n'), structuredContent);
  if (structuredContent !== undefined) return structuredContent;
  if (texts.length === content.length) return texts.join('\n');
  return { content };
}

function toSandglassError(
  error: unknown,
  what: string,
  server: string,
  redact: (text: string) => string,
  complaint: () => string,
): SandglassError {
  const inner = causeOf(error);
  if (inner !== undefined) return inner;
  if (error instanceof ProtocolError)
    return unreachable(what, server, {
      reason: 'protocol',
      told: redact(`it answered error ${error.code}: ${error.message.slice(0, 500)}`),
      retryable: false,
    });
  const code = error instanceof SdkError ? error.code : undefined;
  const status = (error as { readonly data?: { readonly status?: unknown } }).data?.status;
  if (status === 401 || status === 403 || error instanceof UnauthorizedError)
    return unreachable(what, server, {
      reason: 'refused',
      told: `it answered ${Number(status ?? 401)}: the key was refused, or there is none`,
      hint: 'Name a secret of the runtime that holds its key, as "secret" of the server; or give it "oauth", and sign in',
      retryable: false,
    });
  if (typeof status === 'number')
    return unreachable(what, server, {
      reason: 'protocol',
      told: `it answered ${status}`,
      retryable: status === 429 || status >= 500,
    });
  const late = code === SdkErrorCode.RequestTimeout;
  const text = error instanceof Error ? error.message : String(error);
  const wrote = complaint();
  const ended = code === SdkErrorCode.ConnectionClosed ? 'it ended' : text.slice(0, 500);
  const said = late ? 'it did not answer in time' : ended;
  return unreachable(what, server, {
    reason: late ? 'timeout' : code === SdkErrorCode.ConnectionClosed ? 'closed' : 'protocol',
    told: redact(`${said}${wrote === '' ? '' : `; it wrote: ${wrote.slice(-500)}`}`),
    retryable: late || code === SdkErrorCode.ConnectionClosed || code === SdkErrorCode.NotConnected,
  });
}

/** One of ours, however deep the client of the protocol has wrapped it. */
function causeOf(error: unknown, depth = 0): SandglassError | undefined {
  if (error instanceof SandglassError) return error;
  if (depth > 4 || !(error instanceof Error)) return undefined;
  return (
    causeOf(error.cause, depth + 1) ??
    causeOf((error as { data?: { cause?: unknown } }).data?.cause, depth + 1)
  );
}
