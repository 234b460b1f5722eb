import { afterAll, describe, expect, test } from 'vitest';
import type { Session, SessionOptions } from '../../runtime/contracts/api/session.ts';
import { createRuntime } from '../../runtime/index.ts';
import type { IsolationLevel } from '../../runtime/vocabulary/levels.ts';
import { verifies } from '../support/verifies.ts';

verifies('EX-24');

interface Programs {
  readonly set: string;
  readonly get: string;
  /** Fails where `set` was not run. */
  readonly undefinedName: RegExp;
  /** Throws an ordinary error and leaves a timer that would print `late`. */
  readonly throwLate: string;
  /** Prints `second` when any timer of 5 ms would have fired. */
  readonly waitAndPrint: string;
  readonly spin: string;
  readonly flood: string;
  /** Absent where the language itself refuses to go as deep. */
  readonly recurse?: string;
  readonly exhaustMemory: string;
  readonly never: string;
  /** Some work on what earlier runs have left. */
  readonly work: string;
  readonly readStdin: string;
  readonly readInput: string;
}

const javascript: Programs = {
  set: 'let x = 1; const y = 2; var z = 3; function f() { return x + y + z } class C { m() { return f() } }',
  get: 'new C().m()',
  undefinedName: /ReferenceError/,
  throwLate: "setTimeout(() => console.log('late'), 1); throw new Error('boom')",
  waitAndPrint: "await new Promise((go) => setTimeout(go, 30)); console.log('second')",
  spin: 'for (;;);',
  flood: "for (;;) console.log('x'.repeat(1000))",
  recurse: 'function deep() { return deep() + 1 } deep()',
  exhaustMemory: "globalThis.held = []; for (;;) held.push('x'.repeat(100000) + held.length)",
  never: 'await new Promise((go) => setTimeout(go, 600000))',
  work: 'for (let i = 0; i < 1000; i++) f(); f()',
  readStdin: 'stdin',
  readInput: 'given',
};

const python: Programs = {
  set: 'x = 1\ny = 2\nz = 3\ndef f(): return x + y + z\nclass C:\n  def m(self): return f()',
  get: 'C().m()',
  undefinedName: /NameError/,
  throwLate: [
    'import asyncio',
    'async def late():',
    '  await asyncio.sleep(0.001)',
    "  print('late')",
    'task = asyncio.ensure_future(late())',
    "asyncio.get_event_loop().call_later(0.001, print, 'late')",
    "raise ValueError('boom')",
  ].join('\n'),
  waitAndPrint: "import asyncio\nawait asyncio.sleep(0.03)\nprint('second')",
  spin: 'while True: pass',
  flood: "while True: print('x' * 1000)",
  exhaustMemory: 'held = []\nwhile True: held.append(bytearray(1_000_000))',
  never: 'import asyncio\nawait asyncio.sleep(600)',
  work: 'for i in range(1000): f()\nf()',
  readStdin: 'import sys\nsys.stdin.read()',
  readInput: 'given',
};

const cells: readonly [name: string, language: string, level: IsolationLevel, programs: Programs][] = [
  ['JavaScript inline', 'javascript', 'minimal', javascript],
  ['JavaScript in a worker', 'javascript', 'standard', javascript],
  ['JavaScript in a process', 'javascript', 'maximum', javascript],
  ['TypeScript in a worker', 'typescript', 'standard', javascript],
  ['Python in a worker', 'python', 'standard', python],
  ['Python in a process', 'python', 'maximum', python],
];

