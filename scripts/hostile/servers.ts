// The servers that hostile guests talk to, in a thread of their own: the host's is the one that is measured. Tells its port to its parent.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { parentPort } from 'node:worker_threads';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Door } from './attack.ts';
import { answerTo, isMode } from './flood-messages.ts';

const PIECE = Buffer.alloc(64 * 1024, 97);
/** Bytes that may wait to be sent, and how long it then waits, ms. */
const MOST_WAITING = 4 * 1024 ** 2;
const REST_MS = 5;

/** Sends again and again, as much as the other side takes. */
function flood(socket: WebSocket, fin: boolean): void {
  const more = (): void => {
    while (socket.readyState === socket.OPEN && socket.bufferedAmount < MOST_WAITING)
      socket.send(PIECE, { fin, binary: true });
    if (socket.readyState === socket.OPEN) setTimeout(more, REST_MS);
  };
  more();
}

/** Pages that keep a browser busy. */
const PAGES: Readonly<Record<string, string>> = {
  quiet: '<p>quiet</p>',
  console:
    "<script>const text = 'x'.repeat(20000); const go = () => { for (let n = 0; n < 200; n++) " +
    'console.log(text); setTimeout(go, 0); }; setTimeout(go, 200);</script>',
  fetch:
    "<script>let n = 0; const go = () => { for (let k = 0; k < 200; k++) fetch('http://127.0.0.1:1/' " +
    '+ n++).catch(() => {}); setTimeout(go, 0); }; setTimeout(go, 200);</script>',
  frames:
    '<script>let n = 0; const go = () => { for (let k = 0; k < 50; k++) { const f = ' +
    "document.createElement('iframe'); f.src = '/page/quiet?' + n++; document.body.append(f); " +
    'setTimeout(() => f.remove(), 50); } setTimeout(go, 0); }; setTimeout(go, 200);</script>',
  large:
    '<script>setTimeout(() => { for (let n = 0; n < 30000; n++) { const b = ' +
    "document.createElement('button'); b.textContent = 'button ' + n + 'x'.repeat(200); " +
    'document.body.append(b); } }, 200);</script>',
};

function floodEvents(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const event = 'data: {"jsonrpc":"2.0","method":"notifications/message","params":{}}\n\n'.repeat(100);
  const more = (): void => {
    while (!response.destroyed && response.write(event));
    if (!response.destroyed) response.once('drain', more);
  };
  more();
}

async function answerMcp(request: IncomingMessage, response: ServerResponse, mode: string): Promise<void> {
  if (!isMode(mode) || request.method === 'DELETE') return void response.writeHead(405).end();
  if (request.method === 'GET') {
    if (mode === 'messages') floodEvents(response);
    else response.writeHead(405).end();
    return;
  }
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
  const answer = answerTo(JSON.parse(text) as { readonly id?: number }, mode);
  if (answer === undefined) response.writeHead(202).end();
  else response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
}

const server = createServer((request, response) => {
  const [, kind, name = ''] = (request.url ?? '').split(/[/?]/);
  if (kind === 'mcp') answerMcp(request, response, name).catch(() => response.destroy());
  else response.writeHead(200, { 'content-type': 'text/html' }).end(`<body>${PAGES[name] ?? ''}</body>`);
}).listen(0, '127.0.0.1');
new WebSocketServer({ server }).on('connection', (socket, request) => {
  socket.on('error', () => undefined); // a guest that went away
  if (request.url === '/flood') flood(socket, true);
  else if (request.url === '/pieces') flood(socket, false);
  else socket.pause();
});
/** Readers that do not read at once, and those that leave at once and come again. */
const READERS = { stay: 60, return: 40 };

function readers({ kind, door, ms }: Readers): Promise<unknown> {
  const { port, key, path } = door;
  const ends = performance.now() + ms;
  const one = async (): Promise<void> => {
    do {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined); // the door sent it away
      socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${key}\r\n\r\n`);
      if (kind === 'stay') socket.pause();
      else socket.resume();
      await new Promise((resolve) => setTimeout(resolve, kind === 'stay' ? ms : 20));
      socket.destroy();
    } while (performance.now() < ends);
  };
  return Promise.all(Array.from({ length: READERS[kind] }, one));
}

export interface Readers {
  readonly id: number;
  readonly kind: 'stay' | 'return';
  readonly door: Door;
  readonly ms: number;
}

parentPort?.on('message', (asked: Readers) => {
  void readers(asked).then(() => parentPort?.postMessage({ gone: asked.id }));
});

server.once('listening', () => parentPort?.postMessage((server.address() as AddressInfo).port));
