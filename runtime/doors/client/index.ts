import type { ArtifactPage, ArtifactPart } from '../../contracts/api/artifacts.ts';
import type { ModuleInfo } from '../../contracts/api/module.ts';
import type { ScriptRun } from '../../contracts/api/run.ts';
import type { ModuleSessionOptions, SessionOptions } from '../../contracts/api/session.ts';
import type { ToolCallOptions, ToolFacts } from '../../contracts/api/tool-call.ts';
import type { ToolInfo } from '../../contracts/api/tool-registry.ts';
import type { ToolMatch } from '../../contracts/api/tool-select.ts';
import { defined } from '../../vocabulary/defined.ts';
import type { ErrorCode, RunError } from '../../vocabulary/errors.ts';
import type { JsonValue } from '../../vocabulary/json.ts';
import { unknownName } from '../../vocabulary/nearest.ts';
import type { OutcomeJson } from '../../vocabulary/outcome-json.ts';
import { decodeFiles, encodeBytes } from './bytes.ts';
import { type ServerEvent, serverEvents } from './server-events.ts';

export type { ServerEvent } from './server-events.ts';

export interface ClientOptions {
  /** Where the server is: `http://127.0.0.1:4280`. */
  readonly url: string | URL;
  /** Its key, or one of `sandglass keys add`. */
  readonly key: string;
  /** @default the platform's own */
  readonly fetch?: (request: Request) => Promise<Response>;
}

/** The outcome of a run that began. A value is in its JSON form: a bigint is decimal text, bytes are `{ $bytes }`. */
export type RemoteOutcome = Omit<OutcomeJson, 'files'> & {
  readonly files?: Readonly<Record<string, Uint8Array>>;
};
export type RemoteToolOutcome = RemoteOutcome & ToolFacts;

/** A run as it is asked for. */
export type RemoteRun = Partial<
  Omit<
    ScriptRun,
    | ('signal' | 'onOutput' | 'caller' | 'parent' | 'observe' | 'deterministic' | 'options')
    | ('module' | 'invoke' | 'args' | 'session')
  >
> & {
  /** SHA-256 of an uploaded module, in place of `code`. */
  readonly module?: string;
  readonly invoke?: string;
  readonly args?: readonly JsonValue[];
  readonly session?: string;
  readonly priority?: ToolCallOptions['priority'];
};

/** What a session is opened with: a language, or the SHA-256 of an uploaded module. */
export type RemoteSessionOptions =
  | Omit<SessionOptions, 'signal' | 'options'>
  | (Omit<ModuleSessionOptions, 'signal' | 'options' | 'module'> & { readonly module: string });

export type RemoteCallOptions = Pick<
  ToolCallOptions,
  | 'grant'
  | 'limits'
  | 'timeoutMs'
  | 'level'
  | 'retries'
  | 'cache'
  | 'coerce'
  | 'priority'
  | 'sessionId'
  | 'metadata'
  | 'text'
  | 'trace'
> & { readonly confirm?: boolean };

export interface ServerHealth {
  readonly status: 'healthy' | 'draining' | 'unhealthy';
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly runtime: 'healthy' | 'unhealthy';
  readonly queued: number;
  readonly running: number;
  /** Workers and processes by what they do. */
  readonly cells: { readonly starting: number; readonly idle: number; readonly busy: number };
  /** Servers whose tools are among those of this one. */
  readonly remote: 'disabled' | 'healthy' | 'degraded';
}

export interface Sending {
  readonly signal?: AbortSignal;
  /** A request that is sent again with its key is done once. */
  readonly idempotencyKey?: string;
}

export interface RunState {
  readonly id: string;
  readonly state: 'queued' | 'running' | 'done';
  readonly outcome?: RemoteOutcome;
  /** The server was restarted, and of a large outcome it kept neither value nor output. */
  readonly shortened?: true;
}

export interface RunSummary {
  readonly id: string;
  readonly tool?: string;
  readonly state: RunState['state'];
  readonly askedAt: number;
  readonly ok?: boolean;
  readonly code?: ErrorCode;
}

export interface PageOptions {
  readonly limit?: number;
  readonly cursor?: string;
}

/** Whatever was refused before a run began: its status, and the error as an outcome would have it. */
export class SandglassHttpError extends Error {
  override readonly name = 'SandglassHttpError';
  readonly status: number;
  readonly code: ErrorCode;
  readonly details: RunError['details'];
  readonly hint: string | undefined;
  readonly retryable: boolean;
  /** Seconds, where the server said when to come back. */
  readonly retryAfter: number | undefined;

