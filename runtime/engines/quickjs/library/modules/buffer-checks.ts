import { nodeError, wrongArgument } from '../inner.ts';

type Numbers = Record<string, (this: Uint8Array, ...args: unknown[]) => unknown>;

/** A number as the messages of ranges show it: large ones in groups of three digits. */
const shown = (value: unknown): string => {
  const text = typeof value === 'bigint' ? `${value}` : String(value);
  const large =
    typeof value === 'bigint'
      ? value > 2n ** 32n || value < -(2n ** 32n)
      : Math.abs(value as number) > 2 ** 32;
  const grouped = large && /^-?\d+$/.test(text) ? text.replace(/\B(?=(?:\d{3})+$)/g, '_') : text;
  return typeof value === 'bigint' ? `${grouped}n` : grouped;
};

export const outOfRange = (name: string, range: string, value: unknown): RangeError =>
  nodeError(
    RangeError,
    'ERR_OUT_OF_RANGE',
    `The value of "${name}" is out of range. It must be ${range}. Received ${shown(value)}`,
  );

const checkOffset = (offset: unknown, size: number, length: number): void => {
  if (typeof offset !== 'number') throw wrongArgument('offset', 'of type number', offset);
  if (!Number.isInteger(offset)) throw outOfRange('offset', 'an integer', offset);
  const most = length - size;
  if (most < 0)
    throw nodeError(RangeError, 'ERR_BUFFER_OUT_OF_BOUNDS', 'Attempt to access memory outside buffer bounds');
  if (offset < 0 || offset > most) throw outOfRange('offset', `>= 0 and <= ${most}`, offset);
};

const checkByteLength = (byteLength: unknown): void => {
  if (byteLength === undefined) throw wrongArgument('byteLength', 'of type number', byteLength);
  if (typeof byteLength !== 'number') throw wrongArgument('byteLength', 'of type number', byteLength);
  if (!Number.isInteger(byteLength)) throw outOfRange('byteLength', 'an integer', byteLength);
  if (byteLength < 1 || byteLength > 6) throw outOfRange('byteLength', '>= 1 and <= 6', byteLength);
};

const checkValue = (value: unknown, bits: number, signed: boolean): void => {
  const number = Number(value);
  const low = signed ? -(2 ** (bits - 1)) : 0;
  const high = 2 ** (signed ? bits - 1 : bits) - 1;
  if (number >= low && number <= high) return;
  if (Number.isNaN(number)) return;
  const range =
    bits > 32
      ? `>= ${signed ? `-(2 ** ${bits - 1})` : '0'} and < 2 ** ${signed ? bits - 1 : bits}`
      : `>= ${low} and <= ${high}`;
  throw outOfRange('value', range, number);
};

const BYTES: Readonly<Record<string, number>> = {
  Double: 8,
  Float: 4,
  BigInt64: 8,
  BigUInt64: 8,
  Int8: 1,
  UInt8: 1,
  Int16: 2,
  UInt16: 2,
  Int32: 4,
  UInt32: 4,
};

/** The methods that read and write numbers, with the checks of Node before each. */
export const checkNumbers = (prototype: Numbers): void => {
  for (const name of Object.keys(prototype)) {
    const [, way, kind = ''] =
      /^(read|write)(Double|Float|Big[UI][a-zA-Z]*64|U?[Ii]nt(?:8|16|32)?)(?:LE|BE)?$/.exec(
        name.replace('Uint', 'UInt'),
      ) ?? [];
    const plain = prototype[name];
    if (way === undefined || plain === undefined) continue;
    const size = BYTES[kind];
    const signed = !kind.startsWith('U');
    const reads = way === 'read';
    const checked = function (this: Uint8Array, ...args: unknown[]): unknown {
      const at = reads ? 0 : 1;
      let [offset, byteLength] = [args[at], size as number];
      if (size === undefined) {
        checkByteLength(args[at + 1]);
        byteLength = args[at + 1] as number;
        if (offset === undefined) throw wrongArgument('offset', 'of type number', offset);
      } else offset ??= 0;
      if (!reads && !kind.startsWith('Big') && kind !== 'Double' && kind !== 'Float')
        checkValue(args[0], 8 * byteLength, signed);
      checkOffset(offset, byteLength, this.length);
      return Reflect.apply(plain, this, args);
    };
    Object.defineProperty(checked, 'name', { value: name, configurable: true });
    Object.defineProperty(prototype, name, { value: checked, writable: true, configurable: true });
  }
};

const FIRST =
  'The first argument must be of type string or an instance of Buffer, ArrayBuffer, or Array or an Array-like Object.';

/** The package's own errors, in Node's words. */
export const inNodeWords = <T>(make: () => T, value: unknown): T => {
  try {
    return make();
  } catch (error) {
    const { message } = error as Error;
    if (message.startsWith('Unknown encoding')) throw nodeError(TypeError, 'ERR_UNKNOWN_ENCODING', message);
    if (/^The (?:first argument must be|"value" argument must not be)/.test(message)) {
      const told = wrongArgument('', '', value).message;
      throw nodeError(TypeError, 'ERR_INVALID_ARG_TYPE', `${FIRST} ${told.slice(told.indexOf('Received'))}`);
    }
    throw error;
  }
};

/** @param size of a buffer to be made. */
export const checkSize = (size: unknown): void => {
  if (typeof size !== 'number') throw wrongArgument('size', 'of type number', size);
  if (!(size >= 0 && size <= Number.MAX_SAFE_INTEGER))
    throw outOfRange('size', `>= 0 && <= ${Number.MAX_SAFE_INTEGER}`, size);
};
