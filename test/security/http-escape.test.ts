import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { HttpGrant } from '../../runtime/vocabulary/grants/http.ts';
import {
  type HttpGuest,
  openGuest,
  type Refused,
  readAll,
  startServer,
  type TestServer,
} from '../support/http-harness.ts';
import { verifies } from '../support/verifies.ts';
import { openWsGuest, startSocketServer } from '../support/ws-harness.ts';

const CANARY = 'canary-0123456789';
let server: TestServer;
beforeEach(async () => {
  server = await startServer((_, response) => response.end(CANARY));
});
afterEach(() => server[Symbol.asyncDispose]());

const ask = (guest: HttpGuest, url: string, args: object = {}): Promise<Refused> =>
  guest.refusal('http.request', { url, ...args });
/** Every name resolves to this. */
const answering =
  (...addresses: readonly string[]) =>
  (): Promise<readonly string[]> =>
    Promise.resolve(addresses);

describe('http without a grant that covers it', verifies('HT-05'), () => {
  test('reaches nothing, and says what would allow it', async () => {
    for (const grant of [undefined, []]) {
      await using guest = await openGuest(grant === undefined ? {} : { grant });
      expect(await ask(guest, `${server.origin}/a?token=x`)).toEqual({
        code: 'CAPABILITY_DENIED',
        message: `Cannot fetch "${server.origin}/a": no grant for http covers it`,
        hint: `Grant it with --allow-net=${server.origin} (in a program: {"http":[{"origin":"${server.origin}"}]}), or do without; do not retry`,
        reason: undefined,
        details: {
          capability: 'http',
          requested: `${server.origin}/a`,
          missing: ['http'],
          grant: { http: [{ origin: server.origin, methods: ['GET', 'HEAD'], paths: ['/a'] }] },
        },
      });
      const begun = await guest.refusal('http.begin', { url: server.origin, method: 'POST' });
      expect(begun.code).toBe('CAPABILITY_DENIED');
    }
    expect(server.connections).toBe(0);
  });

  test.each<[string, HttpGrant, string, object, string]>([
    ['another method', { origin: 'ORIGIN' }, '/', { method: 'POST' }, 'no grant for http covers POST to it'],
    [
      'a method in other case',
      { origin: 'ORIGIN' },
      '/',
      { method: 'post' },
      'no grant for http covers POST to it',
    ],
    [
      'another path',
      { origin: 'ORIGIN', paths: ['/v1/**'] },
      '/admin',
      {},
      'no grant for http covers this path',
    ],
    ['a path that climbs', { origin: 'ORIGIN', paths: ['/v1/**'] }, '/v1/../admin', {}, 'covers this path'],
    ['escaped dots', { origin: 'ORIGIN', paths: ['/v1/**'] }, '/v1/%2e%2e/admin', {}, 'covers this path'],
    [
      'twice escaped dots',
      { origin: 'ORIGIN', paths: ['/v1/**'] },
      '/v1/%252e%252e/admin',
      {},
      'covers this path',
    ],
    [
      'dots with a parameter',
      { origin: 'ORIGIN', paths: ['/v1/**'] },
      '/v1/..;/admin',
      {},
      'covers this path',
    ],
    ['a backslash', { origin: 'ORIGIN', paths: ['/v1/**'] }, '/v1/..\\admin', {}, 'covers this path'],
    ['an escaped slash', { origin: 'ORIGIN', paths: ['/v1/*'] }, '/v1/..%2fadmin', {}, 'covers this path'],
    ['a double slash', { origin: 'ORIGIN', paths: ['/v1/**'] }, '/v1//admin', {}, 'covers this path'],
    ['another scheme', { origin: 'HTTPS' }, '/', {}, 'the grant for this host covers https: only, not http:'],
    ['another port', { origin: 'http://127.0.0.1:1' }, '/', {}, 'no grant for http covers it'],
    [
      'everything public',
      { origin: '*' },
      '/',
      {},
      'its address is not public and no grant for http names that address',
    ],
  ])('refuses %s', async (_, grant, path, args, message) => {
    const origin = grant.origin
      .replace('ORIGIN', server.origin)
      .replace('HTTPS', server.origin.replace('http', 'https'));
    await using guest = await openGuest({ grant: [{ ...grant, origin }] });
    const refused = await ask(guest, `${server.origin}${path}`, args);
    expect(refused.code).toBe('CAPABILITY_DENIED');
    expect(refused.message).toContain(message);
    expect(server.connections).toBe(0);
  });

  test('every piece of a grant counts its calls, hops of redirects too', verifies('LM-05'), async () => {
    await using hopping = await startServer((request, response) => {
      if (request.url === '/hop') response.writeHead(302, { location: '/end' }).end();
      else response.end('end');
    });
    await using guest = await openGuest({ grant: [{ origin: hopping.origin, maxCalls: 5 }] });
    await guest.get(`${hopping.origin}/hop`);
    await guest.get(`${hopping.origin}/hop`);
    const refused = await ask(guest, `${hopping.origin}/hop`);
    expect(refused.code).toBe('HOST_CALLS_EXCEEDED');
    expect(refused.message).toBe(`Cannot fetch "${hopping.origin}/end": the grant's 5 calls are spent`);
    expect(hopping.seen).toHaveLength(5);
  });

  test('maxBytes counts both ways', async () => {
    await using guest = await openGuest({
      grant: [{ origin: server.origin, methods: ['POST'], maxBytes: 20 }],
    });
    await guest.call('http.request', { url: server.origin, method: 'POST' }, '123');
    const refused = await guest.refusal('http.request', { url: server.origin, method: 'POST' }, '1');
    expect(refused).toMatchObject({ code: 'CAPABILITY_DENIED', details: { limit: { maxBytes: 20 } } });
  });
});

