import type { JobState, Queue } from '../contracts/queue.ts';
import { defined } from '../vocabulary/defined.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import { atOnce, inSlices } from '../vocabulary/in-slices.ts';
import type { JsonValue } from '../vocabulary/json.ts';
import type { OutcomeJson } from '../vocabulary/outcome-json.ts';
import type { Priority } from '../vocabulary/priority.ts';
import type { FoundRun, OnceOnly } from './journal-lines.ts';
import type { RunJournal } from './run-journal.ts';
import { createRunLog, type RunLog } from './run-log.ts';
import type { RunStore } from './run-store.ts';
import { weighOutcome } from './weigh-outcome.ts';

/** A run, or a call of a tool, that was accepted. */
export interface RunRecord {
  readonly id: string;
  /** Name of the tool; absent for a run. */
  readonly tool?: string;
  /** Id of whoever asked; absent for the embedder. */
  readonly caller?: string;
  /** Milliseconds since the epoch. */
  readonly askedAt: number;
  /** The same of its end, once there is one. */
  readonly endedAt: number | undefined;
  readonly state: JobState;
  /** Always an outcome, also for a run that was cancelled or refused before it began. Never rejects. */
  readonly outcome: Promise<OutcomeJson>;
  /** The outcome, once there is one. */
  readonly ended: OutcomeJson | undefined;
  /** Of an earlier process: the outcome was too large to be kept with its value, output and files. */
  readonly shortened?: true;
  /** The request that asked for it is done once. */
  readonly once?: OnceOnly;
  /** Output and progress. */
  readonly log: RunLog;
  cancel(): void;
}

export interface AcceptedJob {
  readonly kind: 'run' | 'tool';
  readonly runId: string;
  readonly payload: JsonValue;
  readonly priority: Priority;
  readonly tool?: string;
  readonly caller?: string;
  readonly once?: OnceOnly;
  /** The outcome of a job that never began. */
  readonly neverBegan: (error: SandglassError, queuedMs: number) => OutcomeJson;
}

export interface RecordsOptions {
  readonly queue: Queue;
  readonly store: RunStore<RunRecord>;
  /** Told of errors that are bugs, with the id of the run. */
  readonly onFault: (error: unknown, runId: string) => void;
  readonly now: () => number;
  /** Remembers runs for a later process. */
  readonly journal?: RunJournal | undefined;
}

/** Puts jobs into the queue, and keeps a record of each. */
export interface RunRecords {
  /** @throws {SandglassError} QUEUE_FULL, or INPUT_INVALID for what is not data. */
  accept(job: AcceptedJob): Promise<RunRecord>;
  /** Puts something into the log of a run that goes on. */
  tell(runId: string, event: string, data: object): void;
}

export function createRunRecords({ queue, store, onFault, now, journal }: RecordsOptions): RunRecords {
  for (const run of journal?.takeFound() ?? []) {
    store.add(run.id, foundRecord(run));
    store.ended(run.id, atOnce(weighOutcome(run.outcome)));
  }
  /** Logs of runs that the queue has taken, or is about to: what is quick tells of itself before its record is there. */
  const starting = new Map<string, RunLog>();
  return {
    async accept({ kind, runId, payload, priority, tool, caller, once, neverBegan }) {
      const jobId = `job-${crypto.randomUUID()}`; // two runs may have one id
      const log = createRunLog();
      const takeBack = queue.onOutput(jobId, (output) => logOutput(log, output));
      const askedAt = now();
      const named = defined({ tool, caller, once });
      journal?.asked(jobId, { id: runId, ...named, askedAt, neverBegan: neverBegan(LOST, 0) });
      starting.set(runId, log);
      const job = await queue.add({ kind, id: jobId, priority, payload }).catch((error: unknown) => {
        starting.delete(runId);
        takeBack();
        journal?.refused(jobId);
        throw error instanceof TypeError ? readFault(error, runId, onFault) : error;
      });
      let ended: OutcomeJson | undefined;
      let endedAt: number | undefined;
      const outcome = job.result
        // Handlers answer outcomes; what rejects is the queue itself.
        .then((result) => result as unknown as OutcomeJson)
        .catch((error: unknown) => neverBegan(readFault(error, runId, onFault), job.queuedMs))
        .then(async (result) => {
          const weight = await inSlices(weighOutcome(result));
          ended = result;
          endedAt = now();
          log.end();
          store.ended(runId, weight + log.bytes);
          journal?.ended(jobId, result, weight);
          return result;
        });
      const record: RunRecord = {
        id: runId,
        ...named,
        askedAt,
        get endedAt() {
          return endedAt;
        },
        get state() {
          return ended === undefined && job.state === 'done' ? 'running' : job.state;
        },
        outcome,
        get ended() {
          return ended;
        },
        log,
        cancel: () => void queue.cancel(jobId),
      };
      store.add(runId, record);
      starting.delete(runId);
      return record;
    },
    tell(runId, event, data) {
      const record = store.peek(runId);
      const log = starting.get(runId) ?? (record?.ended === undefined ? record?.log : undefined);
      log?.add(event, data, 100);
    },
  };
}

/** Stands in what the journal holds of a run until it has ended. */
const LOST = new SandglassError('CANCELLED', 'Cannot finish the run: the server ended');

/** A run of an earlier process: what it told is gone, its outcome is there. */
function foundRecord({ event: _, foundAt: __, outcome, ...run }: FoundRun): RunRecord {
  const log = createRunLog();
  log.end();
  return {
    ...run,
    state: 'done',
    outcome: Promise.resolve(outcome),
    ended: outcome,
    log,
    cancel: () => undefined,
  };
}

/** Handlers emit output only. */
function logOutput(log: RunLog, output: JsonValue): void {
  const { text = '' } = output as { readonly text?: string };
  log.add('output', output as object, 2 * text.length);
}

/** Misuse is the caller's input here, since the options came from outside. */
export function readFault(error: unknown, runId: string, onFault: RecordsOptions['onFault']): SandglassError {
  if (error instanceof SandglassError) return error;
  if (error instanceof TypeError || error instanceof RangeError) {
    return new SandglassError('INPUT_INVALID', error.message);
  }
  onFault(error, runId);
  return new SandglassError('INTERNAL', 'Cannot finish the run: the server failed');
}
