import type { GuestValue, JsonValue } from '../vocabulary/codec.ts';
import type { ErrorCode } from '../vocabulary/errors.ts';
import type { Grant } from '../vocabulary/grant.ts';
import type { LimitName, Limits } from '../vocabulary/limits.ts';
import type { IsolationLevel, Outcome } from '../vocabulary/outcome.ts';
import type { Engine, PrebuiltComponent, SnapshotInfo } from './engine.ts';
import type { HostFunction, Secret } from './host-function.ts';

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
  /** What this platform can run, and how well. */
  engines(): readonly EngineInfo[];
  /** What this platform can do: levels, workers, JSPI, blocking host calls. */
  platform(): PlatformInfo;
  /** Ends all sessions and idle cells, and waits for running ones to be stopped. Runs still going end with CANCELLED. Idempotent. */
  close(): Promise<void>;
}

export interface RuntimeOptions {
  /** Ceiling for every run; a run can only ask for a stricter one. @default 'standard', 'minimal' where there are no workers */
  readonly level?: IsolationLevel;
  /** Ceilings of every run. */
  readonly limits?: Partial<Limits>;
  /** The grant that every run gets at most. @default no ceiling: the grant of each run holds as it is */
  readonly policy?: Grant;
  /** Secret handles by name; values never enter a guest. */
  readonly secrets?: Readonly<Record<string, Secret>>;
  /** More engines beside the platform's. */
  readonly engines?: readonly Engine[];
  /** More host functions beside `fs`, `http` and `ws`. */
  readonly hostFunctions?: readonly HostFunction[];
  readonly cells?: CellOptions;
  /** Folder (Node) for derived bytes: transpiled components, compiled snapshots. `false`: memory only. @default the user's cache folder */
  readonly cache?: string | false;
  /** Receives one line for every host call, allowed or refused. Must not throw. */
  readonly onAudit?: (line: AuditLine) => void;
  /** Receives the cause of every INTERNAL error, which no outcome shows. @default one line to the console */
  readonly onError?: (error: unknown, runId: string) => void;
}

export interface CellOptions {
  /** Cells alive at once, running or idle, 1..256. @default twice the processors, at least 4 */
  readonly maxCells?: number;
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
  /** Runs a reusable worker serves before it is replaced, 1..100_000. @default 200 */
  readonly maxReuse?: number;
  /**
   * Sessions open at once, 0..255 and under `maxCells`: each one holds a cell, and one is left for other runs.
   * @default half of `maxCells`
   */
  readonly maxSessions?: number;
}

export interface SessionApi {
  /**
   * Opens a session: one guest's interpreter, kept from run to run. It ends when it is closed, when it was idle for `idleMs`, when it exits,
   * and with any run that is cancelled, trapped, crashed, or stopped at a limit. An exception of the guest does not end it.
   * @throws {TypeError | RangeError} on misuse: unknown option, malformed name, limit out of range.
   * @throws {SandglassError} INPUT_INVALID when one of this name is open, UNSUPPORTED when language or level have no sessions here,
   * QUEUE_FULL when `cells.maxSessions` are open, CANCELLED by `signal`.
   * @example
   * await using session = await runtime.sessions.open({ language: 'python' });
   * await session.run({ code: 'x = 1' });
   * await session.run({ code: 'print(x)' }); // stdout: 1
   */
  open(options: SessionOptions): Promise<Session>;
  /** Ends a session and the runs in it, with CANCELLED. False when none of this name is open. Resolves when nothing of it is left. */
  close(name: string): Promise<boolean>;
}

export interface SessionOptions {
  /** 1 to 64 letters, digits, `-`, `_`. Whoever has this runtime and the name can run in the session. @default a fresh one */
  readonly name?: string;
  /** `javascript`, `typescript`, `python`, or an engine's own. */
  readonly language: string;
  /** At least this strict; the same for all its runs. */
  readonly level?: IsolationLevel;
  /** What a run without a grant gets, and what any run gets at most. @default nothing for a run that asks for none, and no ceiling */
  readonly grant?: Grant;
  /** Ceilings of each run; every limit counts anew for each, but `memoryBytes`: that is the cap of the one instance. */
  readonly limits?: Partial<Limits>;
  /** Engine options, the same for all its runs. */
  readonly options?: Readonly<Record<string, JsonValue>>;
  /** How long it may be idle, ms, 1_000..86_400_000. @default 300_000 */
  readonly idleMs?: number;
  /** Gives up the wait for a free cell. */
  readonly signal?: AbortSignal;
}

