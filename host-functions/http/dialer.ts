import { lookup as dnsLookup } from 'node:dns/promises';
import type { buildConnector, Dispatcher } from 'undici';
import request from 'undici/lib/api/api-request.js';
import connector from 'undici/lib/core/connect.js';
import Agent from 'undici/lib/dispatcher/agent.js';
import { defined } from '../../runtime/vocabulary/defined.ts';
import { canonicalAddress } from './address.ts';
import { HttpFault } from './http-fault.ts';
import type { EntryPolicy } from './http-grant.ts';
import { denyAddress, type HttpPolicy } from './http-policy.ts';

/** Host name → its addresses, in the order they are tried. */
export type Lookup = (hostname: string) => Promise<readonly string[]>;

export interface ConnectOptions {
  /** @default the system's resolver */
  readonly lookup?: Lookup;
  /** Of name, TCP and TLS together, ms. */
  readonly connectTimeoutMs: number;
  /** Certificate authorities in PEM beside the system's own. */
  readonly ca?: string;
}

export interface DialerOptions extends ConnectOptions {
  readonly headersTimeoutMs: number;
  readonly bodyTimeoutMs: number;
}

/** Connections of one run and one credential to one origin. */
const MAX_CONNECTIONS = 8;
const MAX_ADDRESSES = 4;
const MAX_HEADER_BYTES = 32 * 1024;
const KEEP_ALIVE_MS = 4_000;

const systemLookup: Lookup = async (hostname) =>
  (await dnsLookup(hostname, { all: true })).map(({ address }) => address);

/** A pool of connections. */
export interface Dialer {
  /** What requests of other clients go through. */
  readonly agent: Dispatcher;
  request(options: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData>;
}

/**
 * A pool of connections that dials only addresses the policy lets it, each one checked by `createConnect`.
 */
export function createDialer(policy: HttpPolicy, options: DialerOptions): Dialer {
  const agent = new Agent({
    connect: createConnect(policy, options),
    connections: MAX_CONNECTIONS,
    pipelining: 1,
    allowH2: false,
    headersTimeout: options.headersTimeoutMs,
    bodyTimeout: options.bodyTimeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
  });
  return { agent, request: (asked) => request.call(agent, asked) };
}

/**
 * Opens one connection to an address that the policy lets it dial: the name is resolved once, the answers are checked, and the checked address
 * itself is dialled, so that a second answer of the name server changes nothing. The name stays what TLS and `Host` see.
 */
export function createConnect<P extends EntryPolicy>(
  policy: HttpPolicy<P>,
  { lookup = systemLookup, connectTimeoutMs, ca }: ConnectOptions,
): buildConnector.connector {
  const dial = connector({
    allowH2: false,
    timeout: connectTimeoutMs,
    autoSelectFamily: false,
    ...defined({ ca }),
  });
  return (target, callback) => {
    const url = new URL(`${target.protocol}//${target.host ?? target.hostname}`);
    const literal = canonicalAddress(url.hostname);
    const isSecure = target.protocol === 'https:' || target.protocol === 'wss:';
    const attempt = (addresses: readonly string[]): void => {
      const [address, ...others] = addresses;
      if (address === undefined) {
        callback(denyAddress(url), null);
        return;
      }
      const { servername, ...rest } = target;
      delete rest.host;
      const done: buildConnector.Callback = (...[error, socket]) => {
        if (error === null) callback(null, socket);
        else if (others.length === 0 || isTlsFailure(error)) callback(error, null);
        else attempt(others);
      };
      dial(
        {
          ...rest,
          protocol: isSecure ? 'https:' : 'http:',
          hostname: address,
          ...(isSecure && literal === undefined ? { servername: servername ?? url.hostname } : {}),
        },
        done,
      );
    };
    addressesFor(policy, url, { lookup, connectTimeoutMs }).then(attempt, (error: Error) =>
      callback(error, null),
    );
  };
}

/**
 * The addresses of a URL's host that may be dialled, at most four: its name is resolved once.
 * @throws {HttpFault} when the name is not found, or not in time.
 */
export async function addressesFor<P extends EntryPolicy>(
  policy: HttpPolicy<P>,
  url: URL,
  { lookup = systemLookup, connectTimeoutMs }: ConnectOptions,
): Promise<readonly string[]> {
  const addresses = await resolve(url, canonicalAddress(url.hostname), lookup, connectTimeoutMs);
  return addresses.filter((address) => policy.mayDial(url, address)).slice(0, MAX_ADDRESSES);
}

async function resolve(
  url: URL,
  literal: string | undefined,
  lookup: Lookup,
  timeoutMs: number,
): Promise<readonly string[]> {
  if (literal !== undefined) return [literal];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new HttpFault('timeout')), timeoutMs);
  });
  try {
    const answers = await Promise.race([lookup(url.hostname), late]);
    const addresses = answers.map(canonicalAddress).filter((address) => address !== undefined);
    if (addresses.length === 0) throw new HttpFault('dns');
    return addresses;
  } finally {
    clearTimeout(timer);
  }
}

/** The certificate was wrong; another address of the same name is no way round it. */
const isTlsFailure = (error: Error): boolean =>
  'code' in error &&
  typeof error.code === 'string' &&
  /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED)/.test(error.code);
