import type {
  HostContext,
  HostReply,
  HostRequest,
  HostService,
} from '../../runtime/contracts/host-function.ts';
import type { HttpOperations, HttpResponseHead } from '../../runtime/contracts/operations/http.ts';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import type { JsonObject } from '../../runtime/vocabulary/json.ts';
import { Slots } from '../../runtime/vocabulary/slots.ts';
import { BodyChannel } from './body-channel.ts';
import type { Connections } from './connections.ts';
import { type ExchangeContext, type Exchanged, exchange } from './exchange.ts';
import { HttpFault, toFault, toHttpError } from './http-fault.ts';
import { shown } from './http-policy.ts';
import { resourceOf } from './http-resource.ts';
import { collect, IncomingBody } from './incoming-body.ts';
import { createLifetime, giveUp, type Lifetime } from './lifetime.ts';
import { redactError } from './redact.ts';
import { type RequestForm, readRequest, withoutLength } from './request-form.ts';

export type HttpOperation = keyof HttpOperations;

/** Requests of one run whose bodies the host holds in memory at the same time; the others wait. */
const MAX_WHOLE = 8;
/** Bytes of bodies that may wait for their turn. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
/** Bodies that one run has open at the same time, both ways. */
const MAX_HANDLES = 64;

/** A request whose body a guest is still writing. */
interface Upload {
  readonly channel: BodyChannel;
  readonly response: Promise<Exchanged>;
  /** The guest wants the answer's body piece by piece. */
  readonly streamsAnswer: boolean;
  /** Bytes that left and are not reported yet. */
  unreported: number;
  readonly lifetime: Lifetime;
}

/** One run's use of the network. */
export class HttpService implements HostService {
  readonly #context: HostContext;
  readonly #connections: Connections;
  readonly #handles = new Map<number, IncomingBody | Upload>();
  readonly #closed = new AbortController();
  readonly #slots = new Slots(MAX_WHOLE);
  /** What the open bodies belong to. */
  readonly #forms = new WeakMap<Lifetime, RequestForm>();
  /** Requests under way by the guest's own numbers. */
  readonly #underWay = new Map<number, Lifetime>();
  #heldBytes = 0;
  #nextHandle: number;

  constructor(connections: Connections, context: HostContext) {
    this.#connections = connections;
    this.#context = context;
    this.#nextHandle = context.firstHandle ?? 1;
  }

  /** For guests that make a URL absolute themselves, as a `Request` of JavaScript is; whatever they make of it is checked. */
  get base(): string | undefined {
    return this.#connections.base?.href;
  }

  async call(operation: string, request: HostRequest): Promise<HostReply> {
    let what = `call ${operation}`;
    const form = (): RequestForm => {
      const read = readRequest(operation, request.args, this.#connections.base);
      what = `fetch ${shown(read.url)}`;
      request.about?.(resourceOf(read.url, read.method));
      return read;
    };
    const handle = (): number => {
      const number = handleOf(operation, request.args);
      const open = this.#handles.get(number);
      const begun = open === undefined ? undefined : this.#forms.get(open.lifetime);
      if (begun !== undefined) request.about?.(resourceOf(begun.url, begun.method));
      return number;
    };
    try {
      if (this.#closed.signal.aborted) throw new HttpFault('aborted');
      request.signal.throwIfAborted();
      switch (operation) {
        case 'http.request':
          return await this.#request(form(), request);
        case 'http.begin':
          return this.#begin(form());
        case 'http.write':
          return await this.#write(handle(), request.bytes ?? new Uint8Array());
        case 'http.send':
          return await this.#send(handle());
        case 'http.read':
          return await this.#read(handle());
        case 'http.close':
          return 'request' in request.args ? this.#abort(request.args) : await this.#drop(handle());
        default:
          throw new SandglassError('UNSUPPORTED', 'Cannot call http: it has no such operation');
      }
    } catch (error) {
      const fault =
        request.signal.aborted && error === request.signal.reason ? new HttpFault('aborted') : toFault(error);
      const told = fault instanceof HttpFault ? toHttpError(fault, what) : fault;
      throw told instanceof SandglassError ? redactError(told, this.#connections.redact) : told;
    }
  }

  async close(): Promise<void> {
    this.#closed.abort(new HttpFault('aborted'));
    await Promise.allSettled([...this.#handles.keys()].map((handle) => this.#drop(handle)));
    await this.#connections.close();
  }

  async #request(form: RequestForm, { bytes, signal, about }: HostRequest): Promise<HostReply> {
    const ready = { ...form, headers: withoutLength(form.headers, bytes?.length ?? 0) };
    const body = bytes !== undefined && bytes.length > 0 ? bytes : undefined;
    if (body !== undefined) refuseBody(form.method);
    const entry = this.#connections.policy.admit(form.url, form.method);
    if (this.#heldBytes + (body?.length ?? 0) > MAX_WAITING_BYTES) {
      throw new HttpFault(
        'too-large',
        'too many bodies wait to be sent',
        'Await some requests before making more',
      );
    }
    let egressBytes = 0;
    const connections = this.#connections.context((sent) => {
      egressBytes += sent;
    });
    const context: ExchangeContext = {
      ...connections,
      onHop: (url, method) => about?.(resourceOf(url, method)),
    };
    const lifetime = this.#lifetime(signal, form);
    this.#heldBytes += body?.length ?? 0;
    try {
      using _slot = await this.#slots.take(lifetime.signal);
      const exchanged = await exchange(ready, body, entry, context, lifetime.signal);
      return { ...(await this.#answer(exchanged, form.stream, lifetime)), egressBytes };
    } catch (error) {
      throw giveUp(lifetime, error);
    } finally {
      this.#heldBytes -= body?.length ?? 0;
      this.#answered(lifetime);
    }
  }

  /** The guest gives a request up; one that is answered already, or unknown, is left as it is. */
  #abort({ request }: JsonObject): HostReply {
    if (typeof request === 'number') this.#underWay.get(request)?.abort(new HttpFault('aborted'));
    return { value: null };
  }

  #answered(lifetime: Lifetime): void {
    const number = this.#forms.get(lifetime)?.request;
    if (number !== undefined && this.#underWay.get(number) === lifetime) this.#underWay.delete(number);
  }

  #begin(form: RequestForm): HostReply {
    refuseBody(form.method);
    const ready = { ...form, headers: withoutLength(form.headers, undefined) };
    const { policy } = this.#connections;
    const entry = policy.admit(form.url, form.method);
    this.#checkHandles();
    // Not the signal of this one call: the exchange goes on after it.
    const lifetime = this.#lifetime(this.#context.signal, form);
    const channel = new BodyChannel();
    const context = this.#connections.context((sent) => {
      upload.unreported += sent;
    });
    // Started a turn later: `upload` is there before the first byte can leave.
    const response = Promise.resolve().then(() =>
      exchange(ready, { stream: channel.stream() }, entry, context, lifetime.signal),
    );
    const upload: Upload = { channel, response, streamsAnswer: form.stream, unreported: 0, lifetime };
    // A failure frees a waiting writer; who asks for the response gets the error itself.
    response.catch((error: unknown) =>
      channel.fail(lifetime.signal.aborted ? lifetime.signal.reason : error),
    );
    const handle = this.#nextHandle++;
    this.#handles.set(handle, upload);
    return { value: { handle } };
  }

