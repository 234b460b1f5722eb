import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reportOf } from '../../../../runtime/catalog/module-report.ts';
import type { LooseRunOptions } from '../../../../runtime/contracts/api/run.ts';
import { runCli } from '../../../../runtime/doors/cli/cli.ts';
import {
  ERROR_CODES,
  type ErrorCode,
  exitCodeOf,
  SandglassError,
} from '../../../../runtime/vocabulary/errors.ts';
import type { GuestValue } from '../../../../runtime/vocabulary/guest-value.ts';
import { createFakeContext, type FakeContextOptions } from '../../../support/cli-context.ts';
import { chunk, failure, never, success } from '../../../support/fake-runtime.ts';

const WASM = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
const QUIET = success({ value: undefined });

let cwd = '';
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'sandglass-cli-'));
  await mkdir(join(cwd, 'data'));
  await writeFile(join(cwd, 'main.js'), '1 + 2');
  await writeFile(join(cwd, 'main.mts'), 'export default 1');
  await writeFile(join(cwd, 'main.py'), '1');
  await writeFile(join(cwd, 'tool.wasm'), WASM);
  await writeFile(join(cwd, 'tool.bin'), WASM);
  await writeFile(join(cwd, 'notes.txt'), '1 + 2');
  await writeFile(join(cwd, 'latin.js'), new Uint8Array([0x22, 0xe9, 0x22]));
  await writeFile(join(cwd, 'utf16.js'), new Uint8Array([0xff, 0xfe, 0x31, 0]));
  await writeFile(join(cwd, 'binary.js'), new Uint8Array([0x7f, 0x45, 0, 0xff]));
});
afterAll(() => rm(cwd, { recursive: true }));

async function call(args: readonly string[], options: FakeContextOptions = {}) {
  const context = createFakeContext({ cwd, ...options });
  const code = await runCli(args, context);
  const [run] = context.runtime.runs;
  const { signal: _signal, onOutput: _onOutput, ...passed }: LooseRunOptions = run ?? {};
  return { code, out: context.out(), err: context.err(), passed, context };
}

