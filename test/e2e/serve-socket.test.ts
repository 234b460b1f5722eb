import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RunOptions } from '../../runtime/contracts/api/run.ts';
import type { Queue } from '../../runtime/contracts/queue.ts';
import { type ListeningServer, listen } from '../../runtime/doors/cli/listen.ts';
import { createHttpApp } from '../../runtime/doors/http/app.ts';
import { createModuleStore } from '../../runtime/doors/http/module-store.ts';
import type { Outcome } from '../../runtime/vocabulary/outcome.ts';
import { createInProcessScheduler } from '../../runtime/work/in-process.ts';
import { chunk, createFakeRuntime, failure, success } from '../support/fake-runtime.ts';

const KEY = 'key-of-the-socket-test';
const SCRIPT = { language: 'javascript', code: '1' };

let server: ListeningServer;
let scheduler: Queue;
/** Resolves when a run whose code is `hang` begins, and then when its signal aborts. */
let began: PromiseWithResolvers<void>;
let aborted: PromiseWithResolvers<void>;

function answer({ code, signal, onOutput }: RunOptions): Outcome | Promise<Outcome> {
  if (code !== 'hang') return success();
  onOutput?.(chunk('stdout', 'first'));
  began.resolve();
  return new Promise((resolve) => {
    signal?.addEventListener('abort', () => {
      aborted.resolve();
      resolve(failure('CANCELLED'));
    });
  });
}

beforeEach(async () => {
  began = Promise.withResolvers();
  aborted = Promise.withResolvers();
  scheduler = createInProcessScheduler();
  const app = createHttpApp({
    runtime: createFakeRuntime(answer),
    scheduler,
    modules: createModuleStore({ inspect: () => ({ kind: 'module', exports: [] }) }),
    key: KEY,
    maxBodyBytes: 1_000,
  });
  server = await listen({ fetch: app.fetch, host: '127.0.0.1', port: 0 });
});
afterEach(async () => {
  await scheduler.drain(0);
  await server[Symbol.asyncDispose]();
});

const post = (body: BodyInit, init: RequestInit & { duplex?: 'half' } = {}) =>
  fetch(`http://127.0.0.1:${server.port}/v1/runs`, {
    method: 'POST',
    body,
    ...init,
    headers: { Authorization: `Bearer ${KEY}`, ...init.headers },
  });

describe('the HTTP door on a socket', () => {
  test('reports the free port it took, and answers there', async () => {
    expect(server.port).toBeGreaterThan(0);
    const response = await post(JSON.stringify(SCRIPT));
    expect([response.status, await response.json()]).toEqual([
      200,
      expect.objectContaining({ ok: true, value: 3 }),
    ]);
  });

  test('what fetch answers is a Response as before, and so is what is made here', async () => {
    const answer = await post(JSON.stringify(SCRIPT));
    await answer.body?.cancel();
    const made = [answer, new Response('x'), Response.json({}), { status: 200 }];
    expect(made.map((one) => one instanceof Response)).toEqual([true, true, true, false]);
  });

  test('cancels the run of a client that hangs up', async () => {
    const hangUp = new AbortController();
    const response = post(JSON.stringify({ ...SCRIPT, code: 'hang' }), { signal: hangUp.signal });
    await began.promise;
    hangUp.abort();
    await expect(response).rejects.toThrow();
    await aborted.promise;
  });

  test('cancels the run of an event reader that hangs up', async () => {
    const hangUp = new AbortController();
    const response = await post(JSON.stringify({ ...SCRIPT, code: 'hang' }), {
      signal: hangUp.signal,
      headers: { Accept: 'text/event-stream' },
    });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('first')) text += (await reader?.read())?.value ?? '';
    expect(text).toContain('event: run\n');
    hangUp.abort();
    await aborted.promise;
  });

  test('stops reading a body without a length at the cap', async () => {
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull: (sink) => {
        pulled++;
        sink.enqueue(new Uint8Array(64 * 1024).fill(32));
      },
    });
    // Either the answer arrives, or the connection is gone while the client still sends: both leave the server unharmed.
    const status = await post(endless, { duplex: 'half' }).then(
      (response) => response.status,
      () => 'hung up',
    );
    expect([413, 'hung up']).toContain(status);
    expect(pulled).toBeLessThan(1_000);
    expect((await post(JSON.stringify(SCRIPT))).status).toBe(200);
  });

  test('says so when the port is taken', async () => {
    const again = listen({ fetch: () => new Response(), host: '127.0.0.1', port: server.port });
    await expect(again).rejects.toThrow(
      `Cannot listen on 127.0.0.1:${server.port}: something listens there already`,
    );
  });

  test('lets answers under way go out before it is closed', async () => {
    const response = post(JSON.stringify({ ...SCRIPT, code: 'hang' }));
    await began.promise;
    const closed = server[Symbol.asyncDispose]();
    await scheduler.drain(0);
    expect(await (await response).json()).toMatchObject({ error: { code: 'CANCELLED' } });
    await closed;
    await expect(post(JSON.stringify(SCRIPT))).rejects.toThrow();
    server = { port: server.port, [Symbol.asyncDispose]: async () => undefined };
  });
});
