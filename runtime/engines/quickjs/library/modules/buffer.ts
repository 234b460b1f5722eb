import { Buffer as Package, constants as packageConstants } from 'buffer/index.js';
import { hide, inner, nodeError, wrongArgument } from '../inner.ts';
import { checkNumbers, checkSize, inNodeWords, outOfRange } from './buffer-checks.ts';

type Data = Uint8Array<ArrayBuffer>;
interface BufferClass {
  (...args: unknown[]): Data;
  readonly prototype: Data & Record<string, unknown>;
  from(value: unknown, encoding?: unknown, length?: unknown): Data;
  isEncoding(name: unknown): boolean;
  byteLength(value: unknown, encoding?: unknown): number;
  [name: string]: unknown;
}

/** The package's class, with the host's native codecs where it has them, and what Node has beyond it. */
export const Buffer = Package as unknown as BufferClass; // its types are Node's, which say less of its insides

const view = (bytes: Uint8Array): Data =>
  Object.setPrototypeOf(
    new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    Buffer.prototype,
  ) as Data;

const isUtf8Name = (encoding: unknown): boolean =>
  encoding === undefined || encoding === null || encoding === '' || /^utf-?8$/i.test(String(encoding));
const base64Kind = (encoding: unknown): 'base64' | 'base64url' | undefined => {
  const name = String(encoding).toLowerCase();
  return name === 'base64' || name === 'base64url' ? name : undefined;
};

/** Base64 as Node reads it: either alphabet, anything else skipped, padding ends it. */
const readBase64 = (text: string): Data => {
  const end = text.indexOf('=');
  const clean = (end < 0 ? text : text.slice(0, end))
    .replaceAll('-', '+')
    .replaceAll('_', '/')
    .replace(/[^A-Za-z0-9+/]/g, '');
  const whole = clean.length % 4 === 1 ? clean.slice(0, -1) : clean;
  const binary = inner.decodeBinary(whole) ?? '';
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
};

const writeBase64 = (bytes: Data, url: boolean): string => {
  const text = inner.toBase64(bytes);
  return url ? text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '') : text;
};

const plainFrom = Buffer.from;
const from = (value: unknown, encoding?: unknown, length?: unknown): Data => {
  if (typeof value === 'string') {
    if (isUtf8Name(encoding)) return view(inner.encodeUtf8(value));
    if (base64Kind(encoding) !== undefined) return view(readBase64(value));
    // What is no pair of digits ends it.
    if (/^hex$/i.test(String(encoding)))
      return plainFrom((/^(?:[0-9a-f]{2})*/i.exec(value) as RegExpExecArray)[0], 'hex');
  }
  return inNodeWords(() => plainFrom(value, encoding, length), value);
};
const plainToString = Buffer.prototype.toString as unknown as (this: Data, ...args: unknown[]) => string;
function readText(this: Data, encoding?: unknown, start?: unknown, end?: unknown): string {
  const kind = base64Kind(encoding);
  if (kind === undefined && !isUtf8Name(encoding))
    return inNodeWords(() => plainToString.call(this, encoding, start, end), encoding);
  const part =
    start === undefined && end === undefined
      ? this
      : this.subarray(
          Math.max(0, Number(start ?? 0) || 0),
          end === undefined ? undefined : Math.max(0, Number(end)),
        );
  const bytes = new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
  return kind === undefined ? inner.decodeUtf8(bytes) : writeBase64(bytes, kind === 'base64url');
}
const plainAlloc = Buffer.alloc as (...args: unknown[]) => Data;
const plainConcat = Buffer.concat as (...args: unknown[]) => Data;
const plainCompare = Buffer.compare as (a: Uint8Array, b: Uint8Array) => number;
const plainIsEncoding = Buffer.isEncoding;
const plainByteLength = Buffer.byteLength;
const plainWrite = Buffer.prototype.write as unknown as (this: Data, ...args: unknown[]) => number;
function write(this: Data, text: unknown, ...rest: unknown[]): number {
  if (typeof text !== 'string') throw wrongArgument('argument', 'of type string', text);
  const [offset] = rest;
  if (typeof offset === 'number' && (offset < 0 || offset > this.length))
    throw outOfRange('offset', `>= 0 && <= ${this.length}`, offset);
  const last = rest[rest.length - 1];
  if (typeof text !== 'string' || base64Kind(last) !== 'base64url')
    return plainWrite.call(this, text, ...rest);
  return plainWrite.call(
    this,
    text.replaceAll('-', '+').replaceAll('_', '/'),
    ...rest.slice(0, -1),
    'base64',
  );
}

