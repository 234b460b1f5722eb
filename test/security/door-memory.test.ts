import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import type { RunOptions } from '../../runtime/contracts/api/run.ts';
import { answerErrors } from '../../runtime/doors/http/answer-errors.ts';
import { createHttpApp, type HttpAppOptions } from '../../runtime/doors/http/app.ts';
import { createEventBacklog } from '../../runtime/doors/http/event-backlog.ts';
import { createEventStream } from '../../runtime/doors/http/event-stream.ts';
import { createModuleStore } from '../../runtime/doors/http/module-store.ts';
import { type DoorEnv, mountRoutes } from '../../runtime/doors/http/route.ts';
import { mcpRoutes } from '../../runtime/doors/http/routes/mcp.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';
import { atOnce } from '../../runtime/vocabulary/in-slices.ts';
import type { Outcome } from '../../runtime/vocabulary/outcome.ts';
import { outcomeToJson } from '../../runtime/vocabulary/outcome-json.ts';
import { createInProcessScheduler } from '../../runtime/work/in-process.ts';
import { weighOutcome } from '../../runtime/work/weigh-outcome.ts';
import { chunk, createFakeRuntime, never, success } from '../support/fake-runtime.ts';
import { turnsDuring } from '../support/turns-during.ts';

const KEY = 'a-key-for-tests';

