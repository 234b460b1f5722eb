import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defined } from '../../runtime/vocabulary/defined.ts';
import { runCli } from '../support/command-line.ts';
import { verifies } from '../support/verifies.ts';

let cwd = '';
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'sandglass-cli-tools-'));
  await mkdir(join(cwd, 'tools'));
  await mkdir(join(cwd, 'data'));
  const manifest = (fields: object): string => `/* sandglass:tool ${JSON.stringify(fields)} */\n`;
  const files: Record<string, string> = {
    'data/a.txt': 'one\n',
    'data/b.txt': 'two\n',
    'tools/greet.js': `${manifest({
      name: 'greet',
      description: 'Greets somebody',
      aliases: ['hello'],
      input: {
        name: { type: 'string', description: 'Who' },
        times: { type: 'integer', default: 1, minimum: 1 },
      },
      examples: [{ input: { name: "O'Neil" }, output: "hello O'Neil" }],
    })}export const run = ({ name, times }) => { console.log('printed'); return Array(times).fill('hello ' + name).join(' '); };`,
    'tools/peek.js': `${manifest({
      name: 'peek',
      description: 'Reads a file',
      capabilities: ['fs.read'],
      input: { path: { type: 'string' } },
    })}import { readFile } from 'node:fs/promises';\nexport const run = ({ path }) => readFile(path, 'utf8');`,
    'tools/wipe.js': `${manifest({ name: 'wipe', description: 'Wipes', dangerous: true })}export const run = () => 'wiped';`,
    'tools/noise.js': '1',
    'several.js': '1',
    'input.json': '{"name":"file"}',
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(cwd, name), text);
});
afterAll(() => rm(cwd, { recursive: true }));

const cli = (args: readonly string[], stdin?: string) => runCli(args, { cwd, ...defined({ stdin }) });

describe('--policy', verifies('PM-22', 'PM-03'), () => {
  const read = '{"path":"/data/a.txt"}';
  const reads = "require('node:fs').readFileSync('/data/a.txt', 'utf8')";
  beforeAll(async () => {
    const policy = {
      version: 1,
      grant: { fs: [{ host: './data', guest: '/data' }] },
      tools: { deny: ['greet'] },
    };
    await writeFile(join(cwd, 'policy.json'), JSON.stringify(policy));
    await writeFile(join(cwd, 'bad.json'), '{"version":1,"grants":{}}');
  });

  test('is what calls and runs have, where no flag grants anything, and its rules hold', async () => {
    expect(await cli(['call', 'tools/peek.js', read, '--policy=policy.json', '--quiet'])).toMatchObject({
      code: 0,
      out: 'one\n\n',
    });
    expect(await cli(['eval', reads, '--policy=policy.json', '--quiet'])).toMatchObject({
      code: 0,
      out: 'one\n\n',
    });
    const denied = await cli(['call', 'greet', '{"name":"a"}', '--tools=tools', '--policy=policy.json']);
    expect(denied).toMatchObject({ code: 3, err: expect.stringContaining('policy') });
  });

  test('is what flags cannot go beyond', async () => {
    const more = await cli(['eval', reads, '--policy=policy.json', '--allow-read=./tools:/data']);
    expect(more).toMatchObject({ code: 3, err: expect.stringContaining('the policy does not cover') });
    const narrower = ['call', 'tools/peek.js', read, '--policy=policy.json', '--allow-env=A=1'];
    expect((await cli(narrower)).code).toBe(3);
  });

  test('that cannot be read ends the command, and says what is wrong', async () => {
    expect(await cli(['eval', '1', '--policy=bad.json'])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/grants.*did you mean "grant"/),
    });
    expect((await cli(['eval', '1', '--policy=none.json'])).code).toBe(2);
  });
});

