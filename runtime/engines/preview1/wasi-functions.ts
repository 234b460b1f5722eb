import { wasi } from '@bjorn3/browser_wasi_shim';

/** Module name of the imports that this engine serves. */
export const WASI_MODULE = 'wasi_snapshot_preview1';

/**
 * What must hold before a function runs. Arguments are numbered from 0; `i` is a u32, `I` a u64, `S` an s64.
 * The guard checks all of it, so that neither the shim nor our own code ever sees a pointer outside the guest's memory, a
 * descriptor that is not open or lacks a right, or a path that is not a text.
 */
export interface WasiFunction {
  readonly params: string;
  /** False for `proc_exit` alone. */
  readonly result: boolean;
  /** Argument 0 (and the others here) are open descriptors. */
  readonly fds?: readonly number[];
  /** Any of these rights lets the function pass on the descriptor in the same place of `fds`; 0n asks none. */
  readonly rights?: readonly bigint[];
  /** The descriptors must be folders. */
  readonly folders?: boolean;
  /** [pointer argument, fixed size]. */
  readonly pointers?: readonly (readonly [pointer: number, bytes: number])[];
  /** [pointer argument, length argument, size of one element]. */
  readonly buffers?: readonly (readonly [pointer: number, length: number, bytes: number])[];
  /** [pointer argument, length argument] of a path. */
  readonly paths?: readonly (readonly [pointer: number, length: number])[];
}

const right = (bits: number): bigint => BigInt.asUintN(64, BigInt(bits >>> 0));
const READ = right(wasi.RIGHTS_FD_READ);
const WRITE = right(wasi.RIGHTS_FD_WRITE);
const SEEK = right(wasi.RIGHTS_FD_SEEK);

const fd = (params: string, rights: bigint, more: Partial<WasiFunction> = {}): WasiFunction => ({
  params,
  result: true,
  fds: [0],
  rights: [rights],
  ...more,
});
const path = (params: string, rights: bigint, at: number, more: Partial<WasiFunction> = {}): WasiFunction =>
  fd(params, rights, { folders: true, paths: [[at, at + 1]], ...more });
const plain = (params: string, more: Partial<WasiFunction> = {}): WasiFunction => ({
  params,
  result: true,
  ...more,
});