describe('http addresses', verifies('HT-07'), () => {
  const LITERALS = [
    '127.0.0.1',
    '127.1',
    '0x7f.1',
    '0177.0.0.1',
    '2130706433',
    '0x7f000001',
    '0',
    '0.0.0.0',
    '１２７.0.0.1',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::7f00:1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
    '[fd00::1]',
    '[fe80::1]',
    '169.254.169.254',
    '100.64.0.1',
    '10.0.0.1',
    '192.168.0.1',
    'localhost',
    'LOCALHOST',
    'localhost.',
    'a.localhost',
  ];

  test.each(LITERALS)('%s is refused under *', async (host) => {
    await using guest = await openGuest({ grant: [{ origin: '*' }], lookup: answering('127.0.0.1', '::1') });
    const refused = await ask(guest, `http://${host}:${server.port}/`);
    expect(refused.code).toBe('CAPABILITY_DENIED');
    expect(refused.hint).toContain('do not retry');
    expect(server.connections).toBe(0);
  });

  test.each([
    ['loopback', ['127.0.0.1']],
    ['a private and a public address', ['10.0.0.1', '127.0.0.1']],
    ['an address that maps to loopback', ['::ffff:127.0.0.1']],
    ['metadata', ['169.254.169.254']],
    ['what is not an address', ['localhost', '127.1.1.1.1']],
  ])('a granted name that resolves to %s is refused', async (_, addresses) => {
    const origin = `http://rebind.test:${server.port}`;
    for (const grant of [[{ origin }], [{ origin: '*' }]]) {
      await using guest = await openGuest({ grant, lookup: answering(...addresses) });
      const refused = await ask(guest, `${origin}/`);
      expect(['CAPABILITY_DENIED', 'HOST_CALL_FAILED']).toContain(refused.code);
      expect(JSON.stringify(refused)).not.toContain(addresses[0] ?? '?');
    }
    expect(server.connections).toBe(0);
  });

  test('an answer that changes between check and use changes nothing: a name is asked once per connection', async () => {
    let asked = 0;
    const origin = `http://rebind.test:${server.port}`;
    await using guest = await openGuest({
      grant: [{ origin, methods: ['GET'] }],
      lookup: () => Promise.resolve(asked++ === 0 ? ['240.0.0.1'] : ['127.0.0.1']),
    });
    for (let round = 1; round <= 3; round++) {
      expect((await ask(guest, origin)).code).toBe('CAPABILITY_DENIED');
      expect(asked).toBe(round);
    }
    expect(server.connections).toBe(0);
  });

  test('only the checked address is dialled when others come with it', async () => {
    let asked = 0;
    await using guest = await openGuest({
      grant: [{ origin: `http://mixed.test:${server.port}` }, { origin: `http://127.0.0.1:${server.port}` }],
      lookup: () => Promise.resolve(asked++ === 0 ? ['10.255.255.1', '127.0.0.1'] : ['10.255.255.1']),
    });
    expect((await guest.get(`http://mixed.test:${server.port}/`)).text).toBe(CANARY);
    expect(asked).toBe(1);
    expect(server.seen[0]?.headers.host).toBe(`mixed.test:${server.port}`);
  });

  test('a private address is reached when the grant names it, on that port only', async () => {
    await using other = await startServer();
    await using guest = await openGuest({
      grant: [
        { origin: server.origin },
        { origin: `http://localhost:${server.port}` },
        { origin: `http://name.test:${server.port}` },
        { origin: `http://name.test:${other.port}` },
      ],
      lookup: answering('127.0.0.1'),
    });
    expect((await guest.get(server.origin)).text).toBe(CANARY);
    expect((await guest.get(`http://localhost:${server.port}/`)).text).toBe(CANARY);
    expect((await guest.get(`http://name.test:${server.port}/`)).text).toBe(CANARY);
    const refused = await ask(guest, `http://name.test:${other.port}/`);
    expect(refused.code).toBe('CAPABILITY_DENIED');
    expect(refused.hint).toBe('List the private address itself as another origin of the grant; do not retry');
    expect(other.connections).toBe(0);
  });

  test('a pattern of subdomains reaches them and nothing that only looks like them', async () => {
    const of = (host: string): string => `http://${host}:${server.port}/`;
    await using guest = await openGuest({
      grant: [
        { origin: `http://*.name.test:${server.port}` },
        { origin: `http://own.name.test:${server.port}` },
        { origin: server.origin },
      ],
      lookup: answering('127.0.0.1'),
    });
    expect((await guest.get(of('own.name.test'))).text).toBe(CANARY);
    // It passes the pattern; that its address is private is what stops it.
    expect((await ask(guest, of('a.name.test'))).message).toContain('its address is not public');
    const { connections } = server;
    for (const host of ['name.test', 'aname.test', 'name.test.evil.test', 'name.test.', 'a.name.test.']) {
      expect((await ask(guest, of(host))).message).toContain('no grant for http covers it');
    }
    expect((await ask(guest, 'http://a.name.test/')).code).toBe('CAPABILITY_DENIED');
    expect(server.connections).toBe(connections);
  });

  test('localhost by name means loopback and nothing else', async () => {
    await using guest = await openGuest({
      grant: [{ origin: `http://localhost:${server.port}` }],
      lookup: answering('10.0.0.1'),
    });
    expect((await ask(guest, `http://localhost:${server.port}/`)).code).toBe('CAPABILITY_DENIED');
  });
});

