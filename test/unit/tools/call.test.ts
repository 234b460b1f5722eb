import { expect, test } from 'vitest';
import type { CachedResult, RuntimeEvent, ToolCacheStore, ToolOutcome } from '../../../runtime/index.ts';
import { SandglassError } from '../../../runtime/vocabulary/errors.ts';
import { codeOf, ECHO, toolsRuntime } from '../../support/tools-runtime.ts';
import { verifies } from '../../support/verifies.ts';

const stagesOf = ({ trace }: ToolOutcome): string =>
  trace.map(({ stage, code }) => (code === undefined ? stage : `${stage}!${code}`)).join(' ');

const IN = 'find validate permit confirm rate cache before wait retry run';

test(
  'one of each kind goes through the same stages and ends in the same form',
  verifies('RG-01', 'RG-27'),
  async () => {
    const { runtime, guests } = toolsRuntime();
    const { tools } = runtime;
    tools.register(
      { name: 'js', description: 'x', input: { n: { type: 'number' } } },
      { language: 'js', code: 'export const run = ({ n }) => n + 1' },
    );
    tools.register(
      { name: 'plain', description: 'x', input: { n: { type: 'number' } } },
      { language: 'js', code: 'function run({ n }) { return n + 1 } // no export' },
    );
    tools.register(
      { name: 'ts', description: 'x', input: { n: { type: 'number' } } },
      { language: 'ts', code: 'export default async ({ n }: { n: number }): Promise<number> => n + 1' },
    );
    tools.register(
      { name: 'host', description: 'x', input: { n: { type: 'number' } } },
      { trusted: true, run: ({ n }) => Number(n) + 1 },
    );
    const outcomes = await tools.callMany(
      ['js', 'plain', 'ts', 'host'].map((name) => ({ name, args: { n: 41 } })),
    );
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({
        ok: true,
        value: 42,
        text: '42',
        meta: { attempts: 1, cached: false },
      });
      expect(stagesOf(outcome)).toBe(`${IN} after check shape account`);
      expect(JSON.parse(JSON.stringify(outcome))).toMatchObject({ ok: true, value: 42, tool: outcome.tool });
    }
    expect(guests()).toBe(3);
    await runtime.close();
  },
);

test(
  'call() resolves for every failure, and refuses before a guest starts',
  verifies('RG-08', 'RG-16', 'RG-27'),
  async () => {
    const { runtime, guests } = toolsRuntime();
    const { tools } = runtime;
    tools.register(
      { name: 'write_note', description: 'x', capabilities: ['fs.write'], input: { n: { type: 'number' } } },
      ECHO,
    );
    expect(await tools.call('wirte_note')).toMatchObject({
      ok: false,
      error: { code: 'TOOL_NOT_FOUND', hint: 'Did you mean "write_note"?' },
    });
    // It fails validation and permission: the earlier one is told.
    const invalid = await tools.call('write_note', { n: 'x' });
    expect(stagesOf(invalid)).toBe('find validate!INPUT_INVALID shape account');
    const denied = await tools.call('write_note', { n: 1 });
    expect(stagesOf(denied)).toBe('find validate permit!CAPABILITY_DENIED shape account');
    expect(denied).toMatchObject({
      ok: false,
      error: { details: { missing: ['fs.write'], grant: { fs: [{ access: ['write'] }] } }, retryable: false },
      text: expect.stringContaining('CAPABILITY_DENIED'),
    });
    for (const given of [null, 5, 'x', [], { n: Number.NaN }, { a: { b: 1n } }, new Date()])
      expect(codeOf(await tools.call('write_note', given))).toBe('INPUT_INVALID');
    expect(guests()).toBe(0);
  },
);

test('misuse of the options is thrown', verifies('RG-23', 'RG-28'), async () => {
  const { runtime } = toolsRuntime();
  runtime.tools.register({ name: 'echo', description: 'x' }, ECHO);
  for (const options of [
    { retrys: 1 },
    { retries: 11 },
    { level: 'low' },
    { caller: { id: 1 } },
    { timeoutMs: 0 },
    { parent: {} },
  ])
    await expect(runtime.tools.call('echo', {}, options as never)).rejects.toThrow(/^Cannot/);
  for (const tools of [
    { maxConcurent: 1 },
    { maxConcurrent: 0 },
    { dirs: 'x' },
    { registry: {} },
    { rate: { calls: 1 } },
  ])
    expect(() => toolsRuntime({ tools: tools as never })).toThrow(/^Cannot/);
});

