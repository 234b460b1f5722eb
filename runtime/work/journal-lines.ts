import type { RunError } from '../vocabulary/errors.ts';
import type { OutcomeJson } from '../vocabulary/outcome-json.ts';

/** A run or a call that was accepted. */
export interface AskedRun {
  readonly id: string;
  readonly tool?: string;
  readonly caller?: string;
  /** Milliseconds since the epoch. */
  readonly askedAt: number;
  /** The outcome that a later process tells when nothing else is known. */
  readonly neverBegan: OutcomeJson;
}

/** A run of an earlier process, as it ended. */
export interface FoundRun extends Omit<AskedRun, 'neverBegan'> {
  readonly event: 'ended';
  readonly endedAt: number;
  readonly outcome: OutcomeJson;
  /** The outcome was too large: its value, output and files were not kept. */
  readonly shortened?: true;
}

/** A line of a journal. */
export type JournalEntry =
  | (AskedRun & { readonly event: 'asked' })
  | { readonly event: 'refused'; readonly id: string }
  | { readonly event: 'began'; readonly id: string }
  | FoundRun;

export const lineOf = (entry: JournalEntry): string => `${JSON.stringify(entry)}\n`;

/**
 * What became of the runs of these lines, in the order of their ends; those that had not ended come last, as ended `now`.
 * A line that is torn or of another program is passed over.
 */
export function foldJournal(lines: Iterable<string>, now: number): readonly FoundRun[] {
  const asked = new Map<string, { readonly run: AskedRun; began: boolean }>();
  const ended = new Map<string, FoundRun>();
  for (const line of lines) {
    const entry = readLine(line);
    if (entry === undefined) continue;
    if (entry.event === 'began') {
      const known = asked.get(entry.id);
      if (known !== undefined) known.began = true;
      continue;
    }
    asked.delete(entry.id);
    if (entry.event === 'refused') continue;
    ended.delete(entry.id); // of two of one id, the later
    if (entry.event === 'ended') ended.set(entry.id, entry);
    else asked.set(entry.id, { run: entry, began: false });
  }
  const lost = [...asked.values()].map(
    ({ run: { neverBegan, ...run }, began }): FoundRun => ({
      ...run,
      event: 'ended',
      endedAt: now,
      outcome: interrupted(neverBegan, began),
    }),
  );
  return [...ended.values(), ...lost];
}

/** The outcome of a run whose server went away. */
function interrupted(outcome: OutcomeJson, began: boolean): OutcomeJson {
  const error: RunError = {
    code: 'CANCELLED',
    message: `Cannot finish the run: the server ended while it ${began ? 'was running' : 'waited'}`,
    details: { reason: 'server-ended', state: began ? 'running' : 'queued' },
    hint: began
      ? 'What it had done by then was done: look before you send it again'
      : 'Nothing of it ran: send it again',
    retryable: !began,
  };
  return {
    ...outcome,
    ok: false,
    error,
    ...('text' in outcome ? { text: `${error.code}: ${error.message}\n${error.hint}` } : {}),
  };
}

/** The fields that the door tells; the rest is as it was written. */
function readLine(line: string): JournalEntry | undefined {
  let entry: Partial<Omit<FoundRun, 'event'> & AskedRun> & { readonly event?: unknown };
  try {
    entry = Object(JSON.parse(line));
  } catch {
    return undefined; // torn when the process ended
  }
  if (typeof entry.id !== 'string') return undefined;
  if (entry.event === 'began' || entry.event === 'refused') return { event: entry.event, id: entry.id };
  if (typeof entry.askedAt !== 'number') return undefined;
  const { event, outcome, neverBegan } = entry;
  if (event === 'asked' && isOutcome(neverBegan)) return entry as JournalEntry; // its fields were just looked at
  if (event === 'ended' && isOutcome(outcome) && typeof entry.endedAt === 'number')
    return entry as JournalEntry;
  return undefined;
}

const isOutcome = (value: unknown): value is OutcomeJson =>
  typeof value === 'object' &&
  value !== null &&
  'ok' in value &&
  'meta' in value &&
  typeof value.meta === 'object' &&
  value.meta !== null &&
  'stdout' in value &&
  typeof value.stdout === 'string' &&
  'stderr' in value &&
  typeof value.stderr === 'string';
