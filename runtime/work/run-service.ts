import type { OutputChunk, RunOptions } from '../contracts/api/run.ts';
import type { Runtime } from '../contracts/api/runtime.ts';
import type { Session, SessionRunOptions } from '../contracts/api/session.ts';
import type { JobHandler, JobState, Queue } from '../contracts/queue.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import { inSlices } from '../vocabulary/in-slices.ts';
import type { JsonValue } from '../vocabulary/json.ts';
import { mergeLimits } from '../vocabulary/limits.ts';
import { type OutcomeJson, outcomeSlices, outcomeToJson } from '../vocabulary/outcome-json.ts';
import { NOTHING_USED, outcomeOf } from '../vocabulary/outcome-of.ts';
import type { Priority } from '../vocabulary/priority.ts';
import { fromPayload, type QueuedRun, type RunPlaces, toPayload } from './run-payload.ts';
import type { RunStore } from './run-store.ts';
import { weighOutcome } from './weigh-outcome.ts';

/** A run that was accepted. */
export interface RunRecord {
  readonly id: string;
  readonly state: JobState;
  /** Always an outcome, also for a run that was cancelled or refused before it began. Never rejects. */
  readonly outcome: Promise<OutcomeJson>;
  /** The outcome, once there is one. */
  readonly ended: OutcomeJson | undefined;
  cancel(): void;
}

export interface SubmitOptions extends Omit<RunPlaces, 'streams'> {
  readonly priority: Priority;
  /** Id of the run. @default a fresh one */
  readonly runId?: string | undefined;
  /** Told of output once the run was accepted. */
  readonly onOutput?: (chunk: Pick<OutputChunk, 'stream' | 'text'>) => void;
}

export interface RunServiceOptions {
  readonly runtime: Pick<Runtime, 'run'>;
  /** Runs are jobs of the kind `run` in it. */
  readonly queue: Queue;
  readonly store: RunStore<RunRecord>;
  /** The bytes of a module, by its hash. @throws {SandglassError} when they are not kept any more. */
  readonly moduleOf: (hash: string) => Uint8Array;
  /** A session, by its key. @throws {SandglassError} when it is not open any more. */
  readonly sessionOf: (key: string) => Pick<Session, 'run'>;
  /** Told of errors that are bugs, with the id of the run. What fails inside the runtime is told by its own `onError`. */
  readonly onFault: (error: unknown, runId: string) => void;
}

/** Puts runs into the queue and keeps what became of them. */
export interface RunService {
  /** @throws {SandglassError} QUEUE_FULL, or INPUT_INVALID for options that are not data. */
  submit(run: QueuedRun, options: SubmitOptions): Promise<RunRecord>;
  get(id: string): RunRecord | undefined;
}

export function createRunService(options: RunServiceOptions): RunService {
  const { queue, store, onFault } = options;
  queue.serve({ run: createRunHandler(options) });
  return {
    async submit(run, { priority, onOutput, runId = `run-${crypto.randomUUID()}`, ...places }) {
      const jobId = `job-${crypto.randomUUID()}`; // two runs may have one id
      const takeBack =
        onOutput === undefined
          ? undefined
          : queue.onOutput(jobId, (output) => onOutput(output as unknown as OutputChunk)); // the handler below has made it
      const job = await queue
        .add({
          kind: 'run',
          id: jobId,
          priority,
          payload: toPayload(runId, run, { ...places, streams: onOutput !== undefined }),
        })
        .catch((error: unknown) => {
          takeBack?.();
          throw error instanceof TypeError ? readFault(error, runId, onFault) : error;
        });
      let ended: OutcomeJson | undefined;
      const outcome = job.result
        // Handlers answer outcomes; what rejects is the queue itself.
        .then((result) => result as unknown as OutcomeJson)
        .catch((error: unknown) => neverBegan(runId, run, job.queuedMs, readFault(error, runId, onFault)))
        .then(async (result) => {
          const weight = await inSlices(weighOutcome(result));
          ended = result;
          store.ended(runId, weight);
          return result;
        });
      const record: RunRecord = {
        id: runId,
        get state() {
          return ended === undefined && job.state === 'done' ? 'running' : job.state;
        },
        outcome,
        get ended() {
          return ended;
        },
        cancel: () => void queue.cancel(jobId),
      };
      store.add(runId, record);
      return record;
    },
    get: (id) => store.get(id),
  };
}

/** Does the jobs: what it answers is always an outcome. */
function createRunHandler({ runtime, moduleOf, sessionOf, onFault }: RunServiceOptions): JobHandler {
  return async (payload, { signal, queuedMs, emit }) => {
    const { runId, run, module, session, streams } = fromPayload(payload);
    const onOutput = ({ stream, text }: OutputChunk): void => {
      if (text !== '') emit({ stream, text });
    };
    try {
      const bytes = module === undefined ? {} : { module: moduleOf(module) };
      const asked = { ...run, ...bytes, runId, signal, ...(streams === true ? { onOutput } : {}) };
      const outcome = await (session === undefined
        ? runtime.run(asked as RunOptions) // whoever queued it has checked that it is one kind of run, and the runtime checks it again
        : sessionOf(session).run(asked as SessionRunOptions)); // it refuses what does not fit a session
      const { meta, ...rest } = await inSlices(outcomeSlices(outcome));
      // A run waits in both queues.
      return { ...rest, meta: { ...meta, queuedMs: meta.queuedMs + queuedMs } } as unknown as JsonValue; // interfaces, so TypeScript sees no index signature
    } catch (error) {
      return neverBegan(runId, run, queuedMs, readFault(error, runId, onFault)) as unknown as JsonValue;
    }
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

const neverBegan = (runId: string, run: QueuedRun, queuedMs: number, error: SandglassError): OutcomeJson =>
  outcomeToJson(
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
    ),
  );