test('values are coerced on a copy, unless that is turned off', verifies('RG-15'), async () => {
  const { runtime } = toolsRuntime();
  const input = {
    n: { type: 'integer' },
    on: { type: 'boolean', default: true },
    list: { type: 'array', items: { type: 'number' }, default: [] },
  };
  runtime.tools.register({ name: 'echo', description: 'x', input }, ECHO);
  const args = { n: '2000', list: ['1.5', 2] };
  expect(await runtime.tools.call('echo', args)).toMatchObject({
    value: { n: 2000, on: true, list: [1.5, 2] },
  });
  expect(args).toEqual({ n: '2000', list: ['1.5', 2] });
  expect(codeOf(await runtime.tools.call('echo', { n: 'abc' }))).toBe('INPUT_INVALID');
  expect(codeOf(await runtime.tools.call('echo', args, { coerce: false }))).toBe('INPUT_INVALID');
});

test(
  'manifest, caller and policy: only all three allow',
  verifies('PM-01', 'PM-02', 'PM-09', 'RG-19'),
  async () => {
    const code = `import { readdir } from 'node:fs/promises'; export const run = async () => (await readdir('/data')).length > 0`;
    for (const [manifest, caller, policy] of [0, 1, 2, 3, 4, 5, 6, 7].map((row) => [
      row & 4,
      row & 2,
      row & 1,
    ])) {
      const { runtime } = toolsRuntime(policy ? { policy: { fs: [{ host: '.', guest: '/data' }] } } : {});
      const capabilities = manifest ? ['fs.read'] : [];
      runtime.tools.register({ name: 'list', description: 'x', capabilities }, { language: 'js', code });
      const options = { caller: { id: 'someone', permissions: caller ? ['fs.*'] : [] } };
      const outcome = await runtime.tools.call('list', {}, options);
      const all = manifest && caller && policy;
      expect([codeOf(outcome) === 'ok', runtime.tools.check('list', options).missing]).toEqual([
        Boolean(all),
        manifest && !all ? ['fs.read'] : [],
      ]);
      await runtime.close();
    }
  },
);

test('the grant of a call only narrows', verifies('RG-10'), async () => {
  const { runtime } = toolsRuntime({
    policy: { fs: [{ host: '.', guest: '/data', access: ['read', 'write'] }] },
  });
  const grant = { fs: [{ host: '.', guest: '/data', access: ['read'] as const }] };
  runtime.tools.register({ name: 'reads', description: 'x', capabilities: ['fs.read'] }, ECHO);
  runtime.tools.register({ name: 'writes', description: 'x', capabilities: ['fs.write'] }, ECHO);
  expect(codeOf(await runtime.tools.call('reads', {}, { grant }))).toBe('ok');
  expect(codeOf(await runtime.tools.call('writes', {}, { grant }))).toBe('CAPABILITY_DENIED');
  expect(
    codeOf(await runtime.tools.call('reads', {}, { grant: { fs: [{ host: '/', guest: '/data' }] } })),
  ).toBe('CAPABILITY_DENIED');
  await runtime.close();
});

test('a trusted tool is refused at strict and above', verifies('RG-02'), async () => {
  const { runtime } = toolsRuntime();
  runtime.tools.register({ name: 'host', description: 'x' }, () => 1, { trusted: true });
  for (const [level, code] of [
    ['minimal', 'ok'],
    ['strict', 'CAPABILITY_DENIED'],
    ['maximum', 'CAPABILITY_DENIED'],
  ] as const)
    expect(codeOf(await runtime.tools.call('host', {}, { level }))).toBe(code);
});

