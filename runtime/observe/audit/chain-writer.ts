import { closeSync, fsyncSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type AuditEnd, endText, nextLine } from './chain.ts';
import { fileName, HEAD, readFilesEnd, readHead } from './files.ts';
import { lockFolder } from './lock.ts';

/** Writes lines of a chain into the files of one folder. */
export interface ChainWriter {
  /**
   * Writes records, as JSON, one after the other.
   * @returns How many of them are on disk, and what stopped the rest.
   */
  append(bodies: readonly string[]): { readonly written: number; readonly error?: unknown };
  /** @throws what the disk says. */
  close(): void;
}

export interface ChainWriterOptions {
  readonly dir: string;
  /** Of one file, bytes; the line that would go over it begins the next. */
  readonly maxFileBytes: number;
  /** Writes to a file, and answers how many bytes it took. @default that of Node */
  readonly write?: (file: number, bytes: Uint8Array) => number;
}

/** @throws {Error} when the folder cannot be written to, another process writes to it, or its last line is none. */
export function openChainWriter({ dir, maxFileBytes, write = writeSync }: ChainWriterOptions): ChainWriter {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const unlock = lockFolder(dir);
  try {
    return writerIn(dir, maxFileBytes, write, unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

function writerIn(
  dir: string,
  maxFileBytes: number,
  write: (file: number, bytes: Uint8Array) => number,
  unlock: () => void,
): ChainWriter {
  const found = readFilesEnd(dir);
  const head = readHead(dir);
  // Lines that the head knows of and the files do not have were taken away: the chain goes on behind them, so that verify sees the gap.
  let end: AuditEnd = head !== undefined && head.sequence >= found.end.sequence ? head : found.end;
  let number = found.last;
  let size = found.bytes;
  // A line that was cut off stays as it is, for whoever asks what became of it.
  let file = number > 0 && found.whole ? openSync(join(dir, fileName(number)), 'a') : undefined;
  const headFile = openSync(join(dir, HEAD), head === undefined ? 'w' : 'r+', 0o600);
  const tellHead = (): void => {
    writeSync(headFile, `${endText(end).padEnd(96)}\n`, 0);
  };
  tellHead();

  const letGo = (): void => {
    if (file === undefined) return;
    const ending = file;
    file = undefined;
    try {
      fsyncSync(ending);
    } finally {
      closeSync(ending);
    }
  };
  const openNext = (): number => {
    letGo();
    const next = openSync(join(dir, fileName(number + 1)), 'ax', 0o600);
    number += 1;
    size = 0;
    file = next;
    return next;
  };
  const put = (line: string): void => {
    const bytes = Buffer.from(`${line}\n`);
    const to = file === undefined || (size > 0 && size + bytes.length > maxFileBytes) ? openNext() : file;
    try {
      for (let at = 0; at < bytes.length; ) at += write(to, bytes.subarray(at));
    } catch (error) {
      // A part of a line is no line: it is taken back, or its file is left.
      try {
        ftruncateSync(to, size);
      } catch {
        letGo();
      }
      throw error;
    }
    size += bytes.length;
  };

  return {
    append(bodies) {
      let written = 0;
      try {
        for (const body of bodies) {
          const next = nextLine(end, body);
          put(next.line);
          end = next.end;
          written += 1;
        }
        tellHead();
        return { written };
      } catch (error) {
        return { written, error };
      }
    },
    close() {
      try {
        letGo();
        tellHead();
        fsyncSync(headFile);
      } finally {
        closeSync(headFile);
        unlock();
      }
    },
  };
}
