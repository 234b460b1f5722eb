import { Hono } from 'hono';
import { cors } from 'hono/cors';
import { createRates, type Rates } from '../../auth/rates.ts';
import type { SignIns } from '../../auth/sign-ins.ts';
import { createSuspicion, type SuspicionOptions, type Suspicious } from '../../auth/suspicion.ts';
import type { RuntimeHealth } from '../../contracts/api/health.ts';
import type { Runtime } from '../../contracts/api/runtime.ts';
import type { Queue } from '../../contracts/queue.ts';
import { type Alert, createAlerts } from '../../observe/alerts.ts';
import type { Log } from '../../observe/log.ts';
import { createMetrics } from '../../observe/metrics.ts';
import { checkField, checkFields, type FieldKind } from '../../vocabulary/check-fields.ts';
import { defined } from '../../vocabulary/defined.ts';
import type { Grant } from '../../vocabulary/grant.ts';
import { guarded, guardedClock } from '../../vocabulary/guarded.ts';
import type { Rate } from '../../vocabulary/policy.ts';
import { wholeNumber } from '../../vocabulary/read-options.ts';
import { MIB } from '../../vocabulary/units.ts';
import { createArtifactBook } from '../../work/artifact-book.ts';
import type { RunJournal } from '../../work/run-journal.ts';
import type { RunRecord } from '../../work/run-records.ts';
import { createRunService } from '../../work/run-service.ts';
import { createRunStore, type RunStoreOptions } from '../../work/run-store.ts';
import { type McpPrompt, type McpResource, readOffers } from '../mcp/offers.ts';
import { type AccessOptions, checkKey, checkSender, LOOPBACK_HOSTS } from './access.ts';
import { addHeaders } from './add-headers.ts';
import { answerErrors } from './answer-errors.ts';
import { createBodyBudget } from './body-budget.ts';
import { countCalls } from './count-calls.ts';
import type { DoorPolicy } from './door-policy.ts';
import { createEventBacklog } from './event-backlog.ts';
import { createIdempotency } from './idempotency.ts';
import { logRequests } from './log-requests.ts';
import type { ModuleStore } from './module-store.ts';
import { type ProtectedResource, protectedResourceRoutes } from './protected-resource.ts';
import { type DoorEnv, mountRoutes, type Route } from './route.ts';
import { auditRoutes, type FindAudit } from './routes/audit.ts';
import { healthRoutes } from './routes/health.ts';
import { mcpRoutes } from './routes/mcp.ts';
import { dashboardRoutes, metricsRoutes } from './routes/metrics.ts';
import { moduleRoutes } from './routes/modules.ts';
import { referenceRoutes } from './routes/reference.ts';
import { runRoutes } from './routes/runs.ts';
import { sessionRoutes } from './routes/sessions.ts';
import { callbackRoute, signInRoutes } from './routes/sign-ins.ts';
import { toolRoutes } from './routes/tools.ts';
import { createSessionDoor } from './session-door.ts';