  async #write(handle: number, bytes: Uint8Array): Promise<HostReply> {
    const upload = this.#upload(handle);
    if (bytes.length > 0) await upload.channel.write(bytes);
    return { value: null, egressBytes: takeUnreported(upload) };
  }

  async #send(handle: number): Promise<HostReply> {
    const upload = this.#upload(handle);
    this.#handles.delete(handle);
    upload.channel.end();
    try {
      const answer = await this.#answer(await upload.response, upload.streamsAnswer, upload.lifetime);
      return { ...answer, egressBytes: takeUnreported(upload) };
    } catch (error) {
      throw giveUp(upload.lifetime, error);
    } finally {
      this.#answered(upload.lifetime);
    }
  }

  /** What a guest is told of an answer: with its whole body, or with a handle for it. */
  async #answer(exchanged: Exchanged, streams: boolean, lifetime: Lifetime): Promise<HostReply> {
    const { status, statusText, url, redirected, headers, body } = exchanged;
    const head: HttpResponseHead & JsonObject = { status, statusText, url, redirected, headers };
    if (streams) {
      this.#checkHandles();
      const handle = this.#nextHandle++;
      this.#handles.set(handle, new IncomingBody(body, lifetime));
      return { value: { ...head, body: handle } };
    }
    const whole = await collect(body, this.#context.limits.hostCallBytes);
    lifetime.end();
    return { value: head, bytes: whole, ingressBytes: whole.length };
  }

  async #read(handle: number): Promise<HostReply> {
    const incoming = this.#handles.get(handle);
    if (!(incoming instanceof IncomingBody)) throw new HttpFault('bad-handle');
    if (incoming.isBusy) throw new HttpFault('invalid', 'another read of this body is under way');
    try {
      const bytes = await incoming.read(this.#context.limits.hostCallBytes);
      if (bytes !== undefined) return { value: { done: false }, bytes, ingressBytes: bytes.length };
    } catch (error) {
      this.#handles.delete(handle);
      throw giveUp(incoming.lifetime, error);
    }
    this.#handles.delete(handle);
    incoming.lifetime.end();
    return { value: { done: true } };
  }

  async #drop(handle: number): Promise<HostReply> {
    const open = this.#handles.get(handle);
    if (open === undefined) throw new HttpFault('bad-handle');
    this.#handles.delete(handle);
    this.#answered(open.lifetime);
    const reason = new HttpFault('aborted');
    open.lifetime.abort(reason);
    if (!(open instanceof IncomingBody)) {
      open.channel.fail(reason);
      await open.response.catch(() => undefined); // its error has gone to the writer
    }
    open.lifetime.end();
    return { value: null };
  }

  #upload(handle: number): Upload {
    const open = this.#handles.get(handle);
    if (open === undefined || open instanceof IncomingBody) throw new HttpFault('bad-handle');
    return open;
  }

  #checkHandles(): void {
    if (this.#handles.size >= MAX_HANDLES)
      throw new HttpFault('invalid', `more than ${MAX_HANDLES} open bodies`);
  }

  #lifetime(signal: AbortSignal, form: RequestForm): Lifetime {
    const sources = new Set([signal, this.#context.signal, this.#closed.signal]);
    const lifetime = createLifetime(sources, form.timeoutMs);
    if (form.request !== undefined) this.#underWay.set(form.request, lifetime);
    this.#forms.set(lifetime, form);
    return lifetime;
  }
}

function refuseBody(method: string): void {
  if (method === 'GET' || method === 'HEAD') throw new HttpFault('invalid', `${method} has no body`);
}

function takeUnreported(upload: Upload): number {
  const bytes = upload.unreported;
  upload.unreported = 0;
  return bytes;
}

function handleOf(operation: string, args: JsonObject): number {
  const { handle } = args;
  if (typeof handle === 'number' && Number.isSafeInteger(handle) && Object.keys(args).length === 1)
    return handle;
  throw new SandglassError(
    'INPUT_INVALID',
    `Cannot call ${operation}: expected "handle", a whole number, and nothing else`,
    { details: { reason: 'invalid' } },
  );
}
