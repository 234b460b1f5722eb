import { type Callable, inner, nodeError, wrongArgument } from '../../inner.ts';
import { Buffer, bufferOf } from '../buffer.ts';
import { secretOf } from './key-object.ts';

export type Data = Uint8Array<ArrayBuffer>;

export const bytesFor = (data: unknown, encoding?: unknown, name = 'data'): Data => {
  if (typeof data === 'string') return new Uint8Array(Buffer.from(data, encoding ?? 'utf8'));
  const secret = secretOf(data);
  if (secret !== undefined) return secret;
  const bytes = inner.bytesOf(data);
  if (bytes !== undefined) return bytes;
  throw wrongArgument(name, 'of type string or an instance of Buffer, TypedArray, or DataView', data);
};

export const shown = (bytes: Uint8Array, encoding: unknown): unknown => {
  const buffer = bufferOf(bytes.slice());
  return encoding === undefined || encoding === null || encoding === 'buffer'
    ? buffer
    : (buffer.toString as Callable).call(buffer, encoding);
};

export const later = (done: Callable, run: () => unknown): void => {
  let result: unknown;
  try {
    result = run();
  } catch (error) {
    setImmediate(() => done(error));
    return;
  }
  setImmediate(() => done(null, result));
};

export const timingSafeEqual = (a: unknown, b: unknown): boolean => {
  const [one, two] = [bytesFor(a, undefined, 'buf1'), bytesFor(b, undefined, 'buf2')];
  if (one.length !== two.length) {
    throw nodeError(
      RangeError,
      'ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH',
      'Input buffers must have the same byte length',
    );
  }
  let different = 0;
  for (let at = 0; at < one.length; at++) different |= (one[at] as number) ^ (two[at] as number);
  return different === 0;
};
