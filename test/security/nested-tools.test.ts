import { afterEach, describe, expect, test } from 'vitest';
import { createToolsHostFunction } from '../../host-functions/tools/tools.ts';
import type { ToolOutcome } from '../../runtime/contracts/api/tool-call.ts';
import type { HostContext, HostReply } from '../../runtime/contracts/host-function.ts';
import type { ToolsPort } from '../../runtime/contracts/operations/tools.ts';
import { createRuntime, type JsonObject, type Outcome, type RunOptions } from '../../runtime/index.ts';
import { mergeLimits } from '../../runtime/vocabulary/limits.ts';
import { runtimeWithTools } from '../support/guest-tools.ts';
import { TEST_RUN } from '../support/run-identity.ts';
import { verifies } from '../support/verifies.ts';

let open: ReturnType<typeof runtimeWithTools> | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});
const withTools = (...args: Parameters<typeof runtimeWithTools>): ReturnType<typeof runtimeWithTools> => {
  open = runtimeWithTools(...args);
  return open;
};
const js = (code: string, more: Partial<RunOptions> = {}): RunOptions =>
  ({ language: 'javascript', code, grant: { tools: ['*'] }, ...more }) as RunOptions;
const asked = (outcome: Outcome): unknown => (outcome.ok ? outcome.value : outcome.error.code);

test('statements of tools side by side burn what there is, and no multiple of it', async () => {
  const query = 'with recursive n(i) as (values (1) union all select i + 1 from n) select count(*) from n';
  const sql = [{ name: 'd' }];
  await using runtime = createRuntime({ level: 'minimal', cache: false, sql: { d: 'memory:' } });
  runtime.tools.register(
    { name: 'counts', description: 'Counts without end', input: {}, capabilities: ['sql.read'] },
    {
      language: 'js',
      code: `export const run = () => sandglass.call('sql.query', { database: 'd', query: ${JSON.stringify(query)} })`,
    },
  );
  const limits = { fuel: 400_000_000, timeoutMs: 120_000 };
  const code = 'await Promise.allSettled(Array.from({ length: 6 }, () => tools.counts({})))';
  const outcome = await runtime.run(js(code, { grant: { tools: ['*'], sql }, limits }));
  expect(asked(outcome)).toBe('FUEL_EXHAUSTED');
  // The statement that comes first has all that is left; one after it sees what it has spent.
  expect(outcome.usage.fuel).toBeLessThan(1.5 * limits.fuel);
});

describe('a guest that asks for more than its grant', () => {
  test('names of tools out of the grant are refused before anything of a tool is asked', async () => {
    const runtime = withTools({ good: { code: '1' }, evil: { code: '2' } });
    const names = [
      'evil',
      'GOOD',
      'good ',
      'good\u0000',
      '*',
      'good*',
      '__proto__',
      'constructor',
      '',
      '../good',
    ];
    const code = `const seen = []; for (const name of ${JSON.stringify(names)}) {
      try { seen.push(await tools.call(name)) } catch (error) { seen.push(error.code) } } seen`;
    const outcome = await runtime.run(js(code, { grant: { tools: ['good'] } }));
    expect(new Set(asked(outcome) as string[])).toEqual(new Set(['CAPABILITY_DENIED', 'INPUT_INVALID']));
    expect(runtime.called).toEqual([]);
  });

  test('whether there is such a tool is not told', async () => {
    const runtime = withTools({ hidden: { code: '1' } });
    const code = `const told = []; for (const name of ['hidden', 'absent']) for (const ask of ['call', 'describe'])
      try { await tools[ask](name) } catch (error) { told.push(error.message.replace(name, '') + error.hint.replaceAll(name, '')) }
      [told[0] === told[2], told[1] === told[3], (await tools.search('')).length]`;
    expect(asked(await runtime.run(js(code, { grant: { tools: ['other'] } })))).toEqual([true, true, 0]);
  });

  test('a caller without the permission gets none, whatever the grant says', async () => {
    const runtime = withTools({ good: { code: '1' } });
    const caller = { id: 'u', permissions: ['fs.read'] };
    expect(asked(await runtime.run(js('await tools.good()', { caller })))).toBe('CAPABILITY_DENIED');
    expect(asked(await runtime.run(js('sandglass.grant().tools', { caller })))).toBeUndefined();
    expect(runtime.called).toEqual([]);
  });

  test('a nested run has the permissions of the outer one and no more', async () => {
    const runtime = withTools({
      inner: {
        code: "await readFile('/tmp/x.txt').then(() => 'read', (error) => error.code)",
      },
      deeper: { code: 'await tools.inner()', grant: { tools: ['inner'] } },
    });
    const identities: unknown[] = [];
    using _ = runtime.on(
      'run.queued',
      ({ identity }) => void identities.push([identity.depth, identity.caller]),
    );
    const caller = { id: 'u', permissions: ['tools.call'] };
    await runtime.run(js('await tools.deeper()', { caller }));
    expect(identities).toEqual([0, 1, 2].map((depth) => [depth, caller]));
  });
});

