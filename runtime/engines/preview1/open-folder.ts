import { wasi } from '@bjorn3/browser_wasi_shim';
import type { FsEntry, FsTarget } from '../../contracts/operations/fs.ts';
import { Descriptor } from './descriptor.ts';
import { setTimes } from './file-times.ts';
import type { Files } from './files.ts';
import { decimal, filetypeOf } from './filestat.ts';
import { OpenFile } from './open-file.ts';
import { FILE_RIGHTS, FOLDER_RIGHTS, has, PREOPEN_INHERITING } from './rights.ts';

const FOLLOW = 1;
const NO_ENTRY = { ret: wasi.ERRNO_SUCCESS, dirent: null } as const;

export interface OpenRequest {
  readonly path: string;
  readonly follow: boolean;
  readonly oflags: number;
  readonly rights: bigint;
  readonly inheriting: bigint;
  readonly fdflags: number;
}

/** An open folder: a granted one (a preopen) or one below it. All its paths are resolved by the host, which confines them to it. */
export class OpenFolder extends Descriptor {
  readonly #files: Files;
  readonly #preopen: { readonly name: string; readonly path: string } | undefined;
  #handle: number | undefined;
  /** What a listing in progress goes through: cookies count its entries. */
  #entries: readonly FsEntry[] | undefined;

  /** A granted folder; it is opened on the host when it is first used. */
  static preopen(files: Files, name: string, path: string): OpenFolder {
    return new OpenFolder(files, undefined, { name, path }, FOLDER_RIGHTS, PREOPEN_INHERITING, 0);
  }

  private constructor(
    files: Files,
    handle: number | undefined,
    preopen: { readonly name: string; readonly path: string } | undefined,
    rights: bigint,
    inheriting: bigint,
    flags: number,
  ) {
    super(wasi.FILETYPE_DIRECTORY, rights, inheriting, flags);
    this.#files = files;
    this.#handle = handle;
    this.#preopen = preopen;
  }

