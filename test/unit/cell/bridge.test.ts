import { expect, test } from 'vitest';
import { nodePlatform } from '../../../runtime/platform/node.ts';
import { createRuntimeOn } from '../../../runtime/runtime.ts';
import { createProbe, scriptedEngine } from '../../support/scripted-engine.ts';
import type { Step } from '../../support/scripted-executor.ts';

test('a blocking call is answered by its own answer, however closely it follows another', async () => {
  const calls = 20_000;
  const steps: readonly Step[] = Array.from({ length: calls }, () => ({
    do: 'callSync',
    operation: 'probe.echo',
    args: {},
  }));
  await using runtime = createRuntimeOn(
    { ...nodePlatform, engines: [scriptedEngine], hostFunctions: [createProbe()] },
    {},
  );
  const outcome = await runtime.run({
    language: 'scripted',
    code: JSON.stringify(steps),
    grant: { custom: { probe: true } },
    limits: { hostCalls: calls, timeoutMs: 60_000 },
  });
  expect(outcome).toMatchObject({ ok: true, usage: { hostCalls: { 'probe.use': calls } } });
});
