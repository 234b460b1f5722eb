import type { Grant } from '../../vocabulary/grant.ts';
import type { GuestValue } from '../../vocabulary/guest-value.ts';
import type { JsonValue } from '../../vocabulary/json.ts';
import type { Limits } from '../../vocabulary/limits.ts';
import type { IsolationLevel, Outcome } from '../../vocabulary/outcome.ts';
import type { SessionRun } from './run.ts';

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
  /**
   * Opens a session of one instance of a module or a component: calls of its exported functions one after the other, memory, tables and globals kept
   * in between. A component's resources are `{ $resource, handle }` to the caller: what one call answers a later one takes.
   * @throws as for a language; SandglassError INPUT_INVALID for a module that cannot be read.
   * @example
   * await using session = await runtime.sessions.open({ module: bytes });
   * const at = (await session.run({ invoke: 'malloc', args: [5] })).value;
   * await session.memory.write(at, new TextEncoder().encode('hello'));
   */
  open(options: ModuleSessionOptions): Promise<ModuleSession>;
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

export interface ModuleSessionOptions extends Omit<SessionOptions, 'language'> {
  /** Bytes of a core module or a component, or their path or file URL; they are read once. */
  readonly module: Uint8Array | string | URL;
  readonly language?: undefined;
}

export interface ModuleSession extends Omit<Session, 'run'> {
  /**
   * Calls one exported function. The first call makes the instance, and lets a reactor initialize itself. Limits, output, standard streams and open
   * files are each call's own. A trap, an exit or a limit ends the session.
   */
  run(options: ModuleSessionRunOptions): Promise<Outcome>;
  /** The memory that a core module exports as `memory`, once a call has made the instance. At most `hostCallBytes` at once. A component has none. */
  readonly memory: SessionMemory;
}

export type ModuleSessionRunOptions = Omit<SessionRunOptions, 'code' | 'form' | 'modules' | 'inputs'> & {
  readonly invoke: string;
  readonly args?: readonly GuestValue[];
};

export interface SessionMemory {
  /** A copy of the bytes there. @throws {SandglassError} INPUT_INVALID outside of the memory, over `hostCallBytes`, or once the session has ended. */
  read(offset: number, length: number, options?: MemoryOptions): Promise<Uint8Array>;
  /** @throws {SandglassError} as `read`. */
  write(offset: number, bytes: Uint8Array, options?: MemoryOptions): Promise<void>;
}

export interface MemoryOptions {
  /** Gives up the wait for the runs before it: CANCELLED. What has its turn is done. */
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

/** A run of a session's own: what the session holds fixed cannot be given. */
export type SessionRunOptions = Omit<
  SessionRun,
  'session' | 'language' | 'module' | 'invoke' | 'args' | 'engine' | 'level' | 'deterministic' | 'options'
>;
