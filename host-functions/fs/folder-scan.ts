import type { FsDirectory, NodeEntry } from './backend.ts';
import { FsFault } from './fs-fault.ts';
import { isSafeLinkTarget } from './guest-path.ts';
import type { Mount } from './mount-tree.ts';
import { belowMount, isHiddenPath } from './walk.ts';

/** Entries that one removal or rename looks through at most. */
const MAX_SCANNED = 20_000;
const MAX_SCAN_DEPTH = 512;
const MAX_LIST_BYTES = 16 * 1024 * 1024;

/** Visits all entries below a folder, a folder before what is in it. @throws {FsFault} `not-permitted` when there are too many. */
function scan(
  directory: FsDirectory,
  path: readonly string[],
  visit: (folder: FsDirectory, entry: NodeEntry, path: readonly string[]) => void,
): void {
  let left = MAX_SCANNED;
  const inside = (folder: FsDirectory, at: readonly string[], depth: number): void => {
    if (depth > MAX_SCAN_DEPTH) throw new FsFault('not-permitted');
    for (const entry of folder.list(MAX_LIST_BYTES)) {
      left -= 1;
      if (left < 0) throw new FsFault('not-permitted');
      const entryPath = [...at, entry.name];
      visit(folder, entry, entryPath);
      if (entry.type === 'directory')
        within(folder, entry.name, (child) => inside(child, entryPath, depth + 1));
    }
  };
  inside(directory, path, 0);
}

function within<T>(folder: FsDirectory, name: string, use: (child: FsDirectory) => T): T {
  const child = folder.openDirectory(name);
  try {
    return use(child);
  } finally {
    child.close();
  }
}

/**
 * Whether a folder may be moved: nothing in it is hidden, nothing in it would land on a hidden name, and every link in it still stays in
 * the mount, also for programs of the host that follow it.
 * @throws {FsFault} `not-permitted`
 */
export function checkMove(
  mount: Mount,
  folder: FsDirectory,
  from: readonly string[],
  to: readonly string[],
): void {
  const hasDeny = mount.entries.some(({ policy }) => policy.deny.patterns.length > 0);
  const getsShallower = to.length < from.length;
  if (!hasDeny && !getsShallower) return;
  scan(folder, [], (parent, entry, path) => {
    const [before, after] = [
      [...from, ...path],
      [...to, ...path],
    ];
    if (isHiddenPath(mount, before) || isHiddenPath(mount, after)) throw new FsFault('not-permitted');
    if (entry.type === 'symlink') checkLink(mount, parent, entry.name, after);
  });
}

/** A link about to be at `path` must stay in the mount from there. @throws {FsFault} `not-permitted` */
export function checkLink(mount: Mount, parent: FsDirectory, name: string, path: readonly string[]): void {
  const depth = belowMount(mount, path).length - 1;
  if (!isSafeLinkTarget(parent.readLink(name), depth)) throw new FsFault('not-permitted');
}

/**
 * Removes a folder with all in it; if anything in it may not go, nothing goes.
 * @param mayRemove Asked for each entry with its guest path. @throws {FsFault} `not-permitted`
 */
export function removeTree(
  parent: FsDirectory,
  name: string,
  path: readonly string[],
  mayRemove: (entry: NodeEntry, path: readonly string[]) => boolean,
): void {
  within(parent, name, (folder) =>
    scan(folder, path, (_, entry, entryPath) => {
      if (!mayRemove(entry, entryPath)) throw new FsFault('not-permitted');
    }),
  );
  const remove = (from: FsDirectory, folderName: string): void => {
    within(from, folderName, (folder) => {
      for (const entry of folder.list(MAX_LIST_BYTES)) {
        if (entry.type === 'directory') remove(folder, entry.name);
        else folder.removeFile(entry.name);
      }
    });
    from.removeDirectory(folderName);
  };
  remove(parent, name);
}
