import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { verifies } from '../support/verifies.ts';

verifies('DX-07');

const DEMO = join(import.meta.dirname, '../../scripts/demo.ts');

const play = (...args: readonly string[]): { readonly status: number | null; readonly stdout: string } =>
  spawnSync(process.execPath, [DEMO, ...args], { encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } });

test('the demo plays to its end, every promise holds and every run is in the table', () => {
  const { status, stdout } = play();
  expect(stdout).not.toContain('✘');
  expect(stdout.match(/CAPABILITY_DENIED {2}Cannot /g)?.length).toBeGreaterThanOrEqual(3);
  expect(stdout).toMatch(/run +engine +outcome +fuel +ms +MiB +host calls/);
  expect(stdout).toContain('everything held');
  expect(status).toBe(0);
});

test('--section plays one section, and refuses one that is not there', () => {
  const one = play('--section', '1');
  expect(one.status).toBe(0);
  expect(one.stdout).not.toContain('attempts');
  expect(play('--section', '9').status).toBe(2);
});
