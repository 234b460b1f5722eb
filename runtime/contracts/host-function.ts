import type { RunIdentity } from '../vocabulary/caller.ts';
import type { Resource } from '../vocabulary/events.ts';
import type { GuestFile } from '../vocabulary/guest-file.ts';
import type { JsonObject, JsonValue } from '../vocabulary/json.ts';
import type { Limits } from '../vocabulary/limits.ts';

/**
 * A family of host imports behind one name: `fs`, `http`, or the embedder's own. The gate calls it; a guest never does.
 * It checks the grant where the effect happens, on every call and every hop.
 *
 * `Part` is its field of a grant once it was parsed: nobody but the host function itself looks into one. Without `parse` it is the JSON as given.
 */
export interface HostFunction<Part = JsonValue> {
  /** The field of the grant it reads, and the prefix of its operations: `fs` owns `fs.read`. */
  readonly name: string;
  /** Operation name → what the gate must know of it before a grant is looked at. */
  readonly operations: Readonly<Record<string, OperationInfo>>;
  /** Whether it reaches beyond this machine's memory and granted files: refused from level `strict` on. */
  readonly network: boolean;
  /** A service of it has folders also where the grant has no part for it. @default false */
  readonly folders?: boolean;
  /**
   * It keeps to the permissions of `context.run.caller` itself, finer than the gate, which refuses every act whose capability the caller has
   * no permission for. @default false
   */
  readonly checksPermissions?: boolean;
  /**
   * Checks this function's field of a grant, once: when the grant is given to a run or a session, or the policy to a runtime. The part may
   * serve many runs: nothing changes it.
   * @param where How messages call the field: `grant.fs`, `policy.fs`.
   * @throws {TypeError | RangeError} naming the field that is wrong.
   */
  parse?(part: JsonValue, where: string): Part;
  /**
   * Opens a service for one run. `part` is absent if the grant has none: then the service refuses all it guards.
   * @throws {TypeError | RangeError} when the part cannot be opened, e.g. its folder is not there.
   */
  open(part: Part | undefined, context: HostContext): HostService | Promise<HostService>;
  /**
   * The part of a grant under a ceiling: what `asked` wants, never more than `ceiling` allows. Absent: this function's grants cannot be
   * narrowed, and under a policy they are refused.
   * @throws {SandglassError} CAPABILITY_DENIED naming the first entry that the ceiling does not cover.
   */
  narrow?(asked: Part, ceiling: Part | undefined): Part;
  /**
   * The part as its guest may read it, in the form it has in a grant: nothing of the host's, no path, no secret. Absent: `true`, which says only
   * that there is one.
   */
  show?(part: Part, context: Omit<HostContext, 'signal'>): JsonValue;
  /** Ends what it holds beyond runs: pools of connections, processes. Called once, when its runtime has closed. */
  close?(): void | Promise<void>;
}

/** One among others, whatever its parts are. */
export type AnyHostFunction = HostFunction<unknown>;

export interface OperationInfo {
  /** Counted under this name in usage, and named in a denial. */
  readonly capability: string;
  /**
   * `act` names a resource and counts as one host call. `continue` goes on with a handle that an act opened (the next
   * chunk of a file or a body): its bytes count, the call does not.
   */
  readonly kind: 'act' | 'continue';
  /** The capability of one call where it depends on the arguments, e.g. opening a file to write. They are JSON, nothing more is checked. */
  readonly capabilityOf?: (args: JsonObject) => string;
  /** What one call is about, as far as its arguments tell: they are JSON, nothing more is checked. Called only when somebody is told of it. */
  readonly resource?: (args: JsonObject) => Resource | undefined;
}

/** What a host function is given for one run. */
export interface HostContext {
  /** Which run it is, and for whom. Also what a nested run names as its `parent`. */
  readonly run: RunIdentity;
  readonly limits: Limits;
  /** The level forbids writing (`strict`, `maximum`): a service must then refuse every change outside its scratch folder. */
  readonly readOnlyFiles: boolean;
  /** The level forbids host files altogether (`maximum`); the scratch folder stays. */
  readonly noHostFiles: boolean;
  /** Aborts when the run ends, whatever the reason. */
  readonly signal: AbortSignal;
  /**
   * Where the numbers of handles start. A guest that is kept for several runs may still hold numbers of an earlier one: no number is given
   * twice, so that those are nobody's. @default 1
   */
  readonly firstHandle?: number;
  /**
   * Resolves a secret handle to its value; `undefined` for an unknown name. Host side only.
   * @throws {SandglassError} what the source of a secret throws: UNAUTHENTICATED, CAPABILITY_DENIED, HOST_CALL_FAILED.
   */
  secret(name: string): Secret | undefined | Promise<Secret | undefined>;
  /** Milliseconds since the epoch. */
  now(): number;
  /** The session that the run, or the run that it is nested in, belongs to: the same object for all of them. */
  readonly session?: HostSession;
  /**
   * The `sessionId` of the call of a tool that the run, or the run that it is nested in, is for: whoever calls has chosen it, so it is one only
   * together with the caller.
   */
  readonly conversation?: string;
  /** The fuel of the run: a host function whose work is metered takes what it costs out of it. Without it there is nobody who pays. */
  readonly fuel?: HostFuel;
  /**
   * Does a piece of work, some milliseconds at most, when it is this run's turn: all runs together have 4 ms of each turn of the event loop.
   * For what takes longer than that in all. @default after a turn of the event loop
   */
  inTurn?<T>(work: () => T): Promise<T>;
}

