import { afterAll, describe, expect, test } from 'vitest';
import type { ScriptRun } from '../../runtime/contracts/api/run.ts';
import { nodePlatform } from '../../runtime/platform/node.ts';
import { createRuntimeOn } from '../../runtime/runtime.ts';
import type { AuditLine } from '../../runtime/vocabulary/events.ts';
import type { IsolationLevel } from '../../runtime/vocabulary/levels.ts';
import { createProbe, scriptedEngine } from '../support/scripted-engine.ts';
import type { Step } from '../support/scripted-executor.ts';
import { verifies } from '../support/verifies.ts';

const levels: readonly [IsolationLevel, string][] = [
  ['minimal', 'inline'],
  ['standard', 'worker'],
  ['maximum', 'process'],
];

describe.each(levels)('cell at level %s (%s)', (level) => {
  const probe = createProbe();
  const audited: AuditLine[] = [];
  const failures: unknown[] = [];
  const runtime = createRuntimeOn(
    { ...nodePlatform, engines: [scriptedEngine], hostFunctions: [probe] },
    {
      cache: false,
      level,
      onError: (error) => failures.push(error),
      onAudit: (line) => audited.push(line),
      cells: { warm: 0 },
    },
  );
  const run = (steps: readonly Step[], options: Partial<ScriptRun> = {}) =>
    runtime.run({ language: 'scripted', code: JSON.stringify(steps), ...options });
  const nextRunWorks = async (): Promise<void> => {
    expect(await run([{ do: 'print', text: 'next' }])).toMatchObject({ ok: true, stdout: 'next' });
  };
  afterAll(async () => runtime.close());

  test('run() gives both streams apart, the value and a full usage', async () => {
    const outcome = await run([
      { do: 'print', text: 'o\n' },
      { do: 'print', text: 'é\n', stream: 'stderr' },
      { do: 'call', operation: 'probe.echo', args: {}, bytes: 3 },
    ]);
    expect(outcome).toMatchObject({
      ok: true,
      value: {},
      stdout: 'o\n',
      stderr: 'é\n',
      usage: {
        hostCalls: { 'probe.use': 1 },
        egressBytes: 3,
        ingressBytes: 1,
        memoryBytes: 65_536,
        outputBytes: 7,
        fuel: null,
      },
      meta: { level, engine: 'scripted' },
    });
    expect(outcome.usage.cpuMs).toBeGreaterThanOrEqual(0);
  });

  test('output streams as it comes, whole characters only', async () => {
    const chunks: string[] = [];
    const half = { do: 'print', text: 'ab' } as const;
    const outcome = await run([half, half], { onOutput: ({ text }) => chunks.push(text) });
    expect(chunks).toEqual(['ab', 'ab']);
    expect(outcome.stdout).toBe('abab');
  });

  test('a host call is answered, also one that the host must wait for', async () => {
    expect(await run([{ do: 'call', operation: 'probe.slow', args: {} }])).toMatchObject({
      ok: true,
      value: 'slow',
    });
  });

  test('a blocking host call is answered, or refused where the thread cannot wait', async () => {
    const quick = await run([{ do: 'callSync', operation: 'probe.echo', args: {} }]);
    expect(quick).toMatchObject({ ok: true, value: {} });
    const slow = await run([{ do: 'callSync', operation: 'probe.slow', args: {} }]);
    expect(slow).toMatchObject({ ok: true, value: level === 'minimal' ? 'UNSUPPORTED' : 'slow' });
  });

  test(
    'a refusal that is let through ends the run with its code, a forged one does not',
    verifies('RS-02'),
    async () => {
      const refused = await run([{ do: 'call', operation: 'nothing.here', args: {} }, { do: 'letThrough' }]);
      expect(refused).toMatchObject({ ok: false, error: { code: 'UNSUPPORTED' } });
      expect(await run([{ do: 'forge', id: 1 }])).toMatchObject({
        ok: false,
        error: { code: 'GUEST_THREW' },
      });
      const handled = await run([{ do: 'call', operation: 'nothing.here', args: {} }]);
      expect(handled).toMatchObject({ ok: true, value: 'UNSUPPORTED' });
    },
  );

  test('a bug in a host function of the embedder is HOST_CALL_FAILED and shows nothing of the host', async () => {
    const outcome = await run([{ do: 'call', operation: 'probe.bug', args: {} }, { do: 'letThrough' }]);
    expect(outcome).toMatchObject({ ok: false, error: { code: 'HOST_CALL_FAILED' } });
    expect(JSON.stringify(outcome)).not.toContain('secret');
    expect(failures.splice(0)).toEqual([expect.objectContaining({ message: '/home/secret leaked' })]);
  });

  test('a bug in an executor is INTERNAL, shows nothing of the host, and the next run works', async () => {
    const outcome = await run([{ do: 'reject' }]);
    expect(outcome).toMatchObject({ ok: false, error: { code: 'INTERNAL' } });
    expect(JSON.stringify(outcome)).not.toContain('secret');
    await nextRunWorks();
  });

  test.each([null, { kind: 'finished', memoryBytes: 0, fuel: null, growthRefused: false }])(
    'an executor that answers %j, which is not a result, is INTERNAL, and the next run works',
    async (result) => {
      expect(await run([{ do: 'answer', result }])).toMatchObject({ ok: false, error: { code: 'INTERNAL' } });
      await nextRunWorks();
    },
  );

  test('timeoutMs ends a guest that polls and one that waits', async () => {
    const limits = { timeoutMs: 60 };
    expect(await run([{ do: 'poll' }], { limits })).toMatchObject({
      ok: false,
      error: { code: 'DEADLINE_EXCEEDED' },
    });
    const waiting = await run([{ do: 'call', operation: 'probe.never', args: {} }], { limits });
    expect(waiting).toMatchObject({ ok: false, error: { code: 'DEADLINE_EXCEEDED' } });
    await nextRunWorks();
  });

  test.skipIf(level === 'minimal')('timeoutMs ends a guest that never looks up', async () => {
    const outcome = await run(
      [{ do: 'memory', bytes: 123_456 }, { do: 'print', text: 'x' }, { do: 'spin' }],
      { limits: { timeoutMs: 60 } },
    );
    expect(outcome).toMatchObject({
      ok: false,
      stdout: 'x',
      error: { code: 'DEADLINE_EXCEEDED' },
      usage: { memoryBytes: 123_456 },
    });
    await nextRunWorks();
  });

  test('a signal cancels before the start and while the guest waits', async () => {
    const before = await run([{ do: 'print', text: 'x' }], { signal: AbortSignal.abort() });
    expect(before).toMatchObject({ ok: false, stdout: '', error: { code: 'CANCELLED' } });
    const controller = new AbortController();
    const outcome = await run(
      [
        { do: 'print', text: 'x' },
        { do: 'sleep', ms: 60_000 },
      ],
      {
        signal: controller.signal,
        onOutput: () => controller.abort(),
      },
    );
    expect(outcome).toMatchObject({ ok: false, stdout: 'x', error: { code: 'CANCELLED' } });
    await nextRunWorks();
  });

  test('outputBytes holds for an endless print, and what fitted is kept', async () => {
    const outcome = await run([{ do: 'print', text: '0123456789', times: 1e9 }], {
      limits: { outputBytes: 25 },
    });
    expect(outcome).toMatchObject({
      ok: false,
      stdout: '0123456789012345678901234',
      error: { code: 'OUTPUT_EXCEEDED' },
    });
    await nextRunWorks();
  });

  test('hostCalls holds, and continuations are not counted', verifies('LM-06'), async () => {
    const echo = { do: 'call', operation: 'probe.echo', args: {} } as const;
    const next = { ...echo, operation: 'probe.next' } as const;
    const served = probe.served.length;
    const outcome = await run([echo, next, next, echo, echo, { do: 'letThrough' }], {
      limits: { hostCalls: 2 },
    });
    expect(outcome).toMatchObject({
      ok: false,
      error: { code: 'HOST_CALLS_EXCEEDED' },
      usage: { hostCalls: { 'probe.use': 3 } },
    });
    expect(probe.served.length - served).toBe(4);
  });

  test.each([40, 5_000, 200_000])('arguments that nest %i deep are refused by the gate', async (depth) => {
    const operation = 'probe.echo';
    const before = failures.length;
    const outcome = await run([{ do: 'callDeep', operation, depth }], { grant: { custom: { probe: true } } });
    expect(outcome).toMatchObject({
      ok: true,
      value: 'INPUT_INVALID',
      usage: { hostCalls: { 'probe.use': 1 } },
    });
    const fits = await run([{ do: 'callDeep', operation, depth: 30 }], {
      grant: { custom: { probe: true } },
    });
    expect(fits).toMatchObject({ ok: true, usage: { hostCalls: { 'probe.use': 1 } } });
    expect(fits.ok && fits.value).not.toBe('INPUT_INVALID');
    expect(failures.slice(before)).toEqual([]);
  });

  test('hostCallBytes holds for arguments and answers', verifies('LM-06'), async () => {
    const limits = { hostCallBytes: 1024 };
    const served = probe.served.length;
    const sent = await run(
      [{ do: 'call', operation: 'probe.echo', args: {}, bytes: 1025 }, { do: 'letThrough' }],
      { limits },
    );
    expect(sent).toMatchObject({
      ok: false,
      error: { code: 'INPUT_INVALID', details: { reason: 'too-large' } },
    });
    expect(probe.served.length).toBe(served);
    const answered = await run([{ do: 'call', operation: 'probe.large', args: {} }, { do: 'letThrough' }], {
      limits,
    });
    expect(answered).toMatchObject({
      ok: false,
      error: { code: 'HOST_CALL_FAILED', details: { reason: 'too-large' } },
    });
  });

  test.each(['probe.shared', 'probe.given'])(
    '%s answers again and again from a buffer that it keeps',
    async (operation) => {
      const echo = { do: 'call', operation, args: {} } as const;
      for (const step of [echo, { ...echo, do: 'callSync' } as const]) {
        expect(await run([step, step, step])).toMatchObject({ ok: true, value: 6 });
      }
    },
  );

  test('deterministic runs repeat their random, others do not', async () => {
    const deterministic = { seed: 7, now: 0 };
    const [one, two, other] = [
      await run([{ do: 'random' }], { deterministic }),
      await run([{ do: 'random' }], { deterministic }),
      await run([{ do: 'random' }], {}),
    ];
    expect(one).toMatchObject({ ok: true });
    expect(two).toMatchObject({ value: one.ok ? one.value : undefined });
    expect(other).not.toMatchObject({ value: one.ok ? one.value : undefined });
  });

  test('every session that opened is closed, and every call is audited', async () => {
    audited.length = 0;
    await run([
      { do: 'call', operation: 'probe.echo', args: {} },
      { do: 'call', operation: 'nope.x', args: {} },
    ]);
    expect(probe.closed()).toBe(probe.opened());
    expect(audited.map(({ operation, decision, capability }) => [operation, decision, capability])).toEqual([
      ['probe.echo', 'allowed', 'probe.use'],
      ['nope.x', 'refused', 'unknown'],
    ]);
  });

  test.skipIf(level === 'minimal')('a cell has no environment', async () => {
    const outcome = await run([{ do: 'env' }]);
    expect(outcome).toMatchObject({ ok: true, value: level === 'maximum' ? expect.any(Array) : [] });
    if (outcome.ok) expect(outcome.value).not.toContain('PATH');
  });
});