  override release(): void {
    if (this.#handle !== undefined) this.#files.call('fs.close', { handle: this.#handle });
  }

  /** The folder's handle on the host. */
  #open():
    | { readonly ret: 0; readonly handle: number }
    | { readonly ret: number; readonly handle?: undefined } {
    if (this.#handle !== undefined) return { ret: 0, handle: this.#handle };
    const path = this.#preopen?.path ?? '/';
    const reply = this.#files.call('fs.open', { path, read: true, directory: true });
    if (reply.value === undefined) return { ret: reply.ret };
    this.#handle = reply.value.handle;
    return { ret: 0, handle: this.#handle };
  }

  /** Where the host finds a path below this folder. */
  #target(path: string, follow: boolean): FsTarget | number {
    const opened = this.#open();
    if (opened.handle === undefined) return opened.ret;
    return { path, at: opened.handle, ...(follow ? {} : { noFollow: true }) };
  }

  /** Runs an operation on a path below this folder. */
  #at(path: string, follow: boolean, run: (target: FsTarget) => { readonly ret: number }): number {
    const target = this.#target(path, follow);
    return typeof target === 'number' ? target : run(target).ret;
  }

  override fd_prestat_get(): { ret: number; prestat: wasi.Prestat | null } {
    return this.#preopen === undefined
      ? { ret: wasi.ERRNO_BADF, prestat: null }
      : { ret: wasi.ERRNO_SUCCESS, prestat: wasi.Prestat.dir(this.#preopen.name) };
  }

  override fd_filestat_get(): { ret: number; filestat: wasi.Filestat | null } {
    const opened = this.#open();
    if (opened.handle === undefined) return { ret: opened.ret, filestat: null };
    const reply = this.#files.call('fs.fstat', { handle: opened.handle });
    return reply.value === undefined
      ? { ret: reply.ret, filestat: null }
      : { ret: wasi.ERRNO_SUCCESS, filestat: this.#files.stats.of(reply.value) };
  }

  override fd_filestat_set_times(atim: bigint, mtim: bigint, flags: number): number {
    const opened = this.#open();
    if (opened.handle === undefined) return opened.ret;
    const { handle } = opened;
    return setTimes(
      this.#files,
      {
        stat: () => this.#files.call('fs.fstat', { handle }),
        set: (times) => this.#files.call('fs.futimes', { handle, ...times }),
      },
      atim,
      mtim,
      flags,
    );
  }

  override fd_filestat_set_size(): number {
    return wasi.ERRNO_ISDIR;
  }

  override fd_readdir_single(cookie: bigint): { ret: number; dirent: wasi.Dirent | null } {
    const opened = this.#open();
    if (opened.handle === undefined) return { ret: opened.ret, dirent: null };
    if (cookie === 0n || this.#entries === undefined) {
      const list = this.#files.call('fs.flist', { handle: opened.handle });
      if (list.value === undefined) return { ret: list.ret, dirent: null };
      this.#entries = list.value;
    }
    if (cookie === 0n) {
      const self = this.#files.call('fs.fstat', { handle: opened.handle });
      const inode = decimal(self.value?.inode ?? '');
      return { ret: wasi.ERRNO_SUCCESS, dirent: new wasi.Dirent(1n, inode, '.', wasi.FILETYPE_DIRECTORY) };
    }
    // The parent may lie outside the grant: its inode is not told.
    if (cookie === 1n) {
      return { ret: wasi.ERRNO_SUCCESS, dirent: new wasi.Dirent(2n, 0n, '..', wasi.FILETYPE_DIRECTORY) };
    }
    if (cookie - 2n >= BigInt(this.#entries.length)) return NO_ENTRY;
    const entry = this.#entries[Number(cookie - 2n)];
    if (entry === undefined) return NO_ENTRY;
    const dirent = new wasi.Dirent(cookie + 1n, decimal(entry.inode), entry.name, filetypeOf(entry.type));
    return { ret: wasi.ERRNO_SUCCESS, dirent };
  }

  override fd_sync(): number {
    const opened = this.#open();
    return opened.handle === undefined
      ? opened.ret
      : this.#files.call('fs.sync', { handle: opened.handle }).ret;
  }

  override path_create_directory(path: string): number {
    return this.#at(path, true, (target) => this.#files.call('fs.mkdir', target));
  }

  override path_remove_directory(path: string): number {
    return this.#at(path, false, (target) => this.#files.call('fs.remove', { ...target, kind: 'directory' }));
  }

  override path_unlink_file(path: string): number {
    return this.#at(path, false, (target) => this.#files.call('fs.remove', { ...target, kind: 'file' }));
  }

  override path_filestat_get(flags: number, path: string): { ret: number; filestat: wasi.Filestat | null } {
    let filestat: wasi.Filestat | null = null;
    const ret = this.#at(path, (flags & FOLLOW) !== 0, (target) => {
      const reply = this.#files.call('fs.stat', target);
      if (reply.value !== undefined) filestat = this.#files.stats.of(reply.value);
      return reply;
    });
    return { ret, filestat };
  }

  override path_filestat_set_times(
    flags: number,
    path: string,
    atim: bigint,
    mtim: bigint,
    fst: number,
  ): number {
    return this.#at(path, (flags & FOLLOW) !== 0, (target) => {
      const file = {
        stat: () => this.#files.call('fs.stat', target),
        set: (times: { readonly accessedMs?: number; readonly modifiedMs?: number }) =>
          this.#files.call('fs.utimes', { ...target, ...times }),
      };
      return { ret: setTimes(this.#files, file, atim, mtim, fst) };
    });
  }

  readlink(path: string): { readonly ret: number; readonly target?: string } {
    let found: string | undefined;
    const ret = this.#at(path, false, (target) => {
      const reply = this.#files.call('fs.readlink', target);
      found = reply.value?.target;
      return reply;
    });
    return found === undefined ? { ret } : { ret, target: found };
  }

  symlink(target: string, path: string): number {
    return this.#at(path, false, (place) => this.#files.call('fs.symlink', { ...place, target }));
  }

  /** Renames or links `path` of this folder to `to` of another. */
  move(operation: 'fs.rename' | 'fs.link', path: string, other: OpenFolder, to: string): number {
    const there = other.#open();
    if (there.handle === undefined) return there.ret;
    const toAt = there.handle;
    return this.#at(path, false, (target) => this.#files.call(operation, { ...target, to, toAt }));
  }

  /** Opens a file or folder below this one. */
  openAt({ path, follow, oflags, rights, inheriting, fdflags }: OpenRequest): {
    readonly ret: number;
    readonly descriptor?: Descriptor;
  } {
    const creates = (oflags & wasi.OFLAGS_CREAT) !== 0;
    const truncates = (oflags & wasi.OFLAGS_TRUNC) !== 0;
    if (creates && !has(this.rights, wasi.RIGHTS_PATH_CREATE_FILE)) return { ret: wasi.ERRNO_NOTCAPABLE };
    if (truncates && !has(this.rights, wasi.RIGHTS_PATH_FILESTAT_SET_SIZE))
      return { ret: wasi.ERRNO_NOTCAPABLE };
    const asked = rights & this.inheriting;
    const writes = has(asked, wasi.RIGHTS_FD_WRITE);
    const folder = (oflags & wasi.OFLAGS_DIRECTORY) !== 0;
    if (folder && (creates || truncates)) return { ret: wasi.ERRNO_INVAL };
    if (folder && has(rights, wasi.RIGHTS_FD_WRITE)) return { ret: wasi.ERRNO_ISDIR };
    const target = this.#target(path, follow);
    if (typeof target === 'number') return { ret: target };

    const asFolder = (): { readonly ret: number; readonly descriptor?: Descriptor } => {
      const reply = this.#files.call('fs.open', { ...target, read: true, directory: true });
      if (reply.value === undefined) return { ret: reply.ret };
      return { ret: 0, descriptor: this.#folder(reply.value.handle, asked, inheriting, fdflags) };
    };
    if (folder) return asFolder();
    const reply = this.#files.call('fs.open', {
      ...target,
      read: has(asked, wasi.RIGHTS_FD_READ) || !(writes || truncates),
      ...(writes || truncates ? { write: true } : {}),
      ...(creates ? { create: true } : {}),
      ...(creates && (oflags & wasi.OFLAGS_EXCL) !== 0 ? { exclusive: true } : {}),
      ...(truncates ? { truncate: true } : {}),
    });
    if (reply.value === undefined) {
      // A folder may be opened without saying so, as long as nobody wants to write to it.
      return reply.ret === wasi.ERRNO_ISDIR && !writes && !truncates && !creates
        ? asFolder()
        : { ret: reply.ret };
    }
    if (reply.value.stat.type === 'directory') {
      return { ret: 0, descriptor: this.#folder(reply.value.handle, asked, inheriting, fdflags) };
    }
    return {
      ret: 0,
      descriptor: new OpenFile(this.#files, reply.value.handle, asked & FILE_RIGHTS, fdflags),
    };
  }

  #folder(handle: number, asked: bigint, inheriting: bigint, flags: number): OpenFolder {
    const handedOn = inheriting & this.inheriting;
    return new OpenFolder(this.#files, handle, undefined, asked & FOLDER_RIGHTS, handedOn, flags);
  }
}