describe('the trace of a run', () => {
  const TRACE = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  test(
    'is told only to origins whose entry says so, in place of what the guest sets',
    verifies('MO-14'),
    async () => {
      await using quiet = await startServer();
      await using told = await startServer((_, response) =>
        response.writeHead(302, { Location: `${quiet.origin}/on` }).end(),
      );
      await using guest = await openGuest({
        grant: [{ origin: told.origin, traceparent: true }, { origin: quiet.origin }],
        traceparent: TRACE,
      });
      await guest.get(told.origin, {
        headers: [
          ['traceparent', `00-${'c'.repeat(32)}-${'d'.repeat(16)}-01`],
          ['tracestate', 'guest=1'],
        ],
      });
      await guest.get(`${quiet.origin}/plain`);
      expect(told.seen[0]?.headers).toMatchObject({ traceparent: TRACE });
      expect(told.seen[0]?.headers).not.toHaveProperty('tracestate');
      const [redirected, plain] = quiet.seen;
      expect(redirected?.url).toBe('/on');
      expect(JSON.stringify(redirected?.headers)).not.toContain('aaaa');
      expect(plain?.headers).not.toHaveProperty('traceparent');
    },
  );

  test("is nobody's where the run has none", async () => {
    await using server = await startServer();
    await using guest = await openGuest({ grant: [{ origin: server.origin, traceparent: true }] });
    await guest.get(server.origin);
    expect(server.seen[0]?.headers).not.toHaveProperty('traceparent');
  });
});

