import { describe, expect, test } from 'vitest';
import { readFrames } from '../../../runtime/platform/python/pyodide-bytecode.ts';

const frame = (path: string, bytes: readonly number[]): number[] => {
  const name = [...new TextEncoder().encode(path)];
  const word = (value: number): number[] => [value & 255, (value >> 8) & 255, 0, 0];
  return [...word(name.length), ...word(bytes.length), ...name, ...bytes];
};

describe('readFrames()', () => {
  test('gives bytecode files, and nothing that would lie elsewhere or is cut short', () => {
    const frames = Uint8Array.from([
      ...frame('a/__pycache__/b.cpython-314.pyc', [1, 2]),
      ...frame('a/b.py', [3]),
      ...frame('imports', [...new TextEncoder().encode('os re')]),
      ...frame('../__pycache__/c.pyc', [4]),
      ...frame('/__pycache__/d.pyc', [5]),
      ...frame('__pycache__/e.pyc', []),
      ...frame('__pycache__/f.pyc', [6, 7]).slice(0, -1),
    ]);
    expect(readFrames(frames)).toEqual({
      files: [
        { path: 'a/__pycache__/b.cpython-314.pyc', bytes: Uint8Array.of(1, 2), native: false },
        { path: '__pycache__/e.pyc', bytes: new Uint8Array(), native: false },
      ],
      imports: ['os', 're'],
    });
  });
});
