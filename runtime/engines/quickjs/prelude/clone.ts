import { DomException } from './events.ts';
import {
  Bytes,
  bytesOf,
  bytesSet,
  dateGetTime,
  define,
  ErrorType,
  functionToText,
  hasOwn,
  isArray,
  isArrayBuffer,
  isDataView,
  isDate,
  isMap,
  isRegExp,
  isSet,
  mapForEach,
  objectKeys,
  setForEach,
  typedArrayBuffer,
  typedArrayBytes,
  typedArrayLength,
  typedArrayOffset,
  typedArrayTag,
} from './primordials.ts';
import { proxied } from './proxies.ts';

/**
 * `structuredClone`, with cycles and shared parts kept. A buffer of `transfer` is copied and then detached: one instance has nobody to give
 * it to.
 */
export const installClone = (): void => {
  define(globalThis, 'structuredClone', function structuredClone(...given: unknown[]) {
    const [value, options] = given;
    if (given.length === 0) {
      const error = new TypeError('The "value" argument must be specified') as TypeError & { code?: string };
      error.code = 'ERR_MISSING_ARGS';
      throw error;
    }
    const seen = new Map<object, unknown>();
    const moved = new Set<object>();
    const { transfer } = (options ?? {}) as { readonly transfer?: Iterable<unknown> | null };
    for (const given of transfer ?? []) {
      if (typeof given !== 'object' || given === null || (!isArrayBuffer(given) && !isTransferable(given)))
        throw new DomException('Value could not be transferred.', 'DataCloneError');
      if (moved.has(given) || (isArrayBuffer(given) && (given as { detached?: boolean }).detached === true))
        throw new DomException('An ArrayBuffer is detached and could not be cloned.', 'DataCloneError');
      moved.add(given);
      if (!isArrayBuffer(given)) seen.set(given, given);
    }
    const copy = clone(value, seen);
    // What is given away is empty from then on, as under Node; the copy holds the bytes.
    for (const given of moved) if (isArrayBuffer(given)) (given as { transfer?(): unknown }).transfer?.();
    return copy;
  });
};

const ERRORS = { EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };
const VIEWS: Readonly<Record<string, new (buffer: ArrayBuffer, offset: number, length: number) => unknown>> =
  {
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
  };

/** Ports and streams go as they are: both ends are in this instance. */
const isTransferable = (value: object): boolean =>
  /^\[object (?:MessagePort|\w+Stream)\]$/.test(Object.prototype.toString.call(value));

const refuse = (what: string): never => {
  throw new DomException(`${what} could not be cloned.`, 'DataCloneError');
};

const clone = (value: unknown, seen: Map<object, unknown>): unknown => {
  if (typeof value === 'function') return refuse(functionToText(value));
  if (typeof value === 'symbol') return refuse(String(value));
  if (typeof value !== 'object' || value === null) return value;
  const known = seen.get(value);
  if (known !== undefined) return known;
  const keep = <T>(copy: T): T => {
    seen.set(value, copy);
    return copy;
  };
  if (isDate(value)) return keep(new Date(dateGetTime(value)));
  if (isRegExp(value)) return keep(new RegExp(value.source, value.flags));
  if (isArrayBuffer(value)) {
    const bytes = bytesOf(value) as Uint8Array<ArrayBuffer>; // an ArrayBuffer always has them
    const copy = new Bytes(typedArrayBytes(bytes));
    bytesSet(copy, bytes);
    return keep(typedArrayBuffer(copy));
  }
  const tag = typedArrayTag(value);
  if (tag !== undefined) {
    const buffer = clone(typedArrayBuffer(value), seen) as ArrayBuffer; // cloned just above
    const View = VIEWS[tag];
    return View === undefined
      ? refuse(tag)
      : keep(new View(buffer, typedArrayOffset(value), typedArrayLength(value)));
  }
  if (isDataView(value)) {
    return keep(new DataView(clone(value.buffer, seen) as ArrayBuffer, value.byteOffset, value.byteLength));
  }
  if (isMap(value)) {
    const copy = keep(new Map());
    mapForEach(value, (item, key) => copy.set(clone(key, seen), clone(item, seen)));
    return copy;
  }
  if (isSet(value)) {
    const copy = keep(new Set());
    setForEach(value, (item) => copy.add(clone(item, seen)));
    return copy;
  }
  if (value instanceof ErrorType) {
    const error = value as Error;
    const Type = ERRORS[error.name as keyof typeof ERRORS] ?? ErrorType;
    const copy = keep(new Type(error.message));
    define(copy, 'stack', error.stack);
    if (hasOwn(error, 'cause')) define(copy, 'cause', clone(error.cause, seen));
    return copy;
  }
  if (value instanceof Boolean || value instanceof Number || value instanceof String) {
    return keep(Object((value as { valueOf(): unknown }).valueOf()));
  }
  if (
    value instanceof Promise ||
    value instanceof WeakMap ||
    value instanceof WeakSet ||
    value instanceof WeakRef
  ) {
    return refuse(`#<${Object.prototype.toString.call(value).slice(8, -1)}>`);
  }
  if (proxied(value) !== undefined) return refuse('#<Object>');
  const copy: Record<string, unknown> = keep(isArray(value) ? (new Array(value.length) as never) : {});
  for (const key of objectKeys(value)) {
    const item = clone((value as Record<string, unknown>)[key], seen);
    Object.defineProperty(copy, key, { value: item, writable: true, enumerable: true, configurable: true });
  }
  return copy;
};
