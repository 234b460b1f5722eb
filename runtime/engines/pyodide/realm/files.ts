import type { EmscriptenModule, RealmPort } from './contract.ts';

/** The granted folders as the guest's file system sees them. */
export interface FileRealm {
  /** Puts a file of a package in place; before `enter`. */
  install(path: string, bytes: Uint8Array): void;
  /** Tells of the mounts of the run, and stands in its working folder. `scratchBytes` counts from the first run on. */
  enter(
    mounts: readonly string[],
    writable: readonly boolean[],
    cwd: string,
    chunkBytes: number,
    scratchBytes: number,
  ): void;
  /** Back to where nothing is granted, and files can be installed. */
  leave(): void;
  /** The refusal behind the last failed call, as JSON; empty if there was none. Asking clears it. */
  refusal(): string;
}

interface Stat {
  dev: number;
  ino: number;
  mode: number;
  nlink: number;
  uid: number;
  gid: number;
  rdev: number;
  size: number;
  atime: Date;
  mtime: Date;
  ctime: Date;
  blksize: number;
  blocks: number;
}

interface FsNode {
  id: number;
  mode: number;
  node_ops: object;
  stream_ops: object;
  contents?: Uint8Array;
  usedBytes: number;
  handle: number;
  users: number;
  /** Of a file or folder that the host serves. */
  path?: string;
  /** Kinds of a listed folder's entries, by name. */
  kinds?: Map<string, number>;
}

interface FsStream {
  node: FsNode;
  flags: number;
  position: number;
  getdents?: string[];
}

interface Mapped {
  ptr: number;
  allocated: boolean;
}

/** The parts of Emscripten's `FS` that are used here; its own functions call each other through this object. */
interface Fs {
  currentPath: string;
  root: FsNode;
  ErrnoError: new (errno: number) => Error;
  FSNode: new (parent: FsNode, name: string, mode: number, device: number) => FsNode;
  createStream(stream: object): FsStream;
  readonly streams: readonly (FsStream | null | undefined)[];
  cwd(): string;
  isFile(mode: number): boolean;
  mkdirTree(path: string): void;
  writeFile(path: string, bytes: Uint8Array, options: object): void;
  filesystems: {
    MEMFS: {
      expandFileStorage(node: FsNode, capacity: number): void;
      resizeFileStorage(node: FsNode, size: number): void;
      ops_table: {
        file: {
          stream: {
            write: (...args: never[]) => number;
            mmap: (
              stream: object,
              length: number,
              position: number,
              protection: number,
              flags: number,
            ) => Mapped;
          };
        };
      };
    };
  };
  [name: string]: unknown;
}

/**
 * Runs inside the guest's realm; see `bootRealm`. Paths in a granted folder go to the host, one call for what one system call does, and
 * nothing is cached: the host looks at the grant and at the disk each time. Writes outside the scratch folder go there too, to be refused
 * in the host's own words. All else is the interpreter's own files, in memory.
 */