describe('runCli()', () => {
  test('shows an overview for help, and for nothing at all with exit code 2', async () => {
    const asked = await call(['--help']);
    expect([asked.code, asked.err]).toEqual([0, '']);
    expect(asked.out).toMatchSnapshot();
    for (const args of [['-h'], ['help']]) expect((await call(args)).out).toBe(asked.out);
    const nothing = await call([]);
    expect([nothing.code, nothing.out, nothing.err]).toEqual([2, '', asked.out]);
  });

  test.each(['run', 'eval', 'inspect', 'doctor', 'serve'])('shows the help of %s', async (command) => {
    const { code, out } = await call([command, '--help']);
    expect(code).toBe(0);
    expect(out).toMatchSnapshot();
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
    expect((await call(['help', command])).out).toBe(out);
    expect((await call([command, '--nonsense', '-h'])).out).toBe(out);
  });

  test('tells the version', async () => {
    expect((await call(['--version'])).out).toBe('1.2.3\n');
  });

  test.each([
    [
      ['rnu'],
      'sandglass: Unknown command "rnu", did you mean "run"?\nCommands: run, eval, repl, profile, call, tools, inspect, packages, doctor, prepare, serve, mcp, servers, keys, audit, completions\nSee "sandglass --help"\n',
    ],
    [['--json'], 'sandglass: Unknown flag "--json": a command comes first\nSee "sandglass --help"\n'],
    [
      ['-e', '1 + 1'],
      'sandglass: Unknown flag "-e": a command comes first\nTo run a line of code: sandglass eval CODE\nSee "sandglass --help"\n',
    ],
    [
      ['--quiet', 'a.js'],
      'sandglass: Unknown flag "--quiet": a command comes first\nFlags follow the file: sandglass run a.js --quiet\nSee "sandglass --help"\n',
    ],
    [
      ['run'],
      'sandglass: Nothing to run: give a file, or - to read code from stdin\nSee "sandglass run --help"\n',
    ],
    [
      ['run', 'main.js', 'x'],
      'sandglass: Cannot run more than one file: "x" is one too many\nArguments of the guest go after "--"\nSee "sandglass run --help"\n',
    ],
    [
      ['run', 'man.js'],
      'sandglass: Cannot read "man.js": no such file or folder, did you mean "main.js"?\nSee "sandglass run --help"\n',
    ],
    [['run', 'data'], 'sandglass: Cannot read "data": it is a folder\nSee "sandglass run --help"\n'],
    [
      ['run', 'latin.js'],
      'sandglass: Cannot read "latin.js": it is text in another encoding, not UTF-8 text\nSave it as UTF-8\nSee "sandglass run --help"\n',
    ],
    [
      ['run', 'notes.txt'],
      'sandglass: Cannot tell what "notes.txt" is: known endings are .js, .mjs, .cjs, .jsx, .ts, .mts, .cts, .tsx, .py, .sh, .bash, .wasm\nSay what it is, e.g. --lang=javascript\nSee "sandglass run --help"\n',
    ],
    [
      ['notes.txt'],
      'sandglass: Cannot tell what "notes.txt" is: known endings are .js, .mjs, .cjs, .jsx, .ts, .mts, .cts, .tsx, .py, .sh, .bash, .wasm\nSay what it is, e.g. --lang=javascript\nSee "sandglass run --help"\n',
    ],
    [
      ['run', 'main.js', '--level=strict'],
      'sandglass: Unknown flag "--level", did you mean "--isolation"?\nSee "sandglass run --help"\n',
    ],
    [
      ['run', 'x.wasm', '--invoke=f', '--', '10', 'a'],
      `sandglass: Cannot use arguments after "--" with --invoke: a function takes values\nGive them as JSON: --args='[10,"a"]'\nSee "sandglass run --help"\n`,
    ],
    [
      ['run', 'main.js', '--timout=5s'],
      'sandglass: Unknown flag "--timout", did you mean "--timeout"?\nSee "sandglass run --help"\n',
    ],
    [
      ['run', 'main.js', '--timeout=5'],
      'sandglass: Cannot read --timeout=5: expected a time with its unit, such as 500ms, 5s or 2m\nSee "sandglass run --help"\n',
    ],
    [
      ['run', 'main.js', '--isolation=strickt'],
      'sandglass: Unknown isolation level "strickt", did you mean "strict"?\nLevels, from the least strict: minimal, standard, strict, maximum\nSee "sandglass run --help"\n',
    ],
    [
      ['run', 'main.js', '--lang=javscript'],
      'sandglass: Unknown language "javscript", did you mean "javascript"?\nKnown: javascript, typescript, python, shell, wasm\nSee "sandglass run --help"\n',
    ],
    [
      ['run', 'main.js', '--allow-read=dta'],
      'sandglass: Cannot grant "dta": no such file or folder, did you mean "data"?\nSee "sandglass run --help"\n',
    ],
    [
      ['run', 'main.js', '--stdin=absent.txt'],
      'sandglass: Cannot read "absent.txt": no such file or folder\nSee "sandglass run --help"\n',
    ],
    [
      ['run', '-', '--stdin=-'],
      'sandglass: Cannot read both the code and the stdin of the guest from stdin\nSee "sandglass run --help"\n',
    ],
    [
      ['run', 'main.js', '--invoke=f'],
      'sandglass: Cannot use --invoke with main.js: it calls an export of a .wasm\nSee "sandglass run --help"\n',
    ],
    [
      ['run', 'tool.wasm', '--args=[]'],
      'sandglass: Cannot use --args without --invoke\nArguments of a program go after "--"\nSee "sandglass run --help"\n',
    ],
    [
      ['run', 'main.js', '--unknown-imports=trap'],
      'sandglass: Cannot use --unknown-imports with main.js: it is about the imports of a .wasm\nSee "sandglass run --help"\n',
    ],
    [
      ['run', 'tool.wasm', '--unknown-imports=ignore'],
      'sandglass: Cannot read --unknown-imports=ignore: it is "refuse" or "trap"\nWith trap the module runs until it calls such an import\nSee "sandglass run --help"\n',
    ],
    [
      ['run', 'tool.wasm', '--invoke=f', '--args=1'],
      'sandglass: Cannot read --args=1: expected a JSON array, e.g. --args=\'[1, "two"]\'\nSee "sandglass run --help"\n',
    ],
    [
      ['eval'],
      'sandglass: Nothing to run: give the code as one argument, e.g. eval \'1 + 1\'\nSee "sandglass eval --help"\n',
    ],
    [
      ['eval', '1', '+'],
      'sandglass: Cannot run "+" as well: the code is one argument\nPut the code between quotes; arguments of the guest go after "--"\nSee "sandglass eval --help"\n',
    ],
    [
      ['eval', '1', '--lang=wasm'],
      'sandglass: Cannot evaluate wasm: save it as a file and use "run"\nSee "sandglass eval --help"\n',
    ],
    [
      ['run', 'main.js', '--preset=saef'],
      'sandglass: Unknown preset "saef", did you mean "safe"?\nKnown: safe\nSee "sandglass run --help"\n',
    ],
    [
      ['run', 'tool.wasm', '--block=eval'],
      'sandglass: Cannot use --block with tool.wasm: it is about JavaScript and Python\nA .wasm imports nothing but what "sandglass inspect" shows and its grant allows\nSee "sandglass run --help"\n',
    ],
    [['doctor', 'x'], 'sandglass: Cannot use "x": doctor takes no argument\nSee "sandglass doctor --help"\n'],
    [
      ['serve', '--port=x'],
      'sandglass: Cannot read --port=x: expected a whole number from 0 to 65535\nSee "sandglass serve --help"\n',
    ],
    [
      ['serve', '--key='],
      'sandglass: Cannot use the key: expected visible ASCII characters without blanks\nSee "sandglass serve --help"\n',
    ],
  ])('refuses %j with exit code 2 and runs nothing', async (args, message) => {
    const { code, out, err, context } = await call(args);
    expect([code, out, err]).toEqual([2, '', message]);
    expect(context.runtime.runs).toEqual([]);
  });

  test('answers 2 with its text for what the library calls misuse', async () => {
    const { code, err } = await call(['run', 'main.js'], {
      answer: () => {
        throw new TypeError('Cannot read grant: unknown field "ftp"');
      },
    });
    expect([code, err]).toEqual([
      2,
      'sandglass: Cannot read grant: unknown field "ftp"\nSee "sandglass run --help"\n',
    ]);
  });
});

