import type { ErrorCode, ErrorDetails } from '../vocabulary/errors.ts';
import type { GuestFile } from '../vocabulary/guest-file.ts';
import type { GuestValue } from '../vocabulary/guest-value.ts';
import type { JsonObject, JsonValue } from '../vocabulary/json.ts';
import type { Limits } from '../vocabulary/limits.ts';
import type { TellNotice } from '../vocabulary/notice.ts';
import type { Described } from './described-tool.ts';
import type { MountView } from './host-function.ts';

/** What can run one kind of guest. Two halves: `prepare` on the host side, `execute` inside a cell. */
export interface Engine {
  /** `quickjs`, `pyodide`, `component`, `preview1`, or the embedder's own. */
  readonly name: string;
  readonly version: string;
  /** What guests are written in or against, e.g. `ES2024`, `CPython 3.14`. @default the engine's name and version */
  readonly languageVersion?: string;
  /** What has to be there before a first run, or is made by it. @default nothing */
  readonly setup?: string;
  /** Names of the `options` that its runs take; any other it refuses. @default none */
  readonly options?: readonly string[];
  /** What `language` may say to choose it; wasm engines are chosen by the binary instead. */
  readonly languages: readonly string[];
  /**
   * `sealed`: the guest only ever runs in wasm, its cell's realm stays ours, a worker may serve again.
   * `exposed`: code made from the guest runs in the cell's realm; its cell is used once.
   */
  readonly realm: 'sealed' | 'exposed';
  /**
   * A sealed one whose cells make the next guest's instance after each run, by the executor's `renew`, before they are ready again; after a run
   * that did not end by itself the cell is replaced. @default false
   */
  readonly renews?: boolean;
  /** Default of `memoryBytes` for its guests. */
  readonly memoryBytes: number;
  /** Stack of a worker that runs it, MB. */
  readonly stackSizeMb: number;
  /**
   * Guests that wait may share the thread of a worker: no state of one is in reach of another, and a guest that waits returns to the event
   * loop, by `GuestHost.rest`. @default false: each has a thread of its own
   */
  readonly sharesThread?: boolean;
  /** Whether it may run in the host's own thread. */
  readonly inline: boolean;
  /** URL of the ES module that exports `execute`; workers and processes import it. */
  readonly executorUrl: string;
  /** The same `execute`, for the inline cell. */
  readonly execute: Execute;
  /** The same `open` as the executor's. Absent: the engine keeps nothing between runs, and there are no sessions with it. */
  readonly open?: OpenGuest;
  /**
   * Host side, outside any deadline of the guest: checks the source, compiles what can be shared between runs. Never runs a guest.
   * @throws {SandglassError} MODULE_INVALID, INPUT_INVALID or UNSUPPORTED.
   */
  prepare(source: GuestSource, context: PrepareContext): Promise<PreparedGuest>;
  /** What a binary offers as tools, by the types of its exports. Absent: nothing. @throws {SandglassError} MODULE_INVALID */
  toolExports?(bytes: Uint8Array): Pick<Described, 'isTool' | 'exports' | 'handles'>;
  /** What it keeps ahead for runs that want the same packages. Absent: nothing. */
  snapshots?(): readonly SnapshotInfo[];
  /**
   * What a warm cell is given before any run: the executor's `warmUp` export, if it has one, is called with it. Holds nothing of any
   * guest. Absent: a warm cell has only imported the executor.
   */
  shared?(context: PrepareContext): Promise<PreparedGuest>;
}

/** A set of packages that runs can start from, imported ahead. */
export interface SnapshotInfo {
  /** As they were configured. */
  readonly packages: readonly string[];
  /** `unmade` until the first run that could use it. `refused`: runs install and import these packages each for itself. */
  readonly state: 'unmade' | 'ready' | 'refused';
  /** Why it was refused. */
  readonly reason?: string;
}

/** The module behind `executorUrl`. */
export interface Executor {
  readonly execute: Execute;
  readonly open?: OpenGuest;
  /** Brings the engine up ahead of a run, from what `Engine.shared` gave. */
  readonly warmUp?: (shared: CellGuest) => Promise<void>;
  /** After `warmUp`: runs a program of its own on the way that a guest's takes, so that nothing on it is done for the first time in a run. */
  readonly rehearse?: Execute;
  /** After a run that ended by itself: makes ready what the next one needs, in a cell that serves again. */
  readonly renew?: () => Promise<void>;
  /** Linear memory that it holds for the next guest, bytes. */
  readonly heldBytes?: () => number;
}

/** Untrusted input of a run. */
export type GuestSource = ScriptSource | WasmSource;

