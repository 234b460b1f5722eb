import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tables } from './tables.ts';

const README = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');

test.each(Object.keys(tables))('the table of %s in README.md says what the code says', (name) => {
  expect(README).toContain(`<!-- table: ${name} -->\n${tables[name]}\n`);
});

test('README.md names every field of a grant', () => {
  const read = (file: string): string =>
    readFileSync(join(import.meta.dirname, '../../runtime/vocabulary', file), 'utf8');
  const source = ['grant.ts', 'grants/fs.ts', 'grants/http.ts'].map(read).join('\n');
  const interfaces = source.matchAll(/export interface (?:Grant|FsGrant|HttpGrant) \{([\s\S]*?)\n\}/g);
  const fields = [...interfaces].flatMap(([, body]) =>
    [...(body ?? '').matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, field]) => field ?? ''),
  );
  expect(fields.length).toBeGreaterThan(15);
  const grants = README.slice(README.indexOf('## Grants'), README.indexOf('## Limits'));
  expect(fields.filter((field) => !grants.includes(`\`${field}`))).toEqual([]);
});

const fieldsOf = (path: string, name: string): string[] => {
  const source = readFileSync(join(import.meta.dirname, '../../runtime', path), 'utf8');
  const body = new RegExp(`export interface ${name}[^{]*\\{([\\s\\S]*?)\\n\\}`).exec(source)?.[1] ?? '';
  return [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, field]) => field ?? '');
};

test('README.md names the options for cells, and no others', () => {
  const table = README.slice(README.indexOf('| `maxCells` |'));
  const rows = table.slice(0, table.indexOf('\n\n'));
  const named = [...rows.matchAll(/^\| `(\w+)` \|/gm)].map(([, option]) => option);
  expect(named.toSorted()).toEqual(fieldsOf('contracts/api/runtime.ts', 'CellOptions').toSorted());
});

test('README.md names the options of createRuntime, and no others', () => {
  const row = /^\| `createRuntime\(options\)` \|.*options: (.*)\|$/m.exec(README)?.[1] ?? '';
  const named = [...row.matchAll(/`(\w+)`/g)].map(([, option]) => option);
  expect(named.toSorted()).toEqual(
    [
      ...fieldsOf('contracts/api/runtime.ts', 'RuntimeOptions'),
      ...fieldsOf('index.ts', 'NodeRuntimeOptions extends RuntimeOptions'),
    ].toSorted(),
  );
});
