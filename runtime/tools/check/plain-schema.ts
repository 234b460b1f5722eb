import { isJsonObject, type JsonValue } from '../../vocabulary/json.ts';
import type { JsonSchema } from '../../vocabulary/manifest.ts';
import { CHECKED_FORMATS } from './formats.ts';
import { createPatterns, type Patterns } from './linear-pattern.ts';

/** Keywords of which nothing can be wrong that the schema of schemas does not see. */
const HARMLESS: ReadonlySet<string> = new Set([
  'type',
  'title',
  'description',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
  '$comment',
  'required',
  'const',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
]);

/**
 * Whether a schema that fits the schema of schemas is known to compile, so that this can wait until it is first needed: plain words only, formats and
 * patterns that were looked at here. Any other is compiled at once, which tells what is wrong with it.
 */
export const isPlainSchema = (schema: JsonSchema): boolean =>
  isPlain(schema as JsonValue, true, createPatterns()); // JSON, as was checked

/** @param defaults Whether a default would be filled in here: not within alternatives, where it is a mistake. */
function isPlain(schema: JsonValue | undefined, defaults: boolean, patterns: Patterns): boolean {
  if (typeof schema === 'boolean') return true;
  if (schema === undefined || !isJsonObject(schema)) return false;
  return Object.entries(schema).every(([keyword, value]) => {
    if (HARMLESS.has(keyword)) return true;
    switch (keyword) {
      case 'default':
        return defaults;
      case 'enum':
        return Array.isArray(value) && value.length > 0;
      case 'format':
        return typeof value === 'string' && Object.hasOwn(CHECKED_FORMATS, value);
      case 'pattern':
        return typeof value === 'string' && isPattern(value, patterns);
      case 'items':
      case 'additionalProperties':
        return isPlain(value, defaults, patterns);
      case 'properties':
        return isJsonObject(value) && Object.values(value).every((one) => isPlain(one, defaults, patterns));
      case 'anyOf':
      case 'oneOf':
      case 'allOf':
        return Array.isArray(value) && value.every((one: JsonValue) => isPlain(one, false, patterns));
      default:
        return false;
    }
  });
}

function isPattern(source: string, { engine }: Patterns): boolean {
  try {
    engine(source);
    return true;
  } catch {
    return false; // told when it is compiled
  }
}
