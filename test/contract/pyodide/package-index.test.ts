import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { filesOf } from '../../../runtime/engines/pyodide/packages.ts';
import { openFileCache } from '../../../runtime/platform/node-cache.ts';
import { createDownloads } from '../../../runtime/platform/python/packages/downloads.ts';
import { createLockedSource } from '../../../runtime/platform/python/packages/locked-source.ts';
import type { PythonPackageOptions } from '../../../runtime/platform/python/packages/options.ts';
import { readPackageLock } from '../../../runtime/platform/python/packages/package-lock.ts';
import { createPythonPackages } from '../../../runtime/platform/python/packages/python-packages.ts';
import { sha256, tarGz, wheel, zip } from '../../support/wheels.ts';

/** Wheels by package, as an index on this machine serves them. */
const WHEELS = [
  wheel('base', '1.0', 'Y = 1\n'),
  wheel('base', '2.0', 'Y = 2\n'),
  wheel('base', '3.0a1', 'Y = 3\n'),
  wheel('hello', '1.0', 'from base import Y\nX = 40 + Y\n', [
    'base<3 ; python_version >= "3.9"',
    'nowhere ; sys_platform == "win32"',
    'extra-thing ; extra == "more"',
  ]),
  wheel('extra-thing', '1.0', 'Z = 1\n'),
  wheel('ring-a', '1.0', '', ['ring-b']),
  wheel('ring-b', '1.0', '', ['ring-a']),
  wheel('strict', '1.0', '', ['base<2', 'hello']),
  wheel('torn', '1.0', '', ['base>=2', 'strict']),
  wheel('web', '1.0', '', ['requests>=2', 'httpx']),
  wheel('lonely', '1.0', '', ['nowhere']),
  wheel('yanked', '1.0', ''),
  wheel('future', '1.0', ''),
  wheel('unhashed', '1.0', ''),
  wheel('changed', '1.0', ''),
  wheel('elsewhere', '1.0', ''),
  wheel('moved', '1.0', 'W = 1\n'),
  wheel('wandering', '1.0', ''),
  { file: 'climbing-1.0-py3-none-any.whl', bytes: zip([{ name: '../../evil.py', content: 'x' }]) },
  wheel('both', '1.0', ''),
  { file: 'both-2.0.tar.gz', bytes: tarGz([{ name: 'both-2.0/both.py', content: '' }]) },
  {
    file: 'pyyaml-9.0.tar.gz',
    bytes: tarGz([
      { name: 'pyyaml-9.0/setup.py', content: 'raise SystemExit' },
      { name: 'pyyaml-9.0/PKG-INFO', content: 'Name: PyYAML\nVersion: 9.0\nRequires-Dist: base<2\n' },
      { name: 'pyyaml-9.0/lib/PyYAML.egg-info/top_level.txt', content: '_yaml\nyaml\n' },
      { name: 'pyyaml-9.0/lib/yaml/__init__.py', content: 'Y = 1\n' },
      { name: `pyyaml-9.0/lib/yaml/${'deep/'.repeat(20)}__init__.py`, content: 'Z = 1\n' },
      { name: 'pyyaml-9.0/lib/_yaml/__init__.py', content: '' },
      { name: 'pyyaml-9.0/yaml/_yaml.pyx', content: '' },
      { name: 'pyyaml-9.0/tests/test_all.py', content: '' },
    ]),
  },
  {
    file: 'old_style-0.6.tar.gz',
    bytes: tarGz([
      { name: 'old-style-0.6/setup.py', content: '' },
      { name: 'old-style-0.6/old_style.py', content: 'X = 1\n' },
    ]),
  },
  {
    file: 'listed-1.0.tar.gz',
    bytes: tarGz([
      { name: 'listed-1.0/PKG-INFO', content: 'Name: listed\nVersion: 1.0\n\nRequires-Dist is not here\n' },
      { name: 'listed-1.0/src/listed/__init__.py', content: '' },
      {
        name: 'listed-1.0/src/listed.egg-info/requires.txt',
        content:
          'base<2\n\n[:python_version < "3.0"]\nnever-there\n\n[more]\nhello\n\n[more:python_version < "3.0"]\nnor-this\n',
      },
    ]),
  },
  {
    file: 'compiled-1.0.tar.gz',
    bytes: tarGz([
      { name: 'compiled-1.0/src/compiled/__init__.py', content: '' },
      { name: 'compiled-1.0/src/core.c', content: '' },
    ]),
  },
  {
    file: 'quicker-1.0.tar.gz',
    bytes: tarGz([
      {
        name: 'quicker-1.0/setup.py',
        content: "setup(ext_modules=[Extension('quick._speed', ['quick/_speed.c'], optional=True)])",
      },
      { name: 'quicker-1.0/quick/_speed.c', content: '' },
      { name: 'quicker-1.0/quick/__init__.py', content: '' },
      { name: 'quicker-1.0/tests/__init__.py', content: '' },
    ]),
  },
  {
    file: 'shared_name-1.0.tar.gz',
    bytes: tarGz([
      { name: 'shared_name-1.0/src/shared/name/__init__.py', content: '' },
      { name: 'shared_name-1.0/src/shared_name.egg-info/top_level.txt', content: 'shared\n' },
    ]),
  },
  wheel('needs-rust', '1.0', '', ['rpds-py>=0.25', 'base<2']),
  {
    file: 'rpds_py-0.30.tar.gz',
    bytes: tarGz([
      { name: 'rpds_py-0.30/rpds/__init__.py', content: '' },
      { name: 'rpds_py-0.30/Cargo.toml', content: '' },
    ]),
  },
  { file: 'empty-1.0.tar.gz', bytes: tarGz([{ name: 'empty-1.0/setup.py', content: '' }]) },
  {
    file: 'leaving-1.0.tar.gz',
    bytes: tarGz([
      { name: 'leaving-1.0/leaving/__init__.py', content: '' },
      { name: 'leaving-1.0/leaving/../../evil.py', content: '' },
    ]),
  },
  { file: 'cut-1.0.tar.gz', bytes: tarGz([{ name: 'cut-1.0/cut.py', content: 'x', size: 10_000 }]) },
  {
    file: 'inflated-1.0.tar.gz',
    bytes: tarGz([{ name: 'inflated-1.0/inflated.py', content: new Uint8Array(32 * 1024 * 1024) }]),
  },
  {
    file: 'swollen-1.0-py3-none-any.whl',
    bytes: zip([{ name: 'x', content: new Uint8Array(5000), size: 10 }]),
  },
];

