import { type Callable, hide, inner, type Named, nodeError } from '../inner.ts';
import { givenPath, noFile, pathOf } from './fs-descriptors.ts';

interface Entry {
  readonly name: string;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

const call = (name: string, ...args: unknown[]): unknown =>
  (inner.fs as Record<string, Callable>)[`${name}Sync`]?.(...args);
const entriesOf = (folder: string): readonly Entry[] =>
  call('readdir', folder, { withFileTypes: true }) as Entry[];
const codeOf = (error: unknown): unknown => (error as Named | undefined)?.code;

const kindOf = (
  path: string,
  follow: boolean,
): { isDirectory(): boolean; isSymbolicLink(): boolean } | undefined => {
  try {
    return call(follow ? 'stat' : 'lstat', path) as never;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
};

export const rmSync = (given: unknown, options?: unknown): void => {
  const path = givenPath(given);
  const { recursive = false, force = false } =
    (options as { recursive?: boolean; force?: boolean } | undefined) ?? {};
  const kind = kindOf(path, false);
  if (kind === undefined) {
    if (force) return;
    throw noFile('lstat', path);
  }
  if (kind.isDirectory() && !recursive) {
    const error = nodeError(
      Error,
      'ERR_FS_EISDIR',
      `Path is a directory: rm returned EISDIR (is a directory) ${path}`,
    );
    hide(error, 'name', 'SystemError');
    throw Object.assign(error, { errno: 21, syscall: 'rm', path });
  }
  call('rm', path, { recursive, force });
};

interface CopyOptions {
  readonly recursive?: boolean;
  readonly force?: boolean;
  readonly errorOnExist?: boolean;
  readonly dereference?: boolean;
  readonly filter?: (from: string, to: string) => unknown;
}
export const cpSync = (from: unknown, to: unknown, options?: unknown): void => {
  const settings = (options as CopyOptions | undefined) ?? {};
  const [source, target] = [pathOf(from), pathOf(to)];
  const kind = kindOf(source, settings.dereference === true);
  if (kind === undefined) throw noFile('lstat', givenPath(from));
  if (kind.isDirectory() && settings.recursive !== true) {
    throw nodeError(
      Error,
      'ERR_FS_EISDIR',
      `Recursive option not enabled, cannot copy a directory: ${givenPath(from)}`,
    );
  }
  if (target === source || target.startsWith(`${source}/`)) {
    throw nodeError(
      Error,
      'ERR_FS_CP_EINVAL',
      `Invalid src or dest: cp returned EINVAL (cannot copy ${source} to a subdirectory of self ${target}) ${target}`,
    );
  }
  call('mkdir', inner.path.dirname(target), { recursive: true });
  copy(source, target, settings);
};

const copy = (source: string, target: string, settings: CopyOptions): void => {
  if (settings.filter !== undefined && !settings.filter(source, target)) return;
  const kind = kindOf(source, settings.dereference === true);
  if (kind?.isDirectory()) {
    call('mkdir', target, { recursive: true });
    for (const { name } of entriesOf(source)) copy(`${source}/${name}`, `${target}/${name}`, settings);
    return;
  }
  if (settings.force === false && kindOf(target, false) !== undefined) {
    if (settings.errorOnExist !== true) return;
    throw nodeError(
      Error,
      'ERR_FS_CP_EEXIST',
      `Target already exists: cp returned EEXIST (${target} already exists) ${target}`,
    );
  }
  if (kind?.isSymbolicLink()) call('symlink', call('readlink', source), target);
  else call('copyFile', source, target);
};

/** Links on the way that are followed, as the system has it. */
const MOST_LINKS = 40;
/** The path without links. What may not be looked at on the way is no link that a guest can tell. */
export const realpathSync = (given: unknown): string => {
  call('realpath', givenPath(given));
  let path = pathOf(given);
  for (let links = 0; links < MOST_LINKS; links++) {
    const parts = path.split('/').slice(1);
    const at = parts.findIndex(
      (_, index) => targetOf(`/${parts.slice(0, index + 1).join('/')}`) !== undefined,
    );
    if (at < 0) return path;
    const link = `/${parts.slice(0, at + 1).join('/')}`;
    path = inner.path.resolve(inner.path.dirname(link), targetOf(link) as string, ...parts.slice(at + 1));
  }
  throw Object.assign(
    nodeError(Error, 'ELOOP', `ELOOP: too many symbolic links encountered, realpath '${path}'`),
    {
      errno: -40,
      syscall: 'realpath',
      path,
    },
  );
};
const targetOf = (path: string): string | undefined => {
  try {
    return call('readlink', path) as string;
  } catch {
    return undefined; // no link, or none that the program may read
  }
};

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
export const mkdtempSync = (prefix: unknown): string => {
  const drawn = new Uint8Array(inner.host.random(6));
  let path = String(prefix);
  for (const byte of drawn) path += LETTERS[byte % LETTERS.length];
  call('mkdir', path);
  return path;
};

/** An open folder, read entry by entry. */
class Dir {
  readonly path: string;
  #left: Entry[] | undefined;
  #closed = false;
  readonly #recursive: boolean;
  constructor(path: string, recursive: boolean) {
    this.path = path;
    this.#recursive = recursive;
    // A folder that is not there is told when it is opened.
    try {
      this.#left = [...(call('readdir', path, { withFileTypes: true, recursive }) as Entry[])];
    } catch (error) {
      const { message } = error as Error;
      const at = message.indexOf(', scandir ');
      if (at < 0) throw error;
      throw Object.assign(error as Error, {
        message: `${message.slice(0, at)}, opendir ${message.slice(at + ', scandir '.length)}`,
        syscall: 'opendir',
      });
    }
  }
  readSync(): Entry | null {
    if (this.#closed) throw nodeError(Error, 'ERR_DIR_CLOSED', 'Directory handle was closed');
    this.#left ??= [
      ...(call('readdir', pathOf(this.path), { withFileTypes: true, recursive: this.#recursive }) as Entry[]),
    ];
    return this.#left.shift() ?? null;
  }
  read(done?: Callable): unknown {
    if (done === undefined) return Promise.resolve(this.readSync());
    const entry = this.readSync();
    setImmediate(() => done(null, entry));
    return undefined;
  }
  closeSync(): void {
    if (this.#closed) throw nodeError(Error, 'ERR_DIR_CLOSED', 'Directory handle was closed');
    this.#closed = true;
  }
  close(done?: Callable): unknown {
    this.closeSync();
    if (done === undefined) return Promise.resolve();
    setImmediate(() => done(null));
    return undefined;
  }
  async *[Symbol.asyncIterator](): AsyncGenerator<Entry> {
    try {
      for (let entry = this.readSync(); entry !== null; entry = this.readSync()) yield entry;
    } finally {
      if (!this.#closed) this.closeSync();
    }
  }
}
export const opendirSync = (path: unknown, options?: unknown): Dir =>
  new Dir(String(path), (options as Named | undefined)?.recursive === true);

/** `*`, `**`, `?`, `[…]` and `{a,b}` of a glob as a pattern over paths. */
const patternOf = (glob: string): RegExp => {
  let source = '';
  let groups = 0;
  for (let at = 0; at < glob.length; at++) {
    const sign = glob[at] as string; // within its length
    if (sign === '*' && glob[at + 1] === '*') {
      const slash = glob[at + 2] === '/';
      source += slash ? '(?:[^/]+/)*' : '.*';
      at += slash ? 2 : 1;
    } else if (sign === '*') source += '[^/]*';
    else if (sign === '?') source += '[^/]';
    else if (sign === '{') {
      groups += 1;
      source += '(?:';
    } else if (sign === '}' && groups > 0) {
      groups -= 1;
      source += ')';
    } else if (sign === ',' && groups > 0) source += '|';
    else if (sign === '[' && glob.includes(']', at)) {
      const end = glob.indexOf(']', at);
      source += `[${glob
        .slice(at + 1, end)
        .replace(/^!/, '^')
        .replaceAll('\\', '\\\\')}]`;
      at = end;
    } else source += sign.replace(/[.+^$()|\\\]]/g, '\\$&');
  }
  return new RegExp(`^${source}$`);
};

export const globSync = (pattern: unknown, options?: unknown): unknown[] => {
  const {
    cwd = '.',
    exclude,
    withFileTypes = false,
  } = (options as { cwd?: unknown; exclude?: unknown; withFileTypes?: boolean } | undefined) ?? {};
  const root = pathOf(cwd);
  const patterns = [pattern].flat().map((one) => String(one).replace(/^\.\//, ''));
  const tests = patterns.map(patternOf);
  const excluded = Array.isArray(exclude) ? exclude.map((one) => patternOf(String(one))) : [];
  const absolute = patterns.some((one) => one.startsWith('/'));
  const found: unknown[] = [];
  const walk = (folder: string, prefix: string): void => {
    for (const entry of entriesOf(folder)) {
      const path = `${prefix}${entry.name}`;
      if (typeof exclude === 'function' && exclude(withFileTypes ? entry : path)) continue;
      if (excluded.some((one) => one.test(path))) continue;
      if (tests.some((one) => one.test(path))) found.push(withFileTypes ? entry : path);
      if (entry.isDirectory()) walk(`${folder}/${entry.name}`, `${path}/`);
    }
  };
  if (absolute) walk('/', '/');
  else walk(root, '');
  return found;
};
