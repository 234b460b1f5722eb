import { inner, type Named } from '../inner.ts';

const tag = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);
const getter = (prototype: object, name: PropertyKey): ((value: unknown) => boolean) => {
  const get = Object.getOwnPropertyDescriptor(prototype, name)?.get;
  return (value) => {
    try {
      get?.call(value);
      return get !== undefined;
    } catch {
      return false; // it is none
    }
  };
};
const method =
  (prototype: object, name: PropertyKey, ...args: unknown[]) =>
  (value: unknown): boolean => {
    try {
      ((prototype as Named)[name as string] as (...args: unknown[]) => unknown).call(value, ...args);
      return true;
    } catch {
      return false; // it is none
    }
  };
const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const viewTag = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)?.get as () => string | undefined; // the language has it
const viewKind = (value: unknown): string | undefined => viewTag.call(value);
const sized = getter(ArrayBuffer.prototype, 'byteLength');
const ofKind = (name: string) => (value: unknown) => viewKind(value) === name;
const boxed = (name: string, type: string) => (value: unknown) =>
  isObject(value) && tag(value) === name && typeof (value as { valueOf(): unknown }).valueOf() === type;
const isFunctionOf = (sample: unknown) => {
  const prototype = Object.getPrototypeOf(sample);
  return (value: unknown) =>
    typeof value === 'function' && Object.prototype.isPrototypeOf.call(prototype, value as object);
};
const isAsync = isFunctionOf(async () => undefined);
const isAsyncGenerator = isFunctionOf(async function* () {
  yield 0;
});
const isGenerator = isFunctionOf(function* () {
  yield 0;
});

const number = boxed('Number', 'number');
const text = boxed('String', 'string');
const truth = boxed('Boolean', 'boolean');
const symbol = (value: unknown): boolean =>
  isObject(value) && typeof (value as { valueOf(): unknown }).valueOf() === 'symbol';
const bigint = (value: unknown): boolean =>
  isObject(value) && typeof (value as { valueOf(): unknown }).valueOf() === 'bigint';

export const types = {
  isAnyArrayBuffer: (value: unknown) =>
    isObject(value) && (sized(value) || tag(value) === 'SharedArrayBuffer'),
  isArrayBuffer: (value: unknown) => isObject(value) && sized(value),
  isArgumentsObject: (value: unknown) =>
    isObject(value) && !(Symbol.toStringTag in value) && tag(value) === 'Arguments',
  isArrayBufferView: (value: unknown) => ArrayBuffer.isView(value),
  isAsyncFunction: (value: unknown) => isAsync(value) || isAsyncGenerator(value),
  isBigInt64Array: ofKind('BigInt64Array'),
  isBigIntObject: bigint,
  isBigUint64Array: ofKind('BigUint64Array'),
  isBooleanObject: truth,
  isBoxedPrimitive: (value: unknown) =>
    number(value) || text(value) || truth(value) || symbol(value) || bigint(value),
  isCryptoKey: (value: unknown) => isObject(value) && tag(value) === 'CryptoKey',
  isDataView: (value: unknown) =>
    isObject(value) && ArrayBuffer.isView(value) && viewKind(value) === undefined,
  isDate: method(Date.prototype, 'getTime'),
  isExternal: () => false,
  isFloat16Array: ofKind('Float16Array'),
  isFloat32Array: ofKind('Float32Array'),
  isFloat64Array: ofKind('Float64Array'),
  isGeneratorFunction: (value: unknown) => isGenerator(value) || isAsyncGenerator(value),
  isGeneratorObject: (value: unknown) => isObject(value) && /^(?:Async)?Generator$/.test(tag(value)),
  isInt16Array: ofKind('Int16Array'),
  isInt32Array: ofKind('Int32Array'),
  isInt8Array: ofKind('Int8Array'),
  isKeyObject: () => false,
  isMap: getter(Map.prototype, 'size'),
  isMapIterator: (value: unknown) => isObject(value) && tag(value) === 'Map Iterator',
  isModuleNamespaceObject: (value: unknown) => isObject(value) && tag(value) === 'Module',
  isNativeError: (value: unknown) => value instanceof Error,
  isNumberObject: number,
  isPromise: (value: unknown) => value instanceof Promise,
  isProxy: (value: unknown) =>
    (isObject(value) || typeof value === 'function') && inner.proxied(value as object) !== undefined,
  isRegExp: getter(RegExp.prototype, 'flags'),
  isSet: getter(Set.prototype, 'size'),
  isSetIterator: (value: unknown) => isObject(value) && tag(value) === 'Set Iterator',
  isSharedArrayBuffer: (value: unknown) => isObject(value) && tag(value) === 'SharedArrayBuffer',
  isStringObject: text,
  isSymbolObject: symbol,
  isTypedArray: (value: unknown) => viewKind(value) !== undefined,
  isUint16Array: ofKind('Uint16Array'),
  isUint32Array: ofKind('Uint32Array'),
  isUint8Array: ofKind('Uint8Array'),
  isUint8ClampedArray: ofKind('Uint8ClampedArray'),
  isWeakMap: method(WeakMap.prototype, 'has', {}),
  isWeakSet: method(WeakSet.prototype, 'has', {}),
};
types.isRegExp = (value: unknown) => isObject(value) && tag(value) === 'RegExp';
