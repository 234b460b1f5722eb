import { wasi } from '@bjorn3/browser_wasi_shim';
import type { FsStat } from '../../contracts/operations/fs.ts';

/** The shim writes its three times at wrong offsets (38, 46, 52); the layout has them at 40, 48, 56. */
export class Filestat extends wasi.Filestat {
  override write_bytes(view: DataView, pointer: number): void {
    view.setBigUint64(pointer, this.dev, true);
    view.setBigUint64(pointer + 8, this.ino, true);
    view.setBigUint64(pointer + 16, 0n, true);
    view.setUint8(pointer + 16, this.filetype);
    view.setBigUint64(pointer + 24, this.nlink, true);
    view.setBigUint64(pointer + 32, this.size, true);
    view.setBigUint64(pointer + 40, this.atim, true);
    view.setBigUint64(pointer + 48, this.mtim, true);
    view.setBigUint64(pointer + 56, this.ctim, true);
  }
}

export const filetypeOf = (type: FsStat['type']): number =>
  type === 'file'
    ? wasi.FILETYPE_REGULAR_FILE
    : type === 'directory'
      ? wasi.FILETYPE_DIRECTORY
      : wasi.FILETYPE_SYMBOLIC_LINK;

/** Milliseconds with fractions as whole nanoseconds. WASI counts them from the epoch without a sign: what was before is the epoch. */
export function nanoseconds(ms: number): bigint {
  if (!(ms > 0)) return 0n;
  const whole = Math.floor(ms);
  return BigInt(whole) * 1_000_000n + BigInt(Math.round((ms - whole) * 1e6));
}

export const milliseconds = (ns: bigint): number => Number(ns / 1_000_000n) + Number(ns % 1_000_000n) / 1e6;

/** A decimal number of the host; what is not a number becomes 0. */
export const decimal = (text: string): bigint =>
  /^\d{1,20}$/.test(text) ? BigInt.asUintN(64, BigInt(text)) : 0n;

interface ExactTimes {
  readonly seen: FsStat;
  readonly accessed: bigint;
  readonly modified: bigint;
}

/** Files whose exact times are remembered at once. */
const REMEMBERED = 1024;

/**
 * Turns what the host tells of a file into what a guest sees. Hosts keep times in milliseconds that a double can hold, guests in
 * nanoseconds: a time that this run has set is answered to the nanosecond for as long as the host's own has not moved since.
 */
export class Filestats {
  readonly #exact = new Map<string, ExactTimes>();

  of(stat: FsStat): Filestat {
    const filestat = new Filestat(decimal(stat.inode), filetypeOf(stat.type), BigInt(stat.size));
    filestat.dev = decimal(stat.device);
    filestat.nlink = BigInt(stat.links);
    const exact = this.#exact.get(key(stat));
    filestat.atim =
      exact?.seen.accessedMs === stat.accessedMs ? exact.accessed : nanoseconds(stat.accessedMs);
    filestat.mtim =
      exact?.seen.modifiedMs === stat.modifiedMs ? exact.modified : nanoseconds(stat.modifiedMs);
    filestat.ctim = nanoseconds(stat.changedMs);
    return filestat;
  }

  /** Remembers the times just set: `seen` is what the host tells of the file after it. */
  remember(seen: FsStat, accessed: bigint, modified: bigint): void {
    if (this.#exact.size >= REMEMBERED) this.#exact.clear();
    this.#exact.set(key(seen), { seen, accessed, modified });
  }
}

const key = ({ device, inode }: FsStat): string => `${device}:${inode}`;
