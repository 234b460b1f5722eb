import { wasi } from '@bjorn3/browser_wasi_shim';
import { defined } from '../../vocabulary/defined.ts';
import { Descriptor } from './descriptor.ts';
import { setTimes } from './file-times.ts';
import type { Files } from './files.ts';

const MAX_OFFSET = BigInt(Number.MAX_SAFE_INTEGER);
const MAX_POSITION = 2n ** 63n - 1n;

/** What was read, and whether nobody else holds it. */
export interface FileData {
  readonly ret: number;
  readonly data: Uint8Array;
  readonly ownsBytes?: boolean | undefined;
}

/** An open file of a granted folder. Nothing of it is kept here but the position: each read and write goes to the host. */
export class OpenFile extends Descriptor {
  readonly #files: Files;
  readonly #handle: number;
  #at = 0n;

  constructor(files: Files, handle: number, rights: bigint, flags: number) {
    super(wasi.FILETYPE_REGULAR_FILE, rights, 0n, flags);
    this.#files = files;
    this.#handle = handle;
  }

  override release(): void {
    this.#files.call('fs.close', { handle: this.#handle });
  }

  override readable(): bigint {
    const { value } = this.#files.call('fs.fstat', { handle: this.#handle });
    const left = BigInt(value?.size ?? 0) - this.#at;
    return left > 0n ? left : 0n;
  }

  override fd_read(size: number): FileData {
    const read = this.fd_pread(size, this.#at);
    this.#at += BigInt(read.data.byteLength);
    return read;
  }

  override fd_pread(size: number, offset: bigint): FileData {
    if (offset > MAX_OFFSET || size === 0) return { ret: wasi.ERRNO_SUCCESS, data: new Uint8Array() };
    const reply = this.#files.call('fs.read', {
      handle: this.#handle,
      offset: Number(offset),
      length: Math.min(size, this.#files.chunkBytes),
    });
    // A host that answered more than it was asked for must not overrun the guest's buffer.
    const data = reply.bytes?.subarray(0, size) ?? new Uint8Array();
    return { ret: reply.ret, data, ownsBytes: reply.ownsBytes };
  }

  override fd_write(data: Uint8Array): { ret: number; nwritten: number } {
    if ((this.flags & wasi.FDFLAGS_APPEND) === 0) {
      const written = this.fd_pwrite(data, this.#at);
      this.#at += BigInt(written.nwritten);
      return written;
    }
    const written = this.#put(data, undefined);
    const end = this.#files.call('fs.fstat', { handle: this.#handle });
    if (end.value !== undefined) this.#at = BigInt(end.value.size);
    return written;
  }

  override fd_pwrite(data: Uint8Array, offset: bigint): { ret: number; nwritten: number } {
    if (offset > MAX_OFFSET) return { ret: wasi.ERRNO_FBIG, nwritten: 0 };
    return this.#put(data, Number(offset));
  }

  #put(data: Uint8Array, offset: number | undefined): { ret: number; nwritten: number } {
    const { byteLength } = data; // the data itself are given away
    const reply = this.#files.call('fs.write', { handle: this.#handle, ...defined({ offset }) }, data);
    if (reply.value === undefined) return { ret: reply.ret, nwritten: 0 };
    const synced =
      this.flags & (wasi.FDFLAGS_SYNC | wasi.FDFLAGS_DSYNC) ? this.fd_sync() : wasi.ERRNO_SUCCESS;
    return { ret: synced, nwritten: Math.min(reply.value.written, byteLength) };
  }

  override fd_seek(offset: bigint, whence: number): { ret: number; offset: bigint } {
    let from: bigint;
    if (whence === wasi.WHENCE_SET) from = 0n;
    else if (whence === wasi.WHENCE_CUR) from = this.#at;
    else if (whence === wasi.WHENCE_END) {
      const reply = this.#files.call('fs.fstat', { handle: this.#handle });
      if (reply.value === undefined) return { ret: reply.ret, offset: 0n };
      from = BigInt(reply.value.size);
    } else return { ret: wasi.ERRNO_INVAL, offset: 0n };
    const to = from + offset;
    if (to < 0n || to > MAX_POSITION) return { ret: wasi.ERRNO_INVAL, offset: 0n };
    this.#at = to;
    return { ret: wasi.ERRNO_SUCCESS, offset: to };
  }

  override fd_tell(): { ret: number; offset: bigint } {
    return { ret: wasi.ERRNO_SUCCESS, offset: this.#at };
  }

  override fd_sync(): number {
    return this.#files.call('fs.sync', { handle: this.#handle }).ret;
  }

  override fd_allocate(offset: bigint, length: bigint): number {
    if (length === 0n) return wasi.ERRNO_INVAL;
    const reply = this.#files.call('fs.fstat', { handle: this.#handle });
    if (reply.value === undefined) return reply.ret;
    const end = offset + length;
    return end > BigInt(reply.value.size) ? this.fd_filestat_set_size(end) : wasi.ERRNO_SUCCESS;
  }

  override fd_filestat_set_size(size: bigint): number {
    if (size > MAX_OFFSET) return wasi.ERRNO_FBIG;
    return this.#files.call('fs.ftruncate', { handle: this.#handle, size: Number(size) }).ret;
  }

  override fd_filestat_get(): { ret: number; filestat: wasi.Filestat | null } {
    const reply = this.#files.call('fs.fstat', { handle: this.#handle });
    return reply.value === undefined
      ? { ret: reply.ret, filestat: null }
      : { ret: wasi.ERRNO_SUCCESS, filestat: this.#files.stats.of(reply.value) };
  }

  override fd_filestat_set_times(atim: bigint, mtim: bigint, flags: number): number {
    const handle = this.#handle;
    return setTimes(
      this.#files,
      {
        stat: () => this.#files.call('fs.fstat', { handle }),
        set: (times) => this.#files.call('fs.futimes', { handle, ...times }),
      },
      atim,
      mtim,
      flags,
    );
  }
}
