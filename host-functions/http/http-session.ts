import type { Agent } from 'undici';
import type { JsonObject } from '../../runtime/codec.ts';
import { SandglassError } from '../../runtime/errors.ts';
import type {
  HostContext,
  HostReply,
  HostRequest,
  HostSession,
  HttpOperations,
  HttpResponseHead,
} from '../../runtime/host-function.ts';
import { BodyChannel } from './body-channel.ts';
import { createDialer, type DialerOptions } from './dialer.ts';
import { type ExchangeContext, type Exchanged, exchange, type RequestBody } from './exchange.ts';
import { HttpFault, toFault, toHttpError } from './http-fault.ts';
import type { HttpEntryPolicy } from './http-grant.ts';
import { type HttpEntry, HttpPolicy, shown } from './http-policy.ts';
import { type RequestForm, readRequest, withoutLength } from './request-form.ts';
import { type Credential, toCredential } from './secrets.ts';
import { Slots } from './slots.ts';

export type HttpOperation = keyof HttpOperations;

/** Requests of one run whose bodies the host holds in memory at the same time; the others wait. */
const MAX_WHOLE = 8;
/** Bytes of bodies that may wait for their turn. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
/** Bodies that one run has open at the same time, both ways. */
const MAX_HANDLES = 64;

interface Incoming {
  readonly kind: 'incoming';
  readonly body: AsyncGenerator<Buffer, void, undefined>;
  /** Of a chunk that was larger than one answer may be. */
  rest: Buffer;
  isBusy: boolean;
  readonly lifetime: Lifetime;
}

interface Outgoing {
  readonly kind: 'outgoing';
  readonly channel: BodyChannel;
  readonly response: Promise<Exchanged>;
  readonly request: RequestForm;
  /** Bytes that left and are not reported yet. */
  unreported: number;
  readonly lifetime: Lifetime;
}

/** How long a request may go on. */
interface Lifetime {
  readonly signal: AbortSignal;
  abort(reason: HttpFault): void;
  /** Takes its timer and listeners down. */
  end(): void;
}

/** One run's use of the network. */
export class HttpSession implements HostSession {
  readonly #context: HostContext;
  readonly #policy: HttpPolicy;
  readonly #options: DialerOptions;
  readonly #credentials: ReadonlyMap<string, Credential>;
  /** By secret name; the empty name is for requests without one. */
  readonly #agents = new Map<string, Agent>();
  readonly #handles = new Map<number, Incoming | Outgoing>();
  readonly #closed = new AbortController();
  readonly #slots = new Slots(MAX_WHOLE);
  #heldBytes = 0;
  #nextHandle = 1;