export function installFiles(module: EmscriptenModule, port: RealmPort): FileRealm {
  const FS = module.FS as unknown as Fs; // the shape is Emscripten's, checked by the tests that use each function
  const { apply } = Reflect;
  const { parse, stringify } = JSON;
  const Bytes = Uint8Array;
  const setBytes = Bytes.prototype.set;
  const subarray = Bytes.prototype.subarray;
  const [ENOENT, EACCES, EBADF, EEXIST, EINVAL, EIO, EISDIR] = [44, 2, 8, 20, 28, 29, 31];
  const [ENODEV, ENOSPC, ENOTDIR, EXDEV] = [43, 51, 54, 75];
  const MAP_PRIVATE = 2;
  const REASONS: Record<string, number> = {
    __proto__: null as never,
    'not-found': ENOENT,
    exists: EEXIST,
    'not-directory': ENOTDIR,
    'is-directory': EISDIR,
    'not-empty': 55,
    'not-permitted': EACCES,
    'too-large': 22,
    'too-many-open': 33,
    'no-space': ENOSPC,
    'bad-handle': EBADF,
    invalid: EINVAL,
    loop: 32,
    'name-too-long': 37,
    'cross-device': EXDEV,
    unsupported: 138,
    io: EIO,
  };
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
  const [FILE, FOLDER, LINK] = [0o100000, 0o040000, 0o120000];

  const SITE_PACKAGES = '/lib/python3.14/site-packages';
  let mounts: readonly string[] = [];
  let writable: readonly boolean[] = [];
  let chunkBytes = 1024 * 1024;
  let scratchLeft = Number.POSITIVE_INFINITY;
  let lastRefusal = '';
  /** Before the run, the interpreter puts its own files in place. */
  let entered = false;

  const fail = (errno: number): never => {
    throw new FS.ErrnoError(errno);
  };
  interface Answer {
    value: unknown;
    bytes: number;
  }
  const ask = (operation: string, args: object, body?: Uint8Array): Answer => {
    const text = port.callSync(operation, stringify(args), body?.buffer as ArrayBuffer | undefined);
    const answer = parse(text) as Answer & { refusal?: { code: string; details?: { reason?: string } } }; // the host's own text
    if (answer.refusal !== undefined) {
      lastRefusal = stringify(answer.refusal);
      const { code, details } = answer.refusal;
      if (code === 'CAPABILITY_DENIED') fail(EACCES);
      if (code === 'INPUT_INVALID') fail(EINVAL);
      fail(REASONS[details?.reason ?? 'io'] ?? EIO);
    }
    return answer;
  };

  const resolve = (path: string): string => {
    const parts: string[] = [];
    for (const part of (path.startsWith('/') ? path : `${FS.cwd()}/${path}`).split('/')) {
      if (part === '..') parts.pop();
      else if (part !== '' && part !== '.') parts.push(part);
    }
    return `/${parts.join('/')}`;
  };
  const mountOf = (path: string): number => {
    let found = -1;
    for (let index = 0; index < mounts.length; index++) {
      const mount = mounts[index] ?? '';
      const holds = path === mount || mount === '/' || path.startsWith(`${mount}/`);
      if (holds && (found < 0 || mount.length > (mounts[found] ?? '').length)) found = index;
    }
    return found;
  };
  /** Folders that live in memory and may be written to. */
  const isScratch = (path: string): boolean =>
    path === '/tmp' || path.startsWith('/tmp/') || path.startsWith('/dev/') || path.startsWith('/proc/');
  /** A path that the host answers for. */
  const isGranted = (path: string): boolean => mountOf(path) >= 0;
  /** Neither granted nor in memory: the host says which grant would have it. The interpreter looks for its own files by the thousand; those are let be. */
  const isNowhere = (path: string): boolean =>
    !isScratch(path) && !path.startsWith('/lib/') && !path.startsWith('/home/') && !isInMemory(path);
  const isInMemory = (path: string): boolean =>
    (FS.analyzePath as (path: string) => { readonly exists: boolean })(path).exists;
  const isWrittenByHost = (path: string): boolean => entered && (isGranted(path) || !isScratch(path));

  interface HostStat {
    type: 'file' | 'directory' | 'symlink';
    size: number;
    accessedMs: number;
    modifiedMs: number;
    changedMs: number;
    links: number;
    device: string;
    inode: string;
  }
  const modeOf = (type: string, path: string): number => {
    const write = writable[mountOf(path)] === true;
    if (type === 'directory') return FOLDER | (write ? 0o777 : 0o555);
    return (type === 'symlink' ? LINK : FILE) | (write ? 0o666 : 0o444);
  };
  const statOf = (stat: HostStat, path: string): Stat => ({
    dev: 100 + mountOf(path),
    ino: Number(stat.inode) % Number.MAX_SAFE_INTEGER || 1,
    mode: modeOf(stat.type, path),
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

  interface Entry {
    name: string;
    type: string;
  }
  const kindsOf = (path: string, entries: Entry[]): Map<string, number> =>
    new Map(entries.map((entry) => [entry.name, modeOf(entry.type, path)]));
  const openFolder = (path: string, flags: number): FsStream => {
    const entries = ask('fs.list', { path }).value as Entry[];
    const node = nodeFor(path, modeOf('directory', path), -1);
    node.kinds = kindsOf(path, entries);
    const stream = FS.createStream({
      node,
      path,
      flags,
      seekable: true,
      position: 0,
      stream_ops: streamOps,
      ungotten: [],
      error: false,
    });
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
    const node = nodeFor(path, modeOf(answer.stat.type, path), answer.handle);
    return FS.createStream({
      node,
      path,
      flags,
      seekable: true,
      position: 0,
      stream_ops: streamOps,
      ungotten: [],
      error: false,
    });
  };

  /** Puts `served` before one of Emscripten's functions; it answers `undefined` to leave the call to the original. */
  const before = (
    name: string,
    served: (...args: never[]) => { readonly answer: unknown } | undefined,
  ): void => {
    const original = FS[name] as (...args: unknown[]) => unknown;
    FS[name] = (...args: unknown[]): unknown => {
      const served_ = apply(served, undefined, args);
      return served_ === undefined ? apply(original, FS, args) : served_.answer;
    };
  };
  const answered = (answer: unknown): { readonly answer: unknown } => ({ answer });

  // Files in memory count against a budget until nobody can reach them any more.
  const isOpen = (node: FsNode): boolean => FS.streams.some((stream) => stream?.node === node);
  const abandoned = new Set<FsNode>();
  const free = (node: FsNode): void => {
    if (isOpen(node)) abandoned.add(node);
    else {
      abandoned.delete(node);
      FS.filesystems.MEMFS.resizeFileStorage(node, 0);
    }
  };
  const fileInMemory = (path: string): FsNode | undefined => {
    const { object } = (FS.analyzePath as (path: string, noFollow: boolean) => { object?: FsNode })(
      path,
      true,
    );
    return object !== undefined && object !== null && FS.isFile(object.mode) ? object : undefined;
  };
  /** Does what takes the name of a file in memory away. */
  const freeing = (path: string, act: () => unknown): { readonly answer: unknown } => {
    const node = entered ? fileInMemory(path) : undefined;
    const answer = act();
    if (node !== undefined && fileInMemory(path) !== node) free(node);
    return answered(answer);
  };
  const originalOf =
    (name: string): ((...args: unknown[]) => unknown) =>
    (...args) =>
      apply(originals[name] as never, FS, args);
  const originals = { unlink: FS.unlink, rename: FS.rename } as Record<string, unknown>;
  const [originalUnlink, originalRename] = [originalOf('unlink'), originalOf('rename')];
  const closeStream = FS.close as (stream: FsStream) => void;
  FS.close = (stream: FsStream): void => {
    const { node } = stream;
    apply(closeStream, FS, [stream]);
    if (abandoned.has(node)) free(node);
  };

  before('open', (name: unknown, flags: unknown) => {
    if (typeof name !== 'string' || typeof flags !== 'number') return undefined; // the interpreter's own files, by node or mode text
    const path = resolve(name);
    const writes = (flags & O.access) !== 0 || (flags & (O.create | O.truncate)) !== 0;
    // CPython looks for the line of a syntax error in code that has no file: tracebacks try their lines by it.
    const last = path.slice(path.lastIndexOf('/') + 1);
    if (!writes && (last === '<unknown>' || last === '<string>')) fail(ENOENT);
    if (!entered || !(isGranted(path) || (writes ? !isScratch(path) : isNowhere(path)))) return undefined;
    return answered((flags & O.directory) !== 0 ? openFolder(path, flags) : openFile(path, flags));
  });
  before('stat', (name: unknown, noFollow: unknown) => {
    const path = resolve(String(name));
    if (!isGranted(path)) return undefined;
    return answered(statOf(ask('fs.stat', { path, noFollow: noFollow === true }).value as HostStat, path));
  });
  before('readdir', (name: unknown) => {
    const path = resolve(String(name));
    if (!isGranted(path)) return undefined;
    const entries = ask('fs.list', { path }).value as { name: string }[];
    return answered(['.', '..', ...entries.map((entry) => entry.name)]);
  });
  before('mkdir', (name: unknown) => {
    const path = resolve(String(name));
    return isWrittenByHost(path) ? answered(ask('fs.mkdir', { path })) : undefined;
  });
  before('unlink', (name: unknown) => {
    const path = resolve(String(name));
    return isWrittenByHost(path)
      ? answered(ask('fs.remove', { path, kind: 'file' }))
      : freeing(path, () => originalUnlink(name));
  });
  before('rmdir', (name: unknown) => {
    const path = resolve(String(name));
    return isWrittenByHost(path) ? answered(ask('fs.remove', { path, kind: 'directory' })) : undefined;
  });
  before('rename', (from: unknown, to: unknown) => {
    const [path, target] = [resolve(String(from)), resolve(String(to))];
    const [left, arrives] = [isWrittenByHost(path), isWrittenByHost(target)];
    if (!left && !arrives) return freeing(target, () => originalRename(from, to));
    // Between memory and a granted folder a file has to be copied; Python's own tools do so when they are told.
    if (!left || !arrives) fail(EXDEV);
    return answered(ask('fs.rename', { path, to: target }));
  });
  before('symlink', (target: unknown, name: unknown) => {
    const path = resolve(String(name));
    return isWrittenByHost(path) ? answered(ask('fs.symlink', { path, target: String(target) })) : undefined;
  });
  before('readlink', (name: unknown) => {
    const path = resolve(String(name));
    if (!isGranted(path)) return undefined;
    return answered((ask('fs.readlink', { path }).value as { target: string }).target);
  });
  before('truncate', (name: unknown, size: unknown) => {
    if (typeof name !== 'string') return undefined;
    const path = resolve(name);
    if (!isWrittenByHost(path)) return undefined;
    const stream = openFile(path, O.write);
    try {
      ask('fs.ftruncate', { handle: stream.node.handle, size: Number(size) });
    } finally {
      (FS.close as (stream: FsStream) => void)(stream);
    }
    return answered(undefined);
  });
  before('utime', (name: unknown, accessed: unknown, modified: unknown) => {
    const path = resolve(String(name));
    if (!isWrittenByHost(path)) return undefined;
    return answered(
      ask('fs.utimes', { path, ...times(accessed as number | null, modified as number | null) }),
    );
  });
  for (const name of ['chmod', 'lchmod', 'chown', 'lchown']) {
    // Modes and owners are the host's; programs that copy files set them and must not fail for it.
    before(name, (target: unknown) => {
      const path = typeof target === 'string' ? resolve(target) : '';
      if (!isGranted(path)) return undefined;
      ask('fs.stat', { path, noFollow: name.startsWith('l') });
      return answered(undefined);
    });
  }
  before('lookupPath', (name: unknown, options: unknown) => {
    const path = resolve(String(name));
    const parent = (options as { parent?: boolean } | undefined)?.parent === true;
    const wanted = parent ? path.slice(0, path.lastIndexOf('/')) || '/' : path;
    if (!isGranted(wanted)) return undefined;
    if (parent) return answered({ path: wanted, node: nodeFor(wanted, modeOf('directory', wanted), -1) });
    const stat = ask('fs.stat', { path: wanted }).value as HostStat;
    return answered({ path: wanted, node: nodeFor(wanted, modeOf(stat.type, wanted), -1) });
  });
  before('lookupNode', (parent: unknown, name: unknown) => {
    const folder = parent as FsNode;
    if (folder.path === undefined) return undefined;
    folder.kinds ??= kindsOf(folder.path, ask('fs.list', { path: folder.path }).value as Entry[]);
    const mode = folder.kinds.get(String(name));
    return mode === undefined ? fail(EINVAL) : answered({ id: 1, mode }); // EINVAL: gone meanwhile, the listing leaves it out
  });

  // Files in memory hold the host's memory: they have a budget of their own.
  const { MEMFS } = FS.filesystems;
  const spend = (bytes: number): void => {
    if (bytes > scratchLeft) fail(ENOSPC);
    scratchLeft -= bytes;
  };
  const expand = MEMFS.expandFileStorage;
  MEMFS.expandFileStorage = (node, capacity) => {
    const held = node.contents?.length ?? 0;
    if (capacity > held) spend(capacity - held);
    const charged = Math.max(held, capacity);
    apply(expand, MEMFS, [node, capacity]);
    scratchLeft -= Math.max(0, (node.contents?.length ?? 0) - charged);
  };
  const resize = MEMFS.resizeFileStorage;
  MEMFS.resizeFileStorage = (node, size) => {
    spend(size - (node.contents?.length ?? 0));
    apply(resize, MEMFS, [node, size]);
  };
  const streams = MEMFS.ops_table.file.stream;
  const write = streams.write as (
    stream: FsStream,
    buffer: Uint8Array,
    offset: number,
    length: number,
    ...more: unknown[]
  ) => number;
  streams.write = ((
    stream: FsStream,
    buffer: Uint8Array,
    offset: number,
    length: number,
    ...more: unknown[]
  ) => {
    // A first write takes a copy of exactly its length; later ones grow through `expandFileStorage`.
    if (stream.node.usedBytes === 0) spend(length - (stream.node.contents?.length ?? 0));
    return apply(write, MEMFS, [stream, buffer, offset, length, ...more]);
  }) as typeof streams.write;

  return {
    install: (path, bytes) => {
      const whole = `${SITE_PACKAGES}/${path}`;
      FS.mkdirTree(whole.slice(0, whole.lastIndexOf('/')));
      FS.writeFile(whole, bytes, { canOwn: true });
    },
    enter: (paths, writes, cwd, chunk, scratch) => {
      if (!entered) scratchLeft = scratch;
      entered = false;
      mounts = []; // those of an earlier run are gone with its grant
      for (const path of paths) FS.mkdirTree(path); // so that the folders above a mount list it
      mounts = paths;
      writable = writes;
      chunkBytes = chunk;
      entered = true;
      if (isGranted(cwd)) FS.currentPath = cwd;
    },
    leave: () => {
      entered = false;
      scratchLeft = Number.POSITIVE_INFINITY;
    },
    refusal: () => {
      const text = lastRefusal;
      lastRefusal = '';
      return text;
    },
  };
}
