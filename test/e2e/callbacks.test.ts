import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createHttpApp,
  createInProcessScheduler,
  createModuleStore,
} from '../../runtime/doors/http/index.ts';
import { createRuntime, defineHostFunction, LEVELS, type RuntimeOptions } from '../../runtime/index.ts';
import { createAlerts, createLog, createMetrics, createWebhook } from '../../runtime/observe/index.ts';

/** What would have ended the process. */
const escaped: unknown[] = [];
const note = (error: unknown): void => void escaped.push(error);
beforeEach(() => {
  escaped.length = 0;
  process.on('uncaughtException', note);
  process.on('unhandledRejection', note);
});
afterEach(() => {
  process.off('uncaughtException', note);
  process.off('unhandledRejection', note);
});

/** Rejections are told of after a turn of the event loop. */
const settled = async (): Promise<readonly unknown[]> => {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  return escaped;
};

const BOOM = new Error('boom');
const WAYS = {
  'one that throws': (): never => {
    throw BOOM;
  },
  'an async one': async (): Promise<never> => {
    throw BOOM;
  },
} as const;
const ways = Object.entries(WAYS);
const everywhere = LEVELS.flatMap((level) => ways.map(([way, fail]) => ({ level, way, fail })));
const limits = { timeoutMs: 120_000 };

function open(options: RuntimeOptions = {}) {
  const faults: [unknown, string][] = [];
  const runtime = createRuntime({
    limits,
    cache: false,
    onError: (error, runId) => faults.push([error, runId]),
    ...options,
  });
  return { runtime, faults };
}

