import type { JsonObject, JsonValue } from '../../vocabulary/json.ts';
import type { Tool } from '../tool.ts';
import {
  fieldsOf,
  isObject,
  MOST_TYPE_DEPTH,
  noteOf,
  oneLine,
  resolve,
  rootOf,
  type SchemaRoot,
  typesOf,
} from './schema-parts.ts';

/** A declaration of `tools` with a function each. */
export function typescriptSignatures(tools: readonly Tool[]): string {
  return `declare const tools: {\n${tools.map(member).join('\n')}\n};`;
}

function member({ manifest }: Tool): string {
  const { name, description, input, output } = manifest;
  const fields = fieldsOf(input);
  const optional = fields.every(({ required }) => !required) ? '?' : '';
  const args = fields.length === 0 ? '' : `args${optional}: ${objectType(input, rootOf(input), 0, '  ')}`;
  const result = output === undefined ? 'unknown' : typeOf(output, rootOf(output), 0, '  ');
  return `  /** ${oneLine(description)} */\n  ${keyOf(name)}(${args}): Promise<${result}>;`;
}

const keyOf = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name));

function objectType(schema: JsonObject, root: SchemaRoot, depth: number, indent: string): string {
  const inner = `${indent}  `;
  const lines = fieldsOf(schema).map(({ name, schema: field, required }) => {
    const note = noteOf(field);
    const comment = note === '' ? '' : `${inner}/** ${note} */\n`;
    return `${comment}${inner}${keyOf(name)}${required ? '' : '?'}: ${typeOf(field, root, depth + 1, inner)};`;
  });
  return lines.length === 0 ? 'Record<string, unknown>' : `{\n${lines.join('\n')}\n${indent}}`;
}

function typeOf(given: JsonValue | undefined, root: SchemaRoot, depth: number, indent: string): string {
  if (depth > MOST_TYPE_DEPTH) return 'unknown';
  const schema = resolve(given, root);
  const union = (parts: readonly JsonValue[]): string =>
    [...new Set(parts.map((part) => typeOf(part, root, depth + 1, indent)))].join(' | ');
  if (Array.isArray(schema.enum))
    return schema.enum.map((value: JsonValue) => JSON.stringify(value)).join(' | ') || 'never';
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  for (const name of ['anyOf', 'oneOf'] as const) {
    const parts = schema[name];
    if (Array.isArray(parts) && parts.length > 0) return union(parts);
  }
  const types = typesOf(schema).map((type) => {
    if (type === 'integer') return 'number';
    if (type === 'array') return arrayType(schema, root, depth, indent);
    if (type !== 'object') return PLAIN.has(type) ? type : 'unknown';
    if (isObject(schema.properties)) return objectType(schema, root, depth, indent);
    const values = isObject(schema.additionalProperties)
      ? typeOf(schema.additionalProperties, root, depth + 1, indent)
      : 'unknown';
    return `Record<string, ${values}>`;
  });
  return types.length === 0 ? 'unknown' : [...new Set(types)].join(' | ');
}

const PLAIN: ReadonlySet<string> = new Set(['string', 'number', 'boolean', 'null']);

function arrayType(schema: JsonObject, root: SchemaRoot, depth: number, indent: string): string {
  const item = schema.items === undefined ? 'unknown' : typeOf(schema.items, root, depth + 1, indent);
  return item.includes('|') ? `(${item})[]` : `${item}[]`;
}
