import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openPython, type PythonBench } from '../support/pyodide-parts.ts';
import { type FsHost, openFsHost } from '../support/python-fs-host.ts';

const FILL = `import os
open('/tmp/a', 'w').close()
open('/tmp/b', 'w').write('hello')
open('/tmp/c', 'w').write('x' * 5000)
with open('/tmp/fill', 'wb', buffering=0) as f:
  try:
    while True: f.write(b'x' * (1 << 20))
  except OSError as e: full = e.errno
`;

describe('the scratch folder of a Python guest', () => {
  let python: PythonBench;
  let folder: string;
  let hosts: FsHost[] = [];
  beforeAll(async () => {
    python = await openPython();
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sandglass-python-tmp-'));
    mkdirSync(join(folder, 'data', 'sub'), { recursive: true });
    writeFileSync(join(folder, 'data', 'secret.txt'), 'hello');
  });
  afterEach(async () => {
    await Promise.all(hosts.map((host) => host.close()));
    hosts = [];
    rmSync(folder, { recursive: true, force: true });
  });
  const run = async (
    code: string,
    access: readonly ('read' | 'write')[] = ['read', 'write'],
  ): Promise<unknown> => {
    const host = await openFsHost([{ host: join(folder, 'data'), guest: '/data', access: [...access] }]);
    hosts.push(host);
    const { result } = await python.run(code, {
      host: { operations: host.operations },
      spec: { mounts: host.mounts },
    });
    return result.kind === 'value' ? result.value : result;
  };

  test.each([
    ['removing', "for p in ('a', 'b', 'c', 'fill'): os.remove('/tmp/' + p)"],
    [
      'removing the small ones first',
      "os.remove('/tmp/c'); os.remove('/tmp/b'); os.remove('/tmp/a'); os.remove('/tmp/fill')",
    ],
    [
      'truncating',
      "os.truncate('/tmp/c', 0); os.truncate('/tmp/b', 0); os.truncate('/tmp/a', 0); os.truncate('/tmp/fill', 10)",
    ],
    ['opening anew', "for p in ('c', 'b', 'a', 'fill'): open('/tmp/' + p, 'w').close()"],
    [
      'moving over another',
      "import shutil\nshutil.move('/tmp/a', '/tmp/d'); os.replace('/tmp/d', '/tmp/c'); os.replace('/tmp/b', '/tmp/fill')",
    ],
    [
      'shortening an open file',
      "for p in ('c', 'b', 'fill'):\n  with open('/tmp/' + p, 'r+b') as f: f.truncate(1)",
    ],
  ])('once full, is emptied by %s', async (_name, body) => {
    expect(
      await run(
        `${FILL}${body}\nopen('/tmp/new', 'w').write('y' * 5000)\n[full, os.path.getsize('/tmp/new')]`,
      ),
    ).toEqual([28, 5000]);
  });

  test('counts after that what it did before: what was given back is given once', async () => {
    const code = `${FILL}size = os.path.getsize('/tmp/fill')
for _ in range(3):
  os.remove('/tmp/fill')
  with open('/tmp/fill', 'wb', buffering=0) as f:
    try:
      while True: f.write(b'x' * (1 << 20))
    except OSError: pass
[os.path.getsize('/tmp/fill') <= 64 << 20, size <= 64 << 20]`;
    expect(await run(code)).toEqual([true, true]);
  });

  test('a link in it leads into a granted folder', async () => {
    const code = `import os
os.symlink('/data', '/tmp/dd')
os.symlink('dd/sub', '/tmp/s')
os.mkdir('/tmp/deep'); os.symlink('../dd/secret.txt', '/tmp/deep/file')
open('/tmp/s/new.txt', 'w').write('made')
os.makedirs('/tmp/dd/x/y')
[open('/tmp/dd/secret.txt').read(), sorted(os.listdir('/tmp/dd')), os.path.realpath('/tmp/deep/file'), open('/tmp/deep/file').read(),
 os.path.exists('/tmp/dd/none'), os.path.islink('/tmp/dd'), os.readlink('/tmp/s'), os.stat('/tmp/deep/file').st_size, sorted(os.listdir('/tmp/s'))]`;
    expect(await run(code)).toEqual([
      'hello',
      ['secret.txt', 'sub', 'x'],
      '/data/secret.txt',
      'hello',
      false,
      true,
      'dd/sub',
      5,
      ['new.txt'],
    ]);
    expect(readFileSync(join(folder, 'data/sub/new.txt'), 'utf8')).toBe('made');
  });

  test('a link in it allows no more than its target does', async () => {
    const code = `import os
os.symlink('/data', '/tmp/dd'); os.symlink('/etc', '/tmp/e'); os.symlink('/tmp/l2', '/tmp/l1'); os.symlink('/tmp/l1', '/tmp/l2')
r = []
for act in (lambda: open('/tmp/dd/secret.txt', 'w'), lambda: os.remove('/tmp/dd/secret.txt'), lambda: open('/tmp/e/passwd'), lambda: open('/tmp/l1'), lambda: os.mkdir('/tmp/dd/n')):
  try: act(); r.append('done')
  except OSError as e: r.append(type(e).__name__)
os.remove('/tmp/dd')
r + [os.path.exists('/data/secret.txt')]`;
    expect(await run(code, ['read'])).toEqual([
      'PermissionError',
      'PermissionError',
      expect.stringMatching(/^(FileNotFound|Permission)Error$/),
      'OSError',
      'PermissionError',
      true,
    ]);
  });
});
