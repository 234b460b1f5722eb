import type { FsWatchBatch } from '../../runtime/contracts/operations/fs.ts';
import type { FsDirectory, NodeStat } from './backend.ts';
import { FolderWatch, MAX_WATCHED, type Snapshot } from './folder-watch.ts';
import { denyAccess, mountFor } from './fs-denial.ts';
import { FsFault } from './fs-fault.ts';
import { pathText } from './guest-path.ts';
import type { FolderHandle } from './handles.ts';
import type { Serve, Servers } from './operation.ts';
import { existing, type ServiceState } from './service-state.ts';
import type { Location } from './walk.ts';

const MAX_DEPTH = 64;
/** Names of one folder that a look reads at most, bytes: `MAX_WATCHED` names of usual length. */
const MAX_LIST_BYTES = 256 * 1024;

const watch: Serve<'fs.watch'> = (state, args) => {
  using walked = state.walk(args, { action: 'watch', access: 'read' });
  const { place } = walked;
  const ask = state.also('read');
  const { mount } = place.kind === 'entry' ? place.parent : place.location;
  const path = place.kind === 'entry' ? place.path : place.location.path;
  // Above and between the mounts is nothing that could change.
  if (mount === undefined) throw denyAccess(ask, mountFor(path));
  const entry = state.admit(place, ask);
  if (place.kind === 'entry' && existing(place).type !== 'directory') throw new FsFault('not-directory');
  const directory =
    place.kind === 'entry'
      ? place.parent.directory.openDirectory(place.name)
      : place.location.directory?.reopen();
  try {
    // A rename by this guest moves `location`, and what is hidden there is asked anew.
    const folder: FolderHandle = { kind: 'folder', location: { path, mount, directory }, directory, entry };
    const look = (): Snapshot => lookAt(state, folder, args.recursive === true);
    const watched = new FolderWatch({
      look,
      path: () => pathText(folder.location.path),
      maxBytes: state.hostCallBytes,
    });
    const handle = Object.assign(folder, { watch: watched });
    return { value: { handle: state.handles.add(handle), path: pathText(path) } };
  } catch (error) {
    directory?.close();
    throw error;
  }
};

/** @throws {FsFault} */
export function nextEvents(state: ServiceState, number: number, signal: AbortSignal): Promise<FsWatchBatch> {
  const { watch: open, location } = state.handles.folder(number);
  if (open === undefined) throw new FsFault('bad-handle');
  state.ask({ action: 'watch', access: 'read' }, undefined, pathText(location.path));
  return open.next(signal);
}

/** @throws {FsFault} `too-large` when there is more than all watches of a run may look at. */
function lookAt(state: ServiceState, handle: FolderHandle, recursive: boolean): Snapshot {
  const seen = new Map<string, NodeStat>();
  let left = MAX_WATCHED - state.handles.watchedEntries(handle);
  const inside = (location: Location, prefix: string, depth: number): void => {
    const { path, mount, directory } = location;
    if (mount === undefined || directory === undefined || depth > MAX_DEPTH) return;
    const entries = directory.list(MAX_LIST_BYTES);
    // Hidden ones count too: they cost the host as much.
    left -= entries.length;
    if (left < 0) throw new FsFault('too-large');
    for (const entry of entries) {
      const below = [...path, entry.name];
      if (!state.isVisible(mount, below, entry) || state.tree.holdsMount(below)) continue;
      const stat = directory.lookup(entry.name);
      // Gone since it was listed.
      if (stat === undefined) continue;
      seen.set(prefix + entry.name, stat);
      if (recursive && stat.type === 'directory') {
        within(directory, entry.name, (child) =>
          inside({ path: below, mount, directory: child }, `${prefix}${entry.name}/`, depth + 1),
        );
      }
    }
  };
  inside(handle.location, '', 0);
  return seen;
}

/** A folder that somebody removes meanwhile is as good as empty. */
function within(folder: FsDirectory, name: string, use: (child: FsDirectory) => void): void {
  let child: FsDirectory | undefined;
  try {
    child = folder.openDirectory(name);
    use(child);
  } catch (error) {
    if (!(error instanceof FsFault) || !GONE.has(error.reason)) throw error;
  } finally {
    child?.close();
  }
}

const GONE: ReadonlySet<string> = new Set(['not-found', 'not-directory', 'not-permitted']);

export const watchOperations = { 'fs.watch': watch } satisfies Partial<Servers>;
