import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type Outcome, serveBrowser } from '../../runtime/index.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';
import { verifies } from '../support/verifies.ts';

const TOKEN = 't'.repeat(40);

describe('a browser service', verifies('BR-10'), () => {
  let server: Awaited<ReturnType<typeof serveBrowser>>;
  beforeAll(async () => {
    server = await serveBrowser({ token: TOKEN, driver: 'http', maxSessions: 1 });
  });
  afterAll(() => server.close());
  const ask = (path: string, init: RequestInit, token = TOKEN) =>
    fetch(new URL(path, server.url), { headers: { authorization: `Bearer ${token}` }, ...init });
  const proxy = { server: 'http://127.0.0.1:1', username: 'u', password: 'p' };

  test('opens nothing without its token, and reads only what it knows', async () => {
    for (const token of ['', 'x', TOKEN.slice(1), `${TOKEN}t`])
      expect((await ask('/sessions', { method: 'POST', body: '{}' }, token)).status).toBe(401);
    const statuses = [
      ['/', 'POST', '{}'],
      ['/sessions/a/b', 'POST', '{}'],
      ['/sessions', 'GET', undefined],
      ['/sessions', 'POST', 'no json'],
      ['/sessions', 'POST', '[]'],
      ['/sessions', 'POST', '{}'],
      ['/sessions', 'POST', JSON.stringify({ proxy: { server: 1 } })],
      ['/sessions', 'POST', JSON.stringify({ proxy, maxPages: 1000 })],
      ['/sessions', 'POST', 'x'.repeat(3_000_000)],
    ] as const;
    const answers = await Promise.all(
      statuses.map(
        async ([path, method, body]) => (await ask(path, { method, ...defined({ body }) })).status,
      ),
    );
    expect(answers).toEqual([404, 404, 405, 400, 400, 400, 400, 400, 413]);
  });

  test('has so many sessions and no more, and forgets those that ended', async () => {
    const open = () => ask('/sessions', { method: 'POST', body: JSON.stringify({ proxy, maxPages: 1 }) });
    const { id } = (await (await open()).json()) as { id: string };
    expect(await (await open()).json()).toMatchObject({ error: { reason: 'busy' } });
    const act = (body: object) => ask(`/sessions/${id}`, { method: 'POST', body: JSON.stringify(body) });
    expect((await act({ verb: 'snapshot', args: {}, timeoutMs: 0, origins: [] })).status).toBe(400);
    expect((await act({ verb: 'snapshot', args: {}, timeoutMs: 9, origins: [1] })).status).toBe(400);
    expect(
      await (await act({ verb: 'snapshot', args: {}, timeoutMs: 900, origins: [] })).json(),
    ).toMatchObject({
      error: { reason: 'no-page' },
    });
    expect((await ask(`/sessions/${id}`, { method: 'DELETE' })).status).toBe(200);
    expect(await (await act({ verb: 'snapshot', args: {}, timeoutMs: 9, origins: [] })).json()).toMatchObject(
      {
        error: { reason: 'closed' },
      },
    );
  });

  test.each([
    [{ token: 'short' }, 'token is not a text of 32'],
    [{ token: TOKEN, driver: 'remote' }, 'the driver remote is for those who use it'],
    [{ token: TOKEN, port: 70_000 }, 'port'],
    [{ token: TOKEN, host: 'a b' }, 'host is not an address'],
    [{ token: TOKEN, tokn: 1 }, 'tokn'],
  ])('%j is refused', async (options, reason) => {
    await expect(async () => serveBrowser(options as never)).rejects.toThrow(reason);
  });
});

describe('what does not answer as a service', verifies('BR-10'), () => {
  let answer: (path: string) => readonly [status: number, body: string] = () => [200, '{}'];
  let fake: Server;
  let url = '';
  beforeAll(async () => {
    fake = createServer((request, response) => {
      request.resume();
      const [status, body] = answer(request.url ?? '');
      response.writeHead(status).end(body);
    });
    await new Promise<void>((resolve) => fake.listen(0, '127.0.0.1', resolve));
    const address = fake.address();
    url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  });
  afterAll(() => {
    fake.closeAllConnections();
    fake.close();
  });
  const navigate = async (): Promise<Outcome> => {
    await using runtime = createRuntime({
      level: 'minimal',
      browser: { driver: 'remote', url, token: TOKEN },
    });
    return await runtime.run({
      language: 'javascript',
      code: `await sandglass.browser.navigate('http://127.0.0.1:9/')`,
      grant: { browser: { origins: ['http://127.0.0.1:9'] } },
      limits: { timeoutMs: 120_000 },
    });
  };
  const opened = (then: readonly [number, string]) => (path: string) =>
    path === '/sessions' ? ([200, '{"id":"a"}'] as const) : then;

  test.each<readonly [string, (path: string) => readonly [number, string], string]>([
    ['no session', () => [200, '{"id":"../../x"}'], 'failed'],
    ['no JSON', () => [200, 'welcome'], 'failed'],
    ['an error of its own', () => [500, '{"error":{"reason":"failed","message":"x"}}'], 'failed'],
    ['an error of no kind', () => [500, '{"error":{"reason":"INTERNAL","message":"x"}}'], 'failed'],
    ['an answer that is none', opened([200, '[1]']), 'failed'],
    ['bytes that are none', opened([200, '{"bytes":1}']), 'failed'],
    ['a refusal', opened([422, '{"error":{"reason":"no-element","message":"none"}}']), 'no-element'],
    ['a redirect', () => [302, ''], ''],
  ])('%s is a failed call with its reason', async (_name, answers, reason) => {
    answer = answers;
    const outcome = await navigate();
    expect(outcome).toMatchObject({
      ok: false,
      error: reason === '' ? { code: 'UNSUPPORTED' } : { code: 'HOST_CALL_FAILED', details: { reason } },
    });
  });

  test('a page that it says to be elsewhere is not shown', async () => {
    answer = opened([
      200,
      '{"value":{"url":"http://evil.example/","title":"x","status":200,"content":"secret"},"url":"http://evil.example/","stayed":[]}',
    ]);
    const outcome = await navigate();
    expect(outcome).toMatchObject({ ok: false, error: { code: 'CAPABILITY_DENIED' } });
    expect(JSON.stringify(outcome)).not.toContain('secret');
  });
});
