import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRates } from '../../runtime/auth/rates.ts';
import { createRedisRates } from '../../runtime/auth/redis-rates.ts';
import { createHttpApp, type HttpAppOptions } from '../../runtime/doors/http/app.ts';
import { createModuleStore } from '../../runtime/doors/http/module-store.ts';
import { createRuntime } from '../../runtime/index.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';
import { createInProcessScheduler } from '../../runtime/work/in-process.ts';
import { runCli, startCli } from '../support/command-line.ts';
import { freePort, hasRedis, startRedis } from '../support/redis.ts';
import { verifies } from '../support/verifies.ts';

const callers = { ana: ['fs.read'], bob: ['*'] } as const;

function open(options: Partial<HttpAppOptions>) {
  const runtime = createRuntime({ policy: {}, level: 'minimal' });
  const app = createHttpApp({
    runtime,
    scheduler: createInProcessScheduler(),
    modules: createModuleStore({ inspect: () => ({ kind: 'module', exports: [] }) }),
    key: 'key',
    holderOf: async (key) =>
      key === 'ana' || key === 'bob'
        ? { caller: { id: key, permissions: callers[key] }, tools: undefined, rate: undefined }
        : undefined,
    ...options,
  });
  return {
    run: async (key: string, body: object = {}, signal?: AbortSignal) =>
      app.request('http://localhost/v1/runs', {
        method: 'POST',
        headers: { authorization: `Bearer ${key}` },
        body: JSON.stringify({ language: 'js', code: '1', ...body }),
        ...defined({ signal }),
      }),
    [Symbol.asyncDispose]: () => runtime.close(),
  };
}

describe('rates of the HTTP door', verifies('AU-07', 'AU-08', 'MO-15'), () => {
  test('a refusal has the headers of how the caller stands', async () => {
    await using door = open({ rate: { calls: 1, perMs: 60_000 }, monotonic: () => 0 });
    expect((await door.run('ana')).status).toBe(200);
    const refused = await door.run('ana');
    expect([
      refused.status,
      refused.headers.get('ratelimit'),
      refused.headers.get('ratelimit-policy'),
      refused.headers.get('retry-after'),
    ]).toEqual([429, '"calls";r=0;t=60', '"calls";q=1;w=60', '60']);
    expect(await refused.json()).toMatchObject({
      error: { code: 'RATE_LIMITED', details: { retryAfterMs: 60_000 } },
    });
  });

  test('throttled calls wait for their turn and succeed; those that would wait for longer are refused', async () => {
    await using door = open({ rate: { calls: 2, perMs: 300 }, throttleMs: 60_000 });
    const answers = await Promise.all(Array.from({ length: 6 }, () => door.run('ana')));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    await using strict = open({ rate: { calls: 2, perMs: 60_000 }, throttleMs: 1_000 });
    const some = await Promise.all(Array.from({ length: 4 }, () => strict.run('ana')));
    expect(some.map(({ status }) => status).sort()).toEqual([200, 200, 429, 429]);
  });

  test('at most 50 calls of a caller wait, and one that leaves waits no more', async () => {
    await using door = open({ rate: { calls: 1, perMs: 500_000 }, throttleMs: 600_000 });
    await door.run('ana');
    for (let round = 0; round < 2; round++) {
      const leave = new AbortController();
      let answered = 0;
      const asked = Array.from({ length: 51 }, async () => {
        const answer = await door.run('ana', {}, leave.signal);
        answered += 1;
        return answer;
      });
      // Whichever comes last is refused at once, while 50 wait.
      expect((await Promise.race(asked)).status).toBe(429);
      expect(answered).toBe(1);
      leave.abort();
      await Promise.allSettled(asked);
    }
  });

  test('a caller that is refused again and again is told of and blocked, wherever it was refused', async () => {
    const told: string[] = [];
    let now = 0;
    await using door = open({
      policy: { grant: {} },
      monotonic: () => now,
      suspicion: { after: 3, blockMs: 1_000, onSuspicious: ({ caller }) => told.push(caller) },
    });
    const wide = { grant: { fs: [{ host: '/', guest: '/host' }] } };
    for (let index = 0; index < 3; index++) expect((await door.run('ana', wide)).status).toBe(403);
    expect(told).toEqual(['ana']);
    const blocked = await door.run('ana');
    expect([blocked.status, blocked.headers.get('retry-after')]).toEqual([429, '1']);
    expect((await door.run('bob')).status).toBe(200);
    expect((await door.run('key', wide)).status).toBe(403);
    now = 1_000;
    expect((await door.run('ana')).status).toBe(200);
    // What the runtime refuses in a run counts as well.
    const code = "await fetch('https://a.example/').catch(() => 0)";
    for (let index = 0; index < 3; index++) await door.run('ana', { code });
    expect(told).toEqual(['ana', 'ana']);
  });
});

