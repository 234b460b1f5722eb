import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ALERT_RULES } from '../../runtime/observe/alert-rules.ts';
import { verifies } from '../support/verifies.ts';

const FOLDER = join(import.meta.dirname, '../../examples/prometheus');

const promtool = (...args: readonly string[]) =>
  spawnSync('promtool', args, { cwd: FOLDER, encoding: 'utf8', timeout: 120_000 });

const found = promtool('--version').error === undefined;
if (!found)
  console.warn('promtool is not installed (package prometheus of Debian): what it checks is skipped');

describe.skipIf(!found)('the rules for Prometheus', verifies('MO-06', 'MO-07'), () => {
  test('promtool takes them, and finds the rules that there are in process', () => {
    const { status, stdout, stderr } = promtool('check', 'rules', 'sandglass.rules.yml');
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout).toContain(`SUCCESS: ${ALERT_RULES.length} rules found`);
  });

  test('they fire after their time, and not before', () => {
    const { status, stdout, stderr } = promtool('test', 'rules', 'sandglass.rules.test.yml');
    expect(stdout + stderr).toContain('SUCCESS');
    expect(status).toBe(0);
  });
});
