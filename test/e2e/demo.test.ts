import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { verifies } from '../support/verifies.ts';

verifies('DX-07');

const DEMO = join(import.meta.dirname, '../../scripts/demo.ts');

const play = (...args: readonly string[]): { readonly status: number | null; readonly stdout: string } =>
  spawnSync(process.execPath, [DEMO, ...args], { encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } });

/** Names and outcomes of the lines of a table of calls that has figures in each other column, sorted. */
const calls = (text: string): readonly string[] =>
  [...text.matchAll(/^ +(the run|[a-z_]+) +(ok|[A-Z_]+) +[\d,]+ +[\d.]+ +[\d,]+$/gm)]
    .map(([, name, outcome]) => `${name} ${outcome}`)
    .toSorted();

test('the demo plays to its end, every promise holds and every run is in the table', () => {
  const { status, stdout } = play();
  expect(stdout).not.toContain('✘');
  expect(stdout.match(/CAPABILITY_DENIED {2}Cannot /g)?.length).toBeGreaterThanOrEqual(3);
  expect(stdout).toMatch(/run +engine +outcome +fuel +ms +MiB +host calls/);
  // Code mode: the first program is refused by a tool, the second calls six and answers; each call is told, and the run after them.
  const [, first = '', second = ''] = stdout.split(/^ +call +outcome +fuel +ms +bytes$/m);
  expect(calls(first)).toEqual(['csv_query GUEST_THREW', 'read_file ok', 'the run GUEST_THREW']);
  expect(calls(second)).toEqual([
    'csv_query ok',
    ...Array.from({ length: 4 }, () => 'data_analyzer ok'),
    'read_file ok',
    'the run ok',
  ]);
  expect(stdout).toMatch(/GUEST_THREW {2}.*there is no column "rain"; there are: date, precipitation,/);
  expect(stdout).toContain('everything held');
  expect(status).toBe(0);
});

test('--section plays one section, and refuses one that is not there', () => {
  const one = play('--section', '1');
  expect(one.status).toBe(0);
  expect(one.stdout).not.toContain('attempts');
  expect(play('--section', '9').status).toBe(2);
});
