import process from 'node:process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createRuntime,
  type GuestValue,
  type JsonValue,
  LEVELS,
  type RunBase,
  type RunOptions,
  type Runtime,
} from '../../runtime/index.ts';
import { loadGuest } from '../../scripts/build-guests.ts';
import { commandGuest, probeGuest } from '../guests/component/build.ts';
import { verifies } from '../support/verifies.ts';

/** Of an exported function, in place of a program. */
type Call = RunBase & { readonly invoke: string; readonly args?: readonly GuestValue[] };

/** What guests of every kind get, whatever cell they live in. */
let runtime: Runtime;
const wasm: Record<string, Uint8Array> = {};
beforeAll(async () => {
  process.env.SANDGLASS_CANARY = 'canary-of-the-host';
  runtime = createRuntime();
  for (const name of ['echo', 'hello', 'environment', 'exit', 'trap', 'numbers']) {
    wasm[name] = await loadGuest(`preview1/${name}.wat`);
  }
  wasm.command = await commandGuest();
  wasm.probe = await probeGuest();
});
afterAll(async () => {
  delete process.env.SANDGLASS_CANARY;
  await runtime.close();
});

const source = (language: string, code: string): RunOptions => ({ language, code });
const module = (name: string, more: RunBase | Call = {}): RunOptions => ({
  module: wasm[name] ?? new Uint8Array(),
  ...more,
});

/** Everything a program is given and gives: value, both streams, one line of stdin. */
const PROGRAMS: Readonly<
  Record<string, readonly [options: () => RunOptions, value: JsonValue | undefined, out: string, err: string]>
> = {
  javascript: [
    () =>
      source(
        'javascript',
        "console.log([1,2,3].map(x=>x*x).join()); console.error('e'); console.log(JSON.parse(readline()).k, [readline()]); 6*7",
      ),
    42,
    '1,4,9\na\nb [ null ]\n',
    'e\n',
  ],
  typescript: [
    () =>
      source(
        'typescript',
        "const n: number = 2; console.log(n); console.error('e' as string); console.log((JSON.parse(readline()!) as { k: string }).k); export default n * 21",
      ),
    42,
    '2\na\nb\n',
    'e\n',
  ],
  python: [
    () =>
      source(
        'python',
        "import json, sys; print(sys.platform); print('e', file=sys.stderr); print(json.loads(input())['k']); 2**10",
      ),
    1024,
    'emscripten\na\nb\n',
    'e\n',
  ],
  'preview1, its streams': [() => module('hello'), undefined, 'to stdout\n', 'to stderr\n'],
  'preview1, its stdin': [() => module('echo'), undefined, '{"k":"a\\nb"}\n', ''],
  'component, its streams': [
    () => module('command', { argv: ['print', 'to stdout', 'to stderr'] }),
    undefined,
    'to stdout',
    'to stderr',
  ],
  'component, its stdin': [() => module('command', { argv: ['cat'] }), undefined, '{"k":"a\\nb"}\n', ''],
};

describe.each(LEVELS)('at level %s', verifies('EX-01', 'EX-02', 'EX-03', 'EX-09'), (level) => {
  test.each(Object.entries(PROGRAMS))(
    '%s: value, stdout and stderr apart, stdin as one compact line',
    async (_guest, [options, value, stdout, stderr]) => {
      const outcome = await runtime.run({ ...options(), stdin: { k: 'a\nb' }, level });
      expect(outcome).toMatchObject({
        ok: true,
        stdout,
        stderr,
        usage: { hostCalls: {}, egressBytes: 0, ingressBytes: 0 },
        meta: { level },
      });
      expect(outcome.ok && outcome.value).toEqual(value);
    },
  );
});

describe('stdin that is empty is at its end', verifies('EX-10'), () => {
  test.each<[string, () => RunOptions, object]>([
    ['javascript', () => source('javascript', 'readline()'), { ok: true, value: null }],
    [
      'python',
      () => source('python', 'input()'),
      { ok: false, error: { code: 'GUEST_THREW', message: expect.stringContaining('EOFError') } },
    ],
    ['preview1', () => module('echo'), { ok: true, stdout: '' }],
    ['component', () => module('command', { argv: ['cat'] }), { ok: true, stdout: '' }],
  ])('%s', async (_guest, options, outcome) => {
    expect(await runtime.run(options())).toMatchObject(outcome);
  });
});

describe('inputs are globals, as copies', verifies('EX-11'), () => {
  test.each([
    ['javascript', "console.log(title); deep.list.push(4); globalThis.title = 'x'; deep"],
    ['typescript', "console.log(title as string); deep.list.push(4); (globalThis as any).title = 'x'; deep"],
    ['python', "print(title)\ndeep['list'].append(4)\ntitle = 'x'\ndeep"],
  ])('%s', async (language, code) => {
    const inputs = { title: 'Dashboard', deep: { list: [1, 2, 3] } };
    for (const level of ['minimal', 'standard'] as const) {
      expect(await runtime.run({ language, code, inputs, level })).toMatchObject({
        ok: true,
        stdout: 'Dashboard\n',
        value: { list: [1, 2, 3, 4] },
      });
      expect(inputs).toEqual({ title: 'Dashboard', deep: { list: [1, 2, 3] } });
    }
  });

  test('a tool gets them as its input', async () => {
    const inputs = { step: 'echo', list: [1, { two: 'é' }] };
    expect(await runtime.run(module('probe', { inputs }))).toMatchObject({
      ok: true,
      value: { list: [1, { two: 'é' }] },
    });
  });
});

