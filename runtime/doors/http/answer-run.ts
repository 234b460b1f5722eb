import { defined } from '../../vocabulary/defined.ts';
import type { OutcomeJson } from '../../vocabulary/outcome-json.ts';
import type { RunRecord } from '../../work/run-records.ts';
import { type DoorPolicy, hintFor } from './door-policy.ts';
import type { EventBacklog } from './event-backlog.ts';
import { followRun } from './follow-run.ts';
import { errorResponse, statusOf } from './http-error.ts';
import type { Once } from './idempotency.ts';
import { jsonResponse } from './json-response.ts';
import type { DoorContext } from './route.ts';

export interface AnswerFacts {
  readonly policy: DoorPolicy | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** What all readers of the door have waiting. */
  readonly backlog: EventBacklog;
  /** What events the reader of a stream gets. @default output only */
  readonly all?: boolean;
}

/** The outcome, a stream of events, or at once where to ask for it, as the request wants. */
export async function answerRun(context: DoorContext, once: Once, facts: AnswerFacts): Promise<Response> {
  const response = await answerAs(context, once, facts);
  if (once.replayed) response.headers.set('Idempotency-Replayed', 'true');
  return response;
}

async function answerAs(
  context: DoorContext,
  { record, replayed }: Once,
  facts: AnswerFacts,
): Promise<Response> {
  const { req } = context;
  // Who sends a key will ask again: what was lost is only the answer.
  const ends = req.header('idempotency-key') === undefined;
  if (req.header('accept')?.includes('text/event-stream') === true)
    return followRun(record, {
      ...(ends ? { onLeave: record.cancel } : {}),
      all: facts.all === true || replayed,
      backlog: facts.backlog,
    });
  if (!prefersAsync(req.header('prefer'))) return wait(record, ends ? req.raw.signal : undefined, facts);
  return jsonResponse(describeRun(record), {
    status: 202,
    headers: { Location: `/v1/runs/${record.id}`, 'X-Run-Id': record.id },
  });
}

/** The outcome; a client that leaves cancels the run. */
async function wait(
  record: RunRecord,
  signal: AbortSignal | undefined,
  facts: AnswerFacts,
): Promise<Response> {
  const leave = (): void => record.cancel();
  if (signal?.aborted === true) leave();
  signal?.addEventListener('abort', leave, { once: true });
  const outcome = await record.outcome;
  signal?.removeEventListener('abort', leave);
  return answer(record, outcome, facts);
}

function answer({ id, tool }: RunRecord, outcome: OutcomeJson, { policy, now }: AnswerFacts): Response {
  const status = statusOf(outcome);
  const headers = { 'X-Run-Id': id };
  if (outcome.error === undefined || status === 200) return jsonResponse(outcome, { status, headers });
  const { code, details } = outcome.error;
  const hint =
    // What the caller's own grant lacks the operator's flags do not mend.
    policy === undefined || code !== 'CAPABILITY_DENIED' || details?.decidedBy === 'caller'
      ? {}
      : hintFor(details?.capability, policy);
  return errorResponse(
    { ...outcome.error, ...hint },
    { time: now(), runId: id, status, headers, ...defined({ tool }) },
  );
}

/** RFC 7240, section 4.1. */
const prefersAsync = (prefer: string | undefined): boolean =>
  prefer
    ?.split(/[,;]/)
    .map((part) => part.trim())
    .includes('respond-async') === true;

/** A run as `GET /v1/runs/ID` tells it. */
export const describeRun = ({ id, state, ended, shortened }: RunRecord): object => ({
  id,
  state,
  ...defined({ outcome: ended, shortened }),
});
