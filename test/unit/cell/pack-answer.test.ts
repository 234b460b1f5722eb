import { expect, test } from 'vitest';
import { packAnswer } from '../../../runtime/cell/protocol.ts';
import { defined } from '../../../runtime/vocabulary/defined.ts';

const answer = (bytes: Uint8Array, ownsBytes?: boolean) =>
  ({ ok: true, value: null, bytes, ...defined({ ownsBytes }) }) as const;

test('packAnswer() moves bytes that were given away, with no copy', () => {
  const bytes = Uint8Array.of(1, 2, 3);
  const packed = packAnswer(answer(bytes, true));
  expect(packed.answer).toMatchObject({ ownsBytes: true });
  expect(packed.transfer).toEqual([bytes.buffer]);
  expect(packed.transfer[0]).toBe(bytes.buffer);
});

test.each([
  ['bytes that were not given away', Uint8Array.of(2, 3), undefined],
  ['a part of a buffer', Uint8Array.of(1, 2, 3, 4).subarray(1, 3), undefined],
  ['a part that was given away', Uint8Array.of(1, 2, 3, 4).subarray(1, 3), true],
])('packAnswer() moves one copy of %s', (_name, bytes, ownsBytes) => {
  const packed = packAnswer(answer(bytes, ownsBytes));
  expect(packed.answer).toEqual({ ok: true, value: null, bytes: Uint8Array.of(2, 3), ownsBytes: true });
  expect(packed.transfer).toHaveLength(1);
  expect(packed.transfer[0]).not.toBe(bytes.buffer);
  expect(packed.transfer[0]?.byteLength).toBe(2);
  expect([...bytes]).toEqual([2, 3]);
});

test('packAnswer() leaves an answer without bytes as it is', () => {
  const plain = { ok: true, value: 1 } as const;
  expect(packAnswer(plain)).toEqual({ answer: plain, transfer: [] });
});
