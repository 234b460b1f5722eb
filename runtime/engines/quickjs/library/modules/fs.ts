import { type Callable, inner, type Named, nodeError, wrongArgument } from '../inner.ts';
import { bufferOf } from './buffer.ts';
import * as descriptors from './fs-descriptors.ts';
import { createReadStream, createWriteStream } from './fs-streams.ts';
import { cpSync, globSync, mkdtempSync, opendirSync, realpathSync, rmSync } from './fs-trees.ts';

type Sync = (...args: never[]) => unknown;
const { givenPath, named, pathOf } = descriptors;

if (inner.setup.block.includes('fs')) throw new EvalError('Cannot use fs: options.block takes it away');
const plain = inner.fs as Record<string, Callable>;

const encodingOf = (options: unknown): string | undefined => {
  if (/^(?:number|boolean|bigint|symbol)$/.test(typeof options))
    throw wrongArgument('options', 'one of type string or object', options);
  const given = typeof options === 'object' && options !== null ? (options as Named).encoding : options;
  return given === undefined || given === null || given === 'buffer' ? undefined : String(given);
};
const knownEncoding = (options: unknown, isKnown: (name: string) => boolean): string | undefined => {
  const encoding = encodingOf(options);
  if (encoding === undefined || isKnown(encoding)) return encoding;
  throw nodeError(
    TypeError,
    'ERR_INVALID_ARG_VALUE',
    `The argument 'encoding' is invalid encoding. Received ${inner.inspect(encoding)}`,
  );
};
const readingEncoding = (options: unknown): string | undefined =>
  knownEncoding(options, (name) =>
    (globalThis as unknown as { Buffer: { isEncoding(name: string): boolean } }).Buffer.isEncoding(name),
  );
const inEncoding = (bytes: unknown, options: unknown): unknown => {
  if (!(bytes instanceof Uint8Array)) return bytes;
  const encoding = readingEncoding(options);
  const buffer = bufferOf(bytes);
  return encoding === undefined ? buffer : (buffer.toString as Callable).call(buffer, encoding);
};
const withoutEncoding = (options: unknown): unknown => {
  if (typeof options !== 'object' || options === null) return undefined;
  const { encoding: _encoding, ...rest } = options as Named;
  return rest;
};
/** A number of an open file, be it a wrong one: any other number is taken for a path, and none. */
const isFd = (file: unknown): file is number => Number.isInteger(file) && Math.abs(file as number) < 2 ** 31;

/** What is written: text in its encoding, or bytes. */
const contentOf = (data: unknown, options: unknown): Uint8Array => {
  const bytes = typeof data === 'string' ? undefined : inner.bytesOf(data);
  if (bytes !== undefined) return bytes;
  if (typeof data !== 'string') {
    throw wrongArgument('data', 'of type string or an instance of Buffer, TypedArray, or DataView', data);
  }
  const { Buffer } = globalThis as unknown as {
    readonly Buffer: { from(text: string, encoding: string): Uint8Array; isEncoding(name: string): boolean };
  };
  const encoding = knownEncoding(options, (name) => Buffer.isEncoding(name));
  return Buffer.from(data, encoding ?? 'utf8');
};
const flagOf = (options: unknown): object => {
  const flag = typeof options === 'object' && options !== null ? (options as Named).flag : undefined;
  return flag === undefined ? {} : { flag };
};

interface DirentLike {
  readonly name: string;
  readonly parentPath: string;
}
/** Names as Node lists them in the encoding that is asked for; entries know the folder as it was given. */
const listed = (names: unknown, options: unknown, folder: unknown): unknown => {
  const encoding = encodingOf(options);
  const asBuffers =
    typeof options === 'object' && options !== null
      ? (options as Named).encoding === 'buffer'
      : options === 'buffer';
  const given = typeof folder === 'string' ? folder : pathOf(folder);
  const root = pathOf(folder);
  return (names as (string | DirentLike)[]).map((name) => {
    if (typeof name === 'string')
      return asBuffers || (encoding !== undefined && !/^utf-?8$/i.test(encoding))
        ? inEncoding(inner.encodeUtf8(name), options)
        : name;
    Object.assign(name, {
      parentPath: given + name.parentPath.slice(root.length),
      path: given + name.parentPath.slice(root.length),
    });
    return name;
  });
};

