import { checkRead, checkWritten, spendBytes } from './admission.ts';
import type { OpenFlags } from './backend.ts';
import type { FsAsk } from './fs-denial.ts';
import { FsFault } from './fs-fault.ts';
import { pathText } from './guest-path.ts';
import type { EntryState } from './mount-tree.ts';
import type { Args, Reply, Serve, Servers } from './operation.ts';
import { readReply, syncLater, writeBytes } from './read-reply.ts';
import { existing, isFolder, type ServiceState } from './service-state.ts';
import type { Place } from './walk.ts';

const READ: OpenFlags = {
  read: true,
  write: false,
  append: false,
  create: false,
  exclusive: false,
  truncate: false,
};
const APPEND: OpenFlags = { ...READ, read: false, write: true, append: true, create: true };

const open: Serve<'fs.open'> = (state, args) => {
  if (args.replace === true) return openReplacement(state, args);
  const changes =
    args.write === true || args.append === true || args.create === true || args.truncate === true;
  const flags: OpenFlags = {
    read: args.read === true || !(args.write === true || args.append === true),
    write: args.write === true || args.append === true || args.truncate === true,
    append: args.append === true,
    create: args.create === true,
    exclusive: args.exclusive === true && args.create === true,
    truncate: args.truncate === true,
  };
  if (args.directory === true && (changes || args.exclusive === true)) throw new FsFault('invalid');
  // A folder that is only a place to start at needs no right to read it: listing asks for that.
  const access = changes || (args.directory === true && state.isWriteOnly(args)) ? 'write' : 'read';
  const ask = { action: changes ? 'write' : 'open', access } as const;
  using walked = state.walk(args, ask, flags.exclusive ? { follow: 'never' } : {});
  const { place } = walked;
  if (!isFolder(place)) return openFile(state, place, args, flags);
  if (flags.exclusive) throw new FsFault('exists');
  if (changes) throw new FsFault('is-directory');
  return openFolder(state, place, access);
};

function openFolder(state: ServiceState, place: Place, access: FsAsk['access']): Reply<'fs.open'> {
  const entry = state.admit(place, state.also(access));
  const parent = place.kind === 'entry' ? place.parent : place.location;
  const directory =
    place.kind === 'entry'
      ? place.parent.directory.openDirectory(place.name)
      : place.location.directory?.reopen();
  try {
    const path = place.kind === 'entry' ? place.path : place.location.path;
    const location = { path, mount: parent.mount, directory };
    const stat = state.folderStat(location);
    return { value: { handle: state.handles.add({ kind: 'folder', location, directory, entry }), stat } };
  } catch (error) {
    directory?.close();
    throw error;
  }
}

function openFile(
  state: ServiceState,
  place: Place,
  args: Args<'fs.open'>,
  flags: OpenFlags,
): Reply<'fs.open'> {
  if (place.kind === 'folder') throw new FsFault('is-directory');
  const { parent, name, stat, mustBeDirectory } = place;
  const writer = flags.write || flags.create ? state.admit(place, state.also('write')) : undefined;
  // Opening to write and to read is one call, paid by the entry that lets it write.
  const reader = !flags.read
    ? undefined
    : writer === undefined
      ? state.admit(place, state.also('read'))
      : state.entry(place, state.also('read'));
  if (stat === undefined && !flags.create) throw new FsFault('not-found');
  if (stat === undefined && mustBeDirectory) throw new FsFault('is-directory');
  if (stat !== undefined && flags.exclusive) throw new FsFault('exists');
  if (stat !== undefined && (mustBeDirectory || args.directory === true)) throw new FsFault('not-directory');
  if (stat?.type === 'symlink') throw new FsFault('loop');
  if (reader !== undefined && !flags.truncate) checkRead(reader, stat?.size ?? 0);
  const file = parent.directory.openFile(name, flags);
  try {
    const opened = state.stat(parent.mount, file.stat());
    const handle = state.handles.add({
      kind: 'file',
      file,
      device: parent.mount.device,
      path: pathText(place.path),
      reader,
      writer: flags.write ? writer : undefined,
      append: flags.append,
    });
    return { value: { handle, stat: opened } };
  } catch (error) {
    file.close();
    throw error;
  }
}

const OTHER_FLAGS = ['read', 'write', 'append', 'create', 'truncate', 'directory'] as const;

function openReplacement(state: ServiceState, args: Args<'fs.open'>): Reply<'fs.open'> {
  if (OTHER_FLAGS.some((flag) => args[flag] === true)) throw new FsFault('invalid');
  const exclusive = args.exclusive === true;
  const ask = { action: 'write', access: 'write' } as const;
  using walked = state.walk(args, ask, exclusive ? { follow: 'never' } : {});
  const { entry, place } = admitWrite(state, walked.place, exclusive);
  const file = place.parent.directory.beginReplacement(place.name, exclusive);
  try {
    const stat = state.stat(place.parent.mount, file.stat());
    const handle = state.handles.add({
      kind: 'file',
      file,
      device: place.parent.mount.device,
      path: pathText(place.path),
      reader: undefined,
      writer: entry,
      append: false,
      replacement: { file, exclusive },
    });
    return { value: { handle, stat } };
  } catch (error) {
    file.close();
    throw error;
  }
}

