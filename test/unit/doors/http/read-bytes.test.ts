import { once } from 'node:events';
import { request, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { answerErrors } from '../../../../runtime/doors/http/answer-errors.ts';
import { createBodyBudget } from '../../../../runtime/doors/http/body-budget.ts';
import { readBytes } from '../../../../runtime/doors/http/read-bytes.ts';
import type { DoorEnv } from '../../../../runtime/doors/http/route.ts';

const MOST = 100_000;

let server: Server;
let port: number;
const faults: unknown[] = [];
/** Settles with how each request that was read ended. */
let read = Promise.withResolvers<unknown>();

beforeAll(async () => {
  const app = new Hono<DoorEnv>();
  const budget = createBodyBudget(MOST + 50_000);
  answerErrors(app, (error) => faults.push(error), Date.now);
  app.all('/', async (context) => {
    const share = budget.open();
    try {
      const bytes = await readBytes(context, MOST, share);
      read.resolve(bytes?.byteLength);
      return context.text(bytes === undefined ? 'too large' : String(bytes.byteLength));
    } catch (error) {
      read.resolve(error);
      throw error;
    } finally {
      share.release();
    }
  });
  server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false }) as Server; // without options it is a plain one
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});
beforeEach(() => {
  faults.length = 0;
  read = Promise.withResolvers();
});

/** Sends pieces as they are, without a declared length. */
async function send(pieces: readonly Uint8Array[], method = 'POST'): Promise<string> {
  const sent = request({ port, method, host: '127.0.0.1', headers: { 'transfer-encoding': 'chunked' } });
  const answered = once(sent, 'response');
  for (const piece of pieces) sent.write(piece);
  sent.end();
  const [response] = await answered;
  let text = '';
  for await (const part of response.setEncoding('utf8')) text += part;
  return text;
}

test.each([
  ['empty', [], '0'],
  ['of one piece', [new Uint8Array(10)], '10'],
  ['of many pieces', Array.from({ length: 100 }, () => new Uint8Array(1_000)), String(MOST)],
  ['one byte over the most', [new Uint8Array(MOST), new Uint8Array(1)], 'too large'],
])('a body %s, whose length nobody declares, is read up to the most', async (_, pieces, expected) => {
  expect(await send(pieces)).toBe(expected);
  expect(faults).toEqual([]);
});

/** What a client is answered that sends a body by this text, as it goes over the wire. */
async function answerTo(body: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const answered = once(socket, 'data');
  socket.write(`POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n${body}`);
  const [answer] = await answered;
  socket.destroy();
  return String(answer);
}

test('a body of some thousands of small pieces is read, one of very many is refused while it comes', async () => {
  expect(await answerTo(`${'1\r\nx\r\n'.repeat(4_000)}0\r\n\r\n`)).toMatch(/^HTTP\/1.1 200/);
  expect(await read.promise).toBe(4_000);
  read = Promise.withResolvers();
  expect(await answerTo('1\r\nx\r\n'.repeat(50_000))).toMatch(/^HTTP\/1.1 400/);
  expect(await read.promise).toMatchObject({
    code: 'INPUT_INVALID',
    message: 'Cannot read the body: over 4113 pieces of 1 bytes',
  });
});

test('a body that goes on and on is answered while it comes, and no more of it is read than the most', async () => {
  const socket = connect(port, '127.0.0.1');
  socket.write('POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n');
  const chunk = `${(10_000).toString(16)}\r\n${'x'.repeat(10_000)}\r\n`;
  for (let sent = 0; sent < 20; sent++) socket.write(chunk);
  const [answer] = await once(socket, 'data');
  expect(String(answer)).toMatch(/^HTTP\/1\.1 200 .*too large/s);
  expect(await read.promise).toBeUndefined();
  socket.destroy();
});

test('a client that leaves in the middle of its body is no fault of the server, and what was held is let go', async () => {
  for (let turn = 0; turn < 5; turn++) {
    read = Promise.withResolvers();
    const socket = connect(port, '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90000\r\n\r\n');
    socket.write('x'.repeat(50_000), () => setTimeout(() => socket.destroy(), 20));
    expect(await read.promise).toBeInstanceOf(Error);
  }
  expect(await send([new Uint8Array(MOST)])).toBe(String(MOST));
  expect(faults).toEqual([]);
});

test('a declared length over the most is answered before anything is read', async () => {
  const socket = connect(port, '127.0.0.1');
  socket.write(`POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${MOST + 1}\r\n\r\n`);
  const [answer] = await once(socket, 'data');
  expect(String(answer)).toContain('too large');
  socket.destroy();
});

test('a body that somebody has read before is not read twice as if it were empty', async () => {
  const app = new Hono();
  app.post('/', async (context) => {
    const text = await context.req.text();
    const again = await readBytes(context, MOST).catch((error: unknown) => error);
    return context.json({ text, again: again instanceof Error ? 'refused' : String(again) });
  });
  const other = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false }) as Server; // as above
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  try {
    const { port: at } = other.address() as AddressInfo; // of a port, not of a pipe
    const answer = await fetch(`http://127.0.0.1:${at}/`, { method: 'POST', body: 'abc' });
    expect(await answer.json()).toEqual({ text: 'abc', again: 'refused' });
  } finally {
    other.close();
    other.closeAllConnections();
  }
});