describe('sandglass run', () => {
  test('passes every flag on', async () => {
    const { passed, code } = await call(
      [
        'run',
        'main.js',
        '--allow-read=./data:/data',
        '--allow-net=api.example.com',
        '--allow-env=A=b',
        '--timeout=5s',
        '--memory=32MiB',
        '--fuel=5M',
        '--isolation=strict',
        '--stdin=notes.txt',
        '--',
        '--verbose',
        'x y',
      ],
      { answer: () => QUIET },
    );
    expect(code).toBe(0);
    expect(passed).toEqual({
      language: 'javascript',
      code: '1 + 2',
      filename: 'main.js',
      grant: {
        fs: [{ host: join(cwd, 'data'), guest: '/data', access: ['read'] }],
        http: [{ origin: 'https://api.example.com' }],
        env: { A: 'b' },
      },
      limits: { timeoutMs: 5_000, memoryBytes: 32 * 1024 * 1024, fuel: 5_000_000 },
      level: 'strict',
      stdin: new TextEncoder().encode('1 + 2'),
      argv: ['--verbose', 'x y'],
    });
  });

  test.each([
    [
      ['main.mts'],
      '',
      { language: 'typescript', code: 'export default 1', filename: 'main.mts', form: 'module' },
    ],
    [['main.py'], '', { language: 'python', code: '1', filename: 'main.py' }],
    [['tool.wasm'], '', { module: WASM, filename: 'tool.wasm' }],
    [['tool.bin'], '', { module: WASM, filename: 'tool.bin' }],
    [['notes.txt', '--lang=ts'], '', { language: 'typescript', code: '1 + 2', filename: 'notes.txt' }],
    [
      ['main.mts', '--lang=js'],
      '',
      { language: 'javascript', code: 'export default 1', filename: 'main.mts' },
    ],
    [['-'], '6 * 7', { language: 'javascript', code: '6 * 7' }],
    [['-', '--lang=python'], '6', { language: 'python', code: '6' }],
    [['-'], '\0asm', { module: new Uint8Array([0, 97, 115, 109]) }],
  ])('tells what %j is', async (args, stdin, expected) => {
    const { passed } = await call(['run', ...args], { stdin });
    const { grant, limits, argv, ...source } = passed;
    expect(source).toEqual(expected);
    expect([grant, limits, argv]).toEqual([{}, {}, []]);
  });

  test.each([
    [['--imports=math,json', '--imports', 'csv'], { imports: ['math', 'json', 'csv'] }],
    [['--imports='], { imports: [] }],
    [['--block=eval, exec', '--preset=safe'], { block: ['eval', 'exec'], preset: 'safe' }],
  ])('passes the rules of %j on as options', async (flags, options) => {
    expect((await call(['run', 'main.py', ...flags])).passed.options).toEqual(options);
    expect((await call(['eval', '1', '--lang=python', ...flags])).passed.options).toEqual(options);
  });

  test('never shows the guest where its file lies', async () => {
    expect((await call(['run', join(cwd, 'main.js')])).passed.filename).toBe('main.js');
  });

  test('calls an export with JSON arguments; whole numbers keep all digits', async () => {
    const { passed } = await call([
      'run',
      'tool.wasm',
      '--invoke',
      'add',
      '--args',
      '[1, 9223372036854775807, -1.5, "x", {"a": [null]}]',
    ]);
    expect(passed).toMatchObject({
      invoke: 'add',
      args: [1, 9223372036854775807n, -1.5, 'x', { a: [null] }],
    });
    expect((await call(['run', 'tool.wasm', '--invoke=f'])).passed).toMatchObject({ invoke: 'f', args: [] });
    expect((await call(['run', 'tool.wasm', '--unknown-imports=trap'])).passed).toMatchObject({
      options: { unknownImports: 'trap' },
    });
  });

  test('reads the stdin of the guest from its own', async () => {
    expect((await call(['run', 'main.js', '--stdin=-'], { stdin: 'hello' })).passed.stdin).toEqual(
      new TextEncoder().encode('hello'),
    );
  });

  test('writes both streams as they come, then the value, then a line of usage on stderr', async () => {
    const { code, out, err, context } = await call(['run', 'main.js'], {
      answer: ({ onOutput }) => {
        onOutput?.(chunk('stdout', 'one'));
        onOutput?.(chunk('stderr', 'warn\n'));
        onOutput?.(chunk('stdout', ' two'));
        return success({
          value: { sum: 3n, list: [1, null] },
          stdout: 'one two',
          usage: {
            ...QUIET.usage,
            durationMs: 12.4,
            memoryBytes: 17_616_077,
            fuel: 300_000,
            hostCalls: { 'fs.read': 2, http: 1 },
          },
        });
      },
    });
    expect(code).toBe(0);
    expect(out).toBe('one two\n{"sum":"3","list":[1,null]}\n');
    expect(err).toBe('warn\n12 ms · 16.8 MiB · 0.3 M fuel · 3 host calls (fs.read 2, http 1)\n');
    expect(context.closed()).toBe(true);
    expect(context.listeners()).toBe(0);
  });

  test('writes the bytes of a guest as they are, broken sequences too', async () => {
    const { context } = await call(['run', 'main.js'], {
      answer: ({ onOutput }) => {
        onOutput?.(chunk('stdout', new Uint8Array([0, 0xff, 0xe2, 0x82])));
        onOutput?.({ stream: 'stdout', text: '\u{fffd}', bytes: new Uint8Array() });
        return success({ value: 1, stdout: '\0\u{fffd}\u{fffd}' });
      },
    });
    expect([...context.outBytes()]).toEqual([0, 0xff, 0xe2, 0x82, 0x0a, 0x31, 0x0a]);
  });

  test.each<[string, GuestValue]>([
    ['text\n', 'text'],
    ['\n', ''],
    ['null\n', null],
    ['0\n', 0],
    ['false\n', false],
    ['18446744073709551615\n', 18446744073709551615n],
    ['{"$bytes":"AQI="}\n', new Uint8Array([1, 2])],
    ['', undefined],
  ])('prints a value as %j', async (expected, value) => {
    expect((await call(['run', 'main.js'], { answer: () => success({ value }) })).out).toBe(expected);
  });

  test('ends with 5 when the output did not arrive, or as badly as the run did', async () => {
    const full = { outputFailure: 'no space is left' };
    const good = await call(['run', 'main.js'], full);
    expect(good.code).toBe(5);
    expect(good.err).toContain('sandglass: Cannot write the output: no space is left\n');
    const bad = await call(['run', 'main.js'], { ...full, answer: () => failure('GUEST_THREW') });
    expect(bad.code).toBe(1);
  });

  test.each([
    ['utf16.js', 'it is UTF-16, not UTF-8 text\nSave it as UTF-8\n'],
    ['binary.js', 'it is binary, not UTF-8 text\nA .wasm runs with --lang=wasm\n'],
  ])('tells what %s is', async (file, text) => {
    const { code, err } = await call(['run', file]);
    expect([code, err]).toEqual([2, `sandglass: Cannot read "${file}": ${text}See "sandglass run --help"\n`]);
  });

  test('prints one JSON object and nothing else with --json', async () => {
    const good = await call(['run', 'main.js', '--json'], {
      answer: ({ onOutput }) => {
        onOutput?.(chunk('stdout', 'hi'));
        return success({ value: [1n], stdout: 'hi', stderr: 'warn', exitCode: 0 });
      },
    });
    expect([good.code, good.err]).toEqual([0, '']);
    expect(good.out.endsWith('}\n')).toBe(true);
    expect(JSON.parse(good.out)).toEqual({
      ok: true,
      value: ['1'],
      stdout: 'hi',
      stderr: 'warn',
      exitCode: 0,
      usage: QUIET.usage,
      meta: QUIET.meta,
    });
    const bad = await call(['run', 'main.js', '--json'], {
      answer: () => failure('GUEST_THREW', { exitCode: 7 }),
    });
    expect([bad.code, bad.err]).toEqual([1, '']);
    expect(JSON.parse(bad.out)).toEqual({
      ok: false,
      stdout: '',
      stderr: '',
      exitCode: 7,
      error: { code: 'GUEST_THREW', message: 'Fake GUEST_THREW', retryable: false },
      usage: QUIET.usage,
      meta: QUIET.meta,
    });
  });

  test.each(Object.keys(ERROR_CODES))('ends with the exit code of %s', async (name) => {
    const code = name as ErrorCode; // a key of ERROR_CODES
    const shown = await call(['run', 'main.js'], { answer: () => failure(code) });
    expect(shown.code).toBe(exitCodeOf(code));
    expect(shown.err).toBe(`${code} Fake ${code}\n1 ms · 64 KiB · 42 fuel\n`);
    expect((await call(['run', 'main.js', '--json'], { answer: () => failure(code) })).code).toBe(shown.code);
  });

  test("shows the guest's own stack, or else its place, and the hint", async () => {
    const withDetails = (details: Record<string, unknown>) =>
      call(['run', 'main.js'], {
        answer: () =>
          failure('GUEST_THREW', {
            error: {
              code: 'GUEST_THREW',
              message: 'TypeError: no',
              details,
              hint: 'Do less',
              retryable: false,
            },
          }),
      });
    const stack = await withDetails({
      stack: 'TypeError: no\n    at f (main.js:3:5)\n    at main.js:9\n',
      file: 'main.js',
      line: 3,
    });
    expect(stack.err).toMatch(
      /^GUEST_THREW TypeError: no\n {4}at f \(main\.js:3:5\)\n {4}at main\.js:9\nhint: Do less\n/,
    );
    const place = await withDetails({ file: 'main.js', line: 3, column: 5 });
    expect(place.err).toMatch(/^GUEST_THREW TypeError: no\n {4}at main\.js:3:5\nhint: Do less\n/);
  });

  test('does not repeat a stack that the guest has printed, and names limits by their flags', async () => {
    const stderr = 'Uncaught Error: no\n    at f (main.js:3:5)\n    ... 9 more frames\n';
    const { err } = await call(['run', 'main.js'], {
      answer: ({ onOutput }) => {
        onOutput?.(chunk('stderr', stderr));
        return failure('MEMORY_EXCEEDED', {
          stderr,
          error: {
            code: 'MEMORY_EXCEEDED',
            message: 'Stopped the guest',
            details: { stack: '    at f (main.js:3:5)\n    ... 9 more frames', file: 'main.js', line: 3 },
            hint: 'Raise limits.memoryBytes, limits.fuel, limits.timeoutMs or limits.outputBytes',
            retryable: false,
          },
        });
      },
    });
    expect(err.slice(stderr.length)).toBe(
      'MEMORY_EXCEEDED Stopped the guest\nhint: Raise --memory, --fuel, --timeout or --output\n1 ms · 64 KiB · 42 fuel\n',
    );
  });

  test('lets no guest paint over our own lines', async () => {
    const { err } = await call(['run', 'main.js'], {
      answer: () =>
        failure('GUEST_THREW', {
          error: {
            code: 'GUEST_THREW',
            message: 'Error: \x1b[2J\x1b[1;1Hall fine\r\u009b1A',
            retryable: false,
          },
        }),
    });
    expect(err.split('\n')[0]).toBe('GUEST_THREW Error: \u{fffd}[2J\u{fffd}[1;1Hall fine\u{fffd}\u{fffd}1A');
  });

  test('cancels the run on Ctrl-C, closes the runtime, and ends with 130', async () => {
    const context = createFakeContext({ cwd, answer: never });
    const ended = runCli(['run', 'main.js'], context);
    while (context.runtime.runs.length === 0) await new Promise((resolve) => setImmediate(resolve));
    context.signal('SIGINT');
    expect(await ended).toBe(130);
    expect(context.err()).toMatch(/^CANCELLED /);
    expect([context.closed(), context.listeners()]).toEqual([true, 0]);
  });

  test('cancels the run when the reader of stdout goes away', async () => {
    const context = createFakeContext({ cwd, answer: never });
    const ended = runCli(['run', 'main.js'], context);
    while (context.runtime.runs.length === 0) await new Promise((resolve) => setImmediate(resolve));
    context.breakPipe();
    expect(await ended).toBe(141);
    expect(context.err()).toBe('');
  });

  test('uses colour on a terminal only, and not with NO_COLOR', async () => {
    const answer = () => failure('GUEST_THREW');
    const colour = '\x1b[';
    expect((await call(['run', 'main.js'], { answer })).err).not.toContain(colour);
    expect((await call(['run', 'main.js'], { answer, isTerminal: true })).err).toContain(colour);
    for (const env of [{ NO_COLOR: '1' }, { TERM: 'dumb' }]) {
      expect((await call(['run', 'main.js'], { answer, isTerminal: true, env })).err).not.toContain(colour);
    }
  });

  test('asks for one cell and none in reserve', async () => {
    const { context } = await call(['run', 'main.js']);
    expect(context.created).toMatchObject([{ cells: { maxCells: 1, warm: 0 } }]);
  });
});

