import { inner } from '../inner.ts';
import { compressed, type Data, decompressed } from './zlib-codecs.ts';

// Evaluated when a stream is first made: its tables take a while to make.
declare const require: (path: 'fflate') => typeof import('fflate');

interface Codec {
  ondata: (chunk: Uint8Array, final: boolean) => void;
  push(chunk: Uint8Array, final?: boolean): void;
}
interface Controller {
  enqueue(chunk: unknown): void;
}
type Transform = new (transformer: {
  readonly transform: (chunk: unknown, controller: Controller) => void;
  readonly flush: (controller: Controller) => void;
}) => { readonly readable: unknown; readonly writable: unknown };

const DEFLATE = { deflate: 'Zlib', 'deflate-raw': 'Deflate', gzip: 'Gzip' } as const;
const INFLATE = { deflate: 'Unzlib', 'deflate-raw': 'Inflate', gzip: 'Gunzip' } as const;

const bytesOf = (chunk: unknown): Uint8Array => {
  if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk);
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  throw new TypeError('Cannot compress: a chunk must be a buffer or a view');
};

const codecFor = (
  codecs: Readonly<Record<string, keyof typeof import('fflate')>>,
  format: string,
  what: string,
): Codec => {
  if (format === 'brotli')
    return gathered((bytes) => (what === 'compress' ? compressed : decompressed)('brotli', bytes));
  const Type = Object.hasOwn(codecs, format) ? codecs[format] : undefined;
  if (Type !== undefined) return new (require('fflate')[Type] as new () => unknown)() as Codec;
  throw new TypeError(
    `Cannot ${what}: unknown format "${format}", known are gzip, deflate, deflate-raw and brotli`,
  );
};

/** Brotli is whole when it ends: what it is then is told at once. */
const gathered = (run: (bytes: Data) => Data): Codec => {
  const parts: Data[] = [];
  const codec: Codec = {
    ondata: () => undefined,
    push: (chunk, final) => {
      if (chunk.length > 0) parts.push(chunk.slice() as Data);
      if (final === true) codec.ondata(new Uint8Array(run(inner.joinBytes(parts))), true);
    },
  };
  return codec;
};

/** The two streams of the Compression standard over fflate. */
export const createCompression = (TransformStream: Transform) => {
  const make = (codecs: Readonly<Record<string, keyof typeof import('fflate')>>, what: string) =>
    class {
      readonly readable: unknown;
      readonly writable: unknown;
      constructor(format: unknown) {
        const codec = codecFor(codecs, String(format), what);
        let target: Controller | undefined;
        let ended = what === 'compress';
        codec.ondata = (chunk, final) => {
          if (chunk.length > 0) target?.enqueue(chunk.slice());
          ended ||= final;
        };
        const run = (chunk: Uint8Array, final: boolean, controller: Controller): void => {
          target = controller;
          try {
            codec.push(chunk, final);
          } catch (error) {
            throw new TypeError(`Cannot ${what}: ${error instanceof Error ? error.message : 'bad data'}`);
          }
        };
        const { readable, writable } = new TransformStream({
          transform: (chunk, controller) => run(bytesOf(chunk), false, controller),
          flush: (controller) => {
            run(new Uint8Array(0), true, controller);
            if (!ended) throw new TypeError(`Cannot ${what}: the data ends too early`);
          },
        });
        this.readable = readable;
        this.writable = writable;
      }
    };
  return { CompressionStream: make(DEFLATE, 'compress'), DecompressionStream: make(INFLATE, 'decompress') };
};
