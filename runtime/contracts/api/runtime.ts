import type { EventListener, Unsubscribe } from '../../vocabulary/event-stream.ts';
import type { AuditLine, EventKind } from '../../vocabulary/events.ts';
import type { Grant } from '../../vocabulary/grant.ts';
import type { Limits } from '../../vocabulary/limits.ts';
import type { TellNotice } from '../../vocabulary/notice.ts';
import type { IsolationLevel, Outcome } from '../../vocabulary/outcome.ts';
import type { PolicyDocument } from '../../vocabulary/policy.ts';
import type { Engine } from '../engine.ts';
import type { AnyHostFunction, Secret, SecretSource } from '../host-function.ts';
import type { Artifacts } from './artifacts.ts';
import type { GuideApi, ModelEndpoint } from './guide.ts';
import type { RuntimeHealth } from './health.ts';
import type { EngineInfo, PlatformInfo } from './info.ts';
import type { PolicyApi } from './policy.ts';
import type { RunHandle, RunOptions, Runs } from './run.ts';
import type { SessionApi } from './session.ts';
import type { ToolsApi, ToolsOptions } from './tools.ts';

/** What `createRuntime` gives. One runtime owns its cells and caches; `await using` or `close()` ends them. */
export interface Runtime extends AsyncDisposable {
  /**
   * Runs one guest and answers its outcome.
   * @throws {TypeError | RangeError} on misuse: unknown option, malformed grant, limit out of range. Everything else is an outcome.
   */
  run(options: RunOptions): Promise<Outcome>;
  /** Starts a run and gives a handle to stream its output and to cancel it. Throws as `run` does. */
  start(options: RunOptions): RunHandle;
  /** Guests that are kept from run to run, for one caller, on purpose. */
  readonly sessions: SessionApi;
  /** Runs that go on or wait, of this runtime. */
  readonly runs: Runs;
  /** What a model can call by name. */
  readonly tools: ToolsApi;
  /** From a task in words to a call of a tool. */
  readonly guide: GuideApi;
  /** What is allowed at most. */
  readonly policy: PolicyApi;
  /** Whole results of which a model was given a part. */
  readonly artifacts: Artifacts;
  /** Whether it takes runs, and what it is busy with. */
  health(): RuntimeHealth;
  /** What this platform can run, and how well. */
  engines(): readonly EngineInfo[];
  /** What this platform can do: levels, workers, JSPI, blocking host calls. */
  platform(): PlatformInfo;
  /**
   * Tells a listener of events of one kind, in the order in which they happen. What a listener throws harms nobody; `onError` is told of it once.
   * @throws {TypeError} for an unknown kind, or what is not a function.
   * @example
   * using _ = runtime.on('host.called', ({ identity, operation, resource }) => console.log(identity.runId, operation, resource));
   */
  on<K extends EventKind>(kind: K, listener: EventListener<K>): Unsubscribe;
  /** Ends all sessions and idle cells, and waits for running ones to be stopped. Runs still going end with CANCELLED. Idempotent. */
  close(): Promise<void>;
}

export interface RuntimeOptions {
  /** Ceiling for every run; a run can only ask for a stricter one. @default 'standard', 'minimal' where there are no workers */
  readonly level?: IsolationLevel;
  /** Ceilings of every run. */
  readonly limits?: Partial<Limits>;
  /**
   * What is allowed at most: a grant, or a document with `version`, which also knows categories, profiles, tools and callers.
   * @default no ceiling: the grant of each run holds as it is
   */
  readonly policy?: Grant | PolicyDocument;
  /** Secret handles by name; values never enter a guest. A function is asked for the secret of a run. */
  readonly secrets?: Readonly<Record<string, Secret | SecretSource>>;
  /** More engines beside the platform's. */
  readonly engines?: readonly Engine[];
  /** More host functions beside `fs`, `http` and `ws`. */
  readonly hostFunctions?: readonly AnyHostFunction[];
  readonly cells?: CellOptions;
  /** Largest `.wasm` that a run takes, bytes, 1 KiB..1 GiB. Compiling one takes several times its size. @default 64 MiB. Over it: INPUT_INVALID */
  readonly maxModuleBytes?: number;
  readonly tools?: ToolsOptions;
  /** The model that `guide` asks. @default none: words decide */
  readonly model?: ModelEndpoint;
  /** Folder (Node) for derived bytes: transpiled components, compiled snapshots. `false`: memory only. @default the user's cache folder */
  readonly cache?: string | false;
  /** Receives one line for every host call, allowed or refused: `on('host.called', …)` in a flat form. */
  readonly onAudit?: (line: AuditLine) => void;
  /**
   * Told of work that is done once and kept, such as Python's memory image, and when it cannot be kept. @default the latter: one line to the
   * console. What it throws harms nobody; `onError` is told of it once
   */
  readonly onNotice?: TellNotice;
  /** Receives the cause of every INTERNAL error, which no outcome shows: `on('fault', …)` in a flat form. @default one line to the console */
  readonly onError?: (error: unknown, runId: string) => void;
}

export interface CellOptions {
  /**
   * Cells alive at once, running or idle, 1..256, those aside whose guests only wait; as many again for each depth of runs that are nested
   * in others.
   * @default twice the processors, at least 4
   */
  readonly maxCells?: number;
  /**
   * Cells that may be alive beside those while guests wait, for a timer or for the host, 0..256: a guest that waits leaves its place to another, and
   * asks before it goes on. JavaScript guests that wait share cells, 64 a cell. Such a cell is kept for 10 s once it is idle. 0: a guest
   * keeps its place until it ends. @default 32
   */
  readonly maxWaiting?: number;
  /** What cells with guests that wait may hold together; over it no further one is started beside them, bytes, 0..1 TiB. @default 1 GiB */
  readonly waitingBytes?: number;
  /**
   * Idle warm cells kept per engine, set of `packages.snapshots` and level, 0..64; with 1 or more, up to three more while runs come faster
   * than cells start, never over half of `maxCells`. At `maximum` one fewer: a process costs tens of megabytes. @default 1
   */
  readonly warm?: number;
  /**
   * What idle cells may hold together, workers and processes, as each told when it had started, bytes, 0..1 TiB. One that would go over it is not
   * kept, and none is warmed for it, whatever `warm` says. @default 4 GiB
   */
  readonly idleMemoryBytes?: number;
  /** Runs a reusable worker serves before it is replaced, 1..100_000. @default 2_000 */
  readonly maxReuse?: number;
  /**
   * Sessions open at once, 0..255 and under `maxCells`: each one holds a cell, and one is left for other runs.
   * @default half of `maxCells`
   */
  readonly maxSessions?: number;
}
