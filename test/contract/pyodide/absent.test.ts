import { beforeAll, describe, expect, test } from 'vitest';
import { openPython, type PythonBench } from '../../support/pyodide-parts.ts';

/** What a program may look for and does not find: each says why, and where to turn. */
describe('what a Python guest does not find', () => {
  let python: PythonBench;
  beforeAll(async () => {
    python = await openPython();
  });
  const errorOf = async (code: string) => {
    const { result } = await python.run(code);
    return result.kind === 'threw' ? result.error : result;
  };

  test.each([
    ['tkinter', 'guests have no terminal and no screen'],
    ['curses.ascii', 'guests have no terminal and no screen'],
    ['resource', 'limits and usage are told by the outcome of the run'],
    ['pwd', 'guests have no users'],
    ['aiohttp', 'it needs sockets; use httpx.AsyncClient'],
    ['pip', 'packages are brought by the host before the run'],
  ])('import %s', async (name, reason) => {
    const error = await errorOf(`import ${name}`);
    expect(error).toMatchObject({
      name: 'ModuleNotFoundError',
      message: expect.stringContaining(`: ${reason}`),
    });
    expect(error).not.toHaveProperty('hint');
  });

  test('a program can do without, as it would elsewhere', async () => {
    const { result } = await python.run(
      'try:\n  import resource\nexcept ImportError as error:\n  resource = error.name\nresource',
    );
    expect(result).toMatchObject({ kind: 'value', value: 'resource' });
  });

  test('the module of a package: the hint names the package', async () => {
    expect(await errorOf('import pandas.core as pd')).toMatchObject({
      name: 'ModuleNotFoundError',
      message: "No module named 'pandas'",
      hint: 'Name the package that has pandas: --with=pandas; in a program the option packages of the run',
    });
  });

  test('a time zone that nobody has', async () => {
    const refused = await errorOf("import zoneinfo\nzoneinfo.ZoneInfo('Europe/Nowhere')");
    expect(refused).toMatchObject({
      name: 'ZoneInfoNotFoundError',
      message: "'No time zone found with key Europe/Nowhere'",
    });
    expect(refused).not.toHaveProperty('hint');
  });

  test.each([
    ['import multiprocessing as m\nm.Process(target=print).start()', 'guests cannot start processes'],
    ['import multiprocessing as m\nm.Pool(2)', 'guests cannot start processes'],
    ["import asyncio\nawait asyncio.create_subprocess_exec('ls')", 'guests cannot start processes'],
    ["import asyncio\nawait asyncio.create_subprocess_shell('ls')", 'guests cannot start processes'],
  ])('%s', async (code, reason) => {
    expect(await errorOf(code)).toMatchObject({ message: expect.stringContaining(reason) });
  });

  test('an object that no guest can hold: the hint says so', async () => {
    expect(await errorOf('[0] * 10**9')).toMatchObject({
      name: 'MemoryError',
      hint: expect.stringContaining('32 bits'),
    });
    expect(await errorOf("raise MemoryError('mine')")).not.toHaveProperty('hint');
  });
});

describe('asyncio of a Python guest', () => {
  let python: PythonBench;
  beforeAll(async () => {
    python = await openPython();
  });
  const printed = async (code: string): Promise<string> => {
    const { result, host } = await python.run(`import asyncio\n${code}`);
    expect([result.kind, host.stderr()]).toEqual(['value', '']);
    return host.stdout();
  };

  test('Runner runs coroutines, one after the other', async () => {
    expect(
      await printed(
        'async def f(x):\n  await asyncio.sleep(0)\n  return x\nwith asyncio.Runner() as r: print(r.run(f(1)), r.run(f(2)))\nasyncio.runners.run(f(3), loop_factory=asyncio.new_event_loop)',
      ),
    ).toBe('1 2\n');
  });

  test('run() cancels what its coroutine has left, and waits for it to end', async () => {
    const code = `
async def left():
  try: await asyncio.sleep(1000)
  finally: print('ended')
async def main():
  asyncio.create_task(left())
  await asyncio.sleep(0)
  return 'done'
print(asyncio.run(main(), debug=False))`;
    expect(await printed(code)).toBe('ended\ndone\n');
  });

  test('run() leaves tasks alone that were there before', async () => {
    const code = `
async def other():
  await asyncio.sleep(0)
  await asyncio.sleep(0)
  return 'whole'
async def main(): pass
task = asyncio.create_task(other())
asyncio.run(main())
print(await task)`;
    expect(await printed(code)).toBe('whole\n');
  });
});
