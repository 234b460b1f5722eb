import { type Calls, exposeMethod } from './calls.ts';
import { decodeAs, encodeAs, readEncoding } from './file-text.ts';
import { fsError, isNotFound, isTooLarge } from './fs-errors.ts';
import { createWatch } from './fs-watch.ts';
import type { PathApi } from './path.ts';
import {
  Bytes,
  bytesOf,
  bytesSet,
  bytesSubarray,
  define,
  min,
  toText,
  typedArrayBytes,
} from './primordials.ts';
import { setup } from './state.ts';

type Data = Uint8Array<ArrayBuffer>;
type Options = string | null | undefined | { readonly [key: string]: unknown };
export interface Stat {
  readonly type: 'file' | 'directory' | 'symlink';
  readonly size: number;
  readonly accessedMs: number;
  readonly modifiedMs: number;
  readonly changedMs: number;
  readonly links: number;
  readonly device: string;
  readonly inode: string;
}
interface Reply {
  readonly value: unknown;
  readonly bytes: ArrayBuffer | undefined;
}
/** One fs call after the other: each `yield` is a request, and gets its reply. The same steps serve promises and blocking calls. */
type Steps<T> = Generator<readonly [operation: string, args: object, bytes?: Data], T, Reply>;

export class Stats {
  readonly size: number;
  readonly atimeMs: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly birthtimeMs: number;
  readonly nlink: number;
  readonly ino: number;
  readonly mode: number;
  readonly #type: Stat['type'];
  constructor(stat: Stat) {
    this.#type = stat.type;
    this.size = stat.size;
    this.atimeMs = stat.accessedMs;
    this.mtimeMs = stat.modifiedMs;
    this.ctimeMs = stat.changedMs;
    this.birthtimeMs = stat.changedMs;
    this.nlink = stat.links;
    this.ino = +stat.inode;
    this.mode = stat.type === 'directory' ? 0o40755 : stat.type === 'symlink' ? 0o120777 : 0o100644;
  }
  get atime(): Date {
    return new Date(this.atimeMs);
  }
  get mtime(): Date {
    return new Date(this.mtimeMs);
  }
  get ctime(): Date {
    return new Date(this.ctimeMs);
  }
  get birthtime(): Date {
    return new Date(this.birthtimeMs);
  }
  isFile(): boolean {
    return this.#type === 'file';
  }
  isDirectory(): boolean {
    return this.#type === 'directory';
  }
  isSymbolicLink(): boolean {
    return this.#type === 'symlink';
  }
}

export class Dirent {
  readonly name: string;
  readonly parentPath: string;
  readonly #type: Stat['type'];
  constructor(name: string, parentPath: string, type: Stat['type']) {
    this.name = name;
    this.parentPath = parentPath;
    this.#type = type;
  }
  isFile(): boolean {
    return this.#type === 'file';
  }
  isDirectory(): boolean {
    return this.#type === 'directory';
  }
  isSymbolicLink(): boolean {
    return this.#type === 'symlink';
  }
}

const dataOf = (data: unknown, options: Options): Data => {
  const bytes = bytesOf(data);
  if (bytes !== undefined) return bytes;
  const text = typeof data === 'string' ? data : undefined;
  if (text === undefined) {
    throw new TypeError(
      `Cannot write: expected text, a buffer or a view, got ${data === null ? 'null' : typeof data}`,
    );
  }
  return encodeAs(text, readEncoding(options) ?? 'utf8');
};

export const flagsOf = (flags: unknown): Record<string, boolean> => {
  switch (flags ?? 'r') {
    case 'r':
      return { read: true };
    case 'r+':
      return { read: true, write: true };
    case 'w':
      return { write: true, create: true, truncate: true };
    case 'wx':
      return { write: true, create: true, exclusive: true };
    case 'w+':
      return { read: true, write: true, create: true, truncate: true };
    case 'wx+':
      return { read: true, write: true, create: true, exclusive: true };
    case 'a':
      return { append: true, create: true };
    case 'ax':
      return { append: true, create: true, exclusive: true };
    case 'a+':
      return { read: true, append: true, create: true };
    default:
      throw new TypeError(`Cannot open: unknown flags ${toText(flags)}`);
  }
};

