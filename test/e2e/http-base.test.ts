import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHttpApp } from '../../runtime/doors/http/app.ts';
import { createModuleStore } from '../../runtime/doors/http/module-store.ts';
import { createRuntime, type Grant, type Runtime } from '../../runtime/index.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';
import { createInProcessScheduler } from '../../runtime/work/in-process.ts';
import { probeGuest } from '../guests/component/build.ts';
import { runCli } from '../support/command-line.ts';
import { startServer, type TestServer } from '../support/http-harness.ts';
import { verifies } from '../support/verifies.ts';

verifies('HT-02');

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
const ITEM = { name: 'a', value: 1 };
let runtime: Runtime;
let server: TestServer;
let probe: Uint8Array;
beforeAll(async () => {
  runtime = createRuntime({ secrets: { key: { kind: 'bearer', token: 'canary-0123456789' } } });
  probe = await probeGuest();
  server = await startServer((request, response) => {
    const status = request.method === 'POST' ? 201 : 200;
    response.writeHead(status, { 'content-type': 'application/json', 'x-of': 'server' });
    response.end(JSON.stringify({ id: 7 }));
  });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await runtime.close();
});

/** What the server saw since it was last asked. */
const seen = (): readonly (readonly unknown[])[] =>
  server.seen
    .splice(0)
    .map(({ method, url, headers, body }) => [
      method,
      url,
      headers['content-type'],
      body === '' ? undefined : JSON.parse(body),
    ]);
const based = (base?: string, more: object = {}): Grant => ({
  http: [{ origin: server.origin, methods: METHODS, ...defined({ base }), ...more }],
});

/** One request of each kind, with the status, a header and the parsed data of each answer. */
const JAVASCRIPT = `const json = { 'content-type': 'application/json' };
  const seen = [];
  const take = async (answer) => seen.push([answer.status, answer.headers.get('x-of'), (await answer.json()).id, new URL(answer.url).pathname]);
  await take(await fetch('items/7?' + new URLSearchParams({ include: 'owner' })));
  await take(await fetch(new Request('items', { method: 'POST', headers: json, body: JSON.stringify({ name: 'a', value: 1 }) })));
  for (const method of ['PUT', 'PATCH', 'DELETE']) await take(await fetch('./items/7', { method, headers: json, body: JSON.stringify({ name: 'a', value: 1 }) }));
  export default seen;`;
const REQUESTS = `import urllib.parse
seen = []
def take(answer):
    seen.append([answer.status_code, answer.headers['X-Of'], answer.json()['id'], urllib.parse.urlsplit(str(answer.url)).path])
item = {'name': 'a', 'value': 1}
take(client.get('items/7', params={'include': 'owner'}))
take(client.post('items', json=item))
take(client.put('items/7', json=item))
take(client.patch('items/7', json=item))
take(client.request('DELETE', './items/7', json=item))
seen`;
const URLLIB = `import json, urllib.parse, urllib.request
seen = []
def ask(method, url, item=None):
    data = None if item is None else json.dumps(item).encode()
    asked = urllib.request.Request(url, data, {'Content-Type': 'application/json'} if item else {}, method=method)
    with urllib.request.urlopen(asked) as answer:
        seen.append([answer.status, answer.headers['X-Of'], json.load(answer)['id'], urllib.parse.urlsplit(answer.url).path])
item = {'name': 'a', 'value': 1}
ask('GET', 'items/7?' + urllib.parse.urlencode({'include': 'owner'}))
ask('POST', 'items', item)
for method in ['PUT', 'PATCH', 'DELETE']:
    ask(method, './items/7', item)
seen`;
const PYFETCH = `import json, urllib.parse
from pyodide.http import pyfetch
seen = []
async def ask(method, url, item=None):
    more = {} if item is None else {'body': json.dumps(item), 'headers': {'Content-Type': 'application/json'}}
    answer = await pyfetch(url, method=method, **more)
    seen.append([answer.status, answer.headers['x-of'], (await answer.json())['id'], urllib.parse.urlsplit(answer.url).path])
item = {'name': 'a', 'value': 1}
await ask('GET', 'items/7?' + urllib.parse.urlencode({'include': 'owner'}))
await ask('POST', 'items', item)
for method in ['PUT', 'PATCH', 'DELETE']:
    await ask(method, './items/7', item)
seen`;

