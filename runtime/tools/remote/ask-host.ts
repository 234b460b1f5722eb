import type { ServerRequests } from '../../contracts/server-powers.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import { sleep } from '../../vocabulary/sleep.ts';
import type { UrlPlace } from './read-server.ts';
import { noSecret, unreachable } from './remote-errors.ts';
import type { HostOpening } from './tool-host.ts';

export interface Ask {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** For messages: `call x of`. */
  readonly what: string;
}

export interface HostRequests {
  /** The answer, and its status: one below 500 that is not of the door before it. @throws {SandglassError} HOST_CALL_FAILED */
  ask(ask: Ask): Promise<{ readonly status: number; readonly value: unknown }>;
  close(): Promise<void>;
}

/** After the first. */
const RETRIES = 3;
const FIRST_PAUSE_MS = 200;
/** The server, or what stands before it, did not take the request. */
const PASSING: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** Requests to the API of a tool host, with its key, over pooled connections; what did not get through is tried again, with growing pauses. */
export async function openHostRequests({ settings, powers, secret }: HostOpening): Promise<HostRequests> {
  const { name, at, maxMessageBytes } = settings;
  const { url, headers, secret: named } = at as UrlPlace; // only a URL has such a kind
  if (powers.connect === undefined)
    throw new SandglassError(
      'UNSUPPORTED',
      `Cannot connect to the server ${name}: this platform reaches none`,
    );
  const credential = named === undefined ? undefined : await secret(named);
  if (named !== undefined && credential === undefined) throw noSecret(name, named);
  const requests = await powers.connect({ url, headers, secret: credential, maxMessageBytes });
  const base = url.href.endsWith('/') ? url : new URL(`${url.href}/`);
  return {
    async ask(ask) {
      for (let attempt = 0; ; attempt++) {
        try {
          return await askOnce(requests, base, ask, name);
        } catch (error) {
          const again = error instanceof SandglassError && error.retryable && attempt < RETRIES;
          if (!again || ask.signal.aborted) throw error;
          await sleep(FIRST_PAUSE_MS * 2 ** attempt, ask.signal);
        }
      }
    },
    close: () => requests.close(),
  };
}

async function askOnce(
  { fetch, traces }: ServerRequests,
  base: URL,
  { method, path, body, headers, signal, what }: Ask,
  server: string,
): Promise<{ readonly status: number; readonly value: unknown }> {
  const answer = await fetch(new URL(path, base), {
    method,
    signal,
    headers: { accept: 'application/json', 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const { status } = answer;
  const text = traces.reduce((clean, trace) => clean.replaceAll(trace, '********'), await answer.text());
  if (status === 401)
    throw unreachable(what, server, {
      reason: 'refused',
      told: `${base.host} answered 401: it refused the key, or wants one`,
      hint: 'Name a secret of the runtime that holds its key, as "secret" of the server',
      retryable: false,
    });
  if (PASSING.has(status) || status >= 500)
    throw unreachable(what, server, {
      reason: 'busy',
      told: `${base.host} answered ${status}`,
      retryable: PASSING.has(status),
    });
  try {
    return { status, value: JSON.parse(text) };
  } catch {
    throw unreachable(what, server, {
      reason: 'protocol',
      told: `${base.host} answered ${status}, and no JSON`,
      retryable: false,
    });
  }
}