describe('sandglass eval', () => {
  test('runs a line of JavaScript, or of another language', async () => {
    const { passed, out } = await call(['eval', '1 + 2', '--timeout=1s', '--', 'a']);
    expect(passed).toEqual({
      language: 'javascript',
      code: '1 + 2',
      grant: {},
      limits: { timeoutMs: 1_000 },
      argv: ['a'],
    });
    expect(out).toBe('3\n');
    expect((await call(['eval', 'x', '--lang=py'])).passed.language).toBe('python');
  });
});

describe('sandglass doctor', () => {
  const info = {
    engines: () => [
      {
        name: 'quickjs',
        version: '1.0.0',
        languages: ['javascript', 'typescript'],
        languageVersion: 'ES2024',
        cells: ['inline' as const],
        limits: [],
        network: 'host functions only' as const,
        setup: 'nothing',
        options: ['imports', 'block', 'preset'],
        snapshots: [],
        startupMs: null,
        realm: 'sealed' as const,
        levels: ['minimal' as const, 'standard' as const],
        memoryBytes: 64 * 1024 * 1024,
      },
    ],
    platform: () => ({
      name: 'node',
      version: '26.0.0',
      levels: ['minimal' as const, 'standard' as const],
      workers: true,
      processes: false,
      jspi: false,
      syncWait: true,
      hardKill: true,
      compiles: true,
    }),
  };

  test('tells what there is, and how to get what is missing', async () => {
    const { code, out } = await call(['doctor'], { info });
    expect(code).toBe(0);
    expect(out).toMatchSnapshot();
  });

  test('runs a guest on each engine, and ends with 5 when one cannot', async () => {
    const whole = await call(['doctor'], { info });
    expect(whole.context.runtime.runs.map(({ language, code }) => [language, code])).toEqual([
      ['javascript', '1'],
    ]);
    expect(whole.code).toBe(0);
    const broken = await call(['doctor'], { info, answer: () => failure('INTERNAL') });
    expect(broken.code).toBe(5);
    expect(broken.out).toMatch(/quickjs .* no\n/);
    expect(broken.out).toContain('  quickjs cannot run: Fake INTERNAL\n    Install the package again');
  });

  test('tells the same as JSON', async () => {
    const { out } = await call(['doctor', '--json'], {
      info,
      env: { SANDGLASS_WHEELS: 'wheels', SANDGLASS_INDEX: 'http://me:secret@localhost:9/simple/' },
    });
    const told = JSON.parse(out);
    expect(Object.keys(told)).toEqual(['version', 'platform', 'engines', 'packages', 'missing']);
    expect(told.engines).toEqual(info.engines());
    expect(told.missing).toHaveLength(7);
    expect(told.packages).toEqual({ wheels: join(cwd, 'wheels'), index: 'http://localhost:9/simple/' });
  });

  test('tells where packages of Python guests come from', async () => {
    const python = {
      ...info,
      engines: () => info.engines().map((engine) => ({ ...engine, name: 'pyodide', languages: ['python'] })),
    };
    const from = async (env: Record<string, string>) => (await call(['doctor'], { info: python, env })).out;
    expect(await from({ SANDGLASS_INDEX: 'http://localhost:9/simple/' })).toMatch(
      /Python packages\n {2}folder of wheels {2}none; --wheels .*\n {2}index {13}http:\/\/localhost:9\/simple\/\n/,
    );
    expect(await from({ SANDGLASS_WHEELS: '/wheels' })).toMatch(
      /folder of wheels {2}\/wheels\n {2}index {13}none; --index /,
    );
  });
});

