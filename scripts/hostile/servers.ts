// The servers that hostile guests talk to, in a thread of their own: the host's is the one that is measured. Tells its port to its parent.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parentPort } from 'node:worker_threads';
import { type WebSocket, WebSocketServer } from 'ws';

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

const server = createServer().listen(0, '127.0.0.1');
new WebSocketServer({ server }).on('connection', (socket, request) => {
  socket.on('error', () => undefined); // a guest that went away
  if (request.url === '/flood') flood(socket, true);
  else if (request.url === '/pieces') flood(socket, false);
  else socket.pause();
});
server.once('listening', () => parentPort?.postMessage((server.address() as AddressInfo).port));
