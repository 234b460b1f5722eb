import { checkField, checkFields, type FieldKind } from '../vocabulary/check-fields.ts';
import type { OutcomeJson } from '../vocabulary/outcome-json.ts';
import { wholeNumber } from '../vocabulary/read-options.ts';
import { type AskedRun, type FoundRun, foldJournal, type JournalEntry, lineOf } from './journal-lines.ts';

/** What was accepted, kept outside of the process, so that a later one finds what became of it. */
export interface RunJournal {
  /** Runs and calls of earlier processes, the oldest first. Those that had not ended are ended as CANCELLED. */
  readonly found: readonly FoundRun[];
  /** Before a run is put into the queue. */
  asked(run: AskedRun): void;
  /** The queue did not take it. */
  refused(id: string): void;
  /** Its guest may run from now on. */
  began(id: string): void;
  /** @param weight Memory of the outcome, bytes: one over `MOST_OUTCOME_BYTES` is kept without value, output and files. */
  ended(id: string, outcome: OutcomeJson, weight: number): void;
}

/** Files of lines, the newest of which grows. */
export interface JournalFiles {
  /** Of all files, in their order. */
  readonly lines: Iterable<string>;
  /** Puts a line on disk before it returns. What fails is told elsewhere. Answers the bytes of the newest file. */
  append(line: string): number;
  /** Begins a file with these lines. Of the files before it, only the newest `keep` stay. */
  turn(lines: readonly string[], keep: number): void;
}

export interface JournalOptions {
  /** Found runs. @default 1_000 */
  readonly maxRuns?: number;
  /** One file; there are two of them at most, and lines of runs that go on. @default 8 MiB */
  readonly maxFileBytes?: number;
  /** How long before now a run may have ended to be found, ms. @default 86_400_000 */
  readonly maxAgeMs?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Of an outcome that is kept whole. */
const MOST_OUTCOME_BYTES = 64 * 1024;

const WHERE = 'keep a journal of runs';
const FIELDS: Readonly<Record<keyof JournalOptions, FieldKind>> = {
  maxRuns: 'any',
  maxFileBytes: 'any',
  maxAgeMs: 'any',
  now: 'function',
};

/** @throws {TypeError | RangeError} on an unknown option, or one of the wrong kind or range. */
export function createRunJournal(files: JournalFiles, options: JournalOptions = {}): RunJournal {
  checkField(files, 'files', 'object!', WHERE);
  checkFields(options, FIELDS, WHERE);
  wholeNumber(options.maxRuns, `${WHERE}: maxRuns`);
  wholeNumber(options.maxFileBytes, `${WHERE}: maxFileBytes`, { unit: 'bytes' });
  wholeNumber(options.maxAgeMs, `${WHERE}: maxAgeMs`, { unit: 'ms' });
  const { maxRuns = 1_000, maxFileBytes = 8 * 1024 ** 2, maxAgeMs = 86_400_000, now = Date.now } = options;
  const young = foldJournal(files.lines, now()).filter(({ endedAt }) => now() - endedAt <= maxAgeMs);
  const found = newest(young, maxRuns, maxFileBytes);
  files.turn(found.map(lineOf), 0);
  /** The lines of runs that go on: a new file begins with them. */
  const active = new Map<string, JournalEntry[]>();
  /** A file that begins with much is not begun anew at once. */
  let most = maxFileBytes;
  const write = (entry: JournalEntry): void => {
    if (files.append(lineOf(entry)) <= most) return;
    const lines = [...active.values()].flat().map(lineOf);
    files.turn(lines, 1);
    most = maxFileBytes + sizeOf(lines);
  };
  return {
    found,
    asked(run) {
      const entry: JournalEntry = { event: 'asked', ...run };
      active.set(run.id, [entry]);
      write(entry);
    },
    refused(id) {
      active.delete(id);
      write({ event: 'refused', id });
    },
    began(id) {
      const entry: JournalEntry = { event: 'began', id };
      active.get(id)?.push(entry);
      write(entry);
    },
    ended(id, outcome, weight) {
      const asked = active.get(id)?.[0];
      active.delete(id);
      if (asked?.event !== 'asked') return;
      const { neverBegan: _, event: __, ...run } = asked;
      const end = { event: 'ended', ...run, endedAt: now() } as const;
      // A text of control characters is six times as long as JSON.
      const whole: JournalEntry = { ...end, outcome };
      const small = weight <= MOST_OUTCOME_BYTES && lineOf(whole).length <= 2 * MOST_OUTCOME_BYTES;
      write(small ? whole : { ...end, outcome: shorten(outcome), shortened: true });
    },
  };
}

const sizeOf = (lines: readonly string[]): number => lines.reduce((sum, { length }) => sum + length, 0);

/** As many of the last as one file holds. */
function newest(found: readonly FoundRun[], maxRuns: number, maxBytes: number): readonly FoundRun[] {
  let bytes = 0;
  const first = found.findLastIndex((run) => {
    bytes += lineOf(run).length;
    return bytes > maxBytes;
  });
  return found.slice(Math.max(first + 1, found.length - maxRuns));
}

const NOT_KEPT =
  'The server was restarted and did not keep this large result; call the tool again where that does no harm';

/** How it ended, without what it gave. */
function shorten({ value: _, files: __, meta, error, ...outcome }: OutcomeJson): OutcomeJson {
  const { calls: ___, observed: ____, trace: _____, ...facts } = meta;
  return {
    ...outcome,
    ...('text' in outcome
      ? { text: error === undefined ? NOT_KEPT : `${error.code}: ${error.message.slice(0, 1_000)}` }
      : {}),
    stdout: '',
    stderr: '',
    ...(error === undefined
      ? {}
      : { error: { ...error, message: error.message.slice(0, 1_000), details: {} } }),
    meta: facts,
  };
}
