import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createRuntime,
  type Grant,
  type HostFunction,
  LIMITS,
  type Outcome,
  type RunOptions,
  type Runtime,
  type RuntimeOptions,
} from '../../runtime/index.ts';
import { loadGuest } from '../../scripts/build-guests.ts';
import { commandGuest, probeGuest, wat } from '../guests/component/build.ts';
import { startServer } from '../unit/http/http-harness.ts';

/** What every run is held to, through the whole runtime, for guests of every kind. */
const MIB = 1024 * 1024;

/** Answers what it was told, and remembers how often it was asked; `never` is not answered. */
const asked: string[] = [];
const echo: HostFunction = {
  name: 'echo',
  network: false,
  operations: {
    'echo.back': { capability: 'echo', kind: 'act' },
    'echo.never': { capability: 'echo', kind: 'act' },
  },
  open: () => ({
    call: (operation, { args }) => {
      asked.push(operation);
      return operation === 'echo.never' ? new Promise(() => undefined) : { value: Object.keys(args).length };
    },
    close: () => undefined,
  }),
};

let runtime: Runtime;
let folder: string;
/** Begun at once, as it takes as long as the default says. */
let waiting: Promise<Outcome>;
const wasm: Record<string, Uint8Array> = {};
beforeAll(async () => {
  runtime = createRuntime({ hostFunctions: [echo] });
  waiting = runtime.run(js('await new Promise((resolve) => setTimeout(resolve, 3_600_000))'));
  folder = mkdtempSync(join(tmpdir(), 'sandglass-budget-'));
  writeFileSync(join(folder, 'kilobyte.txt'), 'x'.repeat(1000));
  for (const name of ['spin', 'grow', 'recurse', 'flood'])
    wasm[name] = await loadGuest(`preview1/${name}.wat`);
  wasm.holds30 = await wat('(module (memory (export "memory") 480) (func (export "_start")))');
  wasm.command = await commandGuest();
  wasm.probe = await probeGuest();
  wasm.recursion = await wat(`(component
    (core module $m (func $f (export "f") (param i32) (result i32) (i32.add (call $f (local.get 0)) (local.get 0))))
    (core instance $i (instantiate $m))
    (func (export "down") (param "a" s32) (result s32) (canon lift (core func $i "f"))))`);
});
afterAll(async () => {
  await waiting;
  await runtime.close();
  rmSync(folder, { recursive: true });
});

const js = (code: string): RunOptions => ({ language: 'javascript', code });
const py = (code: string): RunOptions => ({ language: 'python', code });
const module = (name: string, more: Partial<RunOptions> = {}): RunOptions => ({
  module: wasm[name] ?? new Uint8Array(),
  ...more,
});
const codeOf = (outcome: Outcome): string => (outcome.ok ? 'ok' : outcome.error.code);

/** A good run of the same kind of guest: what came before has harmed nobody. */
const GOOD: Readonly<Record<string, () => RunOptions>> = {
  javascript: () => js('1'),
  python: () => py('1'),
  preview1: () => module('holds30'),
  component: () => module('command', { argv: ['print', '', ''] }),
};
const nextRunWorks = async (guest: string): Promise<void> => {
  expect(await runtime.run(GOOD[guest]?.() ?? js('1'))).toMatchObject({ ok: true });
};