describe('http redirects', () => {
  const redirecting = (location: string, status = 302): Promise<TestServer> =>
    startServer((request, response) => {
      if (request.url?.startsWith('/go')) response.writeHead(status, { location }).end(CANARY);
      else response.end('arrived');
    });

  test.each([
    ['another origin', (target: TestServer) => `${target.origin}/`],
    ['another origin by a name', (target: TestServer) => `http://localhost:${target.port}/`],
    ['another origin without a scheme', (target: TestServer) => `//127.0.0.1:${target.port}/`],
    ['metadata', () => 'http://169.254.169.254/latest/meta-data/'],
    ['an address in disguise', (target: TestServer) => `http://0x7f.1:${target.port}/x`],
  ])('to %s is refused', async (_, location) => {
    await using from = await redirecting(location(server));
    await using guest = await openGuest({ grant: [{ origin: from.origin }, { origin: '*' }] });
    const refused = await ask(guest, `${from.origin}/go`);
    expect(refused.code).toBe('CAPABILITY_DENIED');
    expect(from.seen).toHaveLength(1);
    expect(server.connections).toBe(0);
  });

  test.each([
    'file:///etc/passwd',
    'ftp://127.0.0.1/',
    'data:text/plain,x',
    'javascript:1',
    'http://user:pass@127.0.0.1/',
    'http://[',
  ])('to %s is refused', async (location) => {
    await using from = await redirecting(location);
    await using guest = await openGuest({ grant: [{ origin: from.origin }] });
    expect(await ask(guest, `${from.origin}/go`)).toMatchObject({
      code: 'HOST_CALL_FAILED',
      reason: 'invalid',
    });
    expect(from.seen).toHaveLength(1);
  });

  test('to a path or by a method that is not granted is refused', async () => {
    await using from = await redirecting('/admin', 307);
    await using guest = await openGuest({
      grant: [{ origin: from.origin, paths: ['/go'], methods: ['POST', 'GET'] }],
    });
    expect((await ask(guest, `${from.origin}/go`, { method: 'POST' })).code).toBe('CAPABILITY_DENIED');
    await using seeing = await redirecting('/go2', 303);
    await using poster = await openGuest({ grant: [{ origin: seeing.origin, methods: ['POST'] }] });
    expect((await ask(poster, `${seeing.origin}/go`, { method: 'POST' })).message).toContain(
      'no grant for http covers GET',
    );
    expect([from.seen.length, seeing.seen.length]).toEqual([1, 1]);
  });

  test('to another granted origin goes without the secret, authorization and cookies', async () => {
    await using from = await redirecting(`${server.origin}/there`, 307);
    await using guest = await openGuest({
      grant: [
        { origin: from.origin, secret: 'key', methods: ['POST'] },
        { origin: server.origin, methods: ['POST'] },
      ],
      secrets: { key: { kind: 'header', name: 'X-Api-Key', value: 'secret-value-1' } },
    });
    const headers = [
      ['authorization', 'Bearer mine'],
      ['cookie', 'a=1'],
      ['x-other', 'kept'],
    ] as const;
    const { value } = await guest.call(
      'http.request',
      { url: `${from.origin}/go`, method: 'POST', headers },
      'body',
    );
    expect(value.status).toBe(200);
    expect(from.seen[0]?.headers).toMatchObject({
      'x-api-key': 'secret-value-1',
      authorization: 'Bearer mine',
      cookie: 'a=1',
    });
    expect(server.seen[0]).toMatchObject({ method: 'POST', body: 'body' });
    expect(server.seen[0]?.headers).toMatchObject({ 'x-other': 'kept', host: `127.0.0.1:${server.port}` });
    for (const name of ['x-api-key', 'authorization', 'cookie'])
      expect(server.seen[0]?.headers).not.toHaveProperty(name);
  });
});