test('a dangerous tool is confirmed once a call', verifies('PM-11', 'PM-12'), async () => {
  const asked: string[] = [];
  const { runtime, guests } = toolsRuntime();
  const { tools } = runtime;
  tools.register({ name: 'wipe', description: 'x', dangerous: true }, ECHO);
  expect(codeOf(await tools.call('wipe'))).toBe('CONFIRMATION_REQUIRED');
  const confirm = (answer: boolean) => (call: { tool: string }) => {
    asked.push(call.tool);
    return answer;
  };
  expect(codeOf(await tools.call('wipe', {}, { confirm: confirm(false) }))).toBe('CONFIRMATION_REQUIRED');
  expect(guests()).toBe(0);
  expect(codeOf(await tools.call('wipe', {}, { confirm: confirm(true) }))).toBe('ok');
  expect(asked).toEqual(['wipe', 'wipe']);
  expect(codeOf(await tools.call('wipe', {}, { caller: { id: 'a', permissions: ['dangerous'] } }))).toBe(
    'ok',
  );
  expect(codeOf(await tools.call('wipe', {}, { caller: { id: 'a', permissions: ['*'] } }))).toBe(
    'CONFIRMATION_REQUIRED',
  );
  await runtime.close();
});

test('allow, deny and safeOnly decide by name and alias; deny wins', verifies('PM-12', 'RG-05'), async () => {
  const { runtime } = toolsRuntime({
    tools: { allow: ['read_*', 'both', 'risky'], deny: ['also_both'], safeOnly: true },
  });
  for (const [name, more] of [
    ['read_a', {}],
    ['both', { aliases: ['also_both'] }],
    ['other', {}],
    ['risky', { dangerous: true }],
  ] as const)
    runtime.tools.register({ name, description: 'x', ...more }, ECHO);
  const codes = await Promise.all(
    ['read_a', 'both', 'other', 'risky'].map(async (name) =>
      codeOf(await runtime.tools.call(name, {}, { confirm: true })),
    ),
  );
  expect(codes).toEqual(['ok', 'CAPABILITY_DENIED', 'CAPABILITY_DENIED', 'CAPABILITY_DENIED']);
  expect(
    runtime.tools.forModel({ format: 'openai', dangerous: true }).map((tool) => tool.function.name),
  ).toEqual(['read_a']);
  await runtime.close();
});

test(
  'successes of cacheable tools are remembered by args, version, caller and grant',
  verifies('RS-10'),
  async () => {
    const { runtime, guests } = toolsRuntime();
    const { tools } = runtime;
    const manifest = {
      name: 'once',
      description: 'x',
      cacheable: true,
      input: { a: { type: 'number' }, b: { type: 'number', default: 0 } },
    };
    tools.register(manifest, ECHO);
    const cached = async (args: object, options = {}) =>
      (await tools.call('once', args, options)).meta.cached;
    expect([await cached({ a: 1, b: 0 }), await cached({ b: 0, a: 1 }), await cached({ a: 2 })]).toEqual([
      false,
      true,
      false,
    ]);
    expect(guests()).toBe(2);
    expect(await cached({ a: 1 }, { caller: { id: 'x', permissions: [] } })).toBe(false);
    expect(await cached({ a: 1 }, { cache: false })).toBe(false);
    tools.register({ ...manifest, version: '2.0.0' }, ECHO, { replace: true });
    expect(await cached({ a: 1 })).toBe(false);
    tools.register(
      { name: 'fails', description: 'x', cacheable: true },
      { language: 'js', code: 'export default () => { throw new Error("no") }' },
    );
    await tools.call('fails');
    expect(await tools.call('fails')).toMatchObject({
      ok: false,
      error: { code: 'GUEST_THREW' },
      meta: { cached: false },
    });
    const first = await tools.call('once', { a: 1 });
    (first as unknown as { value: { a: number } }).value.a = 99;
    expect(await tools.call('once', { a: 1 })).toMatchObject({ value: { a: 1 } });
    await runtime.close();
  },
);

