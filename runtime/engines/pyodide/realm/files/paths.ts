import type { Fs, FsNode, FsStream } from './fs.ts';
import type { HostFiles } from './host-files.ts';
import type { Mounts } from './mounts.ts';
import type { Entry, HostStat, OpenFiles } from './open-files.ts';
import type { ScratchBudget } from './scratch.ts';

/**
 * Runs inside the guest's realm; see `bootRealm`. Puts the host before each function of Emscripten's that takes a path: those in a granted
 * folder are its to answer, and writes outside the scratch folder its to refuse.
 */
export function serveHostPaths(
  FS: Fs,
  host: HostFiles,
  mounts: Mounts,
  files: OpenFiles,
  scratch: ScratchBudget,
): void {
  const { apply } = Reflect;
  const { ask, fail } = host;
  const { EINVAL, ELOOP, ENOENT, EXDEV } = host.errors;
  const { resolve, isGranted, isOpenedByHost, isWrittenByHost } = mounts;
  const { flags: O, statOf, kindsOf, times, nodeFor, openFolder, openFile } = files;

  /** Puts `served` before one of Emscripten's functions; it answers `undefined` to leave the call to the original. */
  const before = (
    name: string,
    served: (...args: never[]) => { readonly answer: unknown } | undefined,
  ): void => {
    const original = FS[name] as (...args: unknown[]) => unknown;
    FS[name] = (...args: unknown[]): unknown => {
      const served_ = apply(served, undefined, args);
      return served_ === undefined ? apply(original, FS, args) : served_.answer;
    };
  };
  const originalOf = (name: string): ((...args: unknown[]) => unknown) => {
    const original = FS[name] as (...args: unknown[]) => unknown;
    return (...args) => apply(original, FS, args);
  };
  const [originalUnlink, originalRename] = [originalOf('unlink'), originalOf('rename')];
  const answered = (answer: unknown): { readonly answer: unknown } => ({ answer });

  /** A link was made in memory: its target may lie in a granted folder, which is not in memory. */
  let hasLinks = false;
  /** Links are looked for by a look-up of their own. */
  let isLooking = false;
  const looking = <T>(act: () => T): T => {
    isLooking = true;
    try {
      return act();
    } finally {
      isLooking = false;
    }
  };
  const MOST_LINKS = 40;
  const linkAt = (path: string): string | undefined => {
    const analyze = FS.analyzePath as (path: string, noFollow: boolean) => { object?: FsNode | null };
    return looking(() => analyze(path, true)).object?.link;
  };
  /** Where a path leads: up to a granted folder, whose own links the host follows. */
  const located = (name: unknown, follows: boolean): string => {
    let path = resolve(String(name));
    if (!hasLinks) return path;
    let links = 0;
    let at = 0;
    while (!isGranted(path)) {
      const next = path.indexOf('/', at + 1);
      const end = next < 0 ? path.length : next;
      if (next < 0 && !follows) break;
      const target = linkAt(path.slice(0, end));
      if (target === undefined) {
        if (next < 0) break;
        at = next;
        continue;
      }
      links += 1;
      if (links > MOST_LINKS) fail(ELOOP);
      path = resolve(`${target.startsWith('/') ? '' : `${path.slice(0, at)}/`}${target}${path.slice(end)}`);
      at = 0;
    }
    return path;
  };

  before('open', (name: unknown, flags: unknown) => {
    if (typeof name !== 'string' || typeof flags !== 'number') return undefined; // the interpreter's own files, by node or mode text
    const path = located(name, (flags & O.noFollow) === 0);
    const writes = (flags & O.access) !== 0 || (flags & (O.create | O.truncate)) !== 0;
    // CPython looks for the line of a syntax error in code that has no file: tracebacks try their lines by it.
    const last = path.slice(path.lastIndexOf('/') + 1);
    if (!writes && (last === '<unknown>' || last === '<string>')) fail(ENOENT);
    if (!isOpenedByHost(path, writes)) return undefined;
    return answered((flags & O.directory) !== 0 ? openFolder(path, flags) : openFile(path, flags));
  });
  before('stat', (name: unknown, noFollow: unknown) => {
    const path = located(name, noFollow !== true);
    if (!isGranted(path)) return undefined;
    return answered(statOf(ask('fs.stat', { path, noFollow: noFollow === true }).value as HostStat, path));
  });
  before('readdir', (name: unknown) => {
    const path = located(name, true);
    if (!isGranted(path)) return undefined;
    const entries = ask('fs.list', { path }).value as { name: string }[];
    return answered(['.', '..', ...entries.map((entry) => entry.name)]);
  });
  before('mkdir', (name: unknown) => {
    const path = located(name, false);
    return isWrittenByHost(path) ? answered(ask('fs.mkdir', { path })) : undefined;
  });
  before('unlink', (name: unknown) => {
    const path = located(name, false);
    return answered(
      isWrittenByHost(path)
        ? ask('fs.remove', { path, kind: 'file' })
        : scratch.freeing(path, () => originalUnlink(name)),
    );
  });
  before('rmdir', (name: unknown) => {
    const path = located(name, false);
    return isWrittenByHost(path) ? answered(ask('fs.remove', { path, kind: 'directory' })) : undefined;
  });
  before('rename', (from: unknown, to: unknown) => {
    const [path, target] = [located(from, false), located(to, false)];
    const [left, arrives] = [isWrittenByHost(path), isWrittenByHost(target)];
    if (!left && !arrives) return answered(scratch.freeing(target, () => originalRename(from, to)));
    // Between memory and a granted folder a file has to be copied; Python's own tools do so when they are told.
    if (!left || !arrives) fail(EXDEV);
    return answered(ask('fs.rename', { path, to: target }));
  });
  before('symlink', (target: unknown, name: unknown) => {
    const path = located(name, false);
    if (isWrittenByHost(path)) return answered(ask('fs.symlink', { path, target: String(target) }));
    hasLinks = true;
    return undefined;
  });
  before('readlink', (name: unknown) => {
    const path = located(name, false);
    if (!isGranted(path)) return undefined;
    return answered((ask('fs.readlink', { path }).value as { target: string }).target);
  });
  before('truncate', (name: unknown, size: unknown) => {
    if (typeof name !== 'string') return undefined;
    const path = located(name, true);
    if (!isWrittenByHost(path)) return undefined;
    const stream = openFile(path, O.write);
    try {
      ask('fs.ftruncate', { handle: stream.node.handle, size: Number(size) });
    } finally {
      (FS.close as (stream: FsStream) => void)(stream);
    }
    return answered(undefined);
  });
  before('utime', (name: unknown, accessed: unknown, modified: unknown) => {
    const path = located(name, true);
    if (!isWrittenByHost(path)) return undefined;
    return answered(
      ask('fs.utimes', { path, ...times(accessed as number | null, modified as number | null) }),
    );
  });
  for (const name of ['chmod', 'lchmod', 'chown', 'lchown']) {
    // Modes and owners are the host's; programs that copy files set them and must not fail for it.
    before(name, (target: unknown) => {
      const path = typeof target === 'string' ? located(target, !name.startsWith('l')) : '';
      if (!isGranted(path)) return undefined;
      ask('fs.stat', { path, noFollow: name.startsWith('l') });
      return answered(undefined);
    });
  }
  before('lookupPath', (name: unknown, options: unknown) => {
    const { parent = false, follow = false } = (options ?? {}) as { parent?: boolean; follow?: boolean };
    const path = isLooking ? resolve(String(name)) : located(name, follow && !parent);
    const wanted = parent ? path.slice(0, path.lastIndexOf('/')) || '/' : path;
    if (!isGranted(wanted)) return undefined;
    if (parent)
      return answered({ path: wanted, node: nodeFor(wanted, mounts.modeOf('directory', wanted), -1) });
    const stat = ask('fs.stat', { path: wanted }).value as HostStat;
    return answered({ path: wanted, node: nodeFor(wanted, mounts.modeOf(stat.type, wanted), -1) });
  });
  before('lookupNode', (parent: unknown, name: unknown) => {
    const folder = parent as FsNode;
    if (folder.path === undefined) return undefined;
    folder.kinds ??= kindsOf(folder.path, ask('fs.list', { path: folder.path }).value as Entry[]);
    const mode = folder.kinds.get(String(name));
    return mode === undefined ? fail(EINVAL) : answered({ id: 1, mode }); // EINVAL: gone meanwhile, the listing leaves it out
  });
}