describe('http secrets', () => {
  const TOKEN = 'tok_0123456789abcdef';
  const echo = (): Promise<TestServer> =>
    startServer((request, response) => {
      response.setHeader('x-echo', request.headers.authorization ?? request.headers['x-key'] ?? 'none');
      response.statusMessage = 'OK';
      const body = JSON.stringify({ headers: request.headers });
      if (request.headers['accept-encoding']?.includes('gzip'))
        response.setHeader('content-encoding', 'gzip').end(gzipSync(body));
      else response.end(body);
    });

  test.each([
    [{ kind: 'bearer', token: TOKEN }, 'authorization', `Bearer ${TOKEN}`],
    [{ kind: 'basic', username: 'user', password: TOKEN }, 'authorization', `Basic ${btoa(`user:${TOKEN}`)}`],
    [{ kind: 'header', name: 'X-Key', value: TOKEN }, 'x-key', TOKEN],
  ] as const)(
    '%j reaches the server and never the guest, also when it is echoed',
    async (secret, header, sent) => {
      await using echoing = await echo();
      await using guest = await openGuest({
        grant: [{ origin: echoing.origin, secret: 'key' }],
        secrets: { key: secret },
      });
      const answers: unknown[] = [
        await guest.get(echoing.origin),
        await guest.get(echoing.origin, { headers: [['accept-encoding', 'zstd']] }),
        await guest.get(echoing.origin, { headers: [[header, 'of the guest']] }),
      ];
      const { value } = await guest.call('http.request', { url: echoing.origin, stream: true });
      answers.push(value, await readAll(guest, value.body ?? -1));
      for (const seen of echoing.seen) expect(seen.headers[header]).toBe(sent);
      const told = JSON.stringify(answers);
      for (const never of [TOKEN, btoa(`user:${TOKEN}`)]) expect(told).not.toContain(never);
      expect(told).toContain('****');
    },
  );

  test('is not in an error, and not sent to an origin that has none', async () => {
    await using guest = await openGuest({
      grant: [{ origin: 'http://127.0.0.1:1', secret: 'key' }, { origin: server.origin }],
      secrets: { key: { kind: 'bearer', token: TOKEN } },
    });
    expect(JSON.stringify(await ask(guest, 'http://127.0.0.1:1/'))).not.toContain(TOKEN);
    await guest.get(server.origin);
    expect(server.seen[0]?.headers).not.toHaveProperty('authorization');
  });

  test('connections are not shared between different secrets', async () => {
    await using guest = await openGuest({
      grant: [
        { origin: server.origin, paths: ['/a'], secret: 'one' },
        { origin: server.origin, paths: ['/b'], secret: 'two' },
      ],
      secrets: {
        one: { kind: 'bearer', token: 'first-token' },
        two: { kind: 'bearer', token: 'second-token' },
      },
    });
    for (const path of ['/a', '/b', '/a', '/b']) await guest.get(server.origin + path);
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer first-token',
      'Bearer second-token',
      'Bearer first-token',
      'Bearer second-token',
    ]);
    expect(server.connections).toBe(2);
  });

  test('an unknown one stops the run before it starts', async () => {
    await expect(openGuest({ grant: [{ origin: server.origin, secret: 'nope' }] })).rejects.toThrow(
      'Cannot grant http: there is no secret "nope"',
    );
  });
});

describe('http requests that a guest forges', () => {
  const refusedBefore = async (args: object, bytes?: string): Promise<Refused> => {
    await using guest = await openGuest({
      grant: [{ origin: server.origin, methods: ['GET', 'POST', 'TRACE'] }],
    });
    const refused = await guest.refusal('http.request', { url: server.origin, ...args }, bytes);
    expect(server.connections).toBe(0);
    return refused;
  };

  test.each([
    ['host', 'evil.test'],
    ['Host', 'evil.test'],
    ['connection', 'close'],
    ['transfer-encoding', 'chunked'],
    ['te', 'trailers'],
    ['upgrade', 'websocket'],
    ['keep-alive', 'x'],
    ['trailer', 'x'],
    ['expect', '100-continue'],
    ['proxy-authorization', 'x'],
    ['Proxy-Connection', 'x'],
    ['content-length', '5'],
    ['content-length', '0x4'],
    ['x-a', 'a\r\nx-injected: 1'],
    ['x-a', 'a\nb'],
    ['x-a', 'a\0b'],
    ['x-a', 'snow \u2603'],
    ['x a', 'b'],
    ['x:a', 'b'],
    ['', 'b'],
    ['x\r\ny', 'b'],
  ])('header %j: %j is refused', async (name, value) => {
    expect(await refusedBefore({ method: 'POST', headers: [[name, value]] }, 'body')).toMatchObject({
      code: 'HOST_CALL_FAILED',
      reason: 'invalid',
    });
  });

  test.each([
    ['too many headers', { headers: Array.from({ length: 101 }, (_, index) => [`x-${index}`, '']) }],
    ['too large headers', { headers: [['x', 'y'.repeat(20_000)]] }],
  ])('%s are refused', async (_, args) => {
    expect((await refusedBefore(args)).reason).toBe('too-large');
  });

  test.each(['TRACE', 'connect', 'TRACK', 'GET /admin HTTP/1.1\r\nx: y', 'G\u0130T', ''])(
    'method %j is refused',
    async (method) => {
      expect((await refusedBefore({ method })).reason).toBe('invalid');
    },
  );

  test.each([
    '',
    'x',
    '/path',
    'http://',
    'file:///etc/passwd',
    'ftp://a.com',
    'ws://a.com',
    'data:,x',
    'http://u:p@a.com',
    `http://a.com/${'x'.repeat(9000)}`,
  ])('address %j is refused', async (url) => {
    expect((await refusedBefore({ url })).reason).toBe('invalid');
  });

  test.each([
    { url: 1 },
    { headers: 'x' },
    { headers: [['x']] },
    { headers: [[1, 2]] },
    { headers: { x: 'y' } },
    { redirect: 'maybe' },
    { timeoutMs: 0 },
    { timeoutMs: 1e9 },
    { stream: 1 },
    { followRedirects: true },
  ])('arguments %j are INPUT_INVALID', async (args) => {
    expect((await refusedBefore(args)).code).toBe('INPUT_INVALID');
  });

  test('a GET with a body is refused', async () => {
    expect((await refusedBefore({}, 'body')).reason).toBe('invalid');
  });

  test('a content-length that is right is taken', async () => {
    await using guest = await openGuest({ grant: [{ origin: server.origin, methods: ['POST'] }] });
    await guest.call(
      'http.request',
      { url: server.origin, method: 'POST', headers: [['content-length', '4']] },
      'body',
    );
    expect(server.seen[0]).toMatchObject({ body: 'body' });
  });

  test('handles of others, of another kind or made up are refused', async () => {
    await using guest = await openGuest({ grant: [{ origin: server.origin, methods: ['POST'] }] });
    const { value } = await guest.call('http.begin', { url: server.origin, method: 'POST' });
    expect((await guest.refusal('http.read', { handle: value.handle })).reason).toBe('bad-handle');
    for (const handle of [0, -1, 99, 2 ** 40]) {
      expect((await guest.refusal('http.write', { handle }, 'x')).reason).toBe('bad-handle');
    }
    expect((await guest.refusal('http.read', { handle: '1' as never })).code).toBe('INPUT_INVALID');
    expect((await guest.refusal('http.toString' as never, {} as never)).code).toBe('UNSUPPORTED');
    await guest.call('http.close', { handle: value.handle });
  });
});

