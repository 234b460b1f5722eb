import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRuntime, type Grant, type Runtime } from '../../runtime/index.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';
import { startServer } from '../support/http-harness.ts';
import { verifies } from '../support/verifies.ts';
import { openWsGuest, startSocketServer } from '../support/ws-harness.ts';

verifies('HT-14');

let runtime: Runtime;
beforeAll(() => {
  runtime = createRuntime({ cache: false, secrets: { token: { kind: 'bearer', token: 'canary-1234567' } } });
});
afterAll(() => runtime.close());

const javascript = (code: string, grant: Grant, more: object = {}) =>
  runtime.run({ language: 'javascript', code, grant, ...more });

/** Answers the handshake by hand, so that what follows can be any bytes. */
function accept(request: IncomingMessage, socket: Socket): void {
  const key = createHash('sha1')
    .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\n\r\n`,
  );
}

test('a guest talks to a granted server, and is counted', async () => {
  await using server = await startSocketServer();
  const outcome = await javascript(
    `const socket = new WebSocket('${server.origin}/echo');
     socket.onopen = () => socket.send('hello');
     export default await new Promise((resolve) => { socket.onmessage = ({ data }) => { socket.close(); resolve(data); }; });`,
    { ws: [{ origin: server.origin }] },
  );
  expect(outcome).toMatchObject({
    ok: true,
    value: 'hello',
    usage: { hostCalls: { ws: 1 }, egressBytes: 5, ingressBytes: 5 },
  });
  await server.idle();
});

test.each([
  ['nothing', {}],
  ['http alone', { http: [{ origin: 'HTTP', methods: ['GET'] }, { origin: '*' }] }],
  ['another origin', { ws: [{ origin: 'wss://example.com' }, { origin: '*' }] }],
  ['another path', { ws: [{ origin: 'WS', paths: ['/other'] }] }],
  ['an empty list', { ws: [] }],
])('with %s granted no connection is made', async (_, grant) => {
  await using server = await startSocketServer();
  const text = JSON.stringify(grant)
    .replace('HTTP', server.origin.replace('ws', 'http'))
    .replace('WS', server.origin);
  const outcome = await javascript(
    `await new Promise((_, reject) => { new WebSocket('${server.origin}/x').onerror = ({ error }) => reject(error); })`,
    JSON.parse(text),
  );
  expect(outcome).toMatchObject({
    ok: false,
    error: { code: 'CAPABILITY_DENIED', details: { capability: 'ws' } },
  });
  expect(server.connections).toBe(0);
});

test('a denial that nobody listens for ends the run with its code', async () => {
  const outcome = await javascript("new WebSocket('wss://example.com'); await new Promise(() => {})", {});
  expect(outcome).toMatchObject({
    ok: false,
    error: { code: 'CAPABILITY_DENIED', hint: expect.stringContaining('wss://example.com') },
  });
});

test('level strict allows no connection', async () => {
  await using server = await startSocketServer();
  const outcome = await javascript(
    `new WebSocket('${server.origin}'); await new Promise(() => {})`,
    { ws: [{ origin: server.origin }] },
    { level: 'strict' },
  );
  expect(outcome).toMatchObject({ ok: false, error: { code: 'CAPABILITY_DENIED' } });
  expect(server.connections).toBe(0);
});

test.each([
  '127.0.0.1',
  '[::1]',
  '0x7f.1',
  '2130706433',
  'localhost',
  '169.254.169.254',
  '[::ffff:127.0.0.1]',
])('* does not reach %s', async (host) => {
  await using server = await startSocketServer();
  await using guest = await openWsGuest({ grant: [{ origin: '*' }] });
  expect((await guest.refusal('ws.open', { url: `ws://${host}:${server.port}` })).code).toBe(
    'CAPABILITY_DENIED',
  );
  expect(server.connections).toBe(0);
});

test('a name that turns to a private address is not dialled, whichever answer comes first', async () => {
  await using server = await startSocketServer();
  const answers = [['203.0.113.9'], ['127.0.0.1']];
  let asked = 0;
  await using guest = await openWsGuest({
    grant: [{ origin: `ws://rebind.example.com:${server.port}` }],
    lookup: async () => answers[asked++ % 2] ?? [],
    connectTimeoutMs: 50,
  });
  const url = `ws://rebind.example.com:${server.port}/`;
  // The documentation range is not a public address either.
  expect((await guest.refusal('ws.open', { url })).code).toBe('CAPABILITY_DENIED');
  expect((await guest.refusal('ws.open', { url })).code).toBe('CAPABILITY_DENIED');
  expect([asked, server.connections]).toEqual([2, 0]);
});

test('one answer of the name server is used for check and dial, and the name goes out as Host', async () => {
  await using server = await startSocketServer();
  let asked = 0;
  await using guest = await openWsGuest({
    grant: [{ origin: `ws://api.example.com:${server.port}` }, { origin: server.origin }],
    lookup: async () => {
      asked += 1;
      return ['127.0.0.1'];
    },
  });
  await guest.open(`ws://api.example.com:${server.port}/`);
  expect(asked).toBe(1);
  expect(server.seen[0]?.headers.host).toBe(`api.example.com:${server.port}`);
});

