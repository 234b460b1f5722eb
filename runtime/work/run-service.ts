import type { OutputChunk, RunOptions } from '../contracts/api/run.ts';
import type { Runtime } from '../contracts/api/runtime.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import { mergeLimits } from '../vocabulary/limits.ts';
import type { Outcome } from '../vocabulary/outcome.ts';
import { NOTHING_USED, outcomeOf } from '../vocabulary/outcome-of.ts';
import type { RunStore } from './run-store.ts';
import type { Priority, Scheduler, Slot, TicketState } from './scheduler.ts';

/** A run that was accepted. */
export interface RunRecord {
  readonly id: string;
  readonly state: TicketState;
  /** Always an outcome, also for a run that was cancelled or refused before it began. Never rejects. */
  readonly outcome: Promise<Outcome>;
  /** The outcome, once there is one. */
  readonly ended: Outcome | undefined;
  cancel(): void;
}

export interface SubmitOptions {
  readonly priority: Priority;
  readonly onOutput?: (chunk: OutputChunk) => void;
  /** Runs it in a session. @default `run` of the runtime */
  readonly run?: (options: RunOptions) => Promise<Outcome>;
}

export interface RunServiceOptions {
  readonly runtime: Pick<Runtime, 'run'>;
  readonly scheduler: Scheduler;
  readonly store: RunStore<RunRecord>;
  /** Told of errors that are bugs, with the id of the run. What fails inside the runtime is told by its own `onError`. */
  readonly onFault: (error: unknown, runId: string) => void;
}

/** Puts runs into the queue and keeps what became of them. */
export interface RunService {
  /** @throws {SandglassError} QUEUE_FULL */
  submit(run: RunOptions, options: SubmitOptions): RunRecord;
  get(id: string): RunRecord | undefined;
}

export function createRunService({ runtime, scheduler, store, onFault }: RunServiceOptions): RunService {
  return {
    submit(run, { priority, onOutput, run: begin = runtime.run }) {
      const id = run.runId ?? `run-${crypto.randomUUID()}`;
      const ticket = scheduler.submit({
        priority,
        run: async ({ signal, queuedMs }: Slot) => {
          await undefined; // the caller knows the id before anything is printed
          const outcome = await begin({
            ...run,
            runId: id,
            signal,
            ...(onOutput === undefined ? {} : { onOutput }),
          });
          // A run waits in both queues.
          return { ...outcome, meta: { ...outcome.meta, queuedMs: outcome.meta.queuedMs + queuedMs } };
        },
      });
      let ended: Outcome | undefined;
      const outcome = ticket.result
        .catch((error: unknown) => neverBegan(id, run, ticket.queuedMs, readFault(error, id, onFault)))
        .then((result) => {
          ended = result;
          store.ended(id, result.usage.outputBytes);
          return result;
        });
      const record: RunRecord = {
        id,
        get state() {
          return ended === undefined && ticket.state === 'done' ? 'running' : ticket.state;
        },
        outcome,
        get ended() {
          return ended;
        },
        cancel: () => ticket.cancel(),
      };
      store.add(id, record);
      return record;
    },
    get: (id) => store.get(id),
  };
}

/** Misuse is the caller's input here, since the options came from outside. */
function readFault(error: unknown, runId: string, onFault: RunServiceOptions['onFault']): SandglassError {
  if (error instanceof SandglassError) return error;
  if (error instanceof TypeError || error instanceof RangeError) {
    return new SandglassError('INPUT_INVALID', error.message);
  }
  onFault(error, runId);
  return new SandglassError('INTERNAL', 'Cannot finish the run: the server failed');
}

const neverBegan = (runId: string, run: RunOptions, queuedMs: number, error: SandglassError): Outcome =>
  outcomeOf(
    { ok: false, error },
    {
      runId,
      level: run.level ?? 'standard',
      limits: mergeLimits([run.limits ?? {}, run.grant?.limits ?? {}]),
      queuedMs,
      attempts: 0,
      stdout: '',
      stderr: '',
      usage: NOTHING_USED,
    },
  );
