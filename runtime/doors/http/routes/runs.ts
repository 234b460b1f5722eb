import { defined } from '../../../vocabulary/defined.ts';
import type { OnceOnly } from '../../../work/journal-lines.ts';
import type { RunRecord } from '../../../work/run-records.ts';
import type { RunService } from '../../../work/run-service.ts';
import { answerRun, describeRun } from '../answer-run.ts';
import type { BodyBudget, BodyShare } from '../body-budget.ts';
import { checkAsked, type DoorPolicy, withinCeilings } from '../door-policy.ts';
import type { EventBacklog } from '../event-backlog.ts';
import { followRun } from '../follow-run.ts';
import { HttpError } from '../http-error.ts';
import type { Idempotency, Once } from '../idempotency.ts';
import { jsonResponse } from '../json-response.ts';
import type { ModuleStore } from '../module-store.ts';
import { parseBody, readBody } from '../read-body.ts';
import { PAGE_PARAMETERS, readNumber, readPage } from '../read-query.ts';
import type { DoorContext, Route } from '../route.ts';
import { createRunBodyReader, type ReadRunBody } from '../run-body.ts';
import { json, RUN_ANSWERS, RUN_HEADERS, RUN_ID, ref, STREAM } from '../schemas.ts';
import type { SessionDoor } from '../session-door.ts';
import { traceparentOf } from '../traceparent-of.ts';

export interface RunRoutes {
  readonly runs: RunService;
  readonly sessions: SessionDoor;
  readonly modules: ModuleStore;
  readonly policy: DoorPolicy | undefined;
  readonly maxBodyBytes: number;
  readonly bodies: BodyBudget;
  readonly idempotency: Idempotency;
  readonly backlog: EventBacklog;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Runs: start, list, look at, follow, cancel. */
export function runRoutes(deps: RunRoutes): readonly Route[] {
  const { runs } = deps;
  const read = createRunBodyReader();
  const find = (context: DoorContext): RunRecord => findRun(runs, context);
  const tag = 'runs';
  return [
    {
      method: 'post',
      path: '/v1/runs',
      operation: {
        id: 'run',
        tag,
        summary: 'Runs code or a module',
        parameters: RUN_HEADERS,
        body: { mime: 'application/json', schema: ref('RunRequest') },
        answers: RUN_ANSWERS('Outcome'),
      },
      handle: async (context) => answerRun(context, await submit(context, deps, read), deps),
    },
    {
      method: 'get',
      path: '/v1/runs',
      operation: {
        id: 'listRuns',
        tag,
        summary: 'Runs and calls that wait, go on, or have ended lately; the latest first',
        parameters: PAGE_PARAMETERS,
        answers: { 200: { description: 'One page', content: json(ref('RunPage')) } },
      },
      handle: (context) => {
        const { items, next } = readPage(context, own(runs.list(), context), ({ id }) => id);
        return jsonResponse({ runs: items.map(summaryOf), ...defined({ next }) });
      },
    },
    {
      method: 'get',
      path: '/v1/runs/{id}',
      operation: {
        id: 'getRun',
        tag,
        summary: 'The state of a run, and its outcome once it has ended',
        parameters: RUN_ID,
        answers: { 200: { description: 'The run', content: json(ref('Run')) } },
      },
      handle: (context) => jsonResponse(describeRun(find(context))),
    },
    {
      method: 'get',
      path: '/v1/runs/{id}/events',
      operation: {
        id: 'followRun',
        tag,
        summary: 'What a run tells, from the start, also later and after its end',
        parameters: {
          ...RUN_ID,
          after: {
            in: 'query',
            schema: { type: 'integer', minimum: 0 },
            description: 'Id of the last event that the reader has; Last-Event-ID says the same',
          },
        },
        answers: { 200: { description: 'Events run, progress, output, outcome', content: STREAM } },
      },
      handle: (context) =>
        followRun(find(context), { all: true, after: lastEvent(context), backlog: deps.backlog }),
    },
    {
      method: 'delete',
      path: '/v1/runs/{id}',
      operation: {
        id: 'cancelRun',
        tag,
        summary: 'Cancels a run',
        parameters: RUN_ID,
        answers: { 200: { description: 'The run, ended', content: json(ref('Run')) } },
      },
      handle: async (context) => {
        const record = find(context);
        record.cancel();
        await record.outcome;
        return jsonResponse(describeRun(record));
      },
    },
  ];
}

/** Those that a caller may see: its own; with the server's own key all. */
const own = (records: readonly RunRecord[], context: DoorContext): readonly RunRecord[] => {
  const { caller } = context.get('who');
  return caller === undefined ? records : records.filter((record) => record.caller === caller.id);
};

/** @throws {HttpError} 404 for one that is not there, or is another's. */
function findRun(runs: RunService, context: DoorContext): RunRecord {
  const id = context.req.param('id') ?? '';
  const record = runs.get(id);
  const { caller } = context.get('who');
  if (record !== undefined && (caller === undefined || record.caller === caller.id)) return record;
  throw new HttpError(404, `Cannot find run ${JSON.stringify(id)}: unknown, or ended too long ago`);
}

const summaryOf = ({ id, tool, state, askedAt, ended }: RunRecord): object => ({
  id,
  ...defined({ tool }),
  state,
  askedAt,
  ...(ended === undefined ? {} : { ok: ended.ok }),
  ...(ended?.error === undefined ? {} : { code: ended.error.code }),
});

function lastEvent(context: DoorContext): number {
  const header = context.req.header('last-event-id');
  if (header !== undefined && /^\d{1,15}$/.test(header)) return Number(header);
  return readNumber(context, 'after', { minimum: 0, maximum: 1e15 }) ?? 0;
}

/** Reads, checks and queues. What is held for the body is let go with the run. */
async function submit(context: DoorContext, deps: RunRoutes, read: ReadRunBody): Promise<Once> {
  const share = deps.bodies.open();
  try {
    const bytes = await readBody(context, 'body', deps.maxBodyBytes, share);
    const { options: asked, module, priority } = read(await parseBody(bytes));
    return await once(context, deps, bytes, share, (only) => {
      const { runs, sessions, modules, policy } = deps;
      if (policy !== undefined) checkAsked(asked.grant, policy);
      const { caller } = context.get('who');
      const options = withinCeilings(asked, policy);
      return runs.submit(
        { ...options, ...defined({ caller, traceparent: traceparentOf(context) }) },
        {
          priority,
          once: only,
          runId: options.runId,
          module: module === undefined ? undefined : modules.get(module).hash,
          session: options.session === undefined ? undefined : sessions.keyOf(options.session, caller?.id),
        },
      );
    });
  } catch (error) {
    share.release();
    throw error;
  }
}

/** Once for each idempotency key of a caller. */
export async function once(
  context: DoorContext,
  { idempotency }: Pick<RunRoutes, 'idempotency'>,
  body: Uint8Array<ArrayBuffer>,
  share: BodyShare,
  submitNow: (only: OnceOnly | undefined) => Promise<RunRecord>,
): Promise<Once> {
  const { req } = context;
  const key = req.header('idempotency-key');
  const scope = `${context.get('who').caller?.id ?? ''} ${req.path}`;
  const done = await idempotency.once(scope, key, body, async (only) => submitNow(only));
  if (done.replayed) share.release();
  else void done.record.outcome.then(share.release);
  return done;
}
