import type { JsonObject, JsonValue } from '../../vocabulary/json.ts';
import { INPUT_KINDS } from '../check/input-kinds.ts';
import { isObject } from './schema-parts.ts';

/** Where schemas hold values of their own, which are no schemas. */
const VALUES: ReadonlySet<string> = new Set(['default', 'const', 'enum', 'examples']);

/** Where names are of fields, whatever they are. */
const SCHEMAS_BY_NAME: ReadonlySet<string> = new Set([
  'properties',
  '$defs',
  'patternProperties',
  'dependentSchemas',
]);

/**
 * A schema without the formats of our own, which a model's API does not know and might refuse: an address is told as `uri`.
 * The schema was checked when its tool was registered, so the recursion is bounded.
 */
export function withKnownFormats(schema: JsonObject): JsonObject {
  const entries = Object.entries(schema).flatMap(
    ([name, value]): readonly (readonly [string, JsonValue])[] => {
      if (VALUES.has(name)) return [[name, value]];
      if (SCHEMAS_BY_NAME.has(name) && isObject(value))
        return [[name, Object.fromEntries(Object.entries(value).map(([key, of]) => [key, plain(of)]))]];
      if (name !== 'format' || typeof value !== 'string' || !Object.hasOwn(INPUT_KINDS, value))
        return [[name, plain(value)]];
      return value === 'http-url' ? [['format', 'uri']] : [];
    },
  );
  return Object.fromEntries(entries);
}

function plain(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(plain);
  return isObject(value) ? withKnownFormats(value) : value;
}
