import type { OutputChunk, RunOptions } from '../contracts/api/run.ts';
import type { Runtime } from '../contracts/api/runtime.ts';
import type {
  ModuleSession,
  ModuleSessionRunOptions,
  Session,
  SessionRunOptions,
} from '../contracts/api/session.ts';
import type { JobHandler, Queue } from '../contracts/queue.ts';
import { defined } from '../vocabulary/defined.ts';
import type { SandglassError } from '../vocabulary/errors.ts';
import { guarded } from '../vocabulary/guarded.ts';
import { inSlices } from '../vocabulary/in-slices.ts';
import type { JsonValue } from '../vocabulary/json.ts';
import { mergeLimits } from '../vocabulary/limits.ts';
import { type OutcomeJson, outcomeSlices, outcomeToJson } from '../vocabulary/outcome-json.ts';
import { NOTHING_USED, outcomeOf } from '../vocabulary/outcome-of.ts';
import type { Priority } from '../vocabulary/priority.ts';
import type { OnceOnly } from './journal-lines.ts';
import type { RunJournal } from './run-journal.ts';
import { fromPayload, type QueuedRun, type RunPlaces, toPayload } from './run-payload.ts';
import { createRunRecords, type RunRecord, readFault } from './run-records.ts';
import type { RunStore } from './run-store.ts';
import { createToolHandler, neverCalled, type QueuedCall, toolPayload } from './tool-calls.ts';

export interface SubmitOptions extends RunPlaces {
  readonly priority?: Priority;
  /** Id of the run. @default a fresh one */
  readonly runId?: string | undefined;
  /** The request is done once: for whoever sends it again to a later process. */
  readonly once?: OnceOnly | undefined;
}

export interface RunServiceOptions {
  /** Without `tools`, none can be called; without `on`, runs tell no progress. */
  readonly runtime: Pick<Runtime, 'run'> & Partial<Pick<Runtime, 'tools' | 'on'>>;
  /** Runs are jobs of the kind `run` in it, calls of tools of the kind `tool`. */
  readonly queue: Queue;
  readonly store: RunStore<RunRecord>;
  /** The bytes of a module, by its hash. @throws {SandglassError} when they are not kept any more. */
  readonly moduleOf: (hash: string) => Uint8Array;
  /** A session, by its key. @throws {SandglassError} when it is not open any more. */
  readonly sessionOf: (key: string) => Pick<Session | ModuleSession, 'run'>;
  /** Told of errors that are bugs, with the id of the run. What fails inside the runtime is told by its own `onError`. */
  readonly onFault: (error: unknown, runId: string) => void;
  /** Remembers runs for a later process. @default they are forgotten with this one */
  readonly journal?: RunJournal | undefined;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Puts runs and calls of tools into one queue, and keeps what became of them. */
export interface RunService {
  /** @throws {SandglassError} QUEUE_FULL, or INPUT_INVALID for options that are not data. */
  submit(run: QueuedRun, options?: SubmitOptions): Promise<RunRecord>;
  /** The same for a call of a tool. */
  call(call: QueuedCall, options?: Pick<SubmitOptions, 'once'>): Promise<RunRecord>;
  get(id: string): RunRecord | undefined;
  /** Those that wait or run, and the ended ones that are kept; the one asked for last comes first. */
  list(): readonly RunRecord[];
  /** How long an ended one is kept after it was last asked for, ms. */
  readonly keptMs: number;
}

/** A journal that fails loses its lines, and no run: it is told of once for each kind of line. */
function harmless(journal: RunJournal, onFault: RunServiceOptions['onFault']): RunJournal {
  const blame = (error: unknown): void => onFault(error, 'journal');
  return {
    takeFound: () => journal.takeFound(),
    asked: guarded((job, run) => journal.asked(job, run), blame),
    refused: guarded((job) => journal.refused(job), blame),
    began: guarded((job) => journal.began(job), blame),
    ended: guarded((job, outcome, weight) => journal.ended(job, outcome, weight), blame),
  };
}

export function createRunService(options: RunServiceOptions): RunService {
  const { queue, store, onFault, runtime, now = Date.now } = options;
  const journal = options.journal === undefined ? undefined : harmless(options.journal, onFault);
  const records = createRunRecords({ queue, store, onFault, now, journal });
  const { tools } = runtime;
  queue.serve({
    run: createRunHandler({ ...options, journal }),
    ...(tools === undefined ? {} : { tool: createToolHandler(tools, onFault, journal) }),
  });
  tellProgress(runtime, records.tell);
  return {
    submit: (run, { priority = 'normal', runId = `run-${crypto.randomUUID()}`, once, ...places } = {}) =>
      records.accept({
        kind: 'run',
        runId,
        priority,
        payload: toPayload(runId, run, places),
        ...defined({ caller: run.caller?.id, once }),
        neverBegan: (error, queuedMs) => neverBegan(runId, run, queuedMs, error),
      }),
    call: (call, { once } = {}) => {
      const { payload, runId, options: given } = toolPayload(call);
      return records.accept({
        kind: 'tool',
        runId,
        priority: given.priority ?? 'normal',
        payload,
        tool: call.tool,
        ...defined({ caller: given.caller?.id, once }),
        neverBegan: (error, queuedMs) => neverCalled(payload, queuedMs, error),
      });
    },
    get: (id) => store.get(id),
    list: () => store.all(),
    keptMs: store.ttlMs,
  };
}

/** What a run does beside its output: that its guest began, and each call of the host. */
function tellProgress(
  { on }: RunServiceOptions['runtime'],
  tell: (runId: string, event: string, data: object) => void,
): void {
  on?.('run.started', ({ identity, engine }) =>
    tell(identity.runId, 'progress', { step: 'started', engine }),
  );
  on?.('tool.progress', ({ identity, tool, progress, total, message }) =>
    tell(identity.runId, 'progress', {
      step: message ?? tool ?? 'progress',
      progress,
      ...defined({ total }),
    }),
  );
  on?.('host.called', ({ identity, operation, resource, decision }) =>
    tell(identity.runId, 'progress', {
      step: operation,
      ...defined({ resource }),
      ...(decision === 'allowed' ? {} : { refused: true }),
    }),
  );
}

/** Does the jobs: what it answers is always an outcome. */
function createRunHandler(options: RunServiceOptions): JobHandler {
  const { runtime, moduleOf, sessionOf, onFault, journal } = options;
  return async (payload, { id, signal, queuedMs, emit }) => {
    const { runId, run, module, session } = fromPayload(payload);
    journal?.began(id);
    const onOutput = ({ stream, text }: OutputChunk): void => {
      if (text !== '') emit({ stream, text });
    };
    try {
      const bytes = module === undefined ? {} : { module: moduleOf(module) };
      // A session is found by its key: what a caller names it is not asked again.
      const { session: _, ...options } = run as QueuedRun & { readonly session?: string };
      const asked = { ...options, ...bytes, runId, signal, onOutput };
      const outcome = await (session === undefined
        ? runtime.run(asked as RunOptions) // whoever queued it has checked that it is one kind of run, and the runtime checks it again
        : sessionOf(session).run(asked as SessionRunOptions & ModuleSessionRunOptions)); // it refuses what does not fit a session
      const { meta, ...rest } = await inSlices(outcomeSlices(outcome));
      // A run waits in both queues.
      // interfaces, so TypeScript sees no index signature
      return { ...rest, meta: { ...meta, queuedMs: meta.queuedMs + queuedMs } } as unknown as JsonValue;
    } catch (error) {
      return neverBegan(runId, run, queuedMs, readFault(error, runId, onFault)) as unknown as JsonValue;
    }
  };
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
