import { wasi } from '@bjorn3/browser_wasi_shim';

const all = (...rights: readonly number[]): bigint =>
  rights.reduce((sum, right) => sum | BigInt(right >>> 0), 0n);

/** What a folder descriptor can be used for. */
export const FOLDER_RIGHTS = all(
  wasi.RIGHTS_PATH_CREATE_DIRECTORY,
  wasi.RIGHTS_PATH_CREATE_FILE,
  wasi.RIGHTS_PATH_LINK_SOURCE,
  wasi.RIGHTS_PATH_LINK_TARGET,
  wasi.RIGHTS_PATH_OPEN,
  wasi.RIGHTS_FD_READDIR,
  wasi.RIGHTS_PATH_READLINK,
  wasi.RIGHTS_PATH_RENAME_SOURCE,
  wasi.RIGHTS_PATH_RENAME_TARGET,
  wasi.RIGHTS_PATH_SYMLINK,
  wasi.RIGHTS_PATH_REMOVE_DIRECTORY,
  wasi.RIGHTS_PATH_UNLINK_FILE,
  wasi.RIGHTS_PATH_FILESTAT_GET,
  wasi.RIGHTS_PATH_FILESTAT_SET_SIZE,
  wasi.RIGHTS_PATH_FILESTAT_SET_TIMES,
  wasi.RIGHTS_FD_FILESTAT_GET,
  wasi.RIGHTS_FD_FILESTAT_SET_TIMES,
  wasi.RIGHTS_FD_SYNC,
  wasi.RIGHTS_FD_DATASYNC,
  wasi.RIGHTS_FD_FDSTAT_SET_FLAGS,
);

/** What a file descriptor can be used for. */
export const FILE_RIGHTS = all(
  wasi.RIGHTS_FD_DATASYNC,
  wasi.RIGHTS_FD_READ,
  wasi.RIGHTS_FD_SEEK,
  wasi.RIGHTS_FD_FDSTAT_SET_FLAGS,
  wasi.RIGHTS_FD_SYNC,
  wasi.RIGHTS_FD_TELL,
  wasi.RIGHTS_FD_WRITE,
  wasi.RIGHTS_FD_ADVISE,
  wasi.RIGHTS_FD_ALLOCATE,
  wasi.RIGHTS_FD_FILESTAT_GET,
  wasi.RIGHTS_FD_FILESTAT_SET_SIZE,
  wasi.RIGHTS_FD_FILESTAT_SET_TIMES,
  wasi.RIGHTS_POLL_FD_READWRITE,
);

/** What a granted folder hands on. A read-only grant shows the same: its refusals come from the host, with their reason. */
export const PREOPEN_INHERITING = FOLDER_RIGHTS | FILE_RIGHTS;

/** Standard streams cannot seek. */
export const STDIN_RIGHTS = all(
  wasi.RIGHTS_FD_READ,
  wasi.RIGHTS_FD_FILESTAT_GET,
  wasi.RIGHTS_FD_FDSTAT_SET_FLAGS,
  wasi.RIGHTS_POLL_FD_READWRITE,
);

export const OUTPUT_RIGHTS = all(
  wasi.RIGHTS_FD_WRITE,
  wasi.RIGHTS_FD_DATASYNC,
  wasi.RIGHTS_FD_SYNC,
  wasi.RIGHTS_FD_FILESTAT_GET,
  wasi.RIGHTS_FD_FDSTAT_SET_FLAGS,
  wasi.RIGHTS_POLL_FD_READWRITE,
);

export const has = (rights: bigint, asked: number): boolean => (rights & BigInt(asked >>> 0)) !== 0n;
