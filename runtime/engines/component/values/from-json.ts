import type { GuestValue } from '../../../vocabulary/codec.ts';
import { camelCase } from '../glue/names.ts';
import type { Primitive, WitType } from '../types/wit-type.ts';
import { MisfitError } from './misfit.ts';

type Misfit = () => MisfitError;

const INTEGERS: Readonly<Partial<Record<Primitive, readonly [low: bigint, high: bigint]>>> = {
  u8: [0n, 0xffn],
  s8: [-0x80n, 0x7fn],
  u16: [0n, 0xffffn],
  s16: [-0x8000n, 0x7fffn],
  u32: [0n, 0xffff_ffffn],
  s32: [-0x8000_0000n, 0x7fff_ffffn],
  u64: [0n, 0xffff_ffff_ffff_ffffn],
  s64: [-0x8000_0000_0000_0000n, 0x7fff_ffff_ffff_ffffn],
};

const isWide = (kind: string): boolean => kind === 'u64' || kind === 's64';

/**
 * A JSON-like value as the glue wants it for a WIT type. Whole numbers may be numbers, bigints or decimal text; bytes may be a
 * Uint8Array, an array of numbers, or base64; names of fields, cases and flags may be spelled as in WIT or in camel case.
 * @throws {MisfitError} naming the place and the type wanted.
 */
export function fromJson(value: GuestValue, type: WitType, path: string): unknown {
  const misfit: Misfit = () => new MisfitError(path, type, value);
  switch (type.kind) {
    case 'bool':
      if (typeof value !== 'boolean') throw misfit();
      return value;
    case 'string':
      if (typeof value !== 'string') throw misfit();
      return value;
    case 'char':
      if (typeof value !== 'string' || [...value].length !== 1 || !value.isWellFormed()) throw misfit();
      return value;
    case 'f32':
    case 'f64':
      return readFloat(value, misfit);
    case 'list':
      return readList(value, type.element, path, misfit);
    case 'option': {
      const nested = type.element.kind === 'option';
      if (value === null || value === undefined) return nested ? { tag: 'none' } : undefined;
      const val = fromJson(value, type.element, path);
      return nested ? { tag: 'some', val } : val;
    }
    case 'result': {
      const { tag, val } = readTagged(value, misfit);
      if (tag !== 'ok' && tag !== 'err') throw misfit();
      return { tag, val: readPayload(val, tag === 'ok' ? type.ok : type.err, `${path}.val`, misfit) };
    }
    case 'tuple': {
      const items = readArray(value, misfit);
      if (items.length !== type.items.length) throw misfit();
      return type.items.map((item, index) => fromJson(items[index], item, `${path}[${index}]`));
    }
    case 'record': {
      const entries = readEntries(value, misfit);
      refuseUnknown(
        entries.keys(),
        type.fields.map(({ name }) => name),
        misfit,
      );
      return Object.fromEntries(
        type.fields.map(({ name, type: field }) => {
          const key = camelCase(name);
          const given = entries.has(name) ? entries.get(name) : entries.get(key);
          if (given === undefined && field.kind !== 'option') throw misfit();
          return [key, fromJson(given, field, `${path}.${key}`)];
        }),
      );
    }
    case 'variant': {
      const { tag, val } =
        typeof value === 'string' ? { tag: value, val: undefined } : readTagged(value, misfit);
      const found = type.cases.find(({ name }) => name === tag || camelCase(name) === tag);
      if (found === undefined) throw misfit();
      return { tag: found.name, val: readPayload(val, found.type, `${path}.val`, misfit) };
    }
    case 'enum': {
      const found = type.names.find((name) => name === value || camelCase(name) === value);
      if (found === undefined) throw misfit();
      return found;
    }
    case 'flags': {
      const set = readFlags(value, misfit);
      refuseUnknown(set, type.names, misfit);
      return Object.fromEntries(
        type.names.map((name) => [camelCase(name), set.has(name) || set.has(camelCase(name))]),
      );
    }
    case 'own':
    case 'borrow':
      throw misfit();
    default:
      return readInteger(value, type.kind, misfit);
  }
}

function readInteger(value: GuestValue, kind: Primitive, misfit: Misfit): number | bigint {
  const range = INTEGERS[kind];
  let whole: bigint;
  if (typeof value === 'bigint') whole = value;
  else if (typeof value === 'number' && Number.isSafeInteger(value)) whole = BigInt(value);
  else if (typeof value === 'string' && /^-?\d{1,20}$/.test(value)) whole = BigInt(value);
  else throw misfit();
  if (range === undefined || whole < range[0] || whole > range[1]) throw misfit();
  return isWide(kind) ? whole : Number(whole);
}

function readFloat(value: GuestValue, misfit: Misfit): number {
  if (typeof value === 'number') return value;
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value);
  throw misfit();
}

function readList(value: GuestValue, element: WitType, path: string, misfit: Misfit): unknown {
  if (element.kind === 'u8') {
    if (value instanceof Uint8Array) return value;
    if (typeof value === 'string') return readBase64(value, misfit);
  }
  const items = readArray(value, misfit).map((item, index) => fromJson(item, element, `${path}[${index}]`));
  return element.kind === 'u8' ? Uint8Array.from(items, Number) : items;
}

function readBase64(text: string, misfit: Misfit): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch {
    throw misfit();
  }
}

function readArray(value: GuestValue, misfit: Misfit): readonly GuestValue[] {
  if (!Array.isArray(value)) throw misfit();
  return value;
}

function readEntries(value: GuestValue, misfit: Misfit): ReadonlyMap<string, GuestValue> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array) {
    throw misfit();
  }
  return new Map(Object.entries(value));
}

function readTagged(value: GuestValue, misfit: Misfit): { readonly tag: string; readonly val: GuestValue } {
  const entries = readEntries(value, misfit);
  const tag = entries.get('tag');
  if (typeof tag !== 'string' || [...entries.keys()].some((key) => key !== 'tag' && key !== 'val'))
    throw misfit();
  return { tag, val: entries.get('val') };
}

function readPayload(value: GuestValue, type: WitType | undefined, path: string, misfit: Misfit): unknown {
  if (type !== undefined) return fromJson(value, type, path);
  if (value !== undefined && value !== null) throw misfit();
  return undefined;
}

/** Either the names that are set, or an object of booleans. */
function readFlags(value: GuestValue, misfit: Misfit): ReadonlySet<string> {
  if (Array.isArray(value)) {
    return new Set(
      readArray(value, misfit).map((name) => {
        if (typeof name !== 'string') throw misfit();
        return name;
      }),
    );
  }
  const names = new Set<string>();
  for (const [name, on] of readEntries(value, misfit)) {
    if (typeof on !== 'boolean') throw misfit();
    if (on) names.add(name);
  }
  return names;
}

/** A misspelt name must not be taken for an absent one. */
function refuseUnknown(given: Iterable<string>, names: readonly string[], misfit: Misfit): void {
  const known = new Set(names.flatMap((name) => [name, camelCase(name)]));
  for (const name of given) if (!known.has(name)) throw misfit();
}