/** The steps of every function, by Node's names; paths are already absolute. */
const createSteps = () => {
  /** Room for one chunk, so that a message with its arguments stays under the limit. */
  const chunk = (): number => min(setup.hostCallBytes, 4 * 1024 * 1024);
  function* readChunks(path: string): Steps<Data> {
    const { value } = yield ['fs.open', { path, read: true }];
    const { handle, stat } = value as { handle: number; stat: Stat };
    try {
      const parts: Data[] = [];
      let size = 0;
      for (;;) {
        const { bytes } = yield ['fs.read', { handle, offset: size, length: chunk() }];
        const part = new Bytes(bytes ?? new ArrayBuffer(0));
        if (typedArrayBytes(part) === 0) break;
        parts.push(part);
        size += typedArrayBytes(part);
        if (size >= stat.size && typedArrayBytes(part) < chunk()) break;
      }
      const whole = new Bytes(size);
      let at = 0;
      for (const part of parts) {
        bytesSet(whole, part, at);
        at += typedArrayBytes(part);
      }
      return whole;
    } finally {
      yield ['fs.close', { handle }];
    }
  }
  /** Piece by piece, out of sight until all is there: complete, or as before. */
  function* replaceInChunks(path: string, data: Data, exclusive: boolean): Steps<void> {
    const { value } = yield [
      'fs.open',
      exclusive ? { path, replace: true, exclusive } : { path, replace: true },
    ];
    const { handle } = value as { handle: number };
    let kept = false;
    try {
      yield* writeAt(handle, data, 0);
      yield ['fs.commit', { handle }];
      kept = true;
    } finally {
      if (!kept) yield ['fs.close', { handle }];
    }
  }
  /** Room is made first, and given back when it cannot be filled: all is added, or nothing. */
  function* appendInChunks(path: string, data: Data): Steps<void> {
    let value: unknown;
    try {
      ({ value } = yield ['fs.open', { path, write: true }]);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      yield* replaceInChunks(path, data, false);
      return;
    }
    const { handle, stat } = value as { handle: number; stat: Stat };
    try {
      yield ['fs.ftruncate', { handle, size: stat.size + typedArrayBytes(data) }];
      try {
        yield* writeAt(handle, data, stat.size);
      } catch (error) {
        yield ['fs.ftruncate', { handle, size: stat.size }];
        throw error;
      }
    } finally {
      yield ['fs.close', { handle }];
    }
  }
  function* writeAt(handle: number, data: Data, start: number): Steps<void> {
    for (let at = 0; at < typedArrayBytes(data); at += chunk()) {
      const part = new Bytes(bytesSubarray(data, at, min(at + chunk(), typedArrayBytes(data))));
      yield ['fs.write', { handle, offset: start + at }, part];
    }
  }
  const large = (data: Data): boolean => typedArrayBytes(data) > chunk();

  return {
    *readFile(path: string, options?: Options): Steps<Data | string> {
      const encoding = readEncoding(options);
      let data: Data;
      try {
        const { bytes } = yield ['fs.readFile', { path }];
        data = new Bytes(bytes ?? new ArrayBuffer(0));
      } catch (error) {
        if (!isTooLarge(error)) throw error;
        data = yield* readChunks(path);
      }
      return encoding === undefined ? data : decodeAs(data, encoding);
    },
    *writeFile(path: string, content: unknown, options?: Options): Steps<void> {
      const data = dataOf(content, options);
      const flag = typeof options === 'object' && options !== null ? options.flag : undefined;
      if (flag === 'a') yield* steps.appendFile(path, data);
      else if (large(data)) yield* replaceInChunks(path, data, flag === 'wx');
      else yield ['fs.writeFile', flag === 'wx' ? { path, exclusive: true } : { path }, data];
    },
    *appendFile(path: string, content: unknown, options?: Options): Steps<void> {
      const data = dataOf(content, options);
      if (large(data)) yield* appendInChunks(path, data);
      else yield ['fs.append', { path }, data];
    },
    *readdir(path: string, options?: Options): Steps<(string | Dirent)[]> {
      const settings = typeof options === 'object' && options !== null ? options : {};
      const list = function* (folder: string, prefix: string): Steps<(string | Dirent)[]> {
        const { value } = yield ['fs.list', { path: folder }];
        const found: (string | Dirent)[] = [];
        for (const { name, type } of value as { name: string; type: Stat['type'] }[]) {
          found.push(settings.withFileTypes === true ? new Dirent(name, folder, type) : prefix + name);
          if (settings.recursive === true && type === 'directory') {
            found.push(...(yield* list(`${folder}/${name}`, `${prefix}${name}/`)));
          }
        }
        return found;
      };
      return yield* list(path, '');
    },
    *stat(path: string): Steps<Stats> {
      const { value } = yield ['fs.stat', { path }];
      return new Stats(value as Stat);
    },
    *lstat(path: string): Steps<Stats> {
      const { value } = yield ['fs.stat', { path, noFollow: true }];
      return new Stats(value as Stat);
    },
    *access(path: string): Steps<void> {
      yield ['fs.stat', { path }];
    },
    *mkdir(path: string, options?: Options): Steps<string | undefined> {
      const recursive = typeof options === 'object' && options !== null && options.recursive === true;
      yield ['fs.mkdir', recursive ? { path, recursive } : { path }];
      return recursive ? path : undefined;
    },
    *rm(path: string, options?: Options): Steps<void> {
      const settings = typeof options === 'object' && options !== null ? options : {};
      const recursive = settings.recursive === true;
      try {
        yield ['fs.remove', recursive ? { path, recursive } : { path, kind: 'file' }];
      } catch (error) {
        const reason = (error as { readonly details?: { readonly reason?: unknown } }).details?.reason;
        if (settings.force !== true || reason !== 'not-found') throw error;
      }
    },
    *unlink(path: string): Steps<void> {
      yield ['fs.remove', { path, kind: 'file' }];
    },
    *rmdir(path: string): Steps<void> {
      yield ['fs.remove', { path, kind: 'directory' }];
    },
    *rename(path: string, to: string): Steps<void> {
      yield ['fs.rename', { path, to }];
    },
    *copyFile(path: string, to: string): Steps<void> {
      const data = yield* steps.readFile(path);
      yield* steps.writeFile(to, data);
    },
    *truncate(path: string, size = 0): Steps<void> {
      const { value } = yield ['fs.open', { path, write: true }];
      const { handle } = value as { handle: number };
      try {
        yield ['fs.ftruncate', { handle, size }];
      } finally {
        yield ['fs.close', { handle }];
      }
    },
    *readlink(path: string): Steps<string> {
      const { value } = yield ['fs.readlink', { path }];
      return (value as { target: string }).target;
    },
    *symlink(path: string, target: string): Steps<void> {
      yield ['fs.symlink', { path, target }];
    },
    *utimes(path: string, accessed: unknown, modified: unknown): Steps<void> {
      const ms = (time: unknown): number =>
        time instanceof Date ? time.getTime() : +(time as number) * 1000;
      yield ['fs.utimes', { path, accessedMs: ms(accessed), modifiedMs: ms(modified) }];
    },
    *realpath(path: string): Steps<string> {
      yield ['fs.stat', { path }];
      return path;
    },
  };
};
const steps = createSteps();

