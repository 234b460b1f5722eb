import { isJsonObject, type JsonValue } from '../../../vocabulary/json.ts';
import { canonicalJson } from '../../canonical-json.ts';
import { CHECKED_FORMATS } from '../formats.ts';
import { addError, type Check, type Spot } from './place.ts';

/** Makes the check of one keyword of a schema. @throws {Error} on a value that the keyword does not take. */
export type Keyword = (value: JsonValue, spot: Spot) => Check;

const isNull = (value: JsonValue): boolean => value === null;

const TYPES: Readonly<Record<string, (value: JsonValue) => boolean>> = {
  null: isNull,
  boolean: (value) => typeof value === 'boolean',
  number: (value) => typeof value === 'number',
  integer: (value) => Number.isInteger(value),
  string: (value) => typeof value === 'string',
  array: Array.isArray,
  object: isJsonObject,
};

const isNumber = (value: JsonValue): value is number => typeof value === 'number';
const isText = (value: JsonValue): value is string => typeof value === 'string';

function numberOf(keyword: string, value: JsonValue): number {
  if (!isNumber(value)) throw new Error(`${keyword} is not a number`);
  return value;
}

function countOf(keyword: string, value: JsonValue): number {
  if (!isNumber(value) || !Number.isInteger(value) || value < 0)
    throw new Error(`${keyword} is not a whole number from 0`);
  return value;
}

const bound =
  (keyword: string, comparison: string, holds: (value: number, limit: number) => boolean): Keyword =>
  (given, spot) => {
    const limit = numberOf(keyword, given);
    return (value, place) => {
      if (isNumber(value) && !holds(value, limit))
        addError(place, spot, keyword, value, { comparison, limit });
    };
  };

/** A bound of how many there are of something. */
const count =
  (keyword: string, of: (value: JsonValue) => number | undefined): Keyword =>
  (given, spot) => {
    const limit = countOf(keyword, given);
    const holds = keyword.startsWith('min') ? (n: number) => n >= limit : (n: number) => n <= limit;
    return (value, place) => {
      if (isText(value)) spot.work.spendOn(value);
      const found = of(value);
      if (found !== undefined && isJsonObject(value)) spot.work.spend(found);
      if (found !== undefined && !holds(found)) addError(place, spot, keyword, value, { limit });
    };
  };

const charactersOf = (value: JsonValue): number | undefined =>
  isText(value) ? codePoints(value) : undefined;
const itemsOf = (value: JsonValue): number | undefined => (Array.isArray(value) ? value.length : undefined);
const fieldsOf = (value: JsonValue): number | undefined =>
  isJsonObject(value) ? Object.keys(value).length : undefined;

/** A pair of surrogates counts as one, as JSON Schema counts. */
function codePoints(text: string): number {
  let pairs = 0;
  for (let at = 0; at + 1 < text.length; at++) {
    const code = text.charCodeAt(at);
    const next = text.charCodeAt(at + 1);
    if (code >= 0xd800 && code < 0xdc00 && next >= 0xdc00 && next < 0xe000) {
      pairs += 1;
      at += 1;
    }
  }
  return text.length - pairs;
}

function canonical(value: JsonValue, { work }: Spot): string {
  const text = canonicalJson(value);
  work.spendOn(text);
  return text;
}