  constructor(status: number, error: RunError, retryAfter: number | undefined) {
    super(error.message);
    this.status = status;
    this.code = error.code;
    this.details = error.details;
    this.hint = error.hint;
    this.retryable = error.retryable;
    this.retryAfter = retryAfter;
  }
}

export type Client = ReturnType<typeof createClient>;

/**
 * A client of `sandglass serve`, for whatever has `fetch`.
 * Its calls resolve to outcomes of runs that began; they throw `SandglassHttpError` for what was refused before that.
 * @throws {TypeError} on an unknown or missing option, or one of the wrong kind.
 * @example
 * const client = createClient({ url: 'http://127.0.0.1:4280', key });
 * const { value } = await client.run({ language: 'python', code: '6 * 7' });
 */
export function createClient(options: ClientOptions) {
  checkOptions(options);
  const { url, key, fetch: send = (request: Request) => fetch(request) } = options;
  const base = new URL(url);
  const request = async (
    method: string,
    path: string,
    body?: object | Uint8Array,
    { signal, idempotencyKey }: Sending = {},
    headers: Record<string, string> = {},
  ): Promise<Response> => {
    const response = await send(
      new Request(new URL(path, base), {
        method,
        headers: {
          Authorization: `Bearer ${key}`,
          ...(body === undefined
            ? {}
            : {
                'Content-Type': body instanceof Uint8Array ? 'application/octet-stream' : 'application/json',
              }),
          ...defined({ 'Idempotency-Key': idempotencyKey }),
          ...headers,
        },
        ...(body === undefined
          ? {}
          : { body: body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body) }),
        ...defined({ signal }),
      }),
    );
    if (!response.ok) throw await failureOf(response);
    return response;
  };
  const json = async <T>(...asked: Parameters<typeof request>): Promise<T> =>
    (await (await request(...asked)).json()) as T; // what the server's document says of it
  const outcome = async <T extends RemoteOutcome>(...asked: Parameters<typeof request>): Promise<T> =>
    decodeFiles(await json<T>(...asked));
  const bytes = async (...asked: Parameters<typeof request>): Promise<Uint8Array> =>
    new Uint8Array(await (await request(...asked)).arrayBuffer());
  async function* events(...asked: Parameters<typeof request>): AsyncGenerator<ServerEvent> {
    yield* serverEvents(await request(...asked));
  }
  const STREAM = { Accept: 'text/event-stream' };
  const ASYNC = { Prefer: 'respond-async' };
  const call = (name: string, args: object, options: RemoteCallOptions) =>
    [`/v1/tools/${encodeURIComponent(name)}/call`, { ...options, args }] as const;
  const stateOf = (state: RunState): RunState =>
    state.outcome === undefined ? state : { ...state, outcome: decodeFiles(state.outcome) };

  return {
    /** Runs code or a module, and answers the outcome. */
    run: (run: RemoteRun, sending?: Sending): Promise<RemoteOutcome> =>
      outcome('POST', '/v1/runs', encodeBytes(run), sending),
    /** The same as events: `run`, `output`, `outcome`. A reader that stops cancels the run. */
    stream: (run: RemoteRun, sending?: Sending): AsyncGenerator<ServerEvent> =>
      events('POST', '/v1/runs', encodeBytes(run), sending, STREAM),
    /** Queues a run, and answers at once. */
    start: (run: RemoteRun, sending?: Sending): Promise<RunState> =>
      json('POST', '/v1/runs', encodeBytes(run), sending, ASYNC),
    runs: {
      list: (page: PageOptions = {}): Promise<{ runs: RunSummary[]; next?: string }> =>
        json('GET', `/v1/runs${query(page)}`),
      get: async (id: string): Promise<RunState> =>
        stateOf(await json('GET', `/v1/runs/${encodeURIComponent(id)}`)),
      /** What a run tells, from the start or after an event, also once it has ended. */
      follow: (id: string, { after, signal }: { after?: number; signal?: AbortSignal } = {}) =>
        events(
          'GET',
          `/v1/runs/${encodeURIComponent(id)}/events${query({ after })}`,
          undefined,
          signal === undefined ? {} : { signal },
        ),
      cancel: async (id: string): Promise<RunState> =>
        stateOf(await json('DELETE', `/v1/runs/${encodeURIComponent(id)}`)),
    },
    tools: {
      list: (
        filter: PageOptions & { search?: string; category?: string; tag?: string } = {},
      ): Promise<{ tools: Omit<ToolInfo, 'uses' | 'path'>[]; next?: string }> =>
        json('GET', `/v1/tools${query(filter)}`),
      search: async (words: string, limit?: number): Promise<readonly ToolMatch[]> =>
        (await json<{ tools: ToolMatch[] }>('GET', `/v1/tool-search${query({ query: words, limit })}`)).tools,
      info: (name: string): Promise<Omit<ToolInfo, 'uses' | 'path'>> =>
        json('GET', `/v1/tools/${encodeURIComponent(name)}`),
      call: (
        name: string,
        args: object = {},
        options: RemoteCallOptions = {},
        sending?: Sending,
      ): Promise<RemoteToolOutcome> => outcome('POST', ...call(name, args, options), sending),
      stream: (name: string, args: object = {}, options: RemoteCallOptions = {}, sending?: Sending) =>
        events('POST', ...call(name, args, options), sending, STREAM),
      /** Outcomes in the order of the calls. */
      callMany: async (
        calls: readonly (RemoteCallOptions & { readonly tool: string; readonly args?: object })[],
        sending?: Sending,
      ): Promise<readonly RemoteToolOutcome[]> =>
        (await json<{ outcomes: RemoteToolOutcome[] }>('POST', '/v1/calls', { calls }, sending)).outcomes,
    },
    artifacts: {
      read: (id: string, page: ArtifactPage = {}): Promise<ArtifactPart> =>
        json('GET', `/v1/artifacts/${encodeURIComponent(id)}${query({ ...page })}`),
    },
    modules: {
      /** Keeps a `.wasm`; runs name it by its hash. */
      upload: (bytes: Uint8Array): Promise<ModuleInfo & { readonly hash: string; readonly bytes: number }> =>
        json('POST', '/v1/modules', bytes, {}, { 'Content-Type': 'application/wasm' }),
    },
    sessions: {
      open: (options: RemoteSessionOptions): Promise<{ readonly name: string }> =>
        json('POST', '/v1/sessions', options),
      /** A copy of bytes of the memory of the module that a session keeps, once a run has called it. */
      readMemory: (name: string, offset: number, length: number): Promise<Uint8Array> =>
        bytes('GET', `${memoryOf(name)}${query({ offset, length })}`),
      writeMemory: async (name: string, offset: number, content: Uint8Array): Promise<void> => {
        await request('PUT', `${memoryOf(name)}${query({ offset })}`, content);
      },
      close: (name: string): Promise<{ readonly name: string; readonly closed: boolean }> =>
        json('DELETE', `/v1/sessions/${encodeURIComponent(name)}`),
    },
    health: (): Promise<ServerHealth> => json('GET', '/health'),
  };
}

