import type { Caller, RunIdentity } from '../../vocabulary/caller.ts';
import type { Grant } from '../../vocabulary/grant.ts';
import type { GuestValue } from '../../vocabulary/guest-value.ts';
import type { JsonValue } from '../../vocabulary/json.ts';
import type { Limits } from '../../vocabulary/limits.ts';
import type { IsolationLevel, Outcome } from '../../vocabulary/outcome.ts';
import type { PrebuiltComponent } from '../engine.ts';

/** What every run may say, whatever it runs. */
export interface RunBase {
  /** Name shown in stack traces and messages. @default `main.js`, `main.ts`, `main.py`, `module.wasm`, or the file name of a module given by path */
  readonly filename?: string;
  /** Arguments of a program, after its name. A script finds them as `argv`. */
  readonly argv?: readonly string[];
  /** Text, bytes, or a JSON value sent as one compact line. @default empty */
  readonly stdin?: string | Uint8Array | JsonValue;
  /** JSON globals of a script; copies. */
  readonly inputs?: Readonly<Record<string, JsonValue>>;
  /**
   * Files that lie in the scratch folder `/tmp` when the guest begins: path → text or bytes. Paths start at `/tmp`, with it or without. At most
   * 1,000 files and 16 MiB together with their names; more is a RangeError before anything runs. No grant is needed.
   */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /**
   * Paths and globs (`*`, `**`, `?`) below the scratch folder `/tmp`: what fits them when the guest has ended is in `outcome.files`. Over 1,000
   * files or 16 MiB the run ends with OUTPUT_EXCEEDED.
   */
  readonly collect?: readonly string[];
  /** Guest path that relative paths start at. @default the first mount, else the scratch folder `/tmp` */
  readonly cwd?: string;
  /** The only things the guest can touch, at most what the policy allows. @default nothing beyond its own scratch folder */
  readonly grant?: Grant;
  readonly limits?: Partial<Limits>;
  /** At least this strict. */
  readonly level?: IsolationLevel;
  /** Choose an engine by name, e.g. the second preview1 host `preview1-wasmer`. */
  readonly engine?: string;
  /** Fixes random, clocks and the hashes of Python strings. */
  readonly deterministic?: { readonly seed: number; readonly now: number };
  /** Engine options, checked by the engine. */
  readonly options?: Readonly<Record<string, JsonValue>>;
  readonly signal?: AbortSignal;
  /** Who asks for the run: it may use no capability that the caller has no permission for. @default the embedder itself */
  readonly caller?: Caller;
  /**
   * The run that this one is nested in: `run` of a host function's context, or `identity` of an event. Whatever this one spends is spent of
   * that one's limits; it is at least as strict, has no more permissions, and ends with it. Nested 8 deep at most.
   */
  readonly parent?: RunIdentity;
  /**
   * Tells in `meta.observed` the smallest grant that would have sufficed. Without a `grant` the run has what the policy allows.
   * @default false
   */
  readonly observe?: boolean;
  /** Tells in `meta.trace` what the run did, with times: its start, its host calls, what its guest logged, its end. @default false */
  readonly trace?: boolean;
  /** Identity of the run in outcome and audit: 1 to 64 letters, digits, `-`, `_`. @default a fresh one */
  readonly runId?: string;
  /** W3C `traceparent` of what asks for the run, for those who trace its events; no guest sees it. */
  readonly traceparent?: string;
  /** Guest output as it comes. What it throws harms nobody; `onError` is told of it once. */
  readonly onOutput?: (chunk: OutputChunk) => void;
}

/** A language by its name or short name; an engine of the embedder's may bring others. */
export type Language =
  | 'javascript'
  | 'typescript'
  | 'python'
  | 'shell'
  | 'js'
  | 'ts'
  | 'py'
  | 'sh'
  | 'bash'
  | (string & {});

interface ScriptParts {
  /** Source text. */
  readonly code: string;
  /** Sources that the guest may import by these specifiers. */
  readonly modules?: Readonly<Record<string, string>>;
  /** How JavaScript is read. @default 'auto': a module if it imports or exports */
  readonly form?: 'auto' | 'script' | 'module';
  /**
   * Python packages that the program needs, brought before it starts: names with versions where they matter, e.g. `numpy`, `attrs>=23`. Where
   * they come from is for the runtime to say; one that none of its sources has ends the run with UNSUPPORTED.
   */
  readonly packages?: readonly string[];
}

/** Source text of a language, in a fresh guest. */
export interface ScriptRun extends RunBase, ScriptParts {
  readonly language: Language;
  readonly module?: never;
  readonly invoke?: never;
  readonly args?: never;
  readonly session?: never;
}

interface ModuleParts {
  /**
   * A `.wasm`: bytes; on Node also its path (from the process's own working folder) or file URL; or a component prebuilt for platforms that
   * cannot compile.
   */
  readonly module: Uint8Array | string | URL | PrebuiltComponent;
  readonly language?: never;
  readonly code?: never;
  readonly modules?: never;
  readonly form?: never;
  readonly packages?: never;
  readonly session?: never;
}

/** A `.wasm` that is run as a program; it takes `argv`, and no `args`. */
interface ProgramRun extends RunBase, ModuleParts {
  readonly invoke?: never;
  readonly args?: never;
}

/** One exported function of a `.wasm`; it takes `args`. */
interface CallRun extends RunBase, ModuleParts {
  /** Exported function to call instead of running the program. */
  readonly invoke: string;
  readonly args?: readonly GuestValue[];
}

/** A `.wasm`: a program, or one exported function of it. */
export type ModuleRun = ProgramRun | CallRun;

/** Source text in a guest that is kept. */
export interface SessionRun extends RunBase, ScriptParts {
  /**
   * Runs in the open session of this name, after the runs that asked before. What the session holds fixed is refused: another language, a
   * stricter level, less memory, `options`, `deterministic`.
   */
  readonly session: string;
  /** @default the session's own */
  readonly language?: Language;
  readonly module?: never;
  readonly invoke?: never;
  readonly args?: never;
}

/** One run: a script, a module, or a script in an open session. */
export type RunOptions = ScriptRun | ModuleRun | SessionRun;

/** The same without the rules of which fields go together, for what assembles options from text; `run` checks them. */
export type LooseRunOptions = RunBase &
  Partial<ScriptParts> & {
    readonly language?: Language;
    readonly module?: ModuleRun['module'];
    readonly invoke?: string;
    readonly args?: readonly GuestValue[];
    readonly session?: string;
  };

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
