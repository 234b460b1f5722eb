import type { FsDirectory, NodeEntry } from './backend.ts';
import { FsFault } from './fs-fault.ts';
import { isSafeLinkTarget } from './guest-path.ts';
import { type Steps, TURN_ENTRIES } from './in-turns.ts';
import type { Mount } from './mount-tree.ts';
import { belowMount, isHiddenPath } from './walk.ts';

/** Entries that one removal or rename looks through at most. */
const MAX_SCANNED = 20_000;
const MAX_SCAN_DEPTH = 512;
const MAX_LIST_BYTES = 16 * 1024 * 1024;

/** Visits all entries below a folder, a folder before what is in it. @throws {FsFault} `not-permitted` when there are too many. */
function* scan(
  directory: FsDirectory,
  path: readonly string[],
  visit: (folder: FsDirectory, entry: NodeEntry, path: readonly string[]) => void,
): Steps<void> {
  let left = MAX_SCANNED;
  function* inside(folder: FsDirectory, at: readonly string[], depth: number): Steps<void> {
    if (depth > MAX_SCAN_DEPTH) throw new FsFault('not-permitted');
    for (const entry of yield* entriesOf(folder)) {
      left -= 1;
      if (left < 0) throw new FsFault('not-permitted');
      const entryPath = [...at, entry.name];
      visit(folder, entry, entryPath);
      yield 1;
      if (entry.type !== 'directory') continue;
      yield* within(folder, entry.name, (child) => inside(child, entryPath, depth + 1));
    }
  }
  yield* inside(directory, path, 0);
}

/** All of a folder, which is not read on while what is in it is looked at. @throws {FsFault} `not-permitted` over `MAX_SCANNED` */
function* entriesOf(folder: FsDirectory): Steps<readonly NodeEntry[]> {
  if (folder.pieces === undefined) return folder.list(MAX_LIST_BYTES);
  const entries: NodeEntry[] = [];
  for (const piece of folder.pieces(MAX_LIST_BYTES)) {
    entries.push(...piece);
    if (entries.length > MAX_SCANNED) throw new FsFault('not-permitted');
    // A small listing is not work worth telling: its entries count as they are looked at.
    if (piece.length >= TURN_ENTRIES) yield piece.length;
  }
  return entries;
}

function* within(folder: FsDirectory, name: string, use: (child: FsDirectory) => Steps<void>): Steps<void> {
  const child = folder.openDirectory(name);
  try {
    yield* use(child);
  } finally {
    child.close();
  }
}

/**
 * Whether a folder may be moved: nothing in it is hidden, nothing in it would land on a hidden name, and every link in it still stays in
 * the mount, also for programs of the host that follow it.
 * @throws {FsFault} `not-permitted`
 */
export function* checkMove(
  mount: Mount,
  folder: FsDirectory,
  from: readonly string[],
  to: readonly string[],
): Steps<void> {
  const hasDeny = mount.entries.some(({ policy }) => policy.deny.patterns.length > 0);
  const getsShallower = to.length < from.length;
  if (!hasDeny && !getsShallower) return;
  yield* scan(folder, [], (parent, entry, path) => {
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
export function* removeTree(
  parent: FsDirectory,
  name: string,
  path: readonly string[],
  mayRemove: (entry: NodeEntry, path: readonly string[]) => boolean,
  canWait: boolean,
): Steps<void> {
  const check = (entry: NodeEntry, entryPath: readonly string[]): void => {
    if (!mayRemove(entry, entryPath)) throw new FsFault('not-permitted');
  };
  yield* within(parent, name, (folder) =>
    scan(folder, path, (_, entry, entryPath) => check(entry, entryPath)),
  );
  function* remove(from: FsDirectory, folderName: string, at: readonly string[]): Steps<void> {
    yield* within(from, folderName, function* (folder) {
      for (const entry of canWait ? yield* entriesOf(folder) : folder.list(MAX_LIST_BYTES)) {
        const entryPath = [...at, entry.name];
        check(entry, entryPath); // others may have put something in since
        if (entry.type === 'directory') yield* remove(folder, entry.name, entryPath);
        else folder.removeFile(entry.name);
        if (canWait) yield 1; // else it is few enough, and must not stop half done
      }
    });
    from.removeDirectory(folderName);
  }
  yield* remove(parent, name, path);
}
