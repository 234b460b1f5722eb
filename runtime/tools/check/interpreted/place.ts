import type { ErrorObject } from 'ajv';
import type { JsonObject, JsonValue } from '../../../vocabulary/json.ts';
import type { Patterns } from '../linear-pattern.ts';

/** What the keywords of a schema have looked at in one value: all of it, or these fields, or so many items from the first and some of the others. */
export interface Seen {
  fields: Set<string> | 'all';
  items: number | 'all';
  /** Indexes of those that `contains` was looking for. */
  readonly found: Set<number>;
  /** What is seen is told from each schema to the one around it. */
  readonly work: Work;
}

/** A value that is checked, where it stands, and what is found wrong. */
export interface Place {
  /** JSON pointer. */
  readonly path: string;
  readonly errors: ErrorObject[];
  /** Kept where a schema around asks for the rest of this value: `unevaluatedProperties`, `unevaluatedItems`. */
  readonly seen?: Seen | undefined;
}

/** What one check may come to: a schema of a stranger is held against each part of a stranger's value, and each may be a fault that is kept. */
const MOST_WORK = 10_000_000;
/** A fault takes memory, a text time by its length. */
const FAULT = 20;
const CHARACTERS_OF_ONE = 4;

/** The work of one check, of which there is an end. */
export class Work {
  #left = MOST_WORK;

  begin(): void {
    this.#left = MOST_WORK;
  }

  /** @throws {TooMuchWork} */
  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw new TooMuchWork();
  }

  spendOn(text: string): void {
    this.spend(text.length / CHARACTERS_OF_ONE);
  }
}

export class TooMuchWork extends Error {}

/** Checks a value; what is wrong with it is added to the errors of its place. */
export type Check = (value: JsonValue, place: Place) => void;

/** Where in a schema a keyword stands. */
export interface Spot {
  /** Those of the whole schema. */
  readonly patterns: Patterns;
  readonly work: Work;
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
  { schemaPath, schema, work }: Spot,
  keyword: string,
  data: JsonValue,
  params: Record<string, unknown> = {},
): void {
  work.spend(FAULT);
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
export function errorsOf(
  check: Check,
  value: JsonValue,
  path: string,
  seen?: Seen | undefined,
): readonly ErrorObject[] {
  const errors: ErrorObject[] = [];
  check(value, { path, errors, seen });
  return errors;
}

/** The same, where an alternative that fits counts as having looked at what it names. */
export function errorsOfBranch(
  check: Check,
  value: JsonValue,
  { path, seen }: Place,
): readonly ErrorObject[] {
  if (seen === undefined) return errorsOf(check, value, path);
  const own = nothingSeen(seen.work);
  const errors = errorsOf(check, value, path, own);
  if (errors.length === 0) addSeen(seen, own);
  return errors;
}

export const nothingSeen = (work: Work): Seen => ({ fields: new Set(), items: 0, found: new Set(), work });

export function addSeen(
  seen: Seen | undefined,
  { fields, items, found = new Set() }: Readonly<Partial<Seen>>,
): void {
  if (seen === undefined) return;
  seen.work.spend(found.size + (fields instanceof Set ? fields.size : 0));
  if (fields === 'all') seen.fields = 'all';
  else if (seen.fields !== 'all') for (const name of fields ?? []) seen.fields.add(name);
  if (items === 'all') seen.items = 'all';
  else if (seen.items !== 'all') seen.items = Math.max(seen.items, items ?? 0);
  for (const index of found) seen.found.add(index);
}

/** Takes over errors one by one: there may be more than a call takes arguments. */
export function addAll({ errors }: Place, found: Iterable<ErrorObject>): void {
  for (const error of found) errors.push(error);
}
