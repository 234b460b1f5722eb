import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type Grant, type RunOptions, type Runtime } from '../../runtime/index.ts';
import { asked, codeOf, echo, GOOD, js, MIB, module, py } from '../support/budget-guests.ts';
import { startServer } from '../support/http-harness.ts';
import { verifies } from '../support/verifies.ts';

/** Host calls, output, files and what is told of them, through the whole runtime, for guests of every kind. */
let runtime: Runtime;
let folder: string;
beforeAll(() => {
  runtime = createRuntime({ hostFunctions: [echo] });
  folder = mkdtempSync(join(tmpdir(), 'sandglass-caps-'));
  writeFileSync(join(folder, 'kilobyte.txt'), 'x'.repeat(1000));
});
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

const nextRunWorks = async (guest: string): Promise<void> => {
  expect(await runtime.run(GOOD[guest]?.() ?? js('1'))).toMatchObject({ ok: true });
};

describe('calls', () => {
  const fetching = (origin: string): readonly (readonly [string, RunOptions])[] => [
    ['javascript', js(`for (let i = 0; i < 9; i++) await fetch('${origin}/')`)],
    [
      'javascript, all at once',
      js(
        `const all = await Promise.allSettled(Array.from({ length: 9 }, () => fetch('${origin}/'))); throw all.find(({ reason }) => reason)?.reason`,
      ),
    ],
    ['python', py(`import urllib.request\nfor i in range(9): urllib.request.urlopen('${origin}/')`)],
    ['python, requests', py(`import requests\nfor i in range(9): requests.get('${origin}/')`)],
    ['python, httpx', py(`import httpx\nfor i in range(9): httpx.get('${origin}/')`)],
  ];
  test('maxCalls of a grant ends the run at the call that is one too many', verifies('LM-05'), async () => {
    await using server = await startServer();
    for (const [index, [name, options]] of fetching(server.origin).entries()) {
      const grant: Grant = { http: [{ origin: server.origin, maxCalls: 5 }] };
      expect(await runtime.run({ ...options, grant }), name).toMatchObject({
        ok: false,
        error: { code: 'HOST_CALLS_EXCEEDED', details: { limit: { maxCalls: 5 } } },
      });
      expect(server.seen).toHaveLength(5 * (index + 1));
    }
  });

  const CALL = "sandglass.call('echo.back', {})";
  test.each([
    ['javascript', js(`for (;;) await ${CALL}`)],
    ['python', py("import sandglass\nwhile True: sandglass.call('echo.back', {})")],
  ])('%s: 1,000 of them, and not one more', async (guest, options) => {
    asked.length = 0;
    expect(await runtime.run({ ...options, grant: { custom: { echo: {} } } })).toMatchObject({
      ok: false,
      error: { code: 'HOST_CALLS_EXCEEDED' },
      meta: { limits: { hostCalls: 1_000 } },
    });
    expect(asked).toHaveLength(1_000);
    await nextRunWorks(guest);
  });

  test.each([
    ['javascript', js("await sandglass.call('echo.back', { text: 'x'.repeat(9 << 20) })")],
    ['python', py("import sandglass\nsandglass.call('echo.back', {'text': 'x' * (9 << 20)})")],
    ['python, bytes', py("import sandglass\nsandglass.call('echo.back', {}, bytes(9 << 20))")],
  ])('%s: an argument over 8 MiB reaches nobody', async (_guest, options) => {
    asked.length = 0;
    const outcome = await runtime.run({ ...options, grant: { custom: { echo: {} } } });
    expect(outcome.ok).toBe(false);
    expect(JSON.stringify(outcome)).toContain('8388608');
    expect(asked).toEqual([]);
  });
});

describe('outputBytes: what fitted is kept', verifies('LM-07'), () => {
  test.each([
    ['javascript', () => js("for (;;) console.log('x'.repeat(1000))")],
    ['python', () => py("while True: print('x' * 1000)")],
    ['preview1', () => module('flood')],
    ['component', () => module('command', { argv: ['flood'] })],
  ])('%s, printing without an end', async (guest, options) => {
    const outcome = await runtime.run(options());
    expect(outcome).toMatchObject({
      ok: false,
      error: { code: 'OUTPUT_EXCEEDED', details: { limit: MIB } },
      usage: { outputBytes: MIB },
    });
    expect(Buffer.byteLength(outcome.stdout) + Buffer.byteLength(outcome.stderr)).toBe(MIB);
    await nextRunWorks(guest);
  });

  test.each([
    ['javascript', js("console.log('x'.repeat(600)); console.error('y'.repeat(300)); 'z'.repeat(200)")],
    ['python', py("import sys\nprint('x' * 600)\nprint('y' * 300, file=sys.stderr)\n'z' * 200")],
  ])('%s: stdout, stderr and value count together', async (_guest, options) => {
    expect(await runtime.run({ ...options, limits: { outputBytes: 1_000 } })).toMatchObject({
      ok: false,
      error: { code: 'OUTPUT_EXCEEDED' },
      stdout: `${'x'.repeat(600)}\n`,
      stderr: `${'y'.repeat(300)}\n`,
    });
    expect(await runtime.run({ ...options, limits: { outputBytes: 1_200 } })).toMatchObject({ ok: true });
  });
});