  /** @throws {TypeError} when an entry names a secret that there is not. */
  constructor(policies: readonly HttpEntryPolicy[], context: HostContext, options: DialerOptions) {
    this.#context = context;
    this.#policy = new HttpPolicy(policies);
    this.#options = options;
    this.#credentials = new Map(
      policies
        .map(({ secret }) => secret)
        .filter((name) => name !== undefined)
        .map((name) => {
          const secret = context.secret(name);
          if (secret === undefined) throw new TypeError(`Cannot grant http: there is no secret "${name}"`);
          return [name, toCredential(secret)] as const;
        }),
    );
  }

  async call(operation: string, request: HostRequest): Promise<HostReply> {
    let what = operation;
    try {
      if (this.#closed.signal.aborted) throw new HttpFault('aborted');
      switch (operation) {
        case 'http.request': {
          const form = readRequest(operation, request.args);
          what = `fetch ${shown(form.url)}`;
          return await this.#request(form, request);
        }
        case 'http.begin': {
          const form = readRequest(operation, request.args);
          what = `fetch ${shown(form.url)}`;
          return this.#begin(form, request.signal);
        }
        case 'http.write':
          return await this.#write(
            this.#outgoing(operation, request.args),
            request.bytes ?? new Uint8Array(),
          );
        case 'http.send':
          return await this.#send(operation, request.args);
        case 'http.read':
          return await this.#read(operation, request.args, request.signal);
        case 'http.close':
          return await this.#drop(handleOf(operation, request.args));
        default:
          throw new SandglassError('UNSUPPORTED', 'Cannot call http: it has no such operation');
      }
    } catch (error) {
      const fault = toFault(error);
      throw fault instanceof HttpFault ? toHttpError(fault, what) : fault;
    }
  }

  async close(): Promise<void> {
    this.#closed.abort(new HttpFault('aborted'));
    await Promise.allSettled([...this.#handles.keys()].map((handle) => this.#drop(handle)));
    await Promise.allSettled([...this.#agents.values()].map((agent) => agent.destroy()));
    this.#agents.clear();
  }

  async #request(form: RequestForm, { bytes, signal }: HostRequest): Promise<HostReply> {
    const ready = { ...form, headers: withoutLength(form.headers, bytes?.length ?? 0) };
    const body = bytes !== undefined && bytes.length > 0 ? bytes : undefined;
    if (body !== undefined && (form.method === 'GET' || form.method === 'HEAD')) {
      throw new HttpFault('invalid', `${form.method} has no body`);
    }
    const entry = this.#policy.admit(form.url, form.method);
    if (this.#heldBytes + (body?.length ?? 0) > MAX_WAITING_BYTES) {
      throw new HttpFault(
        'too-large',
        'too many bodies wait to be sent',
        'Await some requests before making more',
      );
    }
    let egressBytes = 0;
    const context = this.#exchangeContext((sent) => {
      egressBytes += sent;
    });
    const lifetime = this.#lifetime(signal, form.timeoutMs);
    this.#heldBytes += body?.length ?? 0;
    try {
      using _slot = await this.#slots.take(lifetime.signal);
      const exchanged = await exchange(ready, body, entry, context, lifetime.signal);
      if (form.stream) return { value: this.#incoming(exchanged, lifetime), egressBytes };
      const whole = await this.#collect(exchanged);
      lifetime.end();
      return { value: headOf(exchanged), bytes: whole, egressBytes, ingressBytes: whole.length };
    } catch (error) {
      throw giveUp(lifetime, error);
    } finally {
      this.#heldBytes -= body?.length ?? 0;
    }
  }

  #begin(form: RequestForm, signal: AbortSignal): HostReply {
    if (form.method === 'GET' || form.method === 'HEAD')
      throw new HttpFault('invalid', `${form.method} has no body`);
    const ready = { ...form, headers: withoutLength(form.headers, undefined) };
    const entry = this.#policy.admit(form.url, form.method);
    this.#checkHandles();
    // Not the signal of this one call: the exchange goes on after it.
    const lifetime = this.#lifetime(this.#context.signal, form.timeoutMs);
    signal.throwIfAborted();
    const channel = new BodyChannel();
    const handle = this.#nextHandle++;
    const body: RequestBody = { stream: channel.stream() };
    const context = this.#exchangeContext((sent) => {
      outgoing.unreported += sent;
    });
    // Started a turn later: `outgoing` is there before the first byte can leave.
    const response = Promise.resolve().then(() => exchange(ready, body, entry, context, lifetime.signal));
    const outgoing: Outgoing = {
      kind: 'outgoing',
      channel,
      response,
      request: form,
      unreported: 0,
      lifetime,
    };
    // A failure frees a waiting writer; who asks for the response gets the error itself.
    response.catch((error: unknown) =>
      channel.fail(lifetime.signal.aborted ? lifetime.signal.reason : error),
    );
    this.#handles.set(handle, outgoing);
    return { value: { handle } };
  }

  async #write(outgoing: Outgoing, bytes: Uint8Array): Promise<HostReply> {
    if (bytes.length > 0) await outgoing.channel.write(bytes);
    return { value: null, egressBytes: takeUnreported(outgoing) };
  }

  async #send(operation: string, args: JsonObject): Promise<HostReply> {
    const outgoing = this.#outgoing(operation, args);
    const { lifetime } = outgoing;
    this.#handles.delete(handleOf(operation, args));
    outgoing.channel.end();
    try {
      const exchanged = await outgoing.response;
      const form = outgoing.request;
      if (form.stream) {
        return {
          value: this.#incoming(exchanged, lifetime),
          egressBytes: takeUnreported(outgoing),
        };
      }
      const whole = await this.#collect(exchanged);
      lifetime.end();
      return {
        value: headOf(exchanged),
        bytes: whole,
        egressBytes: takeUnreported(outgoing),
        ingressBytes: whole.length,
      };
    } catch (error) {
      throw giveUp(lifetime, error);
    }
  }

  async #read(operation: string, args: JsonObject, signal: AbortSignal): Promise<HostReply> {
    const number = handleOf(operation, args);
    const incoming = this.#handles.get(number);
    if (incoming?.kind !== 'incoming') throw new HttpFault('bad-handle');
    if (incoming.isBusy) throw new HttpFault('invalid', 'another read of this body is under way');
    signal.throwIfAborted();
    incoming.isBusy = true;
    try {
      while (incoming.rest.length === 0) {
        const next = await incoming.body.next();
        if (next.done === true) {
          this.#handles.delete(number);
          incoming.lifetime.end();
          return { value: { done: true } };
        }
        incoming.rest = next.value;
      }
    } catch (error) {
      this.#handles.delete(number);
      incoming.lifetime.end();
      throw error;
    } finally {
      incoming.isBusy = false;
    }
    const bytes = incoming.rest.subarray(0, this.#context.limits.hostCallBytes);
    incoming.rest = incoming.rest.subarray(bytes.length);
    return { value: { done: false }, bytes: new Uint8Array(bytes), ingressBytes: bytes.length };
  }

  async #drop(number: number): Promise<HostReply> {
    const handle = this.#handles.get(number);
    if (handle === undefined) throw new HttpFault('bad-handle');
    this.#handles.delete(number);
    const reason = new HttpFault('aborted');
    handle.lifetime.abort(reason);
    if (handle.kind === 'outgoing') {
      handle.channel.fail(reason);
      await handle.response.catch(() => undefined); // its error has gone to the writer
    }
    handle.lifetime.end();
    return { value: null };
  }

  #outgoing(operation: string, args: JsonObject): Outgoing {
    const handle = this.#handles.get(handleOf(operation, args));
    if (handle?.kind !== 'outgoing') throw new HttpFault('bad-handle');
    return handle;
  }

  #incoming(exchanged: Exchanged, lifetime: Lifetime): HttpResponseHead & JsonObject {
    this.#checkHandles();
    const body = this.#nextHandle++;
    this.#handles.set(body, {
      kind: 'incoming',
      body: exchanged.body,
      rest: Buffer.alloc(0),
      isBusy: false,
      lifetime,
    });
    return { ...headOf(exchanged), body };
  }

  #checkHandles(): void {
    if (this.#handles.size >= MAX_HANDLES)
      throw new HttpFault('invalid', `more than ${MAX_HANDLES} open bodies`);
  }

  /** The whole body of one answer. @throws {HttpFault} `too-large` over `hostCallBytes` */
  async #collect({ body }: Exchanged): Promise<Uint8Array> {
    const { hostCallBytes } = this.#context.limits;
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of body) {
      size += chunk.length;
      if (size > hostCallBytes) {
        throw new HttpFault(
          'too-large',
          `the answer is over ${hostCallBytes} bytes`,
          'Stream it, or raise limits.hostCallBytes',
        );
      }
      chunks.push(chunk);
    }
    return new Uint8Array(Buffer.concat(chunks, size));
  }

  #exchangeContext(sent: (bytes: number) => void): ExchangeContext {
    return {
      policy: this.#policy,
      credential: ({ policy: { secret } }) =>
        secret === undefined ? undefined : this.#credentials.get(secret),
      dispatcher: (entry) => this.#agent(entry),
      sent,
    };
  }

  #agent({ policy: { secret = '' } }: HttpEntry): Agent {
    if (this.#closed.signal.aborted) throw new HttpFault('aborted');
    const known = this.#agents.get(secret);
    if (known !== undefined) return known;
    const agent = createDialer(this.#policy, this.#options);
    this.#agents.set(secret, agent);
    return agent;
  }

  /** Ends with the run, the call, the session or after `timeoutMs`. */
  #lifetime(signal: AbortSignal, timeoutMs: number | undefined): Lifetime {
    const own = new AbortController();
    const give = (): void => own.abort(new HttpFault('aborted'));
    const sources = new Set([signal, this.#context.signal, this.#closed.signal]);
    for (const source of sources) {
      if (source.aborted) give();
      source.addEventListener('abort', give);
    }
    const timer =
      timeoutMs === undefined ? undefined : setTimeout(() => own.abort(new HttpFault('timeout')), timeoutMs);
    return {
      signal: own.signal,
      abort: (reason) => own.abort(reason),
      end: () => {
        clearTimeout(timer);
        for (const source of sources) source.removeEventListener('abort', give);
      },
    };
  }
}

/** Ends a request that failed, with all that is still open for it; answers what it failed with. */
function giveUp(lifetime: Lifetime, error: unknown): unknown {
  const failure: unknown = lifetime.signal.aborted ? lifetime.signal.reason : error;
  lifetime.abort(new HttpFault('aborted'));
  lifetime.end();
  return failure;
}

const headOf = ({
  status,
  statusText,
  url,
  redirected,
  headers,
}: Exchanged): HttpResponseHead & JsonObject => ({
  status,
  statusText,
  url,
  redirected,
  headers,
});

function takeUnreported(outgoing: Outgoing): number {
  const bytes = outgoing.unreported;
  outgoing.unreported = 0;
  return bytes;
}

function handleOf(operation: string, args: JsonObject): number {
  const { handle } = args;
  if (typeof handle === 'number' && Number.isSafeInteger(handle) && Object.keys(args).length === 1)
    return handle;
  throw new SandglassError(
    'INPUT_INVALID',
    `Cannot call ${operation}: expected "handle", a whole number, and nothing else`,
    {
      details: { reason: 'invalid' },
    },
  );
}
