import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type Grant, type Runtime } from '../../runtime/index.ts';
import { loadGuest } from '../../scripts/build-guests.ts';
import { runCli } from '../support/command-line.ts';
import { startServer } from '../support/http-harness.ts';
import { verifies } from '../support/verifies.ts';

/** Small programs that people try first, as they would write them. */
let runtime: Runtime;
let folder: string;
beforeAll(async () => {
  runtime = createRuntime();
  folder = mkdtempSync(join(tmpdir(), 'sandglass-programs-'));
  writeFileSync(join(folder, 'fib.ts'), TYPESCRIPT);
  writeFileSync(join(folder, 'fib.js'), JAVASCRIPT);
  writeFileSync(join(folder, 'fib.py'), PYTHON);
  writeFileSync(join(folder, 'fibonacci.wasm'), await loadGuest('preview1/numbers.wat'));
  mkdirSync(join(folder, 'app'));
  writeFileSync(join(folder, 'app', 'one.txt'), '1');
  writeFileSync(join(folder, 'app', 'two.txt'), '2');
});
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

const MIB = 1024 * 1024;
const JAVASCRIPT = 'const fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2));\nconsole.log(fib(10));\n';
const TYPESCRIPT =
  'const fib = (n: number): number => (n < 2 ? n : fib(n - 1) + fib(n - 2));\nconsole.log(fib(10));\n';
const PYTHON = 'def fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\n\nprint(fib(10))\n';

describe('the tenth Fibonacci number', () => {
  test.each([
    ['python', PYTHON, 'fib.py'],
    ['javascript', JAVASCRIPT, 'fib.js'],
    ['typescript', TYPESCRIPT, 'fib.ts'],
  ])('in %s, from a program and from the command line', async (language, code, file) => {
    const outcome = await runtime.run({ language, code });
    expect(outcome).toMatchObject({ ok: true, stdout: '55\n', stderr: '' });
    expect(outcome.usage.durationMs).toBeGreaterThan(0);
    const { code: exit, out } = await runCli(['run', file], { cwd: folder });
    expect([exit, out]).toEqual([0, '55\n']);
  });

  test('of a wasm module, both ways', async () => {
    const module = join(folder, 'fibonacci.wasm');
    expect(await runtime.run({ module, invoke: 'fib', args: [10] })).toMatchObject({ ok: true, value: 55 });
    const args = ['run', 'fibonacci.wasm', '--invoke=fib', '--args=[10]'];
    const { code: exit, out } = await runCli(args, { cwd: folder });
    expect([exit, out]).toEqual([0, '55\n']);
  });
});

describe('limits of thirty seconds, 512 MiB and half a processor', () => {
  const limits = { timeoutMs: 30_000, memoryBytes: 512 * MIB, cpuShare: 0.5 };
  test.each([
    ['an endless loop', 'while True: pass', { ...limits, timeoutMs: 300 }, 'DEADLINE_EXCEEDED'], // the thirty seconds would be the test's, too
    ['a greedy allocation', 'x = bytearray(600 << 20)', limits, 'MEMORY_EXCEEDED'],
  ])('end %s, with its usage', async (_what, code, held, error) => {
    const outcome = await runtime.run({ language: 'python', code, limits: held });
    expect(outcome).toMatchObject({ ok: false, error: { code: error }, meta: { limits: held } });
    const { fuel, durationMs, cpuMs, memoryBytes } = outcome.usage;
    for (const used of [fuel, durationMs, cpuMs, memoryBytes]) expect(used).toBeGreaterThan(0);
  });
});

