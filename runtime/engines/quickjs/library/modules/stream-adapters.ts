import type { Callable, Named } from '../inner.ts';
import { bufferOf } from './buffer.ts';

interface Reader {
  read(): Promise<{ readonly done: boolean; readonly value: unknown }>;
  cancel(reason?: unknown): Promise<void>;
}
interface NodeReadable extends AsyncIterable<unknown> {
  destroy(error?: unknown): void;
}
interface NodeWritable {
  write(chunk: unknown, done: (error?: unknown) => void): void;
  end(done: (error?: unknown) => void): void;
  destroy(error?: unknown): void;
}
interface Classes {
  readonly Readable: Named &
    (new (
      options: object,
    ) => { push(chunk: unknown): boolean; destroy(error?: unknown): void });
  readonly Writable: Named & (new (options: object) => object);
  readonly Duplex: Named & { from(source: object): object };
}

/** `toWeb` and `fromWeb` of Node's stream classes. */
export const toWeb = ({ Readable, Writable, Duplex }: Classes): void => {
  Readable.toWeb = (source: NodeReadable): ReadableStream => {
    const items = source[Symbol.asyncIterator]();
    return new ReadableStream({
      pull: async (controller) => {
        const { done, value } = await items.next();
        if (done === true) controller.close();
        else
          controller.enqueue(
            ArrayBuffer.isView(value)
              ? new Uint8Array(value.buffer as ArrayBuffer, value.byteOffset, value.byteLength)
              : value,
          );
      },
      cancel: (reason) => source.destroy(reason),
    });
  };
  Readable.fromWeb = (source: ReadableStream, options: object = {}): unknown => {
    const reader = source.getReader() as Reader;
    return new Readable({
      ...options,
      read(this: { push(chunk: unknown): boolean; destroy(error?: unknown): void }) {
        reader.read().then(
          ({ done, value }) => this.push(done ? null : value instanceof Uint8Array ? bufferOf(value) : value),
          (error: unknown) => this.destroy(error),
        );
      },
      destroy(error: unknown, done: Callable) {
        const end = (): unknown => done(error);
        reader.cancel(error).then(end, end);
      },
    });
  };
  Writable.toWeb = (target: NodeWritable): WritableStream => {
    const settle = (begin: (done: (error?: unknown) => void) => void): Promise<void> =>
      new Promise((resolve, reject) => begin((error) => (error ? reject(error) : resolve())));
    return new WritableStream({
      write: (chunk) => settle((done) => target.write(chunk, done)),
      close: () => settle((done) => target.end(done)),
      abort: (reason) => target.destroy(reason),
    });
  };
  Writable.fromWeb = (target: WritableStream, options: object = {}): unknown => {
    const writer = target.getWriter();
    return new Writable({
      ...options,
      write(chunk: unknown, _encoding: unknown, done: Callable) {
        writer.write(chunk).then(() => done(), done as (error: unknown) => void);
      },
      final(done: Callable) {
        writer.close().then(() => done(), done as (error: unknown) => void);
      },
      destroy(error: unknown, done: Callable) {
        if (error) writer.abort(error).catch(() => undefined);
        done(error);
      },
    });
  };
  Duplex.fromWeb = (
    pair: { readable: ReadableStream; writable: WritableStream },
    options: object = {},
  ): unknown =>
    Duplex.from({
      readable: (Readable.fromWeb as Callable)(pair.readable, options),
      writable: (Writable.fromWeb as Callable)(pair.writable, options),
    });
};