/** A session, for host functions that keep something for it. */
export interface HostSession {
  readonly name: string;
  /** Aborts when it ends. A later session of its name is another one. */
  readonly ended: AbortSignal;
}

/** The fuel of one run, its nested runs and those it is nested in. */
export interface HostFuel {
  /** Units that are left, below 0 where more was burnt than there was. What a guest burns is known once it has ended. */
  left(): number;
  /** A run that is over its fuel ends with FUEL_EXHAUSTED. */
  spend(units: number): void;
  /**
   * Does work that may burn all that is left: one piece after the other of all runs that share the fuel, which each see what the one before
   * has spent.
   */
  alone<T>(work: () => Promise<T>): Promise<T>;
}

/** A credential that stays on the host. */
export type Secret =
  | { readonly kind: 'bearer'; readonly token: string }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'header'; readonly name: string; readonly value: string };

/** A secret that depends on the run, such as the token of its caller; asked once for each run that names it. */
export type SecretSource = (run: RunIdentity) => Secret | undefined | Promise<Secret | undefined>;

/** One run's use of a host function. */
export interface HostService {
  /** What the guest can see of the mounts, for preopens and the like. Only `fs` has any. */
  readonly mounts?: readonly MountView[];
  /** Absolute URL at which relative URLs of the guest start. Only `http` has one. */
  readonly base?: string | undefined;
  /**
   * Does one operation. A service that can answer at once returns the reply itself, not a promise: then guests that must
   * block can use it in the same thread.
   * @throws {SandglassError} CAPABILITY_DENIED, HOST_CALL_FAILED, HOST_CALLS_EXCEEDED, INPUT_INVALID; anything else is a bug
   * and reaches the guest as INTERNAL with no text.
   */
  call(operation: string, request: HostRequest): HostReply | Promise<HostReply>;
  /** The folder of the run's own that needs no grant, for the host. Absent where the grant mounts something in its place. */
  readonly scratch?: ScratchFiles;
  /** Ends all it holds: handles, sockets, temporary files. Called once, after the last call. */
  close(): void | Promise<void>;
}

/** What the host puts into the scratch folder before the guest begins, and takes out of it once the guest has ended. */
export interface ScratchFiles {
  /** @throws {SandglassError} INPUT_INVALID when they do not fit. */
  put(files: readonly GuestFile[]): void;
  /** Files that fit one of the patterns; see `matchesScratch`. @throws {SandglassError} OUTPUT_EXCEEDED over `GUEST_FILES`. */
  collect(patterns: readonly string[]): readonly GuestFile[];
}

export interface HostRequest {
  /** Untrusted. Copied plain JSON, at most `hostCallBytes`. */
  readonly args: JsonObject;
  /** Untrusted. A private copy, at most `hostCallBytes`; the service may keep it, change it, or free it. */
  readonly bytes: Uint8Array | undefined;
  /** Aborts with the run, and when the guest cancels this call. */
  readonly signal: AbortSignal;
  /** Whoever asks cannot wait: a promise is refused. What takes longer is done at once, or refused before any of it is done. @default false */
  readonly atOnce?: boolean;
  /** States what the call is about, once that is known; the last statement holds. Absent when nobody is told of it. */
  readonly about?: (resource: Resource) => void;
}

export interface HostReply {
  readonly value?: JsonValue;
  readonly bytes?: Uint8Array;
  /**
   * The service gives `bytes` away: nobody else holds them, nor anything else in their buffer, which is moved to the guest's thread and freed
   * as soon as the guest has its copy. @default false: they are copied, and stay what they are
   */
  readonly givesBytes?: boolean;
  /** Payload bytes that left through this call. @default 0 */
  readonly egressBytes?: number;
  /** Payload bytes that came in through this call. @default 0 */
  readonly ingressBytes?: number;
}

/** A mount as the guest sees it; no host path. */
export interface MountView {
  /** Absolute guest path, e.g. `/data`. */
  readonly path: string;
  readonly write: boolean;
  readonly delete: boolean;
  /** The run's own scratch folder, listed last: no grant named it. */
  readonly scratch?: true;
}
