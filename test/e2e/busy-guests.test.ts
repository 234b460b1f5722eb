import { afterAll, expect, test } from 'vitest';
import { createRuntime, type RunOptions } from '../../runtime/index.ts';
import { verifies } from '../support/verifies.ts';
import { assemble } from '../support/wasm/assemble.ts';

const runtime = createRuntime({ level: 'standard', limits: { timeoutMs: 120_000 } });
afterAll(() => runtime.close());

const ENDLESS = {
  JavaScript: async (): Promise<RunOptions> => ({ language: 'js', code: 'for (;;);' }),
  Python: async (): Promise<RunOptions> => ({ language: 'py', code: 'while True: pass' }),
  'a module': async (): Promise<RunOptions> => ({
    module: await assemble('(module (func (export "spin") loop br 0 end))'),
    invoke: 'spin',
  }),
};

test.each(Object.entries(ENDLESS))(
  'while %s is busy, timers of the host and another guest go on',
  verifies('SC-07'),
  async (_, guest) => {
    const cancel = new AbortController();
    let ended = false;
    const busy = runtime
      .run({ ...(await guest()), signal: cancel.signal, limits: { fuel: Number.MAX_SAFE_INTEGER } })
      .finally(() => {
        ended = true;
      });
    for (let fired = 0; fired < 30; fired++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(ended).toBe(false);
    }
    expect(await runtime.run({ language: 'js', code: '1 + 1' })).toMatchObject({ ok: true, value: 2 });
    cancel.abort();
    expect(await busy).toMatchObject({ ok: false, error: { code: 'CANCELLED' } });
  },
);
