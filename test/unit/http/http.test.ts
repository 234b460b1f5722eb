import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { openGuest, readAll, startServer } from '../../support/http-harness.ts';
import { verifies } from '../../support/verifies.ts';

describe('http.request', () => {
  test('answers status, headers, address and body, and counts bytes', async () => {
    await using server = await startServer((_, response) => {
      response.writeHead(201, 'Made', { 'X-One': '1', 'set-cookie': ['a=1', 'b=2'] }).end('hello');
    });
    await using guest = await openGuest({ grant: [{ origin: server.origin, methods: ['POST'] }] });
    const { value, text, reply } = await guest.call(
      'http.request',
      { url: `${server.origin}/items?q=1#frag`, method: 'post', headers: [['X-Two', 'é']] },
      '{"a":1}',
    );
    expect(value).toMatchObject({
      status: 201,
      statusText: 'Made',
      url: `${server.origin}/items?q=1`,
      redirected: false,
    });
    expect(value.headers).toContainEqual(['x-one', '1']);
    expect(value.headers.filter(([name]) => name === 'set-cookie')).toEqual([
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ]);
    expect(text).toBe('hello');
    expect({ egress: reply.egressBytes, ingress: reply.ingressBytes }).toEqual({ egress: 7, ingress: 5 });
    expect(server.seen).toMatchObject([{ method: 'POST', url: '/items?q=1', body: '{"a":1}' }]);
    expect(server.seen[0]?.headers).toMatchObject({
      host: `127.0.0.1:${server.port}`,
      'content-length': '7',
      'x-two': 'é',
    });
  });

  test('sends content-length 0 with a POST without a body', async () => {
    await using server = await startServer();
    await using guest = await openGuest({ grant: [{ origin: server.origin, methods: ['POST'] }] });
    await guest.call('http.request', { url: server.origin, method: 'POST' });
    expect(server.seen[0]?.headers['content-length']).toBe('0');
  });

  test('keeps connections: twenty calls in sequence take at most two', verifies('HT-13'), async () => {
    await using server = await startServer();
    await using guest = await openGuest({ grant: [{ origin: server.origin }] });
    for (let index = 0; index < 20; index++) await guest.get(`${server.origin}/${index}`);
    expect(server.seen).toHaveLength(20);
    expect(server.connections).toBeLessThanOrEqual(2);
  });

  test.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
    ['gzip, br', (body: Buffer) => brotliCompressSync(gzipSync(body))],
  ])('decodes %s and drops the headers that no longer fit', async (coding, encode) => {
    const body = Buffer.from('héllo '.repeat(5000));
    await using server = await startServer((_, response) =>
      response.setHeader('content-encoding', coding).end(encode(body)),
    );
    await using guest = await openGuest({ grant: [{ origin: server.origin }] });
    const answer = await guest.get(server.origin);
    expect(answer.text).toBe(body.toString());
    expect(answer.headers.map(([name]) => name)).not.toContain('content-encoding');
    expect(answer.headers.map(([name]) => name)).not.toContain('content-length');
  });

  test('leaves a coding it does not know as it is', async () => {
    await using server = await startServer((_, response) =>
      response.setHeader('content-encoding', 'zstd').end('raw'),
    );
    await using guest = await openGuest({ grant: [{ origin: server.origin }] });
    const answer = await guest.get(server.origin);
    expect(answer.text).toBe('raw');
    expect(answer.headers).toContainEqual(['content-encoding', 'zstd']);
  });

  test.each([
    ['a body that is not what its coding says', Buffer.from('not gzip at all')],
    ['a body cut short', gzipSync(Buffer.alloc(100_000, 'abc')).subarray(0, 60)],
  ])('fails on %s', async (_, body) => {
    await using server = await startServer((_request, response) =>
      response.setHeader('content-encoding', 'gzip').end(body),
    );
    await using guest = await openGuest({ grant: [{ origin: server.origin }] });
    expect((await guest.refusal('http.request', { url: server.origin })).reason).toBe('protocol');
  });

  test('answers HEAD, 204 and 304 without a body', async () => {
    await using server = await startServer((request, response) => {
      response
        .writeHead(request.url === '/204' ? 204 : request.url === '/304' ? 304 : 200, {
          'content-encoding': 'gzip',
        })
        .end();
    });
    await using guest = await openGuest({ grant: [{ origin: server.origin }] });
    expect(await guest.get(`${server.origin}/`, { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
    expect(await guest.get(`${server.origin}/204`)).toMatchObject({ status: 204, text: '' });
    expect(await guest.get(`${server.origin}/304`)).toMatchObject({ status: 304, text: '' });
  });
});

describe('http.request many at once', () => {
  test('takes turns, all are served, and a run that ends frees those that wait', async () => {
    let open = 0;
    let most = 0;
    const held: (() => void)[] = [];
    await using server = await startServer((request, response) => {
      open += 1;
      most = Math.max(most, open);
      const answer = (): void => {
        open -= 1;
        response.end(request.url);
      };
      if (request.url?.startsWith('/hang')) return;
      if (held.push(answer) >= 8 || server.seen.length > 16) for (const next of held.splice(0)) next();
    });
    await using guest = await openGuest({
      grant: [{ origin: server.origin }, { origin: `http://localhost:${server.port}` }],
    });
    const answers = await Promise.all(
      Array.from({ length: 24 }, (_, index) =>
        guest.get(`http://${index % 2 === 0 ? '127.0.0.1' : 'localhost'}:${server.port}/${index}`),
      ),
    );
    expect(answers.map(({ text }) => text)).toEqual(answers.map((_, index) => `/${index}`));
    expect(most).toBe(8);
    const waiting = Array.from({ length: 12 }, (_, index) =>
      guest.refusal('http.request', { url: `${server.origin}/hang${index}` }),
    );
    await new Promise((resolve) => server.server.once('request', resolve));
    guest.abort();
    expect((await Promise.all(waiting)).map(({ reason }) => reason)).toEqual(Array(12).fill('aborted'));
  });

  test('bodies that wait are capped', async () => {
    await using server = await startServer(() => undefined);
    await using guest = await openGuest({ grant: [{ origin: server.origin, methods: ['POST'] }] });
    const body = new Uint8Array(8 * 1024 * 1024);
    const sent = Array.from({ length: 9 }, () =>
      guest.refusal('http.request', { url: server.origin, method: 'POST' }, body),
    );
    expect(await sent[8]).toMatchObject({
      reason: 'too-large',
      hint: 'Await some requests before making more',
    });
    guest.abort();
    expect((await Promise.all(sent)).filter(({ reason }) => reason === 'aborted')).toHaveLength(8);
  });
});

describe('http redirects', () => {
  test.each([
    [301, 'POST', 'GET', ''],
    [302, 'POST', 'GET', ''],
    [303, 'PUT', 'GET', ''],
    [302, 'PUT', 'PUT', 'body'],
    [307, 'POST', 'POST', 'body'],
    [308, 'PUT', 'PUT', 'body'],
  ])('%i turns %s into %s', async (status, method, after, body) => {
    await using server = await startServer((request, response) => {
      if (request.url === '/from') response.writeHead(status, { location: '/to' }).end();
      else response.end('there');
    });
    await using guest = await openGuest({
      grant: [{ origin: server.origin, methods: ['GET', 'POST', 'PUT'] }],
    });
    const { value } = await guest.call(
      'http.request',
      { url: `${server.origin}/from`, method, headers: [['content-type', 'text/plain']] },
      'body',
    );
    expect(value).toMatchObject({ status: 200, url: `${server.origin}/to`, redirected: true });
    expect(server.seen[1]).toMatchObject({ method: after, url: '/to', body });
    expect(server.seen[1]?.headers['content-type']).toBe(body === '' ? undefined : 'text/plain');
  });

  test('answers the redirect itself when asked to, and refuses it when asked to', async () => {
    await using server = await startServer((_, response) =>
      response.writeHead(302, { location: '/x' }).end(),
    );
    await using guest = await openGuest({ grant: [{ origin: server.origin }] });
    expect(await guest.get(server.origin, { redirect: 'manual' })).toMatchObject({
      status: 302,
      redirected: false,
    });
    expect(await guest.refusal('http.request', { url: server.origin, redirect: 'error' })).toMatchObject({
      code: 'HOST_CALL_FAILED',
      reason: 'redirect',
    });
    expect(server.seen).toHaveLength(2);
  });

  test('stops after ten hops', async () => {
    await using server = await startServer((_, response) =>
      response.writeHead(302, { location: '/again' }).end(),
    );
    await using guest = await openGuest({ grant: [{ origin: server.origin }] });
    expect((await guest.refusal('http.request', { url: server.origin })).reason).toBe('redirect');
    expect(server.seen).toHaveLength(11);
  });
});

describe('http streams', () => {
  test('http.read answers a body in pieces no larger than hostCallBytes', async () => {
    const body = 'x'.repeat(5000);
    await using server = await startServer((_, response) => response.end(body));
    await using guest = await openGuest({ grant: [{ origin: server.origin }], hostCallBytes: 1024 });
    const { value } = await guest.call('http.request', { url: server.origin, stream: true });
    const handle = value.body ?? -1;
    const first = await guest.call('http.read', { handle });
    expect(first.reply.bytes?.byteLength).toBe(1024);
    expect(first.text + (await readAll(guest, handle))).toBe(body);
    expect((await guest.refusal('http.read', { handle })).reason).toBe('bad-handle');
  });

  test('one read and one write at a time; a second one spoils nothing', async () => {
    let finish = (): void => undefined;
    await using server = await startServer((_, response) => {
      response.write('first');
      finish = () => response.end('second');
    });
    await using guest = await openGuest({ grant: [{ origin: server.origin, methods: ['GET', 'PUT'] }] });
    const { value } = await guest.call('http.request', { url: server.origin, stream: true });
    const handle = value.body ?? -1;
    expect((await guest.call('http.read', { handle })).text).toBe('first');
    const waiting = guest.call('http.read', { handle });
    expect((await guest.refusal('http.read', { handle })).reason).toBe('invalid');
    finish();
    expect((await waiting).text).toBe('second');
    const upload = (await guest.call('http.begin', { url: server.origin, method: 'PUT' })).value;
    const writes = await Promise.allSettled([
      guest.call('http.write', upload, 'a'),
      guest.call('http.write', upload, 'b'),
    ]);
    expect(writes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  });

  test('a reader that waits holds the server back', async () => {
    let taken = 0;
    await using server = await startServer((_, response) => {
      const piece = Buffer.alloc(64 * 1024);
      const pump = (): void => {
        let hasRoom = true;
        while (hasRoom && taken < 512) {
          hasRoom = response.write(piece);
          taken += 1;
        }
        if (taken < 512) response.once('drain', pump);
        else response.end();
      };
      pump();
    });
    await using guest = await openGuest({
      grant: [{ origin: server.origin, maxResponseBytes: 64 * 1024 * 1024 }],
    });
    const { value } = await guest.call('http.request', { url: server.origin, stream: true });
    const handle = value.body ?? -1;
    await guest.call('http.read', { handle });
    expect(taken).toBeLessThan(512);
    let bytes = 0;
    for (;;) {
      const { value: piece, reply } = await guest.call('http.read', { handle });
      if (piece.done) break;
      bytes += reply.bytes?.byteLength ?? 0;
    }
    expect(taken).toBe(512);
    expect(bytes).toBeGreaterThan(510 * 64 * 1024);
  });

  test('http.begin, http.write and http.send stream a body', async () => {
    await using server = await startServer();
    await using guest = await openGuest({ grant: [{ origin: server.origin, methods: ['PUT'] }] });
    const { value } = await guest.call('http.begin', { url: server.origin, method: 'PUT' });
    let egress = 0;
    for (const piece of ['one ', 'two ', 'three']) {
      egress += (await guest.call('http.write', { handle: value.handle }, piece)).reply.egressBytes ?? 0;
    }
    const sent = await guest.call('http.send', { handle: value.handle });
    expect(sent.value.status).toBe(200);
    expect(sent.text).toBe('ok');
    expect(server.seen).toMatchObject([{ method: 'PUT', body: 'one two three' }]);
    expect(egress + (sent.reply.egressBytes ?? 0)).toBe(13);
    expect((await guest.refusal('http.write', { handle: value.handle }, 'x')).reason).toBe('bad-handle');
  });

  test('a write fails once the server is gone', async () => {
    await using server = await startServer();
    server.server.on('request', (request) => request.socket.destroy());
    await using guest = await openGuest({ grant: [{ origin: server.origin, methods: ['PUT'] }] });
    const { value } = await guest.call('http.begin', { url: server.origin, method: 'PUT' });
    const endless = async (): Promise<never> => {
      for (;;) await guest.call('http.write', { handle: value.handle }, 'x'.repeat(65_536));
    };
    await expect(endless()).rejects.toMatchObject({ code: 'HOST_CALL_FAILED' });
  });

  test('a streamed body is not sent a second time after a redirect', async () => {
    await using server = await startServer((_, response) =>
      response.writeHead(307, { location: '/x' }).end(),
    );
    await using guest = await openGuest({ grant: [{ origin: server.origin, methods: ['PUT'] }] });
    const { value } = await guest.call('http.begin', { url: server.origin, method: 'PUT' });
    await guest.call('http.write', { handle: value.handle }, 'x');
    expect((await guest.refusal('http.send', { handle: value.handle })).reason).toBe('redirect');
    expect(server.seen).toHaveLength(1);
  });
});

describe('http failures', () => {
  test('tells what failed and no address', async () => {
    const server = await startServer();
    await server[Symbol.asyncDispose]();
    await using guest = await openGuest({
      grant: [{ origin: server.origin }, { origin: 'http://nowhere.test' }],
      lookup: () => Promise.reject(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' })),
    });
    expect(await guest.refusal('http.request', { url: server.origin })).toEqual({
      code: 'HOST_CALL_FAILED',
      message: `Cannot fetch "${server.origin}/": the server could not be reached or ended the connection`,
      hint: 'See that the server is up and that this machine reaches it; the same request may work later',
      reason: 'connect',
      details: { reason: 'connect' },
    });
    expect((await guest.refusal('http.request', { url: 'http://nowhere.test/' })).reason).toBe('dns');
  });

  test('a request gives up after its own timeoutMs', async () => {
    await using server = await startServer(() => undefined);
    await using guest = await openGuest({ grant: [{ origin: server.origin }] });
    expect((await guest.refusal('http.request', { url: server.origin, timeoutMs: 30 })).reason).toBe(
      'timeout',
    );
  });

  test('headersTimeoutMs, bodyTimeoutMs and connectTimeoutMs hold', async () => {
    await using silent = await startServer(() => undefined);
    await using halting = await startServer((_, response) => {
      response.write('a');
    });
    await using guest = await openGuest({
      grant: [{ origin: silent.origin }, { origin: halting.origin }, { origin: 'http://slow.test' }],
      headersTimeoutMs: 50,
      bodyTimeoutMs: 50,
      connectTimeoutMs: 50,
      lookup: () => new Promise(() => undefined),
    });
    expect((await guest.refusal('http.request', { url: silent.origin })).reason).toBe('timeout');
    expect((await guest.refusal('http.request', { url: halting.origin })).reason).toBe('timeout');
    expect((await guest.refusal('http.request', { url: 'http://slow.test/' })).reason).toBe('timeout');
  });

  test('the end of the run ends what is under way', async () => {
    await using server = await startServer(() => undefined);
    await using guest = await openGuest({ grant: [{ origin: server.origin }] });
    const asked = guest.refusal('http.request', { url: server.origin });
    await new Promise((resolve) => server.server.once('request', resolve));
    guest.abort();
    expect((await asked).reason).toBe('aborted');
  });
});
