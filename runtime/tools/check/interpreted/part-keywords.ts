import type { ErrorObject } from 'ajv';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../vocabulary/json.ts';
import {
  addAll,
  addError,
  addSeen,
  type Check,
  childPath,
  errorsOf,
  errorsOfBranch,
  type ReadPart,
  type Spot,
} from './place.ts';
import { namesOf } from './value-keywords.ts';

/** The keywords that look into an object: they know of each other, so they are read together. */
export const OBJECT_KEYWORDS = [
  'properties',
  'patternProperties',
  'additionalProperties',
  'propertyNames',
  'dependentRequired',
  'dependentSchemas',
  'dependencies',
] as const;

export const ARRAY_KEYWORDS = ['items', 'prefixItems', 'contains', 'minContains', 'maxContains'] as const;

/** @throws {Error} */
export function readObjectKeywords(spot: Spot, read: ReadPart): Check | undefined {
  const { schema, work } = spot;
  if (!OBJECT_KEYWORDS.some((name) => Object.hasOwn(schema, name))) return undefined;
  const properties = schemasOf('properties', spot, read);
  const defaults = spot.defaults ? defaultsOf(schema.properties) : [];
  const patterns = [...schemasOf('patternProperties', spot, read)].map(
    ([source, check]) => ({ pattern: spot.patterns.engine(source), check }) as const,
  );
  const others = given(schema, 'additionalProperties');
  const checkOther =
    others === undefined || others === false ? undefined : read(others, 'additionalProperties', spot);
  const checkName = Object.hasOwn(schema, 'propertyNames')
    ? read(schema.propertyNames, 'propertyNames', spot)
    : undefined;
  const needs = [...needsOf('dependentRequired', schema), ...needsOf('dependencies', schema)];
  const named = { fields: others === undefined ? new Set(properties.keys()) : ('all' as const) };
  const dependents = [...schemasOf('dependentSchemas', spot, read), ...schemasOf('dependencies', spot, read)];
  const each =
    defaults.reduce((sum, [, fallback]) => sum + JSON.stringify(fallback).length, 0) +
    dependents.length +
    needs.reduce((sum, { names }) => sum + 1 + names.length, 0);
  return (value, place) => {
    if (!isJsonObject(value)) return;
    work.spend(each);
    addSeen(place.seen, named);
    // The copy that is checked is nobody else's: it may be filled.
    for (const [name, fallback] of defaults)
      if (!Object.hasOwn(value, name)) (value as Record<string, JsonValue>)[name] = structuredClone(fallback);
    for (const [name, item] of Object.entries(value)) {
      work.spend(1 + patterns.length);
      work.spendOn(name);
      const at = { path: childPath(place.path, name), errors: place.errors };
      const own = properties.get(name);
      own?.(item, at);
      const matching = patterns.filter(({ pattern }) => pattern.test(name));
      for (const { check } of matching) check(item, at);
      if (matching.length > 0 && place.seen !== undefined) addSeen(place.seen, { fields: new Set([name]) });
      if (own === undefined && matching.length === 0) {
        if (others === false)
          addError(place, spot, 'additionalProperties', value, { additionalProperty: name });
        else checkOther?.(item, at);
      }
      const wrong = checkName === undefined ? [] : errorsOf(checkName, name, place.path);
      if (wrong.length > 0) {
        addAll(place, wrong);
        addError(place, spot, 'propertyNames', value, { propertyName: name });
      }
    }
    for (const [name, check] of dependents)
      if (Object.hasOwn(value, name)) addAll(place, errorsOfBranch(check, value, place));
    for (const { keyword, property, names } of needs)
      for (const missingProperty of names)
        if (Object.hasOwn(value, property) && !Object.hasOwn(value, missingProperty))
          addError(place, spot, keyword, value, { property, missingProperty });
  };
}

/** @throws {Error} */
export function readArrayKeywords(spot: Spot, read: ReadPart): Check | undefined {
  const { schema } = spot;
  if (!ARRAY_KEYWORDS.some((name) => Object.hasOwn(schema, name))) return undefined;
  const prefix = Object.hasOwn(schema, 'prefixItems')
    ? listOf('prefixItems', schema.prefixItems).map((part, n) => read(part, `prefixItems/${n}`, spot))
    : [];
  const others = given(schema, 'items');
  const checkOther = others === undefined || others === false ? undefined : read(others, 'items', spot);
  const contained = Object.hasOwn(schema, 'contains')
    ? read(schema.contains, 'contains', spot, true)
    : undefined;
  const least = boundOf('minContains', schema) ?? 1;
  const most = boundOf('maxContains', schema) ?? Number.POSITIVE_INFINITY;
  return (value, place) => {
    if (!Array.isArray(value)) return;
    addSeen(place.seen, { items: others === undefined ? prefix.length : 'all' });
    if (others === false && value.length > prefix.length) addError(place, spot, 'items', value);
    let found = 0;
    const missed: ErrorObject[] = [];
    spot.work.spend(value.length);
    for (const [index, item] of (value as readonly JsonValue[]).entries()) {
      const at = { path: childPath(place.path, index), errors: place.errors };
      (prefix[index] ?? checkOther)?.(item, at);
      if (contained === undefined) continue;
      const before = missed.length;
      contained(item, { path: at.path, errors: missed });
      if (missed.length > before) continue;
      found += 1;
      place.seen?.found.add(index);
    }
    if (contained === undefined || (found >= least && found <= most)) return;
    addAll(place, missed);
    addError(place, spot, 'contains', value, { minContains: least, maxContains: most });
  };
}

const given = (schema: JsonObject, name: string): JsonValue | undefined =>
  Object.hasOwn(schema, name) ? schema[name] : undefined;

/** Schemas by the names of fields; of `dependencies`, those that are no lists of names. */
function schemasOf(keyword: string, spot: Spot, read: ReadPart): ReadonlyMap<string, Check> {
  return new Map(
    objectOf(keyword, spot.schema)
      .filter(([, part]) => keyword !== 'dependencies' || !Array.isArray(part))
      .map(([name, part]) => [name, read(part, childPath(keyword, name), spot)]),
  );
}

/** Fields that need others, by the keyword that says so. */
function needsOf(keyword: 'dependentRequired' | 'dependencies', schema: JsonObject) {
  return objectOf(keyword, schema)
    .filter(([, names]) => keyword === 'dependentRequired' || Array.isArray(names))
    .map(([property, names]) => ({ keyword, property, names: namesOf(keyword, names) }));
}

function objectOf(keyword: string, schema: JsonObject): readonly (readonly [string, JsonValue])[] {
  const value = given(schema, keyword);
  if (value === undefined) return [];
  if (!isJsonObject(value)) throw new Error(`${keyword} is not an object`);
  return Object.entries(value);
}

function defaultsOf(properties: JsonValue | undefined): readonly (readonly [string, JsonValue])[] {
  if (properties === undefined || !isJsonObject(properties)) return [];
  return Object.entries(properties).flatMap(([name, part]) => {
    const fallback = isJsonObject(part) ? given(part, 'default') : undefined;
    return fallback === undefined ? [] : [[name, fallback] as const];
  });
}

function listOf(keyword: string, value: JsonValue | undefined): readonly JsonValue[] {
  if (!Array.isArray(value) || value.length === 0) throw new Error(`${keyword} is not a list of schemas`);
  return value;
}

function boundOf(keyword: string, schema: JsonObject): number | undefined {
  const value = given(schema, keyword);
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0)
    throw new Error(`${keyword} is not a whole number from 0`);
  return value;
}
