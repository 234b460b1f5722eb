import { type Context, Hono } from 'hono';
import { cors } from 'hono/cors';
import type { OutputChunk, RunOptions } from '../../contracts/api/run.ts';
import type { Runtime } from '../../contracts/api/runtime.ts';
import type { SessionRunOptions } from '../../contracts/api/session.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import type { Outcome } from '../../vocabulary/outcome.ts';
import { outcomeToJson } from '../../vocabulary/outcome-json.ts';
import { createRunService, type RunRecord } from '../../work/run-service.ts';
import { createRunStore, type RunStoreOptions } from '../../work/run-store.ts';
import type { Scheduler } from '../../work/scheduler.ts';
import { type AccessOptions, checkKey, checkSender, LOOPBACK_HOSTS } from './access.ts';
import { checkAsked, type DoorPolicy, hintFor } from './door-policy.ts';
import { createEventStream } from './event-stream.ts';
import { errorResponse, HttpError, statusOf } from './http-error.ts';
import type { ModuleStore } from './module-store.ts';
import { readBytes } from './read-bytes.ts';
import { createRunBodyReader, createSessionBodyReader } from './run-body.ts';
import { createSessionDoor } from './session-door.ts';

export interface HttpAppOptions {
  /** Without `sessions`, none can be opened here. */
  readonly runtime: Pick<Runtime, 'run'> & Partial<Pick<Runtime, 'sessions'>>;
  readonly scheduler: Scheduler;
  readonly modules: ModuleStore;
  /** Bearer key that everything but `/health` needs, 1 or more visible characters. */
  readonly key: string;
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
  readonly store?: RunStoreOptions;
  /** Told of errors that are bugs; `id` is the one that the caller was shown. @default nothing is told */
  readonly onFault?: (error: unknown, id: string) => void;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

const MIB = 1024 * 1024;

/**
 * The HTTP door: `POST /v1/runs`, `GET` and `DELETE /v1/runs/:id`, `POST /v1/sessions`, `DELETE /v1/sessions/:name`, `POST /v1/modules`,
 * `GET /health`.
 * @example serve({ fetch: createHttpApp({ runtime, scheduler, modules, key }).fetch, hostname: '127.0.0.1', port: 0 });
 */
export function createHttpApp(options: HttpAppOptions): Hono {
  const { scheduler, modules, policy, maxBodyBytes = 8 * MIB, maxModuleBytes = 64 * MIB } = options;
  const { onFault = () => undefined, now = Date.now } = options;
  if (!/^[\x21-\x7e]+$/.test(options.key)) {
    throw new TypeError('Cannot open the HTTP door: the key must be visible ASCII characters, at least one');
  }
  const access: AccessOptions = {
    key: options.key,
    hosts: options.hosts ?? LOOPBACK_HOSTS,
    origins: options.origins ?? [],
  };
  const store = createRunStore<RunRecord>(options.store);
  const runs = createRunService({ runtime: options.runtime, scheduler, store, onFault });
  const readRunBody = createRunBodyReader();
  const readSessionBody = createSessionBodyReader();
  const sessions = createSessionDoor(options.runtime.sessions);
  const app = new Hono();

  app.onError((error) => {
    if (error instanceof HttpError)
      return errorResponse(error.toJSON(), { time: now(), status: error.status });
    if (error instanceof SandglassError) return errorResponse(error.toJSON(), { time: now() });
    const id = crypto.randomUUID();
    onFault(error, id);
    const fault = new SandglassError('INTERNAL', `Cannot answer: the server failed, fault ${id}`);
    return errorResponse(fault.toJSON(), { time: now() });
  });
  app.notFound(({ req }) => {
    const error = new HttpError(404, `Cannot answer ${req.method} ${req.path}: no such route`);
    return errorResponse(error.toJSON(), { time: now(), status: 404 });
  });

  app.use(async (context, next) => {
    await next();
    context.header('Cache-Control', 'no-store');
    context.header('X-Content-Type-Options', 'nosniff');
  });
  app.use(checkSender(access));
  if (access.origins.length > 0) app.use(cors({ origin: [...access.origins] }));

  app.get('/health', (context) => {
    const { queued, running, accepting } = scheduler.counts();
    return context.json({ status: accepting ? 'ok' : 'draining', queued, running }, accepting ? 200 : 503);
  });

  app.use(checkKey(access));

  const answer = (id: string, outcome: Outcome): Response => {
    const status = statusOf(outcome);
    const headers = { 'X-Run-Id': id };
    if (outcome.ok || status === 200) return Response.json(outcomeToJson(outcome), { status, headers });
    const error = { ...outcome.error, ...denialHint(outcome.error.code, outcome.error.details) };
    const response = errorResponse(error, { time: now(), runId: id, status });
    response.headers.set('X-Run-Id', id);
    return response;
  };
  const denialHint = (code: string, details: SandglassError['details']): { readonly hint?: string } =>
    policy === undefined || code !== 'CAPABILITY_DENIED' ? {} : hintFor(details?.capability, policy);

  app.post('/v1/runs', async (context) => {
    const request = readRunBody(await readJson(context, maxBodyBytes));
    const { options: run, module, priority } = request;
    if (policy !== undefined) checkAsked(run.grant, policy);
    const session = run.session === undefined ? undefined : sessions.find(run.session);
    const within =
      session === undefined ? {} : { run: (own: RunOptions) => session.run(own as SessionRunOptions) }; // it refuses what does not fit a session
    const runOptions = module === undefined ? run : { ...run, module: modules.get(module).bytes };

    if (context.req.header('accept')?.includes('text/event-stream')) {
      const leave = (): void => record.cancel();
      const events = createEventStream(leave);
      const sendOutput = ({ stream, text }: OutputChunk): void => {
        if (text !== '') events.send('output', { stream, text });
      };
      const record = runs.submit(runOptions as RunOptions, { priority, onOutput: sendOutput, ...within });
      const { id } = record;
      events.response.headers.set('X-Run-Id', id);
      events.send('run', { id, state: record.state });
      void record.outcome.then((outcome) => {
        events.send('outcome', outcomeToJson(outcome));
        events.end();
      });
      return events.response;
    }

    const record = runs.submit(runOptions as RunOptions, { priority, ...within });
    if (
      context.req
        .header('prefer')
        ?.split(/[,;]\s*/)
        .includes('respond-async')
    ) {
      return context.json(describe(record), 202, {
        Location: `/v1/runs/${record.id}`,
        'X-Run-Id': record.id,
      });
    }
    const { signal } = context.req.raw;
    const leave = (): void => record.cancel();
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave, { once: true });
    const outcome = await record.outcome;
    signal.removeEventListener('abort', leave);
    return answer(record.id, outcome);
  });

