import { expect, test } from 'vitest';
import { createRuntime, type Runtime } from '../../runtime/index.ts';
import { meetingOf } from '../support/meeting.ts';

// JavaScript guests that wait share the thread of a cell. What one of them does reaches none of the others.

const grant = { custom: { meeting: true } };
const open = (guests: number): Runtime =>
  createRuntime({
    level: 'strict',
    cache: false,
    hostFunctions: [meetingOf(guests)],
    cells: { maxCells: 1, maxSessions: 0, maxWaiting: 1 },
  });
const WAITS = "await sandglass.call('meeting.all', {})";

/** Guests that wait for each other, in two cells, and then do what is given. */
const meet = (runtime: Runtime, deeds: readonly string[], limits: object = {}) =>
  Promise.all(
    deeds.map((deed) =>
      runtime.run({
        language: 'javascript',
        code: `${WAITS};\n${deed}`,
        grant,
        limits: { timeoutMs: 20_000, ...limits },
      }),
    ),
  );
const endOf = (outcome: Awaited<ReturnType<Runtime['run']>>): unknown =>
  outcome.ok ? outcome.value : outcome.error.code;

test('a guest that spins, traps, exhausts or exits ends alone', async () => {
  const deeds = [
    'for (;;);',
    "'innocent 1'",
    'const all = []; for (;;) all.push(new Uint8Array(1 << 20).fill(1));',
    "'innocent 2'",
    'process.exit(3)',
    "console.log('x'.repeat(1 << 21))",
    "'innocent 3'",
    "throw new Error('mine')",
  ];
  await using runtime = open(deeds.length);
  const outcomes = await meet(runtime, deeds, { fuel: 300_000_000 });
  expect(outcomes.map(endOf)).toEqual([
    'FUEL_EXHAUSTED',
    'innocent 1',
    'MEMORY_EXCEEDED',
    'innocent 2',
    'GUEST_THREW',
    'OUTPUT_EXCEEDED',
    'innocent 3',
    'GUEST_THREW',
  ]);
});

test('a guest at its deadline, or cancelled, is stopped while others of its cell go on', async () => {
  const abort = new AbortController();
  await using runtime = open(4);
  const run = (code: string, more: object) => runtime.run({ language: 'javascript', code, grant, ...more });
  const outcomes = await Promise.all([
    run('setTimeout(() => {}, 60_000); await new Promise(() => {})', { limits: { timeoutMs: 1_000 } }),
    run('await new Promise((resolve) => setTimeout(resolve, 60_000))', {
      limits: { timeoutMs: 100_000 },
      signal: abort.signal,
    }),
    ...[1, 2, 3].map((number) => run(`${WAITS}; ${number}`, { limits: { timeoutMs: 100_000 } })),
    run(`${WAITS}; 4`, { limits: { timeoutMs: 100_000 }, onOutput: () => undefined }).finally(() =>
      abort.abort(),
    ),
  ]);
  expect(outcomes.map(endOf)).toEqual(['DEADLINE_EXCEEDED', 'CANCELLED', 1, 2, 3, 4]);
});

test('nothing of a guest is in another: globals, prototypes, scratch files, timers', async () => {
  const deeds = Array.from(
    { length: 6 },
    (_, place) => `
      const seen = [typeof globalThis.left, Object.prototype.left, Array.prototype.map.left];
      globalThis.left = Object.prototype.left = Array.prototype.map.left = 'left by ${place}';
      setTimeout(() => console.log('late ${place}'), 5);
      await new Promise((resolve) => setTimeout(resolve, 20));
      seen.push(globalThis.left);
      seen`,
  );
  await using runtime = open(deeds.length);
  const outcomes = await meet(runtime, deeds);
  expect(outcomes.map(endOf)).toEqual(deeds.map((_, place) => ['undefined', null, null, `left by ${place}`]));
  expect(outcomes.map(({ stdout }) => stdout)).toEqual(deeds.map((_, place) => `late ${place}\n`));
});
