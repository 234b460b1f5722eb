import { beforeAll, describe, expect, test } from 'vitest';
import { openPython, type PythonBench, type PythonRun } from '../../support/pyodide-parts.ts';

describe('an everyday Python program', () => {
  let python: PythonBench;
  beforeAll(async () => {
    python = await openPython();
  });
  const run = (code: string, spec: object = {}): Promise<PythonRun> => python.run(code, { spec });
  const printed = async (code: string): Promise<string> => {
    const { result, host } = await run(code);
    if (result.kind !== 'value') throw new Error(`${JSON.stringify(result)} ${host.stderr()}`);
    return host.stdout();
  };

  test.each([
    ['a coroutine', 'async def m():\n  await asyncio.sleep(0)\n  sys.exit(3)\nasyncio.run(m())', 3],
    ['one with nothing to say', 'async def m(): sys.exit()\nasyncio.run(m())', 0],
    ['text', "async def m(): sys.exit('bye')\nasyncio.run(m())", 1],
    ['a coroutine at the top', 'async def m(): sys.exit(3)\nawait m()', 3],
    [
      'a task beside a coroutine',
      'async def t():\n  await asyncio.sleep(0)\n  sys.exit(4)\nasync def m():\n  x = asyncio.create_task(t())\n  await asyncio.sleep(60)\nasyncio.run(m())',
      4,
    ],
    [
      'a task beside the program itself',
      'async def t(): sys.exit(4)\nx = asyncio.create_task(t())\nawait asyncio.sleep(60)',
      4,
    ],
    ['call_later', 'asyncio.get_running_loop().call_later(0, sys.exit, 5)\nawait asyncio.sleep(60)', 5],
    [
      'a group of tasks on a loop of its own',
      'async def t(): sys.exit(6)\nasync def m():\n  async with asyncio.TaskGroup() as g:\n    g.create_task(asyncio.sleep(60))\n    g.create_task(t())\nl = asyncio.new_event_loop()\nl.run_until_complete(m())',
      6,
    ],
    [
      'a callback of a future',
      'f = asyncio.get_running_loop().create_future()\nf.add_done_callback(lambda f: sys.exit(7))\nf.set_result(1)\nawait asyncio.sleep(60)',
      7,
    ],
    ['KeyboardInterrupt in a task', 'async def m(): raise KeyboardInterrupt\nasyncio.run(m())', 130],
    ['KeyboardInterrupt', 'raise KeyboardInterrupt', 130],
    [
      'a thread, which ends itself alone',
      'import threading\nt = threading.Thread(target=sys.exit, args=(8,))\nt.start()\nt.join()\nsys.exit(9)',
      9,
    ],
  ])('ends by %s with its exit code', async (_name, code, exitCode) => {
    expect((await run(`import asyncio, sys\n${code}`)).result).toMatchObject({ kind: 'exit', exitCode });
  });

  test.each([
    ['of the coroutine that is run', 'async def m(): sys.exit(3)\nasyncio.run(m())'],
    [
      'of one that it gathers',
      'async def f(): sys.exit(3)\nasync def m(): await asyncio.gather(f(), asyncio.sleep(60))\nasyncio.run(m())',
    ],
  ])('an exit %s says nothing of tasks that nobody has asked', async (_, code) => {
    const { result, host } = await run(`import asyncio, sys\n${code}`);
    expect([result, host.stderr()]).toMatchObject([{ kind: 'exit', exitCode: 3 }, '']);
  });

  test('knows the zone UTC without a package, by its own name', async () => {
    expect(
      await printed(`import datetime, time, zoneinfo
zone = zoneinfo.ZoneInfo('UTC')
print(datetime.datetime(2024, 7, 1, 12, tzinfo=zone).isoformat(), zone.tzname(None), time.tzname)
print(datetime.datetime(2024, 1, 1, tzinfo=zoneinfo.ZoneInfo('Etc/UTC')).strftime('%Z %z'), time.strftime('%Z'))`),
    ).toBe("2024-07-01T12:00:00+00:00 UTC ('UTC', 'UTC')\nUTC +0000 UTC\n");
  });

  test('can catch an exit around asyncio.run(), whose other tasks are cancelled', async () => {
    expect(
      await printed(`import asyncio, sys
async def other():
    try: await asyncio.sleep(60)
    finally: print('cleaned up')
async def main():
    x = asyncio.create_task(other())
    await asyncio.sleep(0)
    sys.exit(3)
try: asyncio.run(main())
except SystemExit as error: print('caught', error.code)`),
    ).toBe('cleaned up\ncaught 3\n');
  });

  test.each([
    ['asyncio.run()', 'asyncio.run(asyncio.Event().wait())'],
    ['a future', 'await asyncio.get_running_loop().create_future()'],
    ['a second acquire of an asyncio.Lock', 'l = asyncio.Lock()\nawait l.acquire()\nawait l.acquire()'],
    ['a queue that nobody fills', 'await asyncio.Queue().get()'],
  ])('is told at once that %s waits for nothing', async (_name, code) => {
    expect((await run(`import asyncio\n${code}`)).result).toMatchObject({
      kind: 'threw',
      error: {
        name: 'RuntimeError',
        message: 'Cannot finish: the program waits for what nothing will bring',
      },
    });
  });

  test.each([
    ['a second acquire of a Lock', 'l = threading.Lock()\nl.acquire()\nl.acquire()'],
    ['an Event that nobody sets', 'threading.Event().wait()'],
    ['an empty queue', 'queue.Queue().get()'],
    [
      'a thread that waits for the program',
      't = threading.Thread(target=threading.Event().wait)\nt.start()\nt.join()',
    ],
  ])('%s ends clearly', async (_name, code) => {
    expect((await run(`import threading, queue\n${code}`)).result).toMatchObject({
      kind: 'threw',
      error: {
        name: 'RuntimeError',
        message: 'Cannot wait: every other thread waits as well, so that nothing would end it',
      },
    });
  });

  test.each([
    [
      'a pool',
      'with ThreadPoolExecutor(2) as p: print(list(p.map(abs, range(-3, 0))), p.submit(pow, 2, 5).result())',
      '[3, 2, 1] 32\n',
    ],
    [
      'an error in a pool',
      'with ThreadPoolExecutor() as p:\n  try: p.submit(int, "x").result()\n  except ValueError as e: print(e)',
      "invalid literal for int() with base 10: 'x'\n",
    ],
    [
      'a timer',
      't = threading.Timer(0.01, print, ["later"])\nt.start()\nprint("now")\nt.join()',
      'now\nlater\n',
    ],
    [
      'a worker with a queue',
      'q = queue.Queue()\ndef work():\n  while (x := q.get()) is not None:\n    print(x)\n    q.task_done()\nt = threading.Thread(target=work)\nt.start()\nfor x in range(3): q.put(x)\nq.join()\nq.put(None)\nt.join()\nprint(t.is_alive())',
      '0\n1\n2\nFalse\n',
    ],
    [
      'threads that go on after the program',
      'e = threading.Event()\nthreading.Thread(target=lambda: (e.wait(), print("b"))).start()\nprint("a")\ne.set()',
      'a\nb\n',
    ],
    [
      'a daemon, which does not hold up the end',
      'threading.Thread(target=threading.Event().wait, args=(60,), daemon=True).start()\nprint("a")',
      'a\n',
    ],
    [
      'asyncio.to_thread(), side by side',
      'import asyncio\nmeet = threading.Barrier(3)\nasync def m(): return await asyncio.gather(*(asyncio.to_thread(meet.wait) for n in range(3)))\nprint(sorted(asyncio.run(m())))',
      '[0, 1, 2]\n',
    ],
    [
      'names and identifiers',
      'def f(): print(threading.current_thread().name, threading.get_ident() != threading.main_thread().ident)\nt = threading.Thread(target=f, name="x")\nt.start()\nt.join()\nprint(threading.current_thread() is threading.main_thread())',
      'x True\nTrue\n',
    ],
    [
      'locals of threads',
      'l = threading.local()\nl.x = 1\ndef f(): print(hasattr(l, "x"))\nt = threading.Thread(target=f)\nt.start()\nt.join()',
      'False\n',
    ],
  ])('has threads: %s', async (_name, code, expected) => {
    const imports = 'import queue, threading, time\nfrom concurrent.futures import ThreadPoolExecutor\n';
    expect(await printed(imports + code)).toBe(expected);
  });

  test('threads beyond those that are under way begin when one has ended', async () => {
    const code = `import threading, time
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(40) as pool: print(sum(pool.map(lambda n: (time.sleep(0.001), n)[1], range(100))))
seen = []
threads = [threading.Thread(target=lambda n=n: (time.sleep(0.001), seen.append(n))) for n in range(30)]
for t in threads: t.start()
for t in threads: t.join()
print(len(seen))`;
    expect(await printed(code)).toBe('4950\n30\n');
  });

  test('more threads than one may have are refused as by an operating system', async () => {
    const code =
      'import threading\ne = threading.Event()\nfor _ in range(1001): threading.Thread(target=e.wait, daemon=True).start()';
    expect((await run(code)).result).toMatchObject({
      kind: 'threw',
      error: {
        name: 'RuntimeError',
        message: "can't start new thread: 1000 are alive",
      },
    });
  });

  test.each([
    [
      'a cursor',
      "import sqlite3\nsqlite3.connect(':memory:').execute('select 1')",
      /^<sqlite3\.Cursor object at 0x/,
    ],
    ['a logger', 'import logging\nlogging.getLogger("a")', '<Logger a (WARNING)>'],
    ['complex numbers', '[1j, 2]', '[1j, 2]'],
    ['a module', 'import math\nmath', "<module 'math' (built-in)>"],
    ['an iterator', 'iter([1])', /^<list_iterator object at 0x/],
    ['a list in itself', 'x = [1]\nx.append(x)\nx', '[1, [...]]'],
    ['an object with its own words', 'class A:\n  def __repr__(self): return "an A"\nA()', 'an A'],
    ['an object without words', 'class A:\n  def __repr__(self): 1 / 0\nA()', /^<__main__\.A object at 0x/],
    ['a class', 'int', "<class 'int'>"],
  ])('answers %s as text', async (_name, code, text) => {
    const { result } = await run(code);
    const value = typeof text === 'string' ? text : expect.stringMatching(text);
    expect(result).toMatchObject({ kind: 'value', form: 'text', value });
  });

  test.each([
    ['open()', "open('/tmp/none')", "[Errno 2] No such file or directory: '/tmp/none'"],
    ['os.mkdir()', "os.mkdir('/tmp')", "[Errno 17] File exists: '/tmp'"],
    [
      'os.rmdir()',
      "os.mkdir('/tmp/d')\nopen('/tmp/d/f', 'w').close()\nos.rmdir('/tmp/d')",
      "[Errno 39] Directory not empty: '/tmp/d'",
    ],
    [
      'os.listdir()',
      "open('/tmp/f', 'w').close()\nos.listdir('/tmp/f')",
      "[Errno 20] Not a directory: '/tmp/f'",
    ],
    ['a folder', "open('/tmp')", "[Errno 21] Is a directory: '/tmp'"],
    [
      'an error of its own',
      "raise OSError(errno.EACCES, os.strerror(errno.EACCES), 'x')",
      "[Errno 13] Permission denied: 'x'",
    ],
  ])('%s fails with the number that Linux has', async (_name, code, message) => {
    const { result } = await run(`import errno, os\n${code}`);
    expect(result).toMatchObject({ kind: 'threw', error: { message } });
  });

  test('numbers of errors compare with those of errno', async () => {
    expect(
      await printed(`import errno, os
try: os.stat('/tmp/none')
except OSError as error:
    print(error.errno == errno.ENOENT, error.errno == errno.EACCES, errno.errorcode[error.errno], error.errno, type(error).__name__)
    print(repr(error), type(OSError(errno.ENOENT, 'x')).__name__, f'{errno.ENOENT:>3}')`),
    ).toBe(
      "True False ENOENT 2 FileNotFoundError\nFileNotFoundError(2, 'No such file or directory') FileNotFoundError   2\n",
    );
  });

  test('a denied file has the number of a denial, and says which grant it wants', async () => {
    const { result } = await run("open('/data/x')");
    expect(result).toMatchObject({ kind: 'threw', error: { name: 'PermissionError' } });
    expect(result.kind === 'threw' && result.error.message).toMatch(/^\[Errno 13\] /);
  });

  test('has a home, which an environment can name otherwise', async () => {
    const code =
      'import os, pathlib\n[str(pathlib.Path.home()), os.path.expanduser("~/x"), os.environ["HOME"]]';
    expect((await run(code)).result).toMatchObject({ value: ['/tmp', '/tmp/x', '/tmp'] });
    expect((await run(code, { env: { HOME: '/a' } })).result).toMatchObject({ value: ['/a', '/a/x', '/a'] });
  });

  // RFC 6070 and RFC 7914, appendix; the others by OpenSSL.
  test.each([
    [
      "hashlib.pbkdf2_hmac('sha1', b'password', b'salt', 4096).hex()",
      '4b007901b765489abead49d926f721d065a429c1',
    ],
    ["hashlib.pbkdf2_hmac('sha256', b'pw', b'salt', 1000).hex()[:16]", '0a38253555ce37f5'],
    [
      "hashlib.pbkdf2_hmac('sha1', b'pass\\0word', b'sa\\0lt', 4096, 16).hex()",
      '56fa6aa75548099dcc37d7f03425e0c3',
    ],
    ["hashlib.scrypt(b'', salt=b'', n=16, r=1, p=1).hex()[:32]", '77d6576238657b203b19ca42c18a0497'],
    ["hashlib.scrypt(b'password', salt=b'NaCl', n=16, r=8, p=2, dklen=8).hex()", 'SCRYPT'],
  ])('%s', async (code, value) => {
    const { scryptSync } = await import('node:crypto');
    const expected =
      value === 'SCRYPT' ? scryptSync('password', 'NaCl', 8, { N: 16, r: 8, p: 2 }).toString('hex') : value;
    expect((await run(`import hashlib\n${code}`)).result).toMatchObject({ value: expected });
  });

  test('takes lines of notebooks', async () => {
    const { result, host } = await run(
      "%matplotlib inline\n!pip install -q tidyverse\n%time x = 2\nif x:\n  %cd /tmp\n'''\n%kept\n'''\nimport os\nos.getcwd()",
    );
    expect(result).toMatchObject({ kind: 'value', value: '/tmp' });
    expect(host.stderr()).toBe(
      'note: packages are brought before the run, not by pip: --with=tidyverse; in a program the option packages of the run\n',
    );
    expect((await run('!ls -l')).result).toMatchObject({
      error: { name: 'OSError', message: 'Cannot run "ls -l": guests cannot start processes' },
    });
    expect((await run('x = = 1')).result).toMatchObject({ error: { name: 'SyntaxError' } });
  });

  test.each([
    [
      "subprocess.run([sys.executable, '-m', 'pip', 'install', 'x'])",
      /packages are brought before the run: --with=NAME/,
    ],
    ["subprocess.run(['ls'])", /guests cannot start processes; what a command does is done in Python/],
    ['signal.alarm(1)', /Cannot call signal.alarm: guests have no signals; limits.timeoutMs ends a run/],
  ])('%s says what to do', async (code, message) => {
    expect((await run(`import signal, subprocess, sys\n${code}`)).result).toMatchObject({
      kind: 'threw',
      error: { message: expect.stringMatching(message) },
    });
  });

  test('is answered by what has no browser, no user and no executable', async () => {
    const code = 'import os, sys, webbrowser\n[webbrowser.open("https://a"), os.getlogin(), sys.executable]';
    expect((await run(code)).result).toMatchObject({ value: [false, 'guest', ''] });
  });
});
