import { afterAll, expect, test } from 'vitest';
import { createRuntime } from '../../runtime/index.ts';

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