describe('timeoutMs, wherever it is set', () => {
  const places: readonly (readonly [where: string, runtime: RuntimeOptions, run: Partial<RunOptions>])[] = [
    ['the runtime', { limits: { timeoutMs: 150 } }, { limits: { timeoutMs: 9_000 } }],
    ['its policy', { policy: { limits: { timeoutMs: 150 } } }, { limits: { timeoutMs: 9_000 } }],
    ['the run', { limits: { timeoutMs: 9_000 } }, { limits: { timeoutMs: 150 } }],
    ['its grant', { limits: { timeoutMs: 9_000 } }, { grant: { limits: { timeoutMs: 150 } } }],
  ];
  test.each(places)('%s: the smallest holds and is shown', async (_where, options, run) => {
    await using own = createRuntime(options);
    expect(await own.run({ ...js('for (;;);'), ...run })).toMatchObject({
      ok: false,
      error: { code: 'DEADLINE_EXCEEDED', details: { limit: 150 } },
      meta: { limits: { timeoutMs: 150 } },
    });
  });

  test('a session is one such place, and a level another', async () => {
    await using session = await runtime.sessions.open({ language: 'javascript', limits: { timeoutMs: 150 } });
    expect(await session.run({ code: 'for (;;);', limits: { timeoutMs: 9_000 } })).toMatchObject({
      ok: false,
      error: { code: 'DEADLINE_EXCEEDED', details: { limit: 150 } },
    });
    const strictest = await runtime.run({ ...js('1'), level: 'maximum', limits: { timeoutMs: 9_000 } });
    expect(strictest.meta.limits.timeoutMs).toBe(5_000);
  });

  test.each(Object.keys(LIMITS))('%s out of its range is a RangeError in each of them', async (name) => {
    const { minimum, maximum } = LIMITS[name as keyof typeof LIMITS]; // its own keys
    for (const limit of [minimum - 1, maximum + 1, -1]) {
      const limits = { [name]: limit };
      expect(() => createRuntime({ limits })).toThrow(RangeError);
      expect(() => createRuntime({ policy: { limits } })).toThrow(RangeError);
      await expect(runtime.run({ ...js('1'), limits })).rejects.toThrow(RangeError);
      await expect(runtime.run({ ...js('1'), grant: { limits } })).rejects.toThrow(RangeError);
      await expect(runtime.sessions.open({ language: 'javascript', limits })).rejects.toThrow(RangeError);
    }
  });
});

describe('memoryBytes is a hard cap', () => {
  const limits = { memoryBytes: 64 * MIB };
  const GREEDY: Readonly<Record<string, () => RunOptions>> = {
    javascript: () =>
      js(
        'const held = []; for (let i = 0; i < 200; i++) held.push(new Uint8Array(1e6).fill(1)); held.length',
      ),
    python: () => py('x = bytearray(200_000_000)'),
    preview1: () => module('grow'),
    component: () => module('command', { argv: ['allocate'] }),
  };
  const MODEST: Readonly<Record<string, () => RunOptions>> = {
    javascript: () => js('new Uint8Array(30e6).fill(1).length'),
    python: () => py('len(bytearray(30_000_000))'),
    preview1: () => module('holds30'),
  };

  describe.each(['minimal', 'standard', 'maximum'] as const)('at level %s', (level) => {
    test.each(Object.keys(GREEDY))('%s', async (guest) => {
      const outcome = await runtime.run({ ...(GREEDY[guest]?.() ?? js('')), limits, level });
      expect(outcome).toMatchObject({
        ok: false,
        error: { code: 'MEMORY_EXCEEDED', details: { limit: 64 * MIB } },
      });
      expect(outcome.usage.memoryBytes).toBeGreaterThan(MIB);
      expect(outcome.usage.memoryBytes).toBeLessThanOrEqual(64 * MIB);
      const modest = await runtime.run({ ...(MODEST[guest]?.() ?? js('1')), limits, level });
      expect(modest).toMatchObject({ ok: true });
      await nextRunWorks(guest);
    });
  });

  test('what guests held is given back', async () => {
    setFlagsFromString('--expose-gc');
    const collect: () => void = runInNewContext('gc');
    const resident = (): number => {
      collect();
      return process.memoryUsage().rss;
    };
    const greedy = { ...(GREEDY.javascript?.() ?? js('')), limits, level: 'minimal' } as const;
    await runtime.run(greedy);
    const before = resident();
    for (let count = 0; count < 8; count++) await runtime.run(greedy);
    await new Promise((resolve) => setImmediate(resolve));
    expect(resident() - before).toBeLessThan(3 * 64 * MIB);
  });
});

