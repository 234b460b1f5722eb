import { Blob } from './body.ts';
import { type Calls, standFor } from './calls.ts';
import { decodeUtf8, encodeUtf8 } from './encoding.ts';
import { DomException, Event, EventTarget, hasListener } from './events.ts';
import { Bytes, bytesOf, define, publish, toText, typedArrayBytes } from './primordials.ts';

type Data = Uint8Array<ArrayBuffer>;
type Handler = ((event: Event) => void) | null;
type Received =
  | { readonly kind: 'text' | 'binary' }
  | { readonly kind: 'close'; readonly code: number; readonly reason: string };

class MessageEvent extends Event {
  readonly data: unknown;
  readonly origin: string;
  constructor(type: unknown, init: { readonly data?: unknown; readonly origin?: string } = {}) {
    super(type);
    this.data = init?.data ?? null;
    this.origin = init?.origin ?? '';
  }
}

class CloseEvent extends Event {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;
  constructor(
    type: unknown,
    init: { readonly code?: number; readonly reason?: string; readonly wasClean?: boolean } = {},
  ) {
    super(type);
    this.code = init?.code ?? 0;
    this.reason = init?.reason ?? '';
    this.wasClean = init?.wasClean === true;
  }
}

class ErrorEvent extends Event {
  readonly error: unknown;
  readonly message: string;
  constructor(type: unknown, init: { readonly error?: unknown; readonly message?: string } = {}) {
    super(type);
    this.error = init?.error ?? null;
    // Programs reject with the event: a refusal that it tells of stays one.
    standFor(this, this.error);
    this.message = init?.message ?? '';
  }
}

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;
/** How a connection ended that nobody closed. */
const ABNORMAL = 1006;
const MAX_REASON_BYTES = 123;

const readUrl = (given: unknown): URL => {
  const text = toText(given);
  if (!URL.canParse(text)) throw new DomException(`Cannot connect: ${text} is not a URL`, 'SyntaxError');
  const url = new URL(text);
  if (url.protocol === 'http:') url.protocol = 'ws:';
  if (url.protocol === 'https:') url.protocol = 'wss:';
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:') {
    throw new DomException(`Cannot connect: ${url.protocol} is neither ws: nor wss:`, 'SyntaxError');
  }
  if (url.hash !== '') throw new DomException('Cannot connect: a URL with a fragment', 'SyntaxError');
  return url;
};

