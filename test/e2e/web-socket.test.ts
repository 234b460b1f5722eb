import { afterAll, expect, test } from 'vitest';
import { createRuntime } from '../../runtime/index.ts';
import { verifies } from '../support/verifies.ts';
import { startSocketServer } from '../support/ws-harness.ts';

verifies('HT-14');

const runtime = createRuntime({ cache: false });
afterAll(() => runtime.close());

test('text, buffers and blobs go out in order, and the close after them', async () => {
  const seen: unknown[] = [];
  const { promise: closed, resolve: isClosed } = Promise.withResolvers<void>();
  await using server = await startSocketServer((socket) => {
    socket.on('message', (data, isBinary) => seen.push([isBinary, String(data)]));
    socket.on('close', (code, reason) => {
      seen.push([code, String(reason)]);
      isClosed();
    });
  });
  const outcome = await runtime.run({
    language: 'javascript',
    code: `const socket = new WebSocket('${server.origin}/');
      const early = (() => { try { socket.send('x'); } catch (error) { return [error.name, error.code]; } })();
      let buffered;
      socket.onopen = () => {
        const bytes = new Uint8Array([97, 98]);
        socket.send(new Blob(['blob']));
        socket.send('text');
        socket.send(bytes);
        bytes.fill(0);
        socket.send(new Uint8Array([120, 121, 122]).buffer);
        buffered = socket.bufferedAmount;
        socket.close(3000, 'x');
        socket.send('late');
      };
      const { code, wasClean } = await new Promise((resolve) => { socket.onclose = resolve; });
      export default [early, buffered, socket.bufferedAmount, code, wasClean];`,
    grant: { ws: [{ origin: server.origin }] },
  });
  expect(outcome).toMatchObject({ ok: true, value: [['InvalidStateError', 11], 13, 4, 3000, true] });
  await closed;
  expect(seen).toEqual([
    [true, 'blob'],
    [false, 'text'],
    [true, 'ab'],
    [true, 'xyz'],
    [3000, 'x'],
  ]);
});

test('a message that cannot be sent ends the connection, and the run goes on', async () => {
  await using server = await startSocketServer();
  const outcome = await runtime.run({
    language: 'javascript',
    code: `const socket = new WebSocket('${server.origin}/');
      socket.onopen = () => socket.send('too long');
      let reason;
      socket.onerror = ({ error }) => { reason = error.details.reason; };
      const { code } = await new Promise((resolve) => { socket.onclose = resolve; });
      export default [reason, code, socket.readyState];`,
    grant: { ws: [{ origin: server.origin, maxMessageBytes: 3 }] },
  });
  expect(outcome).toMatchObject({ ok: true, value: ['too-large', 1006, 3] });
  await server.idle();
});

test('a connection that is closed before it is open ends without an error', async () => {
  await using server = await startSocketServer();
  const outcome = await runtime.run({
    language: 'javascript',
    code: `const socket = new WebSocket('${server.origin}/');
      socket.close();
      export default await new Promise((resolve) => { socket.onclose = ({ code }) => resolve(code); });`,
    grant: { ws: [{ origin: server.origin }] },
  });
  expect(outcome).toMatchObject({ ok: true, value: 1006 });
  await server.idle();
});

test.each([
  ['the event itself', 'socket.onerror = reject'],
  [
    'one that the guest makes of it',
    "socket.onerror = ({ error }) => reject(new ErrorEvent('error', { error }))",
  ],
])('a refusal is told when a program rejects with %s', async (_name, code) => {
  const outcome = await runtime.run({
    language: 'javascript',
    code: `await new Promise((_, reject) => { const socket = new WebSocket('ws://127.0.0.1:9/'); ${code}; })`,
  });
  expect(outcome).toMatchObject({
    ok: false,
    error: {
      code: 'CAPABILITY_DENIED',
      details: { capability: 'ws', grant: { ws: [{ origin: 'ws://127.0.0.1:9' }] } },
    },
  });
});

test('an event with an error of the guest is no refusal', async () => {
  const code = "throw new ErrorEvent('error', { error: { code: 'CAPABILITY_DENIED', id: 1 } })";
  const outcome = await runtime.run({ language: 'javascript', code });
  expect(outcome).toMatchObject({ ok: false, error: { code: 'GUEST_THREW' } });
});