export interface Session extends AsyncDisposable {
  readonly name: string;
  /**
   * `runtime.run({ session: name, … })`, but only ever in this session, not in a later one of its name. Runs of one session go one after the
   * other.
   */
  run(options: SessionRunOptions): Promise<Outcome>;
  /** Ends the session and the runs in it. Idempotent. */
  close(): Promise<void>;
}

export type SessionRunOptions = Omit<
  RunOptions,
  'session' | 'language' | 'module' | 'invoke' | 'args' | 'engine' | 'level' | 'deterministic' | 'options'
>;

export interface RunOptions {
  /** `javascript`, `typescript`, `python`, or an engine's own. Give this with `code`. */
  readonly language?: string;
  /** Source text. */
  readonly code?: string;
  /**
   * A `.wasm`: bytes; on Node also its path (from the process's own working folder) or file URL; or a component prebuilt for platforms that
   * cannot compile.
   */
  readonly module?: Uint8Array | string | URL | PrebuiltComponent;
  /** Name shown in stack traces and messages. @default `main.js`, `main.ts`, `main.py`, `module.wasm` */
  readonly filename?: string;
  /** Sources that the guest may import by these specifiers. */
  readonly modules?: Readonly<Record<string, string>>;
  /** How JavaScript is read. @default 'auto': a module if it imports or exports */
  readonly form?: 'auto' | 'script' | 'module';
  /** Exported function to call; with `args`. Only for `module`. */
  readonly invoke?: string;
  /** Arguments of `invoke`. */
  readonly args?: readonly GuestValue[];
  /** Arguments of a program, after its name. */
  readonly argv?: readonly string[];
  /** Text, bytes, or a JSON value sent as one compact line. @default empty */
  readonly stdin?: string | Uint8Array | JsonValue;
  /** JSON globals of a script; copies. */
  readonly inputs?: Readonly<Record<string, JsonValue>>;
  /**
   * Python packages that the program needs, brought before it starts: names with versions where they matter, e.g. `numpy`, `attrs>=23`. Where
   * they come from is for the runtime to say; one that none of its sources has ends the run with UNSUPPORTED.
   */
  readonly packages?: readonly string[];
  /** Guest path that relative paths start at. @default the first mount, else `/` */
  readonly cwd?: string;
  /**
   * Runs in the open session of this name, after the runs that asked before. `language` may then be left out. What the session holds fixed is
   * refused: another language, a stricter level, less memory, `options`, `module`, `deterministic`.
   */
  readonly session?: string;
  readonly grant?: Grant;
  readonly limits?: Partial<Limits>;
  /** At least this strict. */
  readonly level?: IsolationLevel;
  /** Choose a wasm engine by name, e.g. the second preview1 host `preview1-wasmer`. */
  readonly engine?: string;
  /** Fixes random, clocks and the hashes of Python strings; Python then starts a new interpreter for the run. */
  readonly deterministic?: { readonly seed: number; readonly now: number };
  /** Engine options, checked by the engine. */
  readonly options?: Readonly<Record<string, JsonValue>>;
  readonly signal?: AbortSignal;
  /** Identity of the run in outcome and audit: 1 to 64 letters, digits, `-`, `_`. @default a fresh one */
  readonly runId?: string;
  /** Guest output as it comes. */
  readonly onOutput?: (chunk: OutputChunk) => void;
}

