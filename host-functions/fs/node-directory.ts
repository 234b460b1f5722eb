import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  futimesSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  opendirSync,
  openSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
} from 'node:fs';
import {
  type FsDirectory,
  type FsFile,
  type FsReplacement,
  isReservedName,
  type NodeEntry,
  type NodeStat,
  type NodeTimes,
  type OpenFlags,
} from './backend.ts';
import { FsFault } from './fs-fault.ts';
import { TURN_ENTRIES } from './in-turns.ts';
import { attempt } from './node-fault.ts';
import { NodeFile, writeAll } from './node-file.ts';
import { NodeReplacement } from './node-replacement.ts';
import { identityOf, refuseKernelFiles, toNodeStat, typeOf } from './node-stat.ts';
import { toNodeTime } from './node-time.ts';
import { isUnsafeOnWindows } from './windows-name.ts';

const { O_APPEND, O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } =
  constants;
// Absent on Windows, where links are checked by `#child` instead.
const NOFOLLOW = O_NOFOLLOW ?? 0;
const NONBLOCK = O_NONBLOCK ?? 0;
const FILE_MODE = 0o644;
const FOLDER_MODE = 0o755;
/** Bytes that one entry of a listing takes beside its name. */
const ENTRY_BYTES = 48;

/**
 * One host folder. By descriptor (Linux): every call names `/proc/self/fd/N/name`, which the kernel resolves in the very folder that was
 * opened, wherever it is moved. By path (elsewhere): before and after every call the path must still be the folder it was, with no link on
 * the way; a swap between the two is noticed, but what it did is not undone.
 */
export class NodeDirectory implements FsDirectory {
  readonly isSlow = true;
  readonly #fd: number | undefined;
  readonly #path: string;
  readonly #identity: string;