export interface HttpAppOptions {
  /** Without `sessions`, none can be opened here; without `tools` and `artifacts`, none are served. */
  readonly runtime: Pick<Runtime, 'run'> &
    Partial<Pick<Runtime, 'sessions' | 'tools' | 'artifacts' | 'on' | 'health'>>;
  readonly scheduler: Queue;
  readonly modules: ModuleStore;
  /** Bearer key that everything but `/health` needs, 1 or more visible characters. */
  readonly key: string;
  /** Whom another key stands for: the caller of all that is done with it. @default nobody */
  readonly holderOf?: AccessOptions['holderOf'];
  /** What clients of MCP, and others with tokens, are told of where to get one. @default nothing: the door takes keys only */
  readonly oauth?: ProtectedResource;
  /** Services that callers sign in to, so that tools act for them there. @default none: `/v1/auth` is not there */
  readonly signIns?: SignIns;
  /** Calls of one caller in a span of time: runs, calls of tools, requests of MCP. @default no limit */
  readonly rate?: Rate;
  /** Where calls are counted. @default in this process */
  readonly rates?: Rates;
  /** How long a call over its rate may wait for its turn, ms, at most 50 of a caller at a time. @default 0: it is refused at once */
  readonly throttleMs?: number;
  /** When a caller that is refused again and again is told of, and blocked. @default told to nobody, blocked never */
  readonly suspicion?: SuspicionOptions;
  /** Host names that requests may be sent to. `any` only behind a proxy that checks them. @default names of the loopback interface */
  readonly hosts?: AccessOptions['hosts'];
  /** Web origins whose pages may call, e.g. `https://app.example.com`. @default none */
  readonly origins?: readonly string[];
  /** What clients may be granted. @default whatever the runtime's own policy lets through */
  readonly policy?: DoorPolicy;
  /** Body of `POST /v1/runs`, bytes. @default 8 MiB */
  readonly maxBodyBytes?: number;
  /** Body of `POST /v1/modules`, bytes. @default 64 MiB */
  readonly maxModuleBytes?: number;
  /** Body of `POST /mcp`. @default 16 MiB */
  readonly maxMcpBytes?: number;
  /** All bodies that are being read, or wait with their runs, together, bytes. Over it: QUEUE_FULL. @default 256 MiB */
  readonly maxHeldBytes?: number;
  readonly store?: RunStoreOptions;
  /** Remembers runs for a later process, and knows those of earlier ones. @default runs are forgotten with this process */
  readonly journal?: RunJournal;
  /** Told to clients of MCP. */
  readonly mcp?: {
    /** Of what serves. @default '0.0.0' */
    readonly version?: string;
    readonly instructions?: string;
    /** Signs what clients hold while their person is asked, 32 bytes or more. @default a fresh one */
    readonly key?: Uint8Array;
    /** How long a call goes on until a client that knows tasks is given one, ms. @default 2_000 */
    readonly taskAfterMs?: number;
    /** Texts that a person picks in a client. */
    readonly prompts?: readonly McpPrompt[];
    /** What clients may read beside the whole results of calls. */
    readonly resources?: readonly McpResource[];
    /** Offers `run_code` and `search_tools` in place of the tools; what code may touch beside them. */
    readonly code?: { readonly grant: Omit<Grant, 'tools'> };
  };
  /** Finds lines of the audit, for `GET /v1/audit`: `(filter) => queryAudit(dir, filter)`. @default there is no such route */
  readonly audit?: FindAudit;
  /** Takes a line for each request. @default none */
  readonly log?: Pick<Log, 'write'>;
  /** Told of alerts: many failures, slow calls. @default nobody is told, and the dashboard shows them */
  readonly onAlert?: (alert: Alert) => void;
  /** Told of errors that are bugs; `id` is the one that the caller was shown. @default nothing is told */
  readonly onFault?: (error: unknown, id: string) => void;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** Milliseconds that only go on. */
  readonly monotonic?: () => number;
}

const WHERE = 'open the HTTP door';
const FIELDS: Readonly<Record<keyof HttpAppOptions, FieldKind>> = {
  runtime: 'object!',
  scheduler: 'object!',
  modules: 'object!',
  key: 'text!',
  holderOf: 'function',
  oauth: 'object',
  signIns: 'object',
  rate: 'object',
  rates: 'object',
  throttleMs: 'any',
  suspicion: 'object',
  hosts: 'any',
  origins: 'list',
  policy: 'object',
  maxBodyBytes: 'any',
  maxModuleBytes: 'any',
  maxMcpBytes: 'any',
  maxHeldBytes: 'any',
  store: 'object',
  journal: 'object',
  mcp: 'object',
  audit: 'function',
  log: 'object',
  onAlert: 'function',
  onFault: 'function',
  now: 'function',
  monotonic: 'function',
};
/** Options that are objects themselves; what else there is comes from a factory, which has checked its own. */
const PARTS: Readonly<
  Record<'suspicion' | 'policy' | 'store' | 'mcp' | 'rate', Readonly<Record<string, FieldKind>>>
> = {
  suspicion: { after: 'any', perMs: 'any', blockMs: 'any', onSuspicious: 'function' },
  policy: { grant: 'object', ceilings: 'object', hints: 'object' },
  store: { maxRuns: 'any', maxBytes: 'any', ttlMs: 'any', now: 'function' },
  mcp: {
    version: 'text',
    instructions: 'text',
    key: 'object',
    taskAfterMs: 'any',
    prompts: 'list',
    resources: 'list',
    code: 'object',
  },
  rate: { calls: 'any!', perMs: 'any!' },
};
const SIZES = ['maxBodyBytes', 'maxModuleBytes', 'maxMcpBytes', 'maxHeldBytes'] as const;

