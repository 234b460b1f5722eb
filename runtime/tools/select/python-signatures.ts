import type { JsonObject, JsonValue } from '../../vocabulary/json.ts';
import type { Tool } from '../tool.ts';
import {
  fieldsOf,
  MOST_TYPE_DEPTH,
  noteOf,
  oneLine,
  resolve,
  rootOf,
  type SchemaRoot,
  typesOf,
} from './schema-parts.ts';

/** Stubs of the functions of `tools`. */
export function pythonSignatures(tools: readonly Tool[]): string {
  return `class tools:\n${tools.map(stub).join('\n\n')}`;
}

const KEYWORDS: ReadonlySet<string> = new Set(
  (
    'False None True and as assert async await break class continue def del elif else except finally ' +
    'for from global if import in is lambda nonlocal not or pass raise return try while with yield'
  ).split(' '),
);

const isName = (name: string): boolean => /^[A-Za-z_]\w*$/.test(name) && !KEYWORDS.has(name);

/** No quote of a text can end the text that it stands in. */
const inDoc = (text: string): string => oneLine(text).replaceAll('"', "'");

function stub({ manifest }: Tool): string {
  const { name, description, input, output } = manifest;
  const fields = fieldsOf(input);
  const root = rootOf(input);
  const named = fields.filter((field) => isName(field.name));
  const params = named.map(({ name: param, schema, required }) => {
    const type = typeOf(schema, root, 0);
    if (schema.default !== undefined) return `${param}: ${type} = ${literal(schema.default)}`;
    return required ? `${param}: ${type}` : `${param}: ${type} | None = None`;
  });
  const rest = named.length < fields.length ? ['**others'] : [];
  const list = [...(params.length > 0 ? ['*', ...params] : []), ...rest].join(', ');
  const notes = fields
    .map(({ name: field, schema }) => ({ field, note: noteOf(schema) }))
    .filter(({ note }) => note !== '')
    .map(({ field, note }) => `        ${inDoc(field)}: ${inDoc(note)}`);
  const doc = [`        """${inDoc(description)}`, ...(notes.length === 0 ? [] : ['', ...notes])].join('\n');
  const result = output === undefined ? 'Any' : typeOf(output, rootOf(output), 0);
  const head = isName(name) ? name : `_${name.replace(/\W/g, '_')}`;
  const called = isName(name) ? '' : `\n        Called as tools[${JSON.stringify(name)}].`;
  return `    @staticmethod\n    def ${head}(${list}) -> ${result}:\n${doc}${called}"""`;
}

function typeOf(given: JsonValue | undefined, root: SchemaRoot, depth: number): string {
  if (depth > MOST_TYPE_DEPTH) return 'Any';
  const schema = resolve(given, root);
  if (Array.isArray(schema.enum)) return `Literal[${schema.enum.map(literal).join(', ')}]`;
  if (schema.const !== undefined) return `Literal[${literal(schema.const)}]`;
  for (const name of ['anyOf', 'oneOf'] as const) {
    const parts = schema[name];
    if (Array.isArray(parts) && parts.length > 0)
      return [...new Set(parts.map((part: JsonValue) => typeOf(part, root, depth + 1)))].join(' | ');
  }
  const types = typesOf(schema).map((type) => simpleType(type, schema, root, depth));
  return types.length === 0 ? 'Any' : [...new Set(types)].join(' | ');
}

function simpleType(type: string, schema: JsonObject, root: SchemaRoot, depth: number): string {
  switch (type) {
    case 'string':
      return 'str';
    case 'integer':
      return 'int';
    case 'number':
      return 'float';
    case 'boolean':
      return 'bool';
    case 'null':
      return 'None';
    case 'array':
      return `list[${schema.items === undefined ? 'Any' : typeOf(schema.items, root, depth + 1)}]`;
    default: {
      const { additionalProperties: rest } = schema;
      return `dict[str, ${typeof rest === 'object' ? typeOf(rest, root, depth + 1) : 'Any'}]`;
    }
  }
}

function literal(value: JsonValue): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value === 'object')
    return `{${Object.entries(value)
      .map(([name, item]) => `${JSON.stringify(name)}: ${literal(item)}`)
      .join(', ')}}`;
  return JSON.stringify(value);
}
