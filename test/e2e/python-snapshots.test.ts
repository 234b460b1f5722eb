import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  createRuntime,
  type RunOptions,
  type Runtime,
  type ScriptRun,
  type SnapshotInfo,
} from '../../runtime/index.ts';
import { TEST_CACHE } from '../support/test-cache.ts';
import { wheel, zip } from '../support/wheels.ts';

/** What the top-level code of `slow_pkg` burns at least, and what a run that only imports it burns at most, units. */
const IMPORT_FUEL = 50_000_000;
const SLOW = 'import base_pkg\nprint("slow_pkg runs")\nT = sum(range(300_000))\nX = 42\nBOX = []\n';

/** Holds one of each table whose order depends on the hash secret. */
const HASHED = `
import collections, enum, functools, weakref, datetime
class Color(enum.Enum):
    RED = 'red'
class Name(str):
    pass
class Key:
    def __init__(self, name): self.name = name
    def __eq__(self, other): return self.name == other.name
    def __hash__(self): return hash(('Key', self.name))
@functools.lru_cache(maxsize=4)
def upper(text): return text.upper()
for letter in 'abcd': upper(letter)
RED = Color.RED
TABLES = {
    'text': {f'key {n}': n for n in range(2000)},
    'tuples': {('a', n): n for n in range(300)},
    'nested': {(('x', b'y'), frozenset({'p', 'q'})): 1},
    'names': {Name(f'name {n}'): n for n in range(50)},
    'keys': {Key('one'): 1, Key('two'): 2},
    'colors': {Color.RED: 1},
    'dates': {datetime.date(2026, 1, 2): 1, datetime.timedelta(3): 2},
    'ordered': collections.OrderedDict((f'key {n}', n) for n in range(100)),
    'counter': collections.Counter('mississippi'),
    'deleted': {n: n for n in map(str, range(100))},
    'weak': weakref.WeakKeyDictionary({RED: 1}),
}
for n in range(0, 100, 2): del TABLES['deleted'][str(n)]
SETS = [{f'item {n}' for n in range(1000)}, frozenset('abc'), {('a', 'b')}, {Color.RED, 1, 2.5, None}]
hash(SETS[1]); SETS[0].discard('item 7')
`;

let folder: string;
const put = (file: string, bytes: Uint8Array): void => writeFileSync(join(folder, file), bytes);
const putWheel = (name: string, source: string, requires: readonly string[] = []): void => {
  const { file, bytes } = wheel(name, '1.0', source, requires);
  put(file, bytes);
};
const python = (code: string, more: Partial<ScriptRun> = {}): RunOptions => ({
  language: 'python',
  code,
  ...more,
});
const snapshotsOf = (runtime: Runtime): readonly SnapshotInfo[] | undefined =>
  runtime.engines().find(({ name }) => name === 'pyodide')?.snapshots;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandglass-snapshot-wheels-'));
  putWheel('slow-pkg', SLOW, ['base-pkg']);
  putWheel('base-pkg', 'Y = 1\n');
  putWheel('aside-pkg', 'Z = 3\n');
  putWheel('hashed-pkg', HASHED);
  putWheel('large-pkg', 'print("large_pkg runs")\nDATA = bytearray(b"x" * 60_000_000)\n');
  putWheel('broken-pkg', 'raise ValueError("not today")\n');
  putWheel('holding-pkg', 'F = open("/tmp/held", "w")\nX = 7\n');
  putWheel('proxy-pkg', 'from pyodide.ffi import create_proxy\nP = create_proxy(print)\nX = 5\n');
  put(
    'native_pkg-1.0-py3-none-any.whl',
    zip([
      { name: 'native_pkg/__init__.py', content: 'X = 9\n' },
      { name: 'native_pkg/part.so', content: new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]) },
      { name: 'native_pkg-1.0.dist-info/METADATA', content: 'Name: native-pkg\nVersion: 1.0\n' },
    ]),
  );
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