/** @throws {TypeError | RangeError} naming the option: a misspelt `policy` must not open a door without one. */
function checkOptions(options: HttpAppOptions): void {
  checkFields(options, FIELDS, WHERE);
  for (const [part, fields] of Object.entries(PARTS)) {
    const given = options[part as keyof typeof PARTS];
    if (given !== undefined) checkFields(given, fields, `${WHERE}: ${part}`);
  }
  checkField(options.runtime.run, 'runtime.run', 'function!', WHERE);
  checkField(options.scheduler.add, 'scheduler.add', 'function!', WHERE);
  checkField(options.modules.get, 'modules.get', 'function!', WHERE);
  if (options.log !== undefined) checkField(options.log.write, 'log.write', 'function!', WHERE);
  for (const size of SIZES) wholeNumber(options[size], `${WHERE}: ${size}`, { minimum: 1, unit: 'bytes' });
  wholeNumber(options.throttleMs, `${WHERE}: throttleMs`, { maximum: 3_600_000, unit: 'ms' });
  const { suspicion: { after, perMs, blockMs } = {}, store: { maxRuns, maxBytes, ttlMs } = {} } = options;
  wholeNumber(after, `${WHERE}: suspicion.after`, { minimum: 1, maximum: 100_000 });
  for (const [name, ms] of Object.entries({
    'suspicion.perMs': perMs,
    'suspicion.blockMs': blockMs,
    'store.ttlMs': ttlMs,
  }))
    wholeNumber(ms, `${WHERE}: ${name}`, { unit: 'ms' });
  wholeNumber(maxRuns, `${WHERE}: store.maxRuns`);
  wholeNumber(maxBytes, `${WHERE}: store.maxBytes`, { unit: 'bytes' });
  wholeNumber(options.rate?.calls, `${WHERE}: rate.calls`, { minimum: 1, maximum: 100_000 });
  wholeNumber(options.rate?.perMs, `${WHERE}: rate.perMs`, { minimum: 1, maximum: 86_400_000, unit: 'ms' });
  wholeNumber(options.mcp?.taskAfterMs, `${WHERE}: mcp.taskAfterMs`, { unit: 'ms' });
}

/**
 * The HTTP door: runs, sessions, modules, tools, artifacts, figures, MCP at `/mcp`, `/dashboard`, `/health`, `/openapi.json` and `/docs`.
 * @throws {TypeError | RangeError} on an unknown or missing option, or one of the wrong kind or range.
 * @example serve({ fetch: createHttpApp({ runtime, scheduler, modules, key }).fetch, hostname: '127.0.0.1', port: 0 });
 */
