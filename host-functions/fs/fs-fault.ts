import type { FsReason } from '../../runtime/contracts/operations/fs.ts';

/** Why a file operation failed, as a back end or the path walk found it. The service turns it into HOST_CALL_FAILED. */
export class FsFault extends Error {
  override readonly name = 'FsFault';
  readonly reason: FsReason;
  /** A change was asked for a name that the deny list hides: a denial, whether or not it exists. */
  readonly isHidden: boolean;

  constructor(reason: FsReason, isHidden = false) {
    super(reason);
    this.reason = reason;
    this.isHidden = isHidden;
  }
}

/** Reason → what people read in a message. */
export const REASON_TEXT: Readonly<Record<FsReason, string>> = Object.freeze({
  'not-found': 'no such file or folder',
  exists: 'it is there already',
  'not-directory': 'not a folder',
  'is-directory': 'it is a folder',
  'not-empty': 'the folder is not empty',
  'not-permitted': 'not permitted',
  'too-large': 'too large',
  'too-many-open': 'too many open files',
  'no-space': 'no space left',
  'bad-handle': 'no such handle, or not opened for this',
  invalid: 'not a valid path or argument',
  loop: 'too many symbolic links',
  'name-too-long': 'name too long',
  'cross-device': 'the two paths are in different mounts',
  unsupported: 'not supported here',
  io: 'the file system failed',
});