describe('files', verifies('LM-08'), () => {
  const grant = (caps: object): Grant => ({
    fs: [{ host: folder, guest: '/d', access: ['read', 'write'], ...caps }],
  });
  test.each([
    [
      'javascript',
      js("for (const i of [0, 1]) await fs.writeFile('/d/js-' + i, new Uint8Array(1 << 20))"),
      'js',
    ],
    ['python', py("for i in range(2):\n  with open(f'/d/py-{i}', 'wb') as f: f.write(bytes(1 << 20))"), 'py'],
  ])('%s: the second MiB is over maxWriteBytes of 1 MiB', async (_guest, options, name) => {
    expect(await runtime.run({ ...options, grant: grant({ maxWriteBytes: MIB }) })).toMatchObject({
      ok: false,
      error: { code: 'CAPABILITY_DENIED', details: { limit: { maxWriteBytes: MIB } } },
    });
    expect(statSync(join(folder, `${name}-0`)).size).toBe(MIB);
    expect(statSync(join(folder, `${name}-1`), { throwIfNoEntry: false })?.size ?? 0).toBe(0);
  });

  test.each([
    [
      'reading a file at once',
      "open('/d/kilobyte.txt').read()",
      { maxReadBytes: 999 },
      {},
      'CAPABILITY_DENIED',
    ],
    [
      'reading it bit by bit',
      "f = open('/d/kilobyte.txt', 'rb', 0)\nwhile f.read(10): pass",
      { maxReadBytes: 999 },
      {},
      'CAPABILITY_DENIED',
    ],
    [
      'flushing a file',
      "f = open('/d/flushed', 'w')\nf.write('x')\nf.flush()",
      { maxWriteBytes: 0 },
      {},
      'CAPABILITY_DENIED',
    ],
    [
      'closing a file',
      "with open('/d/closed', 'a') as f: f.write('x')",
      { maxWriteBytes: 0 },
      {},
      'CAPABILITY_DENIED',
    ],
    [
      'reading many',
      "for i in range(9): open('/d/kilobyte.txt').read()",
      {},
      { hostCalls: 5 },
      'HOST_CALLS_EXCEEDED',
    ],
  ])(
    'a refusal that Python meets while %s is the end of the run, by its code',
    async (_when, code, caps, limits, error) => {
      expect(await runtime.run({ ...py(code), grant: grant(caps), limits })).toMatchObject({
        ok: false,
        error: { code: error },
      });
      const caught = py(`try:\n  ${code.replaceAll('\n', '\n  ')}\nexcept OSError as error: print(error)`);
      expect(await runtime.run({ ...caught, grant: grant(caps), limits })).toMatchObject({
        ok: true,
        stdout: expect.stringContaining('spent'),
      });
    },
  );

  test.each([
    [
      'javascript',
      js("let n = 0; try { for (; n < 10_000; n++) await fs.open('/d/kilobyte.txt') } catch {} n"),
    ],
    [
      'python',
      py(
        "held = []\ntry:\n  for n in range(10_000): held.append(open('/d/kilobyte.txt'))\nexcept OSError: pass\nlen(held)",
      ),
    ],
  ])('%s: opening 10,000 files stops at the cap', async (_guest, options) => {
    const limits = { hostCalls: 20_000 };
    expect(await runtime.run({ ...options, grant: grant({}), limits })).toMatchObject({
      ok: true,
      value: 64,
    });
    expect(await runtime.run({ ...options, grant: grant({ maxOpenFiles: 7 }), limits })).toMatchObject({
      value: 7,
    });
  });
});

