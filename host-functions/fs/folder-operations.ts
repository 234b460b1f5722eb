import type { FsEntry, FsTarget } from '../../runtime/contracts/operations/fs.ts';
import type { NodeEntry } from './backend.ts';
import { checkLink, checkMove, removeTree } from './folder-scan.ts';
import { denyEscape } from './fs-denial.ts';
import { FsFault } from './fs-fault.ts';
import { coversName } from './fs-grant.ts';
import { isSafeLinkTarget } from './guest-path.ts';
import type { Later } from './in-turns.ts';
import type { Reply, Serve, Servers } from './operation.ts';
import { existing, isFolder, type ServiceState } from './service-state.ts';
import { belowMount, isHiddenPath, type Place, type Walked } from './walk.ts';

type Named = Place & { readonly kind: 'entry' };

const stat: Serve<'fs.stat'> = (state, args) => {
  using walked = state.walk(args, { action: 'look at', access: 'read' });
  const { place } = walked;
  state.admit(place, state.also('read'));
  if (place.kind === 'folder') return { value: state.folderStat(place.location) };
  return { value: state.stat(place.parent.mount, existing(place)) };
};

const list: Serve<'fs.list'> = (state, args, _bytes, canWait) => {
  using walked = state.walk(args, { action: 'list', access: 'read' });
  const { place } = walked;
  state.admit(place, state.also('read'));
  if (place.kind === 'folder') return listed(state.entries(place.location, canWait));
  if (existing(place).type !== 'directory') throw new FsFault('not-directory');
  const directory = place.parent.directory.openDirectory(place.name);
  try {
    return listed(state.entries({ path: place.path, mount: place.parent.mount, directory }, canWait));
  } finally {
    directory.close();
  }
};

const listed = (entries: Later<readonly FsEntry[]>): Later<Reply<'fs.list'>> =>
  entries instanceof Promise ? entries.then((value) => ({ value })) : { value: entries };

const mkdir: Serve<'fs.mkdir'> = (state, args) => {
  const recursive = args.recursive === true;
  using walked = state.walk(
    args,
    { action: 'make folder', access: 'write' },
    { follow: recursive ? 'always' : 'never', makeFolders: recursive },
  );
  const { place } = walked;
  state.admit(place, state.also('write'), true);
  const type = place.kind === 'folder' ? 'directory' : place.stat?.type;
  if (recursive && type === 'directory') return { value: null };
  if (type !== undefined || place.kind === 'folder') throw new FsFault('exists');
  place.parent.directory.makeDirectory(place.name);
  return { value: null };
};

const remove: Serve<'fs.remove'> = function* (state, args, _, canWait) {
  using walked = state.walk(args, { action: 'remove', access: 'delete' }, { follow: 'never' });
  const { place } = walked;
  const entry = state.admit(place, state.also('delete'));
  const named = changeable(state, walked);
  const { parent, name } = named;
  const isDirectory = existing(named).type === 'directory';
  if (args.kind === 'file' && isDirectory) throw new FsFault('is-directory');
  if (args.kind === 'directory' && !isDirectory) throw new FsFault('not-directory');
  if (!isDirectory) parent.directory.removeFile(name);
  else if (args.recursive !== true) parent.directory.removeDirectory(name);
  else {
    const mayRemove = ({ name: below, type }: NodeEntry, path: readonly string[]): boolean => {
      const isNamed = type === 'directory' || entry === undefined || coversName(entry.policy, below);
      return isNamed && !isHiddenPath(parent.mount, path);
    };
    yield* removeTree(parent.directory, name, named.path, mayRemove, canWait);
  }
  return { value: null };
};

const rename: Serve<'fs.rename'> = function* (state, args) {
  const ask = { action: 'rename', access: 'write' } as const;
  using target = state.walk(destination(args), ask, { follow: 'never' });
  const targetAsk = state.also('write');
  using source = state.walk(args, ask, { follow: 'never' });
  state.admit(source.place, state.also('write'));
  const asFolder = isFolder(source.place);
  state.entry(target.place, targetAsk, asFolder);
  const from = changeable(state, source);
  const to = changeable(state, target);
  if (from.parent.mount !== to.parent.mount) throw new FsFault('cross-device');
  const moved = existing(from);
  const { mount } = to.parent;
  if (moved.type !== 'directory' && to.mustBeDirectory) throw new FsFault('not-directory');
  if (to.stat !== undefined && to.stat.identity !== moved.identity) {
    state.entry(target.place, targetAsk.with('delete'), asFolder);
  }
  if (moved.type === 'symlink') checkLink(mount, from.parent.directory, from.name, to.path);
  if (moved.type === 'directory') {
    const folder = from.parent.directory.openDirectory(from.name);
    try {
      yield* checkMove(mount, folder, from.path, to.path);
    } finally {
      folder.close();
    }
  }
  from.parent.directory.rename(from.name, to.parent.directory, to.name);
  state.handles.moved(from.path, to.path);
  return { value: null };
};

