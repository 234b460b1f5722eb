import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRuntime, type Grant, type Outcome, type Runtime } from '../../runtime/index.ts';
import { fetchGuest, probeGuest } from '../guests/component/build.ts';
import { startServer, type TestServer } from '../support/http-harness.ts';
import { verifies } from '../support/verifies.ts';

const TOKEN = 'canary_0123456789abcdef';
const PASSWORD = 'canary-password-42';
const NEVER = [TOKEN, PASSWORD, btoa(`user:${PASSWORD}`), btoa(TOKEN)];

let runtime: Runtime;
let probe: Uint8Array;
let fetching: Uint8Array;
let server: TestServer;
let other: TestServer;
beforeAll(async () => {
  [probe, fetching] = await Promise.all([probeGuest(), fetchGuest()]);
  runtime = createRuntime({
    secrets: {
      bearer: { kind: 'bearer', token: TOKEN },
      basic: { kind: 'basic', username: 'user', password: PASSWORD },
      key: { kind: 'header', name: 'X-Api-Key', value: TOKEN },
    },
  });
});
afterAll(() => runtime.close());
beforeEach(async () => {
  other = await startServer();
  server = await startServer((request, response) => {
    if (request.url?.startsWith('/go')) response.writeHead(302, { location: `${other.origin}/stolen` }).end();
    else {
      response.setHeader('x-echo', JSON.stringify(request.headers));
      response.end(JSON.stringify(request.headers));
    }
  });
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
});

const SENT = [
  ['bearer', 'authorization', `Bearer ${TOKEN}`],
  ['basic', 'authorization', `Basic ${btoa(`user:${PASSWORD}`)}`],
  ['key', 'x-api-key', TOKEN],
] as const;

/** All that a program can reach by itself, after a request and its echoed answer. */
const JAVASCRIPT = `const request = new Request(url); const answer = await fetch(request); const clone = answer.clone();
  const seen = new Set(); const told = [];
  const dump = (value, depth) => {
    if (typeof value === 'function' || (typeof value === 'object' && value !== null)) {
      if (seen.has(value) || depth > 6) return;
      seen.add(value);
      for (const key of Reflect.ownKeys(value)) {
        told.push(String(key));
        let inner; try { inner = value[key]; } catch (error) { inner = String(error); }
        if (inner instanceof Promise) inner.catch(() => {});
        dump(inner, depth + 1);
      }
      dump(Object.getPrototypeOf(value), depth + 1);
    } else told.push(String(value));
  };
  for (const root of [globalThis, env, args, request, answer, [...request.headers], [...answer.headers], new Error('x').stack]) dump(root, 0);
  told.push(await answer.text(), await clone.text(), JSON.stringify(request), fetch.toString());
  export default told.join('\\n');`;
const PYTHON = `import gc, os, sys, requests, urllib.request
answer = requests.get(url)
plain = urllib.request.urlopen(url)
told = [answer.text, str(answer.headers), repr(answer), repr(vars(answer)), str(plain.headers), plain.read().decode(), str(dict(os.environ)), str(sys.argv)]
import _sandglass_host, _sandglass_http
for module in list(sys.modules.values()):
    if 'sandglass' in getattr(module, '__name__', '') or getattr(module, '__name__', '') == '__main__':
        told.append(repr(vars(module)))
told += [item for item in gc.get_objects() if isinstance(item, str)]
told += [repr(item) for item in gc.get_objects() if type(item) in (dict, list, tuple, bytes) and len(item) < 50]
hits = [text for text in told if any(word in text for word in [bytes(w).decode() for w in words])]
[len(told), hits, '\\n'.join(told[:10])]`;

const text = (outcome: Outcome): string =>
  JSON.stringify(outcome, (_, value) => (typeof value === 'bigint' ? String(value) : value));

describe.each(SENT)('a secret of kind %s', verifies('HT-01'), (secret, header, sent) => {
  const grant = (): Grant => ({
    http: [
      { origin: server.origin, methods: ['GET'], secret },
      { origin: server.origin, methods: ['POST'] },
      { origin: other.origin, methods: ['GET'] },
    ],
  });

  test.each(['javascript', 'python', 'component', 'wasi:http'])(
    'reaches the server from %s, and never the guest',
    async (guest) => {
      const url = `${server.origin}/echo`;
      // Python gets the words to look for as numbers, so that its own input holds none of them.
      const words = NEVER.map((word) => [...Buffer.from(word).map((byte) => byte)]);
      const guests = {
        javascript: { language: 'javascript', code: JAVASCRIPT, inputs: { url } },
        python: { language: 'python', code: PYTHON, inputs: { url, words } },
        component: { module: probe, inputs: { step: 'fetch', request: { url, method: 'GET' } } },
        'wasi:http': { module: fetching, inputs: { url } },
      };
      const chosen = guests[guest as keyof typeof guests];
      const outcome = await runtime.run({
        ...chosen,
        grant: grant(),
        limits: { outputBytes: 64 * 1024 * 1024, timeoutMs: 120_000 },
      });
      expect(outcome.ok || text(outcome)).toBe(true);
      expect(server.seen.length).toBeGreaterThan(0);
      for (const { headers } of server.seen) expect(headers[header]).toBe(sent);
      for (const word of NEVER) expect(text(outcome).includes(word)).toBe(false);
      // The server has told it back: what a guest sees of that is blotted out.
      expect(text(outcome)).toContain('****');
      if (guest === 'python') expect(outcome.ok && Reflect.get(Object(outcome.value), 1)).toEqual([]);
    },
  );
});