test(
  'an idempotent tool is tried again for failures that may pass, others never',
  verifies('SC-05', 'SC-06'),
  async () => {
    const { runtime } = toolsRuntime();
    const { tools } = runtime;
    let calls = 0;
    const flaky = (code: 'HOST_CALL_FAILED' | 'INPUT_INVALID', until: number) => () => {
      calls += 1;
      if (calls < until) throw new SandglassError(code, 'Cannot do it yet');
      return calls;
    };
    const register = (name: string, idempotent: boolean, run: () => unknown, more = {}) =>
      tools.register({ name, description: 'x', idempotent, ...more }, { trusted: true, run });
    register('passing', true, flaky('HOST_CALL_FAILED', 3));
    expect(await tools.call('passing')).toMatchObject({ ok: true, value: 3, meta: { attempts: 3 } });
    for (const [name, idempotent, code, more] of [
      ['plain', false, 'HOST_CALL_FAILED', {}],
      ['input', true, 'INPUT_INVALID', {}],
      ['dangerous', true, 'HOST_CALL_FAILED', { dangerous: true }],
    ] as const) {
      calls = 0;
      register(name, idempotent, flaky(code, 3), more);
      expect(await tools.call(name, {}, { confirm: true })).toMatchObject({
        ok: false,
        meta: { attempts: 1 },
      });
    }
  },
);

test('a rate holds for each caller and tool', async () => {
  const { runtime } = toolsRuntime({ tools: { rate: { calls: 2, perMs: 3_600_000 } } });
  runtime.tools.register({ name: 'host', description: 'x' }, { trusted: true, run: () => 1 });
  const codes = async (id: string) =>
    codeOf(await runtime.tools.call('host', {}, { caller: { id, permissions: [] } }));
  expect([await codes('a'), await codes('a'), await codes('a'), await codes('b')]).toEqual([
    'ok',
    'ok',
    'RATE_LIMITED',
    'ok',
  ]);
});

test(
  'calls run at once only as many as there are places; a full queue refuses',
  verifies('SC-01', 'SC-02', 'SC-09'),
  async () => {
    const { runtime } = toolsRuntime({ tools: { maxConcurrent: 2, maxQueued: 3 } });
    let running = 0;
    let most = 0;
    const gates: (() => void)[] = [];
    runtime.tools.register(
      { name: 'slow', description: 'x' },
      {
        trusted: true,
        run: async () => {
          running += 1;
          most = Math.max(most, running);
          await new Promise<void>((open) => gates.push(open));
          running -= 1;
        },
      },
    );
    const calls = Array.from({ length: 6 }, () => runtime.tools.call('slow'));
    expect(codeOf(await (calls[5] as Promise<ToolOutcome>))).toBe('QUEUE_FULL');
    for (let done = 0; done < 5; done++) {
      await expect.poll(() => gates.length).toBeGreaterThan(0);
      gates.shift()?.();
    }
    expect((await Promise.all(calls.slice(0, 5))).map(codeOf)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok']);
    expect(most).toBe(2);
  },
);

test(
  'a call is cancelled before it starts, while it waits and while it runs',
  verifies('SC-04'),
  async () => {
    const { runtime, guests } = toolsRuntime({ tools: { maxConcurrent: 1 } });
    const { tools } = runtime;
    let began = 0;
    tools.register(
      { name: 'held', description: 'x' },
      {
        trusted: true,
        run: (_, { signal }) =>
          new Promise((resolve) => {
            began += 1;
            signal.addEventListener('abort', resolve);
          }),
      },
    );
    tools.register({ name: 'echo', description: 'x' }, ECHO);
    expect(codeOf(await tools.call('echo', {}, { signal: AbortSignal.abort() }))).toBe('CANCELLED');
    const running = new AbortController();
    const waiting = new AbortController();
    const first = tools.call('held', {}, { signal: running.signal });
    const second = tools.call('echo', {}, { signal: waiting.signal });
    await expect.poll(() => began).toBe(1);
    waiting.abort();
    expect(codeOf(await second)).toBe('CANCELLED');
    running.abort();
    expect(codeOf(await first)).toBe('CANCELLED');
    expect(guests()).toBe(0);
  },
);

test('a trusted tool over its deadline is DEADLINE_EXCEEDED, one that throws GUEST_THREW, a broken answer OUTPUT_INVALID', async () => {
  const { runtime } = toolsRuntime();
  const { tools } = runtime;
  const add = (name: string, run: () => unknown) =>
    tools.register({ name, description: 'x' }, { trusted: true, run });
  add('late', () => new Promise(() => undefined));
  add('throws', () => {
    throw new Error('no');
  });
  add('odd', () => new Map());
  add('large', () => 'x'.repeat(2_000_000));
  const codes = await Promise.all(
    ['late', 'throws', 'odd', 'large'].map(async (name) =>
      codeOf(await tools.call(name, {}, { timeoutMs: 20 })),
    ),
  );
  expect(codes).toEqual(['DEADLINE_EXCEEDED', 'GUEST_THREW', 'OUTPUT_INVALID', 'OUTPUT_EXCEEDED']);
});

test(
  'calls within a call share its end, its caller and its level, 8 deep at most',
  verifies('LM-15'),
  async () => {
    const { runtime } = toolsRuntime();
    const { tools } = runtime;
    const seen: (string | undefined)[] = [];
    tools.register(
      { name: 'down', description: 'x', input: { left: { type: 'integer' } } },
      {
        trusted: true,
        run: async ({ left }, { call, caller }) => {
          seen.push(caller?.id);
          if (left === 0) return 'bottom';
          const inner = await call('down', { left: Number(left) - 1 });
          return inner.ok ? inner.value : inner.error.code;
        },
      },
    );
    const options = { caller: { id: 'me', permissions: [] } };
    expect(await tools.call('down', { left: 8 }, options)).toMatchObject({ ok: true, value: 'bottom' });
    expect(new Set(seen)).toEqual(new Set(['me']));
    expect(await tools.call('down', { left: 9 }, options)).toMatchObject({ ok: true, value: 'UNSUPPORTED' });
  },
);

test('an output schema is enforced', verifies('RG-17'), async () => {
  const { runtime } = toolsRuntime();
  const output = { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] };
  runtime.tools.register({ name: 'echo', description: 'x', input: { n: {} }, output }, ECHO);
  expect(codeOf(await runtime.tools.call('echo', { n: 1 }))).toBe('ok');
  expect(await runtime.tools.call('echo', { n: 'x' })).toMatchObject({
    ok: false,
    error: { code: 'OUTPUT_INVALID', details: { errors: [{ path: 'n' }] } },
  });
  await runtime.close();
});