describe('recursion and floods', verifies('LM-15'), () => {
  test('a tool that calls itself ends 8 deep', async () => {
    const runtime = withTools({
      again: { code: 'await tools.again()', grant: { tools: ['again'] } },
    });
    const outcome = await runtime.run(js('await tools.again()', { level: 'minimal' }));
    expect(outcome).toMatchObject({ ok: false, error: { code: 'UNSUPPORTED', details: { limit: 8 } } });
    expect(runtime.called).toHaveLength(8);
  });

  test('a tree of calls is bounded by the calls of its root', async () => {
    const runtime = withTools({
      fork: {
        code: 'await Promise.allSettled([tools.fork(), tools.fork(), tools.fork()]); 1',
        grant: { tools: ['fork'] },
      },
    });
    const outcome = await runtime.run(
      js('await tools.fork()', { level: 'minimal', limits: { hostCalls: 20 } }),
    );
    expect(runtime.called.length).toBeLessThanOrEqual(20);
    expect(outcome.usage.hostCalls['tools.call']).toBeGreaterThan(20);
  });

  test('calls beyond the budget are refused, and a guest that goes on is ended', async () => {
    const runtime = withTools({ one: { code: '1' } });
    const outcome = await runtime.run(
      js('let n = 0; for (;;) try { await tools.one(); n++ } catch {}', {
        level: 'minimal',
        limits: { hostCalls: 5 },
      }),
    );
    expect(asked(outcome)).toBe('HOST_CALLS_EXCEEDED');
    expect(runtime.called).toHaveLength(5);
  });

  test('a nested run has the time and the fuel that are left, not those it has by default', async () => {
    const runtime = withTools({ spin: { code: 'for (;;);' } });
    const fuel = await runtime.run(js('await tools.spin()', { limits: { fuel: 50_000_000 } }));
    expect(asked(fuel)).toBe('FUEL_EXHAUSTED');
    const time = await runtime.run(js('await tools.spin()', { limits: { timeoutMs: 300 } }));
    expect(asked(time)).toBe('DEADLINE_EXCEEDED');
    expect(await runtime.runs.list()).toEqual([]);
  });
});

describe('hostile arguments and answers', () => {
  const port = (outcome: Partial<ToolOutcome>): ToolsPort => ({
    call: async () => outcome as ToolOutcome,
    search: () => [{ name: 'unasked', description: 'x', score: 1 }],
    describe: () => undefined,
  });
  const context = {
    run: TEST_RUN,
    limits: mergeLimits([{ hostCallBytes: 65_536 }]),
  } as unknown as HostContext;
  const ask = async (operation: string, args: JsonObject, outcome: Partial<ToolOutcome> = {}) => {
    const host = createToolsHostFunction(port(outcome));
    const service = await host.open(host.parse?.(['ok'], 'grant.tools'), context);
    try {
      const request = { args, bytes: undefined, signal: new AbortController().signal };
      return ((await service.call(operation, request)) as HostReply).value;
    } catch (error) {
      return error as { readonly code?: string; readonly details?: unknown };
    }
  };

  test.each<[string, JsonObject]>([
    ['tools.call', {}],
    ['tools.call', { name: 1 }],
    ['tools.call', { name: ['ok'] }],
    ['tools.call', { name: 'ok', args: [] }],
    ['tools.call', { name: 'ok', args: 'x' }],
    ['tools.call', { name: 'ok', args: null }],
    ['tools.call', { name: 'ok', caller: { id: 'root', permissions: ['*'] } }],
    ['tools.call', { name: 'ok', grant: {} }],
    ['tools.call', { name: 'x'.repeat(100_000) }],
    ['tools.search', {}],
    ['tools.search', { query: 'x'.repeat(1_001) }],
    ['tools.search', { query: 'a', limit: 1e9 }],
    ['tools.search', { query: 'a', limit: Number.NaN }],
    ['tools.describe', { name: 'ok', language: 'bash' }],
  ])('%s refuses %j', async (operation, args) => {
    expect(await ask(operation, args)).toMatchObject({ code: 'INPUT_INVALID' });
  });

  test('a search shows nothing that the grant does not name, whatever the port says', async () => {
    expect(await ask('tools.search', { query: '' })).toEqual([]);
  });

  test('an answer over the size of one is refused, not cut', async () => {
    const ok = { ok: true as const, value: 'é'.repeat(40_000) };
    expect(await ask('tools.call', { name: 'ok' }, ok)).toMatchObject({
      code: 'HOST_CALL_FAILED',
      details: { reason: 'too-large', limit: 65_536 },
    });
  });

  test('details of the host stay with the host', async () => {
    const failed = {
      ok: false as const,
      error: {
        code: 'CAPABILITY_DENIED' as const,
        message: 'Cannot read "/data"',
        retryable: false,
        details: {
          capability: 'fs.read',
          grant: { fs: [{ host: '/home/me/data', guest: '/data' }] },
          stack: 'at /home/me/tool.js',
        },
      },
    };
    const error = (await ask('tools.call', { name: 'ok' }, failed)) as {
      readonly details: unknown;
      readonly hostDetails: unknown;
    };
    expect(error.details).toEqual({ capability: 'fs.read' });
    expect(error.hostDetails).toEqual(failed.error.details);
  });

  test('an error that a guest forged is its own, whatever code it shows', async () => {
    const runtime = withTools({ fails: { code: "throw new Error('x')" } });
    const code = `let real; try { await tools.fails() } catch (error) { real = error }
      throw Object.assign(new sandglass.SandglassError(real.message), { code: 'CAPABILITY_DENIED', id: 1 })`;
    expect(asked(await runtime.run(js(code)))).toBe('GUEST_THREW');
    const results = `Object.prototype.value = 'forged'; Promise.prototype.then = () => 1; 0`;
    expect(await runtime.run(js(results))).toMatchObject({ ok: true });
  });
});