describe('http sizes', () => {
  const MIB = 1024 * 1024;

  test('a body over maxRequestBytes never leaves, whole or streamed', async () => {
    await using guest = await openGuest({
      grant: [{ origin: server.origin, methods: ['POST'], maxRequestBytes: 10 }],
    });
    expect(
      (await guest.refusal('http.request', { url: server.origin, method: 'POST' }, 'x'.repeat(11))).reason,
    ).toBe('too-large');
    expect(server.connections).toBe(0);
    const { value } = await guest.call('http.begin', { url: server.origin, method: 'POST' });
    await guest.call('http.write', { handle: value.handle }, 'x'.repeat(10));
    const failed = await Promise.allSettled([
      guest.call('http.write', { handle: value.handle }, 'x'),
      guest.call('http.send', { handle: value.handle }),
    ]);
    expect(
      failed.some((result) => result.status === 'rejected' && result.reason.details.reason === 'too-large'),
    ).toBe(true);
    expect(server.seen.filter(({ body }) => body.length > 10)).toEqual([]);
  });

  test.each([
    ['told by content-length', (body: Buffer) => body, true],
    ['not told', (body: Buffer) => body, false],
  ])('an answer over maxResponseBytes is refused, not cut: %s', async (_, encode, told) => {
    await using large = await startServer((__, response) => {
      const body = encode(Buffer.alloc(2 * MIB, 'x'));
      if (told) response.setHeader('content-length', body.length);
      response.write(body);
      response.end();
    });
    await using guest = await openGuest({ grant: [{ origin: large.origin, maxResponseBytes: MIB }] });
    expect(await ask(guest, large.origin)).toMatchObject({ code: 'HOST_CALL_FAILED', reason: 'too-large' });
  });

  test.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
    ['gzip, gzip', (body: Buffer) => gzipSync(gzipSync(body))],
  ])('a bomb in %s stops at the cap', async (coding, encode) => {
    const bomb = encode(Buffer.alloc(64 * MIB));
    expect(bomb.length).toBeLessThan(MIB / 8);
    await using bombing = await startServer((_, response) =>
      response.setHeader('content-encoding', coding).end(bomb),
    );
    await using guest = await openGuest({ grant: [{ origin: bombing.origin, maxResponseBytes: MIB }] });
    expect((await ask(guest, bombing.origin)).reason).toBe('too-large');
    const { value } = await guest.call('http.request', { url: bombing.origin, stream: true });
    let bytes = 0;
    let ended: unknown;
    while (ended === undefined) {
      try {
        bytes += (await guest.call('http.read', { handle: value.body ?? -1 })).reply.bytes?.byteLength ?? 0;
      } catch (error) {
        ended = error;
      }
    }
    expect(ended).toMatchObject({ code: 'HOST_CALL_FAILED', details: { reason: 'too-large' } });
    expect(bytes).toBeLessThanOrEqual(MIB);
  });

  test('a body that travels large and decodes to nothing stops at the cap, too', async () => {
    const empty = gzipSync(Buffer.alloc(0));
    const body = Buffer.concat(Array.from({ length: Math.ceil((2 * MIB) / empty.length) }, () => empty));
    await using chatty = await startServer((_, response) => {
      response.setHeader('content-encoding', 'gzip').write(body);
      response.end();
    });
    await using guest = await openGuest({ grant: [{ origin: chatty.origin, maxResponseBytes: MIB }] });
    expect((await ask(guest, chatty.origin)).reason).toBe('too-large');
  });

  test('more codings than two are refused', async () => {
    await using server3 = await startServer((_, response) =>
      response.setHeader('content-encoding', 'gzip, gzip, gzip').end('x'),
    );
    await using guest = await openGuest({ grant: [{ origin: server3.origin }] });
    expect((await ask(guest, server3.origin)).reason).toBe('protocol');
  });

  test('an answer over hostCallBytes says to stream it', async () => {
    await using large = await startServer((_, response) => response.end('x'.repeat(2000)));
    await using guest = await openGuest({ grant: [{ origin: large.origin }], hostCallBytes: 1024 });
    expect(await ask(guest, large.origin)).toMatchObject({
      reason: 'too-large',
      hint: 'Stream it, or raise limits.hostCallBytes',
    });
  });

  test.each([
    ['headers without end', (index: number) => `x-${index}: ${'y'.repeat(1000)}\r\n`],
    ['more than 256 headers', (index: number) => (index < 300 ? `x-${index}: y\r\n` : '\r\n')],
    ['what is not HTTP', () => 'SSH-2.0-OpenSSH_9.9\r\n'],
  ])('a server that sends %s is cut off', async (_, line) => {
    const raw = createServer((socket) => {
      socket.on('error', () => undefined).resume();
      socket.write('HTTP/1.1 200 OK\r\n');
      for (let index = 0; index < 1000 && !socket.destroyed; index++) socket.write(line(index));
    });
    await new Promise<void>((resolve) => raw.listen(0, '127.0.0.1', resolve));
    const address = raw.address();
    const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
    await using guest = await openGuest({ grant: [{ origin }] });
    const refused = await ask(guest, origin);
    expect(['too-large', 'protocol']).toContain(refused.reason);
    await new Promise((resolve) => raw.close(resolve));
  });
});