const link: Serve<'fs.link'> = (state, args) => {
  const ask = { action: 'link', access: 'write' } as const;
  using target = state.walk(destination(args), ask, { follow: 'never' });
  const targetAsk = state.also('write');
  using source = state.walk(args, ask);
  state.admit(source.place, state.also('write'));
  state.entry(target.place, targetAsk);
  if (isFolder(source.place)) throw new FsFault('not-permitted');
  const from = named(source);
  const linked = existing(from);
  const to = changeable(state, target);
  if (from.parent.mount !== to.parent.mount) throw new FsFault('cross-device');
  if (to.stat !== undefined) throw new FsFault('exists');
  if (to.mustBeDirectory) throw new FsFault('not-found');
  if (linked.type === 'symlink') checkLink(to.parent.mount, from.parent.directory, from.name, to.path);
  from.parent.directory.linkFile(from.name, to.parent.directory, to.name);
  return { value: null };
};

const symlink: Serve<'fs.symlink'> = (state, args) => {
  using walked = state.walk(args, { action: 'make link', access: 'write' }, { follow: 'never' });
  state.admit(walked.place, state.also('write'));
  const place = changeable(state, walked);
  if (place.stat !== undefined) throw new FsFault('exists');
  if (place.mustBeDirectory) throw new FsFault('not-found');
  const depth = belowMount(place.parent.mount, place.path).length - 1;
  if (!isSafeLinkTarget(args.target, depth)) throw denyEscape(state.also('write'));
  place.parent.directory.makeLink(place.name, args.target);
  return { value: null };
};

const readlink: Serve<'fs.readlink'> = (state, args) => {
  using walked = state.walk(args, { action: 'read link', access: 'read' }, { follow: 'slash' });
  const { place } = walked;
  state.admit(place, state.also('read'));
  if (place.kind === 'folder' || existing(place).type !== 'symlink') throw new FsFault('invalid');
  const target = place.parent.directory.readLink(place.name);
  const depth = belowMount(place.parent.mount, place.path).length - 1;
  // A link of the host that leads out would tell about the host.
  if (!isSafeLinkTarget(target, depth)) throw denyEscape(state.also('read'));
  return { value: { target } };
};

const utimes: Serve<'fs.utimes'> = (state, args) => {
  using walked = state.walk(args, { action: 'set the times of', access: 'write' });
  const { place } = walked;
  state.admit(place, state.also('write'));
  if (place.kind === 'folder') place.location.directory?.setOwnTimes(args);
  else {
    existing(place);
    place.parent.directory.setTimes(place.name, args);
  }
  return { value: null };
};

const destination = (args: { readonly to: string; readonly toAt?: number }): FsTarget =>
  args.toAt === undefined ? { path: args.to } : { path: args.to, at: args.toAt };

/** @throws {FsFault} when the path names a folder by no name of its own. */
function named({ place }: Walked): Named {
  if (place.kind === 'folder') throw new FsFault('not-permitted');
  return place;
}

/** A place whose name can be taken away or given: no mount's root, nothing that leads to a mount, no `.` and `..`. */
function changeable(state: ServiceState, walked: Walked): Named {
  if (walked.noName) throw new FsFault('invalid');
  const place = named(walked);
  if (state.tree.holdsMount(place.path)) throw new FsFault('not-permitted');
  return place;
}

export const folderOperations = {
  'fs.stat': stat,
  'fs.list': list,
  'fs.mkdir': mkdir,
  'fs.remove': remove,
  'fs.rename': rename,
  'fs.link': link,
  'fs.symlink': symlink,
  'fs.readlink': readlink,
  'fs.utimes': utimes,
} satisfies Partial<Servers>;
