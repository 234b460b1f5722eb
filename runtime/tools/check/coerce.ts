import type { ErrorObject } from 'ajv';
import { isJsonObject, type JsonValue } from '../../vocabulary/json.ts';
import { unescaped } from './references.ts';

/**
 * Mends values of the wrong type where only one value can be meant: `"2000"` for a number, `"true"` for a boolean, `5` for a text. Alternatives
 * (`anyOf`, `contains` and the like) are left alone: there nobody knows which was meant. Answers whether anything was changed.
 */
export function coerceFaults(root: JsonValue, errors: readonly ErrorObject[]): boolean {
  let changed = false;
  for (const { keyword, instancePath, schemaPath, params } of errors) {
    if (keyword !== 'type' || instancePath === '' || /\/(?:anyOf|oneOf|not|if|contains)\//.test(schemaPath))
      continue;
    const types = String((params as { type?: unknown }).type).split(','); // ajv's own form
    const keys = instancePath.split('/').slice(1).map(unescaped);
    const last = keys.pop() ?? '';
    const holder = keys.reduce<JsonValue | undefined>(childOf, root);
    const given = childOf(holder, last);
    const mended = given === undefined ? undefined : convert(given, types);
    if (mended === undefined || holder === undefined) continue;
    put(holder, last, mended);
    changed = true;
  }
  return changed;
}

function childOf(holder: JsonValue | undefined, key: string): JsonValue | undefined {
  if (Array.isArray(holder)) return holder[Number(key)] as JsonValue | undefined; // an index may be past its end
  return holder !== undefined && isJsonObject(holder) && Object.hasOwn(holder, key) ? holder[key] : undefined;
}

function put(holder: JsonValue, key: string, value: JsonValue): void {
  // The copy that is checked is nobody else's: it may be changed.
  (holder as Record<string, JsonValue>)[key] = value;
}

function convert(given: JsonValue, types: readonly string[]): JsonValue | undefined {
  if (typeof given === 'string') {
    const text = given.trim();
    if (types.includes('integer') && /^-?\d{1,15}$/.test(text)) return Number(text);
    if (
      types.includes('number') &&
      /^-?(?:0|[1-9]\d{0,19})(?:\.\d{1,20})?(?:[eE][+-]?\d{1,3})?$/.test(text)
    ) {
      const number = Number(text);
      return Number.isFinite(number) ? number : undefined;
    }
    if (types.includes('boolean') && (text === 'true' || text === 'false')) return text === 'true';
    return undefined;
  }
  if (types.includes('string') && (typeof given === 'number' || typeof given === 'boolean'))
    return String(given);
  return undefined;
}
