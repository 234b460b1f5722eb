import type { FsEntry, FsStat, FsTarget } from '../../runtime/contracts/operations/fs.ts';
import { findEntry, spendCall } from './admission.ts';
import type { NodeEntry, NodeStat } from './backend.ts';
import { denyAccess, type FsAsk, mountFor } from './fs-denial.ts';
import { FsFault } from './fs-fault.ts';
import { coversName } from './fs-grant.ts';
import { joinPath, normalizeAbsolute, parseGuestPath, pathText } from './guest-path.ts';
import { HandleTable } from './handles.ts';
import { inPieces } from './in-pieces.ts';
import type { Later, Turns } from './in-turns.ts';
import type { EntryState, Mount, MountTree } from './mount-tree.ts';
import { type Follow, isHiddenPath, type Location, type Place, type Walked, walk } from './walk.ts';

/** Of one listing: its answer is sorted, copied and sent in one go. */
const MAX_ENTRIES = 20_000;

export interface StateOptions {
  /** Largest payload of one call, bytes. */
  readonly hostCallBytes: number;
  /** When the run began, milliseconds since the epoch. */
  readonly openedMs: number;
  readonly firstHandle?: number | undefined;
  readonly turns: Omit<Turns, 'canWait'>;
}

/** What the operations of one run share. */
export class ServiceState {
  readonly tree: MountTree;
  /** Largest payload of one call, bytes. */
  readonly hostCallBytes: number;
  readonly handles: HandleTable;
  /** What the operation under way asked for last, for the message should it fail. */
  lastAsk: Ask | undefined;
  readonly #openedMs: number;
  readonly #inodes = new Map<string, number>();
  readonly #turns: Omit<Turns, 'canWait'>;

  constructor(tree: MountTree, { hostCallBytes, openedMs, firstHandle, turns }: StateOptions) {
    this.tree = tree;
    this.handles = new HandleTable(firstHandle);
    this.hostCallBytes = hostCallBytes;
    this.#openedMs = openedMs;
    this.#turns = turns;
  }

  /** Follows a target's path; `at` names the folder handle it starts at. */
  walk(
    target: FsTarget,
    ask: Omit<FsAsk, 'requested'>,
    options: { readonly follow?: Follow; readonly makeFolders?: boolean } = {},
  ): Walked {
    const base = target.at === undefined ? undefined : this.handles.folder(target.at).location;
    const full = this.ask(ask, base, target.path);
    return walk(this.tree, {
      base,
      path: target.path,
      follow: options.follow ?? (target.noFollow === true ? 'slash' : 'always'),
      makeFolders: options.makeFolders ?? false,
      ask: full,
    });
  }

  ask(ask: Omit<FsAsk, 'requested'>, base: Location | undefined, path: string): FsAsk {
    this.lastAsk = new Ask(ask.action, ask.access, base, path);
    return this.lastAsk;
  }

  /** The ask under way, of another access. */
  also(access: FsAsk['access']): Ask {
    return this.lastAsk?.with(access) ?? new Ask('use', access, undefined, '');
  }

  /**
   * The entry that allows the ask for this place, one call spent on it. Folders above the mounts have none.
   * @param asFolder What is not there yet will be a folder.
   */
  admit(place: Place, ask: FsAsk, asFolder = false): EntryState | undefined {
    const entry = this.entry(place, ask, asFolder);
    if (entry !== undefined) spendCall(entry, ask);
    return entry;
  }

  /** The same for a second access within one call. */
  entry(place: Place, ask: FsAsk, asFolder = false): EntryState | undefined {
    const { mount } = place.kind === 'entry' ? place.parent : place.location;
    if (mount === undefined) {
      if (ask.access !== 'read')
        throw denyAccess(ask, mountFor(place.kind === 'entry' ? place.path : place.location.path));
      return undefined;
    }
    return findEntry(mount, ask, asFolder || isFolder(place) ? undefined : nameOf(place));
  }

  /** The mount that a target's text names can be written but not read. */
  isWriteOnly(target: FsTarget): boolean {
    const base = target.at === undefined ? undefined : this.handles.folder(target.at).location;
    const { segments } = parseGuestPath(target.path);
    const path = base === undefined ? normalizeAbsolute(segments) : joinPath(base.path, segments);
    const mount = path === undefined ? undefined : this.tree.covering(path);
    return mount !== undefined && !mount.entries.some(({ policy }) => policy.access.has('read'));
  }

  stat(mount: Mount, stat: NodeStat): FsStat {
    const { identity, ...facts } = stat;
    return { ...facts, device: mount.device, inode: this.inode(mount.device, identity) };
  }

