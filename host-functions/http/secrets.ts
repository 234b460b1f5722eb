import type { HostContext, Secret } from '../../runtime/contracts/host-function.ts';
import type { HeaderList } from '../../runtime/contracts/operations/http.ts';
import type { EntryPolicy } from './http-grant.ts';

/** A credential as it travels, and how it could come back. */
export interface Credential {
  readonly header: readonly [name: string, value: string];
  /** What must not reach the guest, should the server repeat it. */
  readonly traces: readonly string[];
}

/** Shorter ones appear by chance in any answer; taking them out would spoil it and hide nothing. */
const MIN_TRACE = 6;

/**
 * The credentials that entries name, by name.
 * @throws {TypeError} when one names a secret that there is not. @throws {SandglassError} what its source throws.
 */
export async function readCredentials(
  policies: readonly EntryPolicy[],
  context: HostContext,
  capability: 'http' | 'ws',
): Promise<ReadonlyMap<string, Credential>> {
  const credentials = new Map<string, Credential>();
  for (const { secret: name } of policies) {
    if (name === undefined || credentials.has(name)) continue;
    const secret = await context.secret(name);
    if (secret === undefined) throw new TypeError(`Cannot grant ${capability}: there is no secret "${name}"`);
    credentials.set(name, toCredential(secret));
  }
  return credentials;
}

/** @throws {TypeError} when the embedder's secret cannot be a header. */
export function toCredential(secret: Secret): Credential {
  const header = headerOf(secret);
  if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(header[0]) || /[^\t\x20-\x7e\x80-\xff]/.test(header[1])) {
    throw new TypeError('Cannot use a secret: it does not fit into a header');
  }
  const values = secret.kind === 'basic' ? [secret.password, encodeBasic(secret)] : [plainValue(secret)];
  const traces = values.flatMap((value) => [
    value,
    encodeURIComponent(value),
    encodeURI(value),
    new URLSearchParams({ '': value }).toString().slice(1),
    JSON.stringify(value).slice(1, -1),
    value.toLowerCase(),
    value.toUpperCase(),
  ]);
  return { header, traces: [...new Set(traces)].filter((trace) => trace.length >= MIN_TRACE) };
}

function headerOf(secret: Secret): readonly [string, string] {
  switch (secret.kind) {
    case 'bearer':
      return ['authorization', `Bearer ${secret.token}`];
    case 'basic':
      return ['authorization', `Basic ${encodeBasic(secret)}`];
    case 'header':
      return [secret.name.toLowerCase(), secret.value];
  }
}

const plainValue = (secret: Exclude<Secret, { kind: 'basic' }>): string =>
  secret.kind === 'bearer' ? secret.token : secret.value;

const encodeBasic = ({ username, password }: Extract<Secret, { kind: 'basic' }>): string =>
  Buffer.from(`${username}:${password}`, 'utf8').toString('base64');

/**
 * Takes the exact text of credentials out of what a server answers, in place by `*`, so that lengths stay. It covers the value itself, also
 * in lower and upper case, its URL-encoded and its JSON-escaped form. It does NOT cover a server that answers it in another encoding
 * (base64, hex, reversed, in parts): such a server gives the secret away to any client.
 */
export class Scrubber {
  readonly #traces: readonly Buffer[];
  readonly #longest: number;
  #held: Buffer = Buffer.alloc(0);

  constructor(traces: readonly string[]) {
    this.#traces = traces.map((trace) => Buffer.from(trace, 'utf8')).sort((a, b) => b.length - a.length);
    this.#longest = this.#traces[0]?.length ?? 0;
  }

  /** The next bytes that are safe to pass on; what may be the beginning of a credential waits for the rest. */
  push(chunk: Buffer): Buffer {
    if (this.#longest === 0) return chunk;
    const all = this.#clean(Buffer.concat([this.#held, chunk]));
    const safe = Math.max(0, all.length - (this.#longest - 1));
    this.#held = all.subarray(safe);
    return all.subarray(0, safe);
  }

  end(): Buffer {
    const rest = this.#held;
    this.#held = Buffer.alloc(0);
    return rest;
  }

  #clean(bytes: Buffer): Buffer {
    for (const trace of this.#traces) {
      for (let at = bytes.indexOf(trace); at !== -1; at = bytes.indexOf(trace, at + trace.length)) {
        bytes.fill(STAR, at, at + trace.length);
      }
    }
    return bytes;
  }
}

const STAR = 0x2a;

/** What none of a grant's credentials may be seen as, whichever server they went to. */
export const tracesOf = (credentials: ReadonlyMap<string, Credential>): readonly string[] => [
  ...new Set([...credentials.values()].flatMap(({ traces }) => traces)),
];

/** The guest's headers with the host's credential; a header of that name from the guest is replaced. */
export const withCredential = (headers: HeaderList, credential: Credential | undefined): HeaderList =>
  credential === undefined
    ? headers
    : [...headers.filter(([name]) => name !== credential.header[0]), credential.header];
