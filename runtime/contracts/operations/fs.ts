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
