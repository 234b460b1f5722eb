import { types } from './util-types.ts';

type Pairs = [object, object][];

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const enumerableSymbols = (object: object): symbol[] =>
  Object.getOwnPropertySymbols(object).filter((key) =>
    Object.prototype.propertyIsEnumerable.call(object, key),
  );

/** Node's `deepStrictEqual` (`strict`) and `deepEqual`, as far as they tell values apart. */
export const deepEqual = (a: unknown, b: unknown, strict: boolean): boolean => compare(a, b, strict, []);

const compare = (a: unknown, b: unknown, strict: boolean, open: Pairs): boolean => {
  if (Object.is(a, b)) return true;
  if (!isObject(a) || !isObject(b)) {
    if (strict) return false;
    if (isObject(a) || isObject(b)) return false;
    // biome-ignore lint/suspicious/noDoubleEquals: the loose comparison is what Node's legacy mode is
    return a == b || (Number.isNaN(a) && Number.isNaN(b));
  }
  if (strict && Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (Object.prototype.toString.call(a) !== Object.prototype.toString.call(b)) return false;
  if (open.some(([one, other]) => one === a && other === b)) return true;
  open.push([a, b]);
  const equal = compareObjects(a, b, strict, open);
  open.pop();
  return equal;
};

const compareObjects = (a: object, b: object, strict: boolean, open: Pairs): boolean => {
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  if (Array.isArray(a) && a.length !== (b as unknown[]).length) return false;
  if (types.isDate(a) && types.isDate(b) && (a as Date).getTime() !== (b as Date).getTime()) return false;
  if (types.isRegExp(a)) {
    if (String(a) !== String(b) || (a as RegExp).lastIndex !== (b as RegExp).lastIndex) return false;
  }
  if (a instanceof Error) {
    const other = b as Error;
    if (!(b instanceof Error) || a.message !== other.message || a.name !== other.name) return false;
    if (strict && !compare(a.cause, other.cause, strict, open)) return false;
    if (!compare((a as AggregateError).errors, (b as AggregateError).errors, strict, open)) return false;
  }
  if (types.isBoxedPrimitive(a)) {
    if (!types.isBoxedPrimitive(b) || !Object.is(a.valueOf(), b.valueOf())) return false;
  }
  if (types.isAnyArrayBuffer(a)) {
    if (!bytesEqual(new Uint8Array(a as ArrayBuffer), new Uint8Array(b as ArrayBuffer))) return false;
  } else if (ArrayBuffer.isView(a)) {
    const other = b as Uint8Array;
    if (a.byteLength !== other.byteLength) return false;
    if (types.isFloat32Array(a) || types.isFloat64Array(a)) {
      const [one, two] = [a as Float64Array, b as Float64Array];
      if (!one.every((item, at) => (strict ? Object.is(item, two[at]) : item === two[at]))) return false;
    } else if (
      !bytesEqual(
        new Uint8Array(a.buffer, a.byteOffset, a.byteLength),
        new Uint8Array(other.buffer, other.byteOffset, other.byteLength),
      )
    )
      return false;
    return true;
  }
  if (types.isSet(a) && !setsEqual(a as Set<unknown>, b as Set<unknown>, strict, open)) return false;
  if (types.isMap(a) && !mapsEqual(a as Map<unknown, unknown>, b as Map<unknown, unknown>, strict, open))
    return false;
  if (types.isPromise(a) || types.isWeakMap(a) || types.isWeakSet(a)) return false;
  return keysEqual(a as Record<PropertyKey, unknown>, b as Record<PropertyKey, unknown>, strict, open);
};

const keysEqual = (
  a: Record<PropertyKey, unknown>,
  b: Record<PropertyKey, unknown>,
  strict: boolean,
  open: Pairs,
): boolean => {
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  for (const key of keys) {
    if (!Object.prototype.propertyIsEnumerable.call(b, key) || !compare(a[key], b[key], strict, open))
      return false;
  }
  if (!strict) return true;
  const symbols = enumerableSymbols(a);
  if (symbols.length !== enumerableSymbols(b).length) return false;
  return symbols.every(
    (key) => Object.prototype.propertyIsEnumerable.call(b, key) && compare(a[key], b[key], strict, open),
  );
};

const bytesEqual = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, at) => byte === b[at]);

const setsEqual = (a: Set<unknown>, b: Set<unknown>, strict: boolean, open: Pairs): boolean => {
  if (a.size !== b.size) return false;
  const left = new Set(b);
  for (const item of a) {
    if (left.delete(item)) continue;
    if (strict && !isObject(item)) return false;
    const match = [...left].find((other) => compare(item, other, strict, open));
    if (match === undefined && !left.has(undefined)) return false;
    left.delete(match);
  }
  return true;
};

const mapsEqual = (
  a: Map<unknown, unknown>,
  b: Map<unknown, unknown>,
  strict: boolean,
  open: Pairs,
): boolean => {
  if (a.size !== b.size) return false;
  const left = new Map(b);
  for (const [key, value] of a) {
    if (left.has(key) && compare(value, left.get(key), strict, open)) {
      left.delete(key);
      continue;
    }
    if (strict && !isObject(key)) return false;
    const match = [...left].find(
      ([other, item]) => compare(key, other, strict, open) && compare(value, item, strict, open),
    );
    if (match === undefined) return false;
    left.delete(match[0]);
  }
  return true;
};
