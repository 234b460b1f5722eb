import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import { KEY, type ServedDoor, serveDoor } from '../support/mcp-clients.ts';
import { verifies } from '../support/verifies.ts';

let door: ServedDoor;
beforeAll(async () => {
  door = await serveDoor({ limits: { fuel: Number.MAX_SAFE_INTEGER } }, { holderOf });
  const { tools } = door.runtime;
  const tool = (name: string, code: string, more: object = {}): void =>
    void tools.register({ name, description: `The tool ${name}`, ...more }, { language: 'js', code });
  tool('double', `export const run = ({ n }) => { console.log('doubling'); return 2 * n }`, {
    input: { n: { type: 'number' } },
  });
  tool('fail', `export const run = () => { throw new RangeError('no good') }`);
  tool('spin', `export const run = () => { console.log('spinning'); for (;;) {} }`);
  tool('long', `export const run = () => 'x'.repeat(5000)`, { text: { maxChars: 100 } });
  tool(
    'steps',
    `export const run = () => { sandglass.progress(0.25, 'a quarter'); sandglass.progress(1); return 'done' }`,
  );
  tools.register({ name: 'trusted', description: 'Tells how far it is', input: {} }, {
    trusted: true,
    run: (_args: unknown, context: { progress(share: number, message?: string): void }) => {
      context.progress(0.5, 'half');
      return 'done';
    },
  } as never);
  tool('wipe', `export const run = () => 'wiped'`, { dangerous: true });
});
afterAll(() => door[Symbol.asyncDispose]());

/** Two callers beside whoever runs the server. */
const holderOf = async (key: string) =>
  key === 'alice' || key === 'bob'
    ? {
        caller: { id: key, permissions: ['*'] },
        tools: key === 'bob' ? ['dou*'] : undefined,
        rate: undefined,
      }
    : undefined;

interface Sent {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: bodies of a server, looked at by expectations
  readonly body: any;
}

