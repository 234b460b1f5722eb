import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHttpApp } from '../../runtime/doors/http/app.ts';
import { createModuleStore } from '../../runtime/doors/http/module-store.ts';
import { createRuntime, type IsolationLevel, type Runtime } from '../../runtime/index.ts';
import { createInProcessScheduler } from '../../runtime/work/in-process.ts';
import { verifies } from '../support/verifies.ts';

verifies('LM-07');

/** What fitted of output over its limit, once the run is over. */
let runtime: Runtime;
beforeAll(() => {
  runtime = createRuntime();
});
afterAll(() => runtime.close());

const ENDLESS = "console.error('begun'); for (let n = 0; ; n++) console.log('line', n)";
const endless = (outputBytes: number, more: { level?: IsolationLevel; runId?: string } = {}) =>
  runtime.run({ language: 'javascript', code: ENDLESS, limits: { outputBytes }, ...more });

describe('in a program', () => {
  test.each(['minimal', 'standard', 'maximum'] as const)(
    'by the id of the run, at level %s',
    async (level) => {
      const outcome = await endless(10_000, { level });
      expect(outcome).toMatchObject({
        ok: false,
        error: { code: 'OUTPUT_EXCEEDED' },
        stderr: 'begun\n',
        meta: { truncated: true },
      });
      expect(outcome.stdout).toMatch(/^line 0\nline 1\n/);
      expect(outcome.stdout.length + outcome.stderr.length).toBe(10_000);
      const { stdout, stderr } = outcome;
      expect(runtime.runs.output(outcome.meta.runId)).toEqual({ stdout, stderr });
    },
  );

  test('nothing is kept of other runs, nor of ids that none has', async () => {
    const good = await runtime.run({ language: 'javascript', code: "console.log('x')" });
    const bad = await runtime.run({ language: 'javascript', code: "console.log('x'); throw 1" });
    for (const { meta } of [good, bad]) {
      expect(meta.truncated).toBe(false);
      expect(runtime.runs.output(meta.runId)).toBeUndefined();
    }
    expect(runtime.runs.output('__proto__')).toBeUndefined();
  });

  test('by count', async () => {
    await using own = createRuntime();
    const ids = Array.from({ length: 66 }, (_, index) => `run-${index}`);
    for (const runId of ids) {
      await own.run({
        language: 'javascript',
        code: "console.log('too much')",
        limits: { outputBytes: 3 },
        level: 'minimal',
        runId,
      });
    }
    expect(ids.filter((id) => own.runs.output(id) === undefined)).toEqual(['run-0', 'run-1']);
    expect(own.runs.output('run-65')).toEqual({ stdout: 'too', stderr: '' });
  });
});

test('the host holds what fitted, and no more, however much was printed', async () => {
  const before = process.memoryUsage().heapUsed;
  let chunks = 0;
  const outcome = await runtime.run({
    language: 'javascript',
    code: "const text = 'x'.repeat(1 << 20); for (;;) console.log(text, text)",
    limits: { outputBytes: 1_000_000 },
    onOutput: ({ bytes }) => {
      chunks += bytes.byteLength;
    },
  });
  expect(outcome).toMatchObject({ ok: false, error: { code: 'OUTPUT_EXCEEDED' } });
  expect([chunks, outcome.stdout.length]).toEqual([1_000_000, 1_000_000]);
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(64 * 1024 * 1024);
});

test('over HTTP, by the id of the run', async () => {
  const app = createHttpApp({
    runtime,
    scheduler: createInProcessScheduler(),
    modules: createModuleStore({ inspect: () => ({ kind: 'module', exports: [] }) }),
    key: 'key',
  });
  const headers = { Authorization: 'Bearer key' };
  const body = JSON.stringify({ language: 'javascript', code: ENDLESS, limits: { outputBytes: 5_000 } });
  const posted = await app.request('/v1/runs', { method: 'POST', headers, body });
  const outcome = (await posted.json()) as {
    readonly stdout: string;
    readonly meta: { readonly runId: string };
  };
  expect(outcome).toMatchObject({ ok: false, error: { code: 'OUTPUT_EXCEEDED' }, meta: { truncated: true } });
  const kept = await app.request(`/v1/runs/${outcome.meta.runId}`, { headers });
  expect(kept.status).toBe(200);
  const { state, outcome: again } = (await kept.json()) as {
    readonly state: string;
    readonly outcome: unknown;
  };
  expect(state).toBe('done');
  expect(again).toEqual(outcome);
});
