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
    for (const id of ['done', 'ran', 'waited', 'refused']) first.asked(asked(id));
    first.began('done');
    first.began('ran');
    first.ended('done', outcome('done', 'hi'), 1_000);
    first.refused('refused');
    files.files[0] += '{"event":"asked","id":"torn';
    const { found } = createRunJournal(files, { now: () => 20 });
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
    expect(createRunJournal(files, { now: () => 30 }).found).toEqual(found);
  });

  test('what is found fills one file at most, however often a server starts', () => {
    const files = filesOf();
    for (let boot = 0; boot < 6; boot++) {
      const journal = createRunJournal(files, { maxFileBytes: 10_000 });
      for (let index = 0; index < 40; index++) {
        const id = `run-${boot}-${index}`;
        journal.asked(asked(id));
        journal.ended(id, outcome(id), 100);
      }
      expect(files.files.join('').length).toBeLessThan(24_000);
    }
    expect(createRunJournal(files, { maxFileBytes: 10_000 }).found.at(-1)?.id).toBe('run-5-39');
    expect(createRunJournal(files, { maxRuns: 0 }).found).toEqual([]);
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
    for (let index = 0; index < 100; index++) journal.asked(asked(`waits-${index}`));
    expect(turns).toBeLessThan(20);
  });

  test('it has two files at most, and the lines of what goes on stay in the newer one', () => {
    const files = filesOf();
    const journal = createRunJournal(files, { maxFileBytes: 10_000 });
    journal.asked(asked('long'));
    journal.began('long');
    for (let index = 0; index < 200; index++) {
      journal.asked(asked(`run-${index}`));
      journal.ended(`run-${index}`, outcome(`run-${index}`), 100);
    }
    expect(files.files).toHaveLength(2);
    expect(files.files.every(({ length }) => length < 12_000)).toBe(true);
    const { found } = createRunJournal(files);
    expect(found.at(-1)).toMatchObject({ id: 'long', outcome: { error: { details: { state: 'running' } } } });
    expect(found.at(-2)?.id).toBe('run-199');
  });

  test('old ones and those beyond the count are forgotten; a large outcome is kept without what it gave', () => {
    const files = filesOf();
    let now = 0;
    const journal = createRunJournal(files, { now: () => now });
    for (const id of ['old', 'a', 'b', 'c']) {
      journal.asked(asked(id));
      journal.ended(id, outcome(id, 'x'.repeat(40_000)), 80_000);
      now = 1_000;
    }
    const { found } = createRunJournal(files, { now: () => 1_500, maxAgeMs: 1_000, maxRuns: 2 });
    expect(found.map(({ id }) => id)).toEqual(['b', 'c']);
    expect(found[0]).toMatchObject({ shortened: true, outcome: { ok: true, stdout: '' } });
    expect(found[0]?.outcome).not.toHaveProperty('value');
  });
});
