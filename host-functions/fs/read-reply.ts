import type { HostReply } from '../../runtime/contracts/host-function.ts';
import type { FsFile } from './backend.ts';
import type { Steps } from './in-turns.ts';

type ReadReply = HostReply & { readonly value: null };

/** Bytes that are read or written in this thread: a disk has them in some milliseconds. */
const AT_ONCE_BYTES = 256 * 1024;

/** What a file holds from `offset` on, at most `length` bytes: fewer only at its end. The buffer is fresh, and the reply gives it away. */
export function* readReply(file: FsFile, offset: number, length: number, canWait: boolean): Steps<ReadReply> {
  const buffer = new Uint8Array(length);
  let count = 0;
  if (canWait && length > AT_ONCE_BYTES && file.later !== undefined) {
    yield file.later.read(buffer, offset).then((read) => {
      count = read;
    });
  } else count = file.read(buffer, offset);
  return { value: null, bytes: buffer.subarray(0, count), givesBytes: true, ingressBytes: count };
}

/** Writes all of `bytes`, off this thread where that may take long. */
export function* writeBytes(
  file: FsFile,
  bytes: Uint8Array,
  offset: number,
  canWait: boolean,
): Steps<undefined> {
  if (canWait && bytes.length > AT_ONCE_BYTES && file.later !== undefined)
    yield file.later.write(bytes, offset);
  else file.write(bytes, offset);
  return undefined;
}

/** @returns Whether it was synced; where it was not, whoever may not wait does it. */
export function* syncLater(file: FsFile, canWait: boolean): Steps<boolean> {
  if (!canWait || file.later === undefined) return false;
  yield file.later.sync();
  return true;
}
