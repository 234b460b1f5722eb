import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openPython, type PythonBench, type PythonRun } from '../../support/pyodide-parts.ts';
import { type FsHost, openFsHost } from '../../support/python-fs-host.ts';

describe('files of a Python guest', () => {
  let python: PythonBench;
  let folder: string;
  let readable: string;
  let hosts: FsHost[] = [];

  beforeAll(async () => {
    python = await openPython();
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sandglass-python-'));
    readable = join(folder, 'readable');
    mkdirSync(readable);
    mkdirSync(join(folder, 'work'));
    writeFileSync(join(readable, 'a.txt'), 'héllo\nworld\n');
    writeFileSync(join(folder, 'secret.txt'), 'secret');
  });
  afterEach(async () => {
    await Promise.all(hosts.map((host) => host.close()));
    hosts = [];
    rmSync(folder, { recursive: true, force: true });
  });

  const run = async (code: string, cwd = '/data'): Promise<PythonRun> => {
    const host = await openFsHost([
      { host: readable, guest: '/data' },
      { host: join(folder, 'work'), guest: '/desk', access: ['read', 'write'] },
    ]);
    hosts.push(host);
    return python.run(code, { host: { operations: host.operations }, spec: { mounts: host.mounts, cwd } });
  };
  const answerOf = async (code: string, cwd?: string): Promise<unknown> => {
    const { result, host } = await run(code, cwd);
    if (result.kind !== 'value') throw new Error(`${JSON.stringify(result)} ${host.stderr()}`);
    return result.value;
  };
  const printed = async (code: string): Promise<string> => {
    const { result, host } = await run(code);
    expect([result.kind, host.stderr()]).toEqual(['value', '']);
    return host.stdout();
  };

  test('open() reads a granted file, by absolute and relative path', async () => {
    expect(
      await answerOf("[open('/data/a.txt').read(), open('a.txt').read(), open('./a.txt', 'rb').read()[:3]]"),
    ).toEqual(['héllo\nworld\n', 'héllo\nworld\n', new Uint8Array([0x68, 0xc3, 0xa9])]);
  });

  test('what is granted has the permissions that the grant gives', async () => {
    const code =
      "import os\nopen('/desk/new', 'w').close()\n[oct(os.stat(it).st_mode) for it in ('/data', '/data/a.txt', '/desk', '/desk/new')]";
    expect(await answerOf(code)).toEqual(['0o40555', '0o100444', '0o40755', '0o100644']);
  });

  test('open().read() is one host call', async () => {
    const { host } = await run("open('a.txt').read()");
    expect(host.calls.map((call) => call.operation)).toEqual([
      'fs.open',
      'fs.fstat',
      'fs.read',
      'fs.read',
      'fs.close',
    ]);
  });

  test('a program without files makes no host call', async () => {
    const { host } = await run('import json, pathlib, email.message, xml.dom.minidom\njson.dumps(1)');
    expect(host.calls).toEqual([]);
  });

  test('a traceback makes no host call', async () => {
    const { host } = await run(
      'def f():\n  raise ValueError("x")\ntry: compile("1 +", "<string>", "exec")\nexcept SyntaxError: f()',
    );
    expect(host.stderr()).toContain('ValueError: x');
    expect(host.calls).toEqual([]);
  });

  test('pathlib writes, lists, renames and removes on the host, live', async () => {
    const code = `
from pathlib import Path
import os, shutil
p = Path('/desk')
(p / 'x.txt').write_text('eins')
(p / 'sub').mkdir()
(p / 'sub' / 'y.bin').write_bytes(bytes(range(256)) * 5000)
with open('/desk/x.txt', 'a') as f:
    f.write(' zwei')
with open('/desk/x.txt', 'r+') as f:
    f.seek(5); f.write('ZWEI'); f.seek(0); text = f.read()
os.rename('/desk/x.txt', '/desk/z.txt')
shutil.copy('/desk/z.txt', '/desk/copy.txt')
shutil.copytree('/desk/sub', '/desk/tree')
shutil.rmtree('/desk/sub')
shutil.move('/desk/copy.txt', '/tmp/moved.txt')
[text, sorted(os.listdir('/desk')), sorted(str(q) for q in p.rglob('*')), (p / 'tree' / 'y.bin').stat().st_size, Path('/tmp/moved.txt').read_text(), (p / 'sub').exists(), (p / 'tree').is_dir()]
`;
    expect(await answerOf(code)).toEqual([
      'eins ZWEI',
      ['tree', 'z.txt'],
      ['/desk/tree', '/desk/tree/y.bin', '/desk/z.txt'],
      1_280_000,
      'eins ZWEI',
      false,
      true,
    ]);
    expect(readFileSync(join(folder, 'work/z.txt'), 'utf8')).toBe('eins ZWEI');
    expect(readFileSync(join(folder, 'work/tree/y.bin')).length).toBe(1_280_000);
  });

  test('a host file that changes during the run is seen changed', async () => {
    const host = await openFsHost([{ host: readable, guest: '/data' }]);
    hosts.push(host);
    const { result } = await python.run(
      `
import _sandglass_host as h, os
first = open('/data/a.txt').read()
h.call('test.change', {})
[first, open('/data/a.txt').read(), os.listdir('/data')]`,
      {
        host: {
          operations: {
            ...host.operations,
            'test.change': () => {
              writeFileSync(join(readable, 'a.txt'), 'changed');
              writeFileSync(join(readable, 'new.txt'), '');
              return {};
            },
          },
        },
        spec: { mounts: host.mounts },
      },
    );
    expect(result).toMatchObject({
      kind: 'value',
      value: ['héllo\nworld\n', 'changed', ['a.txt', 'new.txt']],
    });
  });

  test('a write without a grant is a PermissionError that names it, and its refusal ends the run', async () => {
    for (const [code, file] of [
      ["open('/data/b.txt', 'w')", '/data/b.txt'],
      ["open('/etc/passwd', 'w')", '/etc/passwd'],
      ["import os; os.mkdir('/elsewhere')", '/elsewhere'],
      ["import os; os.remove('/data/a.txt')", '/data/a.txt'],
      ["import pathlib; pathlib.Path('/lib/python314.zip').write_bytes(b'')", '/lib/python314.zip'],
    ] as const) {
      const { result } = await run(code);
      expect(result).toMatchObject({ kind: 'threw', refusalId: 1, error: { name: 'PermissionError' } });
      expect(result.kind === 'threw' && result.error.message).toContain(file);
      expect(result.kind === 'threw' && result.error.message).toMatch(/fs\.(write|delete)/);
    }
    expect(readdirSync(readable)).toEqual(['a.txt']);
  });

  test('a refusal that is handled leaves the run good; a forged one is only an exception', async () => {
    const handled = await run(
      "try:\n  open('/data/b', 'w')\nexcept PermissionError as e:\n  print('no:', e)\n1",
    );
    expect(handled.result).toMatchObject({ kind: 'value', value: 1 });
    expect(handled.host.stdout()).toContain('fs.write');
    const forged = await run(
      "try:\n  open('/data/b', 'w')\nexcept PermissionError as e:\n  raise PermissionError(*e.args)",
    );
    expect(forged.result).toMatchObject({ kind: 'threw', error: { name: 'PermissionError' } });
    expect(forged.result).not.toHaveProperty('refusalId');
  });

  test('what no grant covers is denied by name, and missing for programs that look for that', async () => {
    expect(
      await printed(`
import os, pathlib
for f in (lambda: open('/data2/a.txt'), lambda: pathlib.Path('/app/x').read_text(), lambda: os.listdir('/app'), lambda: os.stat('/app')):
    try: f()
    except FileNotFoundError as e: print(isinstance(e, PermissionError), 'no grant for fs.read covers it' in str(e))
for f in (lambda: open('/lib/nope'), lambda: open('/tmp/nope')):
    try: f()
    except OSError as e: print(type(e).__name__)
print(os.path.exists('/app'), pathlib.Path('/app').exists())
`),
    ).toBe('True True\nTrue True\nTrue True\nTrue True\nFileNotFoundError\nFileNotFoundError\nFalse False\n');
  });

  test('an open file cannot be pickled or copied', async () => {
    expect(
      await printed(`
import copy, pickle
for kind in ('wb', 'w'):
    for buffering in (-1, 0) if kind == 'wb' else (-1,):
        with open('/tmp/kept', kind, buffering=buffering) as f:
            for attempt in (lambda: pickle.dumps(f, 0), lambda: pickle.dumps(f, 5), lambda: copy.copy(f)):
                try: print(attempt())
                except TypeError as e: print(str(e).startswith('cannot pickle'))
`),
    ).toBe('True\n'.repeat(9));
  });

  test("a file's name is text, also when it was opened by a path object", async () => {
    expect(
      await printed(`
import io, pathlib
for kind in ('w', 'wb', 'r', 'rb'):
    with open(pathlib.Path('/tmp/named.txt'), kind) as f: print(repr(f.name))
class Bad:
    def __fspath__(self): return 1
try: open(Bad())
except TypeError as e: print(e)
`),
    ).toBe(
      "'/tmp/named.txt'\n'/tmp/named.txt'\n'/tmp/named.txt'\n'/tmp/named.txt'\nexpected Bad.__fspath__() to return str or bytes, not int\n",
    );
  });

  test('a refusal that was handled keeps nothing alive', async () => {
    expect(
      await printed(`
import os, sys
class Probe:
    def __init__(self, look):
        try: look()
        except OSError: pass
for look in (lambda: open('/app/x'), lambda: open('/data/nope'), lambda: open('/data/x', 'w'), lambda: os.stat('/lib/nope')):
    print(sys.getrefcount(Probe(look)))
`),
    ).toBe('1\n1\n1\n1\n');
  });

  test('missing files and wrong kinds are the usual exceptions', async () => {
    expect(
      await printed(`
import os
for f in (lambda: open('nope'), lambda: open('/etc/passwd'), lambda: open('/data'), lambda: os.listdir('/data/a.txt'), lambda: open('/desk/n', 'x').close() or open('/desk/n', 'x'),
          lambda: os.mkdir('/desk/d') or os.mkdir('/desk/d'), lambda: open('/desk/d/e', 'w').close() or os.rmdir('/desk/d'), lambda: open('/data/../secret.txt'), lambda: open('a.txt').write('x')):
    try: f(); print('fine')
    except Exception as e: print(type(e).__name__)
`),
    ).toBe(
      [
        'FileNotFoundError',
        'PermissionError',
        'IsADirectoryError',
        'NotADirectoryError',
        'FileExistsError',
        'FileExistsError',
        'OSError',
        'PermissionError',
        'UnsupportedOperation',
        '',
      ].join('\n'),
    );
  });

  test('the scratch folder is there, holds what fits, and is gone afterwards', async () => {
    expect(
      await answerOf(
        "import tempfile, os\nwith tempfile.NamedTemporaryFile('w', delete=False) as f: f.write('x' * 10)\n[os.path.getsize(f.name), f.name.startswith('/tmp/')]",
      ),
    ).toEqual([10, true]);
    expect(await answerOf("import os; os.listdir('/tmp')")).toEqual([]);
    expect(
      await printed(
        "import errno\ntry:\n  with open('/tmp/big', 'wb') as f:\n    while True: f.write(bytes(1 << 24))\nexcept OSError as e: print(e.errno in (errno.ENOSPC, errno.EFBIG))",
      ),
    ).toBe('True\n');
    expect(
      await printed(
        "import os, errno\ntry: os.truncate(open('/tmp/x', 'w').name, 1 << 40)\nexcept OSError as e: print(e.errno in (errno.ENOSPC, errno.EFBIG))",
      ),
    ).toBe('True\n');
  });

  test('modules are imported from the working folder', async () => {
    writeFileSync(join(readable, 'helper.py'), 'X = 7\ndef boom():\n    raise ValueError("from helper")\n');
    expect(await answerOf('import helper; helper.X')).toBe(7);
    const { result } = await run('import helper\nhelper.boom()');
    expect(result).toMatchObject({ kind: 'threw', error: { name: 'ValueError', line: 3 } });
  });

  test('the working folder is where relative paths start', async () => {
    mkdirSync(join(readable, 'sub'));
    writeFileSync(join(readable, 'sub/b.txt'), 'b');
    expect(
      await answerOf("import os; [os.getcwd(), open('b.txt').read(), os.path.abspath('b.txt')]", '/data/sub'),
    ).toEqual(['/data/sub', 'b', '/data/sub/b.txt']);
    expect(await answerOf("import os; os.chdir('/desk'); open('w.txt', 'w').write('x'); os.getcwd()")).toBe(
      '/desk',
    );
    expect(readFileSync(join(folder, 'work/w.txt'), 'utf8')).toBe('x');
  });

  test('no name leads out of a mount', async () => {
    for (const path of [
      '/data/../../secret.txt',
      '/data/../secret.txt',
      '../secret.txt',
      '/proc/self/environ',
      '/desk/../readable/../secret.txt',
    ]) {
      const { result } = await run(`open(${JSON.stringify(path)}).read()`);
      expect(result).toMatchObject({ kind: 'threw' });
    }
  });

  describe('mmap', () => {
    const inWork = (name: string): string => readFileSync(join(folder, 'work', name), 'utf8');

    test('reads a granted file', async () => {
      const code = `import mmap
with open('a.txt', 'rb') as f, mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as m:
  print(len(m), m[:6].decode(), m.find(b'world'), m.readline())`;
      expect(await printed(code)).toBe("13 héllo 7 b'h\\xc3\\xa9llo\\n'\n");
    });

    test.each([
      ['flushed', 'm.flush()\n'],
      ['closed', 'm.close()\n'],
      ['dropped', 'm = None\n'],
      ['left open', ''],
      [
        'closed after its number was given to another file',
        "other = open('/desk/other', 'w+b')\nm.close()\n",
      ],
    ])('what was changed in one that is %s is in the file', async (_name, ending) => {
      writeFileSync(join(folder, 'work', 'm.bin'), 'x'.repeat(70_000));
      await printed(`import mmap
with open('/desk/m.bin', 'r+b') as f: m = mmap.mmap(f.fileno(), 0)
m[0:5] = b'HELLO'
m[69_999:] = b'!'
${ending}None`);
      if (ending.startsWith('other')) expect(inWork('other')).toBe('');
      expect([inWork('m.bin').slice(0, 6), inWork('m.bin').slice(-2), inWork('m.bin').length]).toEqual([
        'HELLOx',
        'x!',
        70_000,
      ]);
    });

    test('does not write through a copy of its own, nor where nothing may be written', async () => {
      writeFileSync(join(folder, 'work', 'm.bin'), 'xyz');
      const code = `import mmap
with open('/desk/m.bin', 'r+b') as f, mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_COPY) as m:
  m[0:1] = b'A'
with open('a.txt', 'rb') as f:
  try: mmap.mmap(f.fileno(), 0)
  except PermissionError as error: print(type(error).__name__)`;
      expect(await printed(code)).toBe('PermissionError\n');
      expect(inWork('m.bin')).toBe('xyz');
      expect(readFileSync(join(readable, 'a.txt'), 'utf8')).toBe('héllo\nworld\n');
    });

    test('is what sqlite needs for its log', async () => {
      const code = `import sqlite3
c = sqlite3.connect('/desk/db'); c.execute('pragma journal_mode=wal')
c.execute('create table t(a)'); c.execute('insert into t values(1)'); c.commit()
print(c.execute('select * from t').fetchall()); c.close()`;
      expect(await printed(code)).toBe('[(1,)]\n');
    });
  });

  test('chmod of a file that is not there fails', async () => {
    expect(
      await printed(
        "import os\ntry: os.chmod('none', 0o600)\nexcept FileNotFoundError as error: print(error.filename)",
      ),
    ).toBe('none\n');
  });

  test('removing and replacing files in memory gives their room back', async () => {
    const code = `import os, tempfile
for turn in range(12):
  with open('/tmp/a', 'wb') as f: f.write(bytes(10_000_000))
  with open('/tmp/b', 'wb') as f: f.write(bytes(10_000_000))
  os.replace('/tmp/a', '/tmp/b')
  os.remove('/tmp/b')
  with tempfile.TemporaryFile() as f: f.write(bytes(10_000_000))
print('fits')
kept = open('/tmp/c', 'w+b'); kept.write(bytes(40_000_000)); kept.flush(); os.remove('/tmp/c')
try:
  with open('/tmp/d', 'wb') as f: f.write(bytes(40_000_000))
except OSError as error: print(error.strerror)
kept.close()
with open('/tmp/d', 'wb') as f: f.write(bytes(40_000_000))
print('fits again')`;
    expect(await printed(code)).toBe('fits\nNo space left on device\nfits again\n');
  });

  describe('what a path is that no grant covers', () => {
    test.each([
      "os.stat('/secret/x')",
      "os.lstat('/secret/x')",
      "os.path.getsize('/secret/x')",
      "pathlib.Path('/secret/x').stat()",
      "pathlib.Path('/secret/x').samefile('a.txt')",
    ])('%s names the grant, and is as if it were not there', async (call) => {
      const code = `import os, pathlib
try: ${call}
except FileNotFoundError as error: print(isinstance(error, PermissionError), error)`;
      expect(await printed(code)).toMatch(
        /^True \[Errno 13\] Cannot look at "\/secret\/x": no grant for fs\.read covers it\. .*: '\/secret\/x'\n$/,
      );
      const { result } = await run(`import os, pathlib\n${call}`);
      expect(result).toMatchObject({ kind: 'threw', refusalId: expect.any(Number) });
    });

    test('asking whether it is there asks nobody', async () => {
      const { result, host } = await run(`import os, pathlib
p = pathlib.Path('/secret/x')
[os.path.exists(p), os.path.isfile(p), p.exists(), p.is_dir(), os.path.lexists(p), str(p.resolve()), os.access(p, os.R_OK)]`);
      expect(result).toMatchObject({
        kind: 'value',
        value: [false, false, false, false, false, '/secret/x', false],
      });
      expect(host.calls).toEqual([]);
    });
  });
});