  private constructor(path: string, fd: number | undefined, device: string | undefined) {
    this.#path = path;
    this.#fd = fd;
    const stat = attempt(() =>
      fd === undefined ? lstatSync(path, { bigint: true }) : fstatSync(fd, { bigint: true }),
    );
    if (!stat.isDirectory()) throw new FsFault('not-directory');
    this.#identity = identityOf(stat);
    if (deviceOf(this.#identity) !== device) attempt(() => refuseKernelFiles(path));
  }

  /** Takes over `fd`. */
  static atDescriptor(fd: number, device?: string): NodeDirectory {
    try {
      return new NodeDirectory(`/proc/self/fd/${fd}`, fd, device);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  /** `path`: canonical. */
  static atPath(path: string, device?: string): NodeDirectory {
    const directory = new NodeDirectory(path, undefined, device);
    directory.#verify();
    return directory;
  }

  /** Only for a folder by path: it is still the same folder, and no component of its path is a link. */
  #verify(): void {
    if (this.#fd !== undefined) return;
    const stat = attempt(() => lstatSync(this.#path, { bigint: true }));
    const same = stat.isDirectory() && identityOf(stat) === this.#identity;
    if (!same || attempt(() => realpathSync.native(this.#path)) !== this.#path)
      throw new FsFault('not-found');
  }

  #child(name: string): string {
    if (process.platform === 'win32' && isUnsafeOnWindows(name)) throw new FsFault('invalid');
    return `${this.#path}/${name}`;
  }

  /** One system call on entries of this folder, between two checks. */
  #do<T>(call: () => T): T {
    this.#verify();
    const result = attempt(call);
    this.#verify();
    return result;
  }

  stat(): NodeStat {
    const stat = toNodeStat(
      this.#do(() =>
        this.#fd === undefined
          ? lstatSync(this.#path, { bigint: true })
          : fstatSync(this.#fd, { bigint: true }),
      ),
    );
    if (stat === undefined) throw new FsFault('not-found');
    return stat;
  }

  lookup(name: string): NodeStat | undefined {
    const path = this.#child(name);
    const stat = this.#do(() => lstatSync(path, { bigint: true, throwIfNoEntry: false }));
    return stat === undefined ? undefined : toNodeStat(stat);
  }

  openDirectory(name: string): FsDirectory {
    const path = this.#child(name);
    const device = deviceOf(this.#identity);
    if (this.#fd === undefined) return this.#do(() => NodeDirectory.atPath(path, device));
    return NodeDirectory.atDescriptor(
      attempt(() => openSync(path, O_RDONLY | O_DIRECTORY | NOFOLLOW | NONBLOCK)),
      device,
    );
  }

  reopen(): FsDirectory {
    const device = deviceOf(this.#identity);
    // Between two checks: another folder may have taken the path.
    if (this.#fd === undefined) return this.#do(() => NodeDirectory.atPath(this.#path, device));
    return NodeDirectory.atDescriptor(
      attempt(() => openSync(`${this.#path}/.`, O_RDONLY | O_DIRECTORY)),
      device,
    );
  }

  openFile(name: string, flags: OpenFlags): FsFile {
    const path = this.#child(name);
    // A device or pipe must not even be opened: opening can already do something.
    const before = this.#do(() => lstatSync(path, { bigint: true, throwIfNoEntry: false }));
    if (before !== undefined) {
      if (flags.create && flags.exclusive) throw new FsFault('exists');
      const type = typeOf(before);
      if (type === undefined) throw new FsFault('not-found');
      if (type === 'symlink') throw new FsFault('loop');
      if (type === 'directory') throw new FsFault('is-directory');
    }
    const how =
      (flags.write || flags.append ? (flags.read ? O_RDWR : O_WRONLY) : O_RDONLY) |
      (flags.append ? O_APPEND : 0) |
      (flags.create ? O_CREAT : 0) |
      (flags.exclusive ? O_EXCL : 0);
    this.#verify();
    const fd = attempt(() => openSync(path, how | NOFOLLOW | NONBLOCK, FILE_MODE));
    try {
      const stat = attempt(() => fstatSync(fd, { bigint: true }));
      if (!stat.isFile()) throw new FsFault(stat.isDirectory() ? 'is-directory' : 'not-found');
      this.#verifyOpened(path, identityOf(stat));
      const file = new NodeFile(fd, flags.append);
      // Not O_TRUNC: nothing may be lost before it is known to be the right file.
      if (flags.truncate) file.truncate(0);
      return file;
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  /** By path: what was opened is what the entry of this folder still is. */
  #verifyOpened(path: string, identity: string): void {
    if (this.#fd !== undefined) return;
    this.#verify();
    const now = attempt(() => lstatSync(path, { bigint: true }));
    if (!now.isFile() || identityOf(now) !== identity) throw new FsFault('not-found');
  }

  list(maxBytes: number): readonly NodeEntry[] {
    return [...this.pieces(maxBytes)].flat();
  }

  *pieces(maxBytes: number): Generator<readonly NodeEntry[], void, undefined> {
    this.#verify();
    let entries: NodeEntry[] = [];
    const folder = attempt(() => opendirSync(this.#path));
    try {
      let bytes = 0;
      for (
        let entry = attempt(() => folder.readSync());
        entry !== null;
        entry = attempt(() => folder.readSync())
      ) {
        bytes += Buffer.byteLength(entry.name) + ENTRY_BYTES;
        if (bytes > maxBytes) throw new FsFault('too-large');
        if (isReservedName(entry.name)) continue;
        const stat = attempt(() =>
          lstatSync(`${this.#path}/${entry.name}`, { bigint: true, throwIfNoEntry: false }),
        );
        const type = stat && typeOf(stat);
        // Gone since, a special file, or a name that is not UTF-8 and so cannot be named.
        if (stat === undefined || type === undefined) continue;
        entries.push({ name: entry.name, type, identity: identityOf(stat) });
        if (entries.length < TURN_ENTRIES) continue;
        this.#verify();
        yield entries;
        entries = [];
        this.#verify();
      }
    } finally {
      folder.closeSync();
    }
    this.#verify();
    yield entries;
  }

  readLink(name: string): string {
    const path = this.#child(name);
    return this.#do(() => readlinkSync(path));
  }

  makeDirectory(name: string): void {
    const path = this.#child(name);
    this.#do(() => mkdirSync(path, FOLDER_MODE));
  }

  makeLink(name: string, target: string): void {
    const path = this.#child(name);
    this.#do(() => symlinkSync(target, path));
  }

  linkFile(name: string, to: FsDirectory, toName: string): void {
    const target = own(to);
    const [from, path] = [this.#child(name), target.#child(toName)];
    this.#do(() => target.#do(() => linkSync(from, path)));
  }

  removeFile(name: string): void {
    const path = this.#child(name);
    // Before unlink(2): on a folder its answer differs between systems.
    const stat = this.#do(() => lstatSync(path, { bigint: true }));
    if (stat.isDirectory()) throw new FsFault('is-directory');
    this.#do(() => unlinkSync(path));
  }

  removeDirectory(name: string): void {
    const path = this.#child(name);
    this.#do(() => rmdirSync(path));
  }

  rename(name: string, to: FsDirectory, toName: string): void {
    const target = own(to);
    const [from, path] = [this.#child(name), target.#child(toName)];
    this.#do(() => target.#do(() => renameSync(from, path)));
  }

  setTimes(name: string, times: NodeTimes): void {
    const path = this.#child(name);
    this.#do(() => lutimesSync(path, toNodeTime(times.accessedMs), toNodeTime(times.modifiedMs)));
  }

  setOwnTimes(times: NodeTimes): void {
    const [accessed, modified] = [toNodeTime(times.accessedMs), toNodeTime(times.modifiedMs)];
    this.#do(() =>
      this.#fd === undefined
        ? utimesSync(this.#path, accessed, modified)
        : futimesSync(this.#fd, accessed, modified),
    );
  }

  replaceFile(name: string, bytes: Uint8Array, exclusive: boolean): void {
    this.#oldMode(name, exclusive); // refuses before anything is made
    const { temporary, fd } = this.#openTemporary();
    try {
      try {
        attempt(() => writeAll(fd, bytes, 0));
        this.commitTemporary(temporary, fd, this, name, exclusive, false);
      } finally {
        closeSync(fd);
      }
    } catch (error) {
      this.dropTemporary(temporary);
      throw error;
    }
  }

  beginReplacement(name: string, exclusive: boolean): FsReplacement {
    this.#oldMode(name, exclusive);
    const directory = own(this.reopen());
    try {
      const { temporary, fd } = directory.#openTemporary();
      return new NodeReplacement(directory, temporary, fd);
    } catch (error) {
      directory.close();
      throw error;
    }
  }

  #openTemporary(): { readonly temporary: string; readonly fd: number } {
    const temporary = `.sandglass-${randomBytes(16).toString('hex')}.tmp`;
    const path = this.#child(temporary);
    const fd = this.#do(() => openSync(path, O_WRONLY | O_CREAT | O_EXCL | NOFOLLOW, FILE_MODE));
    return { temporary, fd };
  }

  /** For a file of this folder that was written whole: keeps the permissions of what it replaces. */
  commitTemporary(
    temporary: string,
    fd: number,
    to: FsDirectory,
    name: string,
    exclusive: boolean,
    synced: boolean,
  ): void {
    const target = own(to);
    const mode = target.#oldMode(name, exclusive);
    const [from, path] = [this.#child(temporary), target.#child(name)];
    attempt(() => {
      if (mode !== undefined) fchmodSync(fd, mode);
      if (!synced) fsyncSync(fd);
    });
    if (exclusive) {
      // link(2) refuses what is there; rename(2) would replace it.
      this.#do(() => target.#do(() => linkSync(from, path)));
      this.#do(() => unlinkSync(from));
    } else this.#do(() => target.#do(() => renameSync(from, path)));
  }

  /** After a failure, which matters more: a temporary file that cannot be removed stays hidden from guests. */
  dropTemporary(temporary: string): void {
    try {
      unlinkSync(this.#child(temporary));
    } catch {}
  }

  /** Permission bits of the file that is replaced, which must be one we may write; `undefined`: none is there. */
  #oldMode(name: string, exclusive: boolean): number | undefined {
    const path = this.#child(name);
    const there = this.#do(() => lstatSync(path, { bigint: true, throwIfNoEntry: false }));
    if (there === undefined) return undefined;
    if (exclusive) throw new FsFault('exists');
    const type = typeOf(there);
    if (type !== 'file') {
      throw new FsFault(
        type === 'directory' ? 'is-directory' : type === 'symlink' ? 'loop' : 'not-permitted',
      );
    }
    const fd = this.#do(() => openSync(path, O_WRONLY | NOFOLLOW | NONBLOCK));
    try {
      // Never set-user-id and its like.
      return Number(attempt(() => fstatSync(fd, { bigint: true })).mode) & 0o777;
    } finally {
      closeSync(fd);
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
  }
}

const deviceOf = (identity: string): string => identity.slice(0, identity.indexOf(':'));

function own(directory: FsDirectory): NodeDirectory {
  if (directory instanceof NodeDirectory) return directory;
  throw new FsFault('cross-device');
}