/** Keywords that look at a value by itself. */
export const VALUE_KEYWORDS: Readonly<Record<string, Keyword>> = {
  type: (given, spot) => {
    const names = Array.isArray(given) ? (given as readonly JsonValue[]) : [given];
    const tests = names.map((name) => {
      const test = isText(name) && Object.hasOwn(TYPES, name) ? TYPES[name] : undefined;
      if (test === undefined)
        throw new Error(`type ${JSON.stringify(name)} is none of ${Object.keys(TYPES).join(', ')}`);
      return test;
    });
    if (tests.length === 0) throw new Error('type is an empty list');
    if (spot.schema.nullable === true) tests.push(isNull);
    return (value, place) => {
      if (!tests.some((test) => test(value))) addError(place, spot, 'type', value, { type: given });
    };
  },
  nullable: (given, { schema }) => {
    if (typeof given !== 'boolean') throw new Error('nullable is not true or false');
    if (!Object.hasOwn(schema, 'type')) throw new Error('nullable cannot be used without type');
    const names = Array.isArray(schema.type) ? (schema.type as readonly JsonValue[]) : [schema.type];
    if (!given && names.includes('null')) throw new Error('nullable is false, and type has null');
    return () => undefined; // the check of the type lets null pass
  },
  enum: (given, spot) => {
    if (!Array.isArray(given) || given.length === 0) throw new Error('enum is not a list of values');
    const allowed = new Set((given as readonly JsonValue[]).map(canonicalJson));
    return (value, place) => {
      if (!allowed.has(canonical(value, spot)))
        addError(place, spot, 'enum', value, { allowedValues: given });
    };
  },
  const: (given, spot) => {
    const allowed = canonicalJson(given);
    return (value, place) => {
      if (canonical(value, spot) !== allowed) addError(place, spot, 'const', value, { allowedValue: given });
    };
  },
  minimum: bound('minimum', '>=', (value, limit) => value >= limit),
  maximum: bound('maximum', '<=', (value, limit) => value <= limit),
  exclusiveMinimum: bound('exclusiveMinimum', '>', (value, limit) => value > limit),
  exclusiveMaximum: bound('exclusiveMaximum', '<', (value, limit) => value < limit),
  multipleOf: (given, spot) => {
    const step = numberOf('multipleOf', given);
    if (step <= 0) throw new Error('multipleOf is not above 0');
    return (value, place) => {
      if (isNumber(value) && !Number.isInteger(value / step))
        addError(place, spot, 'multipleOf', value, { multipleOf: step });
    };
  },
  minLength: count('minLength', charactersOf),
  maxLength: count('maxLength', charactersOf),
  minItems: count('minItems', itemsOf),
  maxItems: count('maxItems', itemsOf),
  minProperties: count('minProperties', fieldsOf),
  maxProperties: count('maxProperties', fieldsOf),
  pattern: (given, spot) => {
    if (!isText(given)) throw new Error('pattern is not a text');
    const pattern = spot.patterns.engine(given);
    return (value, place) => {
      if (isText(value) && !pattern.test(value)) addError(place, spot, 'pattern', value, { pattern: given });
    };
  },
  format: (given, spot) => {
    const fits = isText(given) && Object.hasOwn(CHECKED_FORMATS, given) ? CHECKED_FORMATS[given] : undefined;
    if (fits === undefined)
      throw new Error(
        `unknown format ${JSON.stringify(given)}, known are ${Object.keys(CHECKED_FORMATS).join(', ')}`,
      );
    return (value, place) => {
      if (isText(value)) spot.work.spendOn(value);
      if (isText(value) && !fits(value)) addError(place, spot, 'format', value, { format: given });
    };
  },
  uniqueItems: (given, spot) => {
    if (typeof given !== 'boolean') throw new Error('uniqueItems is not true or false');
    return (value, place) => {
      if (!given || !Array.isArray(value)) return;
      const items = value as readonly JsonValue[];
      if (new Set(items.map((item) => canonical(item, spot))).size < items.length)
        addError(place, spot, 'uniqueItems', value);
    };
  },
  required: (given, spot) => {
    const names = namesOf('required', given);
    return (value, place) => {
      if (!isJsonObject(value)) return;
      spot.work.spend(names.length);
      for (const missingProperty of names)
        if (!Object.hasOwn(value, missingProperty))
          addError(place, spot, 'required', value, { missingProperty });
    };
  },
};

/** @throws {Error} */
export function namesOf(keyword: string, given: JsonValue | undefined): readonly string[] {
  const names = Array.isArray(given) ? (given as readonly JsonValue[]) : undefined;
  if (names === undefined || !names.every(isText)) throw new Error(`${keyword} is not a list of names`);
  if (new Set(names).size < names.length) throw new Error(`${keyword} names a field twice`);
  return names;
}
