import { type Context, Hono } from 'hono';
import type { OutcomeJson } from '../../../vocabulary/outcome-json.ts';
import type { RunRecord } from '../../../work/run-records.ts';
import type { RunService } from '../../../work/run-service.ts';
import type { BodyBudget, BodyShare } from '../body-budget.ts';
import { checkAsked, type DoorPolicy, hintFor, withinCeilings } from '../door-policy.ts';
import { followRun } from '../follow-run.ts';
import { errorResponse, HttpError, statusOf } from '../http-error.ts';
import { jsonResponse } from '../json-response.ts';
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
  readonly bodies: BodyBudget;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** `POST /v1/runs`: answers the outcome, a stream of events, or at once where to ask for it; `GET` and `DELETE /v1/runs/:id`. */
export function runRoutes(deps: RunRoutes): Hono {
  const { runs, bodies, maxBodyBytes } = deps;
  const readRunBody = createRunBodyReader();
  const find = (id: string): RunRecord => {
    const record = runs.get(id);
    if (record !== undefined) return record;
    throw new HttpError(404, `Cannot find run ${JSON.stringify(id)}: unknown, or ended too long ago`);
  };
  /** What is held for the body is let go with the run. */
  const readRun = async (request: Request, share: BodyShare): Promise<Submit> => {
    const submit = prepare(readRunBody(await readJson(request, maxBodyBytes, share)), deps);
    return async () => {
      try {
        const record = await submit();
        void record.outcome.then(share.release);
        return record;
      } catch (error) {
        share.release();
        throw error;
      }
    };
  };
  return new Hono()
    .post('/v1/runs', async (context) => {
      const share = bodies.open();
      const submit = await readRun(context.req.raw, share).catch((error: unknown) => {
        share.release();
        throw error;
      });
      if (context.req.header('accept')?.includes('text/event-stream')) return stream(submit);
      const record = await submit();
      if (!prefersAsync(context)) return wait(record, context.req.raw.signal, deps);
      return jsonResponse(describe(record), {
        status: 202,
        headers: { Location: `/v1/runs/${record.id}`, 'X-Run-Id': record.id },
      });
    })
    .get('/v1/runs/:id', (context) => jsonResponse(describe(find(context.req.param('id')))))
    .delete('/v1/runs/:id', async (context) => {
      const record = find(context.req.param('id'));
      record.cancel();
      await record.outcome;
      return jsonResponse(describe(record));
    });
}

type Submit = () => Promise<RunRecord>;

/** What must hold of a request before it is queued. @throws {SandglassError} CAPABILITY_DENIED, INPUT_INVALID */
function prepare(
  { options: asked, module, priority }: ReturnType<ReturnType<typeof createRunBodyReader>>,
  { runs, sessions, modules, policy }: RunRoutes,
): Submit {
  if (policy !== undefined) checkAsked(asked.grant, policy);
  const options = withinCeilings(asked, policy);
  const places = {
    runId: options.runId,
    module: module === undefined ? undefined : modules.get(module).hash,
    session: options.session === undefined ? undefined : sessions.keyOf(options.session),
  };
  return () => runs.submit(options, { priority, ...places });
}

/** Events of the run as they come; a reader that leaves cancels it. */
async function stream(submit: Submit): Promise<Response> {
  const record = await submit();
  return followRun(record, { onLeave: record.cancel });
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

function answer(id: string, outcome: OutcomeJson, { policy, now }: RunRoutes): Response {
  const status = statusOf(outcome);
  const headers = { 'X-Run-Id': id };
  if (outcome.error === undefined || status === 200) return jsonResponse(outcome, { status, headers });
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
  ...(ended === undefined ? {} : { outcome: ended }),
});
