import type { ErrorObject } from 'ajv';
import type { JsonObject, JsonValue } from '../../../vocabulary/json.ts';
import type { Patterns } from '../linear-pattern.ts';

/** A value that is checked, where it stands, and what is found wrong. */
export interface Place {
  /** JSON pointer. */
  readonly path: string;
  readonly errors: ErrorObject[];
}

/** Checks a value; what is wrong with it is added to the errors of its place. */
export type Check = (value: JsonValue, place: Place) => void;

/** Where in a schema a keyword stands. */
export interface Spot {
  /** Those of the whole schema. */
  readonly patterns: Patterns;
  /** JSON pointer into the whole schema, `#/properties/a`. */
  readonly schemaPath: string;
  readonly schema: JsonObject;
  /** Whether a default would be filled in here: not within alternatives. */
  readonly defaults: boolean;
}

/** A reader of the schemas within a schema. */
export type ReadPart = (part: JsonValue | undefined, under: string, spot: Spot, alternative?: true) => Check;

export const childPath = (path: string, key: string | number): string =>
  `${path}/${typeof key === 'number' ? key : key.replaceAll('~', '~0').replaceAll('/', '~1')}`;

export function addError(
  { errors, path }: Place,
  { schemaPath, schema }: Spot,
  keyword: string,
  data: JsonValue,
  params: Record<string, unknown> = {},
): void {
  errors.push({
    instancePath: path,
    schemaPath: `${schemaPath}/${keyword}`,
    keyword,
    params,
    data,
    parentSchema: schema,
    schema: schema[keyword],
  });
}

/** What is wrong with a value by itself: each alternative is asked once, as to ask again at every level would double the work of each. */
export function errorsOf(check: Check, value: JsonValue, path: string): readonly ErrorObject[] {
  const errors: ErrorObject[] = [];
  check(value, { path, errors });
  return errors;
}

/** Takes over errors one by one: there may be more than a call takes arguments. */
export function addAll({ errors }: Place, found: Iterable<ErrorObject>): void {
  for (const error of found) errors.push(error);
}
