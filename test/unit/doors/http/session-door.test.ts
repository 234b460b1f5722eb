import { afterAll, describe, expect, test } from 'vitest';
import { createClient } from '../../../../runtime/doors/client/index.ts';
import { createHttpApp, type HttpAppOptions } from '../../../../runtime/doors/http/app.ts';
import { createModuleStore } from '../../../../runtime/doors/http/module-store.ts';
import { createRuntime } from '../../../../runtime/index.ts';
import { createInProcessScheduler } from '../../../../runtime/work/in-process.ts';
import { verifies } from '../../../support/verifies.ts';
import { assemble } from '../../../support/wasm/assemble.ts';

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
    // Without fields these give what is usual, so they ask for something.
    for (const grant of [{ session: {} }, { run: {} }])
      expect(await send('POST', '/v1/runs', { language: 'javascript', code: '1', grant })).toMatchObject({
        status: 403,
        body: { error: { code: 'CAPABILITY_DENIED' } },
      });
    const reads = open({ policy: { grant: { session: {} } } });
    expect(
      await reads.send('POST', '/v1/sessions', {
        language: 'javascript',
        grant: { session: {} },
        name: 'reads',
      }),
    ).toMatchObject({ status: 201 });
    await reads.send('DELETE', '/v1/sessions/reads');
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

const KEPT = `(module
  (memory (export "memory") 1)
  (global $count (mut i32) (i32.const 0))
  (func (export "add") (param i32) (result i32)
    (global.set $count (i32.add (global.get $count) (local.get 0)))
    (global.get $count))
  (func (export "spin") (param i32)
    (loop $again
      (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
      (br_if $again (local.get 0))))
  (func (export "first") (result i32) (i32.load8_u (i32.const 0))))`;

