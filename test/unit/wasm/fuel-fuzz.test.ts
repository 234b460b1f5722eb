import { expect, test } from 'vitest';
import { differential } from '../../../scripts/fuzz/fuel-differential.ts';

// `node scripts/fuzz-fuel.ts` runs any number of seeds; these are a few of each kind that it makes.
test('generated modules give the same results and the oracle’s counts', () => {
  const all = [2, 4, 5, 6, 9, 12].map(differential);
  expect(all.flatMap(({ problems }) => problems)).toEqual([]);
  expect(all.filter(({ skipped }) => skipped).length).toBeLessThan(3);
  expect(all.reduce((sum, { sameResults }) => sum + sameResults, 0)).toBeGreaterThan(50);
  expect(all.reduce((sum, { sameCounts }) => sum + sameCounts, 0)).toBeGreaterThan(20);
});
