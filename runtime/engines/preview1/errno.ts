import { wasi } from '@bjorn3/browser_wasi_shim';
import type { Refusal } from '../../contracts/engine.ts';
import type { FsReason } from '../../contracts/operations/fs.ts';

const REASONS: Readonly<Record<FsReason, number>> = Object.freeze({
  'not-found': wasi.ERRNO_NOENT,
  exists: wasi.ERRNO_EXIST,
  'not-directory': wasi.ERRNO_NOTDIR,
  'is-directory': wasi.ERRNO_ISDIR,
  'not-empty': wasi.ERRNO_NOTEMPTY,
  'not-permitted': wasi.ERRNO_PERM,
  'too-large': wasi.ERRNO_FBIG,
  'too-many-open': wasi.ERRNO_MFILE,
  'no-space': wasi.ERRNO_NOSPC,
  'bad-handle': wasi.ERRNO_BADF,
  invalid: wasi.ERRNO_INVAL,
  loop: wasi.ERRNO_LOOP,
  'name-too-long': wasi.ERRNO_NAMETOOLONG,
  'cross-device': wasi.ERRNO_XDEV,
  unsupported: wasi.ERRNO_NOTSUP,
  io: wasi.ERRNO_IO,
});

const isFsReason = (value: unknown): value is FsReason =>
  typeof value === 'string' && Object.hasOwn(REASONS, value);

/** The errno by which a guest learns of a refusal. The outcome tells the refusal itself. */
export function errnoOf({ code, details }: Refusal): number {
  switch (code) {
    case 'CAPABILITY_DENIED':
      return wasi.ERRNO_NOTCAPABLE;
    case 'HOST_CALLS_EXCEEDED':
      return wasi.ERRNO_DQUOT;
    case 'INPUT_INVALID':
      return wasi.ERRNO_INVAL;
    default: {
      const reason = details?.reason;
      return isFsReason(reason) ? REASONS[reason] : wasi.ERRNO_IO;
    }
  }
}
