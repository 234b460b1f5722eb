import { beforeAll, describe, expect, test } from 'vitest';
import {
  type FrameLayout,
  lineOf,
  readFrameLayout,
  stoppedAt,
} from '../../../runtime/engines/pyodide/stopped-at.ts';
import { openPython, type PythonBench } from '../../support/pyodide-parts.ts';

const FUEL = 200_000_000;

describe('a Python guest that is stopped', () => {
  let python: PythonBench;
  beforeAll(async () => {
    python = await openPython();
  });
  const stop = async (code: string, modules: Readonly<Record<string, string>> = {}) =>
    (await python.run(code, { limits: { fuel: FUEL }, modules })).result;

  test.each([
    ['a loop', 'x = 1\n\nwhile True: x += 1\n', 3],
    ['a nested function', 'def f():\n  n = 0\n  while True: n += 1\ndef g():\n  f()\n\ng()', 3],
    ['a comprehension', 'y = 1\nz = [\n  i for i in iter(int, 1) if i\n]', 3],
    ['a generator', 'def g():\n  while True:\n    yield 1\n\nfor x in g(): pass', 5],
    ['a call into a library', 'import re\n\nre.match("(a+)+$", "a" * 60 + "b")', 3],
    ['a call into the interpreter', '1\nsum(range(10 ** 12))', 2],
    ['its last expression', 'x = 10 ** 12\n\n\nmax(range(x))', 4],
    ['a method that Python calls', 'class A:\n  def __repr__(self):\n    while True: pass\n\nrepr([A()])', 3],
    ['a loop that catches all', 'while True:\n  try:\n    while True: pass\n  except BaseException: pass', 3],
    ['many lines', `${'x = 1\n'.repeat(400)}while True: pass`, 401],
  ])('stood in %s', async (_, code, line) => {
    const { kind, ...end } = await stop(code);
    expect(kind).toBe('limit');
    expect(end).toMatchObject({ limit: 'fuel', error: { file: 'main.py' } });
    // A generator and its loop take turns: either of the two lines is true.
    const told = (end as { readonly error?: { readonly line?: number } }).error?.line;
    expect(code.startsWith('def g():\n  while') ? [2, 3, 5] : [line]).toContain(told);
  });

  test('stood in a module that was given with the run', async () => {
    const end = await stop('import helper\nhelper.go()', {
      'helper.py': '\n\ndef go():\n  while True:\n    pass',
    });
    expect(end).toMatchObject({ limit: 'fuel', error: { file: 'helper.py' } });
  });

  test.each([
    ['the name of its file', 'ctypes.c_uint32.from_address(id(f.__code__) + 80).value = 0xFFFFFFF0'],
    ['its line table', 'ctypes.c_uint32.from_address(id(f.__code__) + 92).value = 0x7FFFFFFF'],
    ['its first line', 'ctypes.c_uint32.from_address(id(f.__code__) + 44).value = 0xFFFFFFFF'],
    [
      'the length of its name',
      'ctypes.c_uint32.from_address(id(f.__code__.co_filename) + 8).value = 0xFFFFFFFF',
    ],
  ])('ends all the same when it has forged %s', async (_, forge) => {
    const end = await stop(`import ctypes\ndef f():\n  ${forge}\n  while True: pass\nf()`);
    expect(end).toMatchObject({ kind: 'limit', limit: 'fuel', fuel: FUEL });
    expect((await python.run('1 + 1')).result).toMatchObject({ kind: 'value', value: 2 });
  });
});

describe('stoppedAt()', () => {
  const layout: FrameLayout = {
    ...{ runtime: 16, interpretersHead: 0, threadsHead: 4, gilHolder: 8, nextThread: 4, currentFrame: 8 },
    ...{ previousFrame: 4, executable: 0, instruction: 8, filename: 12, lineTable: 16, firstLine: 20 },
    ...{ code: 24, bytesSize: 8, bytesData: 16, textState: 16, textLength: 8, asciiData: 20, textData: 32 },
  };
  const all = (): boolean => true;

  test('ends where frames and threads lead in circles', () => {
    for (const self of [32, 64, 128]) {
      const words = new Uint32Array(256).fill(self);
      expect(stoppedAt(new Uint8Array(words.buffer), layout, all)).toBeUndefined();
    }
  });

  test('reads nothing beyond the memory, whatever the memory holds', () => {
    let state = 1;
    const random = (): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state;
    };
    for (let round = 0; round < 300; round++) {
      const words = Uint32Array.from({ length: 512 }, () =>
        random() % 4 === 0 ? random() : (random() >>> 8) % 2048,
      );
      const place = stoppedAt(new Uint8Array(words.buffer), layout, all);
      if (place !== undefined) {
        expect(place.file.length).toBeLessThanOrEqual(1000);
        expect(Number.isSafeInteger(place.line) && place.line > 0).toBe(true);
      }
    }
    for (const size of [0, 1, 15, 17, 40]) {
      expect(stoppedAt(new Uint8Array(size).fill(255), layout, all)).toBeUndefined();
    }
  });
});

describe('readFrameLayout()', () => {
  test('takes no table but that of its version', () => {
    const memory = new Uint8Array(4096);
    memory.set(new TextEncoder().encode('xdebugpy'), 64);
    const version = (value: number): void =>
      new DataView(memory.buffer).setBigUint64(72, BigInt(value), true);
    version(0x030e_02f0);
    expect(readFrameLayout(memory, 64)).toMatchObject({ runtime: 64 });
    version(0x030f_00f0);
    expect(readFrameLayout(memory, 64)).toBeUndefined();
    expect(readFrameLayout(memory, 65)).toBeUndefined();
    expect(readFrameLayout(memory, 4000)).toBeUndefined();
    expect(readFrameLayout(memory, Number.NaN)).toBeUndefined();
  });
});

describe('lineOf()', () => {
  test('follows short, one-line, long and empty entries', () => {
    // 2 units on line 10; 1 on line 12 (one-line form, +2); 8 without a line; 1 on line 5 (no columns, −7)
    const table = Uint8Array.of(0x81, 0, 0xe0, 0, 0, 0xff, 0xe8, 0x0f);
    expect([0, 1, 2, 3, 10, 11, 12].map((unit) => lineOf(table, 10, unit))).toEqual([
      10,
      10,
      12,
      undefined,
      undefined,
      5,
      undefined,
    ]);
    expect(lineOf(new Uint8Array(), 10, 0)).toBeUndefined();
  });
});