describe('http over TLS', () => {
  let folder = '';
  let tls = { key: '', cert: '' };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sandglass-tls-'));
    const file = (name: string): string => join(folder, name);
    execFileSync(
      'openssl',
      [
        ...[
          'req',
          '-x509',
          '-newkey',
          'ec',
          '-pkeyopt',
          'ec_paramgen_curve:prime256v1',
          '-nodes',
          '-days',
          '2',
        ],
        ...['-keyout', file('key.pem'), '-out', file('cert.pem'), '-subj', '/CN=good.test'],
        ...['-addext', 'subjectAltName=DNS:good.test,IP:127.0.0.1'],
      ],
      { stdio: 'ignore' },
    );
    tls = { key: readFileSync(file('key.pem'), 'utf8'), cert: readFileSync(file('cert.pem'), 'utf8') };
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('the certificate must be for the name, although the address is dialled', async () => {
    await using secure = await startServer((_, response) => response.end('private'), tls);
    const origin = (host: string): string => `https://${host}:${secure.port}`;
    const grant = ['good.test', 'other.test', '127.0.0.1'].map((host) => ({ origin: origin(host) }));
    await using guest = await openGuest({ grant, lookup: answering('127.0.0.1'), ca: tls.cert });
    expect((await guest.get(origin('good.test'))).text).toBe('private');
    expect((await guest.get(origin('127.0.0.1'))).text).toBe('private');
    expect((await ask(guest, origin('other.test'))).reason).toBe('tls');
    expect(secure.seen.map(({ headers }) => headers.host)).toEqual([
      `good.test:${secure.port}`,
      `127.0.0.1:${secure.port}`,
    ]);
  });

  test('a grant of https: is not one of http:, to the same host and port', verifies('PM-05'), async () => {
    await using secure = await startServer((_, response) => response.end('private'), tls);
    const origin = `https://good.test:${secure.port}`;
    await using guest = await openGuest({
      grant: [{ origin }, { origin: secure.origin }],
      lookup: answering('127.0.0.1'),
      ca: tls.cert,
    });
    expect((await guest.get(`${origin}/`)).text).toBe('private');
    const { connections } = secure;
    expect(await ask(guest, `http://good.test:${secure.port}/`)).toMatchObject({
      code: 'CAPABILITY_DENIED',
      message: expect.stringContaining('covers https: only, not http:'),
    });
    expect(secure.connections).toBe(connections);
  });

  test('the same holds for WebSockets', async () => {
    await using secure = await startSocketServer((socket) => socket.send('private'), { tls });
    const origin = (host: string): string => `wss://${host}:${secure.port}`;
    const grant = ['good.test', 'other.test', '127.0.0.1'].map((host) => ({ origin: origin(host) }));
    await using guest = await openWsGuest({ grant, lookup: answering('127.0.0.1'), ca: tls.cert });
    const handle = await guest.open(origin('good.test'));
    expect((await guest.call('ws.receive', { handle })).text).toBe('private');
    expect((await guest.refusal('ws.open', { url: origin('other.test') })).reason).toBe('tls');
    await using doubtful = await openWsGuest({ grant, lookup: answering('127.0.0.1') });
    expect((await doubtful.refusal('ws.open', { url: origin('good.test') })).reason).toBe('tls');
    expect(secure.seen).toHaveLength(1);
  });

  test('an authority that nobody trusts is refused', async () => {
    await using secure = await startServer((_, response) => response.end('private'), tls);
    await using guest = await openGuest({ grant: [{ origin: secure.origin }] });
    expect((await ask(guest, secure.origin)).reason).toBe('tls');
    expect(secure.seen).toEqual([]);
  });

  test('plain HTTP does not go to a TLS port, nor TLS to a plain one', async () => {
    await using guest = await openGuest({ grant: [{ origin: server.origin.replace('http:', 'https:') }] });
    expect((await ask(guest, server.origin.replace('http:', 'https:'))).reason).toBe('tls');
    expect(server.seen).toEqual([]);
  });
});

