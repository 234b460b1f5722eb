import { type Callable, inner, nodeError, wrongArgument } from '../inner.ts';
import { builtin } from '../registry.ts';
import { bufferOf } from './buffer.ts';
import { bytesFor, compressed, type Data, decompressed, type Options } from './zlib-codecs.ts';
import { codes, constants, others } from './zlib-constants.ts';

interface Codec {
  ondata: (chunk: Uint8Array, final: boolean) => void;
  push(chunk: Uint8Array, final?: boolean): void;
}

// Evaluated when something is first compressed: its tables take a while to make.
declare const require: (path: 'fflate') => typeof import('fflate');
const codecs = (): typeof import('fflate') => require('fflate');

const levelOf = ({ level = 6 }: Options = {}): { level: 6 } => {
  if (typeof level !== 'number') throw wrongArgument('options.level', 'of type number', level);
  if (level < -1 || level > 9)
    throw nodeError(
      RangeError,
      'ERR_OUT_OF_RANGE',
      `The value of "options.level" is out of range. It must be >= -1 and <= 9. Received ${level}`,
    );
  return { level: (level < 0 ? 6 : level) as 6 };
};

/** The level stands in the header, too: the bytes for it are those of zlib. */
const withHeader = (bytes: Uint8Array, { level }: { readonly level: number }): Uint8Array => {
  bytes[1] = level < 2 ? 0x01 : level < 6 ? 0x5e : level === 6 ? 0x9c : 0xda;
  return bytes;
};

const MESSAGES: readonly (readonly [RegExp, string, string])[] = [
  [/unexpected EOF/, 'Z_BUF_ERROR', 'unexpected end of file'],
  [/invalid (?:gzip|zlib) data|invalid header/, 'Z_DATA_ERROR', 'incorrect header check'],
];

const cut = (): Error =>
  Object.assign(new Error('unexpected end of file'), { code: 'Z_BUF_ERROR', errno: -5 });

const inflate = (
  Type: new () => unknown,
  given: unknown,
  { maxOutputLength = Number.POSITIVE_INFINITY, finishFlush }: Options = {},
): Data => {
  const parts: Data[] = [];
  let size = 0;
  let ended = false;
  const codec = new Type() as Codec;
  codec.ondata = (chunk, final) => {
    size += chunk.length;
    if (size > maxOutputLength) {
      throw nodeError(
        RangeError,
        'ERR_BUFFER_TOO_LARGE',
        `Cannot create a Buffer larger than ${maxOutputLength} bytes`,
      );
    }
    parts.push(chunk.slice() as Data);
    ended ||= final;
  };
  const bytes = bytesFor(given);
  // Asked not to finish, what is there of a cut text is all there is.
  const partly = finishFlush === constants.Z_SYNC_FLUSH || finishFlush === constants.Z_NO_FLUSH;
  if (bytes.length === 0 && !partly) throw cut();
  try {
    codec.push(bytes, !partly);
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') throw error;
    const text = error instanceof Error ? error.message : '';
    const [, code, message] = MESSAGES.find(([pattern]) => pattern.test(text)) ?? [
      undefined,
      'Z_DATA_ERROR',
      text,
    ];
    if (typeof given !== 'string' && inner.bytesOf(given) === undefined) throw error;
    throw Object.assign(new Error(message), { code, errno: code === 'Z_BUF_ERROR' ? -5 : -3 });
  }
  if (!ended && !partly) throw cut();
  return bufferOf(inner.joinBytes(parts)) as Data;
};

const isGzip = (data: unknown): boolean => {
  const bytes = bytesFor(data);
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
};

const SYNC: Readonly<Record<string, (data: unknown, options?: Options) => Data>> = {
  deflate: (data, options) =>
    bufferOf(withHeader(codecs().zlibSync(bytesFor(data), levelOf(options)), levelOf(options))) as Data,
  deflateRaw: (data, options) => bufferOf(codecs().deflateSync(bytesFor(data), levelOf(options))) as Data,
  gzip: (data, options) =>
    bufferOf(codecs().gzipSync(bytesFor(data), { ...levelOf(options), mtime: 0 })) as Data,
  gunzip: (data, options) => {
    const bytes = bytesFor(data);
    if (bytes.length > 1 && !isGzip(bytes))
      throw Object.assign(new Error('incorrect header check'), { code: 'Z_DATA_ERROR', errno: -3 });
    return inflate(codecs().Gunzip, bytes, options);
  },
  inflate: (data, options) => inflate(codecs().Unzlib, data, options),
  inflateRaw: (data, options) => inflate(codecs().Inflate, data, options),
  brotliCompress: (data, options) => compressed('brotli', bytesFor(data), options),
  zstdCompress: (data, options) => compressed('zstd', bytesFor(data), options),
  brotliDecompress: (data, options) => decompressed('brotli', bytesFor(data), options),
  zstdDecompress: (data, options) => decompressed('zstd', bytesFor(data), options),
  unzip: (data, options) => inflate(isGzip(data) ? codecs().Gunzip : codecs().Unzlib, data, options),
};

interface TransformClass {
  new (options: object): { push(chunk: unknown): void };
}

/** A stream that gathers its input and answers when it ends: what programs pipe through one is whole then. */
const streamOf =
  (name: string) =>
  (options?: Options): unknown => {
    const { Transform } = builtin('stream') as { readonly Transform: TransformClass };
    const parts: Data[] = [];
    const made = new Transform({
      transform(chunk: unknown, _encoding: unknown, done: Callable) {
        parts.push(bytesFor(chunk).slice());
        done();
      },
      flush(this: { push(chunk: unknown): void }, done: Callable) {
        try {
          this.push(SYNC[name]?.(inner.joinBytes(parts), options));
          done();
        } catch (error) {
          done(error);
        }
      },
    });
    return Object.assign(made, {
      bytesWritten: 0,
      close: (done?: Callable) => done?.(),
      flush: (done?: Callable) => done?.(),
    });
  };

const capital = (name: string): string => name[0]?.toUpperCase() + name.slice(1);

const members: Record<string, unknown> = {};
for (const [name, run] of Object.entries(SYNC)) {
  members[`${name}Sync`] = run;
  members[name] = (data: unknown, options: unknown, done?: unknown): void => {
    const answer = (typeof options === 'function' ? options : done) as Callable;
    if (typeof answer !== 'function') throw wrongArgument('callback', 'of type function', answer);
    let result: Data;
    try {
      result = run(data, typeof options === 'function' ? undefined : (options as Options));
    } catch (error) {
      setImmediate(() => answer(error));
      return;
    }
    setImmediate(() => answer(null, result));
  };
  members[`create${capital(name)}`] = streamOf(name);
}

let table: Uint32Array | undefined;
const crc32 = (data: unknown, start = 0): number => {
  if (table === undefined) {
    table = new Uint32Array(256);
    for (let n = 0; n < 256; n++) {
      let c = n;
      for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
      table[n] = c >>> 0;
    }
  }
  let crc = ~start;
  for (const byte of bytesFor(data)) crc = (table[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8);
  return ~crc >>> 0;
};

export const zlib: Record<string, unknown> = {
  ...members,
  ...constants,
  crc32,
  constants: Object.freeze({ ...constants, ...others }),
  codes: Object.freeze(codes),
};
