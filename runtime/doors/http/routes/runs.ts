import { type Context, Hono } from 'hono';
import type { OutputChunk, RunOptions } from '../../../contracts/api/run.ts';
import type { SessionRunOptions } from '../../../contracts/api/session.ts';
import type { Outcome } from '../../../vocabulary/outcome.ts';
import { outcomeToJson } from '../../../vocabulary/outcome-json.ts';
import type { RunRecord, RunService, SubmitOptions } from '../../../work/run-service.ts';
import { checkAsked, type DoorPolicy, hintFor } from '../door-policy.ts';
import { createEventStream } from '../event-stream.ts';
import { errorResponse, HttpError, statusOf } from '../http-error.ts';
import type { ModuleStore } from '../module-store.ts';
import { readJson } from '../read-body.ts';
import { createRunBodyReader } from '../run-body.ts';
import type { SessionDoor } from '../session-door.ts';

export interface RunRoutes {
  readonly runs: RunService;
  readonly sessions: SessionDoor;
  readonly modules: ModuleStore;
  readonly policy: DoorPolicy | undefined;
  readonly maxBodyBytes: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** `POST /v1/runs`: answers the outcome, a stream of events, or at once where to ask for it; `GET` and `DELETE /v1/runs/:id`. */
export function runRoutes(deps: RunRoutes): Hono {
  const { runs, maxBodyBytes } = deps;
  const readRunBody = createRunBodyReader();
  const find = (id: string): RunRecord => {
    const record = runs.get(id);
    if (record !== undefined) return record;
    throw new HttpError(404, `Cannot find run ${JSON.stringify(id)}: unknown, or ended too long ago`);
  };
  return new Hono()
    .post('/v1/runs', async (context) => {
      const request = readRunBody(await readJson(context.req.raw, maxBodyBytes));
      const submit = prepare(request, deps);
      if (context.req.header('accept')?.includes('text/event-stream')) return stream(submit);
      const record = submit();
      if (!prefersAsync(context)) return wait(record, context.req.raw.signal, deps);
      return context.json(describe(record), 202, {
        Location: `/v1/runs/${record.id}`,
        'X-Run-Id': record.id,
      });
    })
    .get('/v1/runs/:id', (context) => context.json(describe(find(context.req.param('id')))))
    .delete('/v1/runs/:id', async (context) => {
      const record = find(context.req.param('id'));
      record.cancel();
      await record.outcome;
      return context.json(describe(record));
    });
}

type Submit = (onOutput?: SubmitOptions['onOutput']) => RunRecord;

/** What must hold of a request before it is queued. @throws {SandglassError} CAPABILITY_DENIED, INPUT_INVALID */
function prepare(
  { options, module, priority }: ReturnType<ReturnType<typeof createRunBodyReader>>,
  { runs, sessions, modules, policy }: RunRoutes,
): Submit {
  if (policy !== undefined) checkAsked(options.grant, policy);
  const session = options.session === undefined ? undefined : sessions.find(options.session);
  const within =
    session === undefined ? {} : { run: (own: RunOptions) => session.run(own as SessionRunOptions) }; // it refuses what does not fit a session
  const run = (
    module === undefined ? options : { ...options, module: modules.get(module).bytes }
  ) as RunOptions; // its reader has checked that it is one kind of run
  return (onOutput) =>
    runs.submit(run, { priority, ...(onOutput === undefined ? {} : { onOutput }), ...within });
}

/** Events of the run as they come; a reader that leaves cancels it. */
function stream(submit: Submit): Response {
  const events = createEventStream(() => record.cancel());
  const record = submit(({ stream: name, text }: OutputChunk) => {
    if (text !== '') events.send('output', { stream: name, text });
  });
  const { id } = record;
  events.response.headers.set('X-Run-Id', id);
  events.send('run', { id, state: record.state });
  void record.outcome.then((outcome) => {
    events.send('outcome', outcomeToJson(outcome));
    events.end();
  });
  return events.response;
}

/** The outcome; a client that leaves cancels the run. */
async function wait(record: RunRecord, signal: AbortSignal, deps: RunRoutes): Promise<Response> {
  const leave = (): void => record.cancel();
  if (signal.aborted) leave();
  signal.addEventListener('abort', leave, { once: true });
  const outcome = await record.outcome;
  signal.removeEventListener('abort', leave);
  return answer(record.id, outcome, deps);
}

function answer(id: string, outcome: Outcome, { policy, now }: RunRoutes): Response {
  const status = statusOf(outcome);
  const headers = { 'X-Run-Id': id };
  if (outcome.ok || status === 200) return Response.json(outcomeToJson(outcome), { status, headers });
  const { code, details } = outcome.error;
  const hint =
    policy === undefined || code !== 'CAPABILITY_DENIED' ? {} : hintFor(details?.capability, policy);
  const response = errorResponse({ ...outcome.error, ...hint }, { time: now(), runId: id, status });
  response.headers.set('X-Run-Id', id);
  return response;
}

/** RFC 7240, section 4.1. */
const prefersAsync = ({ req }: Context): boolean =>
  req
    .header('prefer')
    ?.split(/[,;]\s*/)
    .includes('respond-async') === true;

const describe = ({ id, state, ended }: RunRecord): object => ({
  id,
  state,
  ...(ended === undefined ? {} : { outcome: outcomeToJson(ended) }),
});
