import { type Callable, inner, nodeError, wrongArgument } from '../../inner.ts';
import { bufferOf } from '../buffer.ts';
import { bytesFor, type Data, later } from './bytes.ts';

export const random = (size: number): Data => {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65_536) {
    const part = new Uint8Array(inner.host.random(Math.min(65_536, size - at)));
    bytes.set(part, at);
  }
  return bytes;
};

const sizeOf = (size: unknown): number => {
  if (typeof size !== 'number') throw wrongArgument('size', 'of type number', size);
  if (!Number.isInteger(size) || size < 0 || size > 2 ** 31 - 1) {
    throw nodeError(
      RangeError,
      'ERR_OUT_OF_RANGE',
      `The value of "size" is out of range. It must be >= 0 && <= 2147483647. Received ${inner.inspect(size)}`,
    );
  }
  return size;
};

export const randomBytes = (size: unknown, done?: Callable): unknown => {
  const count = sizeOf(size);
  if (done === undefined) return bufferOf(random(count));
  return later(done, () => bufferOf(random(count)));
};

export const randomFillSync = (target: unknown, offset = 0, size?: number): unknown => {
  const bytes = bytesFor(target, undefined, 'buf');
  bytes.set(random(size ?? bytes.length - offset), offset);
  return target;
};

const MOST_RANGE = 2 ** 48 - 1;
export const randomInt = (...args: unknown[]): unknown => {
  const done = typeof args[args.length - 1] === 'function' ? (args.pop() as Callable) : undefined;
  const [low, high] = (args.length > 1 ? args : [0, args[0]]) as [number, number];
  for (const [name, value] of Object.entries({ min: low, max: high })) {
    if (!Number.isSafeInteger(value)) throw wrongArgument(name, 'a safe integer', value);
  }
  if (high <= low || high - low > MOST_RANGE) {
    throw nodeError(
      RangeError,
      'ERR_OUT_OF_RANGE',
      `The value of "max" is out of range. It must be greater than the value of "min" (${low}). Received ${high}`,
    );
  }
  const range = high - low;
  const limit = MOST_RANGE - (MOST_RANGE % range);
  let drawn: number;
  do drawn = random(6).reduce((sum, byte) => sum * 256 + byte, 0);
  while (drawn >= limit);
  const value = low + (drawn % range);
  if (done === undefined) return value;
  setImmediate(() => done(undefined, value));
};
