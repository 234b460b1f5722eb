import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { basename, dirname, relative, resolve, sep } from 'node:path';
import type { FsBackend, FsRoot } from './backend.ts';
import { FsFault } from './fs-fault.ts';
import { NodeDirectory } from './node-directory.ts';
import { attempt } from './node-fault.ts';

export interface NodeBackendOptions {
  /** Folder that relative host paths start at. @default process.cwd() */
  readonly cwd?: string;
  /**
   * Opens each component relative to an open folder (Linux, through /proc/self/fd), so that nothing swapped between check and use can lead out.
   * Without it a swap is detected after the fact and the call fails. @default whether the platform can
   */
  readonly relativeOpens?: boolean;
}

/** Folders and files of this machine. Answers synchronously. */
export function createNodeBackend(options: NodeBackendOptions = {}): FsBackend {
  const cwd = options.cwd ?? process.cwd();
  const canonical = (host: string): string => attempt(() => realpathSync.native(resolve(cwd, host)));
  let relativeOpens = options.relativeOpens;
  return {
    canonical,
    nameOf: (host) => basename(resolve(cwd, host)),
    below: (outer, inner) => {
      const path = relative(outer, inner);
      if (path === '') return [];
      const segments = path.split(sep);
      return segments[0] === '..' || resolve(outer, path) !== inner ? undefined : segments;
    },
    open: (host): FsRoot => {
      relativeOpens ??= canOpenRelative();
      const real = canonical(host);
      const stat = attempt(() => statSync(real));
      if (stat.isDirectory()) return { directory: openRoot(real, relativeOpens) };
      if (!stat.isFile()) throw new FsFault('not-permitted');
      return { directory: openRoot(dirname(real), relativeOpens), file: basename(real) };
    },
  };
}

function openRoot(real: string, relativeOpens: boolean): NodeDirectory {
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
  if (!relativeOpens) return NodeDirectory.atPath(real);
  const fd = attempt(() => openSync(real, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  try {
    // A folder on the way that became a link after `real` was found would show here.
    if (attempt(() => readlinkSync(`/proc/self/fd/${fd}`)) !== real) throw new FsFault('io');
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return NodeDirectory.atDescriptor(fd);
}

/** Whether `/proc/self/fd/N/name` opens `name` in the folder that descriptor N is. */
function canOpenRelative(): boolean {
  if (process.platform !== 'linux') return false;
  let fd: number | undefined;
  try {
    fd = openSync('/', constants.O_RDONLY | constants.O_DIRECTORY);
    accessSync(`/proc/self/fd/${fd}/.`);
    const seen = lstatSync(`/proc/self/fd/${fd}/.`, { bigint: true });
    const own = fstatSync(fd, { bigint: true });
    return seen.ino === own.ino && seen.dev === own.dev;
  } catch {
    return false; // no /proc here: the slower way below works everywhere
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
