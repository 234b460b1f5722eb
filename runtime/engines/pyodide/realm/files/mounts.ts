import type { Fs } from './fs.ts';

/** Which paths are whose. */
export interface Mounts {
  /** An absolute path without `.` and `..`. */
  resolve(path: string): string;
  /** The host answers for it. */
  isGranted(path: string): boolean;
  /** A call for this path that `writes` or does not goes to the host: to be answered, or refused in its own words. */
  isOpenedByHost(path: string, writes: boolean): boolean;
  isWrittenByHost(path: string): boolean;
  /** A run has begun: what is done to files now is its doing. */
  hasEntered(): boolean;
  /** Of the mount that holds the path; −1 for none. */
  indexOf(path: string): number;
  /** Kind and permissions, as `stat` has them. */
  modeOf(type: string, path: string): number;
  enter(mounts: readonly string[], writable: readonly boolean[]): void;
  leave(): void;
}

/** Runs inside the guest's realm; see `bootRealm`. */
export function keepMounts(FS: Fs): Mounts {
  const ENAMETOOLONG = 37;
  /** As on Linux. */
  const MOST_PATH = 4096;
  const MOST_NAME = 255;
  const [FILE, FOLDER, LINK] = [0o100000, 0o040000, 0o120000];
  let mounts: readonly string[] = [];
  let writable: readonly boolean[] = [];
  /** Before the run, the interpreter puts its own files in place. */
  let entered = false;

  const resolve = (path: string): string => {
    const whole = path.startsWith('/') ? path : `${FS.cwd()}/${path}`;
    // A list of millions of its parts would be of no use to anybody.
    if (path.length > MOST_PATH || whole.length > 2 * MOST_PATH) throw new FS.ErrnoError(ENAMETOOLONG);
    const parts: string[] = [];
    for (const part of whole.split('/')) {
      if (part === '..') parts.pop();
      else if (part !== '' && part !== '.') parts.push(part);
    }
    const resolved = `/${parts.join('/')}`;
    // Of a granted folder the host knows what its disk takes.
    if (isScratch(resolved) && !isGranted(resolved) && parts.some(isTooLong))
      throw new FS.ErrnoError(ENAMETOOLONG);
    return resolved;
  };
  /** Linux counts bytes of UTF-8; no unit of a text is more than three. */
  const isTooLong = (name: string): boolean => {
    if (name.length * 3 <= MOST_NAME) return false;
    let bytes = 0;
    for (let index = 0; index < name.length && bytes <= MOST_NAME; index++) {
      const unit = name.charCodeAt(index);
      if (unit < 0x80) bytes += 1;
      else if (unit < 0x800 || (unit >= 0xd800 && unit < 0xe000))
        bytes += 2; // half of a pair, whose four bytes are shared
      else bytes += 3;
    }
    return bytes > MOST_NAME;
  };
  const indexOf = (path: string): number => {
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
  const isGranted = (path: string): boolean => indexOf(path) >= 0;
  /**
   * Neither granted nor in memory: the host says which grant would have it. The interpreter looks for its own files by the thousand; those
   * are let be.
   */
  const isNowhere = (path: string): boolean =>
    !isScratch(path) && !path.startsWith('/lib/') && !path.startsWith('/home/') && !isInMemory(path);
  const isInMemory = (path: string): boolean =>
    (FS.analyzePath as (path: string) => { readonly exists: boolean })(path).exists;
  const isWrittenByHost = (path: string): boolean => entered && (isGranted(path) || !isScratch(path));
  const modeOf = (type: string, path: string): number => {
    const write = writable[indexOf(path)] === true;
    if (type === 'directory') return FOLDER | (write ? 0o755 : 0o555);
    return type === 'symlink' ? LINK | 0o777 : FILE | (write ? 0o644 : 0o444);
  };

  return {
    resolve,
    isGranted,
    isOpenedByHost: (path, writes) =>
      entered && (isGranted(path) || (writes ? !isScratch(path) : isNowhere(path))),
    isWrittenByHost,
    hasEntered: () => entered,
    indexOf,
    modeOf,
    enter: (paths, writes) => {
      entered = false;
      mounts = []; // those of an earlier run are gone with its grant
      for (const path of paths) FS.mkdirTree(path); // so that the folders above a mount list it
      mounts = paths;
      writable = writes;
      entered = true;
    },
    leave: () => {
      entered = false;
    },
  };
}