describe('sandglass inspect', () => {
  const inspector = (bytes: Uint8Array) =>
    reportOf({
      kind: 'module',
      bytes: bytes.byteLength,
      imports: [
        { module: 'wasi_snapshot_preview1', name: 'path_open', type: 'func (i32) -> i32' },
        { module: 'wasi_snapshot_preview1', name: 'sock_recv' },
        { module: 'env', name: '\x1b[2J' },
      ],
      exports: [{ name: '_start', type: 'func ()' }],
      memories: [{ minimumBytes: 65_536 }, { minimumBytes: 0, maximumBytes: 1_048_576 }],
      customSections: ['name'],
      producers: { 'processed-by': ['cc 1.0'] },
    });

  test('tells what a module is and would need', async () => {
    const { code, out } = await call(['inspect', 'tool.wasm'], { inspector });
    expect(code).toBe(0);
    expect(out).toMatchSnapshot();
  });

  test('tells the same as JSON', async () => {
    const { out } = await call(['inspect', 'tool.wasm', '--json'], { inspector });
    expect(JSON.parse(out)).toEqual(JSON.parse(JSON.stringify(inspector(WASM))));
  });

  test('ends with 2 for a file that is not a module', async () => {
    const refusal = () => {
      throw new SandglassError('MODULE_INVALID', 'Cannot read the module: no wasm');
    };
    const { code, out, err } = await call(['inspect', 'main.js'], { inspector: refusal });
    expect([code, out, err]).toEqual([2, '', 'MODULE_INVALID Cannot read the module: no wasm\n']);
    expect((await call(['inspect'])).err).toMatch('Nothing to inspect: give a .wasm file');
  });
});
