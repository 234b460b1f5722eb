import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listen } from '../../runtime/doors/cli/listen.ts';
import { createHttpApp, type HttpAppOptions } from '../../runtime/doors/http/app.ts';
import { createModuleStore } from '../../runtime/doors/http/module-store.ts';
import { createRuntime } from '../../runtime/index.ts';
import { createInProcessScheduler, type InProcessOptions } from '../../runtime/work/in-process.ts';
import { runCli, startCli } from '../support/command-line.ts';
import { verifies } from '../support/verifies.ts';

const MAIN = fileURLToPath(new URL('../../runtime/doors/cli/main.ts', import.meta.url));
const LONG = { timeoutMs: 60_000 };
const WAITS = 'await new Promise((resolve) => setTimeout(resolve, 60_000))';

let cwd = '';
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'sandglass-load-'));
});
afterAll(() => rm(cwd, { recursive: true }));

/** A door on a socket of this process. */
async function open(queue: InProcessOptions, options: Partial<HttpAppOptions> = {}) {
  const runtime = createRuntime({ policy: {} });
  const scheduler = createInProcessScheduler(queue);
  const app = createHttpApp({
    runtime,
    scheduler,
    modules: createModuleStore({ inspect: () => ({ kind: 'module', exports: [] }) }),
    key: 'key',
    ...options,
  });
  const server = await listen({ fetch: app.fetch, host: '127.0.0.1', port: 0 });
  const client = clientOf(`http://127.0.0.1:${server.port}`, 'key');
  return {
    ...client,
    port: server.port,
    scheduler,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await runtime.close();
    },
  };
}

function clientOf(url: string, key: string) {
  const headers = { authorization: `Bearer ${key}` };
  const get = async (path: string) => (await fetch(`${url}${path}`, { headers })).json();
  return {
    url,
    run: (body: object, more: Record<string, string> = {}) =>
      fetch(`${url}/v1/runs`, {
        method: 'POST',
        headers: { ...headers, ...more },
        body: JSON.stringify({ language: 'js', ...body }),
      }),
    get,
    cancel: async (id: string) => fetch(`${url}/v1/runs/${id}`, { method: 'DELETE', headers }),
    runs: async () => (await get('/v1/runs?limit=500')).runs as Summary[],
    /** Starts one that goes on, and waits until its guest runs. */
    async begin(body: object, more: Record<string, string> = {}): Promise<string> {
      const answer = await this.run(body, { prefer: 'respond-async', ...more });
      const { id } = await answer.json();
      await expect.poll(async () => (await get(`/v1/runs/${id}`)).state).toBe('running');
      return id;
    },
  };
}

interface Summary {
  readonly id: string;
  readonly state: string;
  readonly ok?: boolean;
  readonly code?: string;
}

/** A request as bytes on a socket, whose answer nobody reads yet. */
function raw(port: number, body: object, more = ''): Socket {
  const text = JSON.stringify({ language: 'js', ...body });
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined); // the server may cut it off
  socket.pause();
  socket.write(
    `POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer key\r\n${more}Content-Length: ${text.length}\r\n\r\n${text}`,
  );
  return socket;
}

describe('the HTTP door under load', verifies('SC-09', 'DX-03'), () => {
  test('1,000 small runs at once queue and finish, and none is lost', async () => {
    await using door = await open({ concurrency: 10, maxQueued: 1_000 });
    const answers = await Promise.all(
      Array.from({ length: 1_000 }, async (_, index) => (await door.run({ code: `${index} * 2` })).json()),
    );
    expect(answers.map(({ value }) => value)).toEqual(answers.map((_, index) => index * 2));
    expect(door.scheduler.counts()).toMatchObject({ queued: 0, running: 0 });
  });

  test('a full queue answers 503 with Retry-After, and serves again once there is room', async () => {
    await using door = await open({ concurrency: 1, maxQueued: 2 });
    const first = await door.begin({ code: WAITS });
    const waiting = [door.run({ code: '1' }), door.run({ code: '2' })];
    await expect.poll(() => door.scheduler.counts().queued).toBe(2);
    const refused = await door.run({ code: '3' });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await refused.json()).toMatchObject({ error: { code: 'QUEUE_FULL', retryable: true } });
    expect((await fetch(`${door.url}/health`)).status).toBe(200);
    await door.cancel(first);
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200]);
    expect((await door.run({ code: '3' })).status).toBe(200);
  });

  test('clients that read nothing hold up nobody; those that hang up cancel their runs, with a record', async () => {
    await using door = await open({ concurrency: 8 });
    const big = { code: "'x'.repeat(2_000_000)", limits: { outputBytes: 4_000_000 } };
    const slow = Array.from({ length: 4 }, () => raw(door.port, big));
    await expect.poll(async () => (await door.runs()).filter(({ ok }) => ok === true)).toHaveLength(4);
    const gone = Array.from({ length: 4 }, () => raw(door.port, { code: WAITS }));
    await expect
      .poll(async () => (await door.runs()).filter(({ state }) => state === 'running'))
      .toHaveLength(4);
    for (const socket of gone) socket.destroy();
    await expect
      .poll(async () => (await door.runs()).filter(({ code }) => code === 'CANCELLED'))
      .toHaveLength(4);
    expect(door.scheduler.counts()).toMatchObject({ queued: 0, running: 0 });
    expect((await door.run({ code: '1' })).status).toBe(200);
    for (const socket of slow) socket.destroy();
  });

  test('a clock that jumps by years, both ways, loses no run and lets nobody call more', async () => {
    let now = Date.UTC(2026, 0, 1);
    await using door = await open(
      { concurrency: 2 },
      { now: () => now, rate: { calls: 4, perMs: 86_400_000 } },
    );
    const id = await door.begin({ code: WAITS });
    for (const jump of [10, -20]) {
      now += jump * 365 * 86_400_000;
      expect((await door.run({ code: '1' })).status).toBe(200);
      expect((await door.runs()).map((run) => run.id)).toContain(id);
    }
    expect((await door.get(`/v1/runs/${id}`)).state).toBe('running');
    await door.cancel(id);
    expect((await door.run({ code: '1' })).status).toBe(200);
    expect((await door.run({ code: '1' })).status).toBe(429);
  });
});

