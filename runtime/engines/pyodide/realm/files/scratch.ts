import type { Fs, FsNode, FsStream } from './fs.ts';
import type { HostFiles } from './host-files.ts';
import type { Mounts } from './mounts.ts';

/** What files in memory may still hold. */
export interface ScratchBudget {
  set(bytes: number): void;
  /** Does what takes the name of a file in memory away, and gives its bytes back once nobody can reach it any more. */
  freeing(path: string, act: () => unknown): unknown;
}

/** Runs inside the guest's realm; see `bootRealm`. Files in memory hold the host's memory: they have a budget of their own. */
export function limitScratch(FS: Fs, host: HostFiles, mounts: Mounts): ScratchBudget {
  const { apply } = Reflect;
  const Bytes = Uint8Array;
  const setBytes = Bytes.prototype.set;
  const { subarray } = Bytes.prototype;
  const [LEAST_CAPACITY, DOUBLED] = [256, 1024 * 1024];
  let left = Number.POSITIVE_INFINITY;
  const { MEMFS } = FS.filesystems;
  const spend = (bytes: number): void => {
    // What gives bytes back is never refused, however far over its budget a growth has gone.
    if (bytes > 0 && bytes > left) host.fail(host.errors.ENOSPC);
    left -= bytes;
  };
  /** Emscripten takes more than was asked for, so that a file that grows is not copied each time; here as much of that as there is left. */
  MEMFS.expandFileStorage = (node, capacity) => {
    const held = node.contents?.length ?? 0;
    if (held >= capacity) return;
    const generous = Math.max(capacity, LEAST_CAPACITY, Math.floor(held * (held < DOUBLED ? 2 : 1.125)));
    const size = Math.min(generous, Math.max(capacity, held + left));
    spend(size - held);
    const grown = new Bytes(size);
    if (node.contents !== undefined && node.contents !== null)
      apply(setBytes, grown, [apply(subarray, node.contents, [0, node.usedBytes])]);
    node.contents = grown;
  };
  const resize = MEMFS.resizeFileStorage;
  MEMFS.resizeFileStorage = (node, size) => {
    if (node.usedBytes === size) return; // what is ahead of it stays, and stays charged
    spend(size - (node.contents?.length ?? 0));
    apply(resize, MEMFS, [node, size]);
  };
  const streams = MEMFS.ops_table.file.stream;
  const write = streams.write as (
    stream: FsStream,
    buffer: Uint8Array,
    offset: number,
    length: number,
    ...more: unknown[]
  ) => number;
  streams.write = ((
    stream: FsStream,
    buffer: Uint8Array,
    offset: number,
    length: number,
    ...more: unknown[]
  ) => {
    // A first write takes a copy of exactly its length; later ones grow through `expandFileStorage`.
    if (stream.node.usedBytes === 0) spend(length - (stream.node.contents?.length ?? 0));
    return apply(write, MEMFS, [stream, buffer, offset, length, ...more]);
  }) as typeof streams.write;

  const isOpen = (node: FsNode): boolean => FS.streams.some((stream) => stream?.node === node);
  const abandoned = new Set<FsNode>();
  const free = (node: FsNode): void => {
    if (isOpen(node)) abandoned.add(node);
    else {
      abandoned.delete(node);
      MEMFS.resizeFileStorage(node, 0);
    }
  };
  const fileInMemory = (path: string): FsNode | undefined => {
    const { object } = (FS.analyzePath as (path: string, noFollow: boolean) => { object?: FsNode })(
      path,
      true,
    );
    return object !== undefined && object !== null && FS.isFile(object.mode) ? object : undefined;
  };
  const closeStream = FS.close as (stream: FsStream) => void;
  FS.close = (stream: FsStream): void => {
    const { node } = stream;
    apply(closeStream, FS, [stream]);
    if (abandoned.has(node)) free(node);
  };

  return {
    set: (bytes) => {
      left = bytes;
    },
    freeing: (path, act) => {
      const node = mounts.hasEntered() ? fileInMemory(path) : undefined;
      const answer = act();
      if (node !== undefined && fileInMemory(path) !== node) free(node);
      return answer;
    },
  };
}
