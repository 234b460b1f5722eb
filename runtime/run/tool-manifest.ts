import { copyJson } from '../vocabulary/copy-json.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import { isJsonObject, type JsonObject } from '../vocabulary/json.ts';
import { fitsJson } from '../vocabulary/json-weight.ts';
import { nestsDeeper } from '../vocabulary/size-of-json.ts';

/** Nesting of a schema; no honest one comes near. */
const MAX_SCHEMA_DEPTH = 40;
const MAX_TEXT = 262_144;

/**
 * The schema of a tool's input, out of the text of its manifest; `undefined` where it has none.
 * @throws {SandglassError} MANIFEST_INVALID
 */
export function inputSchemaOf(manifest: string, name: string): JsonObject | undefined {
  const invalid = (reason: string): SandglassError =>
    new SandglassError('MANIFEST_INVALID', `Cannot run the tool "${name}": ${reason}`);
  let parsed: unknown;
  try {
    if (!fitsJson(manifest, { length: MAX_TEXT, depth: 64, weight: 40 * MAX_TEXT }))
      throw new TypeError('too large');
    parsed = JSON.parse(manifest);
  } catch {
    throw invalid('its manifest is not JSON');
  }
  const copied = copyJson(parsed, 'the manifest');
  if (!isJsonObject(copied)) throw invalid('its manifest is not a JSON object');
  const { input } = copied;
  if (input === undefined) return undefined;
  if (!isJsonObject(input)) throw invalid('input of its manifest is not a schema');
  if (nestsDeeper(input, MAX_SCHEMA_DEPTH)) throw invalid('input of its manifest is nested too deep');
  return isSchema(input) ? input : schemaOfParameters(input);
}

/** Keywords that a schema of an object has, and a short map of parameters has not. */
const isSchema = (input: JsonObject): boolean =>
  Object.keys(input).length === 0 ||
  typeof input.type === 'string' ||
  typeof input.$ref === 'string' ||
  ['properties', 'required', '$schema', '$defs', 'anyOf', 'oneOf', 'allOf'].some((key) =>
    Object.hasOwn(input, key),
  );

/** `{ text: { type: 'string' } }`: each is required that has no default, and others are not known. */
const schemaOfParameters = (parameters: JsonObject): JsonObject => ({
  type: 'object',
  properties: parameters,
  required: Object.entries(parameters).flatMap(([name, schema]) =>
    isJsonObject(schema) && (schema.optional === true || Object.hasOwn(schema, 'default')) ? [] : [name],
  ),
  additionalProperties: false,
});
