import { type Callable, inner, nodeError, wrongArgument } from '../inner.ts';
import { builtin } from '../registry.ts';
import { bufferOf } from './buffer.ts';

type Data = Uint8Array<ArrayBuffer>;
interface Options {
  readonly level?: number;
  readonly maxOutputLength?: number;
  readonly dictionary?: unknown;
}
interface Codec {
  ondata: (chunk: Uint8Array, final: boolean) => void;
  push(chunk: Uint8Array, final?: boolean): void;
}

// Evaluated when something is first compressed: its tables take a while to make.
declare const require: (path: 'fflate') => typeof import('fflate');
const codecs = (): typeof import('fflate') => require('fflate');

const bytesFor = (data: unknown): Data => {
  if (typeof data === 'string') return inner.encodeUtf8(data);
  const bytes = inner.bytesOf(data);
  if (bytes === undefined)
    throw wrongArgument(
      'buffer',
      'of type string or an instance of Buffer, TypedArray, DataView, or ArrayBuffer',
      data,
    );
  return bytes;
};

const join = (parts: readonly Uint8Array[]): Data => {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
};

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

const inflate = (
  Type: new () => unknown,
  given: unknown,
  { maxOutputLength = Number.POSITIVE_INFINITY }: Options = {},
): Data => {
  const parts: Uint8Array[] = [];
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
    parts.push(chunk.slice());
    ended ||= final;
  };
  try {
    codec.push(bytesFor(given), true);
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
  if (!ended) throw Object.assign(new Error('unexpected end of file'), { code: 'Z_BUF_ERROR', errno: -5 });
  return bufferOf(join(parts)) as Data;
};

/** By a part of the library that is compiled when it is first needed. */
const decompressed = (
  name: 'brotli' | 'zstd',
  bytes: Data,
  { maxOutputLength = Number.POSITIVE_INFINITY }: Options = {},
): Data => {
  const decompress = inner.part(name).decompress as (bytes: Uint8Array) => Uint8Array;
  let whole: Uint8Array;
  try {
    whole = decompress(bytes);
  } catch (error) {
    const text = error instanceof Error ? error.message : '';
    const ended = /end of|EOF|Unexpected/i.test(text);
    throw Object.assign(new Error(ended ? 'unexpected end of file' : 'Decompression failed'), {
      code: ended
        ? 'Z_BUF_ERROR'
        : name === 'brotli'
          ? 'ERR__ERROR_FORMAT_PADDING_1'
          : 'ZSTD_error_prefix_unknown',
    });
  }
  if (whole.length > maxOutputLength)
    throw nodeError(
      RangeError,
      'ERR_BUFFER_TOO_LARGE',
      `Cannot create a Buffer larger than ${maxOutputLength} bytes`,
    );
  return bufferOf(whole) as Data;
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
  brotliDecompress: (data, options) => decompressed('brotli', bytesFor(data), options),
  zstdDecompress: (data, options) => decompressed('zstd', bytesFor(data), options),
  unzip: (data, options) => inflate(isGzip(data) ? codecs().Gunzip : codecs().Unzlib, data, options),
};

const noCompressor = (): never => {
  throw nodeError(
    Error,
    'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM',
    'Cannot compress by brotli or zstd: a guest decompresses them only; use gzip or deflate',
  );
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
          this.push(SYNC[name]?.(join(parts), options));
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
for (const name of ['brotliCompress', 'zstdCompress']) {
  members[name] = noCompressor;
  members[`${name}Sync`] = noCompressor;
  members[`create${capital(name)}`] = noCompressor;
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

const constants = {
  Z_NO_FLUSH: 0,
  Z_PARTIAL_FLUSH: 1,
  Z_SYNC_FLUSH: 2,
  Z_FULL_FLUSH: 3,
  Z_FINISH: 4,
  Z_BLOCK: 5,
  Z_OK: 0,
  Z_STREAM_END: 1,
  Z_NEED_DICT: 2,
  Z_ERRNO: -1,
  Z_STREAM_ERROR: -2,
  Z_DATA_ERROR: -3,
  Z_MEM_ERROR: -4,
  Z_BUF_ERROR: -5,
  Z_VERSION_ERROR: -6,
  Z_NO_COMPRESSION: 0,
  Z_BEST_SPEED: 1,
  Z_BEST_COMPRESSION: 9,
  Z_DEFAULT_COMPRESSION: -1,
  Z_FILTERED: 1,
  Z_HUFFMAN_ONLY: 2,
  Z_RLE: 3,
  Z_FIXED: 4,
  Z_DEFAULT_STRATEGY: 0,
  Z_MIN_WINDOWBITS: 8,
  Z_MAX_WINDOWBITS: 15,
  Z_DEFAULT_WINDOWBITS: 15,
  Z_MIN_CHUNK: 64,
  Z_MAX_CHUNK: Number.POSITIVE_INFINITY,
  Z_DEFAULT_CHUNK: 16_384,
  Z_MIN_MEMLEVEL: 1,
  Z_MAX_MEMLEVEL: 9,
  Z_DEFAULT_MEMLEVEL: 8,
  Z_MIN_LEVEL: -1,
  Z_MAX_LEVEL: 9,
  Z_DEFAULT_LEVEL: -1,
};

/** Of the other formats: what programs set as parameters. */
const others = {
  BROTLI_DECODE: 8,
  BROTLI_ENCODE: 9,
  ZSTD_COMPRESS: 10,
  ZSTD_DECOMPRESS: 11,
  BROTLI_OPERATION_PROCESS: 0,
  BROTLI_OPERATION_FLUSH: 1,
  BROTLI_OPERATION_FINISH: 2,
  BROTLI_PARAM_MODE: 0,
  BROTLI_MODE_GENERIC: 0,
  BROTLI_MODE_TEXT: 1,
  BROTLI_MODE_FONT: 2,
  BROTLI_DEFAULT_MODE: 0,
  BROTLI_PARAM_QUALITY: 1,
  BROTLI_MIN_QUALITY: 0,
  BROTLI_MAX_QUALITY: 11,
  BROTLI_DEFAULT_QUALITY: 11,
  BROTLI_PARAM_LGWIN: 2,
  BROTLI_MIN_WINDOW_BITS: 10,
  BROTLI_MAX_WINDOW_BITS: 24,
  BROTLI_DEFAULT_WINDOW: 22,
  BROTLI_PARAM_LGBLOCK: 3,
  BROTLI_PARAM_SIZE_HINT: 5,
  ZSTD_e_continue: 0,
  ZSTD_e_flush: 1,
  ZSTD_e_end: 2,
  ZSTD_c_compressionLevel: 100,
  ZSTD_c_windowLog: 101,
  ZSTD_c_strategy: 107,
  ZSTD_c_checksumFlag: 201,
  ZSTD_CLEVEL_DEFAULT: 3,
};

const CODES = 'OK STREAM_END NEED_DICT ERRNO STREAM_ERROR DATA_ERROR MEM_ERROR BUF_ERROR VERSION_ERROR';
const codes: Record<string, number | string> = {};
for (const [at, name] of CODES.split(' ').entries()) {
  const code = at < 3 ? at : 2 - at;
  codes[`Z_${name}`] = code;
  codes[code] = `Z_${name}`;
}

export const zlib: Record<string, unknown> = {
  ...members,
  ...constants,
  crc32,
  constants: Object.freeze({ ...constants, ...others }),
  codes: Object.freeze(codes),
};
