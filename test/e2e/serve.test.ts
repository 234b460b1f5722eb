import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Started, startCli } from '../support/command-line.ts';

let cwd = '';
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'sandglass-serve-'));
  await mkdir(join(cwd, 'data'));
  await mkdir(join(cwd, 'data', 'inner'));
  await writeFile(join(cwd, 'data', 'a.txt'), 'granted');
  await writeFile(join(cwd, 'data', 'inner', 'b.txt'), 'inner');
  await writeFile(join(cwd, 'secret.txt'), 'canary');
  await symlink(cwd, join(cwd, 'data', 'out'));
});
afterAll(() => rm(cwd, { recursive: true }));

interface Server extends AsyncDisposable {
  readonly process: Started;
  readonly key: string;
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  run(
    body: Record<string, unknown>,
  ): Promise<{ readonly status: number; readonly body: Record<string, unknown> }>;
}

/** A server in a process of its own, on a free port, with the key it printed. */
async function serve(...flags: readonly string[]): Promise<Server> {
  const started = startCli(['serve', '--port=0', ...flags], { cwd });
  const out = await started.outputMatching(/Key: .+\n/);
  const [, url = ''] = /Listening on (\S+)\n/.exec(out) ?? [];
  const [, key = ''] = /Key: (\S+)\n/.exec(out) ?? [];
  const send: Server['send'] = (method, path, body, headers) =>
    fetch(`${url}${path}`, {
      method,
      headers: { Authorization: `Bearer ${key}`, ...headers },
      ...(body === undefined
        ? {}
        : { body: body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body) }),
    });
  return {
    process: started,
    key,
    send,
    run: async (body) => {
      const response = await send('POST', '/v1/runs', { language: 'javascript', ...body });
      return { status: response.status, body: await response.json() };
    },
    [Symbol.asyncDispose]: async () => {
      started.child.kill('SIGTERM');
      await started.ended;
    },
  };
}

