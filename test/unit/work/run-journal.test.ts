import { describe, expect, test } from 'vitest';
import { mergeLimits } from '../../../runtime/vocabulary/limits.ts';
import type { OutcomeJson } from '../../../runtime/vocabulary/outcome-json.ts';
import { outcomeToJson } from '../../../runtime/vocabulary/outcome-json.ts';
import { NOTHING_USED, outcomeOf } from '../../../runtime/vocabulary/outcome-of.ts';
import { createRunJournal, type JournalFiles } from '../../../runtime/work/run-journal.ts';

/** Files in memory, the oldest first. */
function filesOf(files: string[] = ['']): JournalFiles & { readonly files: string[] } {
  return {
    files,
    get lines() {
      return files.join('').split('\n');
    },
    append(line) {
      const newest = `${files.pop() ?? ''}${line}`;
      files.push(newest);
      return newest.length;
    },
    turn(lines, keep) {
      files.splice(0, files.length - keep);
      files.push(lines.join(''));
    },
  };
}

const outcome = (runId: string, stdout = ''): OutcomeJson =>
  outcomeToJson(
    outcomeOf(
      { ok: true, value: 7, valueBytes: 1 },
      {
        runId,
        level: 'standard',
        limits: mergeLimits([]),
        queuedMs: 0,
        attempts: 1,
        stdout,
        stderr: '',
        usage: NOTHING_USED,
      },
    ),
  );
const asked = (id: string) => ({ id, caller: 'alice', askedAt: 5, neverBegan: outcome(id) });

describe('a journal of runs', () => {
  test('what ended is found as it ended; what waited or ran is CANCELLED, and says which', () => {
    const files = filesOf();
    const first = createRunJournal(files, { now: () => 10 });
    for (const id of ['done', 'ran', 'waited', 'refused']) first.asked(`job-${id}`, asked(id));
    first.began('job-done');
    first.began('job-ran');
    first.ended('job-done', outcome('done', 'hi'), 1_000);
    first.refused('job-refused');
    files.files[0] += '{"event":"asked","id":"torn';
    const second = createRunJournal(files, { now: () => 20 });
    const found = second.takeFound();
    // What was taken is held by nobody here any more.
    expect(second.takeFound()).toEqual([]);
    expect(found.map(({ id, caller, endedAt }) => [id, caller, endedAt])).toEqual([
      ['done', 'alice', 10],
      ['ran', 'alice', 20],
      ['waited', 'alice', 20],
    ]);
    expect(found[0]?.outcome).toEqual(outcome('done', 'hi'));
    expect(found.slice(1).map(({ outcome: { ok, error } }) => [ok, error?.code, error?.retryable])).toEqual([
      [false, 'CANCELLED', false],
      [false, 'CANCELLED', true],
    ]);
    expect(found[1]?.outcome.error?.details).toEqual({ reason: 'server-ended', state: 'running' });
    // And once more after another end.
    expect(createRunJournal(files, { now: () => 30 }).takeFound()).toEqual(
      found.map((run) => ({ ...run, foundAt: 20 })),
    );
  });

  test('what is found fills one file at most, however often a server starts', () => {
    const files = filesOf();
    for (let boot = 0; boot < 6; boot++) {
      const journal = createRunJournal(files, { maxFileBytes: 10_000 });
      for (let index = 0; index < 40; index++) {
        const id = `run-${boot}-${index}`;
        journal.asked(id, asked(id));
        journal.ended(id, outcome(id), 100);
      }
      expect(files.files.join('').length).toBeLessThan(24_000);
    }
    expect(createRunJournal(files, { maxFileBytes: 10_000 }).takeFound().at(-1)?.id).toBe('run-5-39');
    expect(createRunJournal(files, { maxRuns: 0 }).takeFound()).toEqual([]);
  });

  test('lines of runs that go on are not written anew for each line after them', () => {
    const files = filesOf();
    let turns = 0;
    const counting = {
      ...files,
      lines: files.lines,
      turn: (lines: readonly string[], keep: number) => {
        turns += 1;
        files.turn(lines, keep);
      },
    };
    const journal = createRunJournal(counting, { maxFileBytes: 5_000 });
    for (let index = 0; index < 100; index++) journal.asked(`${index}`, asked(`waits-${index}`));
    expect(turns).toBeLessThan(20);
  });

  test('it has two files at most, and the lines of what goes on stay in the newer one', () => {
    const files = filesOf();
    const journal = createRunJournal(files, { maxFileBytes: 10_000 });
    journal.asked('long', asked('long'));
    journal.began('long');
    for (let index = 0; index < 200; index++) {
      journal.asked(`run-${index}`, asked(`run-${index}`));
      journal.ended(`run-${index}`, outcome(`run-${index}`), 100);
    }
    expect(files.files).toHaveLength(2);
    expect(files.files.every(({ length }) => length < 12_000)).toBe(true);
    const found = createRunJournal(files).takeFound();
    expect(found.at(-1)).toMatchObject({ id: 'long', outcome: { error: { details: { state: 'running' } } } });
    expect(found.at(-2)?.id).toBe('run-199');
  });

  test('old ones and those beyond the count are forgotten; a large outcome is kept without what it gave', () => {
    const files = filesOf();
    let now = 0;
    const journal = createRunJournal(files, { now: () => now });
    for (const id of ['old', 'a', 'b', 'c']) {
      journal.asked(id, asked(id));
      journal.ended(id, outcome(id, 'x'.repeat(40_000)), 80_000);
      now = 1_000;
    }
    const found = createRunJournal(files, { now: () => 1_500, maxAgeMs: 1_000, maxRuns: 2 }).takeFound();
    expect(found.map(({ id }) => id)).toEqual(['b', 'c']);
    expect(found[0]).toMatchObject({ shortened: true, outcome: { ok: true, stdout: '' } });
    expect(found[0]?.outcome).not.toHaveProperty('value');
  });

  test('two runs of one id have an end each', () => {
    const files = filesOf();
    const first = createRunJournal(files, { now: () => 10 });
    for (const job of ['job-1', 'job-2']) first.asked(job, asked('twin'));
    first.began('job-1');
    first.ended('job-2', outcome('twin'), 100);
    const found = createRunJournal(files, { now: () => 20 }).takeFound();
    expect(found.map(({ id, outcome: { ok, error } }) => [id, ok, error?.details?.state])).toEqual([
      ['twin', true, undefined],
      ['twin', false, 'running'],
    ]);
  });

  test('what its own process had forgotten is not found, however often a server starts', () => {
    const files = filesOf();
    let now = 0;
    const journal = createRunJournal(files, { now: () => now, keptMs: 100 });
    for (const [id, at] of [
      ['long-ago', 0],
      ['lately', 950],
      ['last', 1_000],
    ] as const) {
      now = at;
      journal.asked(id, { ...asked(id), askedAt: at });
      journal.ended(id, outcome(id), 100);
    }
    // The server is down for a while: that is no time in which anybody could have asked.
    now = 5_000;
    const second = createRunJournal(files, { now: () => now, keptMs: 100 });
    expect(second.takeFound().map(({ id }) => id)).toEqual(['lately', 'last']);
    now = 5_500;
    second.asked('later', { ...asked('later'), askedAt: now });
    second.ended('later', outcome('later'), 100);
    const third = createRunJournal(files, { now: () => now, keptMs: 100 });
    expect(third.takeFound().map(({ id }) => id)).toEqual(['later']);
  });
});