const statOf =
  (name: string) =>
  (path: unknown, options?: unknown): unknown => {
    try {
      return withBigint(plain[`${name}Sync`]?.(named(name, path)), options);
    } catch (error) {
      const settings = options as Named | undefined;
      if (settings?.throwIfNoEntry === false && /^ENO(?:ENT|TDIR)$/.test(String((error as Named).code)))
        return undefined;
      throw error;
    }
  };
const withBigint = (stats: unknown, options: unknown): unknown => {
  if ((options as Named | undefined)?.bigint !== true) return stats;
  const from = stats as Named;
  const made = Object.create(stats as object) as Named;
  for (const [key, value] of Object.entries(from))
    if (typeof value === 'number')
      Object.defineProperty(made, key, { value: BigInt(Math.round(value)), enumerable: true });
  for (const key of ['atime', 'mtime', 'ctime', 'birthtime'])
    Object.defineProperty(made, `${key}Ns`, {
      value: BigInt(Math.round(Number(from[`${key}Ms`]))) * 1_000_000n,
      enumerable: true,
    });
  return made;
};

const simple =
  (name: string): Sync =>
  (...args: never[]) =>
    plain[`${name}Sync`]?.(givenPath(args[0]), ...args.slice(1));
const done = (): undefined => undefined;
/** Modes and owners are not kept: the call succeeds where the file is there, and changes nothing. */
const touched =
  (syscall: string) =>
  (path: unknown): void => {
    const target = givenPath(path);
    if (plain.existsSync?.(target)) return void plain.accessSync?.(target);
    throw descriptors.noFile(syscall, target);
  };