describe('sandglass serve', () => {
  test('runs code for whoever has the key, and for nobody else', async () => {
    await using server = await serve();
    expect(server.key.length).toBeGreaterThanOrEqual(32);
    expect((await server.send('GET', '/health')).status).toBe(200);
    expect((await server.send('POST', '/v1/runs', {}, { Authorization: 'Bearer x' })).status).toBe(401);
    expect(await server.run({ code: `console.log('hi'); 6 * 7` })).toMatchObject({
      status: 200,
      body: { ok: true, value: 42, stdout: 'hi\n' },
    });
    expect(await server.run({ code: `throw new Error('no')` })).toMatchObject({
      status: 200,
      body: { ok: false, error: { code: 'GUEST_THREW' } },
    });
    expect(await server.run({ code: 'for (;;) {}', limits: { timeoutMs: 200 } })).toMatchObject({
      status: 200,
      body: { ok: false, error: { code: 'DEADLINE_EXCEEDED' } },
    });
    expect(await server.run({ code: '1', language: 'cobol' })).toMatchObject({
      status: 400,
      body: { ok: false, error: { code: 'UNSUPPORTED' } },
    });
  });

  test('holds every client to a policy document, and takes no flag that would not narrow it', async () => {
    const document = { version: 1, grant: { fs: [{ host: './data', guest: '/data', access: ['read'] }] } };
    await writeFile(join(cwd, 'policy.json'), JSON.stringify(document));
    {
      await using server = await serve('--policy=policy.json');
      const read = (path: string, host: string) =>
        server.run({
          code: `await fs.readFile('${path}', 'utf8')`,
          grant: { fs: [{ host, guest: '/data' }] },
        });
      expect(await read('/data/a.txt', './data')).toMatchObject({ body: { ok: true, value: 'granted' } });
      expect(await read('/data/secret.txt', '.')).toMatchObject({
        body: { ok: false, error: { code: 'CAPABILITY_DENIED' } },
      });
      const call = await server.send('POST', '/v1/tools/read_file/call', { args: { path: '/data/a.txt' } });
      expect(await call.json()).toMatchObject({ ok: true, value: { content: 'granted' } });
      // A document says what is allowed; what a client may raise its limits to is bounded as without one.
      const raised = { timeoutMs: 600_000, memoryBytes: 4 * 1024 ** 3, outputBytes: 256 * 1024 ** 2 };
      expect(await server.run({ code: '1', limits: raised })).toMatchObject({
        body: {
          meta: { limits: { timeoutMs: 60_000, memoryBytes: 1024 ** 3, outputBytes: 16 * 1024 ** 2 } },
        },
      });
    }
    const both = startCli(['serve', '--port=0', '--policy=policy.json', '--allow-read=./data'], { cwd });
    expect(await both.ended).toMatchObject({
      code: 2,
      err: expect.stringContaining('beside --policy=policy.json'),
    });
  });

  test('lets no client reach files, the network or variables without flags', async () => {
    await using server = await serve();
    for (const [grant, flag] of [
      [{ fs: [{ host: './data' }] }, '--allow-read'],
      [{ fs: [{ host: '/' }] }, '--allow-read'],
      [{ http: [{ origin: '*' }] }, '--allow-net'],
      [{ env: { A: 'b' } }, '--allow-env'],
    ] as const) {
      const { status, body } = await server.run({ code: '1', grant });
      expect([status, body]).toEqual([
        403,
        {
          ok: false,
          error: expect.objectContaining({ code: 'CAPABILITY_DENIED', hint: expect.stringContaining(flag) }),
        },
      ]);
    }
    const ungranted = await server.run({ code: `await fs.readFile('/data/a.txt', 'utf8')` });
    expect(ungranted).toMatchObject({
      status: 200,
      body: { ok: false, error: { code: 'CAPABILITY_DENIED' } },
    });
  });

  test('lets clients have what the flags allow, and never more', async () => {
    await using server = await serve('--allow-read=./data:/data', '--timeout=4s');
    const read = (path: string) => `await fs.readFile('${path}', 'utf8')`;
    const fine = await server.run({ code: read('/data/a.txt'), grant: { fs: [{ host: './data' }] } });
    expect(fine).toMatchObject({ status: 200, body: { ok: true, value: 'granted' } });
    const inner = await server.run({
      code: read('/x/b.txt'),
      grant: { fs: [{ host: './data/inner', guest: '/x' }] },
    });
    expect(inner).toMatchObject({ status: 200, body: { ok: true, value: 'inner' } });
    for (const entry of [
      { host: '.' },
      { host: './data/..' },
      { host: './data/out' },
      { host: '/' },
      { host: './data', access: ['write'] },
      { host: './data', access: ['read', 'write'] },
    ]) {
      const { status, body } = await server.run({ code: '1', grant: { fs: [entry] } });
      expect([entry, status]).toEqual([entry, 403]);
      expect(body).toMatchObject({
        error: { code: 'CAPABILITY_DENIED', hint: expect.stringContaining('--allow-read') },
      });
    }
    const waits = 'await new Promise((done) => setTimeout(done, 60_000))';
    expect(await server.run({ code: waits, limits: { timeoutMs: 600_000 } })).toMatchObject({
      body: { error: { code: 'DEADLINE_EXCEEDED', details: { limit: 4_000 } } },
    });
  });

  test('keeps clients out of its own thread', async () => {
    await using server = await serve();
    expect(await server.run({ code: '1', level: 'minimal' })).toMatchObject({
      status: 200,
      body: { ok: true, meta: { level: 'standard' } },
    });
  });

  test('streams output and the outcome as events', async () => {
    await using server = await serve();
    const body = { language: 'javascript', code: `console.log('one'); console.error('two'); 3` };
    const response = await server.send('POST', '/v1/runs', body, { Accept: 'text/event-stream' });
    const events = (await response.text())
      .split('\n\n')
      .flatMap((block) => /^event: (.*)$/m.exec(block)?.[1] ?? []);
    expect(events[0]).toBe('run');
    expect(events.at(-1)).toBe('outcome');
    expect(events.slice(1, -1).every((event) => event === 'output')).toBe(true);
    expect(events.length).toBeGreaterThanOrEqual(4);
  });

  test('keeps an uploaded module and runs it by hash', async () => {
    await using server = await serve();
    // (module (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add))
    const module = new Uint8Array([
      0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 2, 127, 127, 1, 127, 3, 2, 1, 0, 7, 7, 1, 3, 97, 100, 100, 0,
      0, 10, 9, 1, 7, 0, 32, 0, 32, 1, 106, 11,
    ]);
    const uploaded = await (await server.send('POST', '/v1/modules', module)).json();
    expect(uploaded).toMatchObject({ kind: 'module', exports: ['add'], bytes: module.byteLength });
    const ran = await server.send('POST', '/v1/runs', {
      module: uploaded.hash,
      invoke: 'add',
      args: [40, 2],
    });
    expect([ran.status, await ran.json()]).toEqual([200, expect.objectContaining({ ok: true, value: 42 })]);
    const broken = await server.send('POST', '/v1/modules', new Uint8Array([1, 2, 3]));
    expect([broken.status, (await broken.json()).error.code]).toEqual([400, 'MODULE_INVALID']);
  });

  test('loses nothing that it accepted on SIGTERM: runs end, or are cancelled with an outcome', async () => {
    const server = await serve('--concurrency=1', '--grace=500ms');
    const hang = {
      language: 'javascript',
      code: `console.log('begun'); for (;;) {}`,
      limits: { timeoutMs: 600_000, fuel: Number.MAX_SAFE_INTEGER },
    };
    const running = await server.send('POST', '/v1/runs', hang, { Accept: 'text/event-stream' });
    const reader = running.body?.pipeThrough(new TextDecoderStream()).getReader();
    let events = '';
    while (!events.includes('begun')) events += (await reader?.read())?.value ?? '';
    const queued = server.run({ code: '1' });
    // The queue is seen from outside before the signal, so that the second run is known to be accepted.
    for (;;) {
      const health = await (await server.send('GET', '/health')).json();
      if (health.queued === 1) break;
    }
    server.process.child.kill('SIGTERM');
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true, value: '' };
      if (done) break;
      events += value;
    }
    expect(events).toMatch(/event: outcome\ndata: .*"CANCELLED"/);
    expect(await queued).toMatchObject({ body: { ok: false, error: { code: 'CANCELLED' } } });
    const { code, err } = await server.process.ended;
    expect(code).toBe(0);
    expect(err).toContain('Stopped: 0 ended, 2 cancelled\n');
  });

  test('refuses a second server on the same port', async () => {
    await using server = await serve();
    const port = new URL((await server.process.outputMatching(/Listening/)).split(/\s/)[2] ?? '').port;
    const second = await startCli(['serve', `--port=${port}`], { cwd }).ended;
    expect(second.code).toBe(2);
    expect(second.err).toContain(`Cannot listen on 127.0.0.1:${port}: something listens there already`);
  });
});