describe('sandglass call', verifies('EX-34', 'XT-04'), () => {
  test('prints the value alone on stdout, and what the tool prints on stderr', async () => {
    const { code, out, err } = await cli(['call', 'tools/greet.js', '{"name":"a"}', '--quiet']);
    expect([code, out, err]).toEqual([0, 'hello a\n', 'printed\n']);
  });

  test.each([
    ['@FILE', ['@input.json'], undefined, 'hello file\n'],
    ['-', ['-'], '{"name":"stdin"}', 'hello stdin\n'],
  ])('takes its arguments from %s', async (_name, args, stdin, value) => {
    const { code, out } = await cli(['call', 'hello', ...args, '--tools=tools', '--quiet'], stdin);
    expect([code, out]).toEqual([0, value]);
  });

  test.each([
    [
      'all faults of the arguments',
      ['call', 'tools/greet.js', '{"nam":"a","times":0}'],
      2,
      /name: is required.*did you mean "name".*times/,
    ],
    [
      'text that is not JSON',
      ['call', 'tools/greet.js', '{name}'],
      2,
      /Cannot read the arguments.*\n.*single quotes/,
    ],
    ['a list', ['call', 'tools/greet.js', '[1]'], 2, /expected a JSON object, got a list/],
    [
      'a further argument',
      ['call', 'tools/greet.js', '{"name":', '"a"}'],
      2,
      /the arguments are one JSON object/,
    ],
    [
      'a name that is near',
      ['call', 'gret', '{}', '--tools=tools'],
      2,
      /TOOL_NOT_FOUND.*"gret"\n.*Did you mean "greet"/,
    ],
    ['a file that was skipped', ['call', 'noise', '{}', '--tools=tools'], 2, /noise\.js was skipped/],
    ['a file that is not there', ['call', 'tools/gret.js', '{}'], 2, /no such file.*greet\.js/],
    ['a file without a manifest', ['call', 'several.js', '{}'], 2, /MANIFEST_INVALID.*has no manifest/],
    ['several tools', ['call', './tools', '{}'], 2, /it has 3\n.*\.\/tools#greet/],
    [
      'a missing grant',
      ['call', 'tools/peek.js', '{"path":"/data/a.txt"}'],
      3,
      /CAPABILITY_DENIED.*fs\.read.*\n.*--allow-read/,
    ],
    ['a dangerous tool', ['call', 'tools/wipe.js', '{}'], 3, /CONFIRMATION_REQUIRED.*\n.*--yes/],
    ['a wrong flag', ['call', 'tools/greet.js', '--alow-read=x'], 2, /did you mean "--allow-read"/],
    [
      'a folder that is not there',
      ['call', 'greet', '{}', '--tools=tool'],
      2,
      /no such file or folder, did you mean "tools"/,
    ],
  ])('says what is wrong: %s', async (_name, args, code, message) => {
    const ended = await cli(args);
    expect(ended).toMatchObject({ code, out: '' });
    expect(ended.err).toMatch(message);
  });

  test('a tool among several of a folder is named after #', async () => {
    expect(await cli(['call', './tools#wipe', '--yes', '--quiet'])).toMatchObject({
      code: 0,
      out: 'wiped\n',
    });
  });

  test('--trace tells the stages in their order, --json the whole outcome', async () => {
    const traced = await cli(['call', 'tools/greet.js', '{"name":"a"}', '--trace', '--quiet']);
    const stages = [...traced.err.matchAll(/^ {2}(\w+) /gm)].map(([, stage]) => stage);
    expect(stages.slice(0, 4)).toEqual(['find', 'validate', 'permit', 'confirm']);
    expect(stages).toContain('run');
    const { out } = await cli(['call', 'tools/greet.js', '{"name":"a"}', '--json']);
    expect(JSON.parse(out)).toMatchObject({ ok: true, value: 'hello a', tool: 'greet', text: 'hello a' });
  });

  test('--trace-grants tells what sufficed, and the call ends the same under it', async () => {
    const args = ['call', 'tools/peek.js', '{"path":"/data/a.txt"}', '--quiet'];
    const observed = await cli([...args, '--allow-read=data', '--trace-grants']);
    expect(observed).toMatchObject({ code: 0, out: 'one\n\n' });
    const grant = observed.err.slice(observed.err.indexOf('{'));
    expect(JSON.parse(grant)).toEqual({
      fs: [{ host: join(cwd, 'data/a.txt'), guest: '/data/a.txt', access: ['read'] }],
    });
    await writeFile(join(cwd, 'least.json'), grant);
    expect(await cli([...args, '--grant=least.json'])).toMatchObject({ code: 0, out: observed.out });
  });
});

describe('tools in guests of the command line', verifies('XT-08'), () => {
  const code = `(await tools.peek({ path: '/data/b.txt' })).trim() + ' ' + (await tools.hello({ name: 'x' }))`;

  test('a run calls those that are allowed, with its own grant', async () => {
    const ended = await cli([
      'eval',
      code,
      '--tools=tools',
      '--allow-tool=peek',
      '--allow-tool=hello',
      '--allow-read=data',
      '--quiet',
    ]);
    expect(ended).toMatchObject({ code: 0, out: 'two hello x\n' });
  });

  test('a tool gets nothing that the run was not granted', async () => {
    const ended = await cli(['eval', code, '--tools=tools', '--allow-tool=*', '--quiet']);
    expect(ended).toMatchObject({ code: 3, out: '' });
    expect(ended.err).toMatch(/CAPABILITY_DENIED.*fs\.read/);
  });

  test('one that is not allowed is denied; names that none has, and tools nobody may call, are mistakes', async () => {
    const denied = await cli([
      'eval',
      'await tools.wipe()',
      '--tools=tools',
      '--allow-tool=greet',
      '--quiet',
    ]);
    expect(denied.code).toBe(3);
    const misspelt = await cli(['eval', '1', '--tools=tools', '--allow-tool=gret']);
    expect(misspelt).toMatchObject({ code: 2, out: '' });
    expect(misspelt.err).toMatch(/Did you mean "greet"/);
    const alone = await cli(['eval', '1', '--tools=tools']);
    expect(alone).toMatchObject({ code: 2, out: '' });
    expect(alone.err).toMatch(/--allow-tool=/);
  });

  test('lines of a repl call tools, too', async () => {
    const ended = await cli(
      ['repl', '--tools=tools', '--allow-tool=*', '--allow-read=data'],
      `const x = await tools.peek({ path: '/data/a.txt' })\nx.trim()\n`,
    );
    expect(ended).toMatchObject({ code: 0, out: 'one\n' });
  });
});

describe('sandglass tools', verifies('RG-19', 'RG-21'), () => {
  test('list tells tools in order of name, and what was skipped on stderr', async () => {
    const { code, out, err } = await cli(['tools', 'list', 'tools']);
    expect([code, out]).toEqual([
      0,
      'tool   kind                   needs    description\ngreet  javascript             nothing  Greets somebody\npeek   javascript             fs.read  Reads a file\nwipe   javascript, dangerous  nothing  Wipes\n',
    ]);
    expect(err).toBe('warning: skipped noise.js: it has no manifest\n');
    const { tools, skipped } = JSON.parse((await cli(['tools', 'list', 'tools', '--json'])).out);
    expect(tools.map(({ name }: { name: string }) => name)).toEqual(['greet', 'peek', 'wipe']);
    expect(skipped).toMatchObject([{ path: 'noise.js', error: { code: 'MANIFEST_INVALID' } }]);
    expect((await cli(['tools', 'list', 'tools', '--search=file'])).out).toMatch(/^tool.*\npeek.*\n$/);
  });

  test('info tells parameters and an example that can be run as it is', async () => {
    const { code, out } = await cli(['tools', 'info', 'tools/greet.js']);
    expect(code).toBe(0);
    expect(out).toMatch(/ {2}name +string +required +Who\n {2}times +integer +default 1/);
    expect(out).toContain(`sandglass call tools/greet.js '{"name":"O'\\''Neil"}'`);
    expect(JSON.parse((await cli(['tools', 'info', 'peek', '--tools=tools', '--json'])).out)).toMatchObject({
      name: 'peek',
      capabilities: ['fs.read'],
    });
  });

  test('check ends with the code of the first fault, and says what grants do not cover', async () => {
    expect(await cli(['tools', 'check', 'tools/greet.js'])).toMatchObject({ code: 0, err: '' });
    const faults = await cli(['tools', 'check', 'tools']);
    expect(faults.code).toBe(2);
    expect(faults.err).toMatch(/^noise\.js: MANIFEST_INVALID/);
    const lacking = await cli(['tools', 'check', 'tools/peek.js', '--allow-net=example.com']);
    expect(lacking.code).toBe(3);
    expect(lacking.out).toMatch(/peek +javascript +fs\.read +no/);
    expect((await cli(['tools', 'check', 'tools/peek.js', '--allow-read=data'])).code).toBe(0);
  });

  test('an unknown action is answered with the nearest, and each action has its help', async () => {
    const unknown = await cli(['tools', 'lst']);
    expect(unknown).toMatchObject({ code: 2, out: '' });
    expect(unknown.err).toMatch(/did you mean "list"/);
    expect((await cli(['tools', 'list', '--help'])).out).toMatch(/^Usage: sandglass tools list /);
    expect((await cli(['help', 'tools'])).out).toMatch(/Actions:\n {2}new/);
    expect((await cli(['completions', 'bash'])).out).toMatch(/tools\) COMPREPLY=.*list info check/);
  });
});