export class FileHandle {
  readonly #handle: number;
  readonly #calls: Calls;
  readonly #append: boolean;
  #at = 0;
  #open = true;
  constructor(handle: number, calls: Calls, append: boolean) {
    this.#handle = handle;
    this.#calls = calls;
    this.#append = append;
  }
  get fd(): number {
    return this.#handle;
  }
  async #do(operation: string, args: object, bytes?: Data): Promise<Reply> {
    try {
      return await this.#calls.call(operation, { handle: this.#handle, ...args }, bytes);
    } catch (error) {
      throw fsError(error, operation.slice(3), undefined);
    }
  }
  async read(
    buffer?: unknown,
    offset = 0,
    length?: number,
    position?: number | null,
  ): Promise<{ bytesRead: number; buffer: unknown }> {
    const isView = bytesOf(buffer) !== undefined;
    const settings =
      isView || typeof buffer !== 'object' || buffer === null ? {} : (buffer as Record<string, unknown>);
    const target = isView ? buffer : (settings.buffer ?? new Bytes(16_384));
    const bytes = bytesOf(target);
    if (bytes === undefined) throw new TypeError('Cannot read: expected a buffer or a view');
    const from = isView ? offset : +(settings.offset ?? 0);
    const room = typedArrayBytes(bytes) - from;
    const wanted = min(isView ? (length ?? room) : +(settings.length ?? room), room, setup.hostCallBytes);
    const given = isView ? position : (settings.position as number | null | undefined);
    const at = typeof given === 'number' && given >= 0 ? given : this.#at;
    const reply = await this.#do('fs.read', { offset: at, length: wanted });
    const got = new Bytes(reply.bytes ?? new ArrayBuffer(0));
    bytesSet(bytes, got, from);
    if (at === this.#at && typeof given !== 'number') this.#at += typedArrayBytes(got);
    return { bytesRead: typedArrayBytes(got), buffer: target };
  }
  async write(
    data: unknown,
    offset?: number | null,
    length?: number | null,
    position?: number | null,
  ): Promise<{ bytesWritten: number; buffer: unknown }> {
    const isText = typeof data === 'string';
    const whole = dataOf(data, undefined);
    const from = isText ? 0 : (offset ?? 0);
    const part = new Bytes(
      bytesSubarray(whole, from, isText ? undefined : from + (length ?? typedArrayBytes(whole) - from)),
    );
    const given = isText ? offset : position;
    const at = typeof given === 'number' ? given : this.#at;
    for (let done = 0; done < typedArrayBytes(part); done += setup.hostCallBytes) {
      const piece = new Bytes(
        bytesSubarray(part, done, min(done + setup.hostCallBytes, typedArrayBytes(part))),
      );
      await this.#do('fs.write', this.#append ? {} : { offset: at + done }, piece);
    }
    if (typeof given !== 'number') this.#at += typedArrayBytes(part);
    return { bytesWritten: typedArrayBytes(part), buffer: data };
  }
  async readFile(options?: Options): Promise<Data | string> {
    const encoding = readEncoding(options);
    const parts: Data[] = [];
    let size = 0;
    for (;;) {
      const { bytesRead, buffer } = await this.read(new Bytes(min(setup.hostCallBytes, 1_048_576)));
      if (bytesRead === 0) break;
      parts.push(bytesSubarray(buffer as Data, 0, bytesRead));
      size += bytesRead;
    }
    const whole = new Bytes(size);
    let at = 0;
    for (const part of parts) {
      bytesSet(whole, part, at);
      at += typedArrayBytes(part);
    }
    return encoding === undefined ? whole : decodeAs(whole, encoding);
  }
  async writeFile(data: unknown, options?: Options): Promise<void> {
    await this.write(dataOf(data, options));
  }
  async appendFile(data: unknown, options?: Options): Promise<void> {
    await this.write(dataOf(data, options));
  }
  async stat(): Promise<Stats> {
    return new Stats((await this.#do('fs.fstat', {})).value as Stat);
  }
  async truncate(size = 0): Promise<void> {
    await this.#do('fs.ftruncate', { size });
  }
  async sync(): Promise<void> {
    await this.#do('fs.sync', {});
  }
  async datasync(): Promise<void> {
    await this.sync();
  }
  async utimes(accessed: Date, modified: Date): Promise<void> {
    await this.#do('fs.futimes', { accessedMs: accessed.getTime(), modifiedMs: modified.getTime() });
  }
  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.#do('fs.close', {});
  }
}

/** `fs`: Node's promise names over the granted folders, and the blocking ones where the run can block. */
/** Calls of two paths, both of which an error names. */
const TWO_PATHS = ['rename', 'copyFile'];

/** @param asked What the program gave: an error tells its paths as they were written. */
const failed = (
  error: unknown,
  name: string,
  given: readonly unknown[],
  asked: readonly unknown[],
): unknown => {
  const told = (at: number): string | undefined =>
    (typeof asked[at] === 'string' && name !== 'symlink' ? asked[at] : given[at]) as string | undefined; // paths
  return fsError(error, name, told(0), TWO_PATHS.includes(name) ? told(1) : undefined);
};

/** The lines of a file from where its handle stands; it is closed behind the last. */
async function* linesOf(file: FileHandle): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { bytesRead, buffer } = await file.read(new Bytes(65_536));
      const more = bytesRead > 0;
      rest += decoder.decode(bytesSubarray(buffer as Data, 0, bytesRead), { stream: more });
      // A return at the end may be half of a line's end.
      const lines = rest.split(more ? /\r\n|\n|\r(?!$)/ : /\r\n|\n|\r/);
      rest = lines.pop() ?? '';
      yield* lines;
      if (!more) break;
    }
    if (rest !== '') yield rest;
  } finally {
    await file.close();
  }
}

