import { defined } from '../vocabulary/defined.ts';
import type { EventStream } from '../vocabulary/event-stream.ts';
import type { Outcome, RunStep, StepAbout } from '../vocabulary/outcome.ts';

/** Steps that are told of one run; the first ones, for those that come after are counted. */
const MOST_STEPS = 1_000;
/** Characters of a message. */
const MOST_MESSAGE = 500;

/** Notes what one run does, those that are nested in it left out. @param askedAt Milliseconds since the epoch. */
export function traceRun(
  runId: string,
  askedAt: number,
  now: () => number,
  events: EventStream,
): { ended(outcome: Outcome): Outcome; release(): void } {
  const steps: RunStep[] = [];
  let leftOut = 0;
  const add = (time: number, step: StepAbout): void => {
    if (steps.length === MOST_STEPS) leftOut += 1;
    else steps.push({ atMs: Math.max(0, time - askedAt), ...step });
  };
  const stops = [
    events.on('run.started', ({ identity, time, kind, engine, level, queuedMs }) => {
      if (identity.runId === runId) add(time, { kind, engine, level, queuedMs });
    }),
    events.on('host.called', ({ identity, time, kind, operation, resource, decision, code, durationMs }) => {
      if (identity.runId !== runId) return;
      const about = {
        ...defined({ resource, code }),
      };
      add(time, { kind, operation, ...about, decision, durationMs });
    }),
    events.on('guest.logged', ({ identity, time, kind, level, message }) => {
      if (identity.runId === runId) add(time, { kind, level, message: message.slice(0, MOST_MESSAGE) });
    }),
  ];
  return {
    ended: (outcome) => ({
      ...outcome,
      meta: {
        ...outcome.meta,
        trace: [
          ...steps,
          {
            atMs: Math.max(0, now() - askedAt),
            kind: 'run.ended',
            ok: outcome.ok,
            ...(outcome.ok ? {} : { code: outcome.error.code }),
          },
        ],
        ...(leftOut === 0 ? {} : { traceLeftOut: leftOut }),
      },
    }),
    release: () => {
      for (const stop of stops) stop();
    },
  };
}
