import type { RunError } from '../vocabulary/errors.ts';
import type { OutcomeJson } from '../vocabulary/outcome-json.ts';

/** A run or a call that was accepted. */
export interface AskedRun {
  readonly id: string;
  readonly tool?: string;
  readonly caller?: string;
  /** Milliseconds since the epoch. */
  readonly askedAt: number;
  /** The request that it was asked with may be sent again. */
  readonly once?: OnceOnly;
  /** The outcome that a later process tells when nothing else is known. */
  readonly neverBegan: OutcomeJson;
}

/** A request that is done once, however often it is sent. */
export interface OnceOnly {
  /** Of whoever asked, what for, and by which key: a hash of them. */
  readonly name: string;
  /** Of its body. */
  readonly digest: string;
}

/** A run of an earlier process, as it ended. */
export interface FoundRun extends Omit<AskedRun, 'neverBegan'> {
  readonly event: 'ended';
  readonly endedAt: number;
  /** When a later process has found it: from then on it is kept as if it had ended. */
  readonly foundAt?: number;
  readonly outcome: OutcomeJson;
  /** The outcome was too large: its value, output and files were not kept. */
  readonly shortened?: true;
}

/** A line of a journal. Two runs may have one id; `job` tells them apart. */
export type JournalEntry =
  | (AskedRun & { readonly event: 'asked'; readonly job: string })
  | { readonly event: 'refused'; readonly job: string }
  | { readonly event: 'began'; readonly job: string }
  | (FoundRun & { readonly job: string });

export const lineOf = (entry: JournalEntry): string => `${JSON.stringify(entry)}\n`;

/** What a run is in a journal that is begun anew. */
export type KeptRun = Extract<JournalEntry, { readonly event: 'ended' }>;

/**
 * What became of the runs of these lines, in the order of their ends; those that had not ended come last, as ended `now`.
 * A line that is torn or of another program is passed over.
 * @param keptMs How long before the latest line a run may have ended, or been found.
 */
export function foldJournal(lines: Iterable<string>, now: number, keptMs: number): readonly KeptRun[] {
  const asked = new Map<string, { readonly entry: AskedEntry; began: boolean }>();
  const ended = new Map<string, KeptRun>();
  let latest = 0;
  for (const line of lines) {
    const entry = readLine(line);
    if (entry === undefined) continue;
    if (entry.event === 'began') {
      const known = asked.get(entry.job);
      if (known !== undefined) known.began = true;
      continue;
    }
    asked.delete(entry.job);
    if (entry.event === 'refused') continue;
    latest = Math.max(latest, entry.event === 'ended' ? restsSince(entry) : entry.askedAt);
    ended.delete(entry.job);
    if (entry.event === 'ended') ended.set(entry.job, entry);
    else asked.set(entry.job, { entry, began: false });
  }
  const kept = [...ended.values()].filter((run) => latest - restsSince(run) <= keptMs);
  const lost = [...asked.values()].map(
    ({ entry: { neverBegan, ...run }, began }): KeptRun => ({
      ...run,
      event: 'ended',
      endedAt: now,
      outcome: interrupted(neverBegan, began),
    }),
  );
  return [...kept, ...lost];
}

type AskedEntry = Extract<JournalEntry, { readonly event: 'asked' }>;

const restsSince = ({ foundAt, endedAt }: FoundRun): number => foundAt ?? endedAt;

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
  let entry: Partial<Omit<FoundRun, 'event'> & AskedRun> & {
    readonly event?: unknown;
    readonly job?: unknown;
  };
  try {
    entry = Object(JSON.parse(line));
  } catch {
    return undefined; // torn when the process ended
  }
  const { job } = entry;
  if (typeof job !== 'string') return undefined;
  if (entry.event === 'began' || entry.event === 'refused') return { event: entry.event, job };
  if (typeof entry.id !== 'string' || typeof entry.askedAt !== 'number') return undefined;
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