  /** A folder above or between the mounts. */
  treeStat(path: readonly string[]): FsStat {
    const at = this.#openedMs;
    return {
      type: 'directory',
      size: 0,
      accessedMs: at,
      modifiedMs: at,
      changedMs: at,
      links: 2,
      device: '1',
      inode: this.inode('1', pathText(path)),
    };
  }

  /** Numbers of our own: the host's would tell about its disk. */
  inode(device: string, identity: string): string {
    const key = `${device}/${identity}`;
    const number = this.#inodes.get(key) ?? this.#inodes.size + 1;
    this.#inodes.set(key, number);
    return String(number);
  }

  folderStat({ mount, directory, path }: Location): FsStat {
    return mount === undefined || directory === undefined
      ? this.treeStat(path)
      : this.stat(mount, directory.stat());
  }

  /** What a guest may see of a folder, sorted by name. */
  entries({ path, mount, directory }: Location, canWait: boolean): Later<readonly FsEntry[]> {
    const seen = new Map<string, FsEntry>();
    const add = (mounted: Mount, entries: readonly NodeEntry[]): void => {
      for (const entry of entries) {
        if (!this.isVisible(mounted, [...path, entry.name], entry)) continue;
        const { name, type, identity } = entry;
        seen.set(name, { name, type, inode: this.inode(mounted.device, identity) });
        if (seen.size > MAX_ENTRIES) throw new FsFault('too-large');
      }
    };
    const finish = (): readonly FsEntry[] => {
      for (const name of this.tree.names(path)) {
        const below = [...path, name];
        const inner = this.tree.at(below);
        const type = inner?.file === undefined ? 'directory' : 'file';
        seen.set(name, { name, type, inode: this.inode('1', pathText(below)) });
      }
      return [...seen.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    };
    if (mount === undefined || directory === undefined) return finish();
    return inPieces(directory, this.hostCallBytes, (entries) => add(mount, entries), finish, {
      ...this.#turns,
      canWait,
    });
  }

  /** Whether a guest may see an entry of a folder. */
  isVisible(mount: Mount, path: readonly string[], entry: NodeEntry): boolean {
    if (!isPlainName(entry.name) || isHiddenPath(mount, path)) return false;
    const isMountElsewhere = this.tree.resemblesMount(path) && !this.tree.holdsMount(path);
    if (isMountElsewhere) return false;
    return entry.type === 'directory' || mount.entries.some(({ policy }) => coversName(policy, entry.name));
  }

  close(): void {
    this.handles.closeAll();
    for (const { directory } of this.tree.mounts) directory.close();
  }
}

/** What was asked for is told only when it is refused or fails: until then nobody needs it as text. */
class Ask implements FsAsk {
  readonly action: string;
  readonly access: FsAsk['access'];
  readonly #base: Location | undefined;
  readonly #path: string;

  constructor(action: string, access: FsAsk['access'], base: Location | undefined, path: string) {
    this.action = action;
    this.access = access;
    this.#base = base;
    this.#path = path;
  }

  get requested(): string {
    return requestedPath(this.#base, this.#path);
  }

  with(access: FsAsk['access']): Ask {
    return new Ask(this.action, access, this.#base, this.#path);
  }
}

/** A name that a guest could ask for. */
function isPlainName(name: string): boolean {
  try {
    const { segments } = parseGuestPath(name);
    return segments.length === 1 && segments[0] === name;
  } catch {
    return false; // names it cannot spell it does not see
  }
}

export const isFolder = (place: Place): boolean =>
  place.kind === 'folder' || place.stat?.type === 'directory';

/** The name as the guest uses it. */
const nameOf = (place: Place): string => (place.kind === 'entry' ? (place.path.at(-1) ?? '') : '');

/** What is there, if it fits how it was written. @throws {FsFault} `not-found`, `not-directory` */
export function existing(place: Place & { readonly kind: 'entry' }): NodeStat {
  if (place.stat === undefined) throw new FsFault('not-found');
  if (place.mustBeDirectory && place.stat.type !== 'directory') throw new FsFault('not-directory');
  return place.stat;
}

/** The absolute guest path that was asked for, as far as its text tells. */
/** The absolute guest path that a text names, as far as it names one. */
export function requestedPath(base: Location | undefined, path: string): string {
  try {
    const { absolute, segments } = parseGuestPath(path);
    if (base === undefined) return absolute ? pathText(normalizeAbsolute(segments)) : path;
    const joined = absolute ? undefined : joinPath(base.path, segments);
    return joined === undefined ? path : pathText(joined);
  } catch {
    return path; // the walk refuses it with its reason
  }
}