/** The command line in a process of its own. */
async function serve(flags: readonly string[]) {
  const started = startCli(['serve', '--port=0', ...flags], { cwd, env: { SANDGLASS_KEY: 'key' } });
  const out = await started.outputMatching(/Key: .+\n/);
  return { ...started, ...clientOf(/Listening on (\S+)\n/.exec(out)?.[1] ?? '', 'key') };
}

describe('sandglass serve that is ended', verifies('SC-09', 'MC-03'), () => {
  test('SIGTERM: what was accepted finishes within the grace, the rest is cancelled, and both are told', async () => {
    const server = await serve(['--grace=8s', '--concurrency=2']);
    const short = server.run({
      code: 'await new Promise((resolve) => setTimeout(resolve, 500)); 7',
      limits: LONG,
    });
    const long = await server.begin({ code: WAITS, limits: LONG });
    const followed = server.get(`/v1/runs/${long}`);
    await followed;
    server.child.kill('SIGTERM');
    await expect.poll(async () => (await fetch(`${server.url}/health`)).status).toBe(503);
    expect((await server.run({ code: '1' })).status).toBe(503);
    expect(await (await short).json()).toMatchObject({ ok: true, value: 7 });
    const { code, err } = await server.ended;
    expect(code).toBe(0);
    expect(err).toMatch(/Stopped: \d+ ended, 1 cancelled/);
  });

  test('SIGKILL in mid-run: the audit holds what was begun and did not end, and is gone on with', async () => {
    const first = await serve(['--audit=killed']);
    const id = await first.begin({ code: WAITS });
    await expect
      .poll(async () => (await runCli(['audit', 'query', 'killed', `--run=${id}`], { cwd })).out)
      .toContain('run.');
    first.child.kill('SIGKILL');
    await first.ended;
    const lines = await runCli(['audit', 'query', 'killed', `--run=${id}`, '--json'], { cwd });
    expect(lines.out).toContain('run.');
    expect(lines.out).not.toContain('run.ended');
    const second = await serve(['--audit=killed']);
    expect((await second.run({ code: '1' })).status).toBe(200);
    second.child.kill('SIGTERM');
    await second.ended;
    expect((await runCli(['audit', 'verify', 'killed'], { cwd })).code).toBe(0);
  });

  test('SIGKILL with a journal: what had ended, ran or waited is found by the next server', async () => {
    const first = await serve(['--journal=runs', '--concurrency=1']);
    const done = await (await first.run({ code: "console.log('hi'); 6 * 7" })).json();
    const ran = await first.begin({ code: WAITS, limits: LONG });
    const waited = (await (await first.run({ code: '1' }, { prefer: 'respond-async' })).json()).id;
    first.child.kill('SIGKILL');
    await first.ended;
    const second = await serve(['--journal=runs']);
    expect(await second.get(`/v1/runs/${done.meta.runId}`)).toEqual({
      id: done.meta.runId,
      state: 'done',
      outcome: done,
    });
    for (const [id, state] of [
      [ran, 'running'],
      [waited, 'queued'],
    ])
      expect(await second.get(`/v1/runs/${id}`)).toMatchObject({
        id,
        state: 'done',
        outcome: {
          ok: false,
          error: { code: 'CANCELLED', details: { reason: 'server-ended', state } },
          meta: { runId: id },
        },
      });
    expect((await second.runs()).map(({ id, code }) => [id, code])).toEqual([
      [waited, 'CANCELLED'],
      [ran, 'CANCELLED'],
      [done.meta.runId, undefined],
    ]);
    const events = await fetch(`${second.url}/v1/runs/${ran}/events`, {
      headers: { authorization: 'Bearer key' },
    });
    expect(await events.text()).toMatch(/event: outcome\ndata: .*CANCELLED/);
    const beside = await runCli(['serve', '--port=0', '--journal=runs'], { cwd });
    expect([beside.code, beside.err]).toEqual([2, expect.stringContaining(`process ${second.child.pid} `)]);
    second.child.kill('SIGTERM');
    expect((await second.ended).code).toBe(0);
  });

  test('SIGKILL with a journal: a request that is sent again with its key is not done twice', async () => {
    const keyed = (key: string) => ({ 'idempotency-key': key });
    const wait = { ...keyed('runs'), prefer: 'respond-async' };
    const first = await serve(['--journal=keys', '--concurrency=1']);
    const done = await (await first.run({ code: 'Math.random()' }, keyed('done'))).json();
    const ran = await first.begin({ code: WAITS, limits: LONG }, keyed('runs'));
    const waits = { ...keyed('waits'), prefer: 'respond-async' };
    const waited = (await (await first.run({ code: '6 * 7' }, waits)).json()).id;
    first.child.kill('SIGKILL');
    await first.ended;
    const second = await serve(['--journal=keys']);
    const again = await second.run({ code: 'Math.random()' }, keyed('done'));
    expect([again.headers.get('idempotency-replayed'), await again.json()]).toEqual(['true', done]);
    expect((await second.run({ code: '1' }, keyed('done'))).status).toBe(422);
    const cut = await second.run({ code: WAITS, limits: LONG }, wait);
    expect(await cut.json()).toMatchObject({ id: ran });
    // Of what had only waited nothing was done: it runs now.
    const ranNow = await (await second.run({ code: '6 * 7' }, keyed('waits'))).json();
    expect([ranNow.value, ranNow.meta.runId === waited]).toEqual([42, false]);
    second.child.kill('SIGTERM');
    await second.ended;
  });

  test('killed processes of guests: their runs end with a code, and the next ones run', async () => {
    const server = await serve(['--concurrency=2', '--isolation=maximum']);
    const run = server.run({ code: WAITS.replace('60_000', '4_000') });
    await expect
      .poll(async () => (await server.runs()).filter(({ state }) => state === 'running'))
      .toHaveLength(1);
    await expect.poll(async () => (await childrenOf(server.child.pid ?? 0)).length).toBeGreaterThan(0);
    for (const pid of await childrenOf(server.child.pid ?? 0)) process.kill(pid, 'SIGKILL');
    const { ok, error } = await (await run).json();
    expect([ok, error?.code]).toEqual([false, 'INTERNAL']);
    expect(await (await server.run({ code: '6 * 7' })).json()).toMatchObject({ ok: true, value: 42 });
    server.child.kill('SIGTERM');
    expect((await server.ended).code).toBe(0);
  });

  test('a full disk under the audit: runs go on, and what could not be kept is told', async () => {
    // A file may have 16 blocks of 512 bytes: beyond it writing fails as on a full disk.
    const child = spawn(
      'sh',
      ['-c', `ulimit -f 16; exec "${process.execPath}" "${MAIN}" serve --port=0 --audit=full`],
      {
        cwd,
        env: { PATH: process.env.PATH, HOME: process.env.HOME, SANDGLASS_KEY: 'key' },
      },
    );
    let [out, err] = ['', ''];
    child.stdout.on('data', (bytes) => {
      out += bytes;
    });
    child.stderr.on('data', (bytes) => {
      err += bytes;
    });
    const ended = once(child, 'exit');
    await expect.poll(() => out).toMatch(/Key: .+\n/);
    const client = clientOf(/Listening on (\S+)\n/.exec(out)?.[1] ?? '', 'key');
    for (let index = 0; index < 40; index++)
      expect(await (await client.run({ code: `${index}` })).json()).toMatchObject({ ok: true, value: index });
    expect((await fetch(`${client.url}/health`)).status).toBe(200);
    child.kill('SIGTERM');
    expect((await ended)[0]).toBe(0);
    expect(err).toMatch(/audit/i);
    // The lines that were kept are whole but for the last one.
    const files = await readdir(join(cwd, 'full'));
    const text = await readFile(
      join(cwd, 'full', files.find((name) => name.endsWith('.jsonl')) ?? ''),
      'utf8',
    );
    for (const line of text.split('\n').slice(0, -1)) expect(() => JSON.parse(line)).not.toThrow();
  });
});

const run = promisify(execFile);

async function childrenOf(pid: number): Promise<readonly number[]> {
  const { stdout } = await run('ps', ['-o', 'pid=', '--ppid', String(pid)]).catch(() => ({ stdout: '' })); // none
  return stdout
    .split('\n')
    .map(Number)
    .filter((child) => child > 0);
}
