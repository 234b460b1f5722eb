import * as ponyfill from 'web-streams-polyfill';
import { inner } from '../inner.ts';
import { createCompression } from './compression-streams.ts';

const { TransformStream, ReadableStream } = ponyfill;

/** Text to UTF-8, a surrogate pair that is cut by chunks put together again. */
class TextEncoderStream {
  readonly encoding = 'utf-8';
  readonly readable: unknown;
  readonly writable: unknown;
  constructor() {
    const encoder = new TextEncoder();
    let held = '';
    const { readable, writable } = new TransformStream({
      transform: (chunk: unknown, controller) => {
        const text = held + String(chunk);
        const cut = text.length > 0 && (text.charCodeAt(text.length - 1) & 0xfc00) === 0xd800;
        held = cut ? text.slice(-1) : '';
        const whole = cut ? text.slice(0, -1) : text;
        if (whole !== '') controller.enqueue(encoder.encode(whole));
      },
      flush: (controller) => {
        if (held !== '') controller.enqueue(encoder.encode(held));
      },
    });
    this.readable = readable;
    this.writable = writable;
  }
}

class TextDecoderStream {
  readonly encoding: string;
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  readonly readable: unknown;
  readonly writable: unknown;
  constructor(label?: string, options?: TextDecoderOptions) {
    const decoder = new TextDecoder(label, options);
    this.encoding = decoder.encoding;
    this.fatal = decoder.fatal;
    this.ignoreBOM = decoder.ignoreBOM;
    const { readable, writable } = new TransformStream({
      transform: (chunk: unknown, controller) => {
        const text = decoder.decode(chunk as Uint8Array<ArrayBuffer>, { stream: true });
        if (text !== '') controller.enqueue(text);
      },
      flush: (controller) => {
        const text = decoder.decode();
        if (text !== '') controller.enqueue(text);
      },
    });
    this.readable = readable;
    this.writable = writable;
  }
}

const { CompressionStream, DecompressionStream } = createCompression(TransformStream as never);

const publish = (name: string, type: object): void => {
  Object.defineProperty(type, 'name', { value: name, configurable: true });
};
for (const [name, type] of Object.entries(ponyfill)) publish(name, type);
for (const [name, type] of Object.entries({
  TextEncoderStream,
  TextDecoderStream,
  CompressionStream,
  DecompressionStream,
})) {
  publish(name, type);
  Object.defineProperty(type.prototype, Symbol.toStringTag, { value: name, configurable: true });
}

const INSPECT = Symbol.for('nodejs.util.inspect.custom');
const shows = (type: { readonly prototype: object }, name: string, tell: (stream: never) => object): void => {
  Object.defineProperty(type.prototype, INSPECT, {
    configurable: true,
    value(this: never): string {
      return `${name} ${inner.inspect(tell(this))}`;
    },
  });
};
interface Insides {
  readonly locked: boolean;
  readonly _state: string;
  readonly _readableStreamController?: object;
}
shows(
  TransformStream,
  'TransformStream',
  ({
    readable,
    writable,
    _backpressure,
  }: {
    readonly readable: object;
    readonly writable: object;
    readonly _backpressure: boolean;
  }) => ({ readable, writable, backpressure: _backpressure }),
);
shows(ReadableStream, 'ReadableStream', ({ locked, _state, _readableStreamController }: Insides) => ({
  locked,
  state: _state,
  supportsBYOB: _readableStreamController instanceof ponyfill.ReadableByteStreamController,
}));
shows(ponyfill.WritableStream, 'WritableStream', ({ locked, _state }: Insides) => ({
  locked,
  state: _state,
}));

export const web = {
  ...ponyfill,
  ReadableStream,
  TransformStream,
  TextEncoderStream,
  TextDecoderStream,
  CompressionStream,
  DecompressionStream,
};