describe(
  'a folder at /app, read-only, at level strict, without a network',
  verifies('EX-22', 'PM-15'),
  () => {
    const grant = (): Grant => ({ fs: [{ host: join(folder, 'app'), guest: '/app' }] });
    test.each([
      ['python', "import os\nprint('hello')\nsorted(os.listdir('/app'))", "open('/app/new.txt', 'w')"],
      [
        'javascript',
        "console.log('hello'); (await fs.readdir('/app')).sort()",
        "await fs.writeFile('/app/new.txt', 'x')",
      ],
    ])('%s prints and lists, and may not write', async (language, reading, writing) => {
      const ends = { language, level: 'strict', grant: grant() } as const;
      expect(await runtime.run({ ...ends, code: reading })).toMatchObject({
        ok: true,
        stdout: 'hello\n',
        value: ['one.txt', 'two.txt'],
        meta: { level: 'strict' },
      });
      expect(await runtime.run({ ...ends, code: writing })).toMatchObject({
        ok: false,
        error: { code: 'CAPABILITY_DENIED', details: { capability: 'fs.write' } },
      });
      expect(readdirSync(join(folder, 'app')).sort()).toEqual(['one.txt', 'two.txt']);
    });

    test('the network is none, even where it is granted', async () => {
      await using server = await startServer();
      const outcome = await runtime.run({
        language: 'javascript',
        code: `await fetch('${server.origin}/')`,
        level: 'strict',
        grant: { http: [{ origin: server.origin }] },
      });
      expect(outcome).toMatchObject({ ok: false, error: { code: 'CAPABILITY_DENIED' } });
      expect(server.connections).toBe(0);
    });

    test('with no program of the machine to be found', async () => {
      writeFileSync(join(folder, 'list.py'), "import os\nprint(sorted(os.listdir('/app')))\n");
      const args = ['run', 'list.py', '--isolation=strict', '--allow-read=./app:/app'];
      const { code: exit, out } = await runCli(args, { cwd: folder, env: { PATH: '/nonexistent' } });
      expect([exit, out]).toEqual([0, "['one.txt', 'two.txt']\n"]);
    });
  },
);

describe('numpy', () => {
  const wheels = process.env.SANDGLASS_WHEELS;
  const mean = {
    language: 'python',
    code: 'import numpy as np\nprint(np.arange(1, 6).mean())',
    packages: ['numpy'],
    options: { imports: ['numpy', 'pandas', 'math'], block: ['eval', 'exec', 'open'] },
  };

  test.each(['standard', 'strict'] as const)(
    'is named where no wheel of it is there, at level %s',
    async (level) => {
      expect(await runtime.run({ ...mean, level })).toMatchObject({
        ok: false,
        error: { code: 'UNSUPPORTED', message: expect.stringContaining('numpy') },
        usage: { hostCalls: {} },
      });
    },
  );

  test.skipIf(wheels === undefined)(
    'computes where SANDGLASS_WHEELS names a folder that holds it (not run otherwise)',
    async () => {
      await using own = createRuntime({ packages: { wheels: wheels ?? '' } });
      for (const level of ['standard', 'strict'] as const) {
        expect(await own.run({ ...mean, level, limits: { timeoutMs: 60_000 } })).toMatchObject({
          ok: true,
          stdout: '3.0\n',
        });
      }
    },
  );
});

test.each(['standard', 'strict'] as const)('hello in a %s cell', async (level) => {
  for (const language of ['javascript', 'python']) {
    const code = language === 'python' ? "print('hello')" : "console.log('hello')";
    expect(await runtime.run({ language, code, level })).toMatchObject({ ok: true, stdout: 'hello\n' });
  }
});

describe('256 MiB, half a processor, thirty seconds, files of 10 MiB, five requests: each is hit by one guest', () => {
  test.each<[what: string, code: string, timeoutMs: number, error: string]>([
    ['memory', 'x = bytearray(300 << 20)', 30_000, 'MEMORY_EXCEEDED'],
    ['time', 'while True: pass', 300, 'DEADLINE_EXCEEDED'],
    [
      'a file',
      "with open('/app/large', 'wb') as f: f.write(bytes((10 << 20) + 1))",
      30_000,
      'HOST_CALL_FAILED',
    ],
    [
      'requests',
      "import urllib.request\nfor i in range(6): urllib.request.urlopen('ORIGIN/')",
      30_000,
      'HOST_CALLS_EXCEEDED',
    ],
  ])('%s', async (_what, code, timeoutMs, error) => {
    await using server = await startServer();
    const outcome = await runtime.run({
      language: 'python',
      code: code.replace('ORIGIN', server.origin),
      limits: { memoryBytes: 256 * MIB, cpuShare: 0.5, timeoutMs },
      grant: {
        fs: [{ host: folder, guest: '/app', access: ['read', 'write'], maxFileBytes: 10 * MIB }],
        http: [{ origin: server.origin, maxCalls: 5 }],
      },
    });
    expect(outcome).toMatchObject({ ok: false, error: { code: error } });
    expect(server.seen).toHaveLength(error === 'HOST_CALLS_EXCEEDED' ? 5 : 0);
  });
});
