import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createRuntime,
  LIMITS,
  type Outcome,
  type RunBase,
  type RunOptions,
  type Runtime,
  type RuntimeOptions,
} from '../../runtime/index.ts';
import { codeOf, echo, GOOD, js, MIB, module, py } from '../support/budget-guests.ts';
import { verifies } from '../support/verifies.ts';

const INDEX = new URL('../../runtime/index.ts', import.meta.url).href;

/** Time, work, memory and stack, through the whole runtime, for guests of every kind. */
let runtime: Runtime;
/** Begun at once, as it takes as long as the default says. */
let waiting: Promise<Outcome>;
beforeAll(() => {
  runtime = createRuntime({ hostFunctions: [echo] });
  waiting = runtime.run(js('await new Promise((resolve) => setTimeout(resolve, 3_600_000))'));
});
afterAll(async () => {
  await waiting;
  await runtime.close();
});

const nextRunWorks = async (guest: string): Promise<void> => {
  expect(await runtime.run(GOOD[guest]?.() ?? js('1'))).toMatchObject({ ok: true });
};

describe('timeoutMs, wherever it is set', verifies('LM-01'), () => {
  const places: readonly (readonly [where: string, runtime: RuntimeOptions, run: RunBase])[] = [
    ['the runtime', { limits: { timeoutMs: 150 } }, { limits: { timeoutMs: 9_000 } }],
    ['its policy', { policy: { limits: { timeoutMs: 150 } } }, { limits: { timeoutMs: 9_000 } }],
    ['the run', { limits: { timeoutMs: 9_000 } }, { limits: { timeoutMs: 150 } }],
    ['its grant', { limits: { timeoutMs: 9_000 } }, { grant: { limits: { timeoutMs: 150 } } }],
  ];
  test.each(places)('%s: the smallest holds and is shown', async (_where, options, run) => {
    await using own = createRuntime(options);
    expect(await own.run({ ...js('for (;;);'), ...run } as RunOptions)).toMatchObject({
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

describe('memoryBytes is a hard cap', verifies('LM-02'), () => {
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

  // In a process of its own: what cells of other tests take while they start or end is not counted.
  test('what guests held is given back', async () => {
    const script = `
      import { createRuntime } from ${JSON.stringify(INDEX)};
      await using runtime = createRuntime({ cache: false });
      const greedy = ${JSON.stringify({ ...GREEDY.javascript?.(), limits, level: 'minimal' })};
      // V8 frees memories in a thread of its own: the least of some rounds is what is held.
      const resident = async () => {
        let least = Infinity;
        for (let round = 0; round < 20; round++) {
          gc();
          await new Promise((resolve) => setTimeout(resolve, 5));
          least = Math.min(least, process.memoryUsage.rss());
        }
        return least;
      };
      await runtime.run(greedy);
      const before = await resident();
      const codes = new Set();
      for (let count = 0; count < 8; count++) codes.add((await runtime.run(greedy)).error?.code);
      console.log(JSON.stringify({ codes: [...codes], grown: (await resident()) - before }));`;
    const flags = ['--expose-gc', '--input-type=module', '--eval', script];
    const { stdout } = await promisify(execFile)(process.execPath, flags);
    const { codes, grown } = JSON.parse(stdout) as { codes: string[]; grown: number }; // written above
    expect(codes).toEqual(['MEMORY_EXCEEDED']);
    expect(grown).toBeLessThan(3 * 64 * MIB);
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
  const outcome = await runtime.run({ ...js('for (;;);'), limits: { cpuShare: 0.5, timeoutMs: 2_000 } });
  expect(codeOf(outcome)).toBe('DEADLINE_EXCEEDED');
  expect(outcome.usage.cpuMs).toBeGreaterThan(0);
  expect(outcome.usage.cpuMs ?? Number.POSITIVE_INFINITY).toBeLessThan(0.575 * outcome.usage.durationMs);
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
      py("import sandglass\nsandglass.call('echo.never', {})"),
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
