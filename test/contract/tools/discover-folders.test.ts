import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { LoadReport, Runtime } from '../../../runtime/index.ts';
import { TEST_CACHE } from '../../support/test-cache.ts';
import { codeOf, toolsRuntime } from '../../support/tools-runtime.ts';
import { verifies } from '../../support/verifies.ts';

const folders: string[] = [];
const runtimes: Runtime[] = [];
afterEach(async () => {
  for (const runtime of runtimes.splice(0)) await runtime.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const js = (name: string, value: unknown = name, more: object = {}): string =>
  `// sandglass:tool ${JSON.stringify({ name, description: 'x', ...more })}\nexport const run = () => (${JSON.stringify(value)});\n`;

/** A folder with these files; one that is `null` is a folder. */
function folderOf(files: Readonly<Record<string, string | null>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'discover-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(text === null ? path : dirname(path), { recursive: true });
    if (text !== null) writeFileSync(path, text);
  }
  return folder;
}

function open(options: Parameters<typeof toolsRuntime>[0] = {}): Runtime {
  const { runtime } = toolsRuntime({ cache: TEST_CACHE, ...options });
  runtimes.push(runtime);
  return runtime;
}

const told = ({ registered, skipped }: LoadReport): readonly (readonly string[])[] => [
  registered.map(({ name }) => name),
  skipped.map(({ path, error: { code } }) => `${path} ${code}`),
];

describe('tools.discover()', verifies('MK-05'), () => {
  const SOURCES = {
    'a.js': js('a'),
    'b.ts': js('b'),
    'c.py': '# sandglass:tool {"name": "c", "description": "x"}\ndef run(args):\n    return "c"\n',
    'notes.txt': 'not a tool',
    'plain.js': 'export const x = 1;',
    'deep/d.js': js('d'),
    'deep/deeper/e.js': js('e'),
    'deep/deeper/e.test.js': js('never'),
    'one/manifest.json': '{"name": "one", "description": "x", "entry": "main.js"}',
    'one/main.js': 'export const run = () => "one"',
    'one/helper.js': 'export const help = 1',
    'node_modules/p/p.js': js('p'),
    '.hidden/h.js': js('h'),
  };

  test('finds all kinds, in folders of folders too, and says why others are none', async () => {
    const folder = folderOf(SOURCES);
    copyFileSync(
      new URL('../../../examples/csv-stats.wasm', import.meta.url),
      join(folder, 'deep', 'stats.wasm'),
    );
    const runtime = open();
    const report = await runtime.tools.discover({ dirs: [folder], exclude: ['*.test.js'] });
    expect(told(report)).toEqual([
      ['a', 'b', 'c', 'd', 'e', 'csv_stats', 'one'],
      ['notes.txt INPUT_INVALID', 'plain.js MANIFEST_INVALID'],
    ]);
    expect(report.skipped[0]?.error.message).toContain('no kind of tool has this ending');
    const values = await Promise.all(['a', 'b', 'c', 'e', 'one'].map((name) => runtime.tools.call(name)));
    expect(values.map(({ text }) => text)).toEqual(['a', 'b', 'c', 'e', 'one']);

    const again = await runtime.tools.discover({ dirs: [folder, folder], exclude: ['*.test.js'] });
    expect(runtime.tools.list()).toHaveLength(7);
    expect(again.registered).toHaveLength(14);
    expect(runtime.tools.info('a')?.uses.count).toBe(1); // it is the same tool still
  });

  test('looks for what it is asked for', async () => {
    const folder = folderOf(SOURCES);
    const found = async (options: object) => {
      const { tools } = open();
      return told(await tools.discover({ dirs: [folder], ...options }));
    };
    expect(await found({ kind: 'python' })).toEqual([['c'], []]);
    expect(await found({ kind: 'typescript' })).toEqual([['b'], []]);
    expect(await found({ include: ['deep/**'], exclude: ['*.test.js'] })).toEqual([['d', 'e'], []]);
    expect(await found({ include: ['[ae].js', 'a.js'], maxDepth: 1 })).toEqual([
      ['a'],
      ['deep INPUT_INVALID'],
    ]);
    expect(await found({ include: ['*.js'], exclude: ['deep', 'plain.js'] })).toEqual([['a', 'one'], []]);
    expect(await found({ kind: 'javascript', maxBytes: 10, exclude: ['deep', 'one'] })).toEqual([
      [],
      ['a.js INPUT_INVALID', 'plain.js INPUT_INVALID'],
    ]);
  });

  test('registers nothing where it is only to look', async () => {
    const folder = folderOf({ 'a.js': js('a'), 'b.js': 'x' });
    const { tools } = open();
    expect(told(await tools.discover({ dirs: [folder], register: false }))).toEqual([
      ['a'],
      ['b.js MANIFEST_INVALID'],
    ]);
    expect(tools.list()).toEqual([]);
  });

  test('misuse is thrown, and a folder that is not there is told', async () => {
    const { tools } = open();
    for (const [options, message] of [
      [{}, 'dirs is not a list of folders'],
      [{ dirs: [] }, 'dirs is not a list of folders'],
      [{ dirs: ['.'], kind: 'pyhton' }, 'did you mean "python"'],
      [{ dirs: ['.'], maxDepht: 1 }, 'did you mean "maxDepth"'],
      [{ dirs: ['.'], maxDepth: 0 }, 'maxDepth 0 is not'],
      [{ dirs: ['.'], include: 'x' }, 'include is not a list'],
      [{ dirs: ['.'], register: 1 }, 'register is not true or false'],
    ] as const)
      await expect(tools.discover(options as never)).rejects.toThrow(message);
    expect(told(await tools.discover({ dirs: ['/there/is/none'] }))).toEqual([
      [],
      ['/there/is/none INPUT_INVALID'],
    ]);
  });

  test('files of many stars and deep folders cost no more than their length', async () => {
    const deep = Array.from({ length: 40 }, () => 'd').join('/');
    const folder = folderOf({ [`${deep}/x.js`]: js('x'), 'a.js': js('a') });
    const { tools } = open();
    const stars = `${'*a'.repeat(100)}b`;
    expect(told(await tools.discover({ dirs: [folder], exclude: [stars], maxDepth: 32 }))).toEqual([
      ['a'],
      [expect.stringMatching(/^d(\/d)+ INPUT_INVALID$/)],
    ]);
  });
});

test(
  'the audit shows what a tool passed on its way in, in order, and where it was stopped',
  verifies('EX-39', 'PM-23', 'MK-06'),
  async () => {
    const folder = folderOf({
      'a.js': js('a'),
      'asks.js': js('asks', 1, { capabilities: ['http'] }),
      'hides.js': `${js('hides')}export const leak = () => fetch('http://x.test');`,
      'elf.wasm': '\u007fELF',
      'z.js': js('z'),
    });
    symlinkSync('/etc/passwd', join(folder, 'link.js'));
    const runtime = open({ policy: {} });
    const heard: string[] = [];
    runtime.on('tool.entered', ({ stage, tool, path }) => heard.push(`${stage} ${tool ?? ''} ${path}`));
    runtime.on('denied', ({ gate, operation, code, resource }) =>
      heard.push(`${gate} ${operation} ${code} ${resource?.name}`),
    );
    await runtime.tools.discover({ dirs: [folder] });
    expect(heard).toEqual([
      'discovered  a.js',
      'checked a a.js',
      'registered a a.js',
      'discovered  asks.js',
      'registration tools.register CAPABILITY_DENIED asks',
      'discovered  elf.wasm',
      'discovery tools.load MODULE_INVALID elf.wasm',
      'discovered  hides.js',
      'discovery tools.load MANIFEST_INVALID hides.js',
      'discovery tools.load INPUT_INVALID link.js',
      'discovered  z.js',
      'checked z z.js',
      'registered z z.js',
    ]);
    expect(runtime.tools.list().map(({ name }) => name)).toEqual(['a', 'z']);
  },
);

describe('tools: { dirs, watch: true }', () => {
  /** A runtime over a folder, and what it tells after a change. */
  async function watched(folder: string) {
    let noticed = Promise.withResolvers<string>();
    const runtime = open({
      tools: { dirs: [folder], watch: true },
      onNotice: ({ kind, message }) => noticed.resolve(`${kind} ${message}`),
    });
    await runtime.tools.ready();
    return {
      tools: runtime.tools,
      changed: async (change: () => void): Promise<string> => {
        noticed = Promise.withResolvers();
        change();
        return noticed.promise;
      },
    };
  }

  test('a tool that changes is in force, one that comes is there, one that goes is gone', async () => {
    const folder = folderOf({ 'a.js': js('a', 1), 'b.js': js('b', 1), sub: null });
    const { tools, changed } = await watched(folder);
    expect(await tools.call('a')).toMatchObject({ value: 1 });
    expect(await changed(() => writeFileSync(join(folder, 'a.js'), js('a', 2)))).toContain('tools-read');
    expect(await tools.call('a')).toMatchObject({ value: 2 });
    await changed(() => {
      writeFileSync(join(folder, 'new.tmp'), js('c', 3));
      renameSync(join(folder, 'new.tmp'), join(folder, 'c.js'));
    });
    expect(await tools.call('c')).toMatchObject({ value: 3 });
    expect(await changed(() => rmSync(join(folder, 'b.js')))).toContain('gone: b');
    expect(codeOf(await tools.call('b'))).toBe('TOOL_NOT_FOUND');
    await changed(() => writeFileSync(join(folder, 'a.js'), js('renamed', 4)));
    expect(tools.list().map(({ name }) => name)).toEqual(['c', 'renamed']);
    expect((await tools.ready()).registered.map(({ name }) => name)).toEqual(['renamed', 'c']);
  });

  test('a file that is not a tool any more leaves the former one in force, and is told', async () => {
    const folder = folderOf({ 'a.js': js('a', 1), 'b.js': js('b', 1) });
    const { tools, changed } = await watched(folder);
    for (const broken of [
      '// sandglass:tool {',
      js('a b', 2),
      js('b', 2),
      js('a', 2, { capabilities: ['fs.red'] }),
    ]) {
      const notice = await changed(() => writeFileSync(join(folder, 'a.js'), broken));
      expect(notice).toMatch(/^tools-refused .*a\.js.*; the tools before stay$/);
      expect(await tools.call('a')).toMatchObject({ value: 1 });
      expect(await tools.call('b')).toMatchObject({ value: 1 });
    }
    expect((await tools.ready()).skipped.map(({ path }) => path)).toEqual(['a.js']);
    await changed(() => writeFileSync(join(folder, 'a.js'), js('a', 5)));
    expect(await tools.call('a')).toMatchObject({ value: 5 });
    expect((await tools.ready()).skipped).toEqual([]);
  });
});