describe("an uncaught error has its type, its message and the user's own line, and no path of the host", () => {
  test.each([
    [
      'javascript',
      "const x = 1;\nfunction f() {\n  throw new RangeError('nope');\n}\nf();",
      'RangeError: nope',
      3,
    ],
    [
      'typescript',
      "type A = { a: 1 };\ninterface B {\n  b: A;\n}\nthrow new TypeError('nope');",
      'TypeError: nope',
      5,
    ],
    ['python', "x = 1\nassert False, 'nope'", 'AssertionError: nope', 2],
  ])('%s', async (language, code, message, line) => {
    for (const level of ['minimal', 'strict'] as const) {
      const outcome = await runtime.run({ language, code, level });
      expect(outcome).toMatchObject({
        ok: false,
        error: { code: 'GUEST_THREW', message: expect.stringContaining(message), details: { line } },
        stderr: expect.stringContaining(message),
      });
      expect(outcome.stderr).toMatch(new RegExp(`main\\.(js|ts|py)\\D+${line}`));
      expect(JSON.stringify(outcome)).not.toMatch(/node_modules|file:\/\/|runtime\/engines|\/root|\/home/);
      expect(JSON.stringify(outcome)).not.toContain(process.cwd());
    }
  });
});

describe('programs', () => {
  test.each(LEVELS)(
    'get arguments and variables as given, and none of the host, at level %s',
    async (level) => {
      const given = { argv: ['one', 'two words'], grant: { env: { LANG: 'C.UTF-8' } }, level };
      const preview1 = await runtime.run({ ...module('environment'), ...given });
      expect(preview1).toMatchObject({ ok: true });
      expect(preview1.stdout.split('\0').filter((text) => text !== '')).toEqual([
        'module.wasm',
        'one',
        'two words',
        'LANG=C.UTF-8',
      ]);
      expect(await runtime.run({ ...source('javascript', '[args, env]'), ...given })).toMatchObject({
        ok: true,
        value: [['one', 'two words'], { LANG: 'C.UTF-8' }],
      });
      const python = await runtime.run({
        ...source(
          'python',
          "import os, sys; [sys.argv[1:], os.environ['LANG'], os.environ.get('SANDGLASS_CANARY')]",
        ),
        ...given,
      });
      expect(python).toMatchObject({ ok: true, value: [['one', 'two words'], 'C.UTF-8', null] });
    },
  );

  test('end with their exit status', verifies('EX-06'), async () => {
    for (const guest of [module('exit'), module('command', { argv: ['exit', '3'] })]) {
      expect(await runtime.run(guest)).toMatchObject({
        ok: false,
        exitCode: 3,
        error: { code: 'GUEST_THREW', details: { exitCode: 3 } },
      });
    }
    expect(await runtime.run(module('hello'))).toMatchObject({ ok: true, exitCode: 0 });
  });

  test('a trap is one', async () => {
    for (const guest of [module('trap'), module('command', { argv: ['trap'] })]) {
      expect(await runtime.run(guest)).toMatchObject({ ok: false, error: { code: 'GUEST_TRAPPED' } });
    }
  });
});

describe('exports of a module', () => {
  test('are called with numbers, i64 as bigints', async () => {
    expect(await runtime.run(module('numbers', { invoke: 'fib', args: [10] }))).toMatchObject({ value: 55 });
    expect(await runtime.run(module('numbers', { invoke: 'add64', args: [2n ** 62n, 5n] }))).toMatchObject({
      value: 2n ** 62n + 5n,
    });
  });

  test('that are not there are answered with those that are', async () => {
    expect(await runtime.run(module('numbers', { invoke: 'nope' }))).toMatchObject({
      error: { code: 'INPUT_INVALID', message: expect.stringMatching(/fib.*add64/s) },
    });
  });

  test('_start runs where none is named', async () => {
    expect(await runtime.run(module('hello'))).toMatchObject({ ok: true, stdout: 'to stdout\n' });
  });
});

describe('only language and code are needed', verifies('EX-13'), () => {
  test.each([
    ['javascript', '1+1'],
    ['typescript', '1 + (1 as number)'],
    ['python', '1+1'],
  ])('%s: no grant, default limits, level standard', async (language, code) => {
    expect(await runtime.run({ language, code })).toMatchObject({
      ok: true,
      value: 2,
      usage: { hostCalls: {} },
      meta: { level: 'standard', limits: { timeoutMs: 10_000, fuel: 20_000_000_000, hostCalls: 1_000 } },
    });
  });

  test.each([
    ['javascript', "await fs.writeFile('/x', 'x')"],
    ['python', "open('/x', 'w')"],
  ])('%s may write nothing', async (language, code) => {
    expect(await runtime.run({ language, code })).toMatchObject({
      ok: false,
      error: { code: 'CAPABILITY_DENIED', details: { capability: 'fs.write' } },
    });
  });
});

describe('a language without an engine', () => {
  test.each(['rust', 'java', 'go', 'c'])('%s is refused with the way out', async (language) => {
    expect(await runtime.run({ language, code: 'fn main(){}' })).toMatchObject({
      ok: false,
      error: { code: 'UNSUPPORTED', message: expect.stringContaining('.wasm') },
    });
  });
});

test('no option turns the sandbox off', verifies('EX-14'), async () => {
  for (const option of ['sandbox', 'trusted', 'unsafe', 'isolation']) {
    const options = { language: 'javascript', code: '1', [option]: false };
    await expect(runtime.run(options)).rejects.toThrow(new RegExp(`unknown option "${option}"`));
    await expect(runtime.run(options)).rejects.toThrow(TypeError);
  }
  await expect(
    runtime.run({ language: 'javascript', code: '1', level: 'none' as 'minimal' }),
  ).rejects.toThrow(TypeError);
});
