/**
 * The built-in functions that the prelude itself leans on, taken before any guest code runs: a guest that rewrites its own built-ins then
 * changes its own world, not what the prelude says to the host.
 */
type Method = (this: never, ...args: never[]) => unknown;

const { bind, call } = Function.prototype;

/** `uncurry(Array.prototype.push)(list, item)`: a method as a function of its receiver. */
const uncurry = bind.bind(call as never) as unknown as <F extends Method>(
  method: F,
) => (self: unknown, ...args: Parameters<F>) => ReturnType<F>; // what bind does to call, which no type can say

export const {
  create: objectCreate,
  defineProperty,
  freeze,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  setPrototypeOf,
  keys: objectKeys,
} = Object;
export const ObjectPrototype = Object.prototype;
export const { isArray } = Array;
export const { isFinite: isFiniteNumber, isNaN: isNotANumber } = Number;
export const { stringify: jsonStringify, parse: jsonParse } = JSON;
export const { floor, max, min } = Math;
export const { apply, construct, deleteProperty, ownKeys } = Reflect;
export const ErrorType = Error;
export const TypeErrorType = TypeError;
export const PromiseType = Promise;
export const MapType = Map;
export const WeakMapType = WeakMap;
export const WeakSetType = WeakSet;
export const Bytes = Uint8Array;
export const toText = String;

export const hasOwn = uncurry(Object.prototype.hasOwnProperty) as (self: object, key: PropertyKey) => boolean;
export const tagOf = uncurry(Object.prototype.toString) as (self: unknown) => string;
/** A copy of a list, each item read once, by no method of the program's. */
export const arrayCopy = uncurry(Array.prototype.toSpliced) as (
  self: readonly unknown[],
  start: 0,
  removed: 0,
) => unknown[];
export const arrayEvery = uncurry(Array.prototype.every) as (
  self: readonly unknown[],
  is: (item: unknown) => boolean,
) => boolean;
export const arrayJoin = uncurry(Array.prototype.join) as (
  self: readonly unknown[],
  between: string,
) => string;
export const slice = uncurry(String.prototype.slice) as (self: string, from: number, to?: number) => string;
export const includes = uncurry(String.prototype.includes) as (self: string, part: string) => boolean;
export const indexOf = uncurry(String.prototype.indexOf) as (
  self: string,
  part: string,
  from?: number,
) => number;
export const charCodeAt = uncurry(String.prototype.charCodeAt) as (self: string, at: number) => number;
export const replaceAll = uncurry(String.prototype.replaceAll) as unknown as (
  self: string,
  part: string,
  by: string,
) => string; // one of its overloads
export const isWellFormed = uncurry(String.prototype.isWellFormed) as (self: string) => boolean;
export const toWellFormed = uncurry(String.prototype.toWellFormed) as (self: string) => string;
export const bigintToText = uncurry(BigInt.prototype.toString) as (self: bigint) => string;
export const dateToIso = uncurry(Date.prototype.toISOString) as (self: Date) => string;
export const dateGetTime = uncurry(Date.prototype.getTime) as (self: Date) => number;
export const regexpToText = uncurry(RegExp.prototype.toString) as (self: RegExp) => string;
export const functionToText = uncurry(Function.prototype.toString) as (self: unknown) => string;
export const symbolToText = uncurry(Symbol.prototype.toString) as (self: symbol) => string;

export const mapForEach = uncurry(Map.prototype.forEach) as (
  self: ReadonlyMap<unknown, unknown>,
  each: (value: unknown, key: unknown) => void,
) => void;
export const setForEach = uncurry(Set.prototype.forEach) as (
  self: ReadonlySet<unknown>,
  each: (value: unknown) => void,
) => void;
export const mapGet = uncurry(Map.prototype.get) as (self: object, key: unknown) => unknown;
export const mapSet = uncurry(Map.prototype.set) as (self: object, key: unknown, value: unknown) => void;
export const mapDelete = uncurry(Map.prototype.delete) as (self: object, key: unknown) => void;
export const weakGet = uncurry(WeakMap.prototype.get) as <V>(
  self: WeakMap<object, V>,
  key: object,
) => V | undefined;
export const weakSet = uncurry(WeakMap.prototype.set) as <V>(
  self: WeakMap<object, V>,
  key: object,
  value: V,
) => void;
export const promiseThen = uncurry(Promise.prototype.then) as <T>(
  self: Promise<T>,
  onValue: (value: T) => void,
  onError?: (error: unknown) => void,
) => Promise<unknown>;

