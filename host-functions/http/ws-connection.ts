import type { buildConnector } from 'undici';
import { type ClientOptions, WebSocket } from 'ws';
import { HttpFault, toFault } from './http-fault.ts';
import type { Scrubber } from './secrets.ts';

export interface WsMessage {
  readonly kind: 'text' | 'binary';
  readonly bytes: Uint8Array;
}

export interface WsEnd {
  readonly kind: 'close';
  readonly code: number;
  readonly reason: string;
}

export interface WsConnectionOptions {
  readonly url: URL;
  readonly protocols: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  /** Dials checked addresses only. */
  readonly connect: buildConnector.connector;
  readonly maxMessageBytes: number;
  /** Called with the size of each message that comes in; throws when it may not. */
  readonly spend: (bytes: number) => void;
  /** A new one for each text that the server sends. */
  readonly scrubber: () => Scrubber;
}

/** Of messages that the guest has not asked for yet, bytes: from here on nothing more is read from the server. */
const QUEUED_BYTES = 1024 * 1024;
/** Counted for each message beside its bytes, so that empty ones are not free. */
const MESSAGE_BYTES = 64;
/** Of messages that the server has not taken yet, bytes. */
const UNSENT_BYTES = 16 * 1024 * 1024;
const MAX_HEADER_BYTES = 32 * 1024;
/** How long a server may take to answer a close, ms. */
const CLOSE_MS = 5_000;

/**
 * One WebSocket connection. Sizes are checked by what a frame announces, before it is read; messages are never compressed, so that none
 * grows; a guest that does not receive stops the server, not the host.
 */
export class WsConnection {
  readonly #socket: WebSocket;
  readonly #options: WsConnectionOptions;
  readonly #queue: WsMessage[] = [];
  #queuedBytes = 0;
  #isOpened = false;
  #failure: unknown;
  #end: WsEnd | undefined;
  #wake: (() => void) | undefined;
  readonly #gone: Promise<void>;

