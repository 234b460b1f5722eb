import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PYTHON_PROGRAMS, pythonPrograms } from '../../../scripts/check/python-programs.ts';

test('the Python that tools run is that of the .py files', () => {
  const root = join(import.meta.dirname, '../../..');
  expect(readFileSync(join(root, PYTHON_PROGRAMS), 'utf8')).toBe(pythonPrograms(root));
});