test('a redirect is not followed', async () => {
  await using other = await startSocketServer();
  await using server = await startSocketServer(undefined, {
    raw: (_, socket) =>
      socket.end(`HTTP/1.1 302 Found\r\nLocation: ${other.origin}/\r\nContent-Length: 0\r\n\r\n`),
  });
  await using guest = await openWsGuest({ grant: [{ origin: server.origin }, { origin: other.origin }] });
  expect(await guest.refusal('ws.open', { url: server.origin })).toMatchObject({
    code: 'HOST_CALL_FAILED',
    reason: 'redirect',
  });
  expect(other.connections).toBe(0);
  await server.idle();
});

test('a secret goes out with the handshake of its origin and comes back in nothing', async () => {
  await using server = await startSocketServer((socket, request) => {
    const seen = String(request.headers.authorization);
    socket.send(seen);
    socket.send(Buffer.from(seen), { binary: true });
    socket.close(4000, seen);
  });
  await using plain = await startSocketServer((socket, request) =>
    socket.send(String(request.headers.authorization)),
  );
  const outcome = await javascript(
    `const seen = [];
     const one = new WebSocket('${server.origin}');
     one.binaryType = 'arraybuffer';
     await new Promise((resolve) => {
       one.onmessage = ({ data }) => seen.push(typeof data === 'string' ? data : new TextDecoder().decode(data));
       one.onclose = ({ reason }) => resolve(seen.push(reason));
     });
     const two = new WebSocket('${plain.origin}');
     await new Promise((resolve) => { two.onmessage = ({ data }) => { two.close(); resolve(seen.push(data)); }; });
     seen.push(sandglass.inspect(one, 5), JSON.stringify(env), Object.getOwnPropertyNames(globalThis).join());
     seen`,
    { ws: [{ origin: server.origin, secret: 'token' }, { origin: plain.origin }] },
  );
  expect(server.seen[0]?.headers.authorization).toBe('Bearer canary-1234567');
  expect(plain.seen[0]?.headers.authorization).toBeUndefined();
  expect(outcome).toMatchObject({
    ok: true,
    value: [
      'Bearer **************',
      'Bearer **************',
      'Bearer **************',
      'undefined',
      expect.any(String),
      '{}',
      expect.any(String),
    ],
  });
  expect(JSON.stringify(outcome)).not.toContain('canary');
});

test('a message that announces more than the cap is refused before it is read', async () => {
  await using server = await startSocketServer(undefined, {
    raw: (request, socket) => {
      accept(request, socket);
      // 2^40 bytes of binary are announced; two come.
      socket.write(Buffer.from([0x82, 127, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2]));
    },
  });
  await using guest = await openWsGuest({ grant: [{ origin: server.origin }] });
  const handle = await guest.open(server.origin);
  expect(await guest.refusal('ws.receive', { handle })).toMatchObject({
    code: 'HOST_CALL_FAILED',
    reason: 'too-large',
  });
  await server.idle();
});

test.each([
  ['maxMessageBytes', { maxMessageBytes: 100 }, undefined],
  ['hostCallBytes', {}, 1024],
])('%s caps a message both ways, also one in pieces', async (_, cap, hostCallBytes) => {
  const size = hostCallBytes ?? 100;
  await using server = await startSocketServer((socket) => {
    socket.on('message', () => {
      socket.send('x'.repeat(size));
      socket.send('x'.repeat(size), { fin: false });
      socket.send('x', { fin: true });
    });
  });
  await using guest = await openWsGuest({
    grant: [{ origin: server.origin, ...cap }],
    ...defined({ hostCallBytes }),
  });
  const handle = await guest.open(server.origin);
  expect((await guest.refusal('ws.send', { handle }, new Uint8Array(size + 1))).reason).toBe('too-large');
  await guest.call('ws.send', { handle }, new Uint8Array(size));
  expect((await guest.call('ws.receive', { handle })).text).toHaveLength(size);
  expect((await guest.refusal('ws.receive', { handle })).reason).toBe('too-large');
});

test('a server that floods a guest that does not receive is held up, and nothing is lost', async () => {
  const total = 64;
  const message = Buffer.alloc(1024 * 1024, 1);
  let heldUp = 0;
  const { promise: blocked, resolve: isBlocked } = Promise.withResolvers<void>();
  await using server = await startSocketServer((socket) => {
    const send = (left: number): void => {
      if (left === 0) return;
      const timer = setTimeout(() => {
        heldUp = left;
        isBlocked();
      }, 300);
      socket.send(message, () => {
        clearTimeout(timer);
        send(left - 1);
      });
    };
    send(total);
  });
  await using guest = await openWsGuest({ grant: [{ origin: server.origin }] });
  const handle = await guest.open(server.origin);
  await blocked;
  // Kernel buffers and one mebibyte of ours: far from all of it.
  expect(heldUp).toBeGreaterThan(total / 2);
  for (let at = 0; at < total; at++) {
    const { reply } = await guest.call('ws.receive', { handle });
    expect(reply.ingressBytes).toBe(message.length);
  }
});