describe('limits and caps in one object', verifies('LM-10'), () => {
  const grant = (origin: string): Grant => ({
    limits: { memoryBytes: 256 * MIB, cpuShare: 0.5, timeoutMs: 30_000 },
    fs: [{ host: folder, guest: '/d', access: ['read', 'write'], maxFileBytes: 10 * MIB }],
    http: [{ origin, maxCalls: 5 }],
  });
  test('each is enforced, each with its own code', async () => {
    await using server = await startServer();
    const run = (options: RunOptions, limits = {}) =>
      runtime.run({ ...options, grant: grant(server.origin), limits });
    expect((await run(js('1'))).meta.limits).toMatchObject({
      memoryBytes: 256 * MIB,
      cpuShare: 0.5,
      timeoutMs: 30_000,
    });
    // The smaller deadline spares the test thirty seconds.
    expect(codeOf(await run(js('for (;;);'), { timeoutMs: 200 }))).toBe('DEADLINE_EXCEEDED');
    expect(codeOf(await run(py('x = bytearray(300 << 20)')))).toBe('MEMORY_EXCEEDED');
    const large = await run(js("await fs.writeFile('/d/large', new Uint8Array((10 << 20) + 1))"));
    expect(large).toMatchObject({
      ok: false,
      error: { code: 'HOST_CALL_FAILED', details: { reason: 'too-large' } },
    });
    expect(statSync(join(folder, 'large'), { throwIfNoEntry: false })?.size ?? 0).toBeLessThanOrEqual(
      10 * MIB,
    );
    const sixth = await run(js(`for (let i = 0; i < 6; i++) await fetch('${server.origin}/')`));
    expect(codeOf(sixth)).toBe('HOST_CALLS_EXCEEDED');
    expect(server.seen).toHaveLength(5);
  });

  test('are checked at once: out of range, unknown', async () => {
    for (const wrong of [{ memoryBytes: -1 }, { cpuShare: -0.5 }, { timeoutMs: -1 }]) {
      await expect(runtime.run({ ...js('1'), grant: { limits: wrong } })).rejects.toThrow(RangeError);
    }
    const fs = (cap: object): Grant => ({ fs: [{ host: folder, ...cap }] });
    await expect(runtime.run({ ...js('1'), grant: fs({ maxFileBytes: -1 }) })).rejects.toThrow(RangeError);
    await expect(runtime.run({ ...js('1'), grant: fs({ maxFiles: 1 }) })).rejects.toThrow(TypeError);
    const unknown = { memory: 1 } as object;
    await expect(runtime.run({ ...js('1'), limits: unknown })).rejects.toThrow(TypeError);
    await expect(runtime.run({ ...js('1'), grant: { limits: unknown } })).rejects.toThrow(TypeError);
  });
});

describe('usage is told in full', verifies('LM-12'), () => {
  const FIELDS = [
    'coldStart',
    'cpuMs',
    'durationMs',
    'egressBytes',
    'fuel',
    'hostCalls',
    'ingressBytes',
    'memoryBytes',
    'outputBytes',
  ];
  /** Three reads of a kilobyte and one request; then, if it is told to, a failure. */
  const program = (language: string, origin: string, fails: boolean): RunOptions =>
    language === 'javascript'
      ? js(
          `for (let i = 0; i < 3; i++) await fs.readFile('/d/kilobyte.txt'); const a = await fetch('${origin}/slow'); await a.text();${fails ? ' throw new Error("x")' : ''}`,
        )
      : py(
          `import urllib.request\nfor i in range(3): open('/d/kilobyte.txt').read()\nurllib.request.urlopen('${origin}/slow').read()\n${fails ? '1 / 0' : ''}`,
        );

  test.each(['javascript', 'python'])('%s, whether it ends well or badly', async (language) => {
    let waited = 0;
    await using server = await startServer((_request, response) => {
      const from = performance.now();
      setTimeout(() => {
        waited = performance.now() - from;
        response.end('y'.repeat(500));
      }, 60);
    });
    const grant: Grant = { fs: [{ host: folder, guest: '/d' }], http: [{ origin: server.origin }] };
    for (const fails of [false, true]) {
      const { usage, ok } = await runtime.run({ ...program(language, server.origin, fails), grant });
      expect(ok).toBe(!fails);
      expect(Object.keys(usage).sort()).toEqual(FIELDS);
      expect(usage.hostCalls).toEqual({ 'fs.read': 3, http: 1 });
      expect(usage).toMatchObject({ egressBytes: 0, ingressBytes: 3 * 1000 + 500 });
      expect(usage.memoryBytes).toBeGreaterThan(0);
      expect(usage.cpuMs).toBeGreaterThan(0);
      expect(usage.fuel).toBeGreaterThan(0);
      expect(usage.durationMs).toBeGreaterThanOrEqual(waited);
    }
  });

  test('also of runs that began nothing', async () => {
    for (const options of [
      module('nothing'),
      { language: 'rust', code: '' },
      { ...js('1'), signal: AbortSignal.abort() },
    ]) {
      const { usage, ok } = await runtime.run(options);
      expect(ok).toBe(false);
      expect(Object.keys(usage).sort()).toEqual(FIELDS);
    }
  });
});
