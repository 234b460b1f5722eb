import { setOwn } from '../../../vocabulary/json.ts';

/**
 * A value as JSON can carry it: what JSON does not know stands as a list of its kind and text, and so no list stands for itself. Bytes stand
 * as their place among the bytes that go along.
 */
export type PackedValue = null | boolean | number | string | readonly PackedValue[] | PackedFields;

interface PackedFields {
  readonly [key: string]: PackedValue;
}

/** @param give Takes bytes along; answers their place. */
export function packValue(value: unknown, give: (bytes: Uint8Array) => number): PackedValue {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : ['number', Object.is(value, -0) ? '-0' : String(value)];
    case 'bigint':
      return ['bigint', String(value)];
    case 'object':
      break;
    default:
      return ['undefined'];
  }
  if (value === null) return null;
  if (value instanceof Uint8Array) return ['bytes', give(value)];
  if (Array.isArray(value)) return ['list', ...value.map((item) => packValue(item, give))];
  const packed: Record<string, PackedValue> = {};
  for (const [name, part] of Object.entries(value)) setOwn(packed, name, packValue(part, give));
  return packed;
}

/**
 * @param taken The bytes at a place.
 * @throws {TypeError} for what `packValue` did not make.
 */
export function unpackValue(packed: unknown, taken: (place: number) => Uint8Array): unknown {
  if (typeof packed !== 'object' || packed === null) return packed;
  if (!Array.isArray(packed)) {
    const value: Record<string, unknown> = {};
    for (const [name, part] of Object.entries(packed)) setOwn(value, name, unpackValue(part, taken));
    return value;
  }
  const [kind, first]: unknown[] = packed;
  switch (kind) {
    case 'list':
      return packed.slice(1).map((item) => unpackValue(item, taken));
    case 'bytes':
      return taken(Number(first));
    case 'bigint':
      return BigInt(String(first));
    case 'number':
      return Number(first);
    case 'undefined':
      return undefined;
    default:
      throw new TypeError('Cannot read a value: it has an unknown kind');
  }
}
