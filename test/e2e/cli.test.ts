import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import wabt from 'wabt';
import { defined } from '../../runtime/vocabulary/defined.ts';
import { runCli, startCli } from '../support/command-line.ts';
import { verifies } from '../support/verifies.ts';

/** (module (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add)) */
const ADD_WASM = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 2, 127, 127, 1, 127, 3, 2, 1, 0, 7, 7, 1, 3, 97, 100, 100, 0, 0,
  10, 9, 1, 7, 0, 32, 0, 32, 1, 106, 11,
]);

const USAGE =
  /\d+(\.\d+)? m?s · \d+(\.\d+)? [KM]?i?B( · [\d.]+( [kMG])? fuel)?( · \d+ host calls? \(.+\))?\n$/;

let cwd = '';
let server: Server;
let origin = '';
const asked: string[] = [];
/** What the server was sent as credentials. */
const authorizations: string[] = [];

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'sandglass-e2e-'));
  await mkdir(join(cwd, 'data'));
  await mkdir(join(cwd, 'out'));
  const files: Record<string, string> = {
    'data/numbers.csv': 'n\n1\n2\n39\n',
    'sum.ts': `import { readFile } from 'fs/promises';
const rows: string[] = (await readFile('/data/numbers.csv', 'utf8')).trim().split('\\n').slice(1);
export default rows.map(Number).reduce((sum: number, n: number) => sum + n, 0);
`,
    'write.mjs': `import { writeFile } from 'fs/promises';
await writeFile('/out/result.txt', 'written');
`,
    'talk.js': `console.log('to stdout'); console.error('to stderr'); 'the value'`,
    'throw.js': `function deep() {\n  throw new TypeError('no such luck');\n}\ndeep();\n`,
    'loop.js': 'for (;;) {}',
    'forever.js': `console.log('begun'); for (;;) {}`,
    'print.js': `for (;;) console.log('line')`,
    'hoard.js': 'const all = []; for (;;) all.push(new Uint8Array(1 << 20).fill(1))',
    'recurse.js': '(function f() { return f() + 1 })()',
    'grant.json': JSON.stringify({ fs: [{ host: './data' }], limits: { outputBytes: 100 } }),
    'bad.js': 'let = ;',
    'broken.wasm': 'not wasm',
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(cwd, name), text);
  await writeFile(join(cwd, 'add.wasm'), ADD_WASM);
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (request.headers.authorization !== undefined) authorizations.push(request.headers.authorization);
    response.end('pong');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await rm(cwd, { recursive: true });
});

const cli = (args: readonly string[], stdin?: string) => runCli(args, { cwd, ...defined({ stdin }) });

