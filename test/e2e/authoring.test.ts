import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeBlocks } from '../docs/code-blocks.ts';
import { readDocument } from '../docs/documents.ts';
import { createReader, type Reader } from '../docs/run-block.ts';
import { runCli, startCli } from '../support/command-line.ts';
import { verifies } from '../support/verifies.ts';

let cwd = '';
let reader: Reader;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'sandglass-authoring-'));
  reader = await createReader(cwd);
});
afterAll(async () => {
  await reader[Symbol.asyncDispose]();
  await rm(cwd, { recursive: true, force: true });
});

const cli = (...args: readonly string[]) => runCli(args, { cwd });

/** A folder with a tool of these files. */
async function toolOf(
  name: string,
  files: Readonly<Record<string, string>>,
  manifest: object = {},
): Promise<string> {
  const folder = join(cwd, name);
  await mkdir(folder, { recursive: true });
  const whole = { name, description: 'x', entry: `${name}.wasm`, ...manifest };
  for (const [path, text] of Object.entries({ 'manifest.json': JSON.stringify(whole), ...files })) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return name;
}

describe('what the page says for languages with a compiler of their own', verifies('EX-36'), () => {
  const blocks = codeBlocks(readDocument('docs/authoring.md'));
  const has = (program: string, ...args: string[]): boolean => spawnSync(program, args).status === 0;
  const compilers: Readonly<Record<string, () => boolean>> = {
    rust: () => /wasm32-wasip1/.test(String(spawnSync('rustup', ['target', 'list', '--installed']).stdout)),
    c: () => has('zig', 'version') || has('python3', '-m', 'ziglang', 'version'),
    go: () => has('go', 'version'),
  };

  test.for(Object.entries(compilers))('holds word by word: %s', async ([name, isThere], { skip }) => {
    skip(!isThere(), 'no compiler for it is installed');
    const block = blocks.find(({ code }) => code.includes(`--template=${name}`));
    if (block === undefined) throw new Error(`docs/authoring.md has no block for ${name}`);
    const { exitCode, stdout, stderr } = await reader.run(block);
    expect(stderr).toBe('');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/1 passed, 0 failed\n\{"words":2\}\n$/);
  });

  test.for(Object.keys(compilers))(
    '%s: what is not installed is told with what installs it',
    async (name) => {
      await cli('tools', 'new', `lone_${name}`, `--template=${name}`);
      const { code, err } = await runCli(['tools', 'build', `lone_${name}`], {
        cwd,
        env: { PATH: '/nonexistent' },
      });
      expect(code).toBe(2);
      expect(err).toMatch(
        /^UNSUPPORTED Cannot build the tool: .* is not installed\nhint: .*(?:Install|pip install)/,
      );
    },
  );
});

describe('sandglass tools new', verifies('EX-36'), () => {
  test.each([
    ['a name that is none', ['a b'], /1 to 64 letters/],
    ['an unknown template', ['x', '--template=tss'], /did you mean "ts"/],
    ['two names', ['x', 'y'], /more than one tool/],
  ])('refuses %s', async (_name, args, message) => {
    const { code, err } = await cli('tools', 'new', ...args);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });

  test('overwrites nothing', async () => {
    await toolOf('mine', { 'tool.ts': 'mine' });
    const { code, err } = await cli('tools', 'new', 'mine');
    expect(code).toBe(2);
    expect(err).toMatch(/not empty/);
    expect(await readFile(join(cwd, 'mine/tool.ts'), 'utf8')).toBe('mine');
  });
});

