import { copyJson } from '../../vocabulary/copy-json.ts';
import { isJsonObject, type JsonValue } from '../../vocabulary/json.ts';
import type { JsonSchema, StandardSchema } from '../../vocabulary/manifest.ts';

/** Keywords by which a schema of an object is known from a short map of parameters. */
const KEYWORDS: ReadonlySet<string> = new Set(['$schema', '$ref', '$defs', '$id', 'properties', 'required']);

const OTHER_TYPES: ReadonlySet<string> = new Set(['string', 'number', 'integer', 'boolean', 'null', 'array']);

/** The arguments of a tool that says nothing of them. */
export const NO_ARGUMENTS: JsonSchema = Object.freeze({
  type: 'object',
  properties: Object.freeze({}),
  additionalProperties: false,
});

/**
 * JSON Schema of arguments, from whichever form it was written in.
 * @throws {Error} saying why it is none.
 */
export function inputSchemaOf(given: unknown): JsonSchema {
  if (given === undefined) return NO_ARGUMENTS;
  const schema = jsonSchemaOf(given, 'input');
  const whole = isWholeSchema(schema) ? schema : schemaOfParameters(schema);
  // Any other word is for the schema of schemas to refuse, which knows the nearest.
  if (typeof whole.type === 'string' && OTHER_TYPES.has(whole.type))
    throw new Error(`type is ${whole.type}, not object: arguments have names`);
  return whole.type === undefined ? { type: 'object', ...whole } : whole;
}

/** JSON Schema as it is, or as a Standard Schema gives it. @throws {Error} */
export function jsonSchemaOf(given: unknown, side: 'input' | 'output'): JsonSchema {
  const standard = standardOf(given);
  const plain = standard === undefined ? given : fromStandard(standard, side);
  const copied = copyJson(plain, side, { maxDepth: 100, maxBytes: 1_048_576 });
  if (!isJsonObject(copied)) throw new Error('it is not an object');
  return copied;
}

function standardOf(given: unknown): StandardSchema['~standard'] | undefined {
  if ((typeof given !== 'object' && typeof given !== 'function') || given === null) return undefined;
  return (given as Partial<StandardSchema>)['~standard']; // looked at below
}

function fromStandard(
  { vendor, jsonSchema }: StandardSchema['~standard'],
  side: 'input' | 'output',
): unknown {
  if (typeof jsonSchema?.[side] !== 'function')
    throw new Error(`this schema of ${String(vendor)} does not give its JSON Schema (~standard.jsonSchema)`);
  return jsonSchema[side]({ target: 'draft-2020-12' });
}

function isWholeSchema(schema: JsonSchema): boolean {
  const names = Object.keys(schema);
  if (typeof schema.type === 'string' || typeof schema.$ref === 'string' || names.length === 0) return true;
  return names.some((name) => KEYWORDS.has(name)) && !names.every((name) => isParameter(schema[name]));
}

const isParameter = (value: JsonValue | undefined): boolean =>
  value !== undefined &&
  isJsonObject(value) &&
  ['type', 'enum', 'const', 'anyOf', 'oneOf', 'allOf', 'description', 'default'].some((name) =>
    Object.hasOwn(value, name),
  );

/** Of a short map: a parameter without a default is required, and others are not known. */
function schemaOfParameters(map: JsonSchema): JsonSchema {
  const properties: [string, JsonValue][] = [];
  const required: string[] = [];
  for (const [name, value] of Object.entries(map)) {
    if (!isJsonObject(value)) throw new Error(`parameter "${name}" is not a schema`);
    const { optional, ...schema } = value;
    if (optional !== undefined && typeof optional !== 'boolean')
      throw new Error(`parameter "${name}": optional is not true or false`);
    properties.push([name, schema]);
    if (optional !== true && !Object.hasOwn(schema, 'default')) required.push(name);
  }
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    required,
    additionalProperties: false,
  };
}