async function send(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Sent> {
  const response = await fetch(new URL(path, door.url), {
    method,
    headers: { Authorization: `Bearer ${KEY}`, ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: response.headers.get('content-type')?.startsWith('application/json') ? JSON.parse(text) : text,
  };
}

const eventsOf = (text: string): readonly string[] =>
  text.split('\n\n').flatMap((block) => /^event: (.*)$/m.exec(block)?.[1] ?? []);

describe('tools over HTTP', verifies('DX-03'), () => {
  test('lists them in pages, finds and tells about them', async () => {
    const first = await send('GET', '/v1/tools?limit=2');
    expect(first.body.tools.map(({ name }: { name: string }) => name)).toEqual(['double', 'fail']);
    const second = await send('GET', `/v1/tools?limit=10&cursor=${first.body.next}`);
    expect(second.body.tools.map(({ name }: { name: string }) => name)).toEqual([
      'long',
      'spin',
      'steps',
      'trusted',
      'wipe',
    ]);
    expect(second.body).not.toHaveProperty('next');
    expect(first.body.tools[0]).not.toHaveProperty('path');
    expect((await send('GET', '/v1/tools/double')).body).toMatchObject({ name: 'double', dangerous: false });
    expect((await send('GET', '/v1/tools/nope')).body.error.code).toBe('TOOL_NOT_FOUND');
    expect((await send('GET', '/v1/tool-search?query=double')).body.tools[0]).toMatchObject({
      name: 'double',
    });
    for (const query of ['limit=0', 'limit=x', 'cursor=zzz', 'limit=501'])
      expect((await send('GET', `/v1/tools?${query}`)).status).toBe(400);
  });

  test('an error has what helps to mend it, and no value', verifies('ER-02'), async () => {
    const { status, body } = await send('POST', '/v1/tools/double/call', { args: {} });
    expect(status).toBe(400);
    expect(Object.keys(body)).toEqual(['ok', 'error']);
    expect(Object.keys(body.error).sort()).toEqual(
      ['code', 'details', 'hint', 'message', 'retryable', 'runId', 'time', 'tool'].sort(),
    );
    expect(body.error).toMatchObject({ code: 'INPUT_INVALID', tool: 'double', retryable: false });
    expect(String(new SandglassError('INPUT_INVALID', 'why'))).toBe('why');
  });

  test('calls one: the outcome, or why there is none', async () => {
    const call = (name: string, body: unknown) => send('POST', `/v1/tools/${name}/call`, body);
    expect(await call('double', { args: { n: 4 } })).toMatchObject({
      status: 200,
      body: { ok: true, value: 8, tool: 'double', stdout: 'doubling\n' },
    });
    expect(await call('fail', {})).toMatchObject({
      status: 200,
      body: { ok: false, error: { code: 'GUEST_THREW' } },
    });
    const missing = await call('double', {});
    expect(missing.status).toBe(400);
    expect(Object.keys(missing.body)).toEqual(['ok', 'error']);
    expect(Object.keys(missing.body.error).sort()).toEqual(
      ['code', 'details', 'hint', 'message', 'retryable', 'runId', 'time', 'tool'].sort(),
    );
    expect(await call('nope', {})).toMatchObject({
      status: 404,
      body: { error: { code: 'TOOL_NOT_FOUND' } },
    });
    expect(await call('wipe', {})).toMatchObject({
      status: 403,
      body: { error: { code: 'CONFIRMATION_REQUIRED' } },
    });
    expect(await call('wipe', { confirm: true })).toMatchObject({ status: 200, body: { value: 'wiped' } });
    expect(await call('double', { args: { n: 1 }, coercion: 1 })).toMatchObject({
      status: 400,
      body: { error: { message: expect.stringContaining('unknown field') } },
    });
  });

  test('calls several at once', async () => {
    const { status, body } = await send('POST', '/v1/calls', {
      calls: [{ tool: 'double', args: { n: 1 } }, { tool: 'nope' }, { tool: 'double', args: { n: 3 } }],
    });
    expect(status).toBe(200);
    expect(body.outcomes).toMatchObject([
      { ok: true, value: 2 },
      { ok: false, error: { code: 'TOOL_NOT_FOUND' } },
      { ok: true, value: 6 },
    ]);
    expect((await send('POST', '/v1/calls', { calls: [] })).status).toBe(400);
  });

  test('streams a call, and tells late readers from the start', verifies('MC-11'), async () => {
    const streamed = await send(
      'POST',
      '/v1/tools/double/call',
      { args: { n: 2 } },
      { Accept: 'text/event-stream' },
    );
    const events = ['run', 'progress', 'output', 'outcome'];
    expect(eventsOf(streamed.body)).toEqual(events);
    const id = streamed.headers.get('x-run-id');
    expect(eventsOf((await send('GET', `/v1/runs/${id}/events`)).body)).toEqual(events);
    expect(
      eventsOf((await send('GET', `/v1/runs/${id}/events`, undefined, { 'Last-Event-ID': '1' })).body),
    ).toEqual(['run', 'output', 'outcome']);
    expect((await send('GET', '/v1/runs?limit=1')).body.runs).toMatchObject([
      { id, tool: 'double', state: 'done', ok: true },
    ]);
  });

  test.each([
    [
      'steps',
      [
        { step: 'a quarter', progress: 0.25, total: 1 },
        { step: 'steps', progress: 1, total: 1 },
      ],
    ],
    ['trusted', [{ step: 'half', progress: 0.5, total: 1 }]],
  ])('streams how far the tool is by its own word: %s', verifies('MC-11', 'RG-26'), async (name, told) => {
    const { body } = await send('POST', `/v1/tools/${name}/call`, {}, { Accept: 'text/event-stream' });
    const steps = String(body)
      .split('\n\n')
      .filter((block) => /^event: progress$/m.test(block))
      .map((block) => JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? 'null'))
      .filter(({ progress }) => progress !== undefined);
    expect(steps).toEqual(told);
  });

  test('keeps whole results as artifacts of whoever called', async () => {
    const { body } = await send('POST', '/v1/tools/long/call', {}, { Authorization: 'Bearer alice' });
    const path = `/v1/artifacts/${body.artifact}?offset=4990&length=100`;
    expect((await send('GET', path, undefined, { Authorization: 'Bearer alice' })).body).toMatchObject({
      text: 'x'.repeat(10),
      offset: 4990,
      total: 5000,
    });
    expect((await send('GET', path, undefined, { Authorization: 'Bearer bob' })).status).toBe(404);
  });

  test('a call that is sent again with its key is done once', async () => {
    const headers = { 'Idempotency-Key': 'one', Prefer: 'respond-async' };
    const first = await send('POST', '/v1/tools/double/call', { args: { n: 5 } }, headers);
    const again = await send('POST', '/v1/tools/double/call', { args: { n: 5 } }, headers);
    expect([first.status, again.status, again.body.id]).toEqual([202, 202, first.body.id]);
    expect([first.headers.get('idempotency-replayed'), again.headers.get('idempotency-replayed')]).toEqual([
      null,
      'true',
    ]);
    expect((await send('POST', '/v1/tools/double/call', { args: { n: 6 } }, headers)).status).toBe(422);
    expect(
      (await send('POST', '/v1/runs', { language: 'js', code: '1' }, { 'Idempotency-Key': 'one' })).status,
    ).toBe(200);
    expect(
      (await send('POST', '/v1/runs', { language: 'js', code: '1' }, { 'Idempotency-Key': 'a b' })).status,
    ).toBe(400);
  });

  test('cancels a call', async () => {
    const { body } = await send('POST', '/v1/tools/spin/call', {}, { Prefer: 'respond-async' });
    expect((await send('DELETE', `/v1/runs/${body.id}`)).body).toMatchObject({
      state: 'done',
      outcome: { error: { code: 'CANCELLED' } },
    });
  });
});

describe('keys of callers', verifies('AU-06'), () => {
  const as = (key: string) => ({ Authorization: `Bearer ${key}` });

  test('see and call the tools that they are for', async () => {
    const { body } = await send('GET', '/v1/tools', undefined, as('bob'));
    expect(body.tools.map(({ name }: { name: string }) => name)).toEqual(['double']);
    expect((await send('GET', '/v1/tools/fail', undefined, as('bob'))).status).toBe(404);
    expect(await send('POST', '/v1/tools/fail/call', {}, as('bob'))).toMatchObject({
      status: 403,
      body: { error: { code: 'CAPABILITY_DENIED' } },
    });
    expect(
      (await send('POST', '/v1/calls', { calls: [{ tool: 'fail' }] }, as('bob'))).body.outcomes,
    ).toMatchObject([{ ok: false, error: { code: 'CAPABILITY_DENIED' } }]);
    expect((await send('GET', '/v1/tools', undefined, as('eve'))).headers.get('www-authenticate')).toBe(
      'Bearer',
    );
  });

  test('see their own runs only', async () => {
    const mine = await send('POST', '/v1/runs', { language: 'js', code: '1' }, as('alice'));
    const path = `/v1/runs/${mine.body.meta.runId}`;
    expect((await send('GET', path, undefined, as('alice'))).status).toBe(200);
    expect((await send('GET', path, undefined, as('bob'))).status).toBe(404);
    expect((await send('GET', `${path}/events`, undefined, as('bob'))).status).toBe(404);
    expect((await send('DELETE', path, undefined, as('bob'))).status).toBe(404);
    expect((await send('GET', path)).status).toBe(200);
    const { body } = await send('GET', '/v1/runs', undefined, as('bob'));
    expect(body.runs).toEqual([]);
  });
});

test('another method of a path is 405, with those that there are', async () => {
  expect(await send('PUT', '/v1/runs')).toMatchObject({
    status: 405,
    body: { error: { code: 'INPUT_INVALID' } },
  });
  expect((await send('PUT', '/v1/runs')).headers.get('allow')).toBe('POST, GET');
});

test('counts calls, and says when to come back', verifies('AU-07', 'AU-08'), async () => {
  let now = 0;
  await using limited = await serveDoor(
    {},
    { rate: { calls: 2, perMs: 60_000 }, holderOf, monotonic: () => now },
  );
  const run = (key: string) =>
    fetch(new URL('/v1/runs', limited.url), {
      method: 'POST',
      headers: { Authorization: `Bearer ${key}` },
      body: JSON.stringify({ language: 'js', code: '1' }),
    });
  const first = await run('alice');
  expect([first.status, first.headers.get('ratelimit'), first.headers.get('ratelimit-policy')]).toEqual([
    200,
    '"calls";r=1;t=0',
    '"calls";q=2;w=60',
  ]);
  now = 1_000;
  expect((await run('alice')).status).toBe(200);
  const third = await run('alice');
  expect([third.status, third.headers.get('retry-after')]).toEqual([429, '59']);
  expect(await third.json()).toMatchObject({
    error: { code: 'RATE_LIMITED', details: { retryAfterMs: 59_000 } },
  });
  expect((await run('bob')).status).toBe(200);
  now = 60_000;
  expect((await run('alice')).status).toBe(200);
});