  const find = (id: string): RunRecord => {
    const record = runs.get(id);
    if (record === undefined) {
      throw new HttpError(404, `Cannot find run ${JSON.stringify(id)}: unknown, or ended too long ago`);
    }
    return record;
  };
  app.get('/v1/runs/:id', (context) => context.json(describe(find(context.req.param('id')))));
  app.delete('/v1/runs/:id', async (context) => {
    const record = find(context.req.param('id'));
    record.cancel();
    await record.outcome;
    return context.json(describe(record));
  });

  app.post('/v1/sessions', async (context) => {
    const session = readSessionBody(await readJson(context, maxBodyBytes));
    if (policy !== undefined) checkAsked(session.grant, policy);
    const name = await sessions.open(session, context.req.raw.signal);
    return context.json({ name }, 201, { Location: `/v1/sessions/${name}` });
  });
  app.delete('/v1/sessions/:name', async (context) => {
    const name = context.req.param('name');
    if (!(await sessions.close(name))) {
      throw new HttpError(404, `Cannot close session ${JSON.stringify(name)}: none of this name is open`);
    }
    return context.json({ name, closed: true });
  });

  app.post('/v1/modules', async (context) => {
    const bytes = await readBytes(context.req.raw, maxModuleBytes);
    if (bytes === undefined) throw tooLarge('module', maxModuleBytes);
    const { hash, kind, exports } = await modules.put(bytes);
    return context.json({ hash, kind, exports, bytes: bytes.byteLength });
  });

  return app;
}

const describe = ({ id, state, ended }: RunRecord): object => ({
  id,
  state,
  ...(ended === undefined ? {} : { outcome: outcomeToJson(ended) }),
});

async function readJson(context: Context, maxBytes: number): Promise<unknown> {
  const bytes = await readBytes(context.req.raw, maxBytes);
  if (bytes === undefined) throw tooLarge('body', maxBytes);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    const reason = error instanceof SyntaxError ? error.message : 'not UTF-8';
    throw new HttpError(400, `Cannot read the body: no JSON, ${reason}`);
  }
}

const tooLarge = (what: string, maxBytes: number): HttpError =>
  new HttpError(413, `Cannot read the ${what}: over ${maxBytes} bytes`);
