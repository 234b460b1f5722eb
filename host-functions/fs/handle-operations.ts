import type { FsEntry } from '../../runtime/contracts/operations/fs.ts';
import { checkMount, checkRead, checkWritten, findEntry, spendBytes } from './admission.ts';
import type { FsAsk } from './fs-denial.ts';
import { FsFault } from './fs-fault.ts';
import { pathText } from './guest-path.ts';
import type { FileHandle } from './handles.ts';
import type { Later } from './in-turns.ts';
import type { Reply, Serve, Servers } from './operation.ts';
import { readReply, syncLater, writeBytes } from './read-reply.ts';
import type { ServiceState } from './service-state.ts';

const close: Serve<'fs.close'> = (state, { handle }) => {
  state.handles.close(handle);
  return { value: null };
};

const read: Serve<'fs.read'> = (state, { handle, offset, length }, _, canWait) => {
  const open = state.handles.file(handle);
  const ask = asking(state, open, 'read');
  if (open.reader === undefined) throw new FsFault('bad-handle');
  if (length > state.hostCallBytes) throw new FsFault('too-large');
  const { size } = open.file.stat();
  checkRead(open.reader, size);
  const wanted = Math.min(length, Math.max(0, size - offset));
  spendBytes(open.reader, ask, wanted);
  return readReply(open.file, offset, wanted, canWait);
};

const write: Serve<'fs.write'> = function* (state, { handle, offset }, bytes = new Uint8Array(), canWait) {
  const open = state.handles.file(handle);
  const ask = asking(state, open, 'write');
  if (open.writer === undefined) throw new FsFault('bad-handle');
  const { size } = open.file.stat();
  const at = open.append || offset === undefined ? size : offset;
  checkWritten(open.writer, Math.max(size, at + bytes.length));
  spendBytes(open.writer, ask, bytes.length);
  yield* writeBytes(open.file, bytes, at, canWait);
  return { value: { written: bytes.length }, egressBytes: bytes.length };
};

const sync: Serve<'fs.sync'> = function* (state, { handle }, _, canWait) {
  const open = state.handles.get(handle);
  if (open.kind === 'file' && !(yield* syncLater(open.file, canWait))) open.file.sync();
  return { value: null };
};

const fstat: Serve<'fs.fstat'> = (state, { handle }) => {
  const open = state.handles.get(handle);
  if (open.kind === 'folder') return { value: state.folderStat(open.location) };
  const { identity, ...facts } = open.file.stat();
  return { value: { ...facts, device: open.device, inode: state.inode(open.device, identity) } };
};

const ftruncate: Serve<'fs.ftruncate'> = (state, { handle, size }) => {
  const open = state.handles.file(handle);
  asking(state, open, 'write');
  if (open.writer === undefined) throw new FsFault('bad-handle');
  checkWritten(open.writer, size);
  open.file.truncate(size);
  return { value: null };
};

const futimes: Serve<'fs.futimes'> = (state, { handle, ...times }) => {
  const open = state.handles.get(handle);
  if (open.kind === 'file') {
    asking(state, open, 'write');
    if (open.writer === undefined) throw new FsFault('bad-handle');
    open.file.setTimes(times);
    return { value: null };
  }
  const { mount, path } = open.location;
  const ask = state.ask({ action: 'set the times of', access: 'write' }, undefined, pathText(path));
  if (mount === undefined || open.directory === undefined) throw new FsFault('not-permitted');
  checkMount(mount, ask);
  open.directory.setOwnTimes(times);
  return { value: null };
};

const flist: Serve<'fs.flist'> = (state, { handle }, _bytes, canWait) => {
  const { location } = state.handles.folder(handle);
  const ask = state.ask({ action: 'list', access: 'read' }, undefined, pathText(location.path));
  if (location.mount !== undefined) findEntry(location.mount, ask, undefined);
  return replyOf(state.entries(location, canWait));
};

const replyOf = (entries: Later<readonly FsEntry[]>): Later<Reply<'fs.flist'>> =>
  entries instanceof Promise ? entries.then((value) => ({ value })) : { value: entries };

const asking = (state: ServiceState, open: FileHandle, access: 'read' | 'write'): FsAsk =>
  state.ask({ action: access, access }, undefined, open.path);

export const handleOperations = {
  'fs.close': close,
  'fs.read': read,
  'fs.write': write,
  'fs.sync': sync,
  'fs.fstat': fstat,
  'fs.ftruncate': ftruncate,
  'fs.futimes': futimes,
  'fs.flist': flist,
} satisfies Partial<Servers>;