const installLines = (): void =>
  define(FileHandle.prototype, 'readLines', function readLines(this: FileHandle): AsyncIterable<string> {
    return linesOf(this);
  });

export const installFs = (calls: Calls, path: PathApi): void => {
  const pathOf = (given: unknown): string => {
    const text = given instanceof URL ? decodeURIComponent(given.pathname) : given;
    if (typeof text !== 'string')
      throw new TypeError(`Cannot use as a path: expected text, got ${typeof given}`);
    return path.resolve(text);
  };
  const argsOf = (name: string, args: unknown[]): never[] => {
    if (name === 'symlink') return [pathOf(args[1]), toText(args[0])] as never[];
    const [first, ...rest] = args;
    if (TWO_PATHS.includes(name)) return [pathOf(first), pathOf(rest[0])] as never[];
    return [pathOf(first), ...rest] as never[];
  };
  const fs: Record<string, unknown> = {};
  for (const [name, make] of Object.entries(steps) as [string, (...args: never[]) => Steps<unknown>][]) {
    define(
      fs,
      name,
      {
        async [name](...args: unknown[]): Promise<unknown> {
          const given = argsOf(name, args);
          try {
            const work = make(...given);
            let step = work.next();
            while (step.done !== true) {
              const [operation, request, bytes] = step.value;
              let reply: Reply;
              try {
                reply = await calls.call(operation, request, bytes);
              } catch (error) {
                step = work.throw(error);
                continue;
              }
              step = work.next(reply);
            }
            return step.value;
          } catch (error) {
            throw failed(error, name, given, args);
          }
        },
      }[name],
    );
    const sync = `${name}Sync`;
    define(
      fs,
      sync,
      {
        [sync](...args: unknown[]): unknown {
          const given = argsOf(name, args);
          try {
            const work = make(...given);
            let step = work.next();
            while (step.done !== true) {
              const [operation, request, bytes] = step.value;
              let reply: Reply;
              try {
                reply = calls.callSync(operation, request, bytes);
              } catch (error) {
                step = work.throw(error);
                continue;
              }
              step = work.next(reply);
            }
            return step.value;
          } catch (error) {
            throw failed(error, name, given, args);
          }
        },
      }[sync],
    );
  }
  define(fs, 'existsSync', function existsSync(given: unknown): boolean {
    try {
      calls.trySync('fs.stat', pathOf(given));
      return true;
    } catch (error) {
      const { details } = error as { readonly details?: { readonly reason?: unknown } };
      if (details?.reason === 'not-found' || details?.reason === 'not-directory') return false;
      throw fsError(error, 'exists', toText(given));
    }
  });
  define(fs, 'open', async function open(given: unknown, flags?: unknown): Promise<FileHandle> {
    const target = pathOf(given);
    const how = flagsOf(flags);
    try {
      const { value } = await calls.call('fs.open', { path: target, ...how });
      return new FileHandle((value as { handle: number }).handle, calls, how.append === true);
    } catch (error) {
      throw fsError(error, 'open', typeof given === 'string' ? given : target);
    }
  });
  for (const name of [...Object.keys(steps), 'open']) exposeMethod(fs, name);
  for (const name of Object.getOwnPropertyNames(FileHandle.prototype)) {
    if (name !== 'constructor' && name !== 'fd') exposeMethod(FileHandle.prototype, name);
  }
  installLines();
  define(fs, 'watch', createWatch(calls, pathOf));
  define(fs, 'constants', { F_OK: 0, R_OK: 4, W_OK: 2, X_OK: 1 });
  define(globalThis, 'fs', fs);
};
