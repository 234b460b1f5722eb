import { isJsonObject, type JsonObject, type JsonValue } from '../../../runtime/vocabulary/json.ts';

/** Which documents, parsed: what the statement is made of. */
export type Condition =
  | { readonly kind: 'and' | 'or'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition }
  | { readonly kind: 'equals'; readonly path: Path; readonly value: JsonValue }
  | { readonly kind: 'in'; readonly path: Path; readonly values: readonly JsonValue[] }
  | {
      readonly kind: 'compare';
      readonly path: Path;
      readonly by: '>' | '>=' | '<' | '<=';
      readonly value: number | string;
    }
  | { readonly kind: 'exists'; readonly path: Path }
  | { readonly kind: 'matches'; readonly path: Path; readonly pattern: string; readonly anyCase: boolean };

/** Names of fields, from the outermost in. */
export type Path = readonly string[];

/** Why a filter, a path or an update cannot be taken. */
export class BadDocument extends Error {}

const MOST_DEPTH = 16;
const MOST_CONDITIONS = 200;
const MOST_LISTED = 1_000;
const MOST_PATTERN = 256;
const MOST_PATH = 16;
const COMPARES: Readonly<Record<string, '>' | '>=' | '<' | '<='>> = {
  $gt: '>',
  $gte: '>=',
  $lt: '<',
  $lte: '<=',
};
const OPERATORS =
  '$eq, $ne, $gt, $gte, $lt, $lte, $in, $nin, $exists, $regex, $options, $not, $and, $or, $nor';

/**
 * `{ age: { $gt: 30 }, 'address.city': 'Oslo', $or: [ … ] }`. There is no operator that runs code.
 * @throws {BadDocument} for what is not known, nested too deeply or too much.
 */
export function parseFilter(filter: JsonObject): Condition {
  let conditions = 0;
  const all = (given: JsonObject, depth: number): Condition => {
    if (depth > MOST_DEPTH) throw new BadDocument(`the filter nests deeper than ${MOST_DEPTH}`);
    return {
      kind: 'and',
      of: Object.entries(given).map(([name, value]) => {
        conditions += 1;
        if (conditions > MOST_CONDITIONS)
          throw new BadDocument(`the filter has over ${MOST_CONDITIONS} conditions`);
        return name.startsWith('$') ? joined(name, value, depth) : field(readPath(name), value, depth);
      }),
    };
  };
  const joined = (name: string, value: JsonValue, depth: number): Condition => {
    if (name !== '$and' && name !== '$or' && name !== '$nor') throw unknownOperator(name);
    if (!Array.isArray(value) || value.length === 0) throw new BadDocument(`${name} takes a list of filters`);
    const of = value.map((one: JsonValue) => {
      if (!isJsonObject(one)) throw new BadDocument(`${name} takes a list of filters`);
      return all(one, depth + 1);
    });
    if (name === '$nor') return { kind: 'not', of: { kind: 'or', of } };
    return { kind: name === '$and' ? 'and' : 'or', of };
  };
  const field = (path: Path, value: JsonValue, depth: number): Condition => {
    if (depth > MOST_DEPTH) throw new BadDocument(`the filter nests deeper than ${MOST_DEPTH}`);
    if (!isJsonObject(value) || !Object.keys(value).some((name) => name.startsWith('$')))
      return { kind: 'equals', path, value };
    const of = Object.entries(value).flatMap(([name, operand]) => {
      conditions += 1;
      if (conditions > MOST_CONDITIONS)
        throw new BadDocument(`the filter has over ${MOST_CONDITIONS} conditions`);
      return operator(path, name, operand, value, depth);
    });
    return { kind: 'and', of };
  };
  const operator = (
    path: Path,
    name: string,
    operand: JsonValue,
    beside: JsonObject,
    depth: number,
  ): readonly Condition[] => {
    const by = Object.hasOwn(COMPARES, name) ? COMPARES[name] : undefined;
    if (by !== undefined) {
      if (typeof operand !== 'number' && typeof operand !== 'string')
        throw new BadDocument(`${name} compares with a number or a text`);
      return [{ kind: 'compare', path, by, value: operand }];
    }
    switch (name) {
      case '$eq':
        return [{ kind: 'equals', path, value: operand }];
      case '$ne':
        return [{ kind: 'not', of: { kind: 'equals', path, value: operand } }];
      case '$in':
        return [{ kind: 'in', path, values: listed(name, operand) }];
      case '$nin':
        return [{ kind: 'not', of: { kind: 'in', path, values: listed(name, operand) } }];
      case '$exists':
        if (typeof operand !== 'boolean') throw new BadDocument('$exists takes true or false');
        return operand ? [{ kind: 'exists', path }] : [{ kind: 'not', of: { kind: 'exists', path } }];
      case '$not':
        if (!isJsonObject(operand)) throw new BadDocument('$not takes operators');
        return [{ kind: 'not', of: field(path, operand, depth + 1) }];
      case '$regex':
        return [pattern(path, operand, beside.$options)];
      case '$options':
        if (!Object.hasOwn(beside, '$regex')) throw new BadDocument('$options stands beside $regex');
        return [];
      default:
        throw unknownOperator(name);
    }
  };
  return all(filter, 0);
}

function listed(name: string, operand: JsonValue): readonly JsonValue[] {
  if (!Array.isArray(operand) || operand.length > MOST_LISTED)
    throw new BadDocument(`${name} takes a list of at most ${MOST_LISTED} values`);
  return operand;
}

function pattern(path: Path, operand: JsonValue, options: JsonValue | undefined): Condition {
  if (typeof operand !== 'string' || operand.length > MOST_PATTERN)
    throw new BadDocument(`$regex takes a pattern of at most ${MOST_PATTERN} characters`);
  // References to what was matched before are what makes a pattern cost without end.
  if (/\\[0-9kg]/.test(operand)) throw new BadDocument('$regex takes no references to earlier groups');
  if (options !== undefined && options !== '' && options !== 'i')
    throw new BadDocument('$options can only be "i"');
  return { kind: 'matches', path, pattern: operand, anyCase: options === 'i' };
}

/** `address.city`. @throws {BadDocument} */
export function readPath(text: string): Path {
  const path = text.split('.');
  if (path.length > MOST_PATH) throw new BadDocument(`a path has at most ${MOST_PATH} names`);
  for (const name of path)
    if (name === '' || name.length > 256 || name.startsWith('$') || /["\\\0]/.test(name))
      throw new BadDocument(`${JSON.stringify(text.slice(0, 80))} is not the path of a field`);
  return path;
}

const unknownOperator = (name: string): BadDocument =>
  new BadDocument(`there is no operator ${JSON.stringify(name.slice(0, 40))}; there are ${OPERATORS}`);
