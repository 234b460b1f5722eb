import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readProviders } from '../../runtime/auth/providers.ts';
import { createSealer } from '../../runtime/auth/sealer.ts';
import { createSignIns, type SignIns } from '../../runtime/auth/sign-ins.ts';
import { createHttpApp } from '../../runtime/doors/http/app.ts';
import { createModuleStore } from '../../runtime/doors/http/module-store.ts';
import { createRuntime } from '../../runtime/index.ts';
import { createInProcessScheduler } from '../../runtime/work/in-process.ts';
import { type Issuer, startIssuer } from '../support/oidc.ts';
import { verifies } from '../support/verifies.ts';

const SECRET = 'secret-of-sandglass';
const REDIRECT = 'http://127.0.0.1:4280/v1/auth/callback';

let provider: Issuer;
/** The service that tools act at: it shows who came, and sends the token back, as a hostile one may. */
const came: string[] = [];
const service = createServer((request, response) => {
  came.push(request.headers.authorization ?? '');
  response.end(`you sent ${request.headers.authorization}`);
});
let origin = '';

beforeAll(async () => {
  service.listen(0, '127.0.0.1');
  await once(service, 'listening');
  origin = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
  provider = await startIssuer(origin);
});
afterAll(async () => {
  await provider.close();
  service.closeAllConnections();
  service.close();
});

