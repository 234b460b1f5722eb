import { checkMount } from './admission.ts';
import { type FsDirectory, isReservedName, type NodeStat } from './backend.ts';
import { denyAccess, denyEscape, type FsAsk, mountFor } from './fs-denial.ts';
import { FsFault } from './fs-fault.ts';
import { type GuestPath, joinPath, normalizeAbsolute, parseGuestPath } from './guest-path.ts';
import type { Mount, MountTree } from './mount-tree.ts';

/** A folder that the walk stands in. */
export interface Location {
  /** Guest path, as components; links are resolved in it. */
  readonly path: readonly string[];
  /** Absent above and between mounts. */
  readonly mount: Mount | undefined;
  readonly directory: FsDirectory | undefined;
}

/** Where a path led. `folder`: a folder reached by no name of its own (`/`, a mount's root, `..`). */
export type Place =
  | { readonly kind: 'folder'; readonly location: Location }
  | {
      readonly kind: 'entry';
      readonly parent: Location & { readonly mount: Mount; readonly directory: FsDirectory };
      /** Guest path of the entry itself. */
      readonly path: readonly string[];
      /** Its name in `parent.directory`. */
      readonly name: string;
      readonly stat: NodeStat | undefined;
      /** The guest wrote a trailing `/`. */
      readonly mustBeDirectory: boolean;
    };

/** A place, and the folders that are open for it until it is disposed. */
export interface Walked extends Disposable {
  readonly place: Place;
  /** The path had no name at its end: nothing can be made, removed or renamed by it. */
  readonly noName: boolean;
}

export interface WalkOptions {
  /** The folder that a relative path starts at and may not leave. Absent: the path must be absolute. */
  readonly base: Location | undefined;
  readonly path: string;
  /** A link at the end: `always`, `slash` (only with a trailing `/`), `never`. */
  readonly follow: Follow;
  /** Makes folders that are missing on the way. */
  readonly makeFolders?: boolean;
  readonly ask: FsAsk;
}

export type Follow = 'always' | 'slash' | 'never';

const MAX_LINKS = 40;
/** Folders of one path, so that neither descriptors nor the stack run out. */
const MAX_DEPTH = 256;

/**
 * Follows a guest path one component at a time, each one opened in the folder before it, never two at once and never a link: links are read
 * and followed here, inside their mount. So nothing that is swapped while it walks can lead out.
 * @throws {FsFault | SandglassError} CAPABILITY_DENIED for what no entry of the grant gives, before anything of it is looked at.
 */
export function walk(tree: MountTree, { base, path, follow, makeFolders = false, ask }: WalkOptions): Walked {
  const parsed = parseGuestPath(path);
  checkStart(tree, base, parsed, ask);
  const steps = new Steps(tree, base, ask, makeFolders);
  try {
    const place = steps.run(parsed, follow);
    return { place, noName: parsed.noName, [Symbol.dispose]: () => steps.close() };
  } catch (error) {
    steps.close();
    throw error;
  }
}

/** Refuses by the text of the path alone what can be refused by it. */
function checkStart(tree: MountTree, base: Location | undefined, parsed: GuestPath, ask: FsAsk): void {
  if (base === undefined) {
    if (!parsed.absolute) throw new FsFault('invalid');
    const target = normalizeAbsolute(parsed.segments);
    checkAccess(tree.covering(target), target, ask);
    if (tree.covering(target) === undefined && !tree.holdsMount(target))
      throw denyAccess(ask, mountFor(target));
    return;
  }
  const target = parsed.absolute ? undefined : joinPath(base.path, parsed.segments);
  if (target === undefined) throw denyEscape(ask);
  checkAccess(tree.covering(target), target, ask);
}

function checkAccess(mount: Mount | undefined, target: readonly string[], ask: FsAsk): void {
  if (mount !== undefined) checkMount(mount, ask);
  // Folders above and between the mounts can only be looked at.
  if (mount === undefined && ask.access !== 'read') throw denyAccess(ask, mountFor(target));
}

class Steps {
  readonly #tree: MountTree;
  readonly #ask: FsAsk;
  readonly #makeFolders: boolean;
  readonly #stack: Location[];
  readonly #opened: FsDirectory[] = [];
  readonly #isBased: boolean;
  /** Once a link was followed the walk must stay in its mount. */
  #linkMount: Mount | undefined;

