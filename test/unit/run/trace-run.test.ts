import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime } from '../../../runtime/index.ts';
import { verifies } from '../../support/verifies.ts';

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sandglass-trace-'));
  await writeFile(join(dir, 'notes.txt'), 'content-of-the-file');
});
afterAll(() => rm(dir, { recursive: true }));

const CODE = `
  sandglass.log('info', 'first');
  await fs.readFile('/data/notes.txt', 'utf8');
  sandglass.log('warn', 'second');
  try { await fs.readFile('/elsewhere.txt', 'utf8') } catch {}
  7`;

describe('a run with trace', verifies('MO-13'), () => {
  test('tells its steps in order, with times, and no content', async () => {
    await using runtime = createRuntime({ level: 'minimal', cache: false });
    const grant = { fs: [{ host: dir, guest: '/data' }] };
    const { meta, ...outcome } = await runtime.run({ language: 'js', code: CODE, grant, trace: true });
    expect(outcome.ok && outcome.value).toBe(7);
    const { trace = [] } = meta;
    expect(trace[0]).toMatchObject({ kind: 'run.started', engine: 'quickjs', level: 'minimal' });
    expect(trace.at(-1)).toMatchObject({ kind: 'run.ended', ok: true });
    const told = trace.flatMap((step) => (step.kind === 'guest.logged' ? [step.message] : []));
    expect(told).toEqual(['first', 'second']);
    const calls = trace.flatMap((step) => (step.kind === 'host.called' ? [step] : []));
    expect(calls[0]).toMatchObject({
      decision: 'allowed',
      resource: { path: '/data/notes.txt' },
      durationMs: expect.any(Number),
    });
    expect(calls.at(-1)).toMatchObject({ decision: 'refused', code: 'CAPABILITY_DENIED' });
    const times = trace.map(({ atMs }) => atMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(JSON.stringify(trace)).not.toContain('content-of-the-file');
    expect(JSON.stringify(trace)).not.toContain(dir);
  });

  test('is bounded, counts what it leaves out, and is absent where nobody asked', async () => {
    await using runtime = createRuntime({ level: 'minimal', cache: false });
    const many = 'for (let i = 0; i < 1_200; i++) sandglass.log("info", "x".repeat(4_000)); 1';
    const limits = { outputBytes: 16 * 1024 ** 2, hostCalls: 100_000 };
    const { meta } = await runtime.run({ language: 'js', code: many, trace: true, limits });
    expect(meta.trace).toHaveLength(1_001);
    expect(JSON.stringify(meta.trace).length).toBeLessThan(1_000_000);
    expect(meta.traceLeftOut).toBeGreaterThan(0);
    expect((await runtime.run({ language: 'js', code: '1' })).meta).not.toHaveProperty('trace');
    const wrong = runtime.run({ language: 'js', code: '1', trace: 'yes' as never });
    await expect(wrong).rejects.toThrow('trace is neither true nor false');
  });

  test('of a tool tells its run beside the stages of its call', async () => {
    await using runtime = createRuntime({ level: 'minimal', cache: false });
    runtime.tools.register(
      { name: 'seven', description: 'Answers seven' },
      { language: 'js', code: 'export const run = () => 7' },
    );
    const traced = await runtime.tools.call('seven', {}, { trace: true });
    expect(traced.trace.length).toBeGreaterThan(0);
    expect(traced.meta.trace?.map(({ kind }) => kind)).toEqual(['run.started', 'run.ended']);
    expect((await runtime.tools.call('seven', {})).meta).not.toHaveProperty('trace');
  });
});
