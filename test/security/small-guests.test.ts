import { afterAll, expect, test } from 'vitest';
import { createInlineCell } from '../../runtime/cell/inline.ts';
import type { CellResult, CellRun } from '../../runtime/contracts/cell.ts';
import { createRuntime } from '../../runtime/index.ts';
import { mergeLimits } from '../../runtime/vocabulary/limits.ts';

const runtime = createRuntime();
afterAll(() => runtime.close());

test("guests that start together in the host's own thread leave turns to its timers", async () => {
  const first = await runtime.run({
    language: 'javascript',
    code: '1',
    level: 'minimal',
    limits: { timeoutMs: 120_000 },
  });
  expect(first.ok).toBe(true);
  let ended = 0;
  let endedBefore = -1;
  setTimeout(() => {
    endedBefore = ended;
  }, 1);
  await Promise.all(
    Array.from({ length: 300 }, async () => {
      await runtime.run({
        language: 'javascript',
        code: '1',
        level: 'minimal',
        limits: { timeoutMs: 120_000 },
      });
      ended += 1;
    }),
  );
  expect(endedBefore).toBeGreaterThanOrEqual(0);
  expect(endedBefore).toBeLessThan(300);
});

test.each([
  ['cancelled', 120_000],
  ['deadline', 50],
])(
  'guests that end as %s before their start has come do not all start in one turn',
  async (reason, timeoutMs) => {
    let [started, now] = [0, 0];
    const cell = createInlineCell({
      // Each start takes the whole of a turn.
      monotonic: () => now,
      now: Date.now,
      cpuMs: () => null,
      // No turn comes before the guests are stopped.
      nextTurn: () => undefined,
    });
    const stop = new AbortController();
    const run = (): Promise<CellResult> =>
      cell.run({
        engine: {
          name: 'none',
          execute: async () => {
            started += 1;
            now += 4;
            return { kind: 'value', value: undefined, memoryBytes: 0, fuel: 0, growthRefused: false };
          },
        },
        guest: { modules: {} },
        spec: { limits: mergeLimits([{ timeoutMs }]) },
        gate: {},
        signal: stop.signal,
        onOutput: () => undefined,
        onStart: () => undefined,
      } as unknown as CellRun);
    const runs = Array.from({ length: 100 }, run);
    if (reason === 'cancelled') stop.abort();
    const [first, ...others] = await Promise.all(runs);
    expect(first?.end.kind).toBe('value');
    for (const { end } of others) expect(end).toMatchObject({ kind: 'stopped', reason });
    expect(started).toBe(1);
  },
);