describe('fuel', () => {
  const WORK: Readonly<Record<string, () => RunOptions>> = {
    javascript: () => js('/^(a+)+$/.test("a".repeat(16) + "b"); [3, 1, 2].sort(); (3n ** 5000n) % 7n'),
    python: () => py('import re\nre.match(r"(a+)+$", "a" * 16 + "b"); sorted(range(2000)); 3 ** 5000 % 7'),
    component: () => module('probe', { inputs: { step: 'echo', text: 'x'.repeat(1000) } }),
  };
  test.each(Object.keys(WORK))('%s: the same twice; as much is enough, half is not', async (guest) => {
    const run = (fuel?: number): Promise<Outcome> =>
      runtime.run({
        ...(WORK[guest]?.() ?? js('')),
        deterministic: { seed: 1, now: 0 },
        ...(fuel === undefined ? {} : { limits: { fuel } }),
      });
    const { fuel } = (await run()).usage;
    expect((await run()).usage.fuel).toBe(fuel);
    expect(await run(fuel ?? 0)).toMatchObject({ ok: true });
    expect(await run(Math.floor((fuel ?? 0) / 2))).toMatchObject({
      ok: false,
      error: { code: 'FUEL_EXHAUSTED' },
    });
  });
});

test('cpuShare: a busy guest has no more CPU time than its share of wall time', async () => {
  const outcome = await runtime.run({ ...js('for (;;);'), limits: { cpuShare: 0.5, timeoutMs: 1_000 } });
  expect(codeOf(outcome)).toBe('DEADLINE_EXCEEDED');
  expect(outcome.usage.cpuMs).toBeGreaterThan(0);
  expect(outcome.usage.cpuMs ?? Number.POSITIVE_INFINITY).toBeLessThan(0.575 * outcome.usage.durationMs);
});

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
  test('maxCalls of a grant ends the run at the call that is one too many', async () => {
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
    ['python', py("import _sandglass_host\nwhile True: _sandglass_host.call('echo.back', {})")],
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
    ['python', py("import _sandglass_host\n_sandglass_host.call('echo.back', {'text': 'x' * (9 << 20)})")],
    ['python, bytes', py("import _sandglass_host\n_sandglass_host.call('echo.back', {}, bytes(9 << 20))")],
  ])('%s: an argument over 8 MiB reaches nobody', async (_guest, options) => {
    asked.length = 0;
    const outcome = await runtime.run({ ...options, grant: { custom: { echo: {} } } });
    expect(outcome.ok).toBe(false);
    expect(JSON.stringify(outcome)).toContain('8388608');
    expect(asked).toEqual([]);
  });
});

