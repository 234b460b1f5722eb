import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { mergeLimits } from '../../../runtime/vocabulary/limits.ts';
import { openPython, type PythonBench, type PythonRun } from '../../support/pyodide-parts.ts';
import { type FsHost, openFsHost } from '../../support/python-fs-host.ts';

/** What CPython does between a program's last line and the end of its process. */
describe('the end of a Python program', () => {
  let python: PythonBench;
  let folder: string;
  let hosts: FsHost[] = [];

  beforeAll(async () => {
    python = await openPython();
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sandglass-python-end-'));
    mkdirSync(join(folder, 'work'));
  });
  afterEach(async () => {
    await Promise.all(hosts.map((host) => host.close()));
    hosts = [];
    rmSync(folder, { recursive: true, force: true });
  });
  const run = async (code: string): Promise<PythonRun> => {
    const host = await openFsHost([
      { host: join(folder, 'work'), guest: '/desk', access: ['read', 'write'], maxFileBytes: 1000 },
    ]);
    hosts.push(host);
    return python.run(code, {
      host: { operations: host.operations },
      spec: { mounts: host.mounts, cwd: '/desk' },
    });
  };
  const written = (name: string): string => readFileSync(join(folder, 'work', name), 'utf8');

  test.each([
    ['the last line', ''],
    ['sys.exit()', 'import sys\nsys.exit(0)'],
    ['an uncaught error', 'raise ValueError'],
  ])('what was written to a file that nobody closed is there after %s', async (_name, ending) => {
    const code = `
import csv
a = open('a.txt', 'w'); a.write('one')
rows = csv.writer(open('b.csv', 'w')); rows.writerow([1, 2])
class Cycle:
    def __init__(self):
        self.file, self.me = open('c.txt', 'w'), self
        self.file.write('three')
Cycle()
def f():
    global d
    d = open('d.bin', 'ab'); d.write(b'four')
f()
${ending}`;
    await run(code);
    expect([written('a.txt'), written('b.csv'), written('c.txt'), written('d.bin')]).toEqual([
      'one',
      '1,2\r\n',
      'three',
      'four',
    ]);
  });

  test('an archive that nobody closed gets its end', async () => {
    await run("import zipfile\nz = zipfile.ZipFile('a.zip', 'w')\nz.writestr('x.txt', 'x')");
    expect(written('a.zip')).toContain('PK\u0005\u0006');
  });

  test('what no longer fits is told on stderr', async () => {
    const { result, host } = await run(
      "class A: pass\na = A(); a.a = a\na.f = open('a.txt', 'w')\nx = a.f.write('x' * 1001)",
    );
    expect(result).toMatchObject({ kind: 'value' });
    expect(host.stderr()).toContain("Exception ignored while closing file 'a.txt': OSError: ");
    expect(written('a.txt')).toBe('');
  });

  test('atexit runs after an uncaught error, and finalizers after that', async () => {
    const code = `import atexit
class Last:
    def __del__(self): print('del')
last = Last()
atexit.register(print, 'atexit')
print('run')
1 / 0`;
    const { result, host } = await run(code);
    expect(result).toMatchObject({ kind: 'threw', error: { name: 'ZeroDivisionError', line: 7 } });
    expect(host.stdout()).toBe('run\natexit\ndel\n');
  });

  test('a finalizer that fails changes nothing', async () => {
    const code = 'class A:\n  def __del__(self): raise KeyboardInterrupt\na = A()\n_b = A()\n7';
    expect((await run(code)).result).toMatchObject({ kind: 'value', value: 7 });
  });

  test('sys.excepthook shows an uncaught error; one that fails is told of, with the error', async () => {
    const shown = await run(
      'import sys, traceback\nsys.excepthook = lambda kind, error, tb: print(kind.__name__, error, traceback.extract_tb(tb)[0].lineno)\n1 / 0',
    );
    expect(shown.result).toMatchObject({ kind: 'threw', error: { name: 'ZeroDivisionError', line: 3 } });
    expect([shown.host.stdout(), shown.host.stderr()]).toEqual([
      'ZeroDivisionError division by zero 3\n',
      '',
    ]);
    const failed = await run('import sys\nsys.excepthook = lambda *error: [][1]\n1 / 0');
    expect(failed.host.stderr()).toMatch(
      /^Error in sys\.excepthook:\n[\s\S]*IndexError[\s\S]*\nOriginal exception was:\nTraceback [\s\S]*ZeroDivisionError: division by zero\n$/,
    );
  });

  test('memory that is full of small objects leaves room to say where', async () => {
    const { result, host } = await python.run("x = []\nwhile True: x.append('y' * 10000 + str(len(x)))", {
      spec: { limits: mergeLimits([], { memoryBytes: 64 * 1024 * 1024 }) },
    });
    expect(result).toMatchObject({ kind: 'limit', limit: 'memory', error: { file: 'main.py', line: 2 } });
    expect(host.stderr()).toMatch(/^Traceback [\s\S]*line 2, in <module>\n[\s\S]*MemoryError\n$/);
  });
});
