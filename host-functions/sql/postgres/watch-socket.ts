import type { Socket } from 'node:net';
import type { PoolClient } from 'pg';

/** Head of messages, names of columns and the like, which are no rows. */
const OVERHEAD = 65_536;

export interface WatchedSocket {
  /** Bytes that came since it is watched. */
  bytes(): number;
  overflowed(): boolean;
  destroy(): void;
  end(): void;
}

/**
 * Counts what a server sends and ends the connection when it is too much: one row may be a gigabyte, and is put together in memory before anybody
 * sees it.
 */
export function watchSocket(client: PoolClient, maxBytes: number): WatchedSocket {
  const { stream } = (client as unknown as { readonly connection: { readonly stream: Socket } }).connection; // of pg's Client, not among its types
  let bytes = 0;
  let over = false;
  const count = (chunk: Uint8Array): void => {
    bytes += chunk.byteLength;
    if (bytes <= maxBytes + OVERHEAD || over) return;
    over = true;
    stream.destroy();
  };
  stream.prependListener('data', count);
  return {
    bytes: () => bytes,
    overflowed: () => over || bytes > maxBytes + OVERHEAD,
    destroy: () => void stream.destroy(),
    end: () => void stream.off('data', count),
  };
}
