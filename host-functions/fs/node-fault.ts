import type { FsReason } from '../../runtime/contracts/operations/fs.ts';
import { FsFault } from './fs-fault.ts';

const REASONS: Readonly<Record<string, FsReason>> = {
  ENOENT: 'not-found',
  EEXIST: 'exists',
  ENOTDIR: 'not-directory',
  EISDIR: 'is-directory',
  ENOTEMPTY: 'not-empty',
  EACCES: 'not-permitted',
  EPERM: 'not-permitted',
  EROFS: 'not-permitted',
  EBUSY: 'not-permitted',
  ETXTBSY: 'not-permitted',
  EFBIG: 'too-large',
  EMFILE: 'too-many-open',
  ENFILE: 'too-many-open',
  ENOSPC: 'no-space',
  EDQUOT: 'no-space',
  EBADF: 'bad-handle',
  EINVAL: 'invalid',
  ELOOP: 'loop',
  EMLINK: 'loop',
  ENAMETOOLONG: 'name-too-long',
  EXDEV: 'cross-device',
  ENOSYS: 'unsupported',
  ENOTSUP: 'unsupported',
  EOPNOTSUPP: 'unsupported',
  // What opening a pipe nobody reads, a socket or a gone device answers: none of these exist for a guest.
  ENXIO: 'not-found',
  ENODEV: 'not-found',
  ERR_ACCESS_DENIED: 'not-permitted',
};

/** Runs one call of `node:fs`; its error, which names host paths, becomes a reason. */
export function attempt<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw faultOf(error);
  }
}

/** The same for calls that answer later. */
export async function attemptLater<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw faultOf(error);
  }
}

const faultOf = (error: unknown): FsFault =>
  error instanceof FsFault ? error : new FsFault(REASONS[codeOf(error)] ?? 'io');

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
