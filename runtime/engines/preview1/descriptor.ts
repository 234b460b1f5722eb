import { Fd, wasi } from '@bjorn3/browser_wasi_shim';

/** Flags that a guest may set on an open descriptor. */
const FLAGS =
  wasi.FDFLAGS_APPEND | wasi.FDFLAGS_DSYNC | wasi.FDFLAGS_NONBLOCK | wasi.FDFLAGS_RSYNC | wasi.FDFLAGS_SYNC;

/** An open descriptor with the rights that the shim's own lack. Rights can only be given up. */
export abstract class Descriptor extends Fd {
  readonly filetype: number;
  rights: bigint;
  inheriting: bigint;
  flags: number;

  constructor(filetype: number, rights: bigint, inheriting: bigint, flags = 0) {
    super();
    this.filetype = filetype;
    this.rights = rights;
    this.inheriting = inheriting;
    this.flags = flags;
  }

  /** Bytes that a read would give at once; for polls. */
  readable(): bigint {
    return 0n;
  }

  /** Ends what the descriptor holds. */
  release(): void {}

  override fd_close(): number {
    this.release();
    return wasi.ERRNO_SUCCESS;
  }

  override fd_prestat_get(): { ret: number; prestat: wasi.Prestat | null } {
    return { ret: wasi.ERRNO_BADF, prestat: null };
  }

  override fd_fdstat_get(): { ret: number; fdstat: wasi.Fdstat } {
    const fdstat = new wasi.Fdstat(this.filetype, this.flags);
    fdstat.fs_rights_base = this.rights;
    fdstat.fs_rights_inherited = this.inheriting;
    return { ret: wasi.ERRNO_SUCCESS, fdstat };
  }

  override fd_fdstat_set_flags(flags: number): number {
    if ((flags & ~FLAGS) !== 0) return wasi.ERRNO_INVAL;
    this.flags = flags;
    return wasi.ERRNO_SUCCESS;
  }

  override fd_fdstat_set_rights(rights: bigint, inheriting: bigint): number {
    if ((rights & ~this.rights) !== 0n || (inheriting & ~this.inheriting) !== 0n) {
      return wasi.ERRNO_NOTCAPABLE;
    }
    this.rights = rights;
    this.inheriting = inheriting;
    return wasi.ERRNO_SUCCESS;
  }
}
