import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunJob } from '../../runtime/contracts/engine.ts';
import { createRuntime, type Runtime } from '../../runtime/index.ts';
import { checkWheel } from '../../runtime/platform/python/packages/checked-wheel.ts';
import { readAnchors } from '../../runtime/platform/python/packages/html-anchors.ts';
import { chooseFile } from '../../runtime/platform/python/packages/index-page.ts';
import { job } from '../../runtime/platform/python/packages/package-job.ts';
import type { Candidate } from '../../runtime/platform/python/packages/package-source.ts';
import { createPackageWork } from '../../runtime/platform/python/packages/package-work.ts';
import { readRequirement } from '../../runtime/platform/python/packages/requirement.ts';
import {
  createUnpackedWheels,
  resolvePackages,
} from '../../runtime/platform/python/packages/resolve-packages.ts';
import { unpackWheel } from '../../runtime/platform/python/packages/unpack-wheel.ts';
import { readWheelName } from '../../runtime/platform/python/packages/wheel-name.ts';
import { TEST_CACHE } from '../support/test-cache.ts';
import { turnsDuring } from '../support/turns-during.ts';
import { sha256, wheel, type ZippedFile, zip } from '../support/wheels.ts';

const SHA = 'a'.repeat(64);
const page = (text: string, type = 'text/html') => ({
  address: 'https://wheels.test/simple/demo/',
  type,
  bytes: new TextEncoder().encode(text),
  name: 'demo',
  specifier: '',
  sources: true,
});

/** Counts each character that is looked at, so that work is a number and not a time. */
function looksAt(text: string, read: (text: string) => unknown): number {
  let looks = 0;
  const counted = new Proxy(Object(text) as object, {
    get: (_target, key) => {
      if (typeof key === 'string' && /^\d+$/.test(key)) looks += 1;
      const value: unknown = Reflect.get(Object(text), key);
      return typeof value === 'function' ? value.bind(text) : value;
    },
  });
  read(counted as unknown as string); // answers what a text does
  return looks;
}

describe('a page of an index', () => {
  test.each([
    ['tags in tags', '<a '.repeat(20_000)],
    ['one tag of letters', `<a ${'a'.repeat(60_000)}>x</a>`],
    ['quotes without end', '<a href="'.repeat(8_000)],
    ['names without values', `<a ${'a='.repeat(30_000)}`],
    ['blanks', `<a${' '.repeat(60_000)}`],
    ['slashes', `<a ${'/'.repeat(60_000)}`],
    ['comments without end', '<!--'.repeat(15_000)],
  ])('of %s is read in a few looks at each character', (_name, text) => {
    expect(looksAt(text, (counted) => readAnchors(counted, 50_000))).toBeLessThan(8 * text.length);
    expect(chooseFile(page(text))).toBeUndefined();
  });

  test('reads the anchors that it should, in all the ways that HTML writes them', () => {
    const file = (version: string): string => `demo-${version}-py3-none-any.whl`;
    const text = `<!-- <a href="no">no</a> --><abbr x="1"></abbr>
      <A HREF='${file('1.0')}#sha256=${SHA}' data-requires-python="&gt;=3.8">x</A>
      <a data-x=">" href=${file('2.0')}#sha256=${SHA}>x</a>
      <a href="${file('3.0')}#sha256=${SHA}" data-yanked>x</a>
      <a href="${file('4.0')}#sha256=${SHA}" data-requires-python=">=9">x</a>`;
    expect(chooseFile(page(text))).toEqual({
      version: '2.0',
      file: file('2.0'),
      sha256: SHA,
      address: `https://wheels.test/simple/demo/${file('2.0')}`,
    });
  });

  test.each([
    ['lists in lists', '['.repeat(1_000_000)],
    ['items without end', `{"files":[${'0,'.repeat(1_000_000)}0]}`],
    ['small objects', `{"files":[${'{},'.repeat(500_000)}{}]}`],
  ])('of JSON that is %s has no files', (_name, text) => {
    expect(chooseFile(page(text, 'application/vnd.pypi.simple.v1+json'))).toBeUndefined();
  });

  test('names of files are as short as on a disk, and say of a few systems that they run there', () => {
    const tags = (count: number): string => Array(count).fill('x').join('.');
    expect(readWheelName(`demo-1.0-${tags(300)}-${tags(300)}-${tags(300)}.whl`)).toBeUndefined();
    expect(readWheelName(`demo-1.0-py3.${tags(30)}-none.${tags(30)}-any.${tags(30)}.whl`)).toBeUndefined();
    expect(readWheelName('demo-1.0-py2.py3-none-any.whl')).toMatchObject({ rank: 4 });
  });

  test('a requirement of blanks is refused', () => {
    expect(() => readRequirement(`a${' '.repeat(900)}!`)).toThrow(/Cannot read the requirement/);
    expect(readRequirement('  a  [b , c]   >= 1 ')).toMatchObject({
      name: 'a',
      extras: ['b', 'c'],
      specifier: '>= 1',
    });
  });
});