test('a secret goes to its own origin and methods only', verifies('HT-01', 'HT-08'), async () => {
  const grant: Grant = {
    http: [
      { origin: server.origin, methods: ['GET'], secret: 'bearer' },
      { origin: server.origin, methods: ['POST'] },
      { origin: other.origin, methods: ['GET'] },
    ],
  };
  const urls = [server.origin, other.origin];
  for (const guest of [
    {
      language: 'javascript',
      code: "for (const url of urls) await fetch(url); await fetch(urls[0], { method: 'POST', body: 'x' }); await fetch(urls[0] + '/go'); 0",
    },
    {
      language: 'python',
      code: 'import requests\nfor url in urls:\n    requests.get(url)\nrequests.post(urls[0], data="x")\nrequests.get(urls[0] + "/go")\n0',
    },
  ]) {
    expect(await runtime.run({ ...guest, inputs: { urls }, grant })).toMatchObject({ ok: true });
    expect(server.seen.splice(0).map(({ method, headers }) => [method, headers.authorization])).toEqual([
      ['GET', `Bearer ${TOKEN}`],
      ['POST', undefined],
      ['GET', `Bearer ${TOKEN}`],
    ]);
    expect(other.seen.splice(0).map(({ url, headers }) => [url, headers.authorization])).toEqual([
      ['/', undefined],
      ['/stolen', undefined],
    ]);
  }
});

describe('from each language', () => {
  const guests = (url: string) =>
    [
      { language: 'javascript', code: `await fetch(${JSON.stringify(url)})` },
      { language: 'python', code: `import urllib.request\nurllib.request.urlopen(${JSON.stringify(url)})` },
      { language: 'python', code: `import httpx\nhttpx.get(${JSON.stringify(url)}, follow_redirects=True)` },
      { language: 'python', code: `from pyodide.http import pyfetch\nawait pyfetch(${JSON.stringify(url)})` },
      { module: probe, inputs: { step: 'fetch', request: { url, method: 'GET' } } },
    ] as const;
  const denied = { ok: false, error: { code: 'CAPABILITY_DENIED', details: { capability: 'http' } } };

  test('a redirect from a granted origin to another is denied, and that server hears nothing', async () => {
    for (const guest of guests(`${server.origin}/go`)) {
      expect(
        await runtime.run({ ...guest, grant: { http: [{ origin: server.origin, secret: 'bearer' }] } }),
      ).toMatchObject(denied);
    }
    expect(server.seen.map(({ url }) => url)).toEqual(guests('').map(() => '/go'));
    expect(other.connections).toBe(0);
  });

  test('addresses that are not public are denied under *, in every spelling, and the hint says to list the origin', async () => {
    const hosts = [
      '169.254.169.254',
      `127.0.0.1:${server.port}`,
      `[::1]:${server.port}`,
      `0x7f.1:${server.port}`,
      `2130706433:${server.port}`,
      `localhost:${server.port}`,
    ];
    const code = `const told = []; for (const host of hosts) { try { await fetch('http://' + host + '/'); told.push('reached'); } catch (error) { told.push([error.code, error.hint]); } } export default told;`;
    const python =
      "import urllib.request\ntold = []\nfor host in hosts:\n    try:\n        urllib.request.urlopen('http://' + host + '/')\n        told.append('reached')\n    except PermissionError as error:\n        told.append(['CAPABILITY_DENIED', str(error)])\ntold";
    for (const guest of [
      { language: 'javascript', code },
      { language: 'python', code: python },
    ]) {
      const outcome = await runtime.run({ ...guest, inputs: { hosts }, grant: { http: [{ origin: '*' }] } });
      const told = outcome.ok ? (outcome.value as unknown as readonly (readonly [string, string])[]) : [];
      expect(told.map(([how]) => how)).toEqual(hosts.map(() => 'CAPABILITY_DENIED'));
      for (const [, hint] of told)
        expect(hint).toMatch(
          /Grant it with --allow-net=http:\/\/[\w.[\]:]+ \(in a program: \{"http":\[.*\]\}\), or do without; do not retry/,
        );
    }
    expect(server.connections).toBe(0);
  });

  test('twenty requests in sequence take at most two connections', async () => {
    const grant: Grant = { http: [{ origin: server.origin }] };
    const url = JSON.stringify(server.origin);
    for (const guest of [
      { language: 'javascript', code: `for (let n = 0; n < 20; n++) await (await fetch(${url})).text(); 0` },
      { language: 'python', code: `import requests\nfor n in range(20):\n    requests.get(${url})\n0` },
    ]) {
      server.connections = 0;
      expect(await runtime.run({ ...guest, grant })).toMatchObject({
        ok: true,
        usage: { hostCalls: { http: 20 } },
      });
      expect(server.connections).toBeLessThanOrEqual(2);
    }
    expect(server.seen).toHaveLength(40);
  });

  test('no language opens a WebSocket, or any socket, under an http grant alone', async () => {
    const ws = server.origin.replace('http', 'ws');
    for (const grant of [{}, { http: [{ origin: server.origin }, { origin: '*' }] }]) {
      const outcome = await runtime.run({
        language: 'javascript',
        code: `await new Promise((_, no) => { new WebSocket('${ws}/').onerror = ({ error }) => no(error); })`,
        grant,
      });
      expect(outcome).toMatchObject({
        ok: false,
        error: { code: 'CAPABILITY_DENIED', details: { capability: 'ws' } },
      });
      const sockets = await runtime.run({
        language: 'python',
        code: `import socket\ntry:\n    socket.create_connection(('127.0.0.1', ${server.port}), 1)\n    told = 'connected'\nexcept Exception as error:\n    told = 'refused'\ntold`,
        grant,
      });
      expect(sockets).toMatchObject({ ok: true, value: 'refused' });
    }
    expect(server.connections).toBe(0);
  });
});