test('maxCalls counts connections, maxBytes messages of both directions', async () => {
  await using server = await startSocketServer();
  await using guest = await openWsGuest({ grant: [{ origin: server.origin, maxCalls: 2, maxBytes: 10 }] });
  const handle = await guest.open(server.origin);
  await guest.call('ws.send', { handle }, 'abcd');
  expect((await guest.call('ws.receive', { handle })).text).toBe('abcd');
  expect(await guest.refusal('ws.send', { handle }, 'abc')).toMatchObject({
    code: 'CAPABILITY_DENIED',
    details: { capability: 'ws', limit: { maxBytes: 10 } },
  });
  await guest.call('ws.send', { handle }, 'xy');
  expect((await guest.refusal('ws.receive', { handle })).code).toBe('CAPABILITY_DENIED');
  await guest.open(server.origin);
  expect((await guest.refusal('ws.open', { url: server.origin })).code).toBe('HOST_CALLS_EXCEEDED');
  expect(server.connections).toBe(2);
});

test('a guest has at most 16 connections open', async () => {
  await using server = await startSocketServer();
  await using guest = await openWsGuest({ grant: [{ origin: server.origin }] });
  for (let at = 0; at < 16; at++) await guest.open(server.origin);
  expect((await guest.refusal('ws.open', { url: server.origin })).reason).toBe('invalid');
});

test('a handshake that is never answered ends with the deadline, and nothing stays open', async () => {
  await using server = await startSocketServer(undefined, { raw: () => undefined });
  const outcome = await javascript(
    `new WebSocket('${server.origin}'); await new Promise(() => {})`,
    { ws: [{ origin: server.origin }] },
    { limits: { timeoutMs: 500 } },
  );
  expect(outcome).toMatchObject({ ok: false, error: { code: 'DEADLINE_EXCEEDED' } });
  expect(server.connections).toBe(1);
  await server.idle();
});

test('openTimeoutMs ends a handshake that is never answered', async () => {
  await using server = await startSocketServer(undefined, { raw: () => undefined });
  await using guest = await openWsGuest({ grant: [{ origin: server.origin }], openTimeoutMs: 50 });
  expect((await guest.refusal('ws.open', { url: server.origin })).reason).toBe('timeout');
  await server.idle();
});

test.each([
  ['an ordinary answer', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', 'protocol'],
  [
    'a wrong accept',
    'HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n',
    'protocol',
  ],
  ['no HTTP', 'hello there\r\n\r\n', 'protocol'],
  ['an end', '', 'connect'],
])('%s to the handshake is a clean failure', async (_, answer, reason) => {
  await using server = await startSocketServer(undefined, { raw: (_request, socket) => socket.end(answer) });
  await using guest = await openWsGuest({ grant: [{ origin: server.origin }] });
  const refused = await guest.refusal('ws.open', { url: server.origin });
  expect(refused).toMatchObject({ code: 'HOST_CALL_FAILED', reason });
  expect(refused.message).toMatch(/^Cannot connect to "ws:/);
  await server.idle();
});

test.each([
  ['a masked frame', [0x81, 0x81, 0, 0, 0, 0, 65]],
  ['a reserved opcode', [0x83, 0]],
  ['a compressed frame', [0xc1, 1, 65]],
  ['text that is not UTF-8', [0x81, 1, 0xff]],
  ['a fragmented ping', [0x09, 0]],
])('%s ends the connection', async (_, frame) => {
  await using server = await startSocketServer(undefined, {
    raw: (request, socket) => {
      accept(request, socket);
      socket.write(Buffer.from(frame));
    },
  });
  await using guest = await openWsGuest({ grant: [{ origin: server.origin }] });
  const handle = await guest.open(server.origin);
  expect((await guest.refusal('ws.receive', { handle })).reason).toBe('protocol');
  await server.idle();
});

test('connections end with the run, whatever the guest left open', async () => {
  await using server = await startSocketServer();
  const outcome = await javascript(
    `const socket = new WebSocket('${server.origin}');
     await new Promise((resolve) => { socket.onopen = resolve; });
     throw new Error('done')`,
    { ws: [{ origin: server.origin }] },
  );
  expect(outcome).toMatchObject({ ok: false, error: { code: 'GUEST_THREW' } });
  await server.idle();
});

test('a wait ends when the run is cancelled', async () => {
  await using server = await startSocketServer();
  const guest = await openWsGuest({ grant: [{ origin: server.origin }] });
  const handle = await guest.open(server.origin);
  const waiting = guest.refusal('ws.receive', { handle });
  expect((await guest.refusal('ws.receive', { handle })).reason).toBe('invalid');
  await guest[Symbol.asyncDispose]();
  expect((await waiting).reason).toBe('aborted');
  await server.idle();
});

test('a ws grant gives no http', async () => {
  await using server = await startServer();
  const outcome = await javascript(`(await fetch('${server.origin}/')).status`, {
    ws: [{ origin: server.origin.replace('http', 'ws') }],
  });
  expect(outcome).toMatchObject({ ok: false, error: { code: 'CAPABILITY_DENIED' } });
  expect(server.connections).toBe(0);
});
