import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRuntime, type IsolationLevel, type RunHandle, type Runtime } from '../../runtime/index.ts';
import { verifies } from '../support/verifies.ts';

verifies('LM-13');

let runtime: Runtime;
beforeAll(() => {
  runtime = createRuntime({ cache: false });
});
afterAll(() => runtime.close());

const SPIN = "console.log('spinning'); const until = Date.now() + 600_000; while (Date.now() < until);";

/** A guest that has started and never returns. */
async function spinning(level: IsolationLevel, runId: string): Promise<RunHandle> {
  const run = runtime.start({
    language: 'javascript',
    code: SPIN,
    level,
    runId,
    limits: { timeoutMs: 600_000, fuel: Number.MAX_SAFE_INTEGER },
  });
  for await (const { text } of run.output) if (text.includes('spinning')) break;
  return run;
}

test.each(['minimal', 'standard', 'maximum'] as const)(
  'a run at %s is listed while it goes on',
  async (level) => {
    const id = `run-at-${level}`;
    const run =
      level === 'maximum'
        ? runtime.start({
            language: 'javascript',
            code: 'await new Promise(() => setTimeout(() => {}, 4000))',
            level,
            runId: id,
          })
        : await spinning(level, id);
    await expect.poll(async () => (await runtime.runs.get(id))?.state).toBe('running');
    const [listed, ...others] = await runtime.runs.list();
    expect(others).toEqual([]);
    expect(listed).toMatchObject({ id, engine: 'quickjs', level, state: 'running', hostCalls: {} });
    expect(listed?.startedAt).toBeGreaterThanOrEqual(listed?.askedAt ?? Number.POSITIVE_INFINITY);
    if (level === 'maximum') expect(listed?.cpuMs).toBeNull();
    else {
      const before = listed?.cpuMs ?? Number.POSITIVE_INFINITY;
      await expect.poll(async () => (await runtime.runs.get(id))?.cpuMs).toBeGreaterThan(before);
      expect((await runtime.runs.get(id))?.memoryBytes).toBeGreaterThan(0);
    }
    expect(runtime.runs.cancel(id)).toBe(true);
    expect(await run.outcome).toMatchObject({ ok: false, error: { code: 'CANCELLED' } });
    expect(await runtime.runs.list()).toEqual([]);
    expect(await runtime.runs.get(id)).toBeUndefined();
    expect(runtime.runs.cancel(id)).toBe(false);
  },
);

test('what waits for a cell is told as waiting, host calls as they are made', async () => {
  await using small = createRuntime({ cache: false, cells: { maxCells: 1, warm: 0, maxSessions: 0 } });
  const first = small.start({
    language: 'javascript',
    code: "await import('node:fs').then((fs) => fs.promises.readdir('/tmp')); console.log('read'); for (;;);",
    limits: { timeoutMs: 600_000, fuel: Number.MAX_SAFE_INTEGER },
  });
  for await (const { text } of first.output) if (text.includes('read')) break;
  const second = small.start({ language: 'javascript', code: '1' });
  const listed = await small.runs.list();
  expect(listed.map(({ id, state }) => [id, state])).toEqual([
    [first.id, 'running'],
    [second.id, 'waiting'],
  ]);
  expect(listed[0]?.hostCalls).toEqual({ 'fs.read': 1 });
  expect(listed[1]).toMatchObject({ startedAt: null, cpuMs: null, memoryBytes: null });
  first.cancel();
  expect(await second.outcome).toMatchObject({ ok: true, value: 1 });
  expect(await small.runs.list()).toEqual([]);
});