let server: Server;
let other: Server;
let origin: string;
let otherOrigin: string;
let asked: string[] = [];
let otherAsked: string[] = [];
let html = false;

const port = (it: Server): string => `http://127.0.0.1:${(it.address() as AddressInfo).port}`;

function serve(request: IncomingMessage, response: ServerResponse): void {
  const path = request.url ?? '';
  asked.push(path);
  const found = WHEELS.find(({ file }) => path === `/files/${file}`);
  const [, listed] = /^\/simple\/([^/]+)\/$/.exec(path) ?? [];
  if (path === '/files/moved-1.0-py3-none-any.whl' && !request.url?.includes('?')) {
    response.writeHead(302, { location: '/files/moved-1.0-py3-none-any.whl?again' }).end();
  } else if (path === '/files/moved-1.0-py3-none-any.whl?again') {
    response.end(WHEELS.find(({ file }) => file.startsWith('moved'))?.bytes);
  } else if (path.startsWith('/files/wandering')) {
    response.writeHead(302, { location: `${otherOrigin}/files/wandering` }).end();
  } else if (path.startsWith('/files/changed')) response.end('something else');
  else if (found !== undefined) response.end(found.bytes);
  else if (listed !== undefined) sendList(listed, response);
  else response.writeHead(404).end();
}

function sendList(name: string, response: ServerResponse): void {
  const files = WHEELS.filter(({ file }) => file.startsWith(`${name.replaceAll('-', '_')}-`));
  if (files.length === 0) {
    response.writeHead(404).end();
    return;
  }
  const base = name === 'elsewhere' ? otherOrigin : '';
  if (html) {
    const anchors = files.map(
      ({ file, bytes }) =>
        `<a href="${base}/files/${file}#sha256=${sha256(bytes)}" data-requires-python="&gt;=3.8"${name === 'yanked' ? ' data-yanked' : ''}>${file}</a>`,
    );
    response.setHeader('content-type', 'text/html');
    response.end(`<!doctype html><html><body>${anchors.join('<br>')}</body></html>`);
    return;
  }
  response.setHeader('content-type', 'application/vnd.pypi.simple.v1+json');
  response.end(
    JSON.stringify({
      files: files.map(({ file, bytes }) => ({
        filename: file,
        url: `${base}/files/${file}`,
        hashes: name === 'unhashed' ? {} : { sha256: sha256(bytes) },
        yanked: name === 'yanked' ? 'broken' : false,
        'requires-python': name === 'future' ? '>=3.15' : '>=3.8',
      })),
    }),
  );
}

