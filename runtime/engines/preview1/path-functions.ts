import { type Fd, wasi } from '@bjorn3/browser_wasi_shim';
import type { WasiBody } from './guarded.ts';
import type { GuestMemory } from './guest-memory.ts';
import type { OpenFolder } from './open-folder.ts';

/** Descriptors open at once, standard streams and preopens included. */
const MAX_DESCRIPTORS = 1024;
const FOLLOW = 1;

const encoder = new TextEncoder();
const pathText = new TextDecoder('utf-8', { ignoreBOM: true });

/** Opening, linking and renaming below open folders. */
export function pathFunctions(
  memory: GuestMemory,
  fds: (Fd | undefined)[],
): Readonly<Record<string, WasiBody>> {
  const path = (pointer: number, length: number): string =>
    pathText.decode(memory.bytes.subarray(pointer, pointer + length));
  // The guard has found a folder behind each descriptor that a path function is given.
  const folder = (fd: number): OpenFolder => fds[fd] as OpenFolder;
  return {
    // The shim never gives a number twice.
    path_open: (
      fd: number,
      lookup: number,
      pointer: number,
      length: number,
      oflags: number,
      rights: bigint,
      inheriting: bigint,
      fdflags: number,
      stored: number,
    ) => {
      const free = fds.indexOf(undefined);
      const number = free === -1 ? fds.length : free;
      if (number >= MAX_DESCRIPTORS) return wasi.ERRNO_MFILE;
      const { ret, descriptor: opened } = folder(fd).openAt({
        path: path(pointer, length),
        follow: (lookup & FOLLOW) !== 0,
        oflags,
        rights,
        inheriting,
        fdflags,
      });
      if (opened === undefined) return ret;
      fds[number] = opened;
      memory.view.setUint32(stored, number, true);
      return wasi.ERRNO_SUCCESS;
    },
    // The shim refuses a buffer shorter than the target.
    path_readlink: (
      fd: number,
      pointer: number,
      length: number,
      buffer: number,
      size: number,
      stored: number,
    ) => {
      const { ret, target } = folder(fd).readlink(path(pointer, length));
      if (target === undefined) return ret;
      const bytes = encoder.encode(target).subarray(0, size);
      memory.bytes.set(bytes, buffer);
      memory.view.setUint32(stored, bytes.byteLength, true);
      return wasi.ERRNO_SUCCESS;
    },
    // The shim links and renames objects in memory, and knows no symlinks.
    path_symlink: (target: number, targetLength: number, fd: number, pointer: number, length: number) =>
      folder(fd).symlink(path(target, targetLength), path(pointer, length)),
    path_link: (
      fd: number,
      lookup: number,
      pointer: number,
      length: number,
      toFd: number,
      to: number,
      toLength: number,
    ) =>
      (lookup & FOLLOW) !== 0
        ? wasi.ERRNO_INVAL
        : folder(fd).move('fs.link', path(pointer, length), folder(toFd), path(to, toLength)),
    path_rename: (fd: number, pointer: number, length: number, toFd: number, to: number, toLength: number) =>
      folder(fd).move('fs.rename', path(pointer, length), folder(toFd), path(to, toLength)),
  };
}
