import { Buffer } from 'node:buffer';
import { connect } from 'node:net';
import type { ClientBase } from 'pg';

const CANCEL = 80_877_102; // 1234 << 16 | 5678, as the protocol says

/**
 * Asks the server to cancel what this connection does, over a connection of its own, which needs no signing in and is ended by the server.
 * Protocol: https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS
 */
export function requestCancel(client: ClientBase): void {
  const { host, port } = client as unknown as { readonly host: string; readonly port: number }; // of pg's Client, not among its types
  const processId: unknown = Reflect.get(client, 'processID');
  const secret: unknown = Reflect.get(client, 'secretKey');
  if (typeof processId !== 'number' || typeof secret !== 'number') return;
  const message = Buffer.alloc(16);
  message.writeInt32BE(16, 0);
  message.writeInt32BE(CANCEL, 4);
  message.writeInt32BE(processId, 8);
  message.writeInt32BE(secret, 12);
  const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
  socket.setTimeout(5_000, () => socket.destroy());
  // Nothing waits for it: where it fails, the statement ends by the timeout that the server was given with it.
  socket.on('error', () => undefined);
  socket.end(message);
  socket.resume();
}