let folder: string;
beforeAll(async () => {
  server = createServer(serve);
  other = createServer((request, response) => {
    otherAsked.push(request.url ?? '');
    response.end('x');
  });
  for (const it of [server, other]) await new Promise<void>((resolve) => it.listen(0, '127.0.0.1', resolve));
  [origin, otherOrigin] = [port(server), port(other)];
});
beforeEach(() => {
  [asked, otherAsked, html] = [[], [], false];
  folder = mkdtempSync(join(tmpdir(), 'sandglass-index-'));
  return () => rmSync(folder, { recursive: true, force: true });
});
afterAll(async () => {
  for (const it of [server, other]) await new Promise((resolve) => it.close(resolve));
});

const open = (options: PythonPackageOptions = {}) =>
  createPythonPackages({ index: `${origin}/simple`, ...options });

async function fetched(
  names: readonly string[],
  options: PythonPackageOptions = {},
): Promise<readonly string[]> {
  const installed = await open(options).fetch(names, openFileCache(folder));
  return installed.map(({ candidate }) => `${candidate.name} ${candidate.version}`);
}

describe.each(['JSON', 'HTML'])('an index that answers in %s', (form) => {
  beforeEach(() => {
    html = form === 'HTML';
  });

  test.each([
    [['base'], ['base 2.0']],
    [['base==1.*'], ['base 1.0']],
    [['base>=3.0a0'], ['base 3.0a1']],
    [['Hello'], ['hello 1.0', 'base 2.0']],
    [['hello[more]'], ['hello 1.0', 'base 2.0', 'extra-thing 1.0']],
    [
      ['hello', 'hello[more]'],
      ['hello 1.0', 'base 2.0', 'extra-thing 1.0'],
    ],
    [['ring-a'], ['ring-a 1.0', 'ring-b 1.0']],
    [['moved'], ['moved 1.0']],
  ])('%j brings %j', async (names, expected) => {
    expect(await fetched(names)).toEqual(expected);
  });
});

test('what guests have already is not fetched', async () => {
  expect(await fetched(['web', 'requests'])).toEqual(['web 1.0']);
  expect(asked.some((path) => /requests|httpx/.test(path))).toBe(false);
});

test.each([
  ['a name that nobody has', 'nowhere', 'UNSUPPORTED', 'nowhere'],
  ['a dependency that nobody has', 'lonely', 'UNSUPPORTED', 'which lonely needs'],
  ['a version that nobody has', 'base>=9', 'UNSUPPORTED', 'base'],
  ['versions that do not fit together', 'torn', 'UNSUPPORTED', 'was chosen before'],
  ['a yanked file', 'yanked', 'UNSUPPORTED', 'yanked'],
  ['a file for a later Python', 'future', 'UNSUPPORTED', 'future'],
  ['a file without a SHA-256', 'unhashed', 'UNSUPPORTED', 'unhashed'],
  ['a file with another SHA-256', 'changed', 'MODULE_INVALID', 'SHA-256'],
  ['a wheel that would write outside', 'climbing', 'MODULE_INVALID', 'would leave its folder'],
  ['source that has to be compiled', 'compiled', 'UNSUPPORTED', 'it has to be compiled ("src/core.c")'],
  ['source without a package', 'empty', 'UNSUPPORTED', 'without running its build'],
  ['source that would write outside', 'leaving', 'MODULE_INVALID', 'has no plain path'],
  ['source that is cut short', 'cut', 'MODULE_INVALID', 'it is cut short'],
  ['source that unpacks to too much', 'inflated', 'MODULE_INVALID', 'unpacks to more than 16777216 bytes'],
  ['a wheel that lies about its size', 'swollen', 'MODULE_INVALID', 'does not unpack'],
  ['a file on another plain http server', 'elsewhere', 'UNSUPPORTED', 'elsewhere'],
  ['a redirect to another plain http server', 'wandering', 'HOST_CALL_FAILED', 'not https'],
  ['an address', 'base @ http://x/y.whl', 'INPUT_INVALID', 'requirement'],
])('refuses %s', async (_what, name, code, text) => {
  await expect(fetched([name])).rejects.toMatchObject({ code, message: expect.stringContaining(text) });
  expect(otherAsked).toEqual([]);
});

