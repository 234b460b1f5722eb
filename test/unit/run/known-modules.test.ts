import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { nodePlatform } from '../../../runtime/platform/node.ts';
import { createKnownModules } from '../../../runtime/run/known-modules.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe.each([
  ['word by word', undefined],
  ['as Node compares', nodePlatform.sameBytes],
])('KnownModules.take() %s', (_, sameBytes) => {
  test.each([0, 1, 7, 8, 9, 64, 1001])(
    'copies %d bytes once, and knows them by their content',
    async (length) => {
      const modules = createKnownModules(sameBytes);
      const bytes = Uint8Array.from({ length }, (_, index) => index * 7);
      const taken = modules.take(bytes);
      expect(taken.bytes).toEqual(bytes);
      expect(taken.bytes.buffer).not.toBe(bytes.buffer);
      expect(await taken.hash).toBe(sha256(bytes));
      expect(modules.take(bytes)).toBe(taken);
    },
  );

  test('a change in any place is seen, wherever the array lies in its buffer', async () => {
    for (const offset of [0, 3, 8]) {
      for (const at of [0, 5, 8, 15, 16, 18]) {
        const modules = createKnownModules(sameBytes);
        const bytes = new Uint8Array(new ArrayBuffer(64), offset, 19);
        const before = modules.take(bytes);
        bytes[at] = 1;
        const after = modules.take(bytes);
        expect(after).not.toBe(before);
        expect(await after.hash).toBe(sha256(bytes));
        expect(await before.hash).toBe(sha256(new Uint8Array(19)));
      }
    }
  });
});
