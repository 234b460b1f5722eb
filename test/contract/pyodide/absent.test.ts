import { beforeAll, describe, expect, test } from 'vitest';
import { openPython, type PythonBench } from '../../support/pyodide-parts.ts';

const noPool = (what: string) =>
  `Cannot use ${what}: guests cannot start processes; ThreadPoolExecutor of concurrent.futures and ThreadPool`;

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
    ['resource', 'the limits are those of the run; time.process_time and tracemalloc tell'],
    ['pwd', 'guests have no users'],
    ['aiohttp', 'it needs sockets; use httpx.AsyncClient'],
    ['pip', 'packages are brought before the run: --with=NAME'],
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
    ['import multiprocessing as m\nm.Process(target=print).start()', noPool('multiprocessing.Process')],
    ['import multiprocessing as m\nm.Pool(2)', noPool('multiprocessing.Pool')],
    ['import multiprocessing as m\nm.Queue()', noPool('multiprocessing.Queue')],
    ["import multiprocessing as m\nm.get_context('spawn').Lock()", noPool('multiprocessing.Lock')],
    ['from multiprocessing import Value\nValue("i", 0)', noPool('multiprocessing.Value')],
    [
      'from concurrent.futures import ProcessPoolExecutor as P\nwith P() as pool: pool.map(abs, [1])',
      noPool('ProcessPoolExecutor'),
    ],
    [
      'from concurrent.futures import *\nInterpreterPoolExecutor()',
      'Cannot use InterpreterPoolExecutor: a guest has one interpreter; ThreadPoolExecutor takes the same calls',
    ],
    [
      "import subprocess, sys\nsubprocess.run([sys.executable, '-m', 'pip', 'install', 'x'])",
      'packages are brought before the run',
    ],
    ["import subprocess\nsubprocess.run('ls')", 'what a command does is done in Python'],
    ["import asyncio\nawait asyncio.create_subprocess_exec('ls')", '[Errno 2] Cannot start a process'],
    [
      "import asyncio\nawait asyncio.create_subprocess_shell('pip install x')",
      'packages are brought before the run',
    ],
    ["import asyncio\nawait asyncio.start_server(print, '127.0.0.1', 80)", 'nobody could reach a server'],
    [
      "from http.server import *\nHTTPServer(('', 8000), BaseHTTPRequestHandler)",
      'nobody could reach a server',
    ],
    [
      'import socket\ns = socket.socket()\ns.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\ns.bind(("", 80))',
      'Cannot start a server',
    ],
    ["import socket\nsocket.create_connection(('a', 80))", 'use urllib.request, requests or httpx'],
    ["import smtplib\nsmtplib.SMTP('a')", 'use urllib.request, requests or httpx'],
    ["import ctypes\nctypes.cdll.LoadLibrary('libc.so.6')", 'guests have no native libraries'],
    ['import ctypes\nctypes.pythonapi.Py_IncRef', 'guests have no native libraries'],
    ["import ctypes\nctypes.CDLL('libm.so')", 'guests have no native libraries'],
    ['import signal\nsignal.alarm(1)', 'guests have no signals; limits.timeoutMs ends a run'],
  ])('%s', async (code, reason) => {
    expect(await errorOf(code)).toMatchObject({ message: expect.stringContaining(reason) });
  });

  test('the user that a program asks for has a name', async () => {
    const { result } = await python.run('import getpass, os\n[getpass.getuser(), os.getlogin()]');
    expect(result).toMatchObject({ kind: 'value', value: ['guest', 'guest'] });
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