describe('packages.snapshots', () => {
  let runtime: Runtime;
  beforeAll(() => {
    runtime = createRuntime({
      cache: TEST_CACHE,
      packages: { wheels: folder, snapshots: [['aside-pkg'], ['slow-pkg']] },
    });
  });
  afterAll(() => runtime.close());

  test('the code of an imported module does not run again, and its import costs next to nothing', async () => {
    expect(snapshotsOf(runtime)).toEqual([
      { packages: ['aside-pkg'], state: 'unmade' },
      { packages: ['slow-pkg'], state: 'unmade' },
    ]);
    for (const level of ['standard', 'maximum'] as const) {
      const outcome = await runtime.run(python('import slow_pkg\n[slow_pkg.X, slow_pkg.T]', { level }));
      expect(outcome).toMatchObject({ ok: true, value: [42, 44_999_850_000], stdout: '' });
      expect(outcome.usage.fuel).toBeLessThan(IMPORT_FUEL);
    }
    expect(snapshotsOf(runtime)).toEqual([
      { packages: ['aside-pkg'], state: 'unmade' },
      { packages: ['slow-pkg'], state: 'ready' },
    ]);
    await using plain = createRuntime({ cache: TEST_CACHE, packages: { wheels: folder } });
    const each = await plain.run(python('import slow_pkg\nslow_pkg.X'));
    expect(each).toMatchObject({ ok: true, value: 42, stdout: 'slow_pkg runs\n' });
    expect(each.usage.fuel).toBeGreaterThan(IMPORT_FUEL);
  });

  test('serves runs that ask by name, for a part of the set, and for its files', async () => {
    const files =
      "import importlib.metadata, os, base_pkg\n[base_pkg.Y, importlib.metadata.version('slow-pkg'), os.path.exists(base_pkg.__file__)]";
    const outcome = await runtime.run(python(files, { packages: ['base_pkg'] }));
    expect(outcome).toMatchObject({ ok: true, value: [1, '1.0', true] });
  });

  test('a run sees nothing of what another has changed', async () => {
    const code =
      'import slow_pkg, base_pkg\nslow_pkg.BOX.append(1)\nbase_pkg.Y += 1\n[slow_pkg.BOX, base_pkg.Y]';
    for (let turn = 0; turn < 3; turn++) {
      expect(await runtime.run(python(code))).toMatchObject({ ok: true, value: [[1], 2], stdout: '' });
    }
  });

  test('a warm cell of the set serves the next run', async () => {
    const code = 'import slow_pkg\nslow_pkg.X';
    await expect
      .poll(async () => (await runtime.run(python(code))).usage.coldStart, { interval: 500 })
      .toBe(false);
  });

  test('runs that want more, or nothing, start as ever', async () => {
    const more = await runtime.run(python('import slow_pkg, aside_pkg\n[slow_pkg.X, aside_pkg.Z]'));
    expect(more).toMatchObject({ ok: true, value: [42, 3], stdout: 'slow_pkg runs\n' });
    const none = await runtime.run(python("import sys\n'slow_pkg' in sys.modules"));
    expect(none).toMatchObject({ ok: true, value: false });
  });

  test('deterministic runs and sessions import for themselves', async () => {
    const code = 'import slow_pkg\nslow_pkg.X';
    const deterministic = { seed: 1, now: 0 };
    expect(await runtime.run(python(code, { deterministic }))).toMatchObject({
      ok: true,
      value: 42,
      stdout: 'slow_pkg runs\n',
    });
    const session = await runtime.sessions.open({ name: 's', language: 'python' });
    expect(await session.run({ code })).toMatchObject({ ok: true, value: 42, stdout: 'slow_pkg runs\n' });
    expect(await session.run({ code })).toMatchObject({ ok: true, value: 42, stdout: '' });
    await session.close();
  });

  test('holds with more memory than usual', async () => {
    const limits = { memoryBytes: 600 * 1024 * 1024 };
    expect(await runtime.run(python('import slow_pkg\nslow_pkg.X', { limits }))).toMatchObject({
      ok: true,
      value: 42,
      stdout: '',
    });
  });

  test('a run with less memory than the set takes starts as ever, and its limit holds', async () => {
    await using large = createRuntime({
      cache: TEST_CACHE,
      packages: { wheels: folder, snapshots: [['large-pkg']] },
    });
    const code = 'import large_pkg\nlen(large_pkg.DATA)';
    const enough = await large.run(python(code));
    expect(enough).toMatchObject({ ok: true, value: 60_000_000, stdout: '' });
    expect(enough.usage.memoryBytes).toBeGreaterThan(60_000_000);
    const limits = { memoryBytes: 64 * 1024 * 1024 };
    expect(await large.run(python(code, { limits }))).toMatchObject({
      ok: false,
      error: { code: 'MEMORY_EXCEEDED' },
      stdout: 'large_pkg runs\n',
    });
  });

  test('each run has a hash secret of its own, and finds what the set has hashed', async () => {
    const code = `
import hashed_pkg as it
wrong = [(name, repr(key)) for name, table in it.TABLES.items() for key in list(table) if key not in table]
wrong += [('set', repr(key)) for one in it.SETS for key in list(one) if key not in one]
fresh = {
    'text': 'key ' + str(7) in it.TABLES['text'] and 'key 2000' not in it.TABLES['text'],
    'tuple': it.TABLES['tuples'][('a', 299)] == 299,
    'nested': it.TABLES['nested'][(('x', bytes(b'y')), frozenset(['q', 'p']))] == 1,
    'subclass': it.TABLES['names']['name 49'] == 49 and it.TABLES['names'][it.Name('name 3')] == 3,
    'own hash': it.TABLES['keys'][it.Key('two')] == 2,
    'enum': it.TABLES['colors'][it.Color('red')] == 1,
    'date': it.TABLES['dates'][it.datetime.date(2026, 1, 2)] == 1,
    'deleted': '2' not in it.TABLES['deleted'] and it.TABLES['deleted']['99'] == '99',
    'weak': it.TABLES['weak'][it.RED] == 1,
    'set': 'item 999' in it.SETS[0] and 'item 7' not in it.SETS[0] and it.SETS[1] == frozenset('cba') and hash(it.SETS[1]) == hash(frozenset('cba')),
}
ordered = it.TABLES['ordered']
ordered.move_to_end('key 5'); del ordered['key 6']
for n in range(100, 300): ordered[f'key {n}'] = n
fresh['ordered'] = len(ordered) == 299 and list(ordered)[-1] == 'key 299' and all(key in ordered for key in ordered)
for letter in 'efghabcd' * 3: it.upper(letter)
fresh['cache'] = it.upper.cache_info().currsize == 4
for n in range(5000): it.TABLES['text'][f'more {n}'] = n; it.SETS[0].add(f'more {n}')
fresh['grown'] = len(it.TABLES['text']) == 7000 and len(it.SETS[0]) == 5999
[wrong, [name for name, fine in fresh.items() if not fine], hash('x')]`;
    await using hashed = createRuntime({
      cache: TEST_CACHE,
      packages: { wheels: folder, snapshots: [['hashed-pkg']] },
    });
    const seen: unknown[] = [];
    for (const _ of [1, 2]) {
      const outcome = await hashed.run(python(code));
      expect(outcome).toMatchObject({ ok: true, value: [[], [], expect.any(Number)], stderr: '' });
      seen.push(outcome.ok && (outcome.value as unknown[])[2]);
    }
    expect(seen[1]).not.toBe(seen[0]);
    expect(snapshotsOf(hashed)).toEqual([{ packages: ['hashed-pkg'], state: 'ready' }]);
  });

  test('rules for imports hold for what is imported already', async () => {
    const options = { imports: ['math'] };
    const outcome = await runtime.run(
      python('import math\nimport slow_pkg', { options, packages: ['slow_pkg'] }),
    );
    expect(outcome).toMatchObject({
      ok: false,
      error: { code: 'GUEST_THREW', message: expect.stringContaining('Cannot import slow_pkg') },
    });
  });

  test('another wheel of the same name gets a snapshot of its own', async () => {
    putWheel('aside-pkg', 'Z = 3\n');
    putWheel('hashed-pkg', HASHED);
    expect(await runtime.run(python('import aside_pkg\naside_pkg.Z'))).toMatchObject({ ok: true, value: 3 });
    putWheel('aside-pkg', 'Z = 4\n');
    expect(await runtime.run(python('import aside_pkg\naside_pkg.Z'))).toMatchObject({ ok: true, value: 4 });
  });

  test.each([
    ['native modules', 'native-pkg', 9, /native-pkg has native modules/],
    ['an import that fails', 'broken-pkg', undefined, /importing broken_pkg failed: ValueError: not today/],
    ['an object of JavaScript', 'proxy-pkg', 5, /its modules hold objects of JavaScript/],
    [
      'a file that stays open',
      'holding-pkg',
      7,
      /importing holding_pkg failed: RuntimeError: a module keeps a file open/,
    ],
  ])(
    'a set with %s is refused aloud, and its runs install for themselves',
    async (_what, name, value, reason) => {
      const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
      await using refusing = createRuntime({
        cache: TEST_CACHE,
        packages: { wheels: folder, snapshots: [[name]] },
      });
      const module = name.replace('-', '_');
      for (let turn = 0; turn < 2; turn++) {
        const outcome = await refusing.run(python(`import ${module}\n${module}.X`));
        expect(outcome).toMatchObject(
          value === undefined ? { ok: false, error: { code: 'GUEST_THREW' } } : { ok: true, value },
        );
      }
      expect(snapshotsOf(refusing)).toEqual([
        {
          packages: [name],
          state: 'refused',
          reason: expect.stringMatching(new RegExp(`^${reason.source}`)),
        },
      ]);
      const told = warned.mock.calls.filter(([text]) => String(text).includes(name));
      expect(told).toHaveLength(1);
      expect(String(told[0]?.[0])).toMatch(reason);
    },
  );

  test('a set that no source has is refused aloud', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    await using refusing = createRuntime({
      cache: TEST_CACHE,
      packages: { wheels: folder, snapshots: [['nowhere-pkg']] },
    });
    expect(await refusing.run(python('import base_pkg\nbase_pkg.Y'))).toMatchObject({ ok: true, value: 1 });
    expect(snapshotsOf(refusing)).toMatchObject([
      { state: 'refused', reason: expect.stringContaining('nowhere-pkg') },
    ]);
    expect(warned.mock.calls.filter(([text]) => String(text).includes('nowhere-pkg'))).toHaveLength(1);
  });

  test.each([
    ['no list', 'attrs'],
    ['an empty set', [[]]],
    ['no name', [['../x']]],
    ['too many', Array.from({ length: 17 }, () => ['attrs'])],
  ])('createRuntime refuses %s', (_what, snapshots) => {
    expect(() => createRuntime({ packages: { snapshots: snapshots as string[][] } })).toThrow(
      /Cannot create a runtime: packages\.snapshots/,
    );
  });
});