/** Smaller than what other factories check theirs with: this one is loaded by pages. */
function checkOptions(given: unknown): void {
  if (typeof given !== 'object' || given === null)
    throw new TypeError('Cannot create a client: expected an object of options, with url, key');
  const known = ['url', 'key', 'fetch'];
  for (const name of Object.keys(given))
    if (!known.includes(name)) throw unknownName('create a client: unknown option', name, known);
  const { url, key, fetch } = given as Partial<Record<keyof ClientOptions, unknown>>; // looked at below
  if (!(url instanceof URL) && (typeof url !== 'string' || !URL.canParse(url)))
    throw new TypeError('Cannot create a client: url is not the address of a server');
  if (typeof key !== 'string' || key === '') throw new TypeError('Cannot create a client: key is not a text');
  if (fetch !== undefined && typeof fetch !== 'function')
    throw new TypeError('Cannot create a client: fetch is not a function');
}

const memoryOf = (name: string): string => `/v1/sessions/${encodeURIComponent(name)}/memory`;

function query(fields: Readonly<Record<string, string | number | undefined>> | PageOptions): string {
  const given = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return given.length === 0 ? '' : `?${given.join('&')}`;
}

async function failureOf(response: Response): Promise<SandglassHttpError> {
  const body: { readonly error?: RunError } = await response.json().catch(() => ({})); // a proxy may answer a page
  const error = body.error ?? {
    code: 'HOST_CALL_FAILED',
    message: `Cannot use the server: it answered ${response.status}`,
    retryable: response.status >= 500,
  };
  const after = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new SandglassHttpError(response.status, error, Number.isFinite(after) ? after : undefined);
}
