import { describe, expect, test } from 'vitest';
import type { RunOptions } from '../../../runtime/contracts/api/run.ts';
import type { Runtime, RuntimeOptions } from '../../../runtime/contracts/api/runtime.ts';
import type { HostContext, HostFunction } from '../../../runtime/contracts/host-function.ts';
import { nodePlatform } from '../../../runtime/platform/node.ts';
import { createRuntimeOn } from '../../../runtime/runtime.ts';
import type { RunIdentity } from '../../../runtime/vocabulary/caller.ts';
import type { JsonValue } from '../../../runtime/vocabulary/json.ts';
import type { Outcome } from '../../../runtime/vocabulary/outcome.ts';
import { createProbe, scriptedEngine } from '../../support/scripted-engine.ts';
import type { Step } from '../../support/scripted-executor.ts';

const code = (...steps: Step[]): RunOptions => ({ language: 'scripted', code: JSON.stringify(steps) });
const call = (operation: string): Step => ({ do: 'call', operation, args: {} });
/** A guest that says it has burnt this much. */
const burns = (fuel: number): Step => ({
  do: 'answer',
  result: { kind: 'value', value: null, memoryBytes: 65_536, growthRefused: false, fuel },
});
const GRANT = { custom: { probe: true, nest: true } };

/** A runtime whose host function `nest.run` runs what `inner` says, nested in the run that calls it. */
function open(inner: (context: HostContext) => RunOptions, options: RuntimeOptions = {}) {
  const outcomes: Outcome[] = [];
  const identities: RunIdentity[] = [];
  const nest: HostFunction = {
    name: 'nest',
    network: false,
    operations: { 'nest.run': { capability: 'nest.run', kind: 'act' } },
    open: (_part, context) => ({
      call: async () => {
        identities.push(context.run);
        const outcome = await runtime.run({ grant: GRANT, ...inner(context), parent: context.run });
        outcomes.push(outcome);
        return { value: (outcome.ok ? outcome.value : outcome.error.code) as JsonValue };
      },
      close: () => undefined,
    }),
  };
  const runtime: Runtime = createRuntimeOn(
    { ...nodePlatform, engines: [scriptedEngine], hostFunctions: [createProbe(), nest] },
    { level: 'minimal', cache: false, ...options },
  );
  return { runtime, outcomes, identities };
}