const getter = (prototype: object, name: PropertyKey): ((self: unknown) => unknown) => {
  const get = getOwnPropertyDescriptor(prototype, name)?.get;
  if (get === undefined) throw new ErrorType(`no getter ${toText(name)}`);
  return uncurry(get) as (self: unknown) => unknown;
};
const typedArray: object = getPrototypeOf(Uint8Array.prototype) as object; // %TypedArray%.prototype
export const typedArrayTag = getter(typedArray, Symbol.toStringTag) as (self: unknown) => string | undefined;
export const typedArrayBuffer = getter(typedArray, 'buffer') as (self: unknown) => ArrayBuffer;
export const typedArrayOffset = getter(typedArray, 'byteOffset') as (self: unknown) => number;
export const typedArrayBytes = getter(typedArray, 'byteLength') as (self: unknown) => number;
export const typedArrayLength = getter(typedArray, 'length') as (self: unknown) => number;
export const bytesSet = uncurry(Uint8Array.prototype.set) as (
  self: Uint8Array,
  from: ArrayLike<number>,
  at?: number,
) => void;
export const bytesSubarray = uncurry(Uint8Array.prototype.subarray) as (
  self: Uint8Array,
  from: number,
  to?: number,
) => Uint8Array<ArrayBuffer>;
export const uint16Subarray = uncurry(Uint16Array.prototype.subarray) as (
  self: Uint16Array,
  from: number,
  to?: number,
) => Uint16Array;
const dataViewBuffer = getter(DataView.prototype, 'buffer');
const dataViewOffset = getter(DataView.prototype, 'byteOffset');
const dataViewBytes = getter(DataView.prototype, 'byteLength');
const bufferBytes = getter(ArrayBuffer.prototype, 'byteLength');
export const mapSize = getter(Map.prototype, 'size') as (self: unknown) => number;
export const setSize = getter(Set.prototype, 'size') as (self: unknown) => number;

const inherits = uncurry(Object.prototype.isPrototypeOf) as (prototype: object, value: unknown) => boolean;

/**
 * Tells a value's inner kind without asking the value: it has the prototype, and `probe` goes through. The prototype is looked at first
 * because an error that is thrown and caught costs more than all the rest.
 */
const brand =
  <T>(prototype: object, probe: (value: unknown) => unknown) =>
  (value: unknown): value is T => {
    if (!inherits(prototype, value)) return false;
    try {
      probe(value);
      return true;
    } catch {
      return false;
    }
  };
export const isMap = brand<ReadonlyMap<unknown, unknown>>(Map.prototype, mapSize);
export const isSet = brand<ReadonlySet<unknown>>(Set.prototype, setSize);
export const isDate = brand<Date>(Date.prototype, dateGetTime as (value: unknown) => unknown);
export const isArrayBuffer = brand<ArrayBuffer>(ArrayBuffer.prototype, bufferBytes);
export const isDataView = brand<DataView>(DataView.prototype, dataViewBytes);
export const isRegExp = brand<RegExp>(RegExp.prototype, getter(RegExp.prototype, 'source'));

/** The bytes under a buffer or a view, shared with it; `undefined` for anything else. */
export const bytesOf = (value: unknown): Uint8Array<ArrayBuffer> | undefined => {
  if (typeof value !== 'object' || value === null) return undefined;
  if (typedArrayTag(value) !== undefined) {
    return new Bytes(typedArrayBuffer(value), typedArrayOffset(value), typedArrayBytes(value));
  }
  if (isArrayBuffer(value)) return new Bytes(value);
  if (isDataView(value)) {
    return new Bytes(
      dataViewBuffer(value) as ArrayBuffer,
      dataViewOffset(value) as number,
      dataViewBytes(value) as number,
    );
  }
  return undefined;
};

/** An ArrayBuffer of exactly these bytes: itself if it is one already, else a copy. */
export const exactBuffer = (bytes: Uint8Array<ArrayBuffer>): ArrayBuffer => {
  const buffer = typedArrayBuffer(bytes);
  if (typedArrayOffset(bytes) === 0 && typedArrayBytes(bytes) === (bufferBytes(buffer) as number))
    return buffer;
  const copy = new Bytes(typedArrayBytes(bytes));
  bytesSet(copy, bytes);
  return typedArrayBuffer(copy);
};

/** A hidden global: there, writable, configurable, not enumerable, as the language's own are. */
export const define = (target: object, name: PropertyKey, value: unknown): void => {
  defineProperty(target, name, {
    __proto__: null,
    value,
    writable: true,
    configurable: true,
    enumerable: false,
  } as PropertyDescriptor);
};

/** A global function or class under its own name, whatever the bundle called it. */
export const publish = (name: string, value: object): void => {
  defineProperty(value, 'name', { __proto__: null, value: name, configurable: true } as PropertyDescriptor);
  define(globalThis, name, value);
};