describe('a URL that is relative to the base of the grant', () => {
  test.each([
    ['fetch', 'javascript', JAVASCRIPT],
    ['urllib', 'python', URLLIB],
    ['requests', 'python', `import requests as client\n${REQUESTS}`],
    ['httpx', 'python', `import httpx as client\n${REQUESTS}`],
    ['pyfetch', 'python', PYFETCH],
  ])(
    'is resolved by %s; queries, JSON bodies and answers are what they are elsewhere',
    async (_, language, code) => {
      const outcome = await runtime.run({ language, code, grant: based('/v1/') });
      expect(outcome).toMatchObject({
        ok: true,
        value: [
          [200, 'server', 7, '/v1/items/7'],
          [201, 'server', 7, '/v1/items'],
          [200, 'server', 7, '/v1/items/7'],
          [200, 'server', 7, '/v1/items/7'],
          [200, 'server', 7, '/v1/items/7'],
        ],
        usage: { hostCalls: { http: 5 } },
      });
      expect(seen()).toEqual([
        ['GET', '/v1/items/7?include=owner', undefined, undefined],
        ['POST', '/v1/items', 'application/json', ITEM],
        ['PUT', '/v1/items/7', 'application/json', ITEM],
        ['PATCH', '/v1/items/7', 'application/json', ITEM],
        ['DELETE', '/v1/items/7', 'application/json', ITEM],
      ]);
    },
  );

  test('is resolved for a component, whose methods, bodies and answers are the same', async () => {
    const headers = [['content-type', 'application/json']];
    for (const [method, url] of [
      ['GET', 'items/7?include=owner'],
      ['POST', 'items'],
      ['PUT', '/items/7'],
      ['PATCH', '../items'],
      ['DELETE', '?all'],
    ] as const) {
      const request = {
        url,
        method,
        ...(method === 'GET' ? {} : { headers, body: [...Buffer.from(JSON.stringify(ITEM))] }),
      };
      expect(
        await runtime.run({ module: probe, inputs: { step: 'fetch', request }, grant: based('/v1/') }),
      ).toMatchObject({ ok: true });
    }
    expect(seen()).toEqual([
      ['GET', '/v1/items/7?include=owner', undefined, undefined],
      ['POST', '/v1/items', 'application/json', ITEM],
      ['PUT', '/items/7', 'application/json', ITEM],
      ['PATCH', '/items', 'application/json', ITEM],
      ['DELETE', '/v1/?all', 'application/json', ITEM],
    ]);
  });

  test('a Request tells the whole URL before it is sent', async () => {
    const code =
      "export default [new Request('items/7#part').url, new Request('/').url, new Request('https://a.com/x').url];";
    const outcome = await runtime.run({ language: 'javascript', code, grant: based('/v1/') });
    expect(outcome.ok ? outcome.value : outcome).toEqual([
      `${server.origin}/v1/items/7#part`,
      `${server.origin}/`,
      'https://a.com/x',
    ]);
  });

  const ask = (url: string) =>
    [
      { language: 'javascript', code: `await fetch(${JSON.stringify(url)})` },
      { language: 'python', code: `import urllib.request\nurllib.request.urlopen(${JSON.stringify(url)})` },
      { language: 'python', code: `import requests\nrequests.get(${JSON.stringify(url)})` },
      { module: probe, inputs: { step: 'fetch', request: { url, method: 'GET' } } },
    ] as const;

  test.each([
    '../admin',
    '/admin',
    '..\\admin',
    '%2e%2e/admin',
    './%2e%2e/admin',
    '//127.0.0.1:1/v1/',
    'http://127.0.0.1:1/v1/x',
  ])('%s is checked as the whole URL that comes of it, and no server hears of it', async (url) => {
    await using other = await startServer();
    const target = url.replaceAll(':1/', `:${other.port}/`);
    for (const guest of ask(target)) {
      const outcome = await runtime.run({
        ...guest,
        grant: based('/v1/', { paths: ['/v1/**'], secret: 'key' }),
      });
      expect(outcome).toMatchObject({
        ok: false,
        error: { code: 'CAPABILITY_DENIED', details: { capability: 'http' } },
      });
      expect(JSON.stringify(outcome)).not.toContain('canary');
    }
    expect(seen()).toEqual([]);
    expect(other.connections).toBe(0);
  });

  test('without a base is an error that says so, and no server hears of it', async () => {
    for (const guest of ask('items/7')) {
      const outcome = await runtime.run({ ...guest, grant: based() });
      expect(outcome.ok).toBe(false);
      const { message, details } = outcome.ok ? { message: '', details: {} } : outcome.error;
      expect(`${message} ${JSON.stringify(details)}`).toMatch(
        /(no|not an) absolute URL, and no entry of the (http )?grant has a base/,
      );
    }
    expect(seen()).toEqual([]);
  });

  test.each([
    ['javascript', "fetch.base = Request.base = 'http://127.0.0.1:1/'; 0", "(await fetch('x')).status"],
    [
      'python',
      "import _sandglass_http\n_sandglass_http.set_base('http://127.0.0.1:1/')\n0",
      "import requests, urllib.request\n[requests.get('x').status_code, urllib.request.urlopen('x').status][1]",
    ],
  ])('starts at the base of its own run, in a session of %s too', async (language, tamper, code) => {
    await using session = await runtime.sessions.open({ language });
    for (const base of ['/one/', '/two/', undefined, '/three/']) {
      expect(await session.run({ code: tamper, grant: based('/zero/') })).toMatchObject({ ok: true });
      expect((await session.run({ code, grant: based(base) })).ok).toBe(base !== undefined);
    }
    expect([...new Set(seen().map(([, url]) => url))]).toEqual(['/one/x', '/two/x', '/three/x']);
  });

  test('a guest that breaks its own URL breaks nothing but its own run', async () => {
    await using other = await startServer();
    const code = `globalThis.URL = class { href = '${other.origin}/' }; await fetch('x')`;
    expect(await runtime.run({ language: 'javascript', code, grant: based('/v1/') })).toMatchObject({
      ok: false,
      error: { code: 'CAPABILITY_DENIED' },
    });
    expect(other.connections).toBe(0);
    const next = { language: 'javascript', code: "(await fetch('x')).status", grant: based('/v1/') };
    expect(await runtime.run(next)).toMatchObject({ ok: true, value: 200 });
    expect(seen().map(([, url]) => url)).toEqual(['/v1/x']);
  });
});