const sync: Record<string, Sync> = {
  access: simple('access'),
  appendFile: (file: unknown, data: unknown, options?: unknown) =>
    isFd(file)
      ? void descriptors.writeSync(file, contentOf(data, options))
      : plain.appendFileSync?.(givenPath(file), contentOf(data, options)),
  chmod: touched('chmod'),
  chown: touched('chown'),
  lchown: touched('lchown'),
  lutimes: touched('lutime'),
  copyFile: (from: unknown, to: unknown, mode = 0) => {
    if ((mode & 1) !== 0 && plain.existsSync?.(pathOf(to))) {
      const [path, dest] = [givenPath(from), givenPath(to)];
      throw Object.assign(new Error(`EEXIST: file already exists, copyfile '${path}' -> '${dest}'`), {
        errno: -17,
        code: 'EEXIST',
        syscall: 'copyfile',
        path,
        dest,
      });
    }
    return plain.copyFileSync?.(givenPath(from, 'src'), givenPath(to, 'dest'));
  },
  cp: cpSync,
  lstat: statOf('lstat'),
  stat: statOf('stat'),
  mkdir: (path: unknown, options?: unknown) => {
    const target = pathOf(path);
    if ((options as Named | undefined)?.recursive !== true) return plain.mkdirSync?.(givenPath(path));
    // Node answers the first folder that it made.
    let first: string | undefined;
    for (let at = target; at !== '/' && !plain.existsSync?.(at); at = inner.path.dirname(at)) first = at;
    plain.mkdirSync?.(target, { recursive: true });
    const isRelative = first !== undefined && !inner.path.isAbsolute(givenPath(path));
    return isRelative ? inner.path.relative(inner.setup.cwd, first as string) : first; // there is one
  },
  mkdtemp: mkdtempSync,
  opendir: opendirSync,
  readFile: (file: unknown, options?: unknown) => {
    readingEncoding(options);
    if (isFd(file)) return inEncoding(descriptors.readAll(file), options);
    if (file === '/dev/stdin') return inEncoding(descriptors.readAll(0), options);
    return inEncoding(plain.readFileSync?.(named('open', file)), options);
  },
  readdir: (path: unknown, options?: unknown) =>
    listed(plain.readdirSync?.(named('scandir', path), withoutEncoding(options)), options, path),
  readlink: simple('readlink'),
  realpath: realpathSync,
  rename: (from: unknown, to: unknown) =>
    plain.renameSync?.(givenPath(from, 'oldPath'), givenPath(to, 'newPath')),
  rm: rmSync,
  rmdir: (path: unknown, options?: unknown) =>
    (options as Named | undefined)?.recursive === true
      ? rmSync(path, { recursive: true, force: true })
      : plain.rmdirSync?.(givenPath(path)),
  symlink: (target: unknown, path: unknown) =>
    plain.symlinkSync?.(givenPath(target, 'target'), givenPath(path)),
  truncate: (file: unknown, size?: unknown) =>
    isFd(file)
      ? descriptors.ftruncateSync(file, Number(size ?? 0))
      : plain.truncateSync?.(givenPath(file), size),
  unlink: simple('unlink'),
  utimes: simple('utimes'),
  writeFile: (file: unknown, data: unknown, options?: unknown) => {
    if (isFd(file)) return void descriptors.writeSync(file, contentOf(data, options));
    if (file === '/dev/stdout' || file === '/dev/stderr')
      return void descriptors.writeSync(file === '/dev/stdout' ? 1 : 2, contentOf(data, options));
    return plain.writeFileSync?.(named('open', file), contentOf(data, options), flagOf(options));
  },
  open: descriptors.openSync,
  close: descriptors.closeSync,
  fstat: descriptors.fstatSync,
  ftruncate: descriptors.ftruncateSync,
  fsync: descriptors.fsyncSync,
  fdatasync: descriptors.fsyncSync,
  futimes: descriptors.futimesSync,
  fchmod: done,
  fchown: done,
  glob: globSync,
  statfs: () => ({ type: 0, bsize: 4096, blocks: 0, bfree: 0, bavail: 0, files: 0, ffree: 0 }),
  link: (from: unknown, to: unknown) => {
    const [path, dest] = [givenPath(from), givenPath(to)];
    throw Object.assign(new Error(`EPERM: operation not permitted, link '${path}' -> '${dest}'`), {
      errno: -1,
      code: 'EPERM',
      syscall: 'link',
      path,
      dest,
    });
  },
};

/** Files are asked for by promise where the prelude has one, so that the host can wait; the rest is done at once. */
const ASYNC: Readonly<Record<string, (...args: never[]) => Promise<unknown>>> = {
  readFile: async (file: unknown, options?: unknown) =>
    isFd(file) || file === '/dev/stdin'
      ? sync.readFile?.(...([file, options] as never[]))
      : inEncoding(await asHandle(file, 'readFile', () => plain.readFile?.(named('open', file))), options),
  writeFile: async (file: unknown, data: unknown, options?: unknown) => {
    if (isFd(file)) return sync.writeFile?.(...([file, data, options] as never[]));
    return plain.writeFile?.(named('open', file), await gathered(data, options), flagOf(options));
  },
  appendFile: async (file: unknown, data: unknown, options?: unknown) =>
    isFd(file)
      ? sync.appendFile?.(...([file, data, options] as never[]))
      : plain.appendFile?.(givenPath(file), contentOf(data, options)),
  readdir: async (path: unknown, options?: unknown) =>
    listed(await plain.readdir?.(named('scandir', path), withoutEncoding(options)), options, path),
  access: async (path: unknown) => plain.access?.(named('access', path)),
  lstat: async (path: unknown, options?: unknown) =>
    withBigint(await plain.lstat?.(named('lstat', path)), options),
  stat: async (path: unknown, options?: unknown) =>
    withBigint(await plain.stat?.(named('stat', path)), options),
  unlink: async (path: unknown) => plain.unlink?.(givenPath(path)),
  rename: async (from: unknown, to: unknown) =>
    plain.rename?.(givenPath(from, 'oldPath'), givenPath(to, 'newPath')),
  readlink: async (path: unknown) => plain.readlink?.(givenPath(path)),
  utimes: async (path: unknown, accessed: unknown, modified: unknown) =>
    plain.utimes?.(givenPath(path), accessed, modified),
};

