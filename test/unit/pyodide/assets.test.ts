import { describe, expect, test } from 'vitest';
import {
  decodeScripts,
  decodeSnapshot,
  encodeScripts,
  encodeSnapshot,
  restoreSnapshot,
  type Snapshot,
} from '../../../runtime/engines/pyodide/assets.ts';
import { openNodeRealm } from '../../../runtime/platform/python/node-realm.ts';

const snapshot: Snapshot = {
  header: new Uint8Array(),
  memoryBytes: 32,
  runs: Uint32Array.of(4, 4, 16, 4),
  data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
  hashes: Uint32Array.of(7, 8),
};
const restored = [
  ...[0, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0],
  ...[5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
];

describe('restoreSnapshot()', () => {
  test('leaves nothing of what the memory held', () => {
    const memory = new Uint8Array(32).fill(9);
    restoreSnapshot(snapshot, memory);
    expect([...memory]).toEqual(restored);
  });

  test.each([0, 2, 6, 10, 18, 24, 32])('the same where nothing is from byte %i on', (untouched) => {
    const memory = new Uint8Array(32).fill(9, 0, untouched);
    restoreSnapshot(snapshot, memory, untouched);
    expect([...memory]).toEqual(restored);
  });
});

describe('encodeSnapshot()', () => {
  test('is read back by decodeSnapshot(), which refuses a block that was cut off', () => {
    const whole: Snapshot = { ...snapshot, header: Uint8Array.of(1, 2, 3) };
    const block = encodeSnapshot(whole);
    expect(decodeSnapshot(block)).toEqual(whole);
    expect(() => decodeSnapshot(block.subarray(0, block.length - 4))).toThrow(/length/);
  });
});

describe('encodeScripts()', () => {
  const scripts = { 'boot.js': Uint8Array.of(1, 2, 3), 'pyodide.js': Uint8Array.of(4) };

  test('is read back by decodeScripts(), which refuses a block that was cut off', () => {
    const block = encodeScripts(scripts);
    const read = decodeScripts(block);
    expect(read['boot.js']).toEqual(scripts['boot.js']);
    expect(read['pyodide.js']).toEqual(scripts['pyodide.js']);
    expect(() => decodeScripts(block.subarray(0, -8))).toThrow('Cannot read compiled scripts');
  });
});

describe('openNodeRealm()', () => {
  test('runs a script by its compiled code, and by its source where the code is damaged', () => {
    const first = openNodeRealm();
    expect(first.evaluate('6 * 7', 'boot.js')).toBe(42);
    const code = first.compiled();
    expect(openNodeRealm(code).evaluate('6 * 7', 'boot.js')).toBe(42);
    expect(openNodeRealm({ 'boot.js': new Uint8Array(64) }).evaluate('6 * 7', 'boot.js')).toBe(42);
  });
});
