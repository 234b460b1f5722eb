import { expect, test } from 'vitest';
import { modPow } from '../../../runtime/engines/quickjs/mod-pow-primitive.ts';
import type { NativeSteps } from '../../../runtime/engines/quickjs/native-steps.ts';
import { verifies } from '../../support/verifies.ts';

/** What came of it, and what each step told that it costs. */
function driven<T>(steps: NativeSteps<T> | undefined): {
  readonly value: T | undefined;
  readonly costs: number[];
} {
  const costs: number[] = [];
  for (;;) {
    const step = steps?.next();
    if (step === undefined || step.done === true) return { value: step?.value, costs };
    costs.push(step.value);
  }
}
const sum = (costs: readonly number[]): number => costs.reduce((total, cost) => total + cost, 0);

test(
  'modPow() answers the power, and bills it by the square of its modulus and by its exponent before it is done',
  verifies('XT-05'),
  () => {
    const small = driven(modPow('3', 'f', '11'));
    expect(small.value).toBe((3n ** 15n % 17n).toString(16));
    expect(driven(modPow('3', '0', '11')).value).toBe('1');
    const long = `${'f'.repeat(511)}1`;
    const large = driven(modPow('2', long, long));
    expect(large.value).toMatch(/^[0-9a-f]+$/);
    expect(sum(large.costs)).toBe(sum(small.costs) * 32 * 32 * 512);
  },
);

test(
  'the longest power is many steps of a few milliseconds, each of them billed by itself',
  verifies('XT-13'),
  () => {
    const longest = 'f'.repeat(1024);
    const { costs } = driven(modPow('3', longest, longest));
    expect(costs.length).toBeGreaterThan(8);
    expect(Math.max(...costs)).toBeLessThan(sum(costs) / 8);
  },
);

test('modPow() takes nothing but digits, and no modulus that is too long', () => {
  for (const wrong of ['', '0x1', '-1', 'g', '1n'])
    for (const args of [
      [wrong, '1', '5'],
      ['1', wrong, '5'],
      ['1', '1', wrong],
    ] as [string, string, string][])
      expect(modPow(...args)).toBeUndefined();
  expect(modPow('1', '1', '1')).toBeUndefined();
  expect(modPow('1', '1', 'f'.repeat(1025))).toBeUndefined();
  expect(modPow('1', 'f'.repeat(1025), '5')).toBeUndefined();
});