export interface ScriptSource {
  readonly kind: 'script';
  /** One of the engine's `languages`. */
  readonly language: string;
  readonly code: string;
  /** The name that stack traces show. */
  readonly filename: string;
  /** Module specifier → source text: what the run may import beside granted files. */
  readonly modules: Readonly<Record<string, string>>;
  /** How `code` is read. `auto`: a module if it has import or export declarations. */
  readonly form: 'auto' | 'script' | 'module';
}

export interface WasmSource {
  readonly kind: 'wasm';
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Lower-case hex SHA-256 of `bytes`. */
  readonly hash: string;
  /** For messages. */
  readonly name: string;
  /** Embedders without run-time code generation (workerd) pass the transpiled parts. Trusted: it comes from the embedder's own build. */
  readonly prebuilt?: PrebuiltComponent;
}

/** A component transpiled at build time by `prebuildComponent` of `sandglass/prebuild`, whose files export it whole. */
export interface PrebuiltComponent {
  /** Plain data that `prebuildComponent` wrote: interfaces and types. */
  readonly data: unknown;
  /** The generated glue. */
  readonly instantiate: (...args: never[]) => unknown;
  /** The metered core modules by file name, compiled. */
  readonly modules: Readonly<Record<string, WebAssembly.Module>>;
}

export interface PrepareContext {
  readonly limits: Limits;
  /** The run's engine options, for what has to be done before it starts; absent for `shared`. */
  readonly options?: JsonObject;
  /** The guest will share the host's thread, where it can be stopped and others have their turns only if it can be suspended. */
  readonly sharesThread?: boolean;
  /** The run must repeat to the byte, on every machine. */
  readonly deterministic?: boolean;
  /** Whose run it is: what is done for one caller leaves room for others. */
  readonly caller?: string;
  /** Aborted when the run is: nobody waits for what is prepared for it any more. */
  readonly signal?: AbortSignal;
  /** The run's cell is there already, with a guest that is kept in it: only its own warm parts can be used. */
  readonly keptCell?: boolean;
  /** Cache of derived bytes, by content key. Absent where the platform has none. */
  readonly cache?: ByteCache;
  /** Runs a heavy, killable job (transpiling an untrusted component) away from this thread; absent where there are no workers. */
  readonly job?: RunJob;
  readonly compile: (bytes: Uint8Array<ArrayBuffer>) => Promise<WebAssembly.Module>;
  /** Tells whoever waits of work that is done once. */
  readonly tell?: TellNotice;
}

/**
 * Imports `moduleUrl` in a fresh, permissioned worker, calls its export `job(input)`, answers the result, ends the worker: also as soon as
 * `signal` is aborted.
 */
export type RunJob = (
  moduleUrl: string,
  input: unknown,
  options: { readonly timeoutMs: number; readonly memoryMb: number; readonly signal?: AbortSignal },
) => Promise<unknown>;