  constructor(options: WsConnectionOptions) {
    this.#options = options;
    this.#socket = new WebSocket(options.url, [...options.protocols], this.#clientOptions());
    this.#gone = new Promise((resolve) => this.#socket.once('close', () => resolve()));
    this.#socket.once('open', () => {
      this.#isOpened = true;
      this.#wake?.();
    });
    this.#socket.on('message', (data, isBinary) => this.#arrive(data as Buffer, isBinary)); // `nodebuffer` is the default
    this.#socket.on('error', (error) => this.#fail(toWsFault(error)));
    this.#socket.on('unexpected-response', (_, { statusCode = 0 }) => {
      this.#fail(refusedBy(statusCode));
      this.#socket.terminate();
    });
    this.#socket.on('close', (code, reason) => {
      this.#end = { kind: 'close', code, reason: this.#clean(reason).toString('utf8') };
      this.#wake?.();
    });
  }

  /** The subprotocol that the server chose, one of those asked for; empty for none. */
  get protocol(): string {
    return this.#socket.protocol;
  }

  get isClosed(): boolean {
    return this.#socket.readyState === WebSocket.CLOSED;
  }

  /** @throws what the opening handshake failed with. */
  async opened(): Promise<void> {
    while (!this.#isOpened && this.#failure === undefined && this.#end === undefined) await this.#change();
    // What came after the handshake, though at once, is told to who receives.
    if (this.#isOpened) return;
    throw this.#failure ?? new HttpFault('connect');
  }

  /** Resolves once the network has taken the message. @throws {HttpFault} */
  async send(bytes: Uint8Array, isText: boolean): Promise<void> {
    const { maxMessageBytes } = this.#options;
    if (bytes.length > maxMessageBytes) throw tooLarge(maxMessageBytes);
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#socket.readyState !== WebSocket.OPEN)
      throw new HttpFault('connect', 'the connection is closed');
    const unsent = this.#socket.bufferedAmount;
    if (unsent > 0 && unsent + bytes.length > UNSENT_BYTES) {
      throw new HttpFault(
        'too-large',
        'too many bytes wait to be sent',
        'Await some messages before sending more',
      );
    }
    await new Promise<void>((resolve, reject) => {
      this.#socket.send(bytes, { binary: !isText }, (error) => {
        if (error === undefined || error === null) resolve();
        else reject(this.#failure ?? toWsFault(error));
      });
    });
  }

  /** The next message, or how the connection ended. One at a time. @throws what it failed with. */
  async receive(): Promise<WsMessage | WsEnd> {
    if (this.#wake !== undefined)
      throw new HttpFault('invalid', 'another receive of this connection is under way');
    for (;;) {
      const message = this.#queue.shift();
      if (message !== undefined) {
        this.#queuedBytes -= message.bytes.length + MESSAGE_BYTES;
        if (this.#socket.isPaused && this.#queuedBytes < QUEUED_BYTES / 2) this.#socket.resume();
        return message;
      }
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#end !== undefined) return this.#end;
      await this.#change();
    }
  }

  /** Begins to close; what the server still sends can be received. */
  close(code: number | undefined, reason: string): void {
    if (code === undefined) this.#socket.close();
    else this.#socket.close(code, reason);
  }

  /** Ends it at once, with its socket. @param reason What waiting calls fail with. */
  async terminate(reason: HttpFault): Promise<void> {
    this.#fail(reason);
    this.#socket.terminate();
    if (!this.isClosed) await this.#gone;
  }

  #clientOptions(): ClientOptions {
    const { url, connect, headers, maxMessageBytes } = this.#options;
    const options = {
      followRedirects: false,
      perMessageDeflate: false,
      maxPayload: maxMessageBytes,
      closeTimeout: CLOSE_MS,
      headers: { ...headers },
      maxHeaderSize: MAX_HEADER_BYTES,
      createConnection: (_: unknown, done: (...made: Parameters<buildConnector.Callback>) => void): void => {
        connect(
          { protocol: url.protocol, host: url.host, hostname: url.hostname, port: url.port },
          (...made) => done(...made),
        );
      },
    };
    // Node's request takes a socket that comes later, and a largest size of headers; the types of ws know neither.
    return options as unknown as ClientOptions;
  }

  #arrive(data: Buffer, isBinary: boolean): void {
    if (this.#failure !== undefined) return;
    try {
      this.#options.spend(data.length);
    } catch (error) {
      this.#fail(error);
      this.#socket.terminate();
      return;
    }
    // A copy: a small message would keep all that came with it alive.
    const bytes = new Uint8Array(this.#clean(data));
    this.#queue.push({ kind: isBinary ? 'binary' : 'text', bytes });
    this.#queuedBytes += bytes.length + MESSAGE_BYTES;
    if (this.#queuedBytes >= QUEUED_BYTES) this.#socket.pause();
    this.#wake?.();
  }

  /** Without the credential of the handshake, should the server repeat it in one message. */
  #clean(bytes: Buffer): Buffer {
    const scrubber = this.#options.scrubber();
    return Buffer.concat([scrubber.push(bytes), scrubber.end()]);
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#wake?.();
  }

  /** The next event of any kind. */
  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }
}

const tooLarge = (maxBytes: number): HttpFault =>
  new HttpFault(
    'too-large',
    `a message is over ${maxBytes} bytes`,
    'Send less at once, or raise maxMessageBytes of the grant',
  );

const refusedBy = (status: number): HttpFault =>
  status >= 300 && status < 400
    ? new HttpFault('redirect', 'the server redirects, which no WebSocket follows')
    : new HttpFault('protocol', `the server opens no WebSocket there: it answers ${status}`);

/** Errors of ws about what a server sends have codes of their own, or none. */
function toWsFault(error: Error): unknown {
  const code = 'code' in error ? String(error.code) : '';
  if (
    /^WS_ERR_(UNSUPPORTED_MESSAGE_LENGTH|TOO_MANY_BUFFERED_PARTS|UNSUPPORTED_DATA_PAYLOAD_LENGTH)$/.test(code)
  ) {
    return new HttpFault('too-large', 'a message of the server is too large');
  }
  const fault = toFault(error);
  const isPlain = error.constructor === Error && code === '';
  return code.startsWith('WS_ERR_') || (fault === error && isPlain)
    ? new HttpFault('protocol', 'the server does not speak WebSocket as it should')
    : fault;
}
