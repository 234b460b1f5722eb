import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tables } from './tables.ts';

const README = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');

test.each(Object.keys(tables))('the table of %s in README.md says what the code says', (name) => {
  expect(README).toContain(`<!-- table: ${name} -->\n${tables[name]}\n`);
});
