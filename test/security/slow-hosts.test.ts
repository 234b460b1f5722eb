import { expect, test } from 'vitest';
import type { HostFunction } from '../../runtime/contracts/host-function.ts';
import { createRuntime } from '../../runtime/index.ts';

/** Never answers, and never closes. */
const stuck: HostFunction<true> = {
  name: 'stuck',
  network: false,
  operations: { 'stuck.wait': { capability: 'stuck.wait', kind: 'act' } },
  parse: () => true,
  open: () => ({
    call: () => new Promise(() => undefined),
    close: () => new Promise(() => undefined),
  }),
};

test.each(['minimal', 'standard'] as const)(
  'at %s a run ends at its deadline, whatever a host function still has under way or keeps open',
  async (level) => {
    await using runtime = createRuntime({ hostFunctions: [stuck] });
    const outcome = await runtime.run({
      language: 'javascript',
      code: `await sandglass.call('stuck.wait', {})`,
      level,
      grant: { custom: { stuck: true } },
      limits: { timeoutMs: 100 },
    });
    expect(outcome).toMatchObject({ ok: false, error: { code: 'DEADLINE_EXCEEDED' } });
  },
);