const asHandle = (file: unknown, name: string, otherwise: () => unknown): unknown => {
  const own = (file as Named | null)?.[name];
  return typeof own === 'function' && typeof file === 'object' && !(file instanceof URL)
    ? own.call(file)
    : otherwise();
};
/** Data of `writeFile` may come as a stream or an iterable of pieces. */
const gathered = async (data: unknown, options: unknown): Promise<Uint8Array> => {
  const iterable = data as AsyncIterable<unknown> | undefined;
  const streams = typeof data === 'object' && data !== null && inner.bytesOf(data) === undefined;
  if (
    !streams ||
    (iterable?.[Symbol.asyncIterator] === undefined &&
      (data as Iterable<unknown>)[Symbol.iterator] === undefined)
  )
    return contentOf(data, options);
  const parts: Uint8Array[] = [];
  for await (const part of data as AsyncIterable<unknown>) parts.push(contentOf(part, options));
  const { Buffer } = globalThis as unknown as {
    readonly Buffer: { concat(parts: readonly Uint8Array[]): Uint8Array };
  };
  return Buffer.concat(parts);
};

/** Done at once, told in a later turn: as under Node, whoever asks has time to listen for a failure. */
const settledLater = (run: () => unknown): Promise<unknown> =>
  new Promise((resolve, reject) => {
    let settle: () => void;
    try {
      const value = run();
      settle = () => resolve(value);
    } catch (error) {
      settle = () => reject(error);
    }
    setImmediate(settle);
  });

const promised = (name: string): ((...args: unknown[]) => Promise<unknown>) => {
  const own = ASYNC[name] as Callable | undefined;
  const run = own ?? ((...args: unknown[]) => settledLater(() => (sync[name] as Callable)(...args)));
  return inner.exposed(run as (...args: unknown[]) => Promise<unknown>);
};

/** The callback form where the last argument is a function; a promise where it is none, as the prelude's own `fs` answers. */
const callback = (name: string): Callable => {
  const run = promised(name);
  return (...args: unknown[]) => {
    const answer = args[args.length - 1];
    if (typeof answer !== 'function') return run(...args);
    run(...args.slice(0, -1)).then(
      (value) => later(() => (answer as Callable)(null, ...(value === undefined ? [] : [value]))),
      (error: unknown) => later(() => (answer as Callable)(error)),
    );
    return undefined;
  };
};
/** Out of the promise's own turn: what the callback throws is an error that nobody caught, not a rejection. */
const later = (run: () => void): void => {
  setImmediate(run);
};

const byDescriptor =
  (name: 'read' | 'write') =>
  (...args: unknown[]): unknown => {
    const answer = args[args.length - 1] as Callable;
    if (typeof answer !== 'function') throw wrongArgument('cb', 'of type function', answer);
    const given = args.slice(0, -1) as [unknown, unknown, ...unknown[]];
    let count: number;
    try {
      count = (name === 'read' ? descriptors.readSync : descriptors.writeSync)(...given);
    } catch (error) {
      later(() => answer(error));
      return;
    }
    later(() => answer(null, count, given[1]));
  };

const CONSTANTS = {
  F_OK: 0,
  R_OK: 4,
  W_OK: 2,
  X_OK: 1,
  COPYFILE_EXCL: 1,
  COPYFILE_FICLONE: 2,
  COPYFILE_FICLONE_FORCE: 4,
  O_RDONLY: 0,
  O_WRONLY: 1,
  O_RDWR: 2,
  O_CREAT: 64,
  O_EXCL: 128,
  O_TRUNC: 512,
  O_APPEND: 1024,
  O_DIRECTORY: 65_536,
  O_SYNC: 1_052_672,
  S_IFMT: 61_440,
  S_IFREG: 32_768,
  S_IFDIR: 16_384,
  S_IFCHR: 8192,
  S_IFLNK: 40_960,
  S_IRUSR: 256,
  S_IWUSR: 128,
  S_IXUSR: 64,
};