test('a package that has no wheel is taken from its source, of which nothing is run', async () => {
  const take = async (name: string): Promise<Record<string, string>> => {
    const where = { maxMemoryPages: 8192, cache: openFileCache(folder) };
    const files = filesOf(await open().resolve({ names: [name], imports: [] }, where));
    return Object.fromEntries(files.map(({ path, bytes }) => [path, Buffer.from(bytes).toString()]));
  };
  expect(await take('PyYAML')).toEqual({
    '_yaml/__init__.py': '',
    'yaml/__init__.py': 'Y = 1\n',
    [`yaml/${'deep/'.repeat(20)}__init__.py`]: 'Z = 1\n',
    'pyyaml-9.0.dist-info/METADATA': expect.stringContaining('Requires-Dist: base<2'),
    'base/__init__.py': 'Y = 1\n',
    'base-1.0.dist-info/METADATA': expect.stringContaining('Version: 1.0'),
  });
  expect(await take('old-style')).toEqual({ 'old_style.py': 'X = 1\n' });
  expect(await take('quicker')).toEqual({ 'quick/__init__.py': '' });
  expect(Object.keys(await take('shared-name'))).toEqual(['shared/name/__init__.py']);
  expect(await fetched(['listed'])).toEqual(['listed 1.0', 'base 1.0']);
  expect(await fetched(['listed[more]'])).toEqual(['listed 1.0', 'base 1.0', 'hello 1.0']);
  expect(await fetched(['both'])).toEqual(['both 1.0']);
  await expect(fetched(['both==2.0'])).resolves.toEqual(['both 2.0']);
});

test('what guests have in Python is taken from elsewhere only where that is near', async () => {
  expect(await fetched(['needs-rust'], { baseUrl: `${origin}/files` })).toEqual([
    'needs-rust 1.0',
    'base 1.0',
  ]);
  expect(await fetched(['needs-rust'])).toEqual(['needs-rust 1.0', 'base 1.0']);
  expect(asked.filter((path) => path.includes('rpds_py'))).toEqual([]);
  const mine = wheel('rpds-py', '0.30', '');
  writeFileSync(join(folder, mine.file), mine.bytes);
  expect(await fetched(['needs-rust'], { wheels: folder })).toEqual([
    'needs-rust 1.0',
    'rpds-py 0.30',
    'base 1.0',
  ]);
});

test('the second time nothing is asked, also offline', async () => {
  const first = await fetched(['hello']);
  asked = [];
  const again = await open({ offline: true }).resolve(
    { names: ['hello'], imports: [] },
    { maxMemoryPages: 8192, cache: openFileCache(folder) },
  );
  expect(filesOf(again).map(({ path }) => path)).toEqual(
    expect.arrayContaining(['hello/__init__.py', 'base/__init__.py']),
  );
  expect(first).toEqual(['hello 1.0', 'base 2.0']);
  expect(asked).toEqual([]);
});

