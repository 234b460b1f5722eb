import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasNoCode } from '../../../runtime/engines/pyodide/side-modules.ts';
import { unzip } from '../../../runtime/platform/python/packages/unzip.ts';
import { openPython, type PythonBench } from '../../support/pyodide-parts.ts';
import { sideModule } from '../../support/side-module.ts';
import { sha256, zip } from '../../support/wheels.ts';

describe('unzip()', () => {
  test('reads what was packed', () => {
    expect(
      unzip(
        zip([
          { name: 'a/b.txt', content: 'hello' },
          { name: 'a/', content: '' },
        ]),
        'x.whl',
        { maxBytes: 1000, maxEntries: 100 },
      ),
    ).toEqual([{ path: 'a/b.txt', bytes: new TextEncoder().encode('hello') }]);
  });

  test.each([
    ['a name that climbs', zip([{ name: '../x', content: 'x' }])],
    ['an absolute name', zip([{ name: '/x', content: 'x' }])],
    ['a backslash', zip([{ name: 'a\\..\\x', content: 'x' }])],
    ['more than is allowed', zip([{ name: 'x', content: new Uint8Array(2000) }])],
    ['a size that is a lie', zip([{ name: 'x', content: new Uint8Array(2000), size: 10 }])],
    ['text', new TextEncoder().encode('this is not an archive at all, only text')],
    ['a file without a name', zip([{ name: '', content: 'x' }])],
    [
      'more entries than are allowed',
      zip(Array.from({ length: 101 }, (_, index) => ({ name: `${index}`, content: '' }))),
    ],
    ['nothing', new Uint8Array()],
    ['a cut archive', zip([{ name: 'x', content: 'hello' }]).slice(20)],
  ])('refuses %s', (_name, archive) => {
    expect(() => unzip(archive, 'x.whl', { maxBytes: 1000, maxEntries: 100 })).toThrow(
      expect.objectContaining({ code: 'MODULE_INVALID' }),
    );
  });
});

test('hasNoCode() takes thunks only', () => {
  const thunk = [
    0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127, 2, 7, 1, 1, 101, 1, 102, 0, 0, 7, 5, 1, 1, 102, 0, 0,
  ];
  expect(hasNoCode(new Uint8Array(thunk))).toBe(true);
  const loop = [
    0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 9, 1, 7, 0, 3, 64, 12, 0, 11, 11,
  ];
  expect(hasNoCode(new Uint8Array(loop))).toBe(false);
  expect(hasNoCode(new Uint8Array([...thunk, 10, 200]))).toBe(false);
  expect(hasNoCode(new Uint8Array([...thunk, 0, 255, 255, 255, 255, 255, 255]))).toBe(false);
  expect(hasNoCode(new Uint8Array(thunk.slice(0, 20)))).toBe(false);
  expect(hasNoCode(new Uint8Array())).toBe(false);
});