const names = Object.keys(sync);
const promiseMembers: Record<string, unknown> = { constants: CONSTANTS };
const members: Record<string, unknown> = {};
for (const name of names) {
  const isDescriptor = /^f(?:stat|truncate|sync|datasync|utimes|chmod|chown)$|^close$/.test(name);
  if (!isDescriptor && name !== 'open') promiseMembers[name] = promised(name);
  members[name] = callback(name);
  members[`${name}Sync`] = sync[name];
}
// Evaluated when a file is first opened so: esbuild turns this into a call that does it.
declare const require: (path: './file-handle.ts') => typeof import('./file-handle.ts');
promiseMembers.open = async (path: unknown, flags?: unknown) => {
  require('./file-handle.ts').extendFileHandles();
  return plain.open?.(named('open', path), flags);
};
promiseMembers.watch = plain.watch;
promiseMembers.glob = async function* (pattern: unknown, options?: unknown) {
  yield* globSync(pattern, options) as Iterable<unknown>;
};

const exists = (path: unknown, answer: Callable): void => {
  const found = existsSync(path);
  later(() => answer(found));
};
const existsSync = (path: unknown): boolean => {
  try {
    return plain.existsSync?.(pathOf(path)) as boolean;
  } catch (error) {
    if ((error as Named).sandglassCode !== undefined) throw error;
    return false; // no path at all
  }
};
Object.assign(exists, {
  [Symbol.for('nodejs.util.promisify.custom')]: async (path: unknown) => existsSync(path),
});

/** A watcher that polls nothing: the prelude's own `watch`, as an emitter of its events. */
const watch = (path: unknown, ...rest: unknown[]): unknown => {
  const listener = rest.find((one) => typeof one === 'function') as Callable | undefined;
  const stop = new AbortController();
  const events = plain.watch?.(pathOf(path), {
    ...(typeof rest[0] === 'object' ? (rest[0] as object) : {}),
    signal: stop.signal,
  }) as AsyncIterable<{ eventType: string; filename: string }>;
  void (async () => {
    try {
      for await (const { eventType, filename } of events) listener?.(eventType, filename);
    } catch (error) {
      if (!stop.signal.aborted) throw error;
    }
  })();
  const watcher = { close: () => stop.abort(), on: () => watcher, ref: () => watcher, unref: () => watcher };
  return watcher;
};

export const promises: unknown = promiseMembers;
export const fs: Record<string, unknown> = {
  ...members,
  accessSync: sync.access,
  exists,
  existsSync,
  read: byDescriptor('read'),
  readSync: descriptors.readSync,
  write: byDescriptor('write'),
  writeSync: descriptors.writeSync,
  readvSync: (fd: unknown, buffers: readonly unknown[]) =>
    buffers.reduce<number>((sum, one) => sum + descriptors.readSync(fd, one), 0),
  writevSync: (fd: unknown, buffers: readonly unknown[]) =>
    buffers.reduce<number>((sum, one) => sum + descriptors.writeSync(fd, one), 0),
  createReadStream,
  createWriteStream,
  ReadStream: createReadStream,
  WriteStream: createWriteStream,
  watch,
  watchFile: (): never => {
    throw nodeError(
      Error,
      'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM',
      'Cannot use fs.watchFile: use fs.watch or the promise form of it',
    );
  },
  unwatchFile: done,
  openAsBlob: async (path: unknown) =>
    new Blob([sync.readFile?.(...([path] as never[])) as Uint8Array<ArrayBuffer>]),
  Stats: inner.Stats,
  Dirent: inner.Dirent,
  constants: CONSTANTS,
  F_OK: 0,
  R_OK: 4,
  W_OK: 2,
  X_OK: 1,
  promises: promiseMembers,
};
Object.assign(fs.realpath as object, { native: fs.realpath });
Object.assign(fs.realpathSync as object, { native: fs.realpathSync });
