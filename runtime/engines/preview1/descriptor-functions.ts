import { type Fd, wasi } from '@bjorn3/browser_wasi_shim';
import { freeArrived } from '../../vocabulary/bytes.ts';
import type { WasiBody } from './guarded.ts';
import type { GuestMemory } from './guest-memory.ts';
import type { FileData } from './open-file.ts';
import { gather, readVectors, scatter, type Vectors } from './vectors.ts';

export interface DescriptorContext {
  readonly memory: GuestMemory;
  readonly fds: (Fd | undefined)[];
  /** What one call moves at most. */
  readonly chunkBytes: number;
  /** Bills what a call moves. */
  readonly charge: (bytes: number) => void;
}

/** Reading, writing and renumbering of open descriptors. */
export function descriptorFunctions({
  memory,
  fds,
  chunkBytes,
  charge,
}: DescriptorContext): Readonly<Record<string, WasiBody>> {
  const descriptor = (fd: number): Fd => fds[fd] as Fd; // found open by the guard
  const move = (
    transfer: (vectors: Vectors) => { ret: number; moved: number },
    pointer: number,
    count: number,
    stored: number,
  ): number => {
    const vectors = readVectors(memory, pointer, count, chunkBytes);
    if (typeof vectors === 'number') return vectors;
    charge(vectors.bytes);
    const { ret, moved } = transfer(vectors);
    if (ret === wasi.ERRNO_SUCCESS) memory.view.setUint32(stored, moved, true);
    return ret;
  };
  const read =
    (from: (size: number) => FileData) =>
    (vectors: Vectors): { ret: number; moved: number } => {
      const { ret, data, ownsBytes } = from(vectors.bytes);
      const { byteLength } = data;
      scatter(memory, vectors, data);
      freeArrived({ bytes: data, ownsBytes });
      return { ret, moved: byteLength };
    };
  const write =
    (to: (data: Uint8Array) => { ret: number; nwritten: number }) =>
    (vectors: Vectors): { ret: number; moved: number } => {
      const { ret, nwritten } = to(gather(memory, vectors));
      return { ret, moved: nwritten };
    };

  return {
    // The shim trusts each length, and makes one transfer a vector.
    fd_read: (fd: number, pointer: number, count: number, stored: number) =>
      move(
        read((size) => descriptor(fd).fd_read(size)),
        pointer,
        count,
        stored,
      ),
    fd_pread: (fd: number, pointer: number, count: number, offset: bigint, stored: number) =>
      move(
        read((size) => descriptor(fd).fd_pread(size, offset)),
        pointer,
        count,
        stored,
      ),
    fd_write: (fd: number, pointer: number, count: number, stored: number) =>
      move(
        write((data) => descriptor(fd).fd_write(data)),
        pointer,
        count,
        stored,
      ),
    fd_pwrite: (fd: number, pointer: number, count: number, offset: bigint, stored: number) =>
      move(
        write((data) => descriptor(fd).fd_pwrite(data, offset)),
        pointer,
        count,
        stored,
      ),
    // The shim closes a descriptor that is renumbered to itself.
    fd_renumber: (from: number, to: number) => {
      if (from === to) return wasi.ERRNO_SUCCESS;
      descriptor(to).fd_close();
      fds[to] = fds[from];
      fds[from] = undefined;
      return wasi.ERRNO_SUCCESS;
    },
  };
}
