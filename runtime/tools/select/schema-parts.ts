import { isJsonObject, type JsonObject, type JsonValue } from '../../vocabulary/json.ts';

/** Beyond it a type is told as any value. */
export const MOST_TYPE_DEPTH = 6;

export interface SchemaField {
  readonly name: string;
  readonly schema: JsonObject;
  readonly required: boolean;
}

/** The fields of an object's schema; required ones first. */
export function fieldsOf(schema: JsonObject): readonly SchemaField[] {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const required = new Set(Array.isArray(schema.required) ? (schema.required as readonly JsonValue[]) : []);
  const fields = Object.entries(properties).map(([name, field]) => ({
    name,
    schema: isObject(field) ? field : {},
    required: required.has(name),
  }));
  return [...fields.filter((field) => field.required), ...fields.filter((field) => !field.required)];
}

/** What a local reference leads to; the schema itself where there is none. */
export function resolve(schema: JsonValue | undefined, root: SchemaRoot): JsonObject {
  root.left -= 1;
  if (!isObject(schema) || root.left < 0) return {};
  const { $ref } = schema;
  if (typeof $ref !== 'string' || !$ref.startsWith('#/')) return schema;
  let at: JsonValue | undefined = root.schema;
  for (const part of $ref.slice(2).split('/')) {
    at = isObject(at) && Object.hasOwn(at, part) ? at[part] : undefined;
  }
  if (!isObject(at)) return {};
  // Told again at each reference, a long part comes to a text of hundreds of megabytes.
  root.left -= Math.ceil(JSON.stringify(at).length / CHARACTERS_OF_ONE);
  return root.left < 0 ? {} : at;
}

export const isObject = (value: JsonValue | undefined): value is JsonObject =>
  value !== undefined && isJsonObject(value);

/** Of a schema that lists types, and of one that names one. */
export const typesOf = ({ type }: JsonObject): readonly string[] => {
  if (typeof type === 'string') return [type];
  return Array.isArray(type) ? (type as readonly JsonValue[]).filter((name) => typeof name === 'string') : [];
};

/** What a comment says of a field: its description, and its default. */
export function noteOf({ description, default: fallback }: JsonObject): string {
  const text = typeof description === 'string' ? oneLine(description) : '';
  const told = fallback === undefined ? '' : `Default: ${oneLine(JSON.stringify(fallback))}`;
  return [text, told].filter((part) => part !== '').join('. ');
}

/** A description is a stranger's: it stays on its line and in its comment. */
export const oneLine = (text: string): string =>
  text
    .slice(0, 2_000)
    .replaceAll('\\', '/') // first: what it makes must not end a comment either
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .replaceAll('*/', '* /')
    .trim()
    .slice(0, 1_000);

/** Characters of what a reference leads to that take as much as one part. */
const CHARACTERS_OF_ONE = 128;

/** A schema that references point into. Each part that is looked at takes one: references could name each other over and over. */
export interface SchemaRoot {
  readonly schema: JsonObject;
  left: number;
}

export const rootOf = (schema: JsonObject): SchemaRoot => ({ schema, left: 2_000 });
