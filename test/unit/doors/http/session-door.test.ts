import { afterAll, describe, expect, test } from 'vitest';
import { createHttpApp, type HttpAppOptions } from '../../../../runtime/doors/http/app.ts';
import { createModuleStore } from '../../../../runtime/doors/http/module-store.ts';
import { createRuntime } from '../../../../runtime/index.ts';
import { createInProcessScheduler } from '../../../../runtime/work/in-process.ts';

const KEY = 'a-key-for-tests';
const runtime = createRuntime({ cells: { maxCells: 4, maxSessions: 2 } });
afterAll(async () => runtime.close());

function open(options: Partial<HttpAppOptions> = {}) {
  const app = createHttpApp({
    runtime,
    scheduler: createInProcessScheduler({}),
    modules: createModuleStore({ inspect: () => ({ kind: 'module', exports: [] }) }),
    key: KEY,
    ...options,
  });
  const send = async (method: string, path: string, body?: unknown, key = KEY) => {
    const response = await app.request(path, {
      method,
      headers: { Authorization: `Bearer ${key}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as unknown };
  };
  return { send };
}

describe('POST /v1/sessions', () => {
  test('opens a session, runs go on in it without a language, DELETE ends it', async () => {
    const { send } = open();
    const opened = await send('POST', '/v1/sessions', { language: 'javascript', name: 'mine' });
    expect(opened).toMatchObject({ status: 201, body: { name: 'mine' } });
    expect(opened.headers.get('location')).toBe('/v1/sessions/mine');
    await send('POST', '/v1/runs', { session: 'mine', code: 'let x = 41' });
    expect(await send('POST', '/v1/runs', { session: 'mine', code: 'x + 1' })).toMatchObject({
      status: 200,
      body: { ok: true, value: 42, meta: { session: 'mine' } },
    });
    expect(await send('DELETE', '/v1/sessions/mine')).toMatchObject({
      status: 200,
      body: { name: 'mine', closed: true },
    });
    expect(await send('DELETE', '/v1/sessions/mine')).toMatchObject({ status: 404 });
    expect(await send('POST', '/v1/runs', { session: 'mine', code: 'x' })).toMatchObject({
      status: 400,
      body: { error: { code: 'INPUT_INVALID' } },
    });
  });

  test('reaches no session that the embedder has opened', async () => {
    await using own = await runtime.sessions.open({ language: 'javascript', name: 'embedder' });
    await own.run({ code: 'let secret = 1' });
    const { send } = open();
    expect(await send('POST', '/v1/runs', { session: 'embedder', code: 'secret' })).toMatchObject({
      status: 400,
      body: { error: { code: 'INPUT_INVALID' } },
    });
    expect(await send('DELETE', '/v1/sessions/embedder')).toMatchObject({ status: 404 });
    expect(await own.run({ code: 'secret' })).toMatchObject({ ok: true, value: 1 });
  });

  test('reaches no session of the embedder that has the name of one of its own', async () => {
    const { send } = open();
    await send('POST', '/v1/sessions', { language: 'javascript', name: 'same' });
    const spent = await send('POST', '/v1/runs', {
      session: 'same',
      code: 'for (;;);',
      limits: { fuel: 1_000_000 },
    });
    expect(spent).toMatchObject({ status: 200, body: { meta: { sessionEnded: true } } });
    await using own = await runtime.sessions.open({ language: 'javascript', name: 'same' });
    await own.run({ code: 'let secret = 1' });
    expect(await send('POST', '/v1/runs', { session: 'same', code: 'secret' })).toMatchObject({
      status: 400,
      body: { error: { code: 'INPUT_INVALID', details: { reason: 'FUEL_EXHAUSTED' } } },
    });
    await send('DELETE', '/v1/sessions/same');
    expect(await own.run({ code: 'secret' })).toMatchObject({ ok: true, value: 1 });
  });

  test('is bounded, and needs the key', async () => {
    const { send } = open();
    const names = ['a', 'b', 'c'];
    const statuses: number[] = [];
    for (const name of names) {
      statuses.push((await send('POST', '/v1/sessions', { language: 'javascript', name })).status);
    }
    expect(statuses).toEqual([201, 201, 503]);
    expect((await send('DELETE', '/v1/sessions/a', undefined, 'wrong')).status).toBe(401);
    expect((await send('POST', '/v1/sessions', { language: 'javascript' }, 'wrong')).status).toBe(401);
    for (const name of names) await send('DELETE', `/v1/sessions/${name}`);
  });

  test('refuses a malformed body by its path, and what the server allows nothing of', async () => {
    const { send } = open({ policy: { grant: {} } });
    const wrong: readonly [body: object, path: string][] = [
      [{ language: 'javascript', name: 'no name' }, '/name'],
      [{ language: 'javascript', idleMs: 1 }, '/idleMs'],
      [{ language: 'javascript', code: '1' }, '/code'],
      [{ language: 'javascript', limits: { fuel: 0 } }, '/limits/fuel'],
      [{}, '/'],
    ];
    for (const [body, path] of wrong) {
      expect(await send('POST', '/v1/sessions', body)).toMatchObject({
        status: 400,
        body: { error: { code: 'INPUT_INVALID', details: { path } } },
      });
    }
    const files = { fs: [{ host: '/', guest: '/data', access: ['read'] }] };
    expect(await send('POST', '/v1/sessions', { language: 'javascript', grant: files })).toMatchObject({
      status: 403,
      body: { error: { code: 'CAPABILITY_DENIED' } },
    });
    expect(await send('POST', '/v1/sessions', { language: 'cobol' })).toMatchObject({
      status: 400,
      body: { error: { code: 'UNSUPPORTED' } },
    });
    expect(await send('POST', '/v1/runs', { session: '../x', code: '1' })).toMatchObject({ status: 400 });
  });
});