describe('outputBytes: what fitted is kept', () => {
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

describe('files', () => {
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

describe("the stack is the engine's own", () => {
  const DEEP: readonly (readonly [
    guest: string,
    options: () => RunOptions,
    code: string,
    message: string,
  ])[] = [
    ['javascript', () => js('function f() { return f() + 1 }\nf()'), 'STACK_EXCEEDED', 'stack'],
    ['python', () => py('def f(): f()\nf()'), 'GUEST_THREW', 'RecursionError'],
    ['preview1', () => module('recurse'), 'STACK_EXCEEDED', 'stack'],
    ['component', () => module('recursion', { invoke: 'down', args: [1] }), 'STACK_EXCEEDED', 'stack'],
  ];
  describe.each(['minimal', 'standard', 'maximum'] as const)('at level %s', (level) => {
    test.each(DEEP)('%s', async (guest, options, code, message) => {
      expect(await runtime.run({ ...options(), level })).toMatchObject({
        ok: false,
        error: { code, message: expect.stringContaining(message) },
      });
      await nextRunWorks(guest);
    });
  });

  test('one that overflows takes nobody with it that runs beside it', async () => {
    const beside = (): RunOptions => py('import time\ntime.sleep(0.05)\nsum(range(100_000))');
    const outcomes = await Promise.all([
      runtime.run(py('def f(): f()\nf()')),
      runtime.run(beside()),
      runtime.run(beside()),
      runtime.run(js('function f() { f() + f() }\nf()')),
      runtime.run(module('recurse')),
      runtime.run(beside()),
    ]);
    expect(outcomes.map(codeOf)).toEqual([
      'GUEST_THREW',
      'ok',
      'ok',
      'STACK_EXCEEDED',
      'STACK_EXCEEDED',
      'ok',
    ]);
    await nextRunWorks('python');
  });
});

describe('limits and caps in one object', () => {
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

describe('usage is told in full', () => {
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

describe('a guest that ignores everything is stopped, and its place is filled again', () => {
  const limits = { timeoutMs: 300 };
  const STUBBORN: Readonly<Record<string, () => RunOptions>> = {
    'a regular expression of JavaScript': () => js('/(a+)+$/.test("a".repeat(60) + "b")'),
    'a regular expression of Python': () => py("import re; re.match('(a+)+$', 'a' * 60 + 'b')"),
    'a loop of wasm': () => module('spin'),
    'a loop of a component': () => module('command', { argv: ['spin'] }),
    'one call into C': () => py('sum(range(10**12))'),
    'a host call that never settles': () => js("await sandglass.call('echo.never', {})"),
    'a host call of Python that never settles': () =>
      py("import _sandglass_host\n_sandglass_host.call('echo.never', {})"),
  };
  let narrow: Runtime;
  beforeAll(() => {
    narrow = createRuntime({ hostFunctions: [echo], cells: { maxCells: 1, maxSessions: 0 } });
  });
  afterAll(() => narrow.close());

  test.each(Object.keys(STUBBORN))('%s', async (name) => {
    const stubborn = { ...(STUBBORN[name]?.() ?? js('')), grant: { custom: { echo: {} } }, limits };
    expect(await narrow.run(stubborn)).toMatchObject({
      ok: false,
      error: { code: 'DEADLINE_EXCEEDED', details: { limit: 300 } },
    });
    // There is one place only: it must be free again.
    expect(await narrow.run(py('1 + 1'))).toMatchObject({ ok: true, value: 2 });
  });
});

describe('a runtime without options', () => {
  test('LIMITS tells default, range and unit of each, and the defaults hold', async () => {
    await using bare = createRuntime();
    const { meta } = await bare.run(js('1'));
    for (const [name, { default: standard, minimum, maximum, unit }] of Object.entries(LIMITS)) {
      expect(minimum).toBeLessThanOrEqual(standard);
      expect(standard).toBeLessThanOrEqual(maximum);
      expect(unit).not.toBe('');
      expect(meta.limits).toHaveProperty(name, standard);
    }
    expect((await bare.run(py('1'))).meta.limits).toEqual({ ...meta.limits, memoryBytes: 512 * MIB });
  });

  test('memory and stack end at their defaults', async () => {
    await using bare = createRuntime();
    const greedy = js('const held = []; for (;;) held.push(new Uint8Array(1e6).fill(1))');
    expect(await bare.run(greedy)).toMatchObject({
      error: { code: 'MEMORY_EXCEEDED', details: { limit: 64 * MIB } },
    });
    expect(codeOf(await bare.run(py('x = []\nwhile True: x.append(bytes(50_000_000))')))).toBe(
      'MEMORY_EXCEEDED',
    );
  });

  test('time, too', async () => {
    expect(await waiting).toMatchObject({
      ok: false,
      error: { code: 'DEADLINE_EXCEEDED', details: { limit: 10_000 } },
    });
  });
});

test('the folder holds what the caps let through', () => {
  expect(readFileSync(join(folder, 'kilobyte.txt'), 'utf8')).toBe('x'.repeat(1000));
});
