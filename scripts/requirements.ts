// Prints the rows of what the product owes with the tests that say they show them, and the rows without one. Reads the tests, runs none.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REQUIREMENTS } from '../test/requirements.ts';
import { listFiles } from './check/sources.ts';
import { findVerified } from './check/verified.ts';

const root = join(import.meta.dirname, '..');
const files = listFiles(root, ['test', 'guest-tools']).filter(
  (file) => file.endsWith('.test.ts') && !file.includes('node_modules'),
);
const shown = new Map<string, string[]>();
let tests = 0;
for (const file of files) {
  for (const { id, title } of findVerified(file, readFileSync(join(root, file), 'utf8'))) {
    const list = shown.get(id) ?? [];
    list.push(title === undefined ? file : `${file}: ${title}`);
    shown.set(id, list);
    tests += 1;
  }
}

const rows = Object.entries(REQUIREMENTS);
const without = rows.filter(([id]) => !shown.has(id));
for (const [id, text] of rows) {
  const list = shown.get(id);
  if (list === undefined) continue;
  console.log(`${id} ${text}`);
  for (const place of list) console.log(`  ${place}`);
}
console.log(`\nWithout a test: ${without.length}`);
for (const [id, text] of without) console.log(`${id} ${text}`);
console.log(`\n${rows.length} rows, ${rows.length - without.length} with a test, ${tests} ties`);
const unknown = [...shown.keys()].filter((id) => !Object.hasOwn(REQUIREMENTS, id));
for (const id of unknown) console.error(`${id}: no row has this id; ${shown.get(id)?.join(', ')}`);
process.exitCode = unknown.length === 0 ? 0 : 1;