/** `WebSocket` as in browsers, over the host's connections. An error that nobody listens for ends the run, as an uncaught one does. */
export const installWebSocket = (calls: Calls): void => {
  class WebSocket extends EventTarget {
    readonly url: string;
    readonly extensions = '';
    onopen: Handler = null;
    onmessage: Handler = null;
    onerror: Handler = null;
    onclose: Handler = null;
    #binaryType: 'blob' | 'arraybuffer' = 'blob';
    #state = CONNECTING;
    #protocol = '';
    #bufferedAmount = 0;
    #handle = 0;
    readonly #origin: string;
    /** The messages before; each one waits for the one before it. */
    #sending: Promise<void> = Promise.resolve();

    constructor(url: unknown, protocols: unknown = []) {
      super();
      const parsed = readUrl(url);
      this.url = parsed.href;
      this.#origin = parsed.origin;
      const list =
        typeof protocols === 'string' ? [protocols] : Array.from(protocols as Iterable<unknown>, toText);
      void this.#run(list);
    }
    get readyState(): number {
      return this.#state;
    }
    get protocol(): string {
      return this.#protocol;
    }
    get bufferedAmount(): number {
      return this.#bufferedAmount;
    }
    get binaryType(): string {
      return this.#binaryType;
    }
    set binaryType(type: unknown) {
      if (type === 'blob' || type === 'arraybuffer') this.#binaryType = type;
    }
    send(data: unknown): void {
      if (this.#state === CONNECTING) {
        throw new DomException('Cannot send: the connection is not open yet', 'InvalidStateError');
      }
      const isBlob = data instanceof Blob;
      const bytes = isBlob ? undefined : bytesOf(data);
      const isText = !isBlob && bytes === undefined;
      const message: Data | Promise<Data> = isBlob
        ? data.bytes()
        : bytes === undefined
          ? encodeUtf8(toText(data))
          : new Bytes(bytes);
      const size = isBlob ? data.size : typedArrayBytes(message as Data);
      this.#bufferedAmount += size;
      // What is sent after the end stays in `bufferedAmount`, as the standard has it.
      if (this.#state === OPEN) this.#sending = this.#send(this.#sending, message, isText, size);
    }
    close(code?: number, reason?: unknown): void {
      if (code !== undefined && code !== 1000 && !(code >= 3000 && code <= 4999)) {
        throw new DomException(
          `Cannot close: code ${code} is neither 1000 nor from 3000 to 4999`,
          'InvalidAccessError',
        );
      }
      const text = reason === undefined ? '' : toText(reason);
      if (typedArrayBytes(encodeUtf8(text)) > MAX_REASON_BYTES) {
        throw new DomException(`Cannot close: the reason is over ${MAX_REASON_BYTES} bytes`, 'SyntaxError');
      }
      const before = this.#state;
      if (before === CLOSING || before === CLOSED) return;
      this.#state = CLOSING;
      if (before === OPEN) void this.#close(code ?? (text === '' ? undefined : 1000), text);
    }
    async #run(protocols: readonly string[]): Promise<void> {
      try {
        const { value } = await calls.call('ws.open', { url: this.url, protocols });
        const opened = value as { readonly handle: number; readonly protocol: string };
        this.#handle = opened.handle;
        this.#protocol = opened.protocol;
      } catch (error) {
        this.#fail(error);
        return;
      }
      // The guest closed it meanwhile.
      if (this.#state === CLOSING) {
        await this.#hangUp(undefined, '');
        this.#fail(new Error('WebSocket was closed before it was open'), true);
        return;
      }
      this.#state = OPEN;
      this.dispatchEvent(new Event('open'));
      for (;;) {
        let received: Received;
        let bytes: ArrayBuffer | undefined;
        try {
          const answer = await calls.call('ws.receive', { handle: this.#handle });
          received = answer.value as Received;
          bytes = answer.bytes;
        } catch (error) {
          this.#fail(error);
          return;
        }
        if (received.kind === 'close') {
          const { code, reason } = received;
          this.#end({ code, reason, wasClean: code !== ABNORMAL });
          return;
        }
        if (this.#state !== OPEN) continue;
        const data = new Bytes(bytes ?? new ArrayBuffer(0));
        this.dispatchEvent(
          new MessageEvent('message', {
            data:
              received.kind === 'text'
                ? decodeUtf8(data)
                : this.#binaryType === 'blob'
                  ? new Blob([data])
                  : data.buffer,
            origin: this.#origin,
          }),
        );
      }
    }
    async #send(
      before: Promise<void>,
      message: Data | Promise<Data>,
      text: boolean,
      size: number,
    ): Promise<void> {
      await before;
      if (this.#state === CLOSED) return;
      try {
        await calls.call('ws.send', { handle: this.#handle, text }, await message);
        this.#bufferedAmount -= size;
      } catch (error) {
        void this.#hangUp(undefined, '');
        this.#fail(error);
      }
    }
    async #close(code: number | undefined, reason: string): Promise<void> {
      await this.#sending;
      await this.#hangUp(code, reason);
    }
    async #hangUp(code: number | undefined, reason: string): Promise<void> {
      try {
        await calls.call('ws.close', {
          handle: this.#handle,
          ...(code === undefined ? {} : { code, reason }),
        });
      } catch {
        // It has ended meanwhile, which is what was wanted; who waits for its messages gets the reason.
      }
    }
    #end(init: { readonly code: number; readonly reason?: string; readonly wasClean: boolean }): void {
      if (this.#state === CLOSED) return;
      this.#state = CLOSED;
      this.dispatchEvent(new CloseEvent('close', init));
    }
    /** @param isWanted The guest itself brought it about. */
    #fail(error: unknown, isWanted = false): void {
      if (this.#state === CLOSED) return;
      this.#state = CLOSED;
      const message = toText((error as { readonly message?: unknown }).message ?? '');
      const isHeard = isWanted || hasListener(this, 'error');
      this.dispatchEvent(new ErrorEvent('error', { error, message }));
      this.dispatchEvent(new CloseEvent('close', { code: ABNORMAL }));
      if (!isHeard) throw error;
    }
  }
  for (const target of [WebSocket, WebSocket.prototype]) {
    for (const [name, value] of Object.entries({ CONNECTING, OPEN, CLOSING, CLOSED })) {
      Object.defineProperty(target, name, { value, enumerable: true });
    }
  }
  for (const [name, type] of Object.entries({ MessageEvent, CloseEvent, ErrorEvent, WebSocket })) {
    define(type.prototype, Symbol.toStringTag, name);
    publish(name, type);
  }
};
