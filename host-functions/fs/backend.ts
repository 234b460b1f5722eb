import type { FsStat } from '../../runtime/contracts/operations/fs.ts';

/**
 * One tree of files. A back end knows nothing of grants and guests: it does single steps in one folder, never follows a symbolic link,
 * and never interprets `..`. The walk above it joins the steps. All names it gets are one plain, valid path component.
 * Every failure is an `FsFault`.
 */
export interface FsBackend {
  /**
   * Opens what a grant calls `host`, following links in it.
   * @throws {FsFault} `not-found` and the like.
   */
  open(host: string): FsRoot;
  /** The last component of `host`, the default of a mount's guest path; empty for the root. */
  nameOf(host: string): string;
  /** The canonical form of `host`, for comparing two grants. @throws {FsFault} */
  canonical(host: string): string;
  /** The path from canonical folder `outer` down to canonical `inner`, as components; `undefined` if it is not inside. */
  below(outer: string, inner: string): readonly string[] | undefined;
}

/** A mount's root: a folder, or one file in a folder. */
export interface FsRoot {
  readonly directory: FsDirectory;
  /** The mount is this one file of `directory`. */
  readonly file?: string;
}

/** Facts of one node. Special files (devices, pipes, sockets) have none: they do not exist for a guest. */
export interface NodeStat extends Omit<FsStat, 'device' | 'inode'> {
  /** The same for two names of one file; opaque, never shown to a guest. */
  readonly identity: string;
}

export interface NodeEntry {
  readonly name: string;
  readonly type: NodeStat['type'];
  readonly identity: string;
}

/** Absent: unchanged. Milliseconds since the epoch. */
export interface NodeTimes {
  readonly accessedMs?: number;
  readonly modifiedMs?: number;
}

export interface OpenFlags {
  readonly read: boolean;
  readonly write: boolean;
  readonly append: boolean;
  readonly create: boolean;
  readonly exclusive: boolean;
  readonly truncate: boolean;
}

/** An open folder. It stays the same folder when somebody renames it. */
export interface FsDirectory {
  stat(): NodeStat;
  /** What `name` is, links not followed; `undefined` if it is not there. */
  lookup(name: string): NodeStat | undefined;
  /** @throws {FsFault} `not-directory` also for a symbolic link. */
  openDirectory(name: string): FsDirectory;
  /** A second, independent opening of this same folder. */
  reopen(): FsDirectory;
  /** @throws {FsFault} `loop` for a symbolic link, `is-directory` for a folder. */
  openFile(name: string, flags: OpenFlags): FsFile;
  /**
   * All entries but `.` and `..`, in any order. @throws {FsFault} `too-large` once the names take more than `maxBytes`.
   */
  list(maxBytes: number): readonly NodeEntry[];
  /** The same piece by piece, for folders that would hold this thread too long. Absent: `list` takes no time. */
  pieces?(maxBytes: number): Generator<readonly NodeEntry[], void, undefined>;
  /** Its files are on a disk, which may keep whoever writes waiting: then their `later` is there. */
  readonly isSlow?: boolean;
  readLink(name: string): string;
  makeDirectory(name: string): void;
  makeLink(name: string, target: string): void;
  /** A second name for a file. */
  linkFile(name: string, to: FsDirectory, toName: string): void;
  removeFile(name: string): void;
  /** Only an empty folder. */
  removeDirectory(name: string): void;
  /** Replaces what POSIX rename replaces. */
  rename(name: string, to: FsDirectory, toName: string): void;
  /** Times of the entry itself, links not followed. */
  setTimes(name: string, times: NodeTimes): void;
  setOwnTimes(times: NodeTimes): void;
  /** Writes a whole file: complete, or as before. Keeps the permissions of the old one. `exclusive`: it must not be there. */
  replaceFile(name: string, bytes: Uint8Array, exclusive: boolean): void;
  /** The same for a file that comes in pieces: one that is written out of sight until it is committed. */
  beginReplacement(name: string, exclusive: boolean): FsReplacement;
  close(): void;
}

export interface FsFile {
  stat(): NodeStat;
  /** Fills `into` from `offset`; answers how much there was. */
  read(into: Uint8Array, offset: number): number;
  /** The slow ones off this thread; not closed before they have answered. Absent: the others take no time. */
  readonly later?: SlowFile;
  /** Writes all of `bytes` at `offset`, or at the end when opened for append. */
  write(bytes: Uint8Array, offset: number): void;
  truncate(size: number): void;
  setTimes(times: NodeTimes): void;
  sync(): void;
  close(): void;
}

/** What a disk may take long for. */
export interface SlowFile {
  read(into: Uint8Array, offset: number): Promise<number>;
  write(bytes: Uint8Array, offset: number): Promise<void>;
  sync(): Promise<void>;
}

/** Closed without a commit, it leaves nothing, and what it would have replaced as it was. */
export interface FsReplacement extends FsFile {
  /** Makes it file `name` of `to`, once. `exclusive`: that must not be there. `synced`: it was synced since it was last written. */
  commit(to: FsDirectory, name: string, exclusive: boolean, synced?: boolean): void;
}

/** Names that a back end may use for its own half-written files; no guest ever sees or touches one. */
export const isReservedName = (name: string): boolean => /^\.sandglass-[0-9a-f]{32}\.tmp$/i.test(name);
