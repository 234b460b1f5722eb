export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
/** Not a list, not null. */
export const isJsonObject = (value: JsonValue): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** Sets an own property, also one called "__proto__". */
export function setOwn<T>(object: Record<string, T>, name: string, value: T): void {
  if (name !== '__proto__') object[name] = value;
  else Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
}

/** A list or an object. */
export const hasParts = (item: unknown): item is object => typeof item === 'object' && item !== null;

/** Not an instance of a class. */
export const isPlain = (item: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(item);
  return prototype === null || prototype === Object.prototype;
};
