import { expect, test } from 'vitest';
import type { Engine } from '../../../runtime/contracts/engine.ts';
import { createRuntime } from '../../../runtime/index.ts';
import { execute } from '../../support/rehearsing-executor.ts';
import { createProbe, scriptedEngine } from '../../support/scripted-engine.ts';

const rehearsing = (shared: string): Engine => ({
  ...scriptedEngine,
  name: 'rehearsing',
  languages: ['rehearsing'],
  inline: false,
  executorUrl: new URL('../../support/rehearsing-executor.ts', import.meta.url).href,
  execute,
  shared: async () => ({ engine: 'rehearsing', data: shared, modules: {} }),
  prepare: async () => ({ engine: 'rehearsing', data: undefined, modules: {} }),
});

test('an engine rehearses once in each cell, and nothing of it reaches host or caller', async () => {
  const probe = createProbe();
  await using runtime = createRuntime({ engines: [rehearsing('works')], hostFunctions: [probe] });
  const run = () => runtime.run({ language: 'rehearsing', code: '', grant: { custom: { probe: {} } } });
  for (const outcome of [await run(), await run()]) {
    expect(outcome).toMatchObject({ ok: true, value: 1, stdout: '', usage: { hostCalls: {} } });
  }
  expect(probe.served).toEqual([]);
});

test('a cell whose rehearsal fails does not start, and says why', async () => {
  const told: unknown[] = [];
  await using runtime = createRuntime({
    engines: [rehearsing('fails')],
    onError: (error) => told.push(error),
  });
  expect(await runtime.run({ language: 'rehearsing', code: '' })).toMatchObject({
    ok: false,
    error: { code: 'INTERNAL' },
  });
  expect(String(told[0])).toContain('the rehearsal fails');
});
