import { checkField, checkFields, type FieldKind } from '../vocabulary/check-fields.ts';
import type { OutcomeJson } from '../vocabulary/outcome-json.ts';
import { wholeNumber } from '../vocabulary/read-options.ts';
import {
  type AskedRun,
  type FoundRun,
  foldJournal,
  type JournalEntry,
  type KeptRun,
  lineOf,
} from './journal-lines.ts';

/** What was accepted, kept outside of the process, so that a later one finds what became of it. */
export interface RunJournal {
  /** Runs and calls of earlier processes, the oldest first, and to whoever asks first only. Those that had not ended are ended as CANCELLED. */
  takeFound(): readonly FoundRun[];
  /**
   * Before a run is put into the queue.
   * @param job What tells it from all others: two runs may have one id.
   */
  asked(job: string, run: AskedRun): void;
  /** The queue did not take it. */
  refused(job: string): void;
  /** Its guest may run from now on. */
  began(job: string): void;
  /** @param weight Memory of the outcome, bytes: one over `MOST_OUTCOME_BYTES` is kept without value, output and files. */
  ended(job: string, outcome: OutcomeJson, weight: number): void;
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
  /** How long an ended run is kept by the process that ran it, ms: what that had forgotten is not found again. @default 600_000 */
  readonly keptMs?: number;
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
  keptMs: 'any',
  now: 'function',
};

/** @throws {TypeError | RangeError} on an unknown option, or one of the wrong kind or range. */
export function createRunJournal(files: JournalFiles, options: JournalOptions = {}): RunJournal {
  checkField(files, 'files', 'object!', WHERE);
  checkFields(options, FIELDS, WHERE);
  wholeNumber(options.maxRuns, `${WHERE}: maxRuns`);
  wholeNumber(options.maxFileBytes, `${WHERE}: maxFileBytes`, { unit: 'bytes' });
  wholeNumber(options.maxAgeMs, `${WHERE}: maxAgeMs`, { unit: 'ms' });
  wholeNumber(options.keptMs, `${WHERE}: keptMs`, { unit: 'ms' });
  const { maxRuns = 1_000, maxFileBytes = 8 * 1024 ** 2, maxAgeMs = 86_400_000 } = options;
  const { keptMs = 600_000, now = Date.now } = options;
  const young = foldJournal(files.lines, now(), keptMs).filter(({ endedAt }) => now() - endedAt <= maxAgeMs);
  let found: readonly KeptRun[] = newest(young, maxRuns, maxFileBytes);
  files.turn(
    found.map((run) => lineOf({ ...run, foundAt: now() })),
    0,
  );
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
    takeFound() {
      const runs = found.map(({ job: _, ...run }) => run);
      found = [];
      return runs;
    },
    asked(job, run) {
      const entry: JournalEntry = { event: 'asked', job, ...run };
      active.set(job, [entry]);
      write(entry);
    },
    refused(job) {
      active.delete(job);
      write({ event: 'refused', job });
    },
    began(job) {
      const entry: JournalEntry = { event: 'began', job };
      active.get(job)?.push(entry);
      write(entry);
    },
    ended(job, outcome, weight) {
      const asked = active.get(job)?.[0];
      active.delete(job);
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
function newest(found: readonly KeptRun[], maxRuns: number, maxBytes: number): readonly KeptRun[] {
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
