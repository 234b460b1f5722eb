import { wasi } from '@bjorn3/browser_wasi_shim';
import type { FsStat } from '../../contracts/operations/fs.ts';
import type { Files, FsReply } from './files.ts';
import { milliseconds, nanoseconds } from './filestat.ts';

const KNOWN = wasi.FSTFLAGS_ATIM | wasi.FSTFLAGS_ATIM_NOW | wasi.FSTFLAGS_MTIM | wasi.FSTFLAGS_MTIM_NOW;
const BOTH_ATIM = wasi.FSTFLAGS_ATIM | wasi.FSTFLAGS_ATIM_NOW;
const BOTH_MTIM = wasi.FSTFLAGS_MTIM | wasi.FSTFLAGS_MTIM_NOW;

export interface TimedFile {
  stat(): FsReply<'fs.stat'>;
  set(times: { readonly accessedMs?: number; readonly modifiedMs?: number }): { readonly ret: number };
}

/** Sets a file's times as `fstflags` say, and has them remembered to the nanosecond. */
export function setTimes(files: Files, file: TimedFile, atim: bigint, mtim: bigint, flags: number): number {
  if ((flags & ~KNOWN) !== 0) return wasi.ERRNO_INVAL;
  if ((flags & BOTH_ATIM) === BOTH_ATIM || (flags & BOTH_MTIM) === BOTH_MTIM) return wasi.ERRNO_INVAL;
  const before = file.stat();
  if (before.value === undefined) return before.ret;
  if (flags === 0) return wasi.ERRNO_SUCCESS;
  const now = nanoseconds(files.now());
  const pick = (given: number, current: number, time: bigint): bigint | undefined =>
    (flags & given) !== 0 ? time : (flags & current) !== 0 ? now : undefined;
  const accessed = pick(wasi.FSTFLAGS_ATIM, wasi.FSTFLAGS_ATIM_NOW, atim);
  const modified = pick(wasi.FSTFLAGS_MTIM, wasi.FSTFLAGS_MTIM_NOW, mtim);
  const { ret } = file.set({
    ...(accessed === undefined ? {} : { accessedMs: milliseconds(accessed) }),
    ...(modified === undefined ? {} : { modifiedMs: milliseconds(modified) }),
  });
  if (ret !== wasi.ERRNO_SUCCESS) return ret;
  remember(files, before.value, file.stat().value, accessed, modified);
  return wasi.ERRNO_SUCCESS;
}

function remember(
  files: Files,
  before: FsStat,
  after: FsStat | undefined,
  accessed: bigint | undefined,
  modified: bigint | undefined,
): void {
  if (after === undefined) return; // gone in between: nothing to remember
  const old = files.stats.of(before);
  files.stats.remember(after, accessed ?? old.atim, modified ?? old.mtim);
}