const metadata = (name: string, requires: readonly string[]): ZippedFile => ({
  name: `${name}-1.0.dist-info/METADATA`,
  content: `Name: ${name}\n${requires.map((line) => `Requires-Dist: ${line}\n`).join('')}`,
});

describe('unpackWheel()', () => {
  const unpack = (files: readonly ZippedFile[]): unknown =>
    unpackWheel({ bytes: zip(files), file: 'demo-1.0-py3-none-any.whl', maxMemoryPages: 100 });

  test.each<[string, ZippedFile[]]>([
    [
      'a file that is a folder, too',
      [
        { name: 'a', content: 'x' },
        { name: 'a/b.py', content: 'y' },
      ],
    ],
    [
      'a folder that is a file, too',
      [
        { name: 'a/b/c.py', content: 'x' },
        { name: 'a/b', content: 'y' },
      ],
    ],
    ['a name of a dot', [{ name: './a.py', content: 'x' }]],
    ['an empty name in a path', [{ name: 'b//c.py', content: 'x' }]],
    ['a path within another place', [{ name: 'demo-1.0.data/purelib//tmp/x.py', content: 'x' }]],
    [
      'a file twice',
      [
        { name: 'a.py', content: 'x' },
        { name: 'demo-1.0.data/purelib/a.py', content: 'y' },
      ],
    ],
    ['a file without a name', [{ name: '', content: 'x' }]],
    ['a thousand folders', [{ name: `${'d/'.repeat(1_000)}x.py`, content: 'x' }]],
    ['a long name', [{ name: 'x'.repeat(300), content: 'x' }]],
    ['a program of another system', [{ name: 'demo.so', content: `\x7fELF${'0'.repeat(100)}` }]],
    [
      'a damaged module',
      [{ name: 'demo.cpython-314-wasm32-emscripten.so', content: '\0asm\x01\0\0\0\x01\xff' }],
    ],
    ['a hundred times what it weighs', [{ name: 'zeros', content: new Uint8Array(17 * 1024 * 1024) }]],
    [
      'over twenty thousand files',
      Array.from({ length: 20_001 }, (_, at) => ({ name: `f${at}`, content: '' })),
    ],
    ['over a thousand requirements', [metadata('demo', Array(1_001).fill('other'))]],
  ])('refuses %s by the name of the wheel', (_name, files) => {
    expect(() => unpack(files)).toThrow(
      expect.objectContaining({
        code: 'MODULE_INVALID',
        message: expect.stringContaining('demo-1.0-py3-none-any.whl'),
      }),
    );
  });
});

