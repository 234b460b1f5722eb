import type { JsonObject, JsonValue } from '../vocabulary/codec.ts';
import type { Limits } from '../vocabulary/limits.ts';

/**
 * A family of host imports behind one name: `fs`, `http`, or the embedder's own. The gate calls it; a guest never does.
 * It checks the grant where the effect happens, on every call and every hop.
 */
export interface HostFunction {
  /** The field of the grant it reads, and the prefix of its operations: `fs` owns `fs.read`. */
  readonly name: string;
  /** Operation name → what the gate must know of it before a grant is looked at. */
  readonly operations: Readonly<Record<string, OperationInfo>>;
  /** Whether it reaches beyond this machine's memory and granted files: refused from level `strict` on. */
  readonly network: boolean;
  /** A session of it has folders also where the grant has no part for it. @default false */
  readonly folders?: boolean;
  /**
   * Checks `part` (this function's field of the grant, absent if the grant has none) and opens a session for one run.
   * Without a part the session refuses all it guards.
   * @throws {TypeError | RangeError} when the part is malformed.
   */
  open(part: JsonValue | undefined, context: HostContext): HostSession | Promise<HostSession>;
  /**
   * The part of a grant under a ceiling: what `asked` wants, never more than `ceiling` allows. Absent: this function's grants cannot be
   * narrowed, and under a policy they are refused.
   * @throws {SandglassError} CAPABILITY_DENIED naming the first entry that the ceiling does not cover.
   */
  narrow?(asked: JsonValue, ceiling: JsonValue | undefined): JsonValue;
}

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
}

/** What a host function is given for one run. */
export interface HostContext {
  readonly limits: Limits;
  /** The level forbids writing (`strict`, `maximum`): a session must then refuse every change outside its scratch folder. */
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
  /** Resolves a secret handle to its value; `undefined` for an unknown name. Host side only. */
  secret(name: string): Secret | undefined;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** A credential that stays on the host. */
export type Secret =
  | { readonly kind: 'bearer'; readonly token: string }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'header'; readonly name: string; readonly value: string };

/** One run's use of a host function. */
export interface HostSession {
  /** What the guest can see of the mounts, for preopens and the like. Only `fs` has any. */
  readonly mounts?: readonly MountView[];
  /** Absolute URL at which relative URLs of the guest start. Only `http` has one. */
  readonly base?: string | undefined;
  /**
   * Does one operation. A session that can answer at once returns the reply itself, not a promise: then guests that must
   * block can use it in the same thread.
   * @throws {SandglassError} CAPABILITY_DENIED, HOST_CALL_FAILED, HOST_CALLS_EXCEEDED, INPUT_INVALID; anything else is a bug
   * and reaches the guest as INTERNAL with no text.
   */
  call(operation: string, request: HostRequest): HostReply | Promise<HostReply>;
  /** Ends all it holds: handles, sockets, temporary files. Called once, after the last call. */
  close(): void | Promise<void>;
}

export interface HostRequest {
  /** Untrusted. Copied plain JSON, at most `hostCallBytes`. */
  readonly args: JsonObject;
  /** Untrusted. A private copy, at most `hostCallBytes`; the session may keep it, change it, or free it. */
  readonly bytes: Uint8Array | undefined;
  /** Aborts with the run, and when the guest cancels this call. */
  readonly signal: AbortSignal;
}