test('every call is told of once, with its code, and counted', verifies('RG-21'), async () => {
  const { runtime } = toolsRuntime();
  const events: RuntimeEvent[] = [];
  runtime.on('tool.called', (event) => events.push(event));
  runtime.on('denied', (event) => events.push(event));
  runtime.tools.register(
    {
      name: 'host',
      description: 'x',
      input: { n: { type: 'number' } },
      requiresAuth: true,
      limits: { timeoutMs: 500 },
    },
    () => 1,
    { trusted: true },
  );
  const caller = { id: 'me', permissions: [] };
  for (const args of [{ n: 1 }, { n: 2 }, {}])
    await runtime.tools.call('host', args, { caller, callId: 'c1' });
  await runtime.tools.call('host', { n: 1 });
  expect(events).toMatchObject([
    { kind: 'tool.called', tool: 'host', ok: true, callId: 'c1', identity: { caller: { id: 'me' } } },
    { ok: true },
    { ok: false, code: 'INPUT_INVALID' },
    { kind: 'denied', code: 'UNAUTHENTICATED' },
    { ok: false, code: 'UNAUTHENTICATED' },
  ]);
  const info = runtime.tools.info('host');
  expect(info).toMatchObject({
    requiresAuth: true,
    limits: { timeoutMs: 500 },
    uses: { count: 4, failures: 2 },
  });
});

test('explain() says who decides each figure and each capability', verifies('PM-17'), () => {
  const { runtime } = toolsRuntime({
    limits: { timeoutMs: 5_000 },
    policy: { limits: { memoryBytes: 33_554_432 }, fs: [{ host: '.', guest: '/d' }] },
  });
  runtime.tools.register(
    { name: 'reads', description: 'x', capabilities: ['fs.read'], limits: { fuel: 1_000, timeoutMs: 9_000 } },
    ECHO,
  );
  expect(
    runtime.tools.explain('reads', {
      limits: { fuel: 2_000 },
      timeoutMs: 100,
      caller: { id: 'a', permissions: [] },
    }),
  ).toEqual({
    tool: 'reads',
    rates: [],
    allowed: false,
    error: expect.objectContaining({ code: 'CAPABILITY_DENIED' }),
    level: { value: 'minimal', decidedBy: 'runtime' },
    capabilities: [{ capability: 'fs.read', allowed: false, decidedBy: 'caller' }],
    limits: {
      timeoutMs: { value: 100, decidedBy: 'call' },
      fuel: { value: 1_000, decidedBy: 'manifest' },
      memoryBytes: { value: 33_554_432, decidedBy: 'policy' },
    },
  });
});

