import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRuntime, type RunOptions, type Runtime } from '../../runtime/index.ts';
import { loadGuest } from '../../scripts/build-guests.ts';
import { verifies } from '../support/verifies.ts';

verifies('LM-04');

let runtime: Runtime;
beforeAll(() => {
  runtime = createRuntime({ cells: { warm: 0 } });
});
afterAll(() => runtime.close());

const GUESTS: Readonly<Record<string, () => Promise<RunOptions>>> = {
  JavaScript: async () => ({
    language: 'javascript',
    code: 'let sum = 0; for (let i = 0; i < 4_000_000; i++) sum += i; sum',
  }),
  Python: async () => ({ language: 'python', code: 'sum(i for i in range(1_500_000))' }),
  'core module': async () => ({ module: await loadGuest('preview1/numbers.wat'), invoke: 'fib', args: [38] }),
};

test.each(Object.entries(GUESTS))(
  '%s over its share rests, with the same answer for the same fuel',
  async (_name, guest) => {
    const options = { ...(await guest()), deterministic: { seed: 1, now: 0 }, level: 'standard' } as const;
    const free = await runtime.run({ ...options, limits: { timeoutMs: 120_000 } });
    const held = await runtime.run({ ...options, limits: { timeoutMs: 120_000, cpuShare: 0.1 } });
    expect(free).toMatchObject({ ok: true });
    expect(held).toMatchObject({ ok: true, value: free.ok ? free.value : undefined });
    expect(held.usage.fuel).toBe(free.usage.fuel);
    expect(held.meta.limits.cpuShare).toBe(0.1);
    // CPU time is of the guest's thread, so that this holds however busy the machine is; the guests burn much more than the burst that is free.
    expect(held.usage.durationMs).toBeGreaterThan(4 * (held.usage.cpuMs ?? Number.POSITIVE_INFINITY));
  },
);

test('a guest that rests is stopped by its deadline and by whoever cancels it', async () => {
  const endless = { language: 'javascript', code: 'for (;;);', limits: { cpuShare: 0.01 } } as const;
  expect(await runtime.run({ ...endless, limits: { cpuShare: 0.01, timeoutMs: 300 } })).toMatchObject({
    ok: false,
    error: { code: 'DEADLINE_EXCEEDED' },
  });
  const run = runtime.start({ ...endless, code: "console.log('on'); for (;;);" });
  for await (const { text } of run.output) if (text.includes('on')) break;
  run.cancel();
  expect(await run.outcome).toMatchObject({ ok: false, error: { code: 'CANCELLED' } });
});

test("is refused in the caller's own thread, and out of its range", async () => {
  expect(
    await runtime.run({ language: 'javascript', code: '1', level: 'minimal', limits: { cpuShare: 0.5 } }),
  ).toMatchObject({
    ok: false,
    error: { code: 'UNSUPPORTED', hint: expect.stringContaining('standard') },
  });
  for (const cpuShare of [0, 1.5, -1, Number.NaN]) {
    await expect(runtime.run({ language: 'javascript', code: '1', limits: { cpuShare } })).rejects.toThrow(
      RangeError,
    );
  }
});