describe('sandglass tools build', verifies('EX-36'), () => {
  test('links files, JSON and types; the same source in another place has the same bytes', async () => {
    const files = {
      'tool.ts': `import { readText } from 'sandglass:host/fs@0.1.0';
import data from './data.json';
import { upper } from './lib/upper.js';
export default ({ path }: { path: string }): string => { console.log('é', data); return upper(readText(path)) + data.end; };`,
      'lib/upper.ts': `import { twice } from '../twice';\nexport const upper = (text: string): string => twice(text.trim().toUpperCase());`,
      'twice.js': 'export function twice(text) { return text + text }',
      'data.json': '{"end":"!"}',
      'in/a.txt': 'ä\n',
    };
    const manifest = { name: 'linked', capabilities: ['fs.read'], input: { path: { type: 'string' } } };
    await toolOf('linked', files, {
      ...manifest,
      examples: [{ input: { path: '/in/a.txt' }, output: 'ÄÄ!' }],
    });
    await toolOf('again', files, {
      ...manifest,
      entry: 'again.wasm',
      examples: [{ input: { path: '/in/a.txt' }, output: 'ÄÄ!' }],
    });
    const built = JSON.parse((await cli('tools', 'build', 'linked', '--json')).out);
    const again = JSON.parse((await cli('tools', 'build', 'again', '--json')).out);
    expect(again.sha256).toBe(built.sha256);
    expect(built.bytes).toBeLessThan(1_700_000);
    const { code, out } = await cli('tools', 'test', 'linked', '--allow-read=linked/in:/in');
    expect(out).toMatch(/^ok .*\n {6}reached fs\.read \/in\/a\.txt\n1 passed/);
    expect(code).toBe(0);
    const inspected = JSON.parse((await cli('inspect', 'linked/linked.wasm', '--json')).out);
    expect(inspected.manifest.name).toBe('linked');
    const host = inspected.imports
      .map(({ name }: { name: string }) => name)
      .filter((name: string) => name.startsWith('sandglass:'));
    expect(host.filter((name: string) => /\/(?:http|ws)\b/.test(name))).toEqual([]);
  });

  test('a file with its manifest in its head comment is a tool of its own', async () => {
    await writeFile(
      join(cwd, 'greet.js'),
      `/* sandglass:tool {"name":"greet","description":"x","input":{"name":{"type":"string"}}} */\nfunction run({ name }) { return 'hi ' + name }`,
    );
    expect((await cli('tools', 'build', 'greet.js')).code).toBe(0);
    expect(await cli('call', 'greet.wasm', '{"name":"a"}', '--quiet')).toMatchObject({
      code: 0,
      out: 'hi a\n',
    });
  });

  test.each([
    ['a syntax error', { 'tool.ts': 'let = = 1;' }, {}, /Cannot build tool\.ts: .*\(1:/],
    [
      'a file that is not there',
      { 'tool.ts': `import x from './none'; export const run = () => x;` },
      {},
      /Cannot build tool\.ts: there is no "\.\/none"/,
    ],
    [
      'a module of Node',
      { 'tool.js': `import fs from 'node:fs'; export const run = () => fs;` },
      {},
      /modules of Node\nhint: .*sandglass:host\/fs/,
    ],
    [
      'a package, where nothing bundles it',
      { 'tool.js': `import x from 'left-pad'; export const run = () => x;` },
      {},
      /left-pad.*\nhint: npm install/,
    ],
    [
      'a field that a manifest has not',
      { 'tool.js': 'export const run = () => 1;' },
      { capabilites: [] },
      /MANIFEST_INVALID.*did you mean "capabilities"/,
    ],
    ['an entry out of its folder', { 'tool.js': '1' }, { entry: '../x.wasm' }, /entry of its manifest/],
    [
      'a source without room',
      { 'tool.js': `export const run = () => ${JSON.stringify('x'.repeat(270_000))};` },
      {},
      /there is room for 262136/,
    ],
    ['nothing to build', { 'readme.md': '' }, {}, /it has none of tool\.ts/],
  ])('says what is wrong: %s', async (_name, files, manifest, message) => {
    const name = await toolOf(
      `bad_${Math.abs(message.source.length * 31 + JSON.stringify(files).length)}`,
      files,
      manifest,
    );
    const { code, err, out } = await cli('tools', 'build', name);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(message);
  });

  test('a promise, a throw and a refusal end the call with their own codes', async () => {
    const denied = `import { writeText } from 'sandglass:host/fs'; export const run = ({ how }) => { if (how === 'throw') throw new TypeError('no such luck'); if (how === 'promise') return Promise.resolve(1); writeText('/in/new', 'x'); };`;
    await toolOf(
      'ends',
      { 'tool.js': denied, 'in/a': '' },
      { capabilities: ['fs.read'], input: { how: { type: 'string' } } },
    );
    await cli('tools', 'build', 'ends');
    const call = (how: string) =>
      cli('call', './ends', JSON.stringify({ how }), '--allow-read=ends/in:/in', '--quiet');
    expect((await call('throw')).err).toMatch(/^GUEST_THREW .*no such luck/);
    expect((await call('promise')).err).toMatch(/^GUEST_THREW .*runs synchronously/);
    expect(await call('write')).toMatchObject({ code: 3, err: expect.stringMatching(/^CAPABILITY_DENIED/) });
  });

  test('what is not built yet, and an engine that is not installed, are told with the command', async () => {
    await toolOf('unbuilt', { 'tool.js': 'export const run = () => 1;' });
    const called = await cli('call', './unbuilt');
    expect(called.err).toMatch(/there is no unbuilt\.wasm yet: sandglass tools build unbuilt/);
    const other = await cli('tools', 'build', 'unbuilt', '--engine=starlingmonkey');
    expect(other.err).toMatch(
      /^UNSUPPORTED .*\nhint: npm install --save-dev @bytecodealliance\/componentize-js/,
    );
    expect((await cli('tools', 'build', 'unbuilt', '--engine=quickj')).err).toMatch(/did you mean "quickjs"/);
  });

  test('--engine=starlingmonkey builds with the package that the author has installed', async () => {
    await toolOf(
      'webby',
      { 'tool.js': "export const run = ({ url }) => new URLSearchParams(new URL(url).search).get('q');" },
      { input: { url: { type: 'string' } } },
    );
    await mkdir(join(cwd, 'webby/node_modules'));
    await symlink(
      join(import.meta.dirname, '../../node_modules/@bytecodealliance'),
      join(cwd, 'webby/node_modules/@bytecodealliance'),
    );
    const built = await cli('tools', 'build', 'webby', '--engine=starlingmonkey', '--json');
    expect(built.err).toBe('');
    expect(JSON.parse(built.out).bytes).toBeGreaterThan(2_000_000);
    const args = ['call', './webby', '{"url":"https://example.com/?q=a%20b"}', '--quiet', '--timeout=60s'];
    expect(await cli(...args)).toMatchObject({ code: 0, out: 'a b\n' });
  });

  test('--watch builds again when a source changes, until a signal', async () => {
    await toolOf('watched', { 'tool.js': 'export const run = () => 1;' });
    const started = startCli(['tools', 'build', 'watched', '--watch'], { cwd });
    await started.outputMatching(/^watched\/watched\.wasm.*\n/);
    await writeFile(join(cwd, 'watched/tool.js'), 'export const run = () => 1 + 1 + 1;');
    await started.outputMatching(/(?:.*watched\.wasm.*\n){2}/);
    started.child.kill('SIGINT');
    expect((await started.ended).code).toBe(130);
    expect(await cli('call', './watched', '--quiet')).toMatchObject({ code: 0, out: '3\n' });
  });
});

describe('sandglass tools test', verifies('EX-36', 'RG-31'), () => {
  test('tells each example that does not hold, and ends with 1', async () => {
    const examples = [{ input: { n: 1 }, output: 2 }, { input: { n: 2 }, output: 5 }, { input: { n: 3 } }];
    await toolOf(
      'doubles',
      { 'tool.js': 'export const run = ({ n }) => { if (n === 3) throw new Error("three"); return n * 2 };' },
      { input: { n: { type: 'number' } }, examples },
    );
    await cli('tools', 'build', 'doubles');
    const { code, out } = await cli('tools', 'test', 'doubles');
    expect(code).toBe(1);
    expect(out).toMatch(
      /^ok .*example 1 .*\n.*\nfail .*example 2 .*\n {6}expected 5, got 4\n.*\nfail .*example 3 .*\n {6}GUEST_THREW .*three/,
    );
    expect(out).toMatch(/1 passed, 2 failed\n$/);
    expect(JSON.parse((await cli('tools', 'test', 'doubles', '--json')).out)).toMatchObject({
      passed: 1,
      failed: 2,
    });
  });
});
