import { expect, test } from 'vitest';
import { jsonOf } from '../../../runtime/engines/component/host/json-text.ts';
import { mergeLimits } from '../../../runtime/vocabulary/limits.ts';

const runOf = (shares: boolean) =>
  ({
    host: shares ? { turns: {} } : {},
    mode: 'jspi',
    spec: { limits: mergeLimits([{ hostCallBytes: 1_000_000 }]) },
  }) as unknown as Parameters<typeof jsonOf>[0];

test('JSON of a guest is read up to what a host call may carry, a long one with turns for others', async () => {
  const many = (count: number): string => `[${'[],'.repeat(count)}[]]`;
  for (const shares of [true, false]) {
    const run = runOf(shares);
    expect(jsonOf(run, '{"a":[1]}')).toEqual({ a: [1] });
    expect(jsonOf(run, '{')).toBeUndefined();
    expect(jsonOf(run, many(400_000))).toBeUndefined();
    const long = jsonOf(run, many(100_000));
    expect(long instanceof Promise).toBe(shares);
    expect(await long).toHaveLength(100_001);
    expect(await jsonOf(run, `${many(100_000)}]`)).toBeUndefined();
  }
});
