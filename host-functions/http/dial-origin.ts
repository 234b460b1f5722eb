import { connect, type Socket } from 'node:net';
import { addressesFor, type ConnectOptions } from './dialer.ts';
import { HttpFault, toFault } from './http-fault.ts';
import type { EntryPolicy } from './http-grant.ts';
import { denyAddress, HttpPolicy } from './http-policy.ts';

/**
 * A connection to the first address of the URL's host that the policies allow and that answers.
 * @throws {HttpFault} when none does; a denial where none may be dialled.
 */
export async function dialOrigin(
  policies: readonly EntryPolicy[],
  url: URL,
  options: ConnectOptions,
): Promise<Socket> {
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  const addresses = await addressesFor(new HttpPolicy(policies), url, options);
  if (addresses.length === 0) throw denyAddress(url);
  let failure: unknown;
  for (const address of addresses) {
    try {
      return await dial(address, port, options.connectTimeoutMs);
    } catch (error) {
      failure = error;
    }
  }
  throw toFault(failure);
}

/** Plain TCP in any case: what goes through a tunnel is encrypted by the browser. */
const dial = (address: string, port: number, timeoutMs: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: address, port });
    const late = setTimeout(() => socket.destroy(new HttpFault('timeout')), timeoutMs);
    socket.once('error', (error) => {
      clearTimeout(late);
      reject(error);
    });
    socket.once('connect', () => {
      clearTimeout(late);
      resolve(socket);
    });
  });
