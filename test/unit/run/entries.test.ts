import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const RUNTIME = join(import.meta.dirname, '../../../runtime');

/** Names in the `export { … }` lists of a source, types included. */
function exportedNames(file: string): Set<string> {
  const source = readFileSync(join(RUNTIME, file), 'utf8');
  const lists = [...source.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, list]) =>
    (list ?? '').split(','),
  );
  return new Set(lists.map((name) => name.trim().replace(/^type /, '')).filter((name) => name !== ''));
}

/** Options that only Node has. */
const OF_NODE = ['PythonPackageOptions'];

test.each(['index.browser.ts', 'index.workerd.ts'])('%s exports all that index.ts does', (entry) => {
  const names = exportedNames(entry);
  expect([...exportedNames('index.ts')].filter((name) => !names.has(name))).toEqual(OF_NODE);
});

test('index.ts exports no other values than these', async () => {
  const values = Object.keys(await import('../../../runtime/index.ts')).sort();
  expect(values).toEqual([
    'ERROR_CODES',
    'LEVELS',
    'LIMITS',
    'SandglassError',
    'createRuntime',
    'exitCodeOf',
    'toJsonForm',
    'watchGrant',
  ]);
});
