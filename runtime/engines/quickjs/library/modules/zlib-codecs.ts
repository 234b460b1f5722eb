import { inner, nodeError, received, wrongArgument } from '../inner.ts';
import { bufferOf } from './buffer.ts';

export type Data = Uint8Array<ArrayBuffer>;
export interface Options {
  readonly level?: number;
  readonly maxOutputLength?: number;
  readonly dictionary?: unknown;
  readonly finishFlush?: unknown;
}
/** Of the formats whose parameters have numbers. */
export interface CodecOptions extends Options {
  readonly params?: Readonly<Record<string, unknown>>;
}

/** @throws {TypeError} Node's, for what is neither text nor bytes. */
export const bytesFor = (data: unknown): Data => {
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

/** By a part of the library that is compiled when it is first needed. */
export const decompressed = (
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
      errno: ended ? -5 : -3,
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

const FORMATS = { brotli: 'BROTLI', zstd: 'ZSTD' } as const;

/** What the host says where it does not compress. */
const REFUSALS: Readonly<Record<string, string>> = {
  none: 'this platform has no codec for it; use gzip or deflate',
  work: 'it is more work than a guest may have done in one go; ask for a lower quality, or compress it in parts',
  memory: 'it takes more memory than the run has left; raise limits.memoryBytes, or ask for a lower quality',
};

/** By the platform's own codec: a guest has none. */
export const compressed = (name: 'brotli' | 'zstd', bytes: Data, options: CodecOptions = {}): Data => {
  if (options.dictionary !== undefined)
    throw nodeError(
      Error,
      'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM',
      `Cannot compress by ${name} with a dictionary`,
    );
  const parameters: Record<string, number> = {};
  for (const [key, value] of Object.entries(options.params ?? {})) {
    if (typeof value !== 'number' && typeof value !== 'boolean')
      throw nodeError(
        TypeError,
        'ERR_INVALID_ARG_TYPE',
        `The "options.params[key]" property must be of type number. Received ${received(value)}`,
      );
    parameters[key] = Number(value);
  }
  const made = inner.host.compress(JSON.stringify({ format: name, parameters }), bytes.slice().buffer);
  if (typeof made !== 'string') return bufferOf(new Uint8Array(made)) as Data;
  if (made === 'parameters')
    throw nodeError(
      RangeError,
      `ERR_${FORMATS[name]}_INVALID_PARAM`,
      `${Object.keys(parameters).join(', ')} is not a valid ${name === 'brotli' ? 'Brotli' : 'ZSTD'} parameter`,
    );
  throw nodeError(
    Error,
    'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM',
    `Cannot compress ${bytes.length} bytes by ${name}: ${REFUSALS[made]}`,
  );
};
