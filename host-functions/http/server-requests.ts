import { fetch, type Response as UndiciResponse } from 'undici';
import type { ServerRequests, ServerTarget } from '../../runtime/contracts/server-powers.ts';
import { others } from '../../runtime/vocabulary/in-slices.ts';
import { weighJson } from '../../runtime/vocabulary/json-weight.ts';
import { MIB } from '../../runtime/vocabulary/units.ts';
import { createDialer } from './dialer.ts';
import { HttpFault, toFault, toHttpError } from './http-fault.ts';
import { parseHttpGrants } from './http-grant.ts';
import { HttpPolicy, shown } from './http-policy.ts';
import { toCredential } from './secrets.ts';

const METHODS = ['GET', 'POST', 'DELETE'];
const CONNECT_MS = 10_000;
/** The longest that a call may take: what is called has a deadline of its own. */
const HEADERS_MS = 610_000;
const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** Requests of the host's own to a server that the embedder named: to its origin only, to addresses that `http` would dial, with no redirect. */
export function connectServer({ url, headers, secret, maxMessageBytes }: ServerTarget): ServerRequests {
  const policy = new HttpPolicy(
    parseHttpGrants([{ origin: url.origin, methods: METHODS }], `the server ${url.origin}`),
  );
  const { agent } = createDialer(policy, {
    connectTimeoutMs: CONNECT_MS,
    headersTimeoutMs: HEADERS_MS,
    bodyTimeoutMs: 0, // a stream of events may be silent
  });
  const credential = secret === undefined ? undefined : toCredential(secret);
  return {
    traces: credential?.traces ?? [],
    async fetch(input, init = {}) {
      const target = new URL(String(input));
      const method = init.method ?? 'GET';
      policy.admit(target, method);
      const sent = new Headers(init.headers);
      for (const [name, value] of Object.entries(headers)) sent.set(name, value);
      if (credential !== undefined) sent.set(...credential.header);
      try {
        const answer = await fetch(target, {
          method,
          headers: [...sent],
          redirect: 'manual',
          dispatcher: agent,
          ...(typeof init.body === 'string' ? { body: init.body } : {}),
          ...(init.signal === undefined || init.signal === null ? {} : { signal: init.signal }),
        });
        return bounded(answer, maxMessageBytes);
      } catch (error) {
        throw asFault(error, target);
      }
    },
    close: () => agent.destroy(),
  };
}

/** What fetch throws has its reason in its cause. */
function asFault(error: unknown, url: URL): unknown {
  const inner = error instanceof TypeError && error.cause !== undefined ? error.cause : error;
  const fault = toFault(inner);
  return fault instanceof HttpFault ? toHttpError(fault, `reach ${shown(url)}`) : fault;
}

/** What one message may become, once it is parsed. */
const BOUNDS = { depth: 8_000, weight: 8 * MIB };
/** Events of a stream that are handed on in one turn: whoever reads them parses them all. */
const EVENTS_AT_ONCE = 20;

/**
 * The answer, broken off once one message of it is over its bounds: all of a body, or one event of a stream. It comes with turns for others
 * between, however fast the server sends.
 */
function bounded(answer: UndiciResponse, maxBytes: number): Response {
  const { status, statusText, body } = answer;
  const isStream = (answer.headers.get('content-type') ?? '').startsWith('text/event-stream');
  const init = { status, statusText, headers: [...answer.headers] as [string, string][] };
  if (body === null || status === 204 || status === 304) return new Response(null, init);
  const weigher = weighJson(BOUNDS);
  let bytes = 0;
  let isBlank = false;
  /** Whether an event has ended with the byte: with an empty line. */
  const take = (byte: number): boolean => {
    bytes += 1;
    weigher.take(byte);
    if (!isStream || byte === RETURN) return false;
    const ends = byte === NEWLINE && isBlank;
    isBlank = byte === NEWLINE;
    if (ends) {
      check();
      bytes = 0;
      weigher.begin();
    }
    return ends;
  };
  const check = (): void => {
    if (bytes > maxBytes) throw new HttpFault('too-large', `the answer is over ${maxBytes} bytes`);
    if (!weigher.fits())
      throw new HttpFault('too-large', 'the answer holds too many values, or too deep ones');
  };
  const counted = new TransformStream<Uint8Array, Uint8Array>({
    async transform(chunk, controller) {
      let from = 0;
      let events = 0;
      for (let at = 0; at < chunk.length; at += 1) {
        if (!take(chunk[at] ?? 0)) continue;
        events += 1;
        if (events % EVENTS_AT_ONCE !== 0) continue;
        controller.enqueue(chunk.subarray(from, at + 1));
        from = at + 1;
        await others();
      }
      check();
      controller.enqueue(chunk.subarray(from));
      await others();
    },
  });
  // Undici's stream is Node's own; its types are of another copy.
  const stream = (body as unknown as ReadableStream<Uint8Array>).pipeThrough(counted);
  return new Response(stream, init);
}