describe('resolvePackages()', () => {
  const inThisThread: RunJob = async (_url, input) => job(input);
  const resolve = (
    wheels: Readonly<Record<string, readonly string[]>>,
    names: readonly string[],
  ): ReturnType<typeof resolvePackages> => {
    const find = async (name: string): Promise<Candidate | undefined> =>
      wheels[name] === undefined
        ? undefined
        : {
            name,
            version: '1.0',
            file: `${name}-1.0-py3-none-any.whl`,
            from: 'folder',
            read: async () => zip([{ name: `${name}.py`, content: '' }, metadata(name, wheels[name] ?? [])]),
          };
    const source = { find, modules: async () => new Map<string, string>() };
    return resolvePackages(
      { names, imports: [] },
      100,
      [source],
      createUnpackedWheels(createPackageWork(inThisThread)),
    );
  };
  const namesOf = (installed: Awaited<ReturnType<typeof resolve>>): string[] =>
    installed.map(({ candidate }) => candidate.name);

  test('looks at each extra of a package once', async () => {
    const lines = Array.from({ length: 900 }, (_, index) => `demo[e${index}]`);
    expect(namesOf(await resolve({ demo: lines }, ['demo']))).toEqual(['demo']);
  });

  test('takes in what an extra needs, whoever asks for it and whenever', async () => {
    const wheels = {
      demo: ['a; extra == "one"', "b; 'two' == extra", 'c; extra == "three"', 'demo[two]; extra == "one"'],
      other: ['demo[One]'],
      a: [],
      b: [],
    };
    expect(namesOf(await resolve(wheels, ['demo', 'other']))).toEqual(['demo', 'other', 'a', 'b']);
  });

  test('takes twenty thousand files of all packages, and no more', async () => {
    const files = Array.from({ length: 6_000 }, (_, at) => ({
      path: `f${at}`,
      bytes: new Uint8Array(),
      native: false,
    }));
    const source = {
      find: async (name: string): Promise<Candidate> => ({
        name,
        version: '1.0',
        file: `${name}-1.0-py3-none-any.whl`,
        from: 'folder',
        read: async () => new Uint8Array(),
      }),
      modules: async () => new Map<string, string>(),
    };
    const unpacked = { get: async () => ({ sha256: SHA, files, requires: [] }) };
    const install = (names: readonly string[]) =>
      resolvePackages({ names, imports: [] }, 100, [source], unpacked);
    expect(await install(['a', 'b', 'c'])).toHaveLength(3);
    await expect(install(['a', 'b', 'c', 'd'])).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('over 20000 files'),
    });
  });

  test('a wheel of many megabytes is hashed with turns for others between', async () => {
    const bytes = new Uint8Array(40 * 1024 ** 2).fill(3);
    const promised = { name: 'demo', file: 'demo-1.0-py3-none-any.whl', sha256: sha256(bytes) };
    const { turns } = await turnsDuring(() => checkWheel(bytes, promised));
    expect(turns).toBeGreaterThan(8);
    await expect(checkWheel(bytes.subarray(1), promised)).rejects.toMatchObject({ code: 'MODULE_INVALID' });
  });

  test('names the wheel whose metadata cannot be read', async () => {
    await expect(resolve({ demo: ['other !!'] }, ['demo'])).rejects.toMatchObject({
      code: 'MODULE_INVALID',
      message: expect.stringContaining('demo-1.0-py3-none-any.whl'),
    });
  });

  test('a job that fails is told by the name of what it read', async () => {
    const work = createPackageWork(async () => {
      throw new TypeError('no');
    });
    await expect(
      work.unpack({ bytes: new Uint8Array(), file: 'x.whl', maxMemoryPages: 1 }),
    ).rejects.toMatchObject({
      code: 'MODULE_INVALID',
      message: expect.stringContaining('x.whl'),
    });
  });
});

describe('a run with a broken wheel', () => {
  let runtime: Runtime;
  const folder = mkdtempSync(join(tmpdir(), 'sandglass-broken-wheels-'));
  beforeAll(() => {
    const put = (name: string, files: readonly ZippedFile[]): void =>
      writeFileSync(join(folder, `${name}-1.0-py3-none-any.whl`), zip([...files, metadata(name, [])]));
    put('folderfile', [
      { name: 'folderfile', content: 'x' },
      { name: 'folderfile/b.py', content: 'y' },
    ]);
    put('elf', [{ name: 'elf.so', content: '\x7fELF0000' }]);
    const good = wheel('good', '1.0', 'x = 1');
    writeFileSync(join(folder, good.file), good.bytes);
    runtime = createRuntime({
      cache: TEST_CACHE,
      packages: { wheels: folder },
    });
  });
  afterAll(async () => {
    await runtime.close();
    rmSync(folder, { recursive: true });
  });

  test('ends as MODULE_INVALID, and one with a good wheel runs', async () => {
    expect(readdirSync(folder)).toHaveLength(3);
    for (const name of ['folderfile', 'elf']) {
      const outcome = await runtime.run({ language: 'python', code: '1', packages: [name] });
      expect(outcome).toMatchObject({
        ok: false,
        error: { code: 'MODULE_INVALID', message: expect.stringContaining(`${name}-1.0-`) },
      });
    }
    const outcome = await runtime.run({
      language: 'python',
      code: 'import good\ngood.x',
      packages: ['good'],
    });
    expect(outcome).toMatchObject({ ok: true, value: 1 });
    expect(sha256(new Uint8Array())).toHaveLength(64);
  });
});
