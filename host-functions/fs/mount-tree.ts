import { HOST_FOLDER } from '../../runtime/vocabulary/merge-grants.ts';
import type { FsBackend, FsDirectory } from './backend.ts';
import { FsFault, REASON_TEXT } from './fs-fault.ts';
import type { FsEntryPolicy } from './fs-grant.ts';
import { foldName, pathText } from './guest-path.ts';

/** One entry of the grant and what this run has used of it. */
export interface EntryState {
  readonly policy: FsEntryPolicy;
  calls: number;
  readBytes: number;
  writtenBytes: number;
  openFiles: number;
}

/** What an isolation level takes away, whatever the grant says. */
export interface FsLevel {
  readonly readOnlyFiles: boolean;
  readonly noHostFiles: boolean;
}

/** What is mounted at one guest path: one tree, and all entries of the grant that name it. */
export interface Mount {
  /** Guest path, as components. */
  readonly point: readonly string[];
  readonly directory: FsDirectory;
  /** The mount is this one file of `directory`. */
  readonly file: string | undefined;
  readonly entries: readonly EntryState[];
  /** The private scratch folder: no grant needed, and no isolation level takes it away. */
  readonly scratch: boolean;
  /** What the isolation level takes away here. */
  readonly level: FsLevel;
  /** Decimal, for `FsStat.device`. */
  readonly device: string;
}

/** The guest's tree above and between the mounts. */
export interface MountTree {
  readonly mounts: readonly Mount[];
  at(path: readonly string[]): Mount | undefined;
  /** `path` is a mount point, or a mount point lies below it. */
  holdsMount(path: readonly string[]): boolean;
  /** The same, in any spelling that a host file system may take for `path`. */
  resemblesMount(path: readonly string[]): boolean;
  /** Names of mount points and of folders that lead to them, directly below `path`. */
  names(path: readonly string[]): readonly string[];
  /** The innermost mount at or above `path`. */
  covering(path: readonly string[]): Mount | undefined;
}

export const SCRATCH_POINT: readonly string[] = ['tmp'];

export const newEntry = (policy: FsEntryPolicy): EntryState => ({
  policy,
  calls: 0,
  readBytes: 0,
  writtenBytes: 0,
  openFiles: 0,
});

/**
 * Opens what the entries name; entries with the same guest path share one mount.
 * @throws {TypeError} when a host path cannot be opened or two entries disagree on what a guest path is.
 */
export function openMounts(
  policies: readonly FsEntryPolicy[],
  backend: FsBackend | undefined,
  level: FsLevel,
): readonly Mount[] {
  const mounts = new Map<string, { mount: Omit<Mount, 'entries'>; host: string; entries: EntryState[] }>();
  try {
    for (const policy of policies) {
      const place = policy.where;
      if (backend === undefined)
        throw new TypeError(`Cannot mount ${place}: this platform has no host files`);
      const opened = openEntry(policy, backend);
      const key = pathText(opened.point);
      const known = mounts.get(key);
      if (known === undefined) {
        const device = String(mounts.size + FIRST_DEVICE);
        mounts.set(key, {
          mount: { ...opened.root, point: opened.point, scratch: false, level, device },
          host: opened.host,
          entries: [newEntry(policy)],
        });
        continue;
      }
      opened.root.directory.close();
      if (known.host !== opened.host) {
        throw new TypeError(`Cannot mount ${place}: "${key}" is another host folder already`);
      }
      known.entries.push(newEntry(policy));
    }
  } catch (error) {
    for (const { mount } of mounts.values()) mount.directory.close();
    throw error;
  }
  return [...mounts.values()].map(({ mount, entries }) => ({ ...mount, entries }));
}

/** 1 is the tree above the mounts, 2 the scratch folder. */
const FIRST_DEVICE = 3;

interface Opened {
  readonly point: readonly string[];
  readonly root: Pick<Mount, 'directory' | 'file'>;
  /** Canonical. */
  readonly host: string;
}

function openEntry(policy: FsEntryPolicy, backend: FsBackend): Opened {
  try {
    const host = backend.canonical(policy.host);
    const root = backend.open(policy.host);
    const name = backend.nameOf(policy.host);
    const point = policy.guest ?? (name === '' ? [] : [name]);
    if (root.file !== undefined && point.length === 0) {
      root.directory.close();
      throw new TypeError(`Cannot mount ${policy.where}: one file needs a guest path other than "/"`);
    }
    return { point, root: { directory: root.directory, file: root.file }, host };
  } catch (error) {
    if (!(error instanceof FsFault)) throw error;
    // The embedder wrote this path; no guest sees this message.
    const fill = policy.spelledHost === HOST_FOLDER ? ', put the folder of the host in its place' : '';
    throw new TypeError(
      `Cannot mount ${policy.where}: ${JSON.stringify(policy.host)}: ${REASON_TEXT[error.reason]}${fill}`,
    );
  }
}

export function createMountTree(mounts: readonly Mount[]): MountTree {
  const points = new Map(mounts.map((mount) => [pathText(mount.point), mount]));
  const leads = new Map<string, Set<string>>();
  const folded = new Set<string>();
  const deepest = Math.max(0, ...mounts.map(({ point }) => point.length));
  for (const { point } of mounts) {
    for (let depth = 0; depth <= point.length; depth++) {
      folded.add(pathText(point.slice(0, depth).map(foldName)));
      const name = point[depth];
      if (name === undefined) continue;
      const above = pathText(point.slice(0, depth));
      const names = leads.get(above) ?? new Set();
      leads.set(above, names.add(name));
    }
  }
  const at = (path: readonly string[]): Mount | undefined => points.get(pathText(path));
  return {
    mounts,
    at,
    holdsMount: (path) => path.length === 0 || points.has(pathText(path)) || leads.has(pathText(path)),
    resemblesMount: (path) => folded.has(pathText(path.map(foldName))),
    names: (path) => [...(leads.get(pathText(path)) ?? [])],
    covering: (path) => {
      // A guest's path may have thousands of names: nothing is mounted below the deepest mount.
      for (let depth = Math.min(path.length, deepest); depth >= 0; depth--) {
        const mount = at(path.slice(0, depth));
        if (mount !== undefined) return mount;
      }
      return undefined;
    },
  };
}
