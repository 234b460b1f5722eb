import { defined } from '../vocabulary/defined.ts';
import type { Outcome } from '../vocabulary/outcome.ts';
import { NOTHING_USED, type Verdict } from '../vocabulary/outcome-of.ts';
import type { RunPlan } from './plan-run.ts';
import type { SandboxContext, SandboxRun } from './sandbox-context.ts';

/** What one run tells of itself, but for its host calls. Nothing is made that nobody wants. */
export interface RunTeller {
  queued(): void;
  started(plan: RunPlan, queuedMs: number): void;
  /** It had waited for a cell that was started for it. */
  coldStart(plan: RunPlan, waitedMs: number): void;
  /** A host function has thrown what it should not. */
  fault(error: unknown): void;
  /** Why it ended, unless that was told before: its fault, or what was denied before its guest began. */
  reason(verdict: Verdict, begun: boolean): void;
  ended(outcome: Outcome): void;
  /** It was rejected for its options, which is not an outcome. */
  misused(): void;
}

/** Faults that are remembered as told; a guest can bring about as many as it may make calls. */
const MOST_TOLD = 100;

export function createRunTeller(
  { identity, level, request }: Pick<SandboxRun, 'identity' | 'level' | 'request'>,
  { events, now }: Pick<SandboxContext, 'events' | 'now'>,
): RunTeller {
  /** Of each fault the embedder is told once: a guest may live on after one. */
  const told = new Set<unknown>();
  const fault = (error: unknown): void => {
    told.add(error);
    const [oldest] = told;
    if (told.size > MOST_TOLD) told.delete(oldest);
    events.emit({ kind: 'fault', time: now(), identity, error });
  };
  return {
    queued() {
      if (!events.wants('run.queued')) return;
      const { session } = request;
      events.emit({
        kind: 'run.queued',
        time: now(),
        identity,
        level,
        ...defined({ session }),
      });
    },
    started({ engine }, queuedMs) {
      if (!events.wants('run.started')) return;
      events.emit({ kind: 'run.started', time: now(), identity, level, engine: engine.name, queuedMs });
    },
    coldStart({ engine }, waitedMs) {
      events.emit({ kind: 'cell.started', time: now(), identity, engine: engine.name, waitedMs });
    },
    fault,
    reason(verdict, begun) {
      if (verdict.ok) return;
      const { code, message, cause, details } = verdict.error;
      if (code === 'INTERNAL') {
        const error = cause ?? verdict.error;
        if (!told.has(error)) fault(error);
      } else if (code === 'CAPABILITY_DENIED' && !begun && events.wants('denied')) {
        const capability = details?.capability;
        events.emit({
          kind: 'denied',
          time: now(),
          identity,
          code,
          message,
          ...(typeof capability === 'string' ? { capability } : {}),
        });
      }
    },
    ended(outcome) {
      if (!events.wants('run.ended')) return;
      const { usage, meta } = outcome;
      events.emit({
        kind: 'run.ended',
        time: now(),
        identity,
        level,
        engine: meta.engine,
        ok: outcome.ok,
        ...(outcome.ok ? {} : { code: outcome.error.code }),
        queuedMs: meta.queuedMs,
        usage,
      });
    },
    misused() {
      if (!events.wants('run.ended')) return;
      events.emit({
        kind: 'run.ended',
        time: now(),
        identity,
        level,
        engine: null,
        ok: false,
        code: 'INPUT_INVALID',
        queuedMs: 0,
        usage: NOTHING_USED,
      });
    },
  };
}