/** Every function of WASI preview 1. */
export const WASI_FUNCTIONS: Readonly<Record<string, WasiFunction>> = Object.freeze({
  args_get: plain('ii'),
  args_sizes_get: plain('ii', {
    pointers: [
      [0, 4],
      [1, 4],
    ],
  }),
  environ_get: plain('ii'),
  environ_sizes_get: plain('ii', {
    pointers: [
      [0, 4],
      [1, 4],
    ],
  }),
  clock_res_get: plain('ii', { pointers: [[1, 8]] }),
  clock_time_get: plain('iIi', { pointers: [[2, 8]] }),
  fd_advise: fd('iIIi', right(wasi.RIGHTS_FD_ADVISE)),
  fd_allocate: fd('iII', right(wasi.RIGHTS_FD_ALLOCATE)),
  fd_close: fd('i', 0n),
  fd_datasync: fd('i', right(wasi.RIGHTS_FD_DATASYNC)),
  fd_fdstat_get: fd('ii', 0n, { pointers: [[1, 24]] }),
  fd_fdstat_set_flags: fd('ii', right(wasi.RIGHTS_FD_FDSTAT_SET_FLAGS)),
  fd_fdstat_set_rights: fd('iII', 0n),
  fd_filestat_get: fd('ii', right(wasi.RIGHTS_FD_FILESTAT_GET), { pointers: [[1, 64]] }),
  fd_filestat_set_size: fd('iI', right(wasi.RIGHTS_FD_FILESTAT_SET_SIZE)),
  fd_filestat_set_times: fd('iIIi', right(wasi.RIGHTS_FD_FILESTAT_SET_TIMES)),
  fd_pread: fd('iiiIi', READ, { buffers: [[1, 2, 8]], pointers: [[4, 4]] }),
  fd_prestat_get: fd('ii', 0n, { pointers: [[1, 8]] }),
  fd_prestat_dir_name: fd('iii', 0n, { buffers: [[1, 2, 1]] }),
  fd_pwrite: fd('iiiIi', WRITE, { buffers: [[1, 2, 8]], pointers: [[4, 4]] }),
  fd_read: fd('iiii', READ, { buffers: [[1, 2, 8]], pointers: [[3, 4]] }),
  fd_readdir: fd('iiiIi', right(wasi.RIGHTS_FD_READDIR), { buffers: [[1, 2, 1]], pointers: [[4, 4]] }),
  fd_renumber: plain('ii', { fds: [0, 1], rights: [0n, 0n] }),
  fd_seek: fd('iSii', SEEK | right(wasi.RIGHTS_FD_TELL), { pointers: [[3, 8]] }),
  fd_sync: fd('i', right(wasi.RIGHTS_FD_SYNC)),
  fd_tell: fd('ii', right(wasi.RIGHTS_FD_TELL) | SEEK, { pointers: [[1, 8]] }),
  fd_write: fd('iiii', WRITE, { buffers: [[1, 2, 8]], pointers: [[3, 4]] }),
  path_create_directory: path('iii', right(wasi.RIGHTS_PATH_CREATE_DIRECTORY), 1),
  path_filestat_get: path('iiiii', right(wasi.RIGHTS_PATH_FILESTAT_GET), 2, { pointers: [[4, 64]] }),
  path_filestat_set_times: path('iiiiIIi', right(wasi.RIGHTS_PATH_FILESTAT_SET_TIMES), 2),
  path_link: plain('iiiiiii', {
    fds: [0, 4],
    rights: [right(wasi.RIGHTS_PATH_LINK_SOURCE), right(wasi.RIGHTS_PATH_LINK_TARGET)],
    folders: true,
    paths: [
      [2, 3],
      [5, 6],
    ],
  }),
  path_open: path('iiiiiIIii', right(wasi.RIGHTS_PATH_OPEN), 2, { pointers: [[8, 4]] }),
  path_readlink: path('iiiiii', right(wasi.RIGHTS_PATH_READLINK), 1, {
    buffers: [[3, 4, 1]],
    pointers: [[5, 4]],
  }),
  path_remove_directory: path('iii', right(wasi.RIGHTS_PATH_REMOVE_DIRECTORY), 1),
  path_rename: plain('iiiiii', {
    fds: [0, 3],
    rights: [right(wasi.RIGHTS_PATH_RENAME_SOURCE), right(wasi.RIGHTS_PATH_RENAME_TARGET)],
    folders: true,
    paths: [
      [1, 2],
      [4, 5],
    ],
  }),
  path_symlink: plain('iiiii', {
    fds: [2],
    rights: [right(wasi.RIGHTS_PATH_SYMLINK)],
    folders: true,
    paths: [
      [0, 1],
      [3, 4],
    ],
  }),
  path_unlink_file: path('iii', right(wasi.RIGHTS_PATH_UNLINK_FILE), 1),
  poll_oneoff: plain('iiii', {
    buffers: [
      [0, 2, 48],
      [1, 2, 32],
    ],
    pointers: [[3, 4]],
  }),
  proc_exit: { params: 'i', result: false },
  proc_raise: plain('i'),
  random_get: plain('ii', { buffers: [[0, 1, 1]] }),
  sched_yield: plain(''),
  sock_accept: fd('iii', 0n, { pointers: [[2, 4]] }),
  sock_recv: fd('iiiiii', 0n, {
    pointers: [
      [4, 4],
      [5, 2],
    ],
  }),
  sock_send: fd('iiiii', 0n, { pointers: [[4, 4]] }),
  sock_shutdown: fd('ii', 0n),
});

export const isWasiFunction = (name: string): boolean => Object.hasOwn(WASI_FUNCTIONS, name);