describe('a callback of the embedder harms nobody', () => {
  test.each(everywhere)('onOutput at $level, $way', async ({ level, fail }) => {
    const { runtime, faults } = open();
    await using _ = runtime;
    const outcome = await runtime.run({
      language: 'js',
      code: 'console.log(1); console.error(2); await 0; console.log(3); 4',
      level,
      runId: 'loud',
      onOutput: fail,
    });
    expect(outcome).toMatchObject({ ok: true, value: 4, stdout: '1\n3\n', stderr: '2\n' });
    expect(faults).toEqual([[BOOM, 'loud']]);
    const handle = runtime.start({ language: 'js', code: 'console.log(5)', level, onOutput: fail });
    const chunks: string[] = [];
    for await (const { text } of handle.output) chunks.push(text);
    expect([chunks.join(''), (await handle.outcome).ok]).toEqual(['5\n', true]);
    expect(await settled()).toEqual([]);
  });

  test.each(everywhere)('onOutput of a session and of a tool at $level, $way', async ({ level, fail }) => {
    const { runtime, faults } = open();
    await using _ = runtime;
    if (level !== 'minimal') {
      await using session = await runtime.sessions.open({ language: 'js', level });
      expect(await session.run({ code: 'console.log(1); 2', onOutput: fail })).toMatchObject({ value: 2 });
    }
    runtime.tools.register(
      { name: 'loud', description: 'Prints', input: {} },
      { language: 'js', code: 'export const run = () => { console.log(1); return 2 }' },
    );
    expect(await runtime.tools.call('loud', {}, { level, onOutput: fail })).toMatchObject({ value: 2 });
    expect(faults.map(([error]) => error)).toEqual(level === 'minimal' ? [BOOM] : [BOOM, BOOM]);
    expect(await settled()).toEqual([]);
  });

  test.each(everywhere)('onAudit, on() and onError at $level, $way', async ({ level, fail }) => {
    let told = 0;
    const { runtime } = open({
      onAudit: fail,
      onError: () => {
        told += 1;
        return fail();
      },
      hostFunctions: [
        defineHostFunction({ name: 'echo', operations: { say: { call: ({ text }) => text } } }),
      ],
    });
    await using _ = runtime;
    runtime.on('run.ended', fail);
    const code = "await sandglass.call('echo.say', { text: 'hi' })";
    const grant = { custom: { echo: true } };
    for (let run = 0; run < 2; run++)
      expect(await runtime.run({ language: 'js', code, grant, level })).toMatchObject({ value: 'hi' });
    expect(told).toBe(2); // one of each listener
    expect(await settled()).toEqual([]);
  });

  test.each(ways)('onNotice, %s: a folder of the policy that is missing', async (_way, fail) => {
    const { runtime, faults } = open({
      onNotice: fail,
      policy: { fs: [{ host: '/sandglass/missing' }] },
    });
    await using _ = runtime;
    expect(await runtime.run({ language: 'js', code: '6 * 7' })).toMatchObject({ ok: true, value: 42 });
    expect(await settled()).toEqual([]);
    expect(faults).toEqual([[BOOM, 'no-run']]);
  });

  test('onNotice, one that throws: the first run of Python', async () => {
    const { runtime, faults } = open({ onNotice: WAYS['one that throws'] });
    await using _ = runtime;
    expect(await runtime.run({ language: 'python', code: '6 * 7' })).toMatchObject({ ok: true, value: 42 });
    expect(faults).toEqual([[BOOM, 'no-run']]);
    expect(await settled()).toEqual([]);
  });

  test.each(ways)('confirm, hooks, validators and the cache of tools, %s', async (way, fail) => {
    const cacheFails = fail as () => Promise<never>;
    const { runtime, faults } = open({
      level: 'minimal',
      tools: {
        confirm: fail,
        cache: { store: { get: cacheFails, set: cacheFails, delete: cacheFails } as never },
      },
    });
    await using _ = runtime;
    runtime.tools.onChange(fail);
    const handler = { trusted: true as const, run: () => 1 };
    runtime.tools.register({ name: 'grave', description: 'Grave', input: {}, dangerous: true }, handler);
    runtime.tools.register({ name: 'kept', description: 'Kept', input: {}, cacheable: true }, handler);
    runtime.tools.register({ name: 'hooked', description: 'Hooked', input: {} }, handler);
    runtime.tools.hooks.add({ name: 'before', on: 'before', tools: ['hooked'], run: fail });
    runtime.tools.hooks.add({ name: 'after', on: 'after', tools: ['kept'], run: fail });
    expect(await runtime.tools.call('grave')).toMatchObject({ ok: false, error: { code: 'INTERNAL' } });
    expect(await runtime.tools.call('kept')).toMatchObject({ ok: true, value: 1 });
    expect(await runtime.tools.call('hooked')).toMatchObject({ ok: false, error: { code: 'INTERNAL' } });
    expect(
      faults.every(([error]) => error === BOOM),
      way,
    ).toBe(true);
    expect(faults.filter(([, runId]) => runId === 'no-run')).toHaveLength(1);
    expect(await settled()).toEqual([]);
  });

  test.each(everywhere)(
    'a source of secrets and a host function at $level, $way',
    async ({ level, fail }) => {
      const { runtime, faults } = open({
        secrets: { key: fail },
        hostFunctions: [
          defineHostFunction({
            name: 'vault',
            operations: { open: { call: async (_, { secret }) => String(await secret('key')) } },
          }),
        ],
      });
      await using _ = runtime;
      const code =
        "let told; try { await sandglass.call('vault.open', {}) } catch (error) { told = error.code } told";
      const vault = { vault: true };
      const caught = await runtime.run({ language: 'js', code, level, grant: { custom: vault } });
      expect(caught).toMatchObject({ ok: true, value: 'HOST_CALL_FAILED' });
      const http = [{ origin: 'http://127.0.0.1:9', secret: 'key' }];
      const never = await runtime.run({ language: 'js', code: '1', level, grant: { http }, runId: 'never' });
      const told = 'Cannot use the secret "key": the function that gives it has failed';
      expect(never).toMatchObject({ ok: false, error: { code: 'HOST_CALL_FAILED', message: told } });
      expect(faults.slice(1)).toEqual([[BOOM, 'never']]);
      expect(await settled()).toEqual([]);
    },
  );
});

