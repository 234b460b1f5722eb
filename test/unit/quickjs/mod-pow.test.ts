import { expect, test } from 'vitest';
import { modPow } from '../../../runtime/engines/quickjs/mod-pow-primitive.ts';
import { verifies } from '../../support/verifies.ts';

test(
  'modPow() answers the power, and bills it by the square of its modulus and by its exponent before it is done',
  verifies('XT-05'),
  () => {
    const billed: number[] = [];
    const charge = (bytes: number): void => void billed.push(bytes);
    expect(modPow('3', 'a', '11', charge)).toBe((3n ** 10n % 17n).toString(16));
    const long = `${'f'.repeat(511)}1`;
    expect(modPow('2', long, long, charge)).toMatch(/^[0-9a-f]+$/);
    const [small = 0, large = 0] = billed;
    expect(large).toBe(small * 32 * 32 * 512);
  },
);

test('modPow() takes nothing but digits, and no modulus that would hold its thread for long', () => {
  const charge = (): void => {
    throw new Error('billed');
  };
  for (const wrong of ['', '0x1', '-1', 'g', '1n'])
    for (const args of [
      [wrong, '1', '5'],
      ['1', wrong, '5'],
      ['1', '1', wrong],
    ] as [string, string, string][])
      expect(modPow(...args, charge)).toBeUndefined();
  expect(modPow('1', '1', '1', charge)).toBeUndefined();
  expect(modPow('1', '1', 'f'.repeat(1025), charge)).toBeUndefined();
  expect(modPow('1', 'f'.repeat(1025), '5', charge)).toBeUndefined();
});