export function createHttpApp(options: HttpAppOptions): Hono {
  checkOptions(options);
  const { scheduler, modules, policy, maxBodyBytes = 8 * MIB, maxModuleBytes = 64 * MIB } = options;
  const { onFault, blame, log, now, monotonic } = readListeners(options);
  const { health = () => ({ ...UNTOLD, time: now() }) } = options.runtime;
  const access = readAccess(options);
  const bodies = createBodyBudget(options.maxHeldBytes ?? 256 * MIB);
  const sessions = createSessionDoor(options.runtime.sessions);
  const runs = createRunService({
    runtime: options.runtime,
    queue: scheduler,
    store: createRunStore<RunRecord>(options.store),
    moduleOf: (hash) => modules.get(hash).bytes,
    sessionOf: sessions.get,
    onFault,
    journal: options.journal,
    now,
  });
  const app = new Hono<DoorEnv>();
  const suspicion = createSuspicion(readSuspicion(options, log, blame), monotonic);
  answerErrors(app, onFault, now, suspicion.note);
  options.runtime.on?.('denied', ({ identity: { caller } }) => {
    if (caller !== undefined) suspicion.note(caller.id);
  });
  app.use(async (context, next) => {
    await next();
    addHeaders(context, { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' });
  });
  if (log !== undefined) app.use(logRequests(log, monotonic));
  app.use(checkSender(access));
  if (access.origins.length > 0) app.use(cors({ origin: [...access.origins] }));

  const version = options.mcp?.version ?? '0.0.0';
  const open = [
    ...healthRoutes({ scheduler, health }),
    ...dashboardRoutes(),
    ...referenceRoutes(() => all, version),
    ...(options.oauth === undefined ? [] : protectedResourceRoutes(options.oauth)),
    ...(options.signIns === undefined ? [] : [callbackRoute]),
  ];
  mountRoutes(app, open);
  app.use(checkKey(access));
  app.use(
    countCalls({
      usual: options.rate,
      rates: options.rates ?? createRates(monotonic),
      throttleMs: options.throttleMs ?? 0,
      suspicion,
    }),
  );
  const idempotency = createIdempotency(monotonic, runs.list());
  const shared = { idempotency, backlog: createEventBacklog() };
  const runDeps = { ...shared, runs, sessions, modules, policy, maxBodyBytes, bodies, now };
  const keyed = [
    ...runRoutes(runDeps),
    ...sessionRoutes({ sessions, modules, policy, maxBodyBytes, bodies }),
    ...moduleRoutes({ modules, maxModuleBytes, bodies }),
  ];
  const { signIns } = options;
  if (signIns !== undefined) keyed.push(...signInRoutes({ signIns, bodies }));
  const { tools, artifacts, on } = options.runtime;
  if (on !== undefined) {
    const metrics = createMetrics({ on }, now);
    const alerts = createAlerts({
      metrics,
      now,
      onAlert: options.onAlert ?? (() => undefined),
      onError: blame,
      // Nobody is told between two looks at the figures; and not every platform has timers where an app is made.
      ...(options.onAlert === undefined ? { everyMs: false } : {}),
    });
    keyed.push(...metricsRoutes({ on, scheduler, metrics, alerts, health }));
  }
  if (tools !== undefined && artifacts !== undefined) {
    const book = createArtifactBook(artifacts);
    keyed.push(...toolRoutes({ ...runDeps, tools, artifacts: book }));
    const { prompts, resources, ...mcp } = options.mcp ?? {};
    const offers =
      prompts === undefined && resources === undefined ? undefined : readOffers(prompts, resources, blame);
    const door = { ...mcp, version, tools, runs, artifacts: book, onFault: blame, offers };
    mountRoutes(
      app,
      mcpRoutes({
        door,
        bodies,
        maxBodyBytes: options.maxMcpBytes ?? 16 * MIB,
        ...defined({ key: options.mcp?.key }),
      }),
    );
  }
  if (options.audit !== undefined) keyed.push(...auditRoutes(options.audit));
  const all: readonly Route[] = [...open, ...keyed];
  mountRoutes(app, keyed);
  return app as unknown as Hono; // what its routes hand to each other is no affair of who mounts it
}

/** A caller that is refused again and again is a line of the log, too. */
function readSuspicion(
  { suspicion }: HttpAppOptions,
  log: Pick<Log, 'write'> | undefined,
  blame: (error: unknown) => void,
): SuspicionOptions {
  const tell = guarded((suspicious: Suspicious) => suspicion?.onSuspicious?.(suspicious), blame);
  return {
    ...suspicion,
    onSuspicious: (suspicious) => {
      const { caller, refusals, blockedMs } = suspicious;
      log?.write('policy', 'warn', 'suspicious', { user: caller, refusals, blockedMs });
      tell(suspicious);
    },
  };
}

/** What the embedder is told by, and its clocks: what one of them throws fails no request. */
function readListeners(options: HttpAppOptions) {
  const onFault = guarded(options.onFault ?? (() => undefined), () => undefined);
  const blame = (error: unknown): void => onFault(error, crypto.randomUUID());
  const { log } = options;
  return {
    onFault,
    blame,
    log:
      log === undefined
        ? undefined
        : { write: guarded((...line: Parameters<Log['write']>) => log.write(...line), blame) },
    now: guardedClock(options.now ?? Date.now, Date.now, blame),
    monotonic: guardedClock(options.monotonic ?? (() => performance.now()), () => performance.now(), blame),
  };
}

/** Of a runtime that does not tell. */
const UNTOLD: Omit<RuntimeHealth, 'time'> = {
  status: 'healthy',
  engines: [],
  runs: 0,
  cells: { starting: 0, idle: 0, busy: 0 },
  remote: 'disabled',
};

function readAccess({
  key,
  holderOf,
  hosts = LOOPBACK_HOSTS,
  origins = [],
  oauth,
}: HttpAppOptions): AccessOptions {
  if (!/^[\x21-\x7e]+$/.test(key)) {
    throw new TypeError('Cannot open the HTTP door: the key must be visible ASCII characters, at least one');
  }
  return { key, holderOf, hosts, origins, oauth };
}