export interface HostReply {
  readonly value?: JsonValue;
  readonly bytes?: Uint8Array;
  /**
   * The session gives `bytes` away: nobody else holds them, nor anything else in their buffer, which is moved to the guest's thread and freed
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

/** `HOST_CALL_FAILED` of `fs` carries one of these in `details.reason`. */
export type FsReason =
  | 'not-found'
  | 'exists'
  | 'not-directory'
  | 'is-directory'
  | 'not-empty'
  | 'not-permitted'
  | 'too-large'
  | 'too-many-open'
  | 'no-space'
  | 'bad-handle'
  | 'invalid'
  | 'loop'
  | 'name-too-long'
  | 'cross-device'
  | 'unsupported'
  | 'io';

export interface FsStat {
  readonly type: 'file' | 'directory' | 'symlink';
  readonly size: number;
  /** Milliseconds since the epoch, with fractions. */
  readonly accessedMs: number;
  readonly modifiedMs: number;
  readonly changedMs: number;
  /** Hard links. */
  readonly links: number;
  /** Decimal text; stable within a run, unrelated to the host's own numbers. */
  readonly device: string;
  readonly inode: string;
}

export interface FsEntry {
  readonly name: string;
  readonly type: FsStat['type'];
  readonly inode: string;
}

/** Something changed in a watched folder. A name that goes and comes back as another file is a `change`. */
export interface FsEvent {
  /** Absolute guest path. */
  readonly path: string;
  readonly kind: 'create' | 'change' | 'remove';
}

export interface FsWatchBatch {
  readonly events: readonly FsEvent[];
  /** More changed than one answer holds; what is left out is not told again. */
  readonly overflow: boolean;
  /** The watch was closed, or the run ends: nothing more will come. */
  readonly done: boolean;
}

/**
 * Where an fs operation works: an absolute guest path, or a path relative to an open folder handle (`at`), which it may then not
 * leave. A final symlink is followed unless `noFollow`.
 */
export interface FsTarget {
  readonly path: string;
  readonly at?: number;
  readonly noFollow?: boolean;
}

/**
 * The operations of `fs`: arguments and the reply's `value`. `bytes` of the request carry what is written, `bytes` of the reply what was
 * read. Offsets and sizes are whole bytes. Acts: all with a path. Continuations: all that take only a handle.
 */
export interface FsOperations {
  'fs.open': {
    readonly args: FsTarget & {
      readonly read?: boolean;
      readonly write?: boolean;
      readonly append?: boolean;
      readonly create?: boolean;
      readonly exclusive?: boolean;
      readonly truncate?: boolean;
      /**
       * The handle is a new file, to be written only, which nobody sees before `fs.commit` puts it in the place of the old one, if there is
       * one: complete, or as before. With no other flag but `exclusive`.
       */
      readonly replace?: boolean;
      /** The target must be a folder; gives a handle for `at` and `fs.list`. */
      readonly directory?: boolean;
    };
    readonly value: { readonly handle: number; readonly stat: FsStat };
  };
  /** Ends a handle that was opened to `replace`. `fs.close`, and the end of the run, drop what was written instead. */
  'fs.commit': { readonly args: { readonly handle: number }; readonly value: null };
  'fs.close': { readonly args: { readonly handle: number }; readonly value: null };
  /** Answers `bytes`, shorter than `length` only at the end of the file. */
  'fs.read': {
    readonly args: { readonly handle: number; readonly offset: number; readonly length: number };
    readonly value: null;
  };
  /** Without `offset`, at the end of the file. */
  'fs.write': {
    readonly args: { readonly handle: number; readonly offset?: number };
    readonly value: { readonly written: number };
  };
  'fs.sync': { readonly args: { readonly handle: number }; readonly value: null };
  'fs.fstat': { readonly args: { readonly handle: number }; readonly value: FsStat };
  'fs.ftruncate': { readonly args: { readonly handle: number; readonly size: number }; readonly value: null };
  /** Absent time: unchanged. */
  'fs.futimes': {
    readonly args: { readonly handle: number; readonly accessedMs?: number; readonly modifiedMs?: number };
    readonly value: null;
  };
  /** Entries of an open folder, without `.` and `..`, sorted by name. */
  'fs.flist': { readonly args: { readonly handle: number }; readonly value: readonly FsEntry[] };
  'fs.stat': { readonly args: FsTarget; readonly value: FsStat };
  'fs.list': { readonly args: FsTarget; readonly value: readonly FsEntry[] };
  /** The whole file as `bytes`; `too-large` over `hostCallBytes`: then open it and read in chunks. */
  'fs.readFile': { readonly args: FsTarget; readonly value: null };
  /** Replaces the whole file atomically: complete, or as before. */
  'fs.writeFile': {
    readonly args: FsTarget & { readonly exclusive?: boolean };
    readonly value: { readonly written: number };
  };
  'fs.append': { readonly args: FsTarget; readonly value: { readonly written: number } };
  'fs.mkdir': { readonly args: FsTarget & { readonly recursive?: boolean }; readonly value: null };
  /** `kind` limits what may go; `recursive` removes a folder with all in it. */
  'fs.remove': {
    readonly args: FsTarget & { readonly kind?: 'file' | 'directory'; readonly recursive?: boolean };
    readonly value: null;
  };
  'fs.rename': {
    readonly args: FsTarget & { readonly to: string; readonly toAt?: number };
    readonly value: null;
  };
  'fs.link': {
    readonly args: FsTarget & { readonly to: string; readonly toAt?: number };
    readonly value: null;
  };
  /** The new link `path` points to `target`, a relative path that stays in the mount. */
  'fs.symlink': { readonly args: FsTarget & { readonly target: string }; readonly value: null };
  'fs.readlink': { readonly args: FsTarget; readonly value: { readonly target: string } };
  'fs.utimes': {
    readonly args: FsTarget & { readonly accessedMs?: number; readonly modifiedMs?: number };
    readonly value: null;
  };
  /**
   * Watches a folder, or with `recursive` all below it; `fs.close` ends it. `too-large` when the watches of a run look at more than 2,000
   * entries together.
   */
  'fs.watch': {
    readonly args: FsTarget & { readonly recursive?: boolean };
    /** `path`: the folder's guest path, links resolved, as events begin. */
    readonly value: { readonly handle: number; readonly path: string };
  };
  /** Waits for what changes after the last answer. One wait at a time. The only operation of `fs` that waits. */
  'fs.watchNext': { readonly args: { readonly handle: number }; readonly value: FsWatchBatch };
}

export type HeaderList = readonly (readonly [name: string, value: string])[];

export interface HttpResponseHead {
  readonly status: number;
  readonly statusText: string;
  /** The address that answered, after redirects. */
  readonly url: string;
  readonly redirected: boolean;
  readonly headers: HeaderList;
  /** Handle for `http.read`; absent when the whole body came in the reply's `bytes`. */
  readonly body?: number;
}

interface HttpRequestArgs {
  /** Absolute, or relative to the base of the grant. */
  readonly url: string;
  /** @default 'GET' */
  readonly method?: string;
  readonly headers?: HeaderList;
  /** @default 'follow'; at most 10 hops, each one checked. */
  readonly redirect?: 'follow' | 'manual' | 'error';
  /** Of this request alone, ms; the run's deadline holds as well. */
  readonly timeoutMs?: number;
  /** `true`: the reply carries a body handle. `false`: the whole body in `bytes`, at most `hostCallBytes`. @default false */
  readonly stream?: boolean;
}

/**
 * The operations of `http`. `http.request` sends `bytes` as the body. `http.begin`, any number of `http.write`, then `http.send`
 * stream a body. `HOST_CALL_FAILED` carries `details.reason`: `connect`, `dns`, `tls`, `timeout`, `too-large`, `redirect`, `aborted`,
 * `bad-handle`, `invalid`, `protocol`.
 */
export interface HttpOperations {
  'http.request': { readonly args: HttpRequestArgs; readonly value: HttpResponseHead };
  'http.begin': { readonly args: HttpRequestArgs; readonly value: { readonly handle: number } };
  'http.write': { readonly args: { readonly handle: number }; readonly value: null };
  'http.send': { readonly args: { readonly handle: number }; readonly value: HttpResponseHead };
  /** Answers the next `bytes` of a body, none once `done`. */
  'http.read': { readonly args: { readonly handle: number }; readonly value: { readonly done: boolean } };
  'http.close': { readonly args: { readonly handle: number }; readonly value: null };
}

/** A message, whose bytes come with the reply, or the end of the connection by a close of either side. */
export type WsReceived =
  | { readonly kind: 'text' | 'binary' }
  | { readonly kind: 'close'; readonly code: number; readonly reason: string };

/**
 * The operations of `ws`: connections that the host holds. `bytes` of the request carry a message to send, `bytes` of the reply one that was received.
 * `HOST_CALL_FAILED` carries `details.reason` as for `http`.
 */
export interface WsOperations {
  /** Answers once the connection is open. `protocol`: the one that the server chose of those asked for, or empty. */
  'ws.open': {
    readonly args: { readonly url: string; readonly protocols?: readonly string[] };
    readonly value: { readonly handle: number; readonly protocol: string };
  };
  /** Answers once the network has taken the message. */
  'ws.send': { readonly args: { readonly handle: number; readonly text?: boolean }; readonly value: null };
  /** Waits for the next message. After the end the handle is gone. One wait at a time. */
  'ws.receive': { readonly args: { readonly handle: number }; readonly value: WsReceived };
  /** Begins to close; go on receiving until the end. `code`: 1000, or from 3000 to 4999. */
  'ws.close': {
    readonly args: { readonly handle: number; readonly code?: number; readonly reason?: string };
    readonly value: null;
  };
}
