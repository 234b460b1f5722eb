import {
  closeSync,
  createReadStream,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
} from 'node:fs';
import { join } from 'node:path';
import { type AuditEnd, CHAIN_START, hashOf, readEnd, readLine } from './chain.ts';

/** Beside the lines: which one is the last. Without it nobody could see that lines are missing at the end. */
export const HEAD = 'audit.head';
/** The longest line that is read; those that are written stay under it. */
const MOST_LINE_BYTES = 64 * 1024;

const NAME = /^audit-(\d{8})\.jsonl$/;

export const fileName = (number: number): string => `audit-${String(number).padStart(8, '0')}.jsonl`;

const numberOf = (name: string): number => Number(NAME.exec(name)?.[1] ?? 0);

/** Files of lines in their order. */
export const auditFiles = (dir: string): readonly string[] =>
  readdirSync(dir)
    .filter((name) => NAME.test(name))
    .sort();

export function readHead(dir: string): AuditEnd | undefined {
  try {
    return readEnd(readFileSync(join(dir, HEAD), 'utf8'));
  } catch {
    return undefined; // none there: the lines tell, and verify says that it is missing
  }
}

export interface FileLine {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** `undefined` when it is longer than any line of an audit. */
  readonly bytes: Uint8Array | undefined;
  /** Whether a line feed ends it. */
  readonly whole: boolean;
}

/** All lines of all files, one at a time. */
export async function* linesOf(dir: string): AsyncGenerator<FileLine> {
  for (const file of auditFiles(dir)) {
    let line = 0;
    let parts: Buffer[] = [];
    let bytes = 0;
    const take = (whole: boolean): FileLine => {
      line += 1;
      const taken = bytes > MOST_LINE_BYTES ? undefined : Buffer.concat(parts);
      parts = [];
      bytes = 0;
      return { file, line, bytes: taken, whole };
    };
    for await (const chunk of createReadStream(join(dir, file))) {
      let from = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
        parts.push(chunk.subarray(from, end));
        bytes += end - from;
        from = end + 1;
        yield take(true);
      }
      bytes += chunk.length - from;
      // Of a line that is too long nothing more is kept.
      if (bytes <= MOST_LINE_BYTES) parts.push(chunk.subarray(from));
    }
    if (bytes > 0) yield take(false);
  }
}

/** Where the files end: the last line of the last of them that has one, and whether its file can be gone on with. */
export interface FilesEnd {
  readonly end: AuditEnd;
  /** Number of the last file; 0 when there is none. */
  readonly last: number;
  readonly bytes: number;
  /** Its last line ends with a line feed. */
  readonly whole: boolean;
}

/** @throws {Error} when the last line is not one of an audit. */
export function readFilesEnd(dir: string): FilesEnd {
  const files = auditFiles(dir);
  const last = numberOf(files.at(-1) ?? '');
  let newest: { readonly bytes: number; readonly whole: boolean } | undefined;
  for (const file of files.toReversed()) {
    const { tail, bytes } = readTail(join(dir, file));
    const stop = tail.lastIndexOf(10);
    newest ??= { bytes, whole: bytes === 0 || stop === tail.length - 1 };
    if (stop < 0) continue; // nothing whole in it
    const text = tail.subarray(tail.lastIndexOf(10, stop - 1) + 1, stop);
    const line = readLine(text.toString('utf8'));
    if (line === undefined)
      throw new Error(`the last line of ${file} is not one of an audit, so nothing can go on after it`);
    return { end: { sequence: line.sequence, hash: hashOf(text) }, last, ...newest };
  }
  return { end: CHAIN_START, last, ...(newest ?? { bytes: 0, whole: true }) };
}

function readTail(path: string): { readonly tail: Buffer; readonly bytes: number } {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const tail = Buffer.alloc(Math.min(size, 2 * MOST_LINE_BYTES));
    const count = readSync(file, tail, 0, tail.length, size - tail.length);
    return { tail: tail.subarray(0, count), bytes: size };
  } finally {
    closeSync(file);
  }
}