  constructor(tree: MountTree, base: Location | undefined, ask: FsAsk, makeFolders: boolean) {
    this.#tree = tree;
    this.#ask = ask;
    this.#makeFolders = makeFolders;
    this.#isBased = base !== undefined;
    this.#stack = [
      base ?? mountLocation(tree.at([])) ?? { path: [], mount: undefined, directory: undefined },
    ];
  }

  /** Where the walk stands. */
  get here(): Location {
    const here = this.#stack.at(-1);
    if (here === undefined) throw new FsFault('io'); // the first one is never popped
    return here;
  }

  close(): void {
    for (const directory of this.#opened.splice(0)) directory.close();
  }

  run(parsed: GuestPath, follow: Follow): Place {
    let rest = [...parsed.segments];
    let { mustBeDirectory } = parsed;
    for (let links = 0; ; ) {
      const name = rest.shift();
      if (name === undefined) return { kind: 'folder', location: this.here };
      if (name === '..') {
        this.#up();
        continue;
      }
      const isLast = rest.length === 0;
      const path = [...this.here.path, name];
      if (path.length > MAX_DEPTH) throw new FsFault('name-too-long');
      const mounted = this.#tree.at(path);
      if (mounted !== undefined) {
        const file = this.#enter(mounted, mustBeDirectory, isLast);
        if (file !== undefined) return file;
        continue;
      }
      const { mount, directory } = this.here;
      if (mount === undefined || directory === undefined) {
        if (!this.#tree.holdsMount(path)) throw denyAccess(this.#ask, mountFor(path));
        this.#stack.push({ path, mount: undefined, directory: undefined });
        continue;
      }
      const isHidden = isHiddenPath(mount, path);
      if (this.#tree.holdsMount(path)) {
        this.#stack.push(this.#overlap(mount, directory, name, path, isHidden));
        continue;
      }
      if (this.#tree.resemblesMount(path)) throw new FsFault('not-found');
      const stat = isHidden ? undefined : directory.lookup(name);
      const follows = !isLast || follow === 'always' || (follow === 'slash' && mustBeDirectory);
      if (stat?.type === 'symlink' && follows) {
        links += 1;
        if (links > MAX_LINKS) throw new FsFault('loop');
        const target = parseGuestPath(directory.readLink(name));
        if (target.absolute) throw denyEscape(this.#ask);
        this.#linkMount ??= mount;
        if (isLast) mustBeDirectory ||= target.mustBeDirectory;
        rest = [...target.segments, ...rest];
        continue;
      }
      if (isLast) {
        if (isHidden && this.#ask.access !== 'read') throw new FsFault('not-found', true);
        return {
          kind: 'entry',
          parent: { ...this.here, mount, directory },
          path,
          name,
          stat,
          mustBeDirectory,
        };
      }
      this.#down(mount, directory, name, path, stat, isHidden);
    }
  }

  #up(): void {
    const { mount, path } = this.here;
    if (this.#stack.length > 1) {
      this.#stack.pop();
      if (this.#linkMount !== undefined && this.here.mount !== mount) throw denyEscape(this.#ask);
      return;
    }
    if (this.#isBased || (this.#linkMount !== undefined && path.length === 0)) throw denyEscape(this.#ask);
  }

  #enter(mount: Mount, mustBeDirectory: boolean, isLast: boolean): Place | undefined {
    if (this.#linkMount !== undefined && this.#linkMount !== mount) throw denyEscape(this.#ask);
    // Only passing through needs a right too: names that the guest may not read must not show by what it passes.
    if (!mount.entries.some(({ policy }) => policy.access.has('read'))) checkMount(mount, this.#ask);
    const { directory, file, point } = mount;
    if (file === undefined) {
      this.#stack.push({ path: point, mount, directory });
      return undefined;
    }
    if (!isLast) throw new FsFault('not-directory');
    return {
      kind: 'entry',
      parent: { path: point.slice(0, -1), mount, directory },
      path: point,
      name: file,
      stat: directory.lookup(file),
      mustBeDirectory,
    };
  }

  /** A folder of one mount that leads to another mount: the host's folder if there is one, else an empty one of our own. */
  #overlap(
    mount: Mount,
    directory: FsDirectory,
    name: string,
    path: readonly string[],
    isHidden: boolean,
  ): Location {
    if (!isHidden && directory.lookup(name)?.type === 'directory') {
      return { path, mount, directory: this.#open(directory, name) };
    }
    return { path, mount: undefined, directory: undefined };
  }

  #down(
    mount: Mount,
    directory: FsDirectory,
    name: string,
    path: readonly string[],
    stat: NodeStat | undefined,
    isHidden: boolean,
  ): void {
    if (isHidden && this.#ask.access !== 'read') throw new FsFault('not-found', true);
    if (stat === undefined) {
      if (!this.#makeFolders) throw new FsFault('not-found');
      if (isHidden) throw new FsFault('not-found');
      checkMount(mount, this.#ask);
      directory.makeDirectory(name);
    }
    this.#stack.push({ path, mount, directory: this.#open(directory, name) });
  }

  #open(directory: FsDirectory, name: string): FsDirectory {
    const opened = directory.openDirectory(name);
    this.#opened.push(opened);
    return opened;
  }
}

const mountLocation = (mount: Mount | undefined): Location | undefined =>
  mount === undefined ? undefined : { path: mount.point, mount, directory: mount.directory };

/** The path of an entry below its mount's root. */
export const belowMount = (mount: Mount, path: readonly string[]): readonly string[] =>
  path.slice(mount.point.length);

/** Hidden by the deny list of any entry, or one of our own half-written files. */
export function isHiddenPath(mount: Mount, path: readonly string[]): boolean {
  const below = belowMount(mount, path);
  const name = below.at(-1);
  if (name !== undefined && isReservedName(name)) return true;
  return mount.entries.some(({ policy }) => policy.deny.matches(below));
}
