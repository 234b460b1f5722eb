import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createToolRegistry } from '../../../runtime/index.ts';
import { typesGuest } from '../../guests/component/build.ts';
import { codeOf, ECHO, toolsRuntime } from '../../support/tools-runtime.ts';
import { verifies } from '../../support/verifies.ts';

const folder = mkdtempSync(join(tmpdir(), 'tools-'));
afterAll(() => rmSync(folder, { recursive: true }));

test(
  'the tools of a folder are registered, and what is none is told with its reason',
  verifies('EX-31', 'EX-39'),
  async () => {
    writeFileSync(
      join(folder, 'a.js'),
      '// sandglass:tool\n// { "name": "a", "description": "x" }\nexport const run = () => 1;\n',
    );
    writeFileSync(
      join(folder, 'b.ts'),
      '/* sandglass:tool\n * {"name": "b", "description": "x"}\n */\nexport default (): number => 2;\n',
    );
    writeFileSync(join(folder, 'c.js'), 'function run() { return 3 }');
    writeFileSync(join(folder, 'c.json'), '{"name": "c", "description": "x"}');
    writeFileSync(join(folder, 'elf.wasm'), '\u007fELF');
    writeFileSync(join(folder, 'none.js'), 'export const run = 1');
    writeFileSync(
      join(folder, 'wants.js'),
      '// sandglass:tool {"name": "wants", "description": "x", "capabilities": ["http"]}',
    );
    symlinkSync('/etc/passwd', join(folder, 'passwd.js'));
    mkdirSync(join(folder, 'out'));
    writeFileSync(
      join(folder, 'out', 'manifest.json'),
      '{"name": "out", "description": "x", "entry": "../a.js"}',
    );
    const { runtime } = toolsRuntime({ policy: {}, tools: { dirs: [folder, join(folder, 'absent')] } });
    const values = await Promise.all(
      ['a', 'b', 'c'].map(async (name) => (await runtime.tools.call(name)).text),
    );
    expect(values).toEqual(['1', '2', '3']);
    const { registered, skipped } = await runtime.tools.ready();
    expect(registered.map(({ name, path }) => `${name} ${path}`)).toEqual(['a a.js', 'b b.ts', 'c c.js']);
    expect(skipped.map(({ path, error }) => `${path} ${error.code}`)).toEqual([
      'elf.wasm MODULE_INVALID',
      'none.js MANIFEST_INVALID',
      'out/../a.js INPUT_INVALID',
      'passwd.js INPUT_INVALID',
      'wants.js CAPABILITY_DENIED',
      `${join(folder, 'absent')} INPUT_INVALID`,
    ]);
    await expect(runtime.tools.load(join(folder, 'none.js'))).rejects.toMatchObject({
      code: 'MANIFEST_INVALID',
    });
    await runtime.close();
  },
);

test(
  'a folder whose one tool has its name is that tool, as tools new makes it; others are not looked into',
  verifies('EX-31'),
  async () => {
    const tools = mkdtempSync(join(tmpdir(), 'tools-in-folders-'));
    const put = (path: string, name: string): void => {
      mkdirSync(join(tools, path, '..'), { recursive: true });
      writeFileSync(
        join(tools, path),
        `// sandglass:tool {"name": "${name}", "description": "x"}\nexport const run = () => 1;`,
      );
    };
    put('count/count.js', 'count');
    put('two/two.js', 'two');
    put('two/other.js', 'other');
    put('library/helper.js', 'helper');
    mkdirSync(join(tools, 'link'));
    symlinkSync(join(tools, 'two/two.js'), join(tools, 'link/link.js'));
    const { runtime } = toolsRuntime({ policy: {}, tools: { dirs: [tools] } });
    const { registered, skipped } = await runtime.tools.ready();
    expect(registered.map(({ name, path }) => `${name} ${path}`)).toEqual(['count count/count.js']);
    expect(skipped.map(({ path, error }) => `${path} ${error.code}`)).toEqual(['link/link.js INPUT_INVALID']);
    await runtime.close();
    rmSync(tools, { recursive: true });
  },
);

test(
  'a component without a manifest is a tool for each function, with schemas of its types',
  verifies('EX-35'),
  async () => {
    const { runtime } = toolsRuntime();
    const infos = runtime.tools.register(undefined, await typesGuest());
    expect(infos.length).toBeGreaterThan(1);
    for (const { kind, input, capabilities } of infos)
      expect([kind, input.type, capabilities]).toEqual(['component', 'object', []]);
    const enums = infos.filter(({ input }) => JSON.stringify(input).includes('"enum"'));
    expect(enums.length).toBeGreaterThan(0);
    expect(codeOf(await runtime.tools.call(infos[0]?.name ?? '', { unknown: 1 }))).toBe('INPUT_INVALID');
    await runtime.close();
  },
);

test(
  'a registry can be shared: each runtime sees a tool and keeps its own policy',
  verifies('RG-06'),
  async () => {
    const registry = createToolRegistry();
    const one = toolsRuntime({ tools: { registry } }).runtime;
    const other = toolsRuntime({ tools: { registry, deny: ['echo'] } }).runtime;
    one.tools.register({ name: 'echo', description: 'x' }, ECHO);
    expect(other.tools.info('echo')?.name).toBe('echo');
    expect([codeOf(await one.tools.call('echo')), codeOf(await other.tools.call('echo'))]).toEqual([
      'ok',
      'CAPABILITY_DENIED',
    ]);
    expect(toolsRuntime().runtime.tools.list()).toEqual([]);
    await Promise.all([one.close(), other.close()]);
  },
);

test(
  'list() filters by category, tag, permissions, words and caller, together',
  verifies('RG-20', 'PM-25'),
  () => {
    const { runtime } = toolsRuntime();
    const { tools } = runtime;
    const add = (name: string, more: object) => tools.register({ name, description: 'x', ...more }, ECHO);
    add('reader', { category: 'files', capabilities: ['fs.read'], tags: ['io'] });
    add('writer', { category: 'files', capabilities: ['fs.*'] });
    add('fetcher', { category: 'web', capabilities: ['http'], keywords: ['download'] });
    const names = (filter: object) => tools.list(filter).map(({ name }) => name);
    expect(names({})).toEqual(['fetcher', 'reader', 'writer']);
    expect(names({ category: 'files' })).toEqual(['reader', 'writer']);
    expect(names({ tag: 'io' })).toEqual(['reader']);
    expect(names({ permissions: ['fs.read', 'http'] })).toEqual(['fetcher', 'reader']);
    expect(names({ category: 'files', permissions: ['fs.read', 'http'] })).toEqual(['reader']);
    expect(names({ search: 'download' })).toEqual(['fetcher']);
    expect(names({ caller: { id: 'me', permissions: ['http'] } })).toEqual(['fetcher']);
    expect(tools.info('writer')?.capabilities).toEqual(['fs.delete', 'fs.read', 'fs.write']);
    expect(() => names({ categry: 'x' })).toThrow('did you mean "category"');
  },
);