describe('sandglass run and eval', () => {
  test('prints the guest apart on both streams, then its value, then a line of usage', async () => {
    const { code, out, err } = await cli(['run', 'talk.js']);
    expect([code, out]).toEqual([0, 'to stdout\nthe value\n']);
    expect(err).toMatch(/^to stderr\n/);
    expect(err.slice('to stderr\n'.length)).toMatch(USAGE);
  });

  test('evaluates a line', async () => {
    expect(await cli(['eval', '[1, 2, 3].map((x) => x * x)'])).toMatchObject({ code: 0, out: '[1,4,9]\n' });
  });

  test('runs what comes from stdin', async () => {
    expect(await cli(['run', '-'], '6 * 7')).toMatchObject({ code: 0, out: '42\n' });
    expect(await cli(['run', '-', '--lang=ts'], 'const n: number = 42; n')).toMatchObject({
      code: 0,
      out: '42\n',
    });
  });

  test('reads a granted folder, with the flag only', async () => {
    const granted = await cli(['run', 'sum.ts', '--allow-read=./data:/data']);
    expect([granted.code, granted.out]).toEqual([0, '42\n']);
    expect(granted.err).toMatch(/host calls? \(fs\.read \d\)/);
    const denied = await cli(['run', 'sum.ts']);
    expect([denied.code, denied.out]).toEqual([3, '']);
    expect(denied.err).toMatch(/^CAPABILITY_DENIED .*\/data\/numbers\.csv/m);
    expect(denied.err).not.toContain(cwd);
  });

  test.each(['python', 'javascript'])('holds a program in %s to the rules of its flags', async (lang) => {
    const isPython = lang === 'python';
    const imports = isPython ? 'import math, os' : "await import('node:path'); await import('node:fs')";
    const evaluates = "eval('1')";
    const rules = (code: string, ...flags: string[]) => cli(['eval', code, `--lang=${lang}`, ...flags]);
    for (const [code, flag] of [
      [imports, `--imports=${isPython ? 'math' : 'node:path'}`],
      [evaluates, '--block=eval'],
      [evaluates, '--preset=safe'],
    ] as const) {
      const ruled = await rules(code, flag);
      expect([ruled.code, ruled.out]).toEqual([1, '']);
      expect(ruled.err).toMatch(code === imports ? /GUEST_THREW .*(os|node:fs)/ : /GUEST_THREW .*eval/);
    }
    expect((await rules(evaluates)).code).toBe(0);
    expect((await rules('1', '--imports=')).code).toBe(0);
  });

  test('refuses to block what is not a builtin', async () => {
    const { code, err } = await cli(['eval', '1', '--lang=python', '--block=os.system']);
    expect(code).toBe(2);
    expect(err).toContain('Cannot read options.block: "os.system" is not a name of a builtin');
  });

  test('writes a granted folder, with the flag only', async () => {
    expect((await cli(['run', 'write.mjs', '--allow-read=./out:/out'])).code).toBe(3);
    expect(await readdir(join(cwd, 'out'))).toEqual([]);
    expect((await cli(['run', 'write.mjs', '--allow-write=./out:/out'])).code).toBe(0);
    expect(await readFile(join(cwd, 'out', 'result.txt'), 'utf8')).toBe('written');
  });

  test('reaches a granted origin, with the flag only', async () => {
    const code = `await (await fetch('${origin}/ping')).text()`;
    const denied = await cli(['eval', code]);
    expect(denied.code).toBe(3);
    expect(denied.err).toMatch(/^CAPABILITY_DENIED /m);
    const elsewhere = await cli(['eval', code, '--allow-net=example.com']);
    expect(elsewhere.code).toBe(3);
    expect(asked).toEqual([]);
    expect(await cli(['eval', code, `--allow-net=${origin}`])).toMatchObject({ code: 0, out: 'pong\n' });
    expect(asked).toEqual(['GET /ping']);
  });

  test('gives stdin, arguments and variables, and nothing of its own environment', async () => {
    const flags = ['--allow-env=A=b', '--stdin=-', '--', '--x', 'y z'];
    const { out } = await runCli(['eval', 'JSON.stringify({ args, env, stdin })', ...flags], {
      cwd,
      env: { SECRET_CANARY: 'canary-value' },
      stdin: 'from outside',
    });
    expect(JSON.parse(out)).toEqual({ args: ['--x', 'y z'], env: { A: 'b' }, stdin: 'from outside' });
    expect(await cli(['eval', 'stdin', '--stdin=data/numbers.csv'])).toMatchObject({
      out: 'n\n1\n2\n39\n\n',
    });
  });

  test('sends a secret of its environment where the grant says, and shows it to nobody', async () => {
    const grant = { http: [{ origin, secret: 'service' }] };
    await writeFile(join(cwd, 'secret.json'), JSON.stringify(grant));
    const code = `const answer = await fetch('${origin}/secret'); JSON.stringify([...answer.headers]) + await answer.text()`;
    const ended = await runCli(['eval', code, '--grant=secret.json', '--secret=service=SERVICE_TOKEN'], {
      cwd,
      env: { SERVICE_TOKEN: 'token-canary' },
    });
    expect(ended.code).toBe(0);
    expect(authorizations).toEqual(['Bearer token-canary']);
    expect(ended.out + ended.err).not.toContain('token-canary');
  });

  test('calls an export', async () => {
    expect(await cli(['run', 'add.wasm', '--invoke=add', '--args=[40, 2]'])).toMatchObject({
      code: 0,
      out: '42\n',
    });
  });

  test('takes a grant file, and flags on top of it', async () => {
    const granted = await cli(['run', 'sum.ts', '--grant=grant.json']);
    expect([granted.code, granted.out]).toEqual([0, '42\n']);
    const limited = await cli(['eval', `console.log('x'.repeat(200))`, '--grant=grant.json']);
    expect(limited.code).toBe(4);
    expect(limited.err).toMatch(/^OUTPUT_EXCEEDED /m);
  });

  test('prints one JSON object with --json, the same for good and bad', async () => {
    const good = await cli(['run', 'talk.js', '--json']);
    expect([good.code, good.err]).toEqual([0, '']);
    expect(JSON.parse(good.out)).toMatchObject({
      ok: true,
      value: 'the value',
      stdout: 'to stdout\n',
      stderr: 'to stderr\n',
      usage: { hostCalls: {} },
    });
    const bad = await cli(['run', 'throw.js', '--json']);
    expect([bad.code, bad.err]).toEqual([1, '']);
    const outcome = JSON.parse(bad.out);
    expect(outcome).toMatchObject({ ok: false, error: { code: 'GUEST_THREW', details: { line: 2 } } });
    expect(outcome).not.toHaveProperty('value');
    expect(Object.keys(outcome).sort()).toEqual(['error', 'meta', 'ok', 'stderr', 'stdout', 'usage']);
  });

  test("shows the guest's own file and line, and nothing of the host", async () => {
    const { err } = await cli(['run', 'throw.js']);
    expect(err).toMatch(/throw\.js:2:\d+\)[\s\S]*^GUEST_THREW TypeError: no such luck$/m);
    expect(err).not.toMatch(/runtime\/|node_modules|file:\/\//);
    expect(err).not.toContain(cwd);
  });

  test.each(['minimal', 'standard', 'strict', 'maximum'])('runs at isolation level %s', async (level) => {
    expect(await cli(['eval', '1 + 1', `--isolation=${level}`])).toMatchObject({ code: 0, out: '2\n' });
  });

  test.each([
    ['a clean end', ['eval', '0'], 0, /^/],
    ['a throw', ['run', 'throw.js'], 1, /^GUEST_THREW /m],
    ['an unknown flag', ['run', 'talk.js', '--alow-read=x'], 2, /did you mean "--allow-read"\?/],
    ['an unknown command', ['rnu', 'talk.js'], 2, /did you mean "run"\?/],
    ['a missing file', ['run', 'tlak.js'], 2, /did you mean "talk\.js"\?/],
    ['a missing folder', ['run', 'talk.js', '--allow-read=./dat'], 2, /did you mean "data"\?/],
    ['a file that is not wasm', ['run', 'broken.wasm'], 2, /^MODULE_INVALID /m],
    ['an unknown export', ['run', 'add.wasm', '--invoke=sub', '--args=[1, 2]'], 2, /^INPUT_INVALID .*sub/m],
    ['a denial', ['eval', `await fetch('https://example.com')`], 3, /^CAPABILITY_DENIED /m],
    ['a deadline', ['run', 'loop.js', '--timeout=300ms'], 4, /^DEADLINE_EXCEEDED /m],
    ['too much memory', ['run', 'hoard.js', '--memory=32MiB'], 4, /^MEMORY_EXCEEDED /m],
    ['too deep a call', ['run', 'recurse.js'], 4, /^STACK_EXCEEDED /m],
    [
      'a missing granted file',
      ['eval', `await fs.readFile('/data/none.csv')`, '--allow-read=./data:/data'],
      5,
      /^HOST_CALL_FAILED /m,
    ],
  ])('ends %s with its exit code', async (_name, args, code, err) => {
    const ended = await cli(args);
    expect([ended.code, ended.err]).toEqual([code, expect.stringMatching(err)]);
  });

  test('cancels on Ctrl-C, cleans up and ends with 130', async () => {
    const { child, ended, outputMatching } = startCli(['run', 'forever.js', '--timeout=5m', '--fuel=1000G'], {
      cwd,
    });
    await outputMatching(/begun\n/);
    child.kill('SIGINT');
    const { code, err } = await ended;
    expect(code).toBe(130);
    expect(err).toMatch(/^CANCELLED /m);
    expect(err).toMatch(USAGE);
  });

  test('passes the bytes of a guest through as they are', async () => {
    const { parseWat } = await wabt();
    const bytes = [0, 0xff, 0xfe, 0xe2, 0x82, 0x0d, 0x0a, 0x80];
    const data = bytes.map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('');
    const source = `(module
      (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 0) "\\10\\00\\00\\00\\08\\00\\00\\00") (data (i32.const 16) "${data}")
      (func (export "_start") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))`;
    await writeFile(join(cwd, 'bytes.wasm'), parseWat('bytes.wat', source).toBinary({}).buffer);
    const { code, outBytes, err } = await cli(['run', 'bytes.wasm']);
    expect(err).toMatch(USAGE);
    expect(code).toBe(0);
    expect([...outBytes]).toEqual(bytes);
  });

  test.skipIf(!existsSync('/dev/full'))('ends with 5 when its output cannot be written', async () => {
    const main = fileURLToPath(new URL('../../runtime/doors/cli/main.ts', import.meta.url));
    const line = `"${process.execPath}" "${main}" eval 1 > /dev/full`;
    const child = spawn('/bin/sh', ['-c', line], { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
    let err = '';
    child.stderr.on('data', (bytes) => {
      err += bytes;
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect([code, err]).toEqual([5, expect.stringContaining('Cannot write the output: no space is left')]);
  });

  test('ends quietly when the reader of its output goes away', async () => {
    const main = fileURLToPath(new URL('../../runtime/doors/cli/main.ts', import.meta.url));
    const line = `"${process.execPath}" "${main}" run print.js --timeout=5m | head -n 1`;
    const child = spawn('/bin/sh', ['-c', line], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.on('data', (bytes) => {
      out += bytes;
    });
    child.stderr.on('data', (bytes) => {
      err += bytes;
    });
    await new Promise((resolve) => child.on('close', resolve));
    expect(out).toBe('line\n');
    expect(err).toBe('');
  });
});

describe('sandglass inspect, doctor and --version', () => {
  test('inspects a module', async () => {
    const { code, out } = await cli(['inspect', 'add.wasm', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      kind: 'module',
      bytes: ADD_WASM.byteLength,
      imports: [],
      exports: [{ name: 'add' }],
      needs: [],
    });
    expect((await cli(['inspect', 'add.wasm'])).out).toMatch(/core module[\s\S]*Exports\n {2}add/);
    expect(await cli(['inspect', 'broken.wasm'])).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringMatching(/^MODULE_INVALID /m),
    });
  });

  test('tells what this platform can do', async () => {
    const { code, out } = await cli(['doctor', '--json']);
    expect(code).toBe(0);
    const told = JSON.parse(out);
    expect(told.platform).toMatchObject({
      name: 'node',
      levels: ['minimal', 'standard', 'strict', 'maximum'],
    });
    expect(told.engines.map(({ name }: { name: string }) => name)).toEqual(
      expect.arrayContaining(['quickjs', 'component', 'preview1']),
    );
    const { out: text } = await cli(['doctor']);
    expect(text).toMatch(/Engines\n {2}engine .*\n {2}quickjs /);
    expect(text).toMatch(/Options of a run\n {2}quickjs {2,}imports, block, preset\n/);
    expect(text).toMatch(/ {2}pyodide {2,}imports, block, packages, preset\n/);
    expect(text).toMatch(/Python packages\n {2}folder of wheels {2,}none; --wheels /);
  });

  test('tells its version', async () => {
    const manifest: unknown = JSON.parse(
      await readFile(new URL('../../package.json', import.meta.url), 'utf8'),
    );
    expect(await cli(['--version'])).toMatchObject({
      code: 0,
      out: `${Reflect.get(Object(manifest), 'version')}\n`,
      err: '',
    });
  });
});

describe('the first hour', verifies('XT-07'), () => {
  test('a file alone is run; stdin that is a file reaches it; its inputs are globals', async () => {
    await writeFile(join(cwd, 'ask.js'), 'console.log(await readline(), name)');
    const { code, out, err } = await cli(['ask.js', '--inputs={"name":"you"}', '--stdin=bad.js', '--quiet']);
    expect([code, out, err]).toEqual([0, 'let = ; you\n', '']);
  });

  test('files go into the scratch folder and come out of it', async () => {
    await writeFile(join(cwd, 'twice.py'), "open('out.txt', 'w').write(open('in.txt').read() * 2)");
    await writeFile(join(cwd, 'in.txt'), 'ab');
    const { code, err } = await cli(['twice.py', '--put=in.txt', '--get=out.txt:got', '--quiet']);
    expect([code, err]).toEqual([0, 'wrote got/out.txt\n']);
    expect(await readFile(join(cwd, 'got/out.txt'), 'utf8')).toBe('abab');
    expect(await cli(['run', 'twice.py', '--get=*.txt'])).toMatchObject({ code: 2 });
    expect(await cli(['eval', '1', '--get=none.txt', '--quiet'])).toMatchObject({
      code: 1,
      err: 'sandglass: Cannot get "none.txt": the program left no such file in /tmp\n',
    });
    expect(await cli(['eval', '1', '--get=none.txt', '--quiet', '--exit-code'])).toMatchObject({ code: 1 });
    expect(await cli(['eval', '1', '--get=*.none:got', '--quiet'])).toMatchObject({ code: 0 });
  });

  test.each([
    ['--put=in.txt:../x', 'Cannot copy in: --put=in.txt:../x is not a plain path'],
    ['--get=/etc/passwd', 'Cannot copy out: --get=/etc/passwd is not in /tmp'],
    ['--get=o.txt:in.txt', 'Cannot use --get=o.txt:in.txt: "in.txt" is a file, and has to be a folder'],
  ])('%s is told in the words of the flag', async (flag, told) => {
    await writeFile(join(cwd, 'in.txt'), 'ab');
    const ended = await cli(['eval', "require('fs').writeFileSync('/tmp/o.txt', 'o')", flag, '--quiet']);
    expect(ended).toMatchObject({ code: 2, err: expect.stringContaining(told) });
    expect(await readFile(join(cwd, 'in.txt'), 'utf8')).toBe('ab');
  });

  test('a program passes its exit code on when it is asked to', async () => {
    await writeFile(join(cwd, 'exit.py'), 'import sys; sys.exit(7)');
    expect((await cli(['exit.py'])).code).toBe(1);
    expect((await cli(['exit.py', '--exit-code'])).code).toBe(7);
  });

  test('limits of output and host calls have flags, which hints name', async () => {
    await writeFile(join(cwd, 'many.js'), "for (let i = 0; i < 2000; i++) console.log('line')");
    expect(await cli(['many.js', '--output=1KiB'])).toMatchObject({ code: 4 });
    expect((await cli(['many.js', '--output=1KiB'])).err).toContain('--output');
    expect(await cli(['many.js', '--output=1MiB'])).toMatchObject({ code: 0 });
    expect(await cli(['many.js', '--host-calls=x'])).toMatchObject({ code: 2 });
  });

  test.each([
    [
      'python',
      'x = 41\ndef f(a):\n  return a + 1\n\nf(x)\nprint("hi")\n1/0\n[x]\n',
      { code: 1, out: '42\nhi\n[41]\n' },
      /ZeroDivisionError/,
    ],
    [
      'javascript',
      'const a = [1,\n2]\na.map(n => n * 2)\n.reset\ntypeof a\n.exit\n9\n',
      { code: 0, out: '[2,4]\nundefined\n' },
      /^$/,
    ],
  ])('repl keeps what was said in %s', async (language, stdin, ended, err) => {
    const all = await cli(['repl', `--lang=${language}`], stdin);
    expect(all).toMatchObject(ended);
    expect(all.err).toMatch(err);
  });

  test('completions name commands and flags, and are the shell’s own language', async () => {
    const { code, out } = await cli(['completions', 'bash']);
    expect(code).toBe(0);
    for (const word of ['run', 'repl', '--allow-read', '--put']) expect(out).toContain(word);
    const checked = spawn('bash', ['-n'], { stdio: ['pipe', 'ignore', 'inherit'] });
    checked.stdin.end(out);
    expect(await new Promise((resolve) => checked.on('close', resolve))).toBe(0);
    expect(await cli(['completions', 'tcsh'])).toMatchObject({ code: 2 });
  });

  test('prepare says what is ready, and ends with 5 where nothing can be kept', async () => {
    const file = join(cwd, 'talk.js');
    const { code, out, err } = await startCli(['prepare'], { cwd, env: { XDG_CACHE_HOME: file } }).ended;
    expect(code).toBe(5);
    expect(out).toContain('python ready');
    expect(err).toContain('Nothing can be kept');
  });
});
