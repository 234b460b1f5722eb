import type { RealmPort } from '../contract.ts';
import type { Fs, FsNode, FsStream, Mapped, Stat } from './fs.ts';
import type { HostFiles } from './host-files.ts';
import type { Mounts } from './mounts.ts';

export interface HostStat {
  type: 'file' | 'directory' | 'symlink';
  size: number;
  accessedMs: number;
  modifiedMs: number;
  changedMs: number;
  links: number;
  device: string;
  inode: string;
}

/** An entry of a listed folder. */
export interface Entry {
  name: string;
  type: string;
}

/** Emscripten's nodes and streams for what the host serves. */
export interface OpenFiles {
  /** The flags of `open`. */
  readonly flags: Readonly<
    Record<'access' | 'write' | 'create' | 'truncate' | 'directory' | 'noFollow', number>
  >;
  setChunk(bytes: number): void;
  statOf(stat: HostStat, path: string): Stat;
  /** Kinds of a listed folder's entries, by name. */
  kindsOf(path: string, entries: Entry[]): Map<string, number>;
  /** Arguments of the host for the times that a program sets, ms. */
  times(accessed: number | null | undefined, modified: number | null | undefined): object;
  /** Of an open file (its handle) or of a path (−1). */
  nodeFor(path: string, mode: number, handle: number): FsNode;
  openFolder(path: string, flags: number): FsStream;
  openFile(path: string, flags: number): FsStream;
}

