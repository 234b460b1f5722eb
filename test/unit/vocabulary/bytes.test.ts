import { describe, expect, test } from 'vitest';
import { freeArrived, freeBytes, inOwnBuffer } from '../../../runtime/vocabulary/bytes.ts';

const whole = (): Uint8Array<ArrayBuffer> => Uint8Array.of(1, 2, 3, 4);
const part = (): Uint8Array<ArrayBuffer> => whole().subarray(1, 3);
const shared = (): Uint8Array => new Uint8Array(new SharedArrayBuffer(4));

describe('inOwnBuffer()', () => {
  test('keeps bytes that are all of their buffer', () => {
    const bytes = whole();
    expect(inOwnBuffer(bytes)).toBe(bytes);
  });

  test.each<[string, () => Uint8Array]>([
    ['a part of a buffer', part],
    ['shared memory', shared],
    ['a Buffer of the pool', () => Buffer.from('abcd')],
  ])('copies %s into a plain buffer that holds nothing else', (_name, make) => {
    const bytes = make();
    const own = inOwnBuffer(bytes);
    expect([...own]).toEqual([...bytes]);
    expect(own.buffer).toBeInstanceOf(ArrayBuffer);
    expect(own.buffer.byteLength).toBe(bytes.byteLength);
  });

  test('answers empty bytes for a buffer that is gone', () => {
    const bytes = whole();
    bytes.buffer.transfer();
    expect(inOwnBuffer(bytes)).toEqual(new Uint8Array());
    expect(inOwnBuffer(bytes).buffer.detached).toBe(false);
  });
});

describe('freeBytes()', () => {
  test('detaches a buffer of which it holds all, once and again', () => {
    const bytes = whole();
    freeBytes(bytes);
    freeBytes(bytes);
    expect(bytes.buffer.detached).toBe(true);
  });

  test.each([
    ['a part of a buffer', part],
    ['shared memory', shared],
  ])('leaves %s alone', (_name, make) => {
    const bytes = make();
    const before = [...bytes];
    freeBytes(bytes);
    expect([...bytes]).toEqual(before);
  });
});

test('freeArrived() frees only what nobody else holds', () => {
  const kept = whole();
  freeArrived({ bytes: kept });
  freeArrived({ bytes: kept, ownsBytes: false });
  expect(kept.byteLength).toBe(4);
  freeArrived({ bytes: kept, ownsBytes: true });
  expect(kept.byteLength).toBe(0);
});