describe('a nested run', () => {
  test('knows what it is nested in, and for whom', async () => {
    const { runtime, identities } = open(({ run }) => (run.depth < 2 ? code(call('nest.run')) : code()));
    const caller = { id: 'ada', permissions: ['*'] };
    await runtime.run({ ...code(call('nest.run')), grant: GRANT, runId: 'outer', caller });
    expect(identities).toEqual([
      { runId: 'outer', depth: 0, caller },
      { runId: expect.stringMatching(/^run-/), parent: 'outer', depth: 1, caller },
      { runId: expect.stringMatching(/^run-/), parent: identities[1]?.runId, depth: 2, caller },
    ]);
    await runtime.close();
  });

  test('spends calls, bytes and fuel of the outer one, whose usage has them', async () => {
    const { runtime, outcomes } = open(() => code(call('probe.echo'), call('probe.echo'), burns(30)));
    const { usage } = await runtime.run({ ...code(call('nest.run'), burns(12)), grant: GRANT });
    expect(outcomes[0]?.usage).toMatchObject({ fuel: 30, hostCalls: { 'probe.use': 2 }, ingressBytes: 2 });
    expect(usage).toMatchObject({
      fuel: 42,
      hostCalls: { 'nest.run': 1, 'probe.use': 2 },
      ingressBytes: 2,
    });
    await runtime.close();
  });

  test('has no more calls than the outer one has left', async () => {
    const { runtime, outcomes } = open(() =>
      code(call('probe.echo'), call('probe.echo'), call('probe.echo')),
    );
    const outcome = await runtime.run({
      ...code(call('nest.run'), call('probe.echo')),
      grant: GRANT,
      limits: { hostCalls: 3 },
    });
    expect(outcomes[0]).toMatchObject({
      ok: true,
      value: 'HOST_CALLS_EXCEEDED',
      meta: { limits: { hostCalls: 2 } },
    });
    expect(outcome).toMatchObject({ ok: true, value: 'HOST_CALLS_EXCEEDED' });
    await runtime.close();
  });

  test('has no more time, fuel or memory than the outer one', async () => {
    const { runtime, outcomes } = open(() => ({ ...code(), limits: { timeoutMs: 600_000 } }));
    await runtime.run({
      ...code(call('nest.run')),
      grant: GRANT,
      limits: { timeoutMs: 5_000, fuel: 1_000, memoryBytes: 2 ** 21 },
    });
    const limits = outcomes[0]?.meta.limits;
    expect(limits).toMatchObject({ fuel: 1_000, memoryBytes: 2 ** 21 });
    expect(limits?.timeoutMs).toBeLessThanOrEqual(5_000);
    await runtime.close();
  });

  test('several cannot together spend more than there was', async () => {
    const { runtime, outcomes } = open(({ run }) => (run.depth === 0 ? code(burns(600)) : code()));
    const outcome = await runtime.run({
      ...code(call('nest.run'), call('nest.run'), call('nest.run'), burns(1)),
      grant: GRANT,
      limits: { fuel: 1_000 },
    });
    // The scripted guest burns more than it may: an engine would have stopped it at 400.
    expect(outcomes.map((inner) => (inner.ok ? 'ok' : inner.error.code))).toEqual([
      'ok',
      'FUEL_EXHAUSTED',
      'FUEL_EXHAUSTED',
    ]);
    expect(outcome).toMatchObject({ ok: false, error: { code: 'FUEL_EXHAUSTED' }, usage: { fuel: 1_201 } });
    await runtime.close();
  });

  test('is nested 8 deep at most', async () => {
    const { runtime, outcomes } = open(() => code(call('nest.run')));
    const outcome = await runtime.run({ ...code(call('nest.run')), grant: GRANT });
    expect(outcome.ok).toBe(true);
    expect(outcomes.map((inner) => (inner.ok ? inner.value : inner.error.code))).toEqual([
      'UNSUPPORTED',
      ...Array(8).fill('UNSUPPORTED'),
    ]);
    await runtime.close();
  });

  test('has no permission that the outer caller has not', async () => {
    const { runtime, outcomes } = open(() => ({
      ...code(call('probe.echo')),
      caller: { id: 'eve', permissions: ['*'] },
    }));
    const caller = { id: 'ada', permissions: ['nest.*'] };
    await runtime.run({ ...code(call('nest.run')), grant: GRANT, caller });
    expect(outcomes[0]).toMatchObject({ ok: true, value: 'CAPABILITY_DENIED' });
    await runtime.close();
  });

  test('is at least as strict as the outer one', async () => {
    const { runtime, outcomes } = open(() => code(), { level: 'minimal' });
    await runtime.run({ ...code(call('nest.run')), grant: GRANT, level: 'strict' });
    expect(outcomes[0]?.meta.level).toBe('strict');
    await runtime.close();
  });

  test('ends with the outer one', async () => {
    const reached = Promise.withResolvers<void>();
    const { runtime, outcomes } = open(() => code(call('probe.never')));
    runtime.on('run.started', ({ identity }) => identity.depth === 1 && reached.resolve());
    const outer = runtime.start({ ...code(call('nest.run')), grant: GRANT });
    await reached.promise;
    outer.cancel();
    expect((await outer.outcome).ok).toBe(false);
    expect(await runtime.runs.list()).toEqual([]);
    await Promise.resolve();
    expect(outcomes[0]).toMatchObject({ ok: false, error: { code: 'CANCELLED' } });
    await runtime.close();
  });

  test('cannot begin in a run that has ended', async () => {
    let ended: RunIdentity | undefined;
    const { runtime } = open(({ run }) => {
      ended = run;
      return code();
    });
    await runtime.run({ ...code(call('nest.run')), grant: GRANT });
    if (ended === undefined) throw new Error('it was not called');
    expect(await runtime.run({ ...code(), parent: ended })).toMatchObject({
      ok: false,
      error: { code: 'CANCELLED' },
    });
    await runtime.close();
  });

  test.each<[string, unknown]>([
    ['a copy of an identity', { runId: 'run', depth: 0 }],
    ['an id', 'run-1'],
    ['null', null],
  ])('%s is not a parent', async (_name, parent) => {
    const { runtime } = open(() => code());
    await expect(runtime.run({ ...code(), parent: parent as RunIdentity })).rejects.toThrow(TypeError);
    await runtime.close();
  });
});
