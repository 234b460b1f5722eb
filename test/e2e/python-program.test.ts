import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type Outcome, type Runtime, type Session } from '../../runtime/index.ts';
import { TEST_CACHE } from '../support/test-cache.ts';

/** A program is compiled in pieces; nothing of that shows. */
describe('a Python program', () => {
  let runtime: Runtime;
  /** Of one guest: a new one for each line would take its time. */
  let session: Session;
  beforeAll(async () => {
    runtime = createRuntime({
      cache: TEST_CACHE,
      cells: { warm: 1, maxCells: 2 },
    });
    session = await runtime.sessions.open({ language: 'python' });
  });
  afterAll(() => runtime.close());
  const run = (code: string): Promise<Outcome> => session.run({ code });

  test.each([
    ['1\n', 1],
    ['\n\n# c\n7  # d\n  # e\n\n', 7],
    ['x = 1\r\ny = 2\r\nx + y\r\n', 3],
    ['x = 1\ry = 2\rx + y\r', 3],
    ['a = 1; a', 1],
    ['*[1], 2', [1, 2]],
    ['f = lambda: 1\n(f\n)()', 1],
    ["f = dict\nf(\na=[\n1,\n]\n)['a']", [1]],
    ['t = """\nx = 1\n"""\nt', '\nx = 1\n'],
    ['"""\nimport x # """', '\nimport x # '],
    ['x = 1 + \\\n1\nx', 2],
    ['if 0:\n  1\nelse:\n  2', undefined],
    ['for i in range(3):\n  pass\ni', 2],
    ['x = 1\nif x:\n  y = 2', undefined],
    ['@staticmethod\ndef f(): pass', undefined],
    ["'''doc'''\n__doc__", 'doc'],
    ["'''doc'''", 'doc'],
    ["x = 1\n'''no doc'''\nNone", undefined],
    ['async def f(): return 4\nawait f()', 4],
    ['from __future__ import annotations\ndef f(a: nowhere): pass\nf.__annotations__', { a: 'nowhere' }],
    ['from __future__ import annotations\nx = 1\nclass A:\n  b: nowhere', undefined],
    ['y: str = "a"\nx: int = 5\nsorted(__annotate__(1))', ['x', 'y']],
    ['print(1)', undefined],
    ['', undefined],
  ])('%j answers %j', async (code, value) => {
    const outcome = await run(code);
    expect(outcome).toMatchObject({ ok: true, stderr: '' });
    expect(outcome.ok && outcome.value).toEqual(value);
  });

  test('annotations of its last statement are among those of the whole', async () => {
    const code =
      'y: str = "a"\nx: int = 5\nif x:\n  import atexit\n  atexit.register(lambda: print(sorted(__annotate__(1))))\n  z: int = 6';
    const outcome = await runtime.run({ language: 'python', code });
    expect(outcome).toMatchObject({ ok: true, stdout: "['x', 'y', 'z']\n" });
  });

  test.each([
    ['1 / 0\n2', 'ZeroDivisionError', 1, 1],
    ['x = 1\n\nprint(\n1 / 0\n)', 'ZeroDivisionError', 4, 1],
    ['x = 1\rx / 0\r', 'ZeroDivisionError', 2, 1],
    ['x = 1\n\nif x:\n  x / 0', 'ZeroDivisionError', 4, 3],
    ['def f(:\n  pass\nf()', 'SyntaxError', 1, 7],
    ['x = (1,\nf()', 'SyntaxError', 1, 5],
    ['x = 1\nreturn 5', 'SyntaxError', 2, 1],
    ['if 1:\nprint(1)', 'IndentationError', 2, 1],
    ['x = 1\n  y = 2', 'IndentationError', 2, 2],
  ])('%j ends with its error where it stands', async (code, name, line, column) => {
    const outcome = await run(code);
    expect(outcome).toMatchObject({ ok: false, error: { details: { name, line } } });
    expect(outcome.stderr).not.toContain('During handling');
    expect(outcome.stderr).not.toContain('_sandglass');
    expect(!outcome.ok && outcome.error.details?.column).toBe(column);
  });

  test.each(['x = "\\d"', 'a = 1\nx = "\\d"', 'a = 1\na is 5', 'a = 1\nif a is 5:\n  pass'])(
    '%j warns once',
    async (code) => {
      const { stderr } = await run(code);
      expect(stderr.split('SyntaxWarning')).toHaveLength(2);
    },
  );

  test('that waits for what only it knows is told so once nothing else is under way, whatever is collected meanwhile', async () => {
    const code = `import asyncio, gc
async def collect():
    await asyncio.sleep(0.01)
    print(gc.collect() >= 0)
task = asyncio.create_task(collect())
await asyncio.get_running_loop().create_future()`;
    expect(await runtime.run({ language: 'python', code, limits: { timeoutMs: 1_500 } })).toMatchObject({
      ok: false,
      error: { code: 'GUEST_THREW', message: expect.stringContaining('nothing will bring') },
      stdout: 'True\n',
    });
  });

  test('costs little more to compile than Python takes for it', async () => {
    const one =
      "def f_N(rows, key='a', *, top=3):\n  found = [row for row in rows if row.get(key, 0) > N]\n  return sorted(found, key=lambda row: (row[key], -N))[:top]\n";
    const text = Array.from({ length: 60 }, (_, at) => one.replaceAll('N', String(at))).join('');
    const fuelOf = async (code: string): Promise<number> => {
      const outcome = await runtime.run({ language: 'python', code, deterministic: { seed: 1, now: 0 } });
      expect(outcome).toMatchObject({ ok: true });
      return outcome.usage.fuel ?? 0;
    };
    const plain = await fuelOf(`exec(compile(${JSON.stringify(text)}, 'plain.py', 'exec'))`);
    expect(await fuelOf(`${text}f_1([])`)).toBeLessThan(1.2 * plain);
    expect(await fuelOf(`${text}if __name__ == '__main__':\n  f_1([])\n`)).toBeLessThan(1.2 * plain);
  });

  test('of a session that goes to a folder is there in the next run', async () => {
    const there = `import os
os.makedirs('/tmp/deep/er', exist_ok=True)
os.chdir('/tmp/deep')
open('a.txt', 'w').write('x')`;
    expect(await run(there)).toMatchObject({ ok: true });
    expect(await run("os.getcwd(), sorted(os.listdir()), open('a.txt').read()")).toMatchObject({
      value: ['/tmp/deep', ['a.txt', 'er'], 'x'],
    });
    await run("os.chdir('er')");
    expect(await run("os.getcwd(), os.path.abspath('b')")).toMatchObject({
      value: ['/tmp/deep/er', '/tmp/deep/er/b'],
    });
    await run("os.chdir('/')");
  });
});