const there = hasRedis();
if (!there) console.log('redis-server is not installed: its tests are skipped');

describe.skipIf(!there)('rates in Redis', verifies('AU-07', 'AU-08'), () => {
  let cwd = '';
  beforeAll(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'sandglass-rates-'));
  });
  afterAll(() => rm(cwd, { recursive: true }));

  test('are of all servers together; what is refused is not counted', async () => {
    await using redis = await startRedis();
    const clients = [new Redis(redis.url), new Redis(redis.url)];
    const away: unknown[] = [];
    const [one, two] = clients.map((client) =>
      createRedisRates({ client, meanwhile: createRates(() => 0), onAway: (error) => away.push(error) }),
    );
    await Promise.all(clients.map(async (client) => client.ping()));
    const rate = { calls: 5, perMs: 3_600_000 };
    expect(await one?.take('ana', rate, 3)).toEqual({ limit: 5, perMs: 3_600_000, remaining: 2, resetMs: 0 });
    await expect(two?.take('ana', rate, 3)).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      details: { limit: 5, retryAfterMs: expect.any(Number) },
    });
    expect(await two?.take('ana', rate, 2)).toMatchObject({ remaining: 0, resetMs: expect.any(Number) });
    await expect(one?.take('ana', rate)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect(await one?.take('bob', rate)).toMatchObject({ remaining: 4 });
    expect(away).toEqual([]);
    for (const client of clients) client.disconnect();
  });

  test('two servers share them, and count by themselves while Redis is away', async () => {
    const port = await freePort();
    const start = () =>
      startCli(['serve', '--port=0', '--rate=3'], {
        cwd,
        env: { SANDGLASS_KEY: 'k', REDIS_URL: `redis://:hidden-password@127.0.0.1:${port}` },
      });
    const run = async (url: string) =>
      (
        await fetch(`${url}/v1/runs`, {
          method: 'POST',
          headers: { authorization: 'Bearer k' },
          body: '{"language":"js","code":"1"}',
        })
      ).status;
    const servers = await (async () => {
      await using _redis = await startRedis(port);
      const started = [start(), start()];
      const urls = await Promise.all(
        started.map(async (server) => {
          const out = await server.outputMatching(/Key: .+\n/);
          return /Listening on (\S+)\n/.exec(out)?.[1] ?? '';
        }),
      );
      const [one = '', two = ''] = urls;
      expect([await run(one), await run(two), await run(one), await run(two)]).toEqual([200, 200, 200, 429]);
      return { started, urls };
    })();
    const [one = ''] = servers.urls;
    const away = [await run(one), await run(one), await run(one), await run(one)];
    expect(away).toEqual([200, 200, 200, 429]);
    for (const { child } of servers.started) child.kill('SIGTERM');
    const [first] = await Promise.all(servers.started.map(({ ended }) => ended));
    expect(first?.err.match(/Redis is away/g)).toHaveLength(1);
    expect(first?.err).not.toContain('hidden-password');
  });

  test('a URL of something else is refused', async () => {
    const { code, err } = await runCli(['serve', '--redis=http://:pw@x'], { cwd });
    expect([code, err]).toEqual([2, expect.stringContaining('redis://HOST:6379')]);
    expect(err).not.toContain('pw');
  });
});
