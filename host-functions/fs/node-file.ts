import {
  closeSync,
  fstatSync,
  fsync,
  fsyncSync,
  ftruncateSync,
  futimesSync,
  read,
  readSync,
  write,
  writeSync,
} from 'node:fs';
import { promisify } from 'node:util';
import type { FsFile, NodeStat, NodeTimes, SlowFile } from './backend.ts';
import { FsFault } from './fs-fault.ts';
import { attempt, attemptLater } from './node-fault.ts';
import { toNodeStat } from './node-stat.ts';
import { toNodeTime } from './node-time.ts';

/** One open regular file of the host. */
export class NodeFile implements FsFile {
  readonly #fd: number;
  readonly #append: boolean;
  readonly later: SlowFile;

  constructor(fd: number, append: boolean) {
    this.#fd = fd;
    this.#append = append;
    this.later = slowFile(fd, append);
  }

  stat(): NodeStat {
    const stat = toNodeStat(attempt(() => fstatSync(this.#fd, { bigint: true })));
    if (stat === undefined) throw new FsFault('io');
    return stat;
  }

  read(into: Uint8Array, offset: number): number {
    let filled = 0;
    while (filled < into.length) {
      const count = attempt(() => readSync(this.#fd, into, filled, into.length - filled, offset + filled));
      if (count === 0) break;
      filled += count;
    }
    return filled;
  }

  write(bytes: Uint8Array, offset: number): void {
    attempt(() => writeAll(this.#fd, bytes, this.#append ? null : offset));
  }

  truncate(size: number): void {
    attempt(() => ftruncateSync(this.#fd, size));
  }

  setTimes(times: NodeTimes): void {
    attempt(() => futimesSync(this.#fd, toNodeTime(times.accessedMs), toNodeTime(times.modifiedMs)));
  }

  sync(): void {
    attempt(() => fsyncSync(this.#fd));
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** `offset` `null`: where the descriptor stands, which for one opened to append is the end of the file. */
export function writeAll(fd: number, bytes: Uint8Array, offset: number | null): void {
  let written = 0;
  while (written < bytes.length) {
    const at = offset === null ? null : offset + written;
    written += writeSync(fd, bytes, written, bytes.length - written, at);
  }
}

const [readPart, writePart, syncAll] = [promisify(read), promisify(write), promisify(fsync)];

const slowFile = (fd: number, append: boolean): SlowFile => ({
  read: (into, offset) =>
    attemptLater(async () => {
      let filled = 0;
      while (filled < into.length) {
        const { bytesRead } = await readPart(fd, into, filled, into.length - filled, offset + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return filled;
    }),
  write: (bytes, offset) =>
    attemptLater(async () => {
      let written = 0;
      while (written < bytes.length) {
        const at = append ? null : offset + written;
        written += (await writePart(fd, bytes, written, bytes.length - written, at)).bytesWritten;
      }
    }),
  sync: () => attemptLater(() => syncAll(fd)),
});