describe('the same of what observes', () => {
  test.each(ways)('a log and its sink, %s', async (_way, fail) => {
    const { runtime, faults } = open({ level: 'minimal' });
    await using _ = runtime;
    using log = createLog(runtime, { write: fail });
    await runtime.run({ language: 'js', code: '1' });
    log.write('server', 'info', 'of my own');
    expect(await settled()).toEqual([]);
    expect(faults.map(([error]) => error)).toEqual([BOOM]);
  });

  test.each(ways)('alerts, %s', async (_way, fail) => {
    const { runtime } = open({ level: 'minimal' });
    await using _ = runtime;
    using metrics = createMetrics(runtime);
    const faults: unknown[] = [];
    const rule = {
      name: 'always',
      severity: 'warning',
      summary: 'Always',
      forMs: 0,
      check: () => 1,
    } as const;
    const broken = { ...rule, name: 'broken', check: WAYS['one that throws'] };
    using alerts = createAlerts({
      metrics,
      rules: [rule, broken],
      everyMs: false,
      onAlert: fail,
      onError: (error) => faults.push(error),
    });
    alerts.check();
    alerts.check();
    await settled();
    expect(faults).toEqual([BOOM, BOOM]);
    expect(await settled()).toEqual([]);
  });

  test.each(ways)('a webhook, %s', async (_way, fail) => {
    let told = 0;
    const post = createWebhook({
      url: 'http://127.0.0.1:9/',
      retries: 0,
      fetch: fail,
      onError: () => {
        told += 1;
        return fail();
      },
    });
    const alert = {
      name: 'a',
      status: 'firing',
      severity: 'warning',
      summary: '',
      value: 1,
      since: 0,
      time: 0,
    } as const;
    post(alert);
    post(alert);
    expect(await settled()).toEqual([]);
    expect(told).toBe(2);
  });
});

describe('the same of the HTTP door', () => {
  test.each(ways)('its log, alerts, faults, suspicion and clocks, %s', async (_way, fail) => {
    const { runtime } = open({ level: 'minimal' });
    await using _ = runtime;
    const app = createHttpApp({
      runtime,
      scheduler: createInProcessScheduler(),
      modules: createModuleStore({ inspect: () => ({ kind: 'core', exports: [] }) as never }),
      key: 'key',
      holderOf: async () => ({ caller: { id: 'ada', permissions: [] } }) as never,
      suspicion: { after: 1, onSuspicious: fail },
      log: { write: fail },
      onAlert: fail,
      onFault: fail,
      audit: fail as never,
      now: fail as never,
      monotonic: fail as never,
    });
    const ask = async (key: string, path: string, body?: object) =>
      (
        await app.request(`http://127.0.0.1${path}`, {
          headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
          ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
        })
      ).status;
    expect(await ask('key', '/v1/runs', { language: 'js', code: '6 * 7' })).toBe(200);
    expect(await ask('key', '/v1/audit')).toBe(500);
    const code = "await sandglass.call('fs.read', { path: '/x' })";
    await ask('held', '/v1/runs', { language: 'js', code });
    await ask('held', '/v1/runs', { language: 'js', code });
    expect(await ask('key', '/health')).toBe(200);
    expect(await settled()).toEqual([]);
  });

  test.each(ways)('a listener of a job, %s', async (_way, fail) => {
    const faults: unknown[] = [];
    const queue = createInProcessScheduler({ onError: (error) => faults.push(error) });
    queue.serve({
      say: async (_payload, { emit }) => {
        emit('one');
        emit('two');
        return 'done';
      },
    });
    const heard: unknown[] = [];
    queue.onOutput('job', fail);
    queue.onOutput('job', (output) => heard.push(output));
    const job = await queue.add({ kind: 'say', id: 'job', payload: null });
    expect(await job.result).toBe('done');
    expect(heard).toEqual(['one', 'two']);
    await settled();
    expect(faults).toEqual([BOOM]);
    expect(await settled()).toEqual([]);
  });
});