async function open() {
  let now = Date.now();
  const stored = new Map<string, string>();
  const store = {
    get: async (key: string) => stored.get(key),
    set: async (key: string, sealed: string | undefined) => {
      if (sealed === undefined) stored.delete(key);
      else stored.set(key, sealed);
    },
  };
  const providers = readProviders(
    {
      redirect: REDIRECT,
      providers: [
        {
          name: 'local',
          issuer: provider.url,
          clientId: 'sandglass',
          clientSecret: 'LOCAL_SECRET',
          scopes: ['read', 'write'],
          resource: origin,
        },
      ],
    },
    { LOCAL_SECRET: SECRET },
  );
  const under = async (...secrets: [string, ...string[]]): Promise<SignIns> =>
    createSignIns({
      providers,
      store,
      sealer: await createSealer(secrets, 'tokens'),
      fetch: (url, init) => fetch(url, init),
      now: () => now,
    });
  const signIns = await under('x'.repeat(32));
  const runtime = createRuntime({
    level: 'standard',
    secrets: { ...signIns.secrets },
    policy: {
      http: [
        { origin, methods: ['GET'], secret: 'local.read' },
        { origin, methods: ['POST'], secret: 'local.write' },
      ],
    },
  });
  const app = createHttpApp({
    runtime,
    signIns,
    scheduler: createInProcessScheduler(),
    modules: createModuleStore({ inspect: () => ({ kind: 'module', exports: [] }) }),
    key: 'key',
    holderOf: async (id) =>
      id === 'ana' || id === 'bob'
        ? { caller: { id, permissions: ['*'] }, tools: undefined, rate: undefined }
        : undefined,
  });
  const send = async (key: string, path: string, body?: unknown, method = 'POST') => {
    const response = await app.request(`http://localhost${path}`, {
      method: body === undefined && method === 'POST' ? 'GET' : method,
      headers: { authorization: `Bearer ${key}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, text, body: JSON.parse(text) };
  };
  const act = (key: string, method = 'GET') =>
    send(key, '/v1/runs', {
      language: 'js',
      code: `const answer = await fetch('${origin}/x', { method: '${method}' }); const text = await answer.text();
        JSON.stringify([text, [...answer.headers], Object.keys(globalThis), process.env])`,
      grant: {
        http: [{ origin, methods: [method], secret: method === 'GET' ? 'local.read' : 'local.write' }],
      },
    });
  const signIn = async (key: string, scopes: string[]) => {
    const started = await send(key, '/v1/auth/start', { provider: 'local', scopes });
    const answer = await provider.signIn(started.body.url, key);
    return {
      started,
      answer,
      finished: await send(key, '/v1/auth/finish', { flow: started.body.flow, answer }),
    };
  };
  return {
    app,
    send,
    act,
    signIn,
    stored,
    under,
    pass: (ms: number) => {
      now += ms;
    },
    [Symbol.asyncDispose]: () => runtime.close(),
  };
}

describe('sign-ins at a real provider', verifies('AU-01', 'AU-02', 'AU-03', 'AU-04', 'AU-05'), () => {
  test('start: the URL has client, redirect, scope, state and challenge; no secret is in any JSON', async () => {
    await using door = await open();
    const { body, text } = await door.send('ana', '/v1/auth/start', { provider: 'local' });
    const query = Object.fromEntries(new URL(body.url).searchParams);
    expect(query).toMatchObject({
      client_id: 'sandglass',
      redirect_uri: REDIRECT,
      scope: 'read write',
      response_type: 'code',
      code_challenge_method: 'S256',
      state: body.state,
    });
    expect(query.code_challenge).toMatch(/^[\w-]{43}$/);
    expect(text).not.toContain(SECRET);
    const again = await door.send('ana', '/v1/auth/start', { provider: 'local' });
    expect(again.body.flow).not.toBe(body.flow);
    expect(again.body.state).not.toBe(body.state);
  });

  test('finish: tools act for the user; guest, answers and store never show the token', async () => {
    await using door = await open();
    const nobody = await door.act('ana');
    expect([nobody.status, nobody.body.error?.code, came.length]).toEqual([401, 'UNAUTHENTICATED', 0]);
    const { finished } = await door.signIn('ana', ['read']);
    expect([finished.status, finished.body]).toEqual([200, { provider: 'local', scopes: ['read'] }]);
    const requests = provider.tokenRequests();
    const acted = [await door.act('ana'), await door.act('ana')];
    const token = came.at(-1)?.slice('Bearer '.length) ?? '';
    expect(token.split('.')).toHaveLength(3);
    expect(came).toEqual([`Bearer ${token}`, `Bearer ${token}`]);
    for (const { status, text } of acted) {
      expect(status).toBe(200);
      expect(text).not.toContain(token);
      expect(text).not.toContain(token.slice(-20));
    }
    expect(provider.tokenRequests()).toBe(requests);
    expect(JSON.stringify([...door.stored])).not.toContain(token.slice(-20));
    expect((await door.act('bob')).body.error.code).toBe('UNAUTHENTICATED');
    expect((await door.act('key')).body.error.code).toBe('UNAUTHENTICATED');
    expect(came).toHaveLength(2);
  });

  test('a user who granted read cannot write until that is granted too', async () => {
    await using door = await open();
    await door.signIn('ana', ['read']);
    const before = came.length;
    const refused = await door.act('ana', 'POST');
    expect([refused.status, refused.body.error.code]).toEqual([403, 'CAPABILITY_DENIED']);
    expect(came).toHaveLength(before);
    await door.signIn('ana', ['read', 'write']);
    expect((await door.act('ana', 'POST')).body.ok).toBe(true);
    expect(came).toHaveLength(before + 1);
  });

  test('a token that is over is refreshed once for all that wait', async () => {
    await using door = await open();
    await door.signIn('ana', ['read']);
    const before = provider.tokenRequests();
    door.pass(599_000);
    const acted = await Promise.all(Array.from({ length: 5 }, () => door.act('ana')));
    expect(acted.map(({ body }) => body.ok)).toEqual([true, true, true, true, true]);
    expect(provider.tokenRequests()).toBe(before + 1);
  });

  test('a flow is of its user, holds once and for ten minutes, and under its own secret', async () => {
    await using door = await open();
    const { started, answer } = await door.signIn('ana', ['read']);
    const finish = async (key: string, flow: string, with_: string) => {
      const { status, body } = await door.send(key, '/v1/auth/finish', { flow, answer: with_ });
      return [status, body.error?.code];
    };
    const refused = [401, 'UNAUTHENTICATED'];
    expect(await finish('ana', started.body.flow, answer)).toEqual(refused);
    const next = await door.send('ana', '/v1/auth/start', { provider: 'local', scopes: ['read'] });
    const fresh = await provider.signIn(next.body.url, 'ana');
    const requests = provider.tokenRequests();
    expect(await finish('bob', next.body.flow, fresh)).toEqual(refused);
    expect(await finish('ana', 'unknown', fresh)).toEqual(refused);
    const other = await door.under('y'.repeat(32));
    await expect(other.finish('ana', next.body.flow, fresh)).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    });
    // Of another flow, another state, without a code, of another issuer: no request goes out.
    for (const wrong of [answer, fresh.replace(/state=[^&]+/, 'state=x'), 'code=x', 'error=access_denied'])
      expect(
        await finish(
          'ana',
          (await door.send('ana', '/v1/auth/start', { provider: 'local' })).body.flow,
          wrong,
        ),
      ).toEqual(refused);
    expect(provider.tokenRequests()).toBe(requests);
    door.pass(600_000);
    expect(await finish('ana', next.body.flow, fresh)).toEqual(refused);
  });

  test('a replaced secret still opens tokens, which are then sealed anew; without it they are gone', async () => {
    await using door = await open();
    await door.signIn('ana', ['read']);
    const sealed = [...door.stored.values()];
    const both = await door.under('y'.repeat(32), 'x'.repeat(32));
    expect(await both.token('ana', 'local', 'read')).toContain('.');
    expect([...door.stored.values()]).not.toEqual(sealed);
    const second = await door.under('y'.repeat(32));
    expect(await second.token('ana', 'local')).toContain('.');
    const third = await door.under('z'.repeat(32));
    await expect(third.token('ana', 'local')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('signing out forgets the tokens; the callback shows what to hand on, and nothing as markup', async () => {
    await using door = await open();
    await door.signIn('ana', ['read']);
    expect((await door.send('ana', '/v1/auth')).body).toEqual({
      providers: ['local'],
      signIns: [{ provider: 'local', scopes: ['read'] }],
    });
    expect((await door.send('bob', '/v1/auth')).body.signIns).toEqual([]);
    expect((await door.send('ana', '/v1/auth/local', undefined, 'DELETE')).body).toEqual({ signedOut: true });
    expect((await door.act('ana')).body.error.code).toBe('UNAUTHENTICATED');
    const page = await door.app.request(
      'http://localhost/v1/auth/callback?code=a&state="><script>alert(1)</script>',
    );
    const html = await page.text();
    expect([page.status, html.includes('<script')]).toEqual([200, false]);
    expect(html).toContain('code=a&amp;state=');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    const failed = await door.app.request('http://localhost/v1/auth/callback?error=access_denied');
    expect(await failed.text()).toContain('Not signed in');
  });

  test.each<[unknown, string]>([
    [{ provider: 'other' }, 'there is no provider "other"'],
    [{ provider: 'local', scopes: ['admin'] }, 'is not one of local'],
    [{ provider: 'local', scopes: 'read' }, 'is not a list of texts'],
    [{ provider: ['local'] }, 'is not a text'],
    [['local'], 'not a JSON object'],
  ])('start refuses %j', async (body, message) => {
    await using door = await open();
    const answer = await door.send('ana', '/v1/auth/start', body);
    expect([answer.status, answer.body.error.message]).toEqual([400, expect.stringContaining(message)]);
  });
});

describe('readProviders()', () => {
  const one = { name: 'a', issuer: 'https://a.example', clientId: 'c' };
  test.each<[object, string]>([
    [{ ...one, clientSecret: 'the-secret-itself' }, 'does not name a variable'],
    [{ ...one, clientSecret: 'UNSET' }, 'does not name a variable'],
    [{ ...one, issuer: 'http://a.example' }, 'is not https'],
    [{ ...one, token: 'https://a.example/token' }, 'both "authorization" and "token"'],
    [{ ...one, clientid: 'x' }, 'did you mean "clientId"'],
  ])('refuses %j', (provider, message) => {
    const read = (): unknown => readProviders({ redirect: REDIRECT, providers: [provider] }, {});
    expect(read).toThrow(message);
    expect(read).not.toThrow('the-secret-itself');
  });
});
