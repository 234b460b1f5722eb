import type { FsStat, FsTarget } from '../../../contracts/operations/fs.ts';
import { defined } from '../../../vocabulary/defined.ts';
import { after, type ComponentRun, type Eventually } from '../component-run.ts';
import { type Datetime, fromDatetime } from './clocks.ts';
import { DirectoryEntryStream } from './directory-entries.ts';
import { err, type FsErrorCode, ok, type Result } from './errors.ts';
import { fsCall, type SharedHandle, shareHandle } from './handle.ts';
import { InputStream, OutputStream } from './io.ts';
import {
  type DescriptorStat,
  type DescriptorType,
  descriptorStat,
  descriptorType,
  metadataHash,
} from './stat.ts';

export interface DescriptorFlags {
  readonly read: boolean;
  readonly write: boolean;
  readonly fileIntegritySync?: boolean;
  readonly dataIntegritySync?: boolean;
  readonly requestedWriteSync?: boolean;
  readonly mutateDirectory: boolean;
}

interface PathFlags {
  readonly symlinkFollow?: boolean;
}

interface OpenFlags {
  readonly create?: boolean;
  readonly directory?: boolean;
  readonly exclusive?: boolean;
  readonly truncate?: boolean;
}

type NewTimestamp =
  | { readonly tag: 'no-change' }
  | { readonly tag: 'now' }
  | { readonly tag: 'timestamp'; readonly val: Datetime };

type Answer<T> = Eventually<Result<T, FsErrorCode>>;

const MAX_PATH = 4096;

/** `wasi:filesystem/types.descriptor`: an open file or folder. Every path is relative to it and cannot leave it. */
export class Descriptor {
  readonly #run: ComponentRun;
  readonly #handle: SharedHandle;
  readonly #type: DescriptorType;
  readonly #flags: DescriptorFlags;

  constructor(run: ComponentRun, handle: SharedHandle, type: DescriptorType, flags: DescriptorFlags) {
    this.#run = run;
    this.#handle = handle;
    this.#type = type;
    this.#flags = flags;
  }

  readViaStream(offset: bigint): Answer<InputStream> {
    if (this.#type === 'directory') return err('is-directory');
    if (!this.#flags.read) return err('bad-descriptor');
    let position = offset;
    this.#handle.retain();
    const source = (length: number): Answer<Uint8Array> =>
      after(this.#read(position, length), (answer) => {
        if (answer.tag === 'ok') position += BigInt(answer.val.byteLength);
        return answer;
      });
    return ok(new InputStream(this.#run, source, this.#handle.release));
  }

  writeViaStream(offset: bigint): Answer<OutputStream> {
    let position = offset;
    return this.#writer((bytes) => {
      const length = BigInt(bytes.byteLength); // the bytes are given away
      return after(this.#write(bytes, position), (answer) => {
        if (answer.tag === 'err') return answer.val;
        position += length;
        return undefined;
      });
    });
  }

  appendViaStream(): Answer<OutputStream> {
    return this.#writer((bytes) =>
      after(this.#write(bytes, undefined), (answer) => (answer.tag === 'err' ? answer.val : undefined)),
    );
  }

  /** Advice changes nothing here. */
  advise(): Answer<undefined> {
    return ok(undefined);
  }

  sync(): Answer<undefined> {
    return this.#with((handle) => done(fsCall(this.#run, 'fs.sync', { handle })));
  }

  syncData(): Answer<undefined> {
    return this.sync();
  }