Object.assign(Buffer, {
  from,
  isEncoding: (name: unknown) => String(name).toLowerCase() === 'base64url' || plainIsEncoding(name),
  byteLength: (value: unknown, encoding?: unknown): number => {
    if (typeof value !== 'string') return plainByteLength(value, encoding);
    return isUtf8Name(encoding) ? inner.encodeUtf8(value).length : from(value, encoding).length;
  },
  copyBytesFrom: (source: unknown, offset = 0, length?: number): Data => {
    const { slice } = source as Uint8Array;
    const part = slice.call(source as Uint8Array, offset, length === undefined ? undefined : offset + length);
    return view(new Uint8Array(part.buffer.slice(0)));
  },
  alloc: (size: unknown, fill?: unknown, encoding?: unknown): Data => {
    checkSize(size);
    return plainAlloc(size, fill, encoding);
  },
  allocUnsafe: (size: unknown): Data => {
    checkSize(size);
    return plainAlloc(size);
  },
  allocUnsafeSlow: (size: unknown): Data => {
    checkSize(size);
    return plainAlloc(size);
  },
  concat: (list: unknown, length?: unknown): Data => {
    if (!Array.isArray(list)) throw wrongArgument('list', 'an instance of Array', list);
    for (const [index, one] of list.entries())
      if (!(one instanceof Uint8Array))
        throw wrongArgument(`list[${index}]`, 'an instance of Buffer or Uint8Array', one);
    return plainConcat(list, length);
  },
  compare: (a: unknown, b: unknown): number => {
    if (!(a instanceof Uint8Array)) throw wrongArgument('buf1', 'an instance of Buffer or Uint8Array', a);
    if (!(b instanceof Uint8Array)) throw wrongArgument('buf2', 'an instance of Buffer or Uint8Array', b);
    return plainCompare(a, b);
  },
  poolSize: 65_536,
});
hide(Buffer, 'name', 'Buffer');
hide(Buffer, 'TYPED_ARRAY_SUPPORT', true);
checkNumbers(Buffer.prototype as never);
for (const bytes of [2, 4, 8]) {
  const name = `swap${8 * bytes}`;
  const plain = Buffer.prototype[name] as (this: Data) => Data;
  hide(Buffer.prototype, name, function (this: Data): Data {
    if (this.length % bytes !== 0)
      throw nodeError(
        RangeError,
        'ERR_INVALID_BUFFER_SIZE',
        `Buffer size must be a multiple of ${8 * bytes}-bits`,
      );
    return plain.call(this);
  });
}
const MOST_INSPECTED = 50;
function inspected(this: Data): string {
  const shown = this.subarray(0, MOST_INSPECTED);
  const bytes = Array.from(shown, (byte) => byte.toString(16).padStart(2, '0'));
  const rest = this.length - MOST_INSPECTED;
  if (rest > 0) bytes.push(`... ${rest} more byte${rest > 1 ? 's' : ''}`);
  return `<${this.constructor.name} ${bytes.join(' ')}>`;
}
for (const name of ['inspect', Symbol.for('nodejs.util.inspect.custom')])
  hide(Buffer.prototype, name, inspected);
for (const [name, value] of Object.entries({ toString: readText, write })) {
  Object.defineProperty(Buffer.prototype, name, { value, writable: true, configurable: true });
}
Object.defineProperty(Buffer.prototype, 'toLocaleString', {
  value: readText,
  writable: true,
  configurable: true,
});

/** A Buffer over bytes that nobody else holds. */
export const bufferOf = (bytes: Uint8Array): Data => view(bytes);

const MAX_LENGTH = 2 ** 31 - 1;

export const buffer = {
  Buffer,
  SlowBuffer: (size: number): Data => (Buffer.allocUnsafe as (size: number) => Data)(size),
  INSPECT_MAX_BYTES: 50,
  kMaxLength: MAX_LENGTH,
  kStringMaxLength: 2 ** 30 - 2,
  constants: { ...packageConstants, MAX_LENGTH, MAX_STRING_LENGTH: 2 ** 30 - 2 },
  atob: globalThis.atob,
  btoa: globalThis.btoa,
  Blob: globalThis.Blob,
  File: globalThis.File,
  isAscii: (bytes: unknown): boolean => bytesFor(bytes).every((byte) => byte < 0x80),
  isUtf8: (bytes: unknown): boolean => inner.isUtf8(bytesFor(bytes)),
  transcode: (bytes: Data, source: string, target: string): Data => {
    const text = readText.call(view(bytesFor(bytes)), source);
    const most = /^(?:latin1|binary)$/i.test(target) ? 0xff : /^ascii$/i.test(target) ? 0x7f : undefined;
    const kept =
      most === undefined
        ? text
        : Array.from(text, (sign) => ((sign.codePointAt(0) ?? 0) > most ? '?' : sign)).join('');
    return from(kept, target);
  },
  resolveObjectURL: (): undefined => undefined,
};

const bytesFor = (value: unknown): Data => {
  const bytes = inner.bytesOf(value);
  if (bytes === undefined)
    throw wrongArgument('input', 'an instance of ArrayBuffer, Buffer or TypedArray', value);
  return bytes;
};
