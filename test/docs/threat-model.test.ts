import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exists, ROOT, readDocument } from './documents.ts';

const PAGE = readDocument('THREAT_MODEL.md');

/** Cells of every row of every table, without the rules below the heads. */
const ROWS = PAGE.split('\n')
  .filter((line) => line.startsWith('|') && !/^\|(?: --- \|)+$/.test(line))
  .map((line) => line.slice(2, -2).split(' | '));
const VECTORS = ROWS.filter(([id]) => /^T-/.test(id ?? ''));
const pathsIn = (cell: string | undefined): string[] =>
  [...(cell ?? '').matchAll(/`([^`]+)`/g)].map(([, path]) => path ?? '');

test('every vector has an id of its own, which stays when rows are put in, a defence, files and tests', () => {
  expect(VECTORS.length).toBeGreaterThan(60);
  const ids = VECTORS.map(([id]) => id ?? '');
  expect(ids.filter((id) => !/^T-\d{2,3}$/.test(id))).toEqual([]);
  expect(new Set(ids).size).toBe(ids.length);
  const incomplete = VECTORS.filter(
    (cells) =>
      cells.length !== 5 ||
      cells.some((cell) => cell.trim() === '') ||
      pathsIn(cells[3]).length === 0 ||
      pathsIn(cells[4]).length === 0,
  );
  expect(incomplete).toEqual([]);
});

test('every file and test of a row is there, and its tests are tests', () => {
  const paths = VECTORS.flatMap(([id, , , files, tests]) =>
    [...pathsIn(files), ...pathsIn(tests)].map((path) => [id, path] as const),
  );
  expect(paths.filter(([, path]) => !exists(path))).toEqual([]);
  const tests = VECTORS.flatMap(([, , , , cell]) => pathsIn(cell));
  expect(tests.filter((path) => !/^test\/.*\.ts$/.test(path))).toEqual([]);
});

test('no cell has more than 25 words', () => {
  const long = ROWS.flat().filter((cell) => cell.split(/\s+/).filter((word) => word !== '').length > 25);
  expect(long).toEqual([]);
});

test('every file of test/security is named by a row', () => {
  const named = new Set(VECTORS.flatMap(([, , , , cell]) => pathsIn(cell)));
  const files = readdirSync(join(ROOT, 'test/security')).filter((name) => name.endsWith('.test.ts'));
  expect(files.filter((name) => !named.has(`test/security/${name}`))).toEqual([]);
});
