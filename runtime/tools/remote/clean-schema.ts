import { isJsonObject, type JsonObject, type JsonValue, setOwn } from '../../vocabulary/json.ts';
import { CHECKED_FORMATS } from '../check/formats.ts';
import { createPatterns, type Patterns } from '../check/linear-pattern.ts';

type Shape = 'schema' | 'schemas' | 'list' | 'either' | 'plain';

const shaped = (shape: Shape, words: string): readonly (readonly [string, Shape])[] =>
  words.split(' ').map((word) => [word, shape] as const);

/** The version of JSON Schema that is checked here; what names another is read as if it named none. */
const DRAFT = 'https://json-schema.org/draft/2020-12/schema';

/** Keywords that are checked here, and what stands in them. */
const KEYWORDS: ReadonlyMap<string, Shape> = new Map([
  ...shaped('schemas', 'properties patternProperties $defs definitions dependentSchemas'),
  ...shaped('list', 'allOf anyOf oneOf prefixItems'),
  ...shaped(
    'schema',
    'not if then else contains propertyNames additionalProperties unevaluatedProperties unevaluatedItems',
  ),
  ...shaped('either', 'items'),
  ...shaped(
    'plain',
    'type enum const $schema $ref $anchor title description default examples deprecated readOnly writeOnly $comment ' +
      'required minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength ' +
      'minItems maxItems uniqueItems minContains maxContains minProperties maxProperties ' +
      'dependentRequired format pattern',
  ),
]);

/**
 * A schema of a server, with what is checked here: words that this product does not know are the server's own to check, who gets the arguments as
 * they are. The schema is copied already, and of bounded depth.
 */
export const cleanSchema = (schema: JsonObject): JsonObject => clean(schema, createPatterns());

function clean(schema: JsonObject, patterns: Patterns): JsonObject {
  const kept: Record<string, JsonValue> = {};
  for (const [word, value] of Object.entries(schema)) {
    const shape = KEYWORDS.get(word);
    if (shape === undefined) continue;
    if (word === '$schema' && value !== DRAFT) continue;
    if (word === 'format' && !(typeof value === 'string' && Object.hasOwn(CHECKED_FORMATS, value))) continue;
    if (word === 'pattern' && !isLinear(value, patterns)) continue;
    setOwn(
      kept,
      word,
      word === 'patternProperties' ? withLinearNames(value, patterns) : inShape(value, shape, patterns),
    );
  }
  return kept;
}

function inShape(value: JsonValue, shape: Shape, patterns: Patterns): JsonValue {
  if (shape === 'list' || (shape === 'either' && Array.isArray(value)))
    return Array.isArray(value) ? value.map((item: JsonValue) => inShape(item, 'schema', patterns)) : value;
  if (!isJsonObject(value) || shape === 'plain') return value;
  if (shape !== 'schemas') return clean(value, patterns);
  const kept: Record<string, JsonValue> = {};
  for (const [name, item] of Object.entries(value)) setOwn(kept, name, inShape(item, 'schema', patterns));
  return kept;
}

function withLinearNames(value: JsonValue, patterns: Patterns): JsonValue {
  if (!isJsonObject(value)) return value;
  const named = Object.entries(value).filter(([pattern]) => isLinear(pattern, patterns));
  return inShape(Object.fromEntries(named), 'schemas', patterns);
}

function isLinear(pattern: JsonValue, { engine }: Patterns): boolean {
  if (typeof pattern !== 'string') return false;
  try {
    engine(pattern);
    return true;
  } catch {
    return false; // look-around, back references, or too long
  }
}