describe.each(cells)('session of %s', (_name, language, level, programs) => {
  const runtime = createRuntime({ onError: () => undefined, cells: { maxCells: 8, maxSessions: 6 } });
  const open = (options: Partial<SessionOptions> = {}): Promise<Session> =>
    runtime.sessions.open({ language, level, ...options });
  afterAll(async () => runtime.close());

  test('run() goes on in what the earlier runs have left; another session has none of it', async () => {
    await using one = await open();
    await using other = await open();
    expect(await one.run({ code: programs.set })).toMatchObject({ ok: true });
    expect(await one.run({ code: programs.get })).toMatchObject({
      ok: true,
      value: 6,
      meta: { session: one.name, level },
    });
    const elsewhere = await other.run({ code: programs.get });
    expect(elsewhere).toMatchObject({ ok: false, error: { code: 'GUEST_THREW' } });
    expect(!elsewhere.ok && elsewhere.error.message).toMatch(programs.undefinedName);
    const outside = await runtime.run({ language, code: programs.get, level });
    expect(outside).toMatchObject({ ok: false, error: { code: 'GUEST_THREW' } });
    expect(outside.meta).not.toHaveProperty('session');
  });

  test('runtime.run({ session }) is the same, with the language or without', async () => {
    await using session = await open({ name: 'by-name' });
    expect(await runtime.run({ session: 'by-name', language, code: programs.set })).toMatchObject({
      ok: true,
    });
    expect(await runtime.run({ session: session.name, code: programs.get })).toMatchObject({ value: 6 });
  });

  test('an ordinary error keeps the session; what it left pending never runs', async () => {
    await using session = await open();
    await session.run({ code: programs.set });
    const thrown = await session.run({ code: programs.throwLate });
    expect(thrown).toMatchObject({ ok: false, error: { code: 'GUEST_THREW' } });
    expect(thrown.meta).not.toHaveProperty('sessionEnded');
    expect(await session.run({ code: programs.waitAndPrint })).toMatchObject({
      ok: true,
      stdout: 'second\n',
    });
    expect(await session.run({ code: programs.get })).toMatchObject({ value: 6 });
  });

  test('stdin, inputs and usage are those of the run', async () => {
    await using session = await open();
    await session.run({ code: programs.set });
    for (const word of ['one', 'two']) {
      expect(await session.run({ code: programs.readStdin, stdin: word })).toMatchObject({ value: word });
      expect(await session.run({ code: programs.readInput, inputs: { given: word } })).toMatchObject({
        value: word,
      });
    }
    const first = await session.run({ code: programs.work });
    const second = await session.run({ code: programs.work });
    expect(second).toMatchObject({ ok: true, value: 6 });
    // Its own, not the sum.
    expect(Number(second.usage.fuel)).toBeLessThan(Number(first.usage.fuel) * 1.5);
    expect(Number(second.usage.fuel)).toBeGreaterThan(1000);
    expect(second.usage.coldStart).toBe(false);
  });

  // Each Python interpreter has a hash secret of its own, on which the order of its tables depends.
  test.skipIf(language === 'python')('two sessions with the same runs burn the same fuel', async () => {
    const burnt = async (): Promise<(number | null)[]> => {
      await using session = await open();
      const fuel: (number | null)[] = [];
      for (const code of [programs.set, programs.get, programs.work, programs.work]) {
        fuel.push((await session.run({ code })).usage.fuel);
      }
      return fuel;
    };
    expect(await burnt()).toEqual(await burnt());
  });

  const stops: readonly [code: string, program: keyof Programs, limits: Record<string, number>][] = [
    ['FUEL_EXHAUSTED', 'spin', { fuel: 50_000_000 }],
    ['DEADLINE_EXCEEDED', 'never', { timeoutMs: 300 }],
    ['OUTPUT_EXCEEDED', 'flood', { outputBytes: 10_000 }],
    ['STACK_EXCEEDED', 'recurse', {}],
    ['MEMORY_EXCEEDED', 'exhaustMemory', {}],
  ];
  test.each(stops.filter(([, name]) => programs[name] !== undefined))(
    '%s ends the session: the outcome says so, and the next run why',
    async (code, name, limits) => {
      await using session = await open();
      await session.run({ code: programs.set });
      const stopped = await session.run({ code: String(programs[name]), limits });
      expect(stopped).toMatchObject({ ok: false, error: { code }, meta: { sessionEnded: true } });
      expect(await session.run({ code: programs.get })).toMatchObject({
        ok: false,
        error: { code: 'INPUT_INVALID', details: { session: session.name, reason: code } },
        meta: { session: session.name },
      });
      await using again = await open({ name: session.name });
      expect(await again.run({ code: programs.get })).toMatchObject({ error: { code: 'GUEST_THREW' } });
    },
  );

  test('cancelling a run ends the session; cancelling one that waits for its turn does not', async () => {
    await using session = await open();
    await session.run({ code: programs.set });
    const stop = new AbortController();
    const first = session.run({ code: programs.waitAndPrint });
    const waiting = session.run({ code: programs.get, signal: stop.signal });
    const last = session.run({ code: programs.get });
    stop.abort();
    expect(await waiting).toMatchObject({ ok: false, error: { code: 'CANCELLED' } });
    expect(await first).toMatchObject({ ok: true, stdout: 'second\n' });
    expect(await last).toMatchObject({ ok: true, value: 6 });

    const handle = runtime.start({
      session: session.name,
      code: `${programs.waitAndPrint}\n${programs.never}`,
    });
    const behind = session.run({ code: programs.get });
    for await (const _chunk of handle.output) handle.cancel();
    expect(await handle.outcome).toMatchObject({
      error: { code: 'CANCELLED' },
      meta: { sessionEnded: true },
    });
    expect(await behind).toMatchObject({
      error: { code: 'INPUT_INVALID', details: { reason: 'CANCELLED' } },
    });
  });

  test('a session that has ended is not a later one of its name', async () => {
    const first = await open({ name: 'again' });
    await first.close();
    await using second = await open({ name: 'again' });
    await second.run({ code: programs.set });
    expect(await first.run({ code: programs.get })).toMatchObject({
      error: { code: 'INPUT_INVALID', details: { session: 'again', reason: 'closed' } },
    });
    await first.close();
    expect(await second.run({ code: programs.get })).toMatchObject({ ok: true, value: 6 });
  });

  test('close() ends the session with the run in it', async () => {
    const session = await open();
    const handle = runtime.start({
      session: session.name,
      code: `${programs.waitAndPrint}\n${programs.never}`,
    });
    for await (const _chunk of handle.output) void session.close();
    expect(await handle.outcome).toMatchObject({ error: { code: 'CANCELLED' } });
    expect(await runtime.sessions.close(session.name)).toBe(false);
    expect(await session.run({ code: programs.get })).toMatchObject({
      error: { code: 'INPUT_INVALID', details: { reason: 'closed' } },
    });
  });
});
