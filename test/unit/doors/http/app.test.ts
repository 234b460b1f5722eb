import { describe, expect, test } from 'vitest';
import type { RuntimeHealth } from '../../../../runtime/contracts/api/health.ts';
import type { RunOptions } from '../../../../runtime/contracts/api/run.ts';
import { createHttpApp, type HttpAppOptions } from '../../../../runtime/doors/http/app.ts';
import { createModuleStore } from '../../../../runtime/doors/http/module-store.ts';
import { defined } from '../../../../runtime/vocabulary/defined.ts';
import { ERROR_CODES, type ErrorCode, SandglassError } from '../../../../runtime/vocabulary/errors.ts';
import type { Outcome } from '../../../../runtime/vocabulary/outcome.ts';
import { createInProcessScheduler } from '../../../../runtime/work/in-process.ts';
import { chunk, createFakeRuntime, failure, never, success } from '../../../support/fake-runtime.ts';
import { verifies } from '../../../support/verifies.ts';

const KEY = 'a-key-for-tests';
const SCRIPT = { language: 'javascript', code: '1 + 2' };
const NOW = Date.UTC(2026, 0, 2);
const TIME = '2026-01-02T00:00:00.000Z';

const WASM = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
const WASM_HASH = '93a44bbb96c751218e4c00d479e4c14358122a389acca16205b1e4d0dc5f9476';

function createModules() {
  return createModuleStore({
    inspect: (bytes) => {
      if (bytes[1] !== 0x61) throw new SandglassError('MODULE_INVALID', 'Cannot read the module: no wasm');
      return { kind: 'module', exports: ['run'] };
    },
  });
}

function open(
  answer?: (options: RunOptions) => Outcome | Promise<Outcome>,
  options: Partial<HttpAppOptions> & { concurrency?: number; maxQueued?: number } = {},
) {
  const { concurrency, maxQueued, ...rest } = options;
  const runtime = createFakeRuntime(answer);
  const scheduler = createInProcessScheduler({
    ...defined({ concurrency, maxQueued }),
  });
  const app = createHttpApp({
    runtime,
    scheduler,
    modules: createModules(),
    key: KEY,
    now: () => NOW,
    ...rest,
  });
  const send = (method: string, path: string, init: RequestInit = {}) =>
    app.request(path, { method, ...init, headers: { Authorization: `Bearer ${KEY}`, ...init.headers } });
  const post = (body: unknown, headers: Record<string, string> = {}) =>
    send('POST', '/v1/runs', { body: typeof body === 'string' ? body : JSON.stringify(body), headers });
  return { app, runtime, scheduler, send, post };
}