function open(
  answer: (options: RunOptions) => Outcome | Promise<Outcome>,
  options: Partial<HttpAppOptions> = {},
) {
  const runtime = createFakeRuntime(answer);
  const app = createHttpApp({
    runtime,
    scheduler: createInProcessScheduler(),
    modules: createModuleStore({ inspect: () => ({ kind: 'module', exports: [] }) }),
    key: KEY,
    ...options,
  });
  const post = (path: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
    app.request(path, { method: 'POST', body, headers: { Authorization: `Bearer ${KEY}`, ...headers } });
  const get = (path: string) => app.request(path, { headers: { Authorization: `Bearer ${KEY}` } });
  return { runtime, post, get };
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const run = (more: object = {}): string => JSON.stringify({ language: 'javascript', code: '1', ...more });

describe('a reader of events that does not read', () => {
  test('holds no more than the backlog, then its run is cancelled', () => {
    let left = 0;
    const events = createEventStream(() => (left += 1), { maxBacklogBytes: 10_000 });
    for (let sent = 0; sent < 1_000; sent += 1) events.send('output', { text: '\u0001'.repeat(100) });
    expect(left).toBe(1);
    events.end();
  });

  test('who reads gets more than the backlog', async () => {
    let left = 0;
    const events = createEventStream(() => (left += 1), { maxBacklogBytes: 1_000 });
    const reader = events.response.body?.getReader();
    let bytes = 0;
    for (let sent = 0; sent < 100; sent += 1) {
      events.send('output', { text: 'x'.repeat(500) });
      bytes += (await reader?.read())?.value?.byteLength ?? 0;
    }
    expect(left).toBe(0);
    expect(bytes).toBeGreaterThan(50_000);
  });

  test('a flood of output ends the run', async () => {
    const { runtime, post } = open(async ({ onOutput, signal }) => {
      for (let printed = 0; printed < 100 && signal?.aborted !== true; printed += 1) {
        await nextTurn();
        onOutput?.(chunk('stdout', '\u0001'.repeat(1_000_000)));
      }
      return success();
    });
    const response = await post('/v1/runs', run(), { Accept: 'text/event-stream' });
    await expect.poll(() => runtime.runs[0]?.signal?.aborted).toBe(true);
    await expect(response.text()).rejects.toThrow(/wait to be read/);
  });

  test('of a flood before the reader came the latest is kept, and how much is missing is told', async () => {
    const { post } = open(({ onOutput }) => {
      for (let printed = 0; printed < 100; printed += 1) onOutput?.(chunk('stdout', 'x'.repeat(1_000_000)));
      return success();
    });
    const told = await (await post('/v1/runs', run(), { Accept: 'text/event-stream' })).text();
    expect(told).toContain('event: missed');
    expect(told.length).toBeLessThan(4_000_000);
  });

  test('the outcome does not tell long output again', async () => {
    const text = 'x'.repeat(100_000);
    const { post } = open(({ onOutput }) => {
      onOutput?.(chunk('stdout', text));
      return success({ stdout: text });
    });
    const told = await (await post('/v1/runs', run(), { Accept: 'text/event-stream' })).text();
    expect(told.split('x'.repeat(1_000)).length - 1).toBe(100);
  });
});

describe('readers of events, together', () => {
  test('hold no more than the door allows: the one with most waiting goes', () => {
    const left: string[] = [];
    const backlog = createEventBacklog(50_000);
    const of = (name: string) => createEventStream(() => left.push(name), { backlog });
    const [one, other] = [of('one'), of('other')];
    for (let sent = 0; sent < 10; sent += 1) one.send('output', { text: 'x'.repeat(2_000) });
    for (let sent = 0; sent < 100; sent += 1) {
      if (left.length > 0) break;
      other.send('output', { text: 'x'.repeat(2_000) });
    }
    expect(left).toEqual(['other']);
    // What waited for it is let go: there is room again.
    for (let sent = 0; sent < 10; sent += 1) one.send('output', { text: 'x'.repeat(1_000) });
    expect(left).toEqual(['other']);
  });

  test('what was read waits no more', async () => {
    const left: string[] = [];
    const backlog = createEventBacklog(10_000);
    const events = createEventStream(() => left.push('one'), { backlog });
    const reader = events.response.body?.getReader();
    for (let sent = 0; sent < 50; sent += 1) {
      events.send('output', { text: 'x'.repeat(1_000) });
      await reader?.read();
    }
    events.end();
    expect((await reader?.read())?.done).toBe(true);
    expect(left).toEqual([]);
  });

  test('are no more than a few a run; others are told to come again', async () => {
    const { post, get } = open(never);
    const { id } = (await (await post('/v1/runs', run(), { Prefer: 'respond-async' })).json()) as {
      readonly id: string;
    };
    const statuses: number[] = [];
    for (let reader = 0; reader < 20; reader += 1) statuses.push((await get(`/v1/runs/${id}/events`)).status);
    expect(statuses).toEqual([...Array(16).fill(200), ...Array(4).fill(503)]);
  });

  test('who comes late is told all that is kept in turns', async () => {
    const { post, get } = open(({ onOutput }) => {
      for (let printed = 0; printed < 18; printed += 1) onOutput?.(chunk('stdout', 'x'.repeat(50_000)));
      return success();
    });
    const { id } = (await (await post('/v1/runs', run(), { Prefer: 'respond-async' })).json()) as {
      readonly id: string;
    };
    await nextTurn();
    const { value: text, turns } = await turnsDuring(async () => (await get(`/v1/runs/${id}/events`)).text());
    expect(text.match(/event: output/g)).toHaveLength(18);
    expect(text.indexOf('event: outcome')).toBeGreaterThan(text.lastIndexOf('event: output'));
    expect(turns).toBeGreaterThan(2);
  });
});

describe('weighOutcome()', () => {
  test.each([
    ['empty lists', Array.from({ length: 1_000 }, () => []), 96_000],
    ['empty objects', Array.from({ length: 1_000 }, () => ({})), 96_000],
    ['small numbers', Array.from({ length: 1_000 }, () => 1), 8_000],
    ['texts', Array.from({ length: 1_000 }, () => 'ab'), 32_000],
    ['keys', Object.fromEntries(Array.from({ length: 1_000 }, (_, key) => [`k${key}`, 1])), 32_000],
    ['bytes', Array.from({ length: 1_000 }, () => new Uint8Array(1)), 96_000],
  ])('counts %s as they weigh', (_, value, least) => {
    expect(atOnce(weighOutcome(outcomeToJson(success({ value }))))).toBeGreaterThan(least);
  });

  test('counts output twice a character', () => {
    expect(atOnce(weighOutcome(outcomeToJson(success({ stdout: 'x'.repeat(1_000_000) }))))).toBeGreaterThan(
      2_000_000,
    );
  });
});

describe('bodies', () => {
  test('are bounded in sum while their runs wait', async () => {
    const { runtime, post } = open(never, { maxHeldBytes: 10_000 });
    const large = run({ code: `"${'x'.repeat(6_000)}"` });
    const first = await post('/v1/runs', large, { Prefer: 'respond-async' });
    expect(first.status).toBe(202);
    expect((await post('/v1/runs', large)).status).toBe(503);
    expect((await post('/v1/modules', new Uint8Array(6_000))).status).toBe(503);
    expect(runtime.runs).toHaveLength(1);
  });

  test('are let go with their runs, also with those that were refused', async () => {
    const { post } = open(() => success(), { maxHeldBytes: 10_000 });
    const large = run({ code: `"${'x'.repeat(6_000)}"` });
    for (let sent = 0; sent < 5; sent += 1) expect((await post('/v1/runs', large)).status).toBe(200);
    for (let sent = 0; sent < 5; sent += 1) expect((await post('/v1/runs', `${large}?`)).status).toBe(400);
    for (let sent = 0; sent < 5; sent += 1)
      expect((await post('/v1/modules', new Uint8Array(6_000))).status).toBe(200);
  });
});

describe('limits that a client asks for', () => {
  test('stop at the ceilings of the server, wherever they stand', async () => {
    const ceilings = { timeoutMs: 60_000, outputBytes: 1_000 };
    const { runtime, post } = open(() => success(), { policy: { grant: {}, ceilings } });
    const limits = { timeoutMs: 600_000, outputBytes: 500 };
    await post('/v1/runs', run({ limits, grant: { limits: { timeoutMs: 600_000, fuel: 5 } } }));
    expect(runtime.runs[0]).toMatchObject({
      limits: { timeoutMs: 60_000, outputBytes: 500 },
      grant: { limits: { timeoutMs: 60_000, fuel: 5 } },
    });
  });
});

test('a client that leaves before its request is read is no fault of the server', async () => {
  const faults: unknown[] = [];
  const app = new Hono<DoorEnv>();
  answerErrors(app, (error) => faults.push(error), Date.now);
  app.post('/', () => {
    throw new Error('aborted');
  });
  const left = new AbortController();
  left.abort();
  const ask = (signal?: AbortSignal) => app.request('/', { method: 'POST', ...defined({ signal }) });
  expect((await ask(left.signal)).status).toBe(400);
  expect(faults).toEqual([]);
  expect((await ask()).status).toBe(500);
  expect(faults).toHaveLength(1);
});

test.each([
  ['nests deep', `{"a":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`, 'nested deeper than 1000'],
  ['has very many values', `[${'1,'.repeat(100_001)}1]`, 'more than 100000 values'],
])('a message of MCP that %s is refused before anything reads it in one go', async (_, params, message) => {
  const bodies = { open: () => ({ take: () => undefined, release: () => undefined }) };
  // Whoever speaks the protocol is not there: nothing is to come to it.
  const [, route] = mcpRoutes({ door: {} as never, maxBodyBytes: 8_000_000, bodies: bodies as never });
  const app = new Hono<DoorEnv>();
  app.use((context, next) => {
    context.set('who', { caller: { id: 'someone', permissions: [] } });
    context.set('count', async () => undefined);
    return next();
  });
  mountRoutes(app, route === undefined ? [] : [route]);
  const body = `{"jsonrpc":"2.0","id":1,"method":"x","params":${params}}`;
  const answer = await app.request('/mcp', { method: 'POST', body });
  expect([answer.status, await answer.json()]).toMatchObject([
    400,
    { error: { code: -32700, message: expect.stringContaining(message) } },
  ]);
});