describe('a session of a module', verifies('XT-02'), () => {
  const keys = new Map([
    ['key-of-ada', { caller: { id: 'ada', permissions: [] }, tools: undefined, rate: undefined }],
    ['key-of-bo', { caller: { id: 'bo', permissions: [] }, tools: undefined, rate: undefined }],
  ]);
  const appOf = (options: Partial<HttpAppOptions>) =>
    createHttpApp({
      runtime,
      scheduler: createInProcessScheduler({}),
      modules: createModuleStore({ inspect: () => ({ kind: 'module', exports: ['add', 'spin', 'first'] }) }),
      key: KEY,
      holderOf: async (key) => keys.get(key),
      ...options,
    });
  const openModules = (options: Partial<HttpAppOptions> = {}) => {
    const app = appOf(options);
    const fetchAs = (key: string) => async (request: Request) =>
      app.request(request.url, {
        method: request.method,
        headers: { ...Object.fromEntries(request.headers), authorization: `Bearer ${key}` },
        ...(request.body === null ? {} : { body: await request.arrayBuffer() }),
      });
    return (key = KEY) => createClient({ url: 'http://127.0.0.1', key, fetch: fetchAs(key) });
  };

  test('keeps its instance from call to call, and its memory is read and written', async () => {
    const client = openModules()();
    const { hash } = await client.modules.upload(await assemble(KEPT));
    const { name } = await client.sessions.open({ module: hash });
    await expect(client.sessions.readMemory(name, 0, 1)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(await client.run({ session: name, invoke: 'add', args: [2] })).toMatchObject({ value: 2 });
    expect(await client.run({ session: name, invoke: 'add', args: [3] })).toMatchObject({
      value: 5,
      meta: { session: name },
    });
    await client.sessions.writeMemory(name, 0, Uint8Array.of(7, 8, 9));
    expect(await client.run({ session: name, invoke: 'first' })).toMatchObject({ value: 7 });
    expect(await client.sessions.readMemory(name, 1, 2)).toEqual(Uint8Array.of(8, 9));
    for (const [offset, length] of [
      [65_536, 1],
      [0, 2 ** 26 + 1],
      [-1, 1],
    ] as const)
      await expect(client.sessions.readMemory(name, offset, length)).rejects.toMatchObject({ status: 400 });
    await expect(client.run({ session: name, invoke: 'nothing' })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
    await client.sessions.close(name);
    await expect(client.sessions.readMemory(name, 0, 1)).rejects.toMatchObject({ status: 404 });
  });

  test('a reader of its memory that leaves gives its place back, and ends nothing', async () => {
    const app = appOf({});
    const headers = { Authorization: 'Bearer key-of-ada' };
    const ask = (path: string, init: RequestInit = {}) => app.request(path, { ...init, headers });
    const uploaded = await ask('/v1/modules', { method: 'POST', body: await assemble(KEPT) });
    const { hash } = await uploaded.json();
    const opened = await ask('/v1/sessions', {
      method: 'POST',
      body: JSON.stringify({ module: hash, limits: { timeoutMs: 120_000 } }),
    });
    const { name } = await opened.json();
    const run = (invoke: string, args: readonly number[] = []) =>
      ask('/v1/runs', {
        method: 'POST',
        body: JSON.stringify({ session: name, invoke, args, limits: { fuel: 10_000_000_000 } }),
      });
    await run('add', [1]);
    const busy = run('spin', [300_000_000]);
    const leaving = new AbortController();
    // Ten may wait for one caller, at most; without their places given back the eleventh is refused.
    const read = `/v1/sessions/${name}/memory?offset=0&length=1`;
    const waiting = Array.from({ length: 10 }, () => ask(read, { signal: leaving.signal }));
    expect((await ask(read)).status).toBe(503);
    leaving.abort();
    await Promise.all(waiting);
    const after = ask(read);
    expect((await busy).status).toBe(200);
    expect((await after).status).toBe(200);
    expect(await (await run('add', [1])).json()).toMatchObject({ value: 2 });
    await ask(`/v1/sessions/${name}`, { method: 'DELETE' });
  });

  test('is a language or a module, whose runs say what to call', async () => {
    const client = openModules()();
    const { hash } = await client.modules.upload(await assemble(KEPT));
    const refused = { status: 400, code: 'INPUT_INVALID' };
    await expect(client.sessions.open({ module: hash, language: 'python' } as never)).rejects.toMatchObject(
      refused,
    );
    await expect(client.sessions.open({ module: '0'.repeat(64) })).rejects.toMatchObject(refused);
    const { name } = await client.sessions.open({ module: hash });
    for (const run of [{ code: '1' }, { module: hash, invoke: 'add' }, {}, { code: '1', invoke: 'add' }])
      await expect(client.run({ session: name, ...run })).rejects.toMatchObject({ status: 400 });
    await client.sessions.close(name);
    const script = await client.sessions.open({ language: 'javascript' });
    await expect(client.sessions.readMemory(script.name, 0, 1)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
    });
    await expect(client.run({ session: script.name, invoke: 'add' })).rejects.toMatchObject({ status: 400 });
    await client.sessions.close(script.name);
  });

  test('belongs to whoever opened it, memory and all, and its writes are bounded', async () => {
    const clientOf = openModules({ maxBodyBytes: 1_000 });
    const [ada, bo] = [clientOf('key-of-ada'), clientOf('key-of-bo')];
    const { hash } = await ada.modules.upload(await assemble(KEPT));
    const { name } = await ada.sessions.open({ module: hash });
    await ada.run({ session: name, invoke: 'add', args: [1] });
    await expect(bo.run({ session: name, invoke: 'add', args: [1] })).rejects.toMatchObject({ status: 400 });
    await expect(bo.sessions.readMemory(name, 0, 1)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(bo.sessions.writeMemory(name, 0, Uint8Array.of(1))).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
    await expect(ada.sessions.writeMemory(name, 0, new Uint8Array(1_001))).rejects.toMatchObject({
      status: 413,
    });
    expect(await ada.sessions.readMemory(name, 0, 1)).toEqual(Uint8Array.of(0));
    await ada.sessions.close(name);
  });
});
