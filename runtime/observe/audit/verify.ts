import { checkField } from '../../vocabulary/check-fields.ts';
import { type AuditEnd, CHAIN_START, hashOf, readLine } from './chain.ts';
import { auditFiles, HEAD, linesOf, readHead } from './files.ts';

/** What is wrong with one line. */
export interface AuditBreach {
  readonly file: string;
  /** From 1; 0 for a file as a whole. */
  readonly line: number;
  readonly reason: string;
}

export interface AuditReport {
  readonly ok: boolean;
  readonly files: number;
  readonly lines: number;
  /** The last line that was read; keep it elsewhere, and give it as `head` another time. */
  readonly last: AuditEnd;
  /** In the order in which they were found; at most 100. */
  readonly breaches: readonly AuditBreach[];
}

export interface VerifyAuditOptions {
  /** A last line that was told before: it must be there still. */
  readonly head?: AuditEnd;
  /** The oldest files were taken away on purpose: the first line may be any. @default false */
  readonly partial?: boolean;
}

const MOST_BREACHES = 100;

/**
 * Reads every line of an audit, and tells which were changed, lost, put in another order or cut off.
 * A line says the hash of the one before; the file `audit.head` says that of the last.
 * @throws what the disk says, for a folder that cannot be read.
 */
export async function verifyAudit(dir: string, options: VerifyAuditOptions = {}): Promise<AuditReport> {
  checkField(dir, 'dir', 'text!', 'verify the audit');
  // Before the lines, as whoever writes does it after them.
  const head = readHead(dir);
  const known = [head, options.head].filter((end) => end !== undefined);
  const breaches: AuditBreach[] = [];
  const report = (file: string, line: number, reason: string): void => {
    if (breaches.length < MOST_BREACHES) breaches.push({ file, line, reason });
  };
  let end = CHAIN_START;
  let lines = 0;
  let at = { file: auditFiles(dir)[0] ?? HEAD, line: 0 };
  for await (const { file, line, bytes, whole } of linesOf(dir)) {
    lines += 1;
    const here = bytes === undefined ? undefined : readLine(Buffer.from(bytes).toString('utf8'));
    if (bytes === undefined || here === undefined || !whole) {
      report(file, line, whole ? 'it is not a line of an audit' : 'it is cut off');
      continue;
    }
    const isFirst = end.sequence === 0 && options.partial === true;
    if (!isFirst) tellOrder(here.sequence, end.sequence, (reason) => report(file, line, reason));
    if (!isFirst && here.sequence === end.sequence + 1 && here.previous !== end.hash)
      report(
        at.line === 0 ? file : at.file,
        at.line === 0 ? line : at.line,
        `it was changed: its hash is not the one that line ${line} of ${file} holds of it`,
      );
    end = { sequence: here.sequence, hash: hashOf(bytes) };
    at = { file, line };
    for (const { sequence, hash } of known)
      if (sequence === end.sequence && hash !== end.hash)
        report(file, line, 'it was changed: its hash is not the one that was kept of it');
  }
  if (head === undefined)
    report(HEAD, 0, 'it is missing or unreadable: nobody can tell whether lines are lost at the end');
  const most = Math.max(0, ...known.map(({ sequence }) => sequence));
  if (most > end.sequence)
    report(
      at.file,
      at.line,
      `after it ${counted(most - end.sequence)} lost: the last one was number ${most}`,
    );
  return { ok: breaches.length === 0, files: auditFiles(dir).length, lines, last: end, breaches };
}

function tellOrder(sequence: number, before: number, report: (reason: string) => void): void {
  if (sequence > before + 1)
    report(
      `before it ${counted(sequence - before - 1)} lost: it is number ${sequence}, after number ${before}`,
    );
  else if (sequence <= before)
    report(`it is in the wrong place: it is number ${sequence}, after number ${before}`);
}

const counted = (lines: number): string => (lines === 1 ? '1 line is' : `${lines} lines are`);