describe('base of a grant', () => {
  test.each([
    ['two of them', [{ base: '/' }, { base: '/v1/' }], /more than one entry has "base"/],
    ['one that is not a path', [{ base: 7 }], /http\[0\]\.base: expected a path/],
    ['one that does not end in a slash', [{ base: '/v1' }], /"\/v1" does not begin and end with "\/"/],
    ['a whole URL', [{ base: 'https://evil.example/' }], /does not begin and end/],
    ['one with a query', [{ base: '/?a=/' }], /is not a plain path/],
    ['one that climbs', [{ base: '/v1/../' }], /is not a plain path/],
    ['one that names another host', [{ base: '//evil.example/' }], /is not a plain path/],
    ['one of every origin', [{ base: '/', origin: '*' }], /needs an origin of its own/],
    ['one of many origins', [{ base: '/', origin: 'https://*.example.com' }], /needs an origin of its own/],
  ])('refuses %s before the run, in a program and over HTTP', async (_, entries, message) => {
    const grant = { http: entries.map((entry) => ({ origin: server.origin, ...entry })) };
    const options = { language: 'javascript', code: "await fetch('x')", grant: grant as Grant };
    await expect(runtime.run(options)).rejects.toThrow(TypeError);
    await expect(runtime.run(options)).rejects.toThrow(message);
    const app = createHttpApp({
      runtime,
      scheduler: createInProcessScheduler({}),
      modules: createModuleStore({ inspect: () => ({ kind: 'module', exports: [] }) }),
      key: 'key',
    });
    const answer = await app.request('http://localhost/v1/runs', {
      method: 'POST',
      headers: { authorization: 'Bearer key', 'content-type': 'application/json' },
      body: JSON.stringify(options),
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      error: { code: 'INPUT_INVALID', message: expect.stringMatching(message) },
    });
    expect(seen()).toEqual([]);
  });

  test('comes from a grant file too', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sandglass-base-'));
    writeFileSync(join(folder, 'grant.json'), JSON.stringify(based('/v1/')));
    const { code, out } = await runCli(['eval', "(await fetch('items/7')).status", '--grant=grant.json'], {
      cwd: folder,
    });
    rmSync(folder, { recursive: true });
    expect([code, out.trim()]).toEqual([0, '200']);
    expect(seen()).toEqual([['GET', '/v1/items/7', undefined, undefined]]);
  });

  test('a policy that has one allows no other', async () => {
    await using narrow = createRuntime({ policy: based('/v1/') });
    const code = "(await fetch('x')).status";
    for (const [base, expected] of [
      ['/v1/', { ok: true }],
      ['/v2/', { ok: false, error: { code: 'CAPABILITY_DENIED' } }],
    ] as const) {
      expect(await narrow.run({ language: 'javascript', code, grant: based(base) })).toMatchObject(expected);
    }
    expect(seen().map(([, url]) => url)).toEqual(['/v1/x']);
  });
});
