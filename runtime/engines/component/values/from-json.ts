import type { GuestValue } from '../../../vocabulary/guest-value.ts';
import { didYouMean } from '../../../vocabulary/nearest.ts';
import { camelCase } from '../glue/names.ts';
import type { KeptResources } from '../resources.ts';
import { type Case, type Field, isNullable, type WitType } from '../types/wit-type.ts';
import { isPrimitive, readPrimitive } from './from-json-primitive.ts';
import { MisfitError } from './misfit.ts';
import { readBytes } from './read-bytes.ts';

/**
 * A JSON-like value as the glue wants it for a WIT type. Whole numbers may be numbers, bigints or decimal text; bytes may be a Uint8Array,
 * `{ "$bytes": base64 }` or an array of numbers; names of fields, cases and flags may be spelled as in WIT or in camel case. An absent
 * option is `null` or left out; an option of an option is `null` or `{ tag: 'some', val }`.
 * @throws {MisfitError} naming the place and the type wanted.
 */
export function fromJson(value: GuestValue, type: WitType, path: string, resources?: KeptResources): unknown {
  if (isPrimitive(type)) return readPrimitive(value, type, path);
  switch (type.kind) {
    case 'list':
      if (type.element.kind === 'u8') return readBytes(value, type, path);
      return readArray(value, type, path).map((item, index) =>
        fromJson(item, type.element, `${path}[${index}]`, resources),
      );
    case 'option':
      return readOption(value, type.element, path, resources);
    case 'result':
      return readResult(value, type, path, resources);
    case 'tuple': {
      const items = readArray(value, type, path);
      if (items.length !== type.items.length) throw MisfitError.value(path, type, value);
      return type.items.map((item, index) => fromJson(items[index], item, `${path}[${index}]`, resources));
    }
    case 'record':
      return readRecord(value, type, path, resources);
    case 'variant':
      return readVariant(value, type, path, resources);
    case 'enum': {
      const found = type.names.find((name) => name === value || camelCase(name) === value);
      if (found === undefined) throw MisfitError.value(path, type, value);
      return found;
    }
    case 'flags':
      return readFlags(value, type, path);
    default: {
      const object = resources?.take(value, type.resource.name, type.kind === 'own');
      if (object !== undefined) return object;
      throw MisfitError.value(
        path,
        type,
        value,
        'A resource is a handle that an earlier call of the same session answered, and that was not given away since',
      );
    }
  }
}

function readOption(
  value: GuestValue,
  element: WitType,
  path: string,
  resources: KeptResources | undefined,
): unknown {
  const absent = value === null || value === undefined;
  if (element.kind !== 'option') return absent ? undefined : fromJson(value, element, path, resources);
  // The glue marks only what could be taken for the absence of the option inside.
  const marked = isNullable(element);
  const none = marked ? { tag: 'none' } : undefined;
  const some = (val: unknown): unknown => (marked ? { tag: 'some', val } : val);
  if (absent) return none;
  const given = tagOf(value);
  if (given?.tag === 'none' && given.val === undefined) return none;
  if (given?.tag === 'some') return some(fromJson(given.val, element, `${path}.val`, resources));
  return some(fromJson(value, element, path, resources));
}

function readResult(
  value: GuestValue,
  type: WitType & { kind: 'result' },
  path: string,
  resources: KeptResources | undefined,
): unknown {
  const given = tagOf(value);
  if (given === undefined || (given.tag !== 'ok' && given.tag !== 'err'))
    throw MisfitError.value(path, type, value);
  const payload = given.tag === 'ok' ? type.ok : type.err;
  return {
    tag: given.tag,
    val: readPayload(given.val, payload, { whole: type, name: given.tag, path, resources }),
  };
}

function readVariant(
  value: GuestValue,
  type: WitType & { kind: 'variant' },
  path: string,
  resources: KeptResources | undefined,
): unknown {
  const given = typeof value === 'string' ? { tag: value, val: undefined } : tagOf(value);
  if (given === undefined) throw MisfitError.value(path, type, value);
  const found = type.cases.find(({ name }) => name === given.tag || camelCase(name) === given.tag);
  if (found === undefined)
    throw MisfitError.unknown(path, type, `has no case "${shown(given.tag)}"${known(type.cases, given.tag)}`);
  return {
    tag: found.name,
    val: readPayload(given.val, found.type, { whole: type, name: found.name, path, resources }),
  };
}

