import { expect, test } from 'vitest';
import { fuzzCalls } from '../../scripts/hostile/fuzz-calls.ts';

test.each([
  ['minimal', 1000],
  ['standard', 20],
] as const)(
  'random programs of host calls at level %s keep to what a run may have under way',
  async (level, programs) => {
    const { calls, served, mostAtOnce, faults } = await fuzzCalls({ programs, seed: 20_261_129, level });
    expect(faults).toEqual([]);
    expect(served).toBeGreaterThan(calls / 10);
    expect(mostAtOnce).toBeGreaterThan(1);
    expect(mostAtOnce).toBeLessThanOrEqual(16);
  },
);