const commit: Serve<'fs.commit'> = function* (state, { handle }, _, canWait) {
  const { path, replacement } = state.handles.file(handle);
  if (replacement === undefined) throw new FsFault('bad-handle');
  const { file, exclusive } = replacement;
  const synced = yield* syncLater(file, canWait);
  // Where the name leads by now: folders may have been renamed since, and a name may be hidden there that was not here.
  using walked = state.walk({ path }, { action: 'write', access: 'write' }, { follow: 'never' });
  const { place } = checkWrite(walked.place, state.entry(walked.place, state.also('write')), exclusive);
  file.commit(place.parent.directory, place.name, exclusive, synced);
  state.handles.close(handle);
  return { value: null };
};

const readFile: Serve<'fs.readFile'> = function* (state, args, _, canWait) {
  using walked = state.walk(args, { action: 'read', access: 'read' });
  const { place } = walked;
  const entry = state.admit(place, state.also('read'));
  if (isFolder(place) || place.kind === 'folder' || entry === undefined) throw new FsFault('is-directory');
  if (existing(place).type === 'symlink') throw new FsFault('loop');
  const file = place.parent.directory.openFile(place.name, READ);
  try {
    const { size } = file.stat();
    checkRead(entry, size);
    if (size > state.hostCallBytes) throw new FsFault('too-large');
    spendBytes(entry, state.also('read'), size);
    return yield* readReply(file, 0, size, canWait);
  } finally {
    file.close();
  }
};

const writeFile: Serve<'fs.writeFile'> = function* (state, args, bytes = new Uint8Array(), canWait) {
  const exclusive = args.exclusive === true;
  const ask = { action: 'write', access: 'write' } as const;
  using walked = state.walk(args, ask, exclusive ? { follow: 'never' } : {});
  const { entry, place } = admitWrite(state, walked.place, exclusive);
  checkWritten(entry, bytes.length);
  spendBytes(entry, state.also('write'), bytes.length);
  const { directory } = place.parent;
  if (!canWait || !directory.isSlow) directory.replaceFile(place.name, bytes, exclusive);
  else {
    const file = directory.beginReplacement(place.name, exclusive);
    try {
      yield* writeBytes(file, bytes, 0, true);
      const synced = yield* syncLater(file, true);
      file.commit(directory, place.name, exclusive, synced);
    } finally {
      file.close();
    }
  }
  return { value: { written: bytes.length }, egressBytes: bytes.length };
};

const append: Serve<'fs.append'> = function* (state, args, bytes = new Uint8Array(), canWait) {
  using walked = state.walk(args, { action: 'append to', access: 'write' });
  const { entry, place } = admitWrite(state, walked.place, false);
  checkWritten(entry, (place.stat?.size ?? 0) + bytes.length);
  spendBytes(entry, state.also('write'), bytes.length);
  const file = place.parent.directory.openFile(place.name, APPEND);
  try {
    const { size } = file.stat();
    checkWritten(entry, size + bytes.length); // it may have grown since it was looked at
    yield* writeBytes(file, bytes, size, canWait);
    return { value: { written: bytes.length }, egressBytes: bytes.length };
  } finally {
    file.close();
  }
};

/** What must hold before a whole file is written: access, name, and that nothing but a file is there. */
function admitWrite(
  state: ServiceState,
  place: Place,
  exclusive: boolean,
): { readonly entry: EntryState; readonly place: Place & { readonly kind: 'entry' } } {
  return checkWrite(place, state.admit(place, state.also('write')), exclusive);
}

function checkWrite(
  place: Place,
  entry: EntryState | undefined,
  exclusive: boolean,
): { readonly entry: EntryState; readonly place: Place & { readonly kind: 'entry' } } {
  if (place.kind === 'folder' || entry === undefined)
    throw new FsFault(exclusive ? 'exists' : 'is-directory');
  const { stat, mustBeDirectory } = place;
  if (stat !== undefined && exclusive) throw new FsFault('exists');
  if (stat?.type === 'directory') throw new FsFault('is-directory');
  if (mustBeDirectory) throw new FsFault(stat === undefined ? 'is-directory' : 'not-directory');
  if (stat?.type === 'symlink') throw new FsFault('loop');
  return { entry, place };
}

export const fileOperations = {
  'fs.open': open,
  'fs.commit': commit,
  'fs.readFile': readFile,
  'fs.writeFile': writeFile,
  'fs.append': append,
} satisfies Partial<Servers>;