function readRecord(
  value: GuestValue,
  type: WitType & { kind: 'record' },
  path: string,
  resources: KeptResources | undefined,
): unknown {
  const entries = entriesOf(value);
  if (entries === undefined) throw MisfitError.value(path, type, value);
  const names = new Set(type.fields.flatMap(({ name }) => [name, camelCase(name)]));
  // A misspelt name must not be taken for an absent one.
  for (const name of entries.keys()) {
    if (!names.has(name))
      throw MisfitError.unknown(`${path}.${shown(name)}`, type, `is not a field${known(type.fields, name)}`);
  }
  return Object.fromEntries(
    type.fields.map(({ name, type: field }) => {
      const key = camelCase(name);
      const given = entries.has(name) ? entries.get(name) : entries.get(key);
      if (given === undefined && field.kind !== 'option') throw MisfitError.missing(`${path}.${key}`, field);
      return [key, fromJson(given, field, `${path}.${key}`, resources)];
    }),
  );
}

/** Either the names that are set, or an object of booleans. */
function readFlags(value: GuestValue, type: WitType & { kind: 'flags' }, path: string): unknown {
  const names = new Map(
    type.names.flatMap((name) => [[name, name] as const, [camelCase(name), name] as const]),
  );
  const set = new Set<string>();
  const take = (given: GuestValue, on: GuestValue): void => {
    if (typeof given !== 'string' || typeof on !== 'boolean') throw MisfitError.value(path, type, value);
    const name = names.get(given);
    if (name === undefined)
      throw MisfitError.unknown(
        path,
        type,
        `has no flag "${shown(given)}"${known(
          type.names.map((flag) => ({ name: flag })),
          given,
        )}`,
      );
    if (on) set.add(name);
  };
  if (Array.isArray(value)) for (const name of value) take(name, true);
  else {
    const entries = entriesOf(value);
    if (entries === undefined) throw MisfitError.value(path, type, value);
    for (const [name, on] of entries) take(name, on);
  }
  return Object.fromEntries(type.names.map((name) => [camelCase(name), set.has(name)]));
}

interface PayloadOf {
  readonly whole: WitType;
  /** Of the case that carries it. */
  readonly name: string;
  readonly path: string;
  readonly resources: KeptResources | undefined;
}

function readPayload(
  value: GuestValue,
  type: WitType | undefined,
  { whole, name, path, resources }: PayloadOf,
): unknown {
  if (type !== undefined) {
    if (value === undefined && type.kind !== 'option') throw MisfitError.missing(`${path}.val`, type);
    return fromJson(value, type, `${path}.val`, resources);
  }
  if (value !== undefined && value !== null)
    throw MisfitError.unknown(`${path}.val`, whole, `must not be there: "${name}" carries nothing`);
  return undefined;
}

function readArray(value: GuestValue, type: WitType, path: string): readonly GuestValue[] {
  if (!Array.isArray(value)) throw MisfitError.value(path, type, value);
  return value;
}

/** `{ tag, val }` and no more. */
function tagOf(value: GuestValue): { readonly tag: string; readonly val: GuestValue } | undefined {
  const entries = entriesOf(value);
  const tag = entries?.get('tag');
  if (entries === undefined || typeof tag !== 'string') return undefined;
  for (const key of entries.keys()) if (key !== 'tag' && key !== 'val') return undefined;
  return { tag, val: entries.get('val') };
}

function entriesOf(value: GuestValue): ReadonlyMap<string, GuestValue> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array)
    return undefined;
  return new Map(Object.entries(value));
}

const MAX_NAMES = 40;
const shown = (name: string): string => (name.length > 64 ? `${name.slice(0, 64)}…` : name);

/** `, known are a, b`, and the one that is near. */
function known(parts: readonly Pick<Field | Case, 'name'>[], given: string): string {
  const names = parts.map(({ name }) => name);
  const more = names.length > MAX_NAMES ? ', …' : '';
  return `, known are ${names.slice(0, MAX_NAMES).join(', ')}${more}${didYouMean(given, names)}`;
}