test('without a policy a call within a run has what the run was granted', verifies('RG-10'), async () => {
  const { runtime } = toolsRuntime();
  runtime.tools.register(
    { name: 'variable', description: 'x', capabilities: ['env'] },
    { language: 'js', code: 'export const run = () => process.env.WHERE' },
  );
  const call = { language: 'js', code: 'await tools.variable()' };
  const granted = await runtime.run({ ...call, grant: { tools: ['variable'], env: { WHERE: 'here' } } });
  expect(granted).toMatchObject({ ok: true, value: 'here' });
  expect(codeOf(await runtime.run({ ...call, grant: { tools: ['variable'] } }))).toBe('CAPABILITY_DENIED');
  await using session = await runtime.sessions.open({
    language: 'js',
    grant: { tools: ['variable'], env: { WHERE: 'session' } },
  });
  expect(await session.run({ code: call.code })).toMatchObject({ ok: true, value: 'session' });
  await runtime.close();
});

test('observe tells the smallest grant of a call', verifies('XT-04'), async () => {
  const { runtime } = toolsRuntime({ policy: { env: { A: '1', B: '2' }, tools: ['*'] } });
  runtime.tools.register({ name: 'inner', description: 'x', cacheable: true }, ECHO);
  runtime.tools.register(
    { name: 'outer', description: 'x', cacheable: true, capabilities: ['tools.call'] },
    { language: 'js', code: 'export const run = () => tools.inner()' },
  );
  const observed = async () =>
    (await runtime.tools.call('outer', {}, { observe: true })).meta.observed?.grant;
  expect([await observed(), await observed()]).toEqual([{ tools: ['inner'] }, { tools: ['inner'] }]);
  expect((await runtime.tools.call('outer')).meta.observed).toBeUndefined();
  await runtime.close();
});

test('a text alone fills the field that is piped into', async () => {
  const { runtime } = toolsRuntime();
  const input = { text: { type: 'string' }, times: { type: 'integer', default: 2 } } as const;
  runtime.tools.register({ name: 'twice', description: 'x', input, pipe: 'text' }, ECHO);
  runtime.tools.register({ name: 'plain', description: 'x', input }, ECHO);
  expect(await runtime.tools.call('twice', 'hello')).toMatchObject({
    ok: true,
    value: { text: 'hello', times: 2 },
  });
  expect(runtime.tools.validate('twice', 'hello')).toMatchObject({ valid: true, args: { text: 'hello' } });
  expect(codeOf(await runtime.tools.call('plain', 'hello'))).toBe('INPUT_INVALID');
  await runtime.close();
});

test(
  'results are kept where the embedder says; a store that fails is a miss',
  verifies('RS-12'),
  async () => {
    const kept = new Map<string, CachedResult>();
    const seen: string[] = [];
    let fails = false;
    const store: ToolCacheStore = {
      get: async (key) => {
        seen.push('get');
        if (fails) throw new Error('the store is away');
        return kept.get(key);
      },
      set: (key, result) => {
        seen.push('set');
        kept.set(key, structuredClone({ ...result, outcome: { ...result.outcome } }));
      },
    };
    const faults: unknown[] = [];
    const { runtime, guests } = toolsRuntime({
      tools: { cache: { store } },
      onError: (error) => faults.push(error),
    });
    runtime.tools.register(
      { name: 'kept', description: 'x', cacheable: true, input: { n: { type: 'number' } } },
      ECHO,
    );
    const call = async () => (await runtime.tools.call('kept', { n: 1 })).meta.cached;
    expect([await call(), await call(), guests()]).toEqual([false, true, 1]);
    expect(seen).toEqual(['get', 'set', 'get']);
    expect([...kept.values()][0]?.outcome).toMatchObject({ ok: true, value: { n: 1 } });
    fails = true;
    expect([await call(), guests(), faults.length]).toEqual([false, 2, 1]);
    expect(() => toolsRuntime({ tools: { cache: { store: { get: 1 } as never } } })).toThrow('cache.store');
    await runtime.close();
  },
);
