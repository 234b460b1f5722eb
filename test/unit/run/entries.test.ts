import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkEntries } from '../../../scripts/check/entries.ts';
import { readSource } from '../../../scripts/check/sources.ts';
import { verifies } from '../../support/verifies.ts';

verifies('DX-04');

const RUNTIME = join(import.meta.dirname, '../../../runtime');

/** What every entry has beside the shared names: each makes a runtime, and watches a folder, on its own platform. */
const ENTRIES = ['index.ts', 'index.browser.ts', 'index.workerd.ts'];

test.each(ENTRIES)('%s exports what every entry does', (entry) => {
  const source = readFileSync(join(RUNTIME, entry), 'utf8');
  const read = readSource(`runtime/${entry}`, source);
  const shared = readSource(
    'runtime/index.shared.ts',
    readFileSync(join(RUNTIME, 'index.shared.ts'), 'utf8'),
  );
  expect(shared.exports.length).toBeGreaterThan(40);
  expect(checkEntries([read, shared], shared.path, [read.path])).toEqual([]);
  for (const own of ['createRuntime', 'watchGrant', 'GrantWatch', 'WatchOptions']) {
    expect(source).toMatch(new RegExp(`^export .*\\b${own}\\b`, 'm'));
  }
});

test('index.ts exports no other values than these', async () => {
  const values = Object.keys(await import('../../../runtime/index.ts')).sort();
  expect(values).toEqual([
    'ERROR_CODES',
    'HOST_FOLDER',
    'LEVELS',
    'LIMITS',
    'PROFILES',
    'SandglassError',
    'createRuntime',
    'createToolRegistry',
    'defineHostFunction',
    'defineTool',
    'exitCodeOf',
    'inspectUpload',
    'mergeGrants',
    'outcomeToJson',
    'queryAudit',
    'serveBrowser',
    'toJsonForm',
    'unwrap',
    'verifyAudit',
    'watchGrant',
  ]);
});
