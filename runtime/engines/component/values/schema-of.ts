import type { JsonObject } from '../../../vocabulary/json.ts';
import { camelCase } from '../glue/names.ts';
import type { Primitive, WitType } from '../types/wit-type.ts';

const whole = (minimum: number, maximum: number): JsonObject => ({ type: 'integer', minimum, maximum });

/** Of more bits than a number of JSON holds exactly: a whole number, or its decimal text. */
const wide = (pattern: string): JsonObject => ({ anyOf: [{ type: 'integer' }, { type: 'string', pattern }] });

const PRIMITIVES: Readonly<Record<Primitive, JsonObject>> = {
  bool: { type: 'boolean' },
  u8: whole(0, 0xff),
  u16: whole(0, 0xffff),
  u32: whole(0, 0xffff_ffff),
  s8: whole(-0x80, 0x7f),
  s16: whole(-0x8000, 0x7fff),
  s32: whole(-0x8000_0000, 0x7fff_ffff),
  u64: wide('^[0-9]{1,20}$'),
  s64: wide('^-?[0-9]{1,19}$'),
  f32: { type: 'number' },
  f64: { type: 'number' },
  char: { type: 'string', minLength: 1, maxLength: 2 },
  string: { type: 'string' },
};

const BYTES: JsonObject = {
  anyOf: [
    {
      type: 'object',
      properties: { $bytes: { type: 'string' } },
      required: ['$bytes'],
      additionalProperties: false,
    },
    { type: 'array', items: whole(0, 0xff) },
  ],
  description: 'Bytes: { "$bytes": base64 }, or a list of numbers',
};

/** JSON Schema of the JSON form of a WIT type, as `fromJson` takes it and `toJson` gives it. */
export function schemaOf(type: WitType): JsonObject {
  switch (type.kind) {
    case 'list':
      return type.element.kind === 'u8' ? BYTES : { type: 'array', items: schemaOf(type.element) };
    case 'option':
      return type.element.kind === 'option' ? {} : { anyOf: [schemaOf(type.element), { type: 'null' }] };
    case 'result':
      return { oneOf: [tagged('ok', type.ok), tagged('err', type.err)] };
    case 'tuple':
      return {
        type: 'array',
        prefixItems: type.items.map(schemaOf),
        minItems: type.items.length,
        maxItems: type.items.length,
      };
    case 'record':
      return {
        type: 'object',
        properties: Object.fromEntries(
          type.fields.map(({ name, type: field }) => [camelCase(name), schemaOf(field)]),
        ),
        required: type.fields
          .filter(({ type: field }) => field.kind !== 'option')
          .map(({ name }) => camelCase(name)),
        additionalProperties: false,
      };
    case 'variant':
      return { oneOf: type.cases.map(({ name, type: payload }) => tagged(name, payload)) };
    case 'enum':
      return { enum: [...type.names] };
    case 'flags':
      return { type: 'array', items: { enum: type.names.map(camelCase) }, uniqueItems: true };
    case 'own':
    case 'borrow':
      return {}; // no tool is made of a function that takes or gives one
    default:
      return PRIMITIVES[type.kind];
  }
}

const tagged = (tag: string, payload: WitType | undefined): JsonObject => ({
  type: 'object',
  properties: { tag: { const: tag }, ...(payload === undefined ? {} : { val: schemaOf(payload) }) },
  required: payload === undefined || payload.kind === 'option' ? ['tag'] : ['tag', 'val'],
  additionalProperties: false,
});