  getFlags(): Answer<DescriptorFlags> {
    return ok(this.#flags);
  }

  getType(): Answer<DescriptorType> {
    return ok(this.#type);
  }

  setSize(size: bigint): Answer<undefined> {
    if (!this.#flags.write) return err('bad-descriptor');
    if (size > BigInt(Number.MAX_SAFE_INTEGER)) return err('file-too-large');
    return this.#with((handle) => done(fsCall(this.#run, 'fs.ftruncate', { handle, size: Number(size) })));
  }

  setTimes(accessed: NewTimestamp, modified: NewTimestamp): Answer<undefined> {
    return this.#with((handle) =>
      done(fsCall(this.#run, 'fs.futimes', { handle, ...times(this.#run, accessed, modified) })),
    );
  }

  read(length: bigint, offset: bigint): Answer<readonly [Uint8Array, boolean]> {
    if (this.#type === 'directory') return err('is-directory');
    if (!this.#flags.read) return err('bad-descriptor');
    const wanted = Number(length < BigInt(this.#run.chunkBytes) ? length : BigInt(this.#run.chunkBytes));
    if (wanted === 0) return ok([new Uint8Array(), false]);
    return map(this.#read(offset, wanted), (bytes) => [bytes, bytes.byteLength < wanted] as const);
  }

  write(buffer: Uint8Array, offset: bigint): Answer<bigint> {
    if (!this.#flags.write) return err('bad-descriptor');
    return this.#write(buffer.subarray(0, this.#run.chunkBytes), offset);
  }

  readDirectory(): Answer<DirectoryEntryStream> {
    return this.#with((handle) =>
      map(
        fsCall(this.#run, 'fs.flist', { handle }),
        ({ value }) => new DirectoryEntryStream(this.#run, value),
      ),
    );
  }

  createDirectoryAt(path: string): Answer<undefined> {
    return this.#at(path, (target) => done(fsCall(this.#run, 'fs.mkdir', target)));
  }

  stat(): Answer<DescriptorStat> {
    return map(this.#stat(), descriptorStat);
  }

  statAt(flags: PathFlags, path: string): Answer<DescriptorStat> {
    return map(this.#statAt(flags, path), descriptorStat);
  }

  setTimesAt(
    flags: PathFlags,
    path: string,
    accessed: NewTimestamp,
    modified: NewTimestamp,
  ): Answer<undefined> {
    const changes = times(this.#run, accessed, modified);
    return this.#at(path, (target) =>
      done(fsCall(this.#run, 'fs.utimes', { ...target, ...follow(flags), ...changes })),
    );
  }

  linkAt(flags: PathFlags, oldPath: string, newFolder: Descriptor, newPath: string): Answer<undefined> {
    if (flags.symlinkFollow === true) return err('invalid');
    return this.#at(oldPath, (from) =>
      newFolder.#at(newPath, (to) =>
        done(
          fsCall(this.#run, 'fs.link', {
            ...from,
            to: to.path,
            ...defined({ toAt: to.at }),
          }),
        ),
      ),
    );
  }

  renameAt(oldPath: string, newFolder: Descriptor, newPath: string): Answer<undefined> {
    return this.#at(oldPath, (from) =>
      newFolder.#at(newPath, (to) =>
        done(
          fsCall(this.#run, 'fs.rename', {
            ...from,
            to: to.path,
            ...defined({ toAt: to.at }),
          }),
        ),
      ),
    );
  }

  openAt(pathFlags: PathFlags, path: string, open: OpenFlags, flags: DescriptorFlags): Answer<Descriptor> {
    const writes = flags.write || open.create === true || open.truncate === true;
    const openTarget = (target: FsTarget, directory: boolean): Answer<Descriptor> =>
      after(
        fsCall(this.#run, 'fs.open', {
          ...target,
          ...follow(pathFlags),
          ...(directory
            ? { directory: true }
            : {
                read: flags.read || !writes,
                write: writes,
                create: open.create === true,
                exclusive: open.exclusive === true,
                truncate: open.truncate === true,
              }),
        }),
        (answer) => {
          if (answer.tag === 'err') {
            // Opening a folder without asking for one is allowed; only its entries can be used then.
            return answer.val === 'is-directory' && !directory && !writes ? openTarget(target, true) : answer;
          }
          const { handle, stat } = answer.val.value;
          const isFolder = stat.type === 'directory';
          return ok(
            new Descriptor(this.#run, shareHandle(this.#run, handle), descriptorType(stat.type), {
              read: flags.read,
              write: !isFolder && flags.write,
              mutateDirectory: isFolder && this.#flags.mutateDirectory && flags.mutateDirectory,
            }),
          );
        },
      );
    if (open.directory === true && writes) return err(open.create === true ? 'invalid' : 'is-directory');
    return this.#at(path, (target) => openTarget(target, open.directory === true));
  }

  readlinkAt(path: string): Answer<string> {
    return this.#at(path, (target) =>
      map(fsCall(this.#run, 'fs.readlink', target), ({ value }) => value.target),
    );
  }

  removeDirectoryAt(path: string): Answer<undefined> {
    return this.#at(path, (target) => done(fsCall(this.#run, 'fs.remove', { ...target, kind: 'directory' })));
  }

  unlinkFileAt(path: string): Answer<undefined> {
    return this.#at(path, (target) => done(fsCall(this.#run, 'fs.remove', { ...target, kind: 'file' })));
  }

  symlinkAt(oldPath: string, newPath: string): Answer<undefined> {
    const problem = pathProblem(oldPath);
    if (problem !== undefined) return err(problem);
    return this.#at(newPath, (target) =>
      done(fsCall(this.#run, 'fs.symlink', { ...target, target: oldPath })),
    );
  }

  isSameObject(other: Descriptor): Eventually<boolean> {
    return after(this.#stat(), (mine) =>
      after(
        other.#stat(),
        (theirs) =>
          mine.tag === 'ok' &&
          theirs.tag === 'ok' &&
          mine.val.device === theirs.val.device &&
          mine.val.inode === theirs.val.inode,
      ),
    );
  }

  metadataHash(): Answer<{ readonly lower: bigint; readonly upper: bigint }> {
    return map(this.#stat(), metadataHash);
  }

  metadataHashAt(flags: PathFlags, path: string): Answer<{ readonly lower: bigint; readonly upper: bigint }> {
    return map(this.#statAt(flags, path), metadataHash);
  }

  [Symbol.dispose](): void {
    this.#handle.release();
  }

  #with<T>(use: (handle: number) => Answer<T>): Answer<T> {
    this.#run.check();
    return after(this.#handle.number(), (answer) => (answer.tag === 'ok' ? use(answer.val) : answer));
  }

  #at<T>(path: string, use: (target: FsTarget) => Answer<T>): Answer<T> {
    const problem = pathProblem(path);
    if (problem !== undefined) return err(problem);
    if (this.#type !== 'directory') return err('not-directory');
    return this.#with((at) => use({ path, at }));
  }

  #stat(): Answer<FsStat> {
    return this.#with((handle) => map(fsCall(this.#run, 'fs.fstat', { handle }), ({ value }) => value));
  }

  #statAt(flags: PathFlags, path: string): Answer<FsStat> {
    return this.#at(path, (target) =>
      map(fsCall(this.#run, 'fs.stat', { ...target, ...follow(flags) }), ({ value }) => value),
    );
  }

  #read(offset: bigint, length: number): Answer<Uint8Array> {
    if (offset > BigInt(Number.MAX_SAFE_INTEGER)) return err('invalid');
    return this.#with((handle) =>
      map(fsCall(this.#run, 'fs.read', { handle, offset: Number(offset), length }), ({ bytes }) => bytes),
    );
  }

  #write(bytes: Uint8Array, offset: bigint | undefined): Answer<bigint> {
    if (offset !== undefined && offset > BigInt(Number.MAX_SAFE_INTEGER)) return err('file-too-large');
    const place = offset === undefined ? {} : { offset: Number(offset) };
    return this.#with((handle) =>
      map(fsCall(this.#run, 'fs.write', { handle, ...place }, bytes), ({ value }) => BigInt(value.written)),
    );
  }

  #writer(sink: (bytes: Uint8Array) => Eventually<FsErrorCode | undefined>): Answer<OutputStream> {
    if (this.#type === 'directory') return err('is-directory');
    if (!this.#flags.write) return err('bad-descriptor');
    this.#handle.retain();
    return ok(new OutputStream(this.#run, sink, this.#handle.release));
  }
}

const map = <T, U>(answer: Answer<T>, change: (value: T) => U): Answer<U> =>
  after(answer, (settled) => (settled.tag === 'ok' ? ok(change(settled.val)) : settled));

const done = (answer: Answer<unknown>): Answer<undefined> => map(answer, () => undefined);

const follow = ({ symlinkFollow }: PathFlags): { noFollow?: true } =>
  symlinkFollow === true ? {} : { noFollow: true };

/** What the host function would refuse anyway, refused here without a call. */
function pathProblem(path: string): FsErrorCode | undefined {
  if (path.length > MAX_PATH) return 'name-too-long';
  if (path.includes('\0')) return 'illegal-byte-sequence';
  if (path === '') return 'no-entry';
  return path.startsWith('/') ? 'not-permitted' : undefined;
}

function times(run: ComponentRun, accessed: NewTimestamp, modified: NewTimestamp) {
  const value = (time: NewTimestamp): number | undefined =>
    time.tag === 'no-change' ? undefined : time.tag === 'now' ? run.now() : fromDatetime(time.val);
  const accessedMs = value(accessed);
  const modifiedMs = value(modified);
  return {
    ...defined({ accessedMs, modifiedMs }),
  };
}