describe('http after the run', () => {
  test('close() ends sockets, bodies and requests under way', async () => {
    await using hanging = await startServer((request, response) => {
      if (request.url === '/hang') return;
      response.write('a');
    });
    const guest = await openGuest({ grant: [{ origin: hanging.origin, methods: ['GET', 'POST'] }] });
    const closed = new Promise<void>((resolve) => {
      let open = 0;
      hanging.server.on('connection', (socket) => {
        open += 1;
        socket.on('close', () => {
          open -= 1;
          if (open === 0) resolve();
        });
      });
    });
    const streamed = await guest.call('http.request', { url: hanging.origin, stream: true });
    await guest.call('http.read', { handle: streamed.value.body ?? -1 });
    const reading = guest.refusal('http.read', { handle: streamed.value.body ?? -1 });
    const { value } = await guest.call('http.begin', { url: hanging.origin, method: 'POST' });
    await guest.call('http.write', { handle: value.handle }, 'x');
    const asking = ask(guest, `${hanging.origin}/hang`);
    await new Promise((resolve) => hanging.server.once('request', resolve));
    await guest.session.close();
    await closed;
    expect((await reading).reason).toBe('aborted');
    expect((await asking).reason).toBe('aborted');
    expect((await ask(guest, hanging.origin)).reason).toBe('aborted');
  });

  const stoppedTimers = (): Disposable => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval'] });
    return { [Symbol.dispose]: () => void vi.useRealTimers() };
  };

  test('close() ends idle connections', async () => {
    server.server.keepAliveTimeout = 0;
    using _clock = stoppedTimers(); // left to itself an idle connection would last for ever
    const closed = new Promise((resolve) => {
      server.server.once('connection', (socket) => socket.once('close', resolve));
    });
    const guest = await openGuest({ grant: [{ origin: server.origin }] });
    await guest.get(server.origin);
    await guest.session.close();
    await closed;
  });

  test('no timer is left', async () => {
    const count = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = count();
    await using guest = await openGuest({ grant: [{ origin: server.origin }] });
    await guest.get(server.origin, { timeoutMs: 60_000 });
    await ask(guest, 'http://127.0.0.1:1/', { timeoutMs: 60_000 });
    const { value } = await guest.call('http.request', {
      url: server.origin,
      stream: true,
      timeoutMs: 60_000,
    });
    await guest.call('http.close', { handle: value.body ?? -1 });
    expect(count()).toBeLessThanOrEqual(before);
  });
});