/** What a test waits for is the next thing to happen, so a turn of the event loop is enough; there is no timer behind. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 100_000; turn++) {
    if (await condition()) return;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  throw new Error('Never happened');
}

const stateOf = async (response: Response): Promise<unknown> => {
  const body: unknown = await response.json();
  return typeof body === 'object' && body !== null && 'state' in body ? body.state : undefined;
};

describe('POST /v1/runs', () => {
  test('answers the outcome', async () => {
    const { post, runtime } = open(() =>
      success({ value: { sum: 3n, raw: new Uint8Array([1]) }, stdout: 'hi\n' }),
    );
    const response = await post({
      ...SCRIPT,
      filename: 'sum.js',
      modules: { './a.js': 'export {}' },
      form: 'script',
      argv: ['-v'],
      stdin: { a: 1 },
      inputs: { b: [2] },
      cwd: '/data',
      limits: { timeoutMs: 100 },
      level: 'strict',
      priority: 'high',
    });
    expect(response.status).toBe(200);
    const body = await response.json();
    expect(body).toMatchObject({
      ok: true,
      value: { sum: '3', raw: { $bytes: 'AQ==' } },
      stdout: 'hi\n',
      stderr: '',
      usage: { fuel: 42 },
    });
    expect(body).not.toHaveProperty('error');
    expect(response.headers.get('x-run-id')).toBe(body.meta.runId);
    const { signal, onOutput: _, ...passed } = runtime.runs[0] ?? {};
    expect(signal).toBeInstanceOf(AbortSignal);
    expect(passed).toEqual({
      ...SCRIPT,
      runId: body.meta.runId,
      filename: 'sum.js',
      modules: { './a.js': 'export {}' },
      form: 'script',
      argv: ['-v'],
      stdin: { a: 1 },
      inputs: { b: [2] },
      cwd: '/data',
      limits: { timeoutMs: 100 },
      level: 'strict',
    });
  });

  test('takes bytes for stdin in the form of the answers', async () => {
    const { post, runtime } = open();
    await post({ ...SCRIPT, stdin: { $bytes: 'AAEC' } });
    expect(runtime.runs[0]?.stdin).toEqual(new Uint8Array([0, 1, 2]));
    const wrong = await post({ ...SCRIPT, stdin: { $bytes: '###' } });
    expect(await wrong.json()).toMatchObject({ error: { details: { path: '/stdin/$bytes' } } });
  });

  test('answers 200 with ok false, and no value, for a run that started and failed', async () => {
    const { post } = open(() => failure('DEADLINE_EXCEEDED'));
    const response = await post(SCRIPT);
    expect(response.status).toBe(200);
    const body = await response.json();
    expect(body).toMatchObject({ ok: false, error: { code: 'DEADLINE_EXCEEDED' } });
    expect(body).not.toHaveProperty('value');
  });

  const expected = Object.entries(ERROR_CODES).flatMap(([code, { group, httpStatus }]) => {
    const called = group === 'caller' || group === 'policy';
    return [
      { code, when: 'before the guest began', meta: { engine: null }, hostCalls: {}, status: httpStatus },
      {
        code,
        when: 'after host calls',
        meta: {},
        hostCalls: { 'fs.read': 1 },
        status: httpStatus === 503 || httpStatus === 500 ? httpStatus : 200,
      },
      {
        code,
        when: 'with no host call',
        meta: {},
        hostCalls: {},
        status: called ? httpStatus : httpStatus < 500 ? 200 : httpStatus,
      },
    ];
  });
  test.each(expected)(
    'answers $status for $code $when',
    verifies('ER-02'),
    async ({ code, meta, hostCalls, status }) => {
      const { post } = open(() => {
        const base = failure(code as ErrorCode); // a key of ERROR_CODES
        return { ...base, meta: { ...base.meta, ...meta }, usage: { ...base.usage, hostCalls } };
      });
      const response = await post(SCRIPT);
      expect(response.status).toBe(status);
      const body = await response.json();
      expect(body).toMatchObject({ ok: false, error: { code, message: `Fake ${code}` } });
      if (status !== 200) {
        expect(Object.keys(body)).toEqual(['ok', 'error']);
        expect(body.error).toEqual({
          code,
          message: `Fake ${code}`,
          retryable: false,
          runId: response.headers.get('x-run-id'),
          time: TIME,
        });
      }
    },
  );

  test.each([
    ['no JSON', '{"language":', undefined, /^Cannot read the body: it is not JSON, /],
    ['no object', '[]', '/', 'Cannot read the body at "/": expected an object'],
    ['an unknown field', { ...SCRIPT, cod: 1 }, '/cod', /unknown field, did you mean "code"\?/],
    ['an unknown limit', { ...SCRIPT, limits: { time: 1 } }, '/limits/time', /known are timeoutMs, fuel, /],
    [
      'a limit out of range',
      { ...SCRIPT, limits: { timeoutMs: 0 } },
      '/limits/timeoutMs',
      /expected a whole number >= 1$/,
    ],
    [
      'a limit of the grant',
      { ...SCRIPT, grant: { limits: { fuel: 'x' } } },
      '/grant/limits/fuel',
      /expected an integer$/,
    ],
    [
      'a wrong type',
      { language: 'javascript', code: 1 },
      '/code',
      'Cannot read the body at "/code": expected a string',
    ],
    [
      'an unknown level',
      { ...SCRIPT, level: 'max' },
      '/level',
      /expected one of minimal, standard, strict, maximum$/,
    ],
    [
      'an unknown priority',
      { ...SCRIPT, priority: 'urgent' },
      '/priority',
      /expected one of low, normal, high, critical$/,
    ],
    ['neither code nor module', { language: 'javascript' }, '/', /give either "code"/],
    ['code and module', { ...SCRIPT, module: WASM_HASH }, '/', /give either "code"/],
    ['code without a language', { code: '1' }, '/language', /"code" needs it/],
    ['a hash that is none', { module: 'abc' }, '/module', /expected the SHA-256/],
    ['a module nobody uploaded', { module: WASM_HASH }, '/module', /it is not stored here$/],
    ['an item of argv', { ...SCRIPT, argv: ['a', 1] }, '/argv/1', /expected a string$/],
    [
      'a __proto__ field',
      `{"language":"javascript","code":"1","__proto__":{"x":1}}`,
      '/__proto__',
      /unknown field/,
    ],
  ])('refuses %s with the path that is wrong', async (_name, body, path, message) => {
    const { post, runtime } = open();
    const response = await post(body);
    expect(response.status).toBe(400);
    const answer = await response.json();
    expect(answer).toMatchObject({
      ok: false,
      error: { code: 'INPUT_INVALID', retryable: false, time: TIME },
    });
    if (path !== undefined) expect(answer.error.details.path).toBe(path);
    if (typeof message === 'string') expect(answer.error.message).toBe(message);
    else expect(answer.error.message).toMatch(message);
    expect(runtime.runs).toEqual([]);
  });

  test('refuses a body over its cap, declared or not, with 413', async () => {
    const { post, send, runtime } = open(undefined, { maxBodyBytes: 100 });
    const large = { ...SCRIPT, code: 'x'.repeat(100) };
    expect((await post(large)).status).toBe(413);
    expect((await post(SCRIPT, { 'Content-Length': '101' })).status).toBe(413);
    const endless = new ReadableStream({ pull: (sink) => sink.enqueue(new Uint8Array(64)) });
    const init: RequestInit & { duplex: 'half' } = { body: endless, duplex: 'half' };
    const response = await send('POST', '/v1/runs', init);
    expect(response.status).toBe(413);
    expect(await response.json()).toEqual({
      ok: false,
      error: {
        code: 'INPUT_INVALID',
        message: 'Cannot read the body: over 100 bytes',
        retryable: false,
        time: TIME,
      },
    });
    expect(runtime.runs).toEqual([]);
  });

  test('answers misuse that only the runtime finds with 400', async () => {
    const { post } = open(() => {
      throw new TypeError('Cannot read grant: unknown field "ftp", known are env, limits, fs, http');
    });
    const response = await post({ ...SCRIPT, grant: { ftp: [1] } });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { code: 'INPUT_INVALID', message: /unknown field "ftp"/ },
    });
  });

  test('tells nothing of a fault but an id, and tells its owner', async () => {
    const faults: unknown[] = [];
    const { post } = open(
      () => {
        throw new Error('secret of the host');
      },
      { onFault: (error, id) => faults.push(error, id) },
    );
    const response = await post(SCRIPT);
    expect(response.status).toBe(500);
    const text = await response.text();
    expect(text).not.toContain('secret');
    expect(JSON.parse(text)).toMatchObject({ error: { code: 'INTERNAL', runId: faults[1] } });
    expect(String(faults[0])).toBe('Error: secret of the host');
  });

  test('answers 503 with Retry-After when the queue is full', async () => {
    const { post, scheduler, runtime } = open(never, { concurrency: 1, maxQueued: 1 });
    void post(SCRIPT);
    void post(SCRIPT);
    await until(() => scheduler.counts().queued === 1);
    const response = await post(SCRIPT);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await response.json()).toMatchObject({ error: { code: 'QUEUE_FULL', retryable: true } });
    expect((await post(SCRIPT, { Accept: 'text/event-stream' })).status).toBe(503);
    expect(runtime.runs).toHaveLength(1);
    await scheduler.drain(0);
  });

  test('cancels the run of a client that goes away', async () => {
    const { app, runtime, scheduler } = open(never);
    const gone = new AbortController();
    const request = new Request('http://localhost/v1/runs', {
      method: 'POST',
      body: JSON.stringify(SCRIPT),
      headers: { Authorization: `Bearer ${KEY}` },
      signal: gone.signal,
    });
    const response = app.fetch(request);
    await until(() => runtime.runs.length === 1);
    gone.abort();
    expect(await (await response).json()).toMatchObject({ ok: false, error: { code: 'CANCELLED' } });
    expect(scheduler.counts()).toEqual({ queued: 0, running: 0, accepting: true });
  });
});

describe('POST /v1/runs as server-sent events', () => {
  const ask = { Accept: 'text/event-stream' };

  test('sends the run, its output as it comes, then the outcome', async () => {
    const { post } = open(async ({ onOutput }) => {
      onOutput?.(chunk('stdout', 'one\ntwo\n\ndata: forged'));
      await until(() => true);
      onOutput?.(chunk('stderr', 'oops'));
      return success({ stdout: 'one', stderr: 'oops' });
    });
    const response = await post(SCRIPT, ask);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const events = (await response.text())
      .split('\n\n')
      .filter((block) => block !== '')
      .map((block) => {
        const [event, data, ...rest] = block.split('\n');
        expect(rest).toEqual([]);
        return [event, JSON.parse(data?.slice('data: '.length) ?? '')];
      });
    const id = response.headers.get('x-run-id');
    expect(events).toEqual([
      ['event: run', { id, state: 'running' }],
      ['event: output', { stream: 'stdout', text: 'one\ntwo\n\ndata: forged' }],
      ['event: output', { stream: 'stderr', text: 'oops' }],
      ['event: outcome', expect.objectContaining({ ok: true, value: 3, stdout: 'one', stderr: 'oops' })],
    ]);
  });

  test('cancels the run when the reader goes away', async () => {
    const { post, runtime, scheduler } = open(never);
    const response = await post(SCRIPT, ask);
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    expect(runtime.runs[0]?.signal?.aborted).toBe(true);
    await until(() => scheduler.counts().running === 0);
  });

  test('refuses what is not a run with a status, not with an event', async () => {
    const { post } = open();
    expect((await post({ language: 'javascript' }, ask)).status).toBe(400);
  });
});

describe('GET and DELETE /v1/runs/:id', () => {
  test('follows a run from the queue to its outcome', async () => {
    const first = Promise.withResolvers<Outcome>();
    const second = Promise.withResolvers<Outcome>();
    const answers = [first.promise, second.promise];
    const { post, send } = open(() => answers.shift() ?? never(), { concurrency: 1 });
    const prefer = { Prefer: 'respond-async' };
    const [one, two] = [await post(SCRIPT, prefer), await post(SCRIPT, prefer)];
    expect([one.status, two.status]).toEqual([202, 202]);
    const [at, next] = [one.headers.get('location') ?? '', two.headers.get('location') ?? ''];
    expect(await stateOf(one)).toBe('running');
    expect(await stateOf(two)).toBe('queued');
    expect(await stateOf(await send('GET', next))).toBe('queued');
    first.resolve(success({ value: 'first' }));
    await until(async () => (await stateOf(await send('GET', next))) === 'running');
    expect(await (await send('GET', at)).json()).toMatchObject({
      id: at.split('/').at(-1),
      state: 'done',
      outcome: { ok: true, value: 'first' },
    });
    second.resolve(failure('GUEST_THREW'));
    await until(async () => (await stateOf(await send('GET', next))) === 'done');
    expect(await (await send('GET', next)).json()).toMatchObject({
      outcome: { ok: false, error: { code: 'GUEST_THREW' } },
    });
  });

  test('cancels a running and a queued run; both keep an outcome', async () => {
    const { post, send, runtime } = open(never, { concurrency: 1 });
    const prefer = { Prefer: 'respond-async' };
    const running = (await post(SCRIPT, prefer)).headers.get('location') ?? '';
    const queued = (await post(SCRIPT, prefer)).headers.get('location') ?? '';
    for (const path of [queued, running]) {
      const response = await send('DELETE', path);
      expect(response.status).toBe(200);
      const body = await response.json();
      expect(body).toMatchObject({ state: 'done', outcome: { ok: false, error: { code: 'CANCELLED' } } });
      expect(await (await send('GET', path)).json()).toEqual(body);
      expect(await (await send('DELETE', path)).json()).toEqual(body);
    }
    expect(runtime.runs).toHaveLength(1);
  });

  test('answers 404 for a run nobody knows', async () => {
    const { send } = open();
    for (const method of ['GET', 'DELETE']) {
      const response = await send(method, '/v1/runs/run-x');
      expect(response.status).toBe(404);
      expect(await response.json()).toEqual({
        ok: false,
        error: {
          code: 'INPUT_INVALID',
          message: 'Cannot find run "run-x": unknown, or ended too long ago',
          retryable: false,
          time: TIME,
        },
      });
    }
  });

  test('keeps an outcome for what a drain cut off', async () => {
    const { post, send, scheduler } = open(never, { concurrency: 1 });
    const prefer = { Prefer: 'respond-async' };
    const paths = [await post(SCRIPT, prefer), await post(SCRIPT, prefer)].map(
      (response) => response.headers.get('location') ?? '',
    );
    expect(await scheduler.drain(0)).toEqual({ finished: 0, cancelled: 2 });
    for (const path of paths)
      await expect
        .poll(async () => (await send('GET', path)).json())
        .toMatchObject({ state: 'done', outcome: { error: { code: 'CANCELLED' } } });
    expect((await post(SCRIPT)).status).toBe(503);
  });
});

describe('POST /v1/modules', () => {
  test('keeps a module and runs it by its hash', async () => {
    const { send, post, runtime } = open();
    const response = await send('POST', '/v1/modules', { body: WASM });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ hash: WASM_HASH, kind: 'module', exports: ['run'], bytes: 8 });
    expect((await post({ module: WASM_HASH, invoke: 'run', args: [1, 'x'] })).status).toBe(200);
    expect(runtime.runs[0]).toMatchObject({ module: WASM, invoke: 'run', args: [1, 'x'] });
  });

  test('refuses what is not a module with 400, and what is too large with 413', async () => {
    const { send } = open(undefined, { maxModuleBytes: 8 });
    const broken = await send('POST', '/v1/modules', { body: 'hello' });
    expect(broken.status).toBe(400);
    expect(await broken.json()).toMatchObject({ error: { code: 'MODULE_INVALID' } });
    expect((await send('POST', '/v1/modules', { body: new Uint8Array(9) })).status).toBe(413);
  });
});

describe('access', () => {
  test('answers health without a key, and nothing else', async () => {
    const { app, scheduler } = open();
    const health = await app.request('/health');
    expect(health.status).toBe(200);
    expect(await health.json()).toMatchObject({
      status: 'healthy',
      runtime: 'healthy',
      queued: 0,
      running: 0,
    });
    for (const [method, path] of [
      ['POST', '/v1/runs'],
      ['GET', '/v1/runs/x'],
      ['DELETE', '/v1/runs/x'],
      ['POST', '/v1/modules'],
      ['GET', '/nothing'],
    ] as const) {
      const response = await app.request(path, { method });
      expect([path, response.status]).toEqual([path, 401]);
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
      expect(await response.json()).toMatchObject({ ok: false, error: { code: 'UNAUTHENTICATED' } });
    }
    await scheduler.drain(0);
    const draining = await app.request('/health');
    expect(draining.status).toBe(503);
    expect(await draining.json()).toMatchObject({ status: 'draining' });
  });

  test(
    'tells the health of the runtime: cells, servers of tools, and 503 where nothing can run',
    verifies('MO-10'),
    async () => {
      const health = {
        status: 'healthy',
        time: NOW,
        engines: ['quickjs'],
        runs: 2,
        cells: { starting: 1, idle: 2, busy: 3 },
        remote: 'disabled',
      } as const;
      const ask = async (of: Partial<RuntimeHealth>) => {
        const runtime = { ...createFakeRuntime(), health: () => ({ ...health, ...of }) };
        const { app } = open(undefined, { runtime });
        const answer = await app.request('/health');
        return [answer.status, await answer.json()];
      };
      const { cells } = health;
      const idle = { status: 'healthy', runtime: 'healthy', time: NOW, queued: 0, running: 0, cells };
      expect(await ask({})).toEqual([200, { ...idle, remote: 'disabled' }]);
      expect(await ask({ remote: 'degraded' })).toEqual([200, { ...idle, remote: 'degraded' }]);
      expect(await ask({ status: 'unhealthy', engines: [] })).toEqual([
        503,
        { ...idle, status: 'unhealthy', runtime: 'unhealthy', remote: 'disabled' },
      ]);
    },
  );

  test.each([
    '',
    'Bearer',
    'Bearer ',
    `Basic ${KEY}`,
    `Bearer ${KEY}x`,
    'Bearer x',
    `Bearer ${KEY.slice(1)}`,
    KEY,
  ])('refuses Authorization %j', async (authorization) => {
    const { app, runtime } = open();
    const body = JSON.stringify(SCRIPT);
    const response = await app.request('/v1/runs', {
      method: 'POST',
      body,
      headers: { Authorization: authorization },
    });
    expect(response.status).toBe(401);
    expect(runtime.runs).toEqual([]);
  });

  test('refuses foreign Host headers, health included', async () => {
    const { send } = open();
    for (const host of [
      'evil.example',
      'localhost.evil.example',
      '127.0.0.1.evil.example:80',
      '10.0.0.1',
      'a b',
    ]) {
      const response = await send('GET', '/health', { headers: { Host: host } });
      expect([host, response.status]).toEqual([host, 403]);
    }
    for (const host of ['localhost', 'LOCALHOST:80', '127.0.0.1:4280', '[::1]:1']) {
      expect((await send('GET', '/health', { headers: { Host: host } })).status).toBe(200);
    }
    const anywhere = open(undefined, { hosts: 'any' });
    expect((await anywhere.send('GET', '/health', { headers: { Host: 'box.example' } })).status).toBe(200);
  });

  test('refuses web pages, and allows a named origin with the headers that browsers want', async () => {
    const page = { Origin: 'https://app.example' };
    const closed = await open().send('GET', '/health', { headers: page });
    expect(closed.status).toBe(403);
    expect(closed.headers.get('access-control-allow-origin')).toBeNull();
    expect((await open().send('GET', '/health', { headers: { Origin: 'null' } })).status).toBe(403);

    const { send, app } = open(undefined, { origins: ['https://app.example'] });
    const allowed = await send('GET', '/health', { headers: page });
    expect(allowed.status).toBe(200);
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://app.example');
    const preflight = await app.request('/v1/runs', {
      method: 'OPTIONS',
      headers: { ...page, 'Access-Control-Request-Method': 'POST' },
    });
    expect(preflight.status).toBe(204);
    expect((await send('GET', '/health', { headers: { Origin: 'https://evil.example' } })).status).toBe(403);
  });

  test('answers an unknown route with 404 and JSON', async () => {
    const { send } = open();
    const response = await send('GET', '/v2/runs');
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await response.json()).toEqual({
      ok: false,
      error: {
        code: 'INPUT_INVALID',
        message: 'Cannot answer GET /v2/runs: no such route',
        retryable: false,
        time: TIME,
      },
    });
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  test('refuses a key that no header could carry', () => {
    expect(() => open(undefined, { key: '' })).toThrow(TypeError);
    expect(() => open(undefined, { key: 'two words' })).toThrow(TypeError);
  });
});

describe('policy', () => {
  const hints = { fs: 'Start the server with --allow-read=FOLDER', http: 'Start it with --allow-net=ORIGIN' };
  const asked = { fs: [{ host: '/etc' }] };

  test('refuses a part of which nothing is allowed before anything runs, and says how to allow it', async () => {
    const { post, runtime } = open(undefined, { policy: { grant: { env: {} }, hints } });
    for (const [part, grant] of Object.entries({
      fs: asked,
      http: { http: [{ origin: '*' }] },
      env: { env: { A: 'b' } },
      sql: { sql: [{ name: 'x' }] },
    })) {
      const response = await post({ ...SCRIPT, grant });
      expect(response.status).toBe(403);
      expect(await response.json()).toMatchObject({
        error: { code: 'CAPABILITY_DENIED', message: `Cannot grant ${part}: this server allows none of it` },
      });
    }
    const refused = await post({ ...SCRIPT, grant: asked });
    expect(await refused.json()).toMatchObject({ error: { hint: hints.fs } });
    expect(runtime.runs).toEqual([]);
    expect((await post({ ...SCRIPT, grant: { fs: [], env: {}, limits: { fuel: 5 } } })).status).toBe(200);
  });

  test('is not fooled by names from the prototype of objects', async () => {
    const { post, runtime } = open(undefined, { policy: { grant: {}, hints } });
    for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
      const response = await post(`{"language":"javascript","code":"1","grant":{"${name}":[1]}}`);
      expect([name, response.status]).toEqual([name, 403]);
    }
    expect(runtime.runs).toEqual([]);
  });

  test("adds the way to allow it to the runtime's own refusal", async () => {
    const refusal = failure('CAPABILITY_DENIED', {
      error: {
        code: 'CAPABILITY_DENIED',
        message: 'Cannot grant',
        details: { capability: 'fs.read' },
        retryable: false,
      },
    });
    const { post } = open(() => refusal, { policy: { grant: { fs: [{ host: '/data' }] }, hints } });
    const response = await post({ ...SCRIPT, grant: asked });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ error: { hint: hints.fs } });
  });
});
