import type { HostReply } from '../../runtime/contracts/host-function.ts';
import type { FsFile } from './backend.ts';

/** What a file holds from `offset` on, at most `length` bytes: fewer only at its end. The buffer is fresh, and the reply gives it away. */
export function readReply(
  file: FsFile,
  offset: number,
  length: number,
): HostReply & { readonly value: null } {
  const buffer = new Uint8Array(length);
  const count = file.read(buffer, offset);
  return { value: null, bytes: buffer.subarray(0, count), givesBytes: true, ingressBytes: count };
}