describe('packages of a Python guest', () => {
  let python: PythonBench;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sandglass-wheels-'));
    const hello = zip([
      { name: 'hello_pkg/__init__.py', content: 'from base_pkg import Y\nX = 41 + Y\n' },
      { name: 'hello_pkg/data.txt', content: 'data' },
      { name: 'hello_pkg-1.0.dist-info/METADATA', content: 'Name: hello-pkg\nVersion: 1.0\n' },
    ]);
    const base = zip([{ name: 'base_pkg.py', content: 'Y = 1\n' }]);
    const native = zip([{ name: 'native_pkg.so', content: await sideModule('native_pkg', 42) }]);
    writeFileSync(join(folder, 'native_pkg-1.0-py3-none-any.whl'), native);
    writeFileSync(join(folder, 'hello_pkg-1.0-py3-none-any.whl'), hello);
    writeFileSync(join(folder, 'base_pkg-1.0-py3-none-any.whl'), base);
    writeFileSync(join(folder, 'bad_pkg-1.0-py3-none-any.whl'), base);
    const entry = (name: string, hash: string, depends: string[] = []): object => ({
      name,
      file_name: `${name}-1.0-py3-none-any.whl`,
      sha256: hash,
      depends,
    });
    writeFileSync(
      join(folder, 'pyodide-lock.json'),
      JSON.stringify({
        packages: {
          'hello-pkg': entry('hello_pkg', sha256(hello), ['base-pkg']),
          'base-pkg': entry('base_pkg', sha256(base)),
          'native-pkg': entry('native_pkg', sha256(native)),
          'bad-pkg': entry('bad_pkg', '0'.repeat(64)),
          'gone-pkg': entry('gone_pkg', '1'.repeat(64)),
        },
      }),
    );
    python = await openPython({ packages: { wheels: folder } });
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const run = (code: string, packages: string[]) => python.run(code, { spec: { options: { packages } } });

  test('are installed before the run, with what they depend on, and the guest fetches nothing', async () => {
    const { result, host } = await run(
      "import hello_pkg, importlib.resources, importlib.metadata\n[hello_pkg.X, importlib.resources.read_text('hello_pkg', 'data.txt'), importlib.metadata.version('hello-pkg')]",
      ['Hello_Pkg'],
    );
    expect(host.stderr()).toBe('');
    expect(result).toMatchObject({ kind: 'value', value: [42, 'data', '1.0'] });
    expect(host.calls).toEqual([]);
  });

  test('come along where the program imports what the lock names', async () => {
    const { result } = await python.run('from hello_pkg import X\nX');
    expect(result).toMatchObject({ kind: 'value', value: 42 });
    const unknown = await python.run('import nowhere_pkg');
    expect(unknown.result).toMatchObject({ kind: 'threw', error: { name: 'ModuleNotFoundError' } });
  });

  test('may have native modules, whose code is metered; one that the guest brings itself is not compiled', async () => {
    const { result } = await run('import native_pkg\nnative_pkg.ANSWER', ['native-pkg']);
    expect(result).toMatchObject({ kind: 'value', value: 42 });
    const other = await run(
      `import importlib.util, native_pkg
content = bytearray(open(native_pkg.__file__, 'rb').read())
content[content.index(b'ANSWER')] = 66
open('/tmp/native_pkg.so', 'wb').write(content)
spec = importlib.util.spec_from_file_location('native_pkg', '/tmp/native_pkg.so')
importlib.util.module_from_spec(spec)`,
      ['native-pkg'],
    );
    expect(other.result).toMatchObject({
      kind: 'threw',
      error: {
        name: 'ImportError',
        message: expect.stringContaining('compiling WebAssembly is not allowed here'),
      },
    });
  });

  test('of one run are not in the next', async () => {
    await run('import hello_pkg', ['hello-pkg']);
    const { result } = await python.run("__import__('hello_pkg')");
    expect(result).toMatchObject({ kind: 'threw', error: { name: 'ModuleNotFoundError' } });
  });

  test.each([
    ['a wheel with another SHA-256', 'bad-pkg', 'MODULE_INVALID'],
    ['a wheel that is not there', 'gone-pkg', 'UNSUPPORTED'],
    ['a name that the lock does not know', 'nope', 'UNSUPPORTED'],
  ])('refuse %s', async (_name, name, code) => {
    await expect(run('1', [name])).rejects.toMatchObject({
      code,
      message: expect.stringContaining(name.replace('-pkg', '')),
    });
  });

  test('refuse all where no folder is configured', async () => {
    const bare = await openPython();
    await expect(bare.run('1', { spec: { options: { packages: ['numpy'] } } })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('numpy'),
    });
  });
});

/** Binary wheels are not part of the repository: a folder with them and their pyodide-lock.json is named by SANDGLASS_WHEELS. */
const wheels = process.env.SANDGLASS_WHEELS;
const locked = wheels === undefined ? '' : readFileSync(join(wheels, 'pyodide-lock.json'), 'utf8');
const having = (name: string) => test.skipIf(!locked.includes(`"${name}"`));

describe('binary wheels (not run unless SANDGLASS_WHEELS names a folder that holds them)', () => {
  const run = async (code: string, packages: string[], fuel = 2e10) => {
    const python = await openPython({ packages: { wheels: wheels ?? '' } });
    return python.run(code, { spec: { options: { packages } }, limits: { fuel } });
  };

  having('pydantic_core')('pydantic_core runs, metered', async () => {
    const code =
      "from pydantic_core import SchemaValidator\nv = SchemaValidator({'type': 'list', 'items_schema': {'type': 'int'}})\n";
    expect((await run(`${code}v.validate_json('[1, 2]')`, ['pydantic_core'])).result).toMatchObject({
      kind: 'value',
      value: [1, 2],
    });
    const endless = await run(
      `${code}while True: v.validate_json('[' + '1,' * 100_000 + '2]')`,
      ['pydantic_core'],
      2e9,
    );
    expect(endless.result).toMatchObject({ kind: 'limit', limit: 'fuel' });
  });

  having('numpy')('numpy computes', async () => {
    const { result } = await run(
      'import numpy as np\n[np.arange(1, 6).mean(), np.arange(3), np.float32(1.5)]',
      ['numpy'],
    );
    expect(result).toMatchObject({ kind: 'value', value: [3, [0, 1, 2], 1.5] });
  });

  having('pandas')('pandas frames are records', async () => {
    const { result } = await run("import pandas as pd\npd.DataFrame({'a': [1, 2], 'b': ['x', None]})", [
      'pandas',
    ]);
    expect(result).toMatchObject({
      kind: 'value',
      value: [
        { a: 1, b: 'x' },
        { a: 2, b: null },
      ],
    });
  });
});