test('offline, what is not in the cache is refused, and nothing is asked', async () => {
  await expect(fetched(['base'], { offline: true })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  expect(asked).toEqual([]);
});

test('a cache that was tampered with is not believed', async () => {
  await fetched(['base']);
  for (const name of readdirSync(folder)) {
    const bytes = readFileSync(join(folder, name));
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    writeFileSync(join(folder, name), bytes);
  }
  asked = [];
  expect(await fetched(['base'])).toEqual(['base 2.0']);
  expect(asked).toContain('/files/base-2.0-py3-none-any.whl');
});

test('an index that is not there is told as that', async () => {
  await expect(fetched(['base'], { index: 'http://127.0.0.1:1/simple/' })).rejects.toMatchObject({
    code: 'HOST_CALL_FAILED',
    message: expect.stringContaining('the network does not reach it'),
  });
});

describe('a folder of wheels', () => {
  test('comes first, by file names where it has no lock, and imports find it', async () => {
    const mine = wheel('base', '1.5', 'Y = 15\n');
    const wheels = mkdtempSync(join(tmpdir(), 'sandglass-wheels-'));
    writeFileSync(join(wheels, mine.file), mine.bytes);
    try {
      expect(await fetched(['hello'], { wheels })).toEqual(['hello 1.0', 'base 1.5']);
      const set = await createPythonPackages({ wheels }).resolve(
        { names: [], imports: ['base', 'json', 'hello'] },
        { maxMemoryPages: 8192 },
      );
      expect(filesOf(set).map(({ path }) => path)).toContain('base/__init__.py');
      const quiet = await createPythonPackages({ wheels, fromImports: false }).resolve(
        { names: [], imports: ['base'] },
        { maxMemoryPages: 8192 },
      );
      expect(quiet.wheels).toEqual([]);
    } finally {
      rmSync(wheels, { recursive: true });
    }
  });

  test('modules of a folder are known by the names that the lock of Pyodide has for them', async () => {
    const wheels = mkdtempSync(join(tmpdir(), 'sandglass-wheels-'));
    for (const { file, bytes } of [wheel('pillow', '12.0', ''), wheel('opencv-python', '4.0', '')])
      writeFileSync(join(wheels, file), bytes);
    try {
      const set = await createPythonPackages({ wheels }).resolve(
        { names: [], imports: ['PIL', 'cv2', 'sklearn', 'numpy'] },
        { maxMemoryPages: 8192 },
      );
      expect(set.wheels.map(({ name }) => name).sort()).toEqual(['opencv-python', 'pillow']);
    } finally {
      rmSync(wheels, { recursive: true });
    }
  });

  test('imports alone never ask an index', async () => {
    const set = await open().resolve(
      { names: [], imports: ['base', 'hello'] },
      { maxMemoryPages: 8192, cache: openFileCache(folder) },
    );
    expect(set.wheels).toEqual([]);
    expect(asked).toEqual([]);
  });
});

test("Pyodide's own lock: its wheels under an address, and their SHA-256 from the lock", async () => {
  await expect(
    fetched(['numpy'], { baseUrl: `${origin}/files`, index: `${origin}/simple` }),
  ).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message: expect.stringContaining('numpy-2.4.6-cp314-cp314-pyemscripten_2026_0_wasm32.whl'),
  });
  expect(asked).toContain('/files/numpy-2.4.6-cp314-cp314-pyemscripten_2026_0_wasm32.whl');
  // Imports are looked up in the lock, too; what cannot be had is left to the import itself only if nobody has it.
  await expect(
    open({ baseUrl: `${origin}/files` }).resolve(
      { names: [], imports: ['numpy'] },
      { maxMemoryPages: 8192, cache: openFileCache(folder) },
    ),
  ).rejects.toMatchObject({ code: 'UNSUPPORTED' });
});

describe('a release: a lock, and its wheels under one address', () => {
  const entry = (name: string, version: string, hash: string, depends: string[] = []): object => ({
    name,
    version,
    file_name: `${name}-${version}-py3-none-any.whl`,
    sha256: hash,
    depends,
    imports: [name],
  });
  const hashOf = (start: string): string =>
    sha256(WHEELS.find(({ file }) => file.startsWith(start))?.bytes ?? new Uint8Array());
  const find = async (name: string, specifier = '') => {
    const lock = readPackageLock(
      JSON.stringify({
        packages: {
          hello: entry('hello', '1.0', hashOf('hello-1.0'), ['base']),
          base: entry('base', '1.0', hashOf('base-1.0')),
          changed: entry('changed', '1.0', hashOf('changed-1.0')),
          absent: entry('absent', '1.0', '0'.repeat(64)),
        },
      }),
    );
    const downloads = createDownloads({ cache: openFileCache(folder), offline: false, fetch });
    return createLockedSource(lock, new URL(`${origin}/files/`), downloads).find(name, specifier);
  };

  test('brings the wheel that the lock names, once', async () => {
    const found = await find('hello', '>=1');
    expect(found).toMatchObject({ version: '1.0', from: 'lock', depends: ['base'] });
    expect(sha256((await found?.read()) ?? new Uint8Array())).toBe(hashOf('hello-1.0'));
    await (await find('hello'))?.read();
    expect(asked).toEqual(['/files/hello-1.0-py3-none-any.whl']);
    expect(await find('hello', '>=2')).toBeUndefined();
    expect(await find('nowhere')).toBeUndefined();
  });

  test('refuses another SHA-256 than the lock has', async () => {
    await expect((await find('changed'))?.read()).rejects.toMatchObject({
      code: 'MODULE_INVALID',
      message: expect.stringContaining('changed-1.0-py3-none-any.whl'),
      details: { expected: hashOf('changed-1.0'), actual: sha256(Buffer.from('something else')) },
    });
  });

  test('says of a wheel that is not there which file it is, where it was looked for and what to do', async () => {
    await expect((await find('absent'))?.read()).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('absent-1.0-py3-none-any.whl is not where it should be'),
      hint: expect.stringMatching(
        new RegExp(`absent-1.0-py3-none-any.whl .*looked for at ${new URL(origin).host}.*--base-url`),
      ),
    });
  });
});