/** What goes on. */
export interface Runs {
  /** All that have not ended, in the order in which they were asked for. */
  list(): Promise<readonly LiveRunInfo[]>;
  /** One of them; `undefined` for an id that none has. */
  get(id: string): Promise<LiveRunInfo | undefined>;
  /** Ends one with CANCELLED. Answers whether there was one. */
  cancel(id: string): boolean;
  /**
   * What fitted of the output of a run that ended with OUTPUT_EXCEEDED, as in its outcome. The last 64 such runs are kept, 64 MiB of
   * output together, each for 10 minutes after it was last asked for; `undefined` for any other id, and where there was more of it than that.
   */
  output(id: string): KeptOutput | undefined;
}

export interface KeptOutput {
  readonly stdout: string;
  readonly stderr: string;
}

export interface LiveRunInfo {
  readonly id: string;
  /** `null` until it is known which one takes it. */
  readonly engine: string | null;
  readonly level: IsolationLevel;
  /** Name of the session that it belongs to. */
  readonly session?: string;
  /** `waiting`: for its cell, its turn, or its guest to be prepared. */
  readonly state: 'waiting' | 'running';
  /** Milliseconds since the epoch. */
  readonly askedAt: number;
  /** Milliseconds since the epoch; `null` while it waits. */
  readonly startedAt: number | null;
  /** CPU time so far, ms; also of a guest that never returns. `null` where the platform does not tell (a process cell, and while it waits). */
  readonly cpuMs: number | null;
  /** Linear memory, bytes, as told with its last output; `null` before that. In the caller's own thread, at the moment. */
  readonly memoryBytes: number | null;
  /** Calls so far, by capability. */
  readonly hostCalls: Readonly<Record<string, number>>;
}

export interface OutputChunk {
  readonly stream: 'stdout' | 'stderr';
  /** What these bytes complete, in whole UTF-8 sequences; an invalid one as U+FFFD. May be empty. */
  readonly text: string;
  /** The bytes as the guest wrote them; empty in a last chunk that only tells of a sequence never completed. */
  readonly bytes: Uint8Array;
}

export interface RunHandle {
  readonly id: string;
  readonly outcome: Promise<Outcome>;
  /** Output as it comes; ends with the run. One reader. */
  readonly output: AsyncIterable<OutputChunk>;
  /** Ends the run with CANCELLED. Idempotent. */
  cancel(): void;
}

export interface EngineInfo {
  readonly name: string;
  readonly version: string;
  readonly languages: readonly string[];
  /** What guests are written in or against, e.g. `ES2024`. */
  readonly languageVersion: string;
  readonly realm: Engine['realm'];
  readonly levels: readonly IsolationLevel[];
  /** Default of `memoryBytes` for its guests. */
  readonly memoryBytes: number;
  /** Where its guests can live on this platform. */
  readonly cells: readonly ('inline' | 'worker' | 'process')[];
  /** Limits that hold for its guests here. */
  readonly limits: readonly LimitName[];
  /** What its guests reach of a network by themselves: nothing, on every platform. Host functions do it for them, as granted. */
  readonly network: 'host functions only';
  /** What has to be there before a first run, or is made by it. */
  readonly setup: string;
  /** Names of the `options` that its runs take, e.g. `imports`. */
  readonly options: readonly string[];
  /** Sets of packages that its runs can start from, imported ahead, as they were configured. */
  readonly snapshots: readonly SnapshotInfo[];
  /** From asking to running in the last cold start that this runtime saw, ms; `null` before one. */
  readonly startupMs: number | null;
}

export interface PlatformInfo {
  readonly name: string;
  readonly version: string;
  readonly levels: readonly IsolationLevel[];
  readonly workers: boolean;
  readonly processes: boolean;
  /** WebAssembly can suspend on a promise. */
  readonly jspi: boolean;
  /** A cell can block on a host call. */
  readonly syncWait: boolean;
  /** A running guest can be ended from outside. */
  readonly hardKill: boolean;
  /** Bytes can be compiled to wasm at run time. */
  readonly compiles: boolean;
}

export interface AuditLine {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly runId: string;
  readonly operation: string;
  readonly capability: string;
  readonly decision: 'allowed' | 'refused';
  readonly code?: ErrorCode;
  readonly durationMs: number;
  readonly egressBytes: number;
  readonly ingressBytes: number;
}