/** Runs inside the guest's realm; see `bootRealm`. One system call is one call of the host, and nothing is cached. */
export function openHostFiles(FS: Fs, port: RealmPort, host: HostFiles, mounts: Mounts): OpenFiles {
  const { apply } = Reflect;
  const Bytes = Uint8Array;
  const setBytes = Bytes.prototype.set;
  const subarray = Bytes.prototype.subarray;
  const { ask, fail } = host;
  const { EINVAL, ENODEV } = host.errors;
  const [FILE, MAP_PRIVATE] = [0o100000, 2];
  const O = {
    access: 3,
    write: 1,
    create: 64,
    exclusive: 128,
    truncate: 512,
    append: 1024,
    directory: 65_536,
    noFollow: 131_072,
  };
  let chunkBytes = 1024 * 1024;

  const statOf = (stat: HostStat, path: string): Stat => ({
    dev: 100 + mounts.indexOf(path),
    ino: Number(stat.inode) % Number.MAX_SAFE_INTEGER || 1,
    mode: mounts.modeOf(stat.type, path),
    nlink: stat.links,
    uid: 0,
    gid: 0,
    rdev: 0,
    size: stat.size,
    atime: new Date(stat.accessedMs),
    mtime: new Date(stat.modifiedMs),
    ctime: new Date(stat.changedMs),
    blksize: 4096,
    blocks: Math.ceil(stat.size / 512),
  });

  const nodeFor = (path: string, mode: number, handle: number): FsNode => {
    const node = new FS.FSNode(FS.root, path.slice(path.lastIndexOf('/') + 1), mode, 0);
    node.path = path;
    node.handle = handle;
    node.users = 1;
    node.node_ops = {
      getattr: () => statOf(ask('fs.stat', { path }).value as HostStat, path),
      setattr: () => undefined,
    };
    node.stream_ops = streamOps;
    return node;
  };
  const streamOps = {
    getattr: (stream: FsStream): Stat => {
      const { handle, path = '/' } = stream.node;
      if (handle < 0) return statOf(ask('fs.stat', { path }).value as HostStat, path);
      return statOf(ask('fs.fstat', { handle }).value as HostStat, path);
    },
    setattr: (
      stream: FsStream,
      change: { size?: number; atime?: number | null; mtime?: number | null },
    ): void => {
      const { handle } = stream.node;
      if (change.size !== undefined) ask('fs.ftruncate', { handle, size: change.size });
      else if (change.atime != null || change.mtime != null)
        ask('fs.futimes', { handle, ...times(change.atime, change.mtime) });
    },
    llseek: (stream: FsStream, offset: number, whence: number): number => {
      let position = offset;
      if (whence === 1) position += stream.position;
      else if (whence === 2) position += streamOps.getattr(stream).size;
      return position < 0 ? fail(EINVAL) : position;
    },
    read: (
      stream: FsStream,
      buffer: Uint8Array,
      offset: number,
      length: number,
      position: number,
    ): number => {
      if (length === 0) return 0;
      const { handle } = stream.node;
      const answer = ask('fs.read', { handle, offset: position, length: Math.min(length, chunkBytes) });
      if (answer.bytes <= 0) return 0;
      port.take(0, buffer.buffer as ArrayBuffer, buffer.byteOffset + offset);
      return answer.bytes;
    },
    write: (
      stream: FsStream,
      buffer: Uint8Array,
      offset: number,
      length: number,
      position: number,
    ): number => {
      const { handle } = stream.node;
      const appending = (stream.flags & O.append) !== 0;
      let done = 0;
      while (done < length) {
        const size = Math.min(length - done, chunkBytes);
        const body = new Bytes(size);
        apply(setBytes, body, [apply(subarray, buffer, [offset + done, offset + done + size])]);
        ask('fs.write', appending ? { handle } : { handle, offset: position + done }, body);
        done += size;
      }
      return done;
    },
    fsync: (stream: FsStream): number => {
      ask('fs.sync', { handle: stream.node.handle });
      return 0;
    },
    dup: (stream: FsStream): void => {
      stream.node.users += 1;
    },
    mmap: (stream: FsStream, length: number, position: number, protection: number): Mapped => {
      if (!FS.isFile(stream.node.mode)) fail(ENODEV);
      const contents = new Bytes(length);
      let done = 0;
      for (let got = 1; got > 0 && done < length; done += got) {
        got = streamOps.read(stream, contents, done, length - done, position + done);
      }
      return FS.filesystems.MEMFS.ops_table.file.stream.mmap(
        { node: { mode: FILE, contents } },
        length,
        0,
        protection,
        MAP_PRIVATE, // a copy of its own
      );
    },
    msync: (stream: FsStream, buffer: Uint8Array, offset: number, length: number): number => {
      if ((stream.flags & O.access) !== 0) streamOps.write(stream, buffer, 0, length, offset);
      return 0;
    },
    close: (stream: FsStream): void => {
      const { node } = stream;
      node.users -= 1;
      if (node.users === 0 && node.handle >= 0) ask('fs.close', { handle: node.handle });
    },
  };
  const times = (accessed: number | null | undefined, modified: number | null | undefined): object => ({
    ...(accessed == null ? {} : { accessedMs: accessed }),
    ...(modified == null ? {} : { modifiedMs: modified }),
  });

  const kindsOf = (path: string, entries: Entry[]): Map<string, number> =>
    new Map(entries.map((entry) => [entry.name, mounts.modeOf(entry.type, path)]));
  const streamOf = (node: FsNode, path: string, flags: number): FsStream =>
    FS.createStream({
      node,
      path,
      flags,
      seekable: true,
      position: 0,
      stream_ops: streamOps,
      ungotten: [],
      error: false,
    });
  const openFolder = (path: string, flags: number): FsStream => {
    const entries = ask('fs.list', { path }).value as Entry[];
    const node = nodeFor(path, mounts.modeOf('directory', path), -1);
    node.kinds = kindsOf(path, entries);
    const stream = streamOf(node, path, flags);
    stream.getdents = ['.', '..', ...entries.map((entry) => entry.name)];
    return stream;
  };
  const openFile = (path: string, flags: number): FsStream => {
    const access = flags & O.access;
    const answer = ask('fs.open', {
      path,
      read: access !== 1,
      write: access !== 0,
      append: (flags & O.append) !== 0,
      create: (flags & O.create) !== 0,
      exclusive: (flags & O.exclusive) !== 0,
      truncate: (flags & O.truncate) !== 0,
      noFollow: (flags & O.noFollow) !== 0,
    }).value as { handle: number; stat: HostStat };
    const node = nodeFor(path, mounts.modeOf(answer.stat.type, path), answer.handle);
    return streamOf(node, path, flags);
  };

  return {
    flags: O,
    setChunk: (bytes) => {
      chunkBytes = bytes;
    },
    statOf,
    kindsOf,
    times,
    nodeFor,
    openFolder,
    openFile,
  };
}
