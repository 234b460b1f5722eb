import ipaddr from 'ipaddr.js';

/** IPv6 unicast that is given out: all else (`::a.b.c.d`, site-local and so on) is not a public address. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');
/** Public by number, but the cloud's own service to each of its machines. */
const METADATA: ReadonlySet<string> = new Set(['168.63.129.16']);

/**
 * Whether an address belongs to the public internet. False for loopback, private, link-local, carrier-grade NAT, multicast, documentation and
 * reserved ranges; for addresses that carry an IPv4 address inside (NAT64, 6to4, Teredo), which a gateway may unpack; for what is not an address.
 * An IPv4-mapped address counts as the IPv4 address it is.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  if (parsed.range() !== 'unicast' || METADATA.has(parsed.toString())) return false;
  return parsed.kind() === 'ipv4' || parsed.match(GLOBAL_UNICAST);
}

/** One spelling per address; `undefined` for a name. Brackets of a URL's host are accepted. */
export function canonicalAddress(host: string): string | undefined {
  const bare = host.startsWith('[') ? host.slice(1, -1) : host;
  return ipaddr.isValid(bare) ? ipaddr.process(bare).toString() : undefined;
}

/** Names that always mean this machine. */
export const isLocalName = (host: string): boolean => host === 'localhost' || host.endsWith('.localhost');

export const isLoopback = (address: string): boolean =>
  ipaddr.isValid(address) && ipaddr.process(address).range() === 'loopback';
