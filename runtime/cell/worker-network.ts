import type { LookupFunction } from 'node:net';

/** What native handles of Node take to reach beyond the process. They answer with an error number, as they do for the system's own refusals. */
const REACHES = /^(open|bind6?|connect6?|listen|send6?|query.*|getHostByAddr)$/;
/** Of the system's "permission denied". */
const DENIED = -13;

/**
 * Takes the network and local sockets from this thread, for good, where `--permission` does not: Node 24 has no such permission, and a guest
 * that has broken out of its wasm would have them. Every module of Node goes through the same few native handles, so those are closed.
 * @throws {Error} when one of them is not found: then the thread must run no guest.
 */
export async function closeNetwork(): Promise<void> {
  const { process } = globalThis;
  if (process.allowedNodeEnvironmentFlags.has('--allow-net')) return;
  const [{ Socket }, { createSocket }, { default: dns }, { syncBuiltinESMExports }] = await Promise.all([
    import('node:net'),
    import('node:dgram'),
    import('node:dns'),
    import('node:module'),
  ]);
  const never: LookupFunction = () => undefined;
  const tcp = new Socket().connect({ host: 'localhost', port: 1, lookup: never }); // it waits for its address, and gets none
  const pipe = new Socket().on('error', () => undefined).connect({ path: '/' }); // no socket, so nothing answers
  const udp = createSocket('udp4');
  close('TCP', handleOf(tcp));
  close('Pipe', handleOf(pipe));
  close(
    'UDP',
    Object.getOwnPropertySymbols(udp).map((name) => handleOf(Reflect.get(udp, name), 'handle')),
  );
  close('ChannelWrap', handleOf(new dns.Resolver()));
  for (const ended of [tcp, pipe]) ended.destroy();
  udp.close();
  for (const resolver of [dns, dns.promises]) {
    for (const name of Object.keys(resolver)) {
      if (/^(lookup|lookupService|resolve.*|reverse)$/.test(name)) Reflect.set(resolver, name, refuse);
    }
  }
  syncBuiltinESMExports();
}

const handleOf = (owner: unknown, name = '_handle'): unknown => Reflect.get(Object(owner), name);

function close(kind: string, found: unknown): void {
  const handle = [found].flat().find((one) => typeof one === 'object' && one !== null);
  const prototype: unknown = Object.getPrototypeOf(Object(handle));
  const names = Object.getOwnPropertyNames(Object(prototype)).filter((name) => REACHES.test(name));
  if (names.length === 0) throw new Error(`Cannot close the network: Node's ${kind} is not where it was`);
  for (const name of names) {
    Object.defineProperty(prototype, name, { value: () => DENIED, writable: false, configurable: false });
  }
}

function refuse(): never {
  throw Object.assign(new Error('Access to the network is denied'), { code: 'ERR_ACCESS_DENIED' });
}
