import { expect, test } from 'vitest';
import { narrowWsGrants, parseWsGrants } from '../../../host-functions/http/ws-grant.ts';
import { openWsGuest, startSocketServer } from '../../support/ws-harness.ts';

test('text and binary messages come back as they were sent, in order, and are counted', async () => {
  await using server = await startSocketServer();
  await using guest = await openWsGuest({ grant: [{ origin: server.origin, paths: ['/room/*'] }] });
  const handle = await guest.open(`${server.origin}/room/1?a=b`);
  expect((await guest.call('ws.send', { handle, text: true }, 'héllo')).reply).toEqual({
    value: null,
    egressBytes: 6,
  });
  await guest.call('ws.send', { handle }, new Uint8Array([0, 255]));
  await guest.call('ws.send', { handle, text: true });
  const first = await guest.call('ws.receive', { handle });
  expect([first.value, first.text, first.reply.ingressBytes]).toEqual([{ kind: 'text' }, 'héllo', 6]);
  const second = await guest.call('ws.receive', { handle });
  expect([second.value, second.reply.bytes]).toEqual([{ kind: 'binary' }, new Uint8Array([0, 255])]);
  expect((await guest.call('ws.receive', { handle })).text).toBe('');
  expect(server.seen.map(({ url }) => url)).toEqual(['/room/1?a=b']);
});

test('either side closes with a code and a reason', async () => {
  await using server = await startSocketServer((socket) => {
    socket.on('message', () => socket.close(4001, 'bye'));
  });
  await using guest = await openWsGuest({ grant: [{ origin: server.origin }] });
  const handle = await guest.open(server.origin);
  await guest.call('ws.send', { handle, text: true }, 'x');
  expect((await guest.call('ws.receive', { handle })).value).toEqual({
    kind: 'close',
    code: 4001,
    reason: 'bye',
  });
  expect((await guest.refusal('ws.receive', { handle })).reason).toBe('bad-handle');
  const other = await guest.open(server.origin);
  await guest.call('ws.close', { handle: other, code: 3000, reason: 'enough' });
  expect((await guest.call('ws.receive', { handle: other })).value).toEqual({
    kind: 'close',
    code: 3000,
    reason: 'enough',
  });
});

test('the server chooses a subprotocol of those asked for', async () => {
  await using server = await startSocketServer();
  await using guest = await openWsGuest({ grant: [{ origin: server.origin }] });
  const { value } = await guest.call('ws.open', { url: server.origin, protocols: ['b', 'a'] });
  expect(value).toMatchObject({ protocol: 'b' });
});

test.each([
  ['ws.open', { url: 5 }, 'INPUT_INVALID'],
  ['ws.open', { url: 'ws://h', color: 1 }, 'INPUT_INVALID'],
  ['ws.open', { url: 'ws://h', protocols: 'a' }, 'INPUT_INVALID'],
  ['ws.open', { url: 'ws://h', protocols: ['a b'] }, 'HOST_CALL_FAILED'],
  ['ws.open', { url: 'ws://h', protocols: ['a', 'a'] }, 'HOST_CALL_FAILED'],
  ['ws.open', { url: 'http://h' }, 'HOST_CALL_FAILED'],
  ['ws.open', { url: 'ws://u:p@h' }, 'HOST_CALL_FAILED'],
  ['ws.send', { handle: 'x' }, 'INPUT_INVALID'],
  ['ws.send', { handle: 1, text: 1 }, 'INPUT_INVALID'],
  ['ws.send', { handle: 1, constructor: 1 }, 'INPUT_INVALID'],
  ['ws.send', { handle: 1 }, 'HOST_CALL_FAILED'],
  ['ws.close', { handle: 1, code: 1006 }, 'INPUT_INVALID'],
  ['ws.close', { handle: 1, code: 1000, reason: 'x'.repeat(124) }, 'INPUT_INVALID'],
  ['ws.close', { handle: 1, reason: 'x' }, 'INPUT_INVALID'],
] as const)('%s refuses %j', async (operation, args, code) => {
  await using guest = await openWsGuest({ grant: [{ origin: 'ws://h' }] });
  expect(await guest.refusal(operation, args as never)).toMatchObject({
    code,
    reason: code === 'HOST_CALL_FAILED' ? expect.any(String) : 'invalid',
  });
});

test('text that is not UTF-8 is not sent', async () => {
  await using server = await startSocketServer();
  await using guest = await openWsGuest({ grant: [{ origin: server.origin }] });
  const handle = await guest.open(server.origin);
  expect((await guest.refusal('ws.send', { handle, text: true }, new Uint8Array([0xff]))).reason).toBe(
    'invalid',
  );
});

test.each([
  [[{ origin: 'https://a.b' }], 'not an origin such as "wss://'],
  [[{ origin: 'wss://a.b', methods: ['GET'] }], 'unknown field "methods"'],
  [[{ origin: '*', secret: 's' }], 'a secret needs an origin of its own'],
  [[{ origin: 'wss://a.b', maxMessageBytes: -1 }], 'maxMessageBytes'],
  [[{ origin: 'wss://a.b', secret: 'none' }], 'there is no secret "none"'],
  [{}, 'expected a list'],
])('a malformed grant %j is refused', async (grant, message) => {
  await expect(openWsGuest({ grant: grant as never })).rejects.toThrow(message);
});

test('narrow() keeps origins, paths, secrets and caps under the ceiling', () => {
  const narrow = (asked: unknown, ceiling: unknown) =>
    narrowWsGrants(parseWsGrants(asked as never, 'grant.ws'), parseWsGrants(ceiling as never, 'policy.ws'));
  expect(
    narrow(
      [{ origin: 'wss://a.example.com', maxCalls: 9 }],
      [{ origin: 'wss://*.example.com', paths: ['/v1/**'], maxCalls: 2, maxMessageBytes: 10 }],
    ),
  ).toMatchObject([
    {
      origin: { text: 'wss://a.example.com' },
      paths: { patterns: ['/v1/**'] },
      maxCalls: 2,
      maxMessageBytes: 10,
    },
  ]);
  for (const asked of [
    { origin: 'ws://a.example.com' },
    { origin: 'wss://example.com' },
    { origin: '*' },
    { origin: 'wss://a.example.com', paths: ['/v2'] },
    { origin: 'wss://a.example.com', secret: 's' },
  ]) {
    expect(() => narrow([asked], [{ origin: 'wss://*.example.com', paths: ['/v1/**'] }])).toThrow(
      'Cannot grant ws[0]: the policy does not cover',
    );
  }
  expect(() => narrow([{ origin: 'wss://127.0.0.1' }], [{ origin: '*' }])).toThrow('does not cover');
});