export interface ByteCache {
  get(key: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  set(key: string, bytes: Uint8Array): Promise<void>;
}

/** What a cell needs to run a guest. All of it can be structured-cloned but `local`, which only the inline cell sees. */
export interface PreparedGuest {
  readonly engine: string;
  /** Engine-specific plain data: strings, numbers, typed arrays, objects, arrays, maps. */
  readonly data: unknown;
  /** Compiled modules by name, with the bytes for cells that cannot be sent a module. */
  readonly modules: Readonly<Record<string, CompiledModule>>;
  /**
   * Whose warm cells it runs in, where that is not the engine itself: one with the same executor that shares other parts. Stays on the
   * host's side.
   */
  readonly cellsOf?: Engine;
  /** Functions and other things that cannot be cloned. A guest that has it runs inline only. */
  readonly local?: unknown;
  /** It looks for folders when it starts, so that `RunSpec.mounts` must hold also what needs no grant. @default false */
  readonly wantsFolders?: boolean;
  /** Its `data` is the same object for all runs of one binary and says nothing of any: cells may keep it between runs. @default false */
  readonly lasting?: boolean;
  /** It is a tool, called with one JSON object; `manifest` is the text that it carries. Stays on the host's side. */
  readonly tool?: { readonly manifest: string | undefined };
  /** Runs with the same text run the same program: one that was seen to wait may be put beside others that do. Stays on the host's side. */
  readonly likeness?: string;
  /** Its scratch folder is the cell's own: `RunSpec.files` and `collect` are for the executor. @default false: it is the host's */
  readonly ownScratch?: boolean;
}

export interface CompiledModule {
  readonly module: WebAssembly.Module;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The cell's half of a prepared guest. */
export interface CellGuest {
  readonly data: unknown;
  readonly modules: Readonly<Record<string, WebAssembly.Module>>;
  readonly local?: unknown;
}

/** Parameters of one run, all plain data. */
export interface RunSpec {
  readonly runId: string;
  /** Script arguments or a command's argv after its name. */
  readonly argv: readonly string[];
  /** Name that a command finds as `argv[0]`: its file's. @default `module.wasm` */
  readonly program?: string;
  readonly env: Readonly<Record<string, string>>;
  /** Absolute guest path that relative paths start at. */
  readonly cwd: string;
  readonly stdin: Uint8Array;
  /** JSON globals of a script. */
  readonly inputs: JsonObject;
  /** Exported function to call instead of running the program. */
  readonly invoke?: string;
  /** Arguments of `invoke`: JSON, or bigint for i64. */
  readonly args: readonly GuestValue[];
  readonly limits: Limits;
  /** Granted folders, for preopens. */
  readonly mounts: readonly MountView[];
  /** Names of the host functions that the grant has a part for. */
  readonly granted: readonly string[];
  /** Absolute URL at which relative URLs of the guest start; absent: they are errors. The host resolves them as well. */
  readonly base?: string;
  /** For a guest with `ownScratch`: files that lie in its scratch folder when it begins. */
  readonly files?: readonly GuestFile[];
  /** For a guest with `ownScratch`: patterns of files that the result must carry. */
  readonly collect?: readonly string[];
  /** Fixed seed and clock, for deterministic runs. */
  readonly deterministic?: { readonly seed: number; readonly now: number };
  /** Engine options of the embedder, checked by the engine's `prepare`. */
  readonly options: JsonObject;
}

/** Runs one guest in a fresh instance and answers how it ended. Rejects only for a bug of ours. */
export type Execute = (guest: CellGuest, run: RunSpec, host: GuestHost) => Promise<GuestResult>;

/**
 * Makes room for one guest that is kept: the first call of what it answers makes the instance, each later one goes on in it. Calls come one
 * after the other, all with the same `memoryBytes` and `options`, and none after one that did not end by itself. What a call leaves pending
 * (timers, tasks, host calls) never runs in a later one. Usage is each call's own.
 */
export type OpenGuest = () => Promise<Execute>;

/** The cell as its engine sees it: the only way out of a guest. It holds no power; every call goes to the gate. */
export interface GuestHost {
  /** `callSync` and `sleepSync` may wait for the host (a worker or process cell with a bridge). */
  readonly canBlock: boolean;
  /** Stack that this thread gives to wasm, bytes; engines derive their logical stack limit from it. */
  readonly stackBytes: number;
  /** Asks the gate. Never rejects: a refusal is an answer. `bytes` are given away: the caller finds them empty afterwards, or changed. */
  call(operation: string, args: JsonObject, bytes?: Uint8Array): Promise<HostAnswer>;
  /** The same, at once. Where `canBlock` is false only host functions that answer without waiting can serve it. */
  callSync(operation: string, args: JsonObject, bytes?: Uint8Array): HostAnswer;
  /**
   * Guest output. Answers false once the output budget is spent: what fitted was kept, and the engine must stop the guest and answer
   * `{ kind: 'limit', limit: 'output' }`.
   */
  write(stream: 'stdout' | 'stderr', bytes: Uint8Array): boolean;
  /** Why the guest must stop now; engines poll it in interrupt handlers and fuel slices. */
  stopReason(): StopReason | undefined;
  /** Milliseconds since the epoch; fixed in a deterministic run. */
  now(): number;
  /** Monotonic milliseconds with fractions, from an arbitrary origin; fixed in a deterministic run, and never zero. */
  monotonic(): number;
  /** Fills `bytes` with random, from the seed in a deterministic run. */
  random(bytes: Uint8Array): void;
  /** Waits; ends early, without a throw, when the run is stopped, and when `until` settles. */
  sleep(ms: number, until?: Promise<unknown>): Promise<void>;
  /** Waits until it settles. To be used where nothing of the guest goes on meanwhile: others may have its processor. */
  rest<T>(until: Promise<T>): Promise<T>;
  /** Blocks the thread where `canBlock`; elsewhere returns at once. */
  sleepSync(ms: number): void;
  /**
   * Where the guest shares its thread with others: how to let them have it now and then. An engine that can suspend its guest hands it to
   * the meter. Absent in a cell with a thread of its own.
   */
  readonly turns?: Turns;
  /** The platform's own codecs of formats that a guest is too slow at. Absent: it has none. */
  readonly compress?: Compress;
  /** Digests of large bytes where the thread is the host's: piece by piece, in turns that all runs share. Absent: `crypto.subtle` does. */
  readonly digest?: Digest;
  /** Registers how to read the guest's present linear memory in bytes; the cell reports its peak. */
  trackMemory(read: () => number): void;
  /** Registers how to read the fuel that the guest has burnt; the cell reports it of a guest that had to be killed. */
  trackFuel?(read: () => number): void;
}

/** A digest by one of the names that `crypto.subtle` has. The bytes are nobody else's. Never settles for a run that has ended. */
export type Digest = (algorithm: string, bytes: Uint8Array<ArrayBuffer>) => Promise<Uint8Array<ArrayBuffer>>;

/**
 * Compresses in one go; `parameters` by the format's own numbers. `undefined` where there is no such codec. Whoever calls it bounds the work: nothing
 * ends it meanwhile.
 */
export type Compress = (
  format: 'brotli' | 'zstd',
  bytes: Uint8Array,
  parameters: Readonly<Record<number, number>>,
) => Uint8Array<ArrayBuffer> | undefined;

/** Turns of the event loop, between slices of a guest. Neither what a guest computes nor the fuel it burns depends on them. */
export interface Turns {
  /** Whether the event loop should have a turn now; asked at each refill. Having said so, it counts from anew. */
  due(): boolean;
  /** Resolves after a turn in which timers and I/O were served. */
  take(): Promise<void>;
  /** The guest could not be suspended for a turn that was due: calls back after the next one, however it came. Absent: never. */
  missed?(then: () => void): void;
  /** Registers how to have the guest ask at its next check: called when the host has worked for it so long that a turn is due. */
  onWork?(lookUp: () => void): void;
}

/** `memory`: the guests that share its thread hold too much together. */
export type StopReason = 'deadline' | 'cancelled' | 'output' | 'memory';

export type HostAnswer =
  | {
      readonly ok: true;
      readonly value: JsonValue;
      readonly bytes?: Uint8Array;
      /** Nobody else holds `bytes`: whoever has copied them into the guest frees them. @default false */
      readonly ownsBytes?: boolean;
    }
  | { readonly ok: false; readonly refusal: Refusal };

/** A refusal as a guest may see it. `id` is the gate's own: it, not the text, decides the code of the run. */
export interface Refusal {
  readonly id: number;
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
  readonly details?: ErrorDetails;
}

/** What a guest made of its error; shown to people, never used to decide a code. */
export interface GuestError {
  /** Class name, e.g. `TypeError`; empty where there is no error but a place that the guest was stopped at. */
  readonly name: string;
  readonly message: string;
  /** Guest frames only. */
  readonly stack?: string;
  readonly file?: string;
  /** From 1, in the guest's own source. */
  readonly line?: number;
  readonly column?: number;
  /** What a person can do about it, where the engine knows; 500 characters at most. */
  readonly hint?: string;
}

/** How a guest ended, as the engine's own state tells it. */
export type GuestResult = GuestEnd & {
  /** Peak linear memory, bytes. */
  readonly memoryBytes: number;
  /** Work units burnt; `null` where not metered. */
  readonly fuel: number | null;
  /** Memory growth was refused at the cap, whether or not the guest coped. */
  readonly growthRefused: boolean;
  /** What was collected of a scratch folder that the cell has. */
  readonly files?: readonly GuestFile[];
};

export type GuestEnd =
  /** `form: 'text'`: the guest's value has no form that can be answered, and `value` is the text its language shows of it. */
  | { readonly kind: 'value'; readonly value: GuestValue; readonly form?: 'text' }
  /** A command ended with a status; 0 is success. `stays`: its guest can be called again all the same. */
  | { readonly kind: 'exit'; readonly exitCode: number; readonly stays?: true }
  /**
   * An error nobody caught. `refusalId`: it is the very refusal that the gate gave under this id. `payload`: what a function declared to
   * answer on failure, for the details of the outcome.
   */
  | {
      readonly kind: 'threw';
      readonly error: GuestError;
      readonly refusalId?: number;
      readonly payload?: GuestValue;
    }
  | { readonly kind: 'trapped'; readonly message: string }
  | {
      readonly kind: 'limit';
      readonly limit: 'fuel' | 'deadline' | 'memory' | 'stack' | 'output' | 'cancelled';
      readonly message?: string;
      readonly error?: GuestError;
    }
  /** The request does not fit the guest: unknown export, wrong arguments, unreadable source. */
  | {
      readonly kind: 'invalid';
      readonly code: 'INPUT_INVALID' | 'MODULE_INVALID' | 'OUTPUT_INVALID' | 'UNSUPPORTED';
      readonly message: string;
      readonly details?: ErrorDetails;
      readonly hint?: string;
    };
