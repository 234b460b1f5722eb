import type { GuestValue } from '../../../vocabulary/guest-value.ts';
import { camelCase } from '../glue/names.ts';
import type { KeptResources } from '../resources.ts';
import { isNullable, type WitType } from '../types/wit-type.ts';

/**
 * What the glue lifted out of a guest, as a run's value: 64-bit numbers are bigints, `list<u8>` is a Uint8Array, records are objects
 * with camel-case keys, variants and results are `{ tag, val }`, an absent option is `null`, flags are the names of those set. An option of
 * an option is `null` or `{ tag: 'some', val }`: `null` alone could be either. NaN is the canonical one, as every number of JavaScript.
 */
export function toJson(value: unknown, type: WitType, resources?: KeptResources): GuestValue {
  switch (type.kind) {
    case 'list': {
      const { element } = type;
      if (element.kind === 'u8' && value instanceof Uint8Array) return value;
      return Array.from(value as ArrayLike<unknown>, (item) => toJson(item, element, resources)); // an array by the type
    }
    case 'option': {
      if (value === undefined || value === null) return null;
      if (type.element.kind !== 'option') return toJson(value, type.element, resources);
      if (!isNullable(type.element)) return { tag: 'some', val: toJson(value, type.element, resources) };
      const nested = value as Tagged; // the glue's form of an option that holds one without a mark
      return nested.tag === 'none' ? null : { tag: 'some', val: toJson(nested.val, type.element, resources) };
    }
    case 'result': {
      const { tag, val } = value as Tagged; // a result by the type
      return tagged(tag, val, tag === 'ok' ? type.ok : type.err, resources);
    }
    case 'variant': {
      const { tag, val } = value as Tagged; // a variant by the type
      return tagged(tag, val, type.cases.find(({ name }) => name === tag)?.type, resources);
    }
    case 'tuple': {
      const items = value as readonly unknown[]; // a tuple by the type
      return type.items.map((item, index) => toJson(items[index], item, resources));
    }
    case 'record': {
      const fields = value as Readonly<Record<string, unknown>>; // a record by the type
      return Object.fromEntries(
        type.fields.map(({ name, type: field }) => [
          camelCase(name),
          toJson(fields[camelCase(name)], field, resources),
        ]),
      );
    }
    case 'flags': {
      const flags = value as Readonly<Record<string, unknown>>; // flags by the type
      return type.names.filter((name) => flags[camelCase(name)] === true);
    }
    case 'own':
    case 'borrow':
      return resources?.give(value, type.resource.name) ?? null; // one of a run ends with its instance
    default:
      return value as GuestValue; // bool, number, bigint, char, string, enum: as lifted
  }
}

interface Tagged {
  readonly tag: string;
  readonly val?: unknown;
}

const tagged = (
  tag: string,
  val: unknown,
  type: WitType | undefined,
  resources: KeptResources | undefined,
): GuestValue => (type === undefined ? { tag } : { tag, val: toJson(val, type, resources) });
