import { expect, test } from 'vitest';
import { systemRandom } from '../../../runtime/cell/system-random.ts';

const hexOf = (length: number): string => {
  const bytes = new Uint8Array(length);
  systemRandom(bytes);
  return Buffer.from(bytes).toString('hex');
};

test('systemRandom() gives no bytes twice, over the end of what was drawn together too', () => {
  const given = Array.from({ length: 2000 }, () => hexOf(16));
  expect(new Set(given).size).toBe(2000);
  const together = given.join('');
  expect(together).not.toContain('00'.repeat(16)); // what was given is zeroed, and is not given again
});

test.each([0, 1, 63, 64, 65, 4096, 65_536, 150_000])(
  'systemRandom() fills %i bytes, all of them',
  (length) => {
    const seen = new Uint8Array(length);
    for (let round = 0; round < 8; round += 1) {
      const bytes = new Uint8Array(length);
      systemRandom(bytes);
      for (const [at, byte] of bytes.entries()) seen[at] = (seen[at] ?? 0) | byte;
    }
    expect(seen.every((byte) => byte !== 0)).toBe(true);
  },
);

test('systemRandom() fills a view of shared memory', () => {
  const bytes = new Uint8Array(new SharedArrayBuffer(128));
  systemRandom(bytes);
  expect(bytes.some((byte) => byte !== 0)).toBe(true);
});
