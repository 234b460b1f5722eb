import type { ErrorObject } from 'ajv';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../vocabulary/json.ts';
import { unknownName } from '../../../vocabulary/nearest.ts';
import type { Patterns } from '../linear-pattern.ts';
import { notThere, pointedAt } from '../references.ts';
import { ARRAY_KEYWORDS, OBJECT_KEYWORDS, readArrayKeywords, readObjectKeywords } from './part-keywords.ts';
import {
  addAll,
  addError,
  type Check,
  errorsOf,
  errorsOfBranch,
  type ReadPart,
  type Spot,
  type Work,
} from './place.ts';
import { readUnevaluated, UNEVALUATED } from './unevaluated.ts';
import { VALUE_KEYWORDS } from './value-keywords.ts';

/** Say nothing of a value. */
const NOTES = [
  '$schema',
  '$id',
  '$comment',
  '$defs',
  'definitions',
  'title',
  'description',
  'default',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
  'contentEncoding',
  'contentMediaType',
  'contentSchema',
] as const;

const COMPOSED = ['$ref', 'allOf', 'anyOf', 'oneOf', 'not', 'if', 'then', 'else'] as const;

const KNOWN: ReadonlySet<string> = new Set([
  ...NOTES,
  ...COMPOSED,
  ...OBJECT_KEYWORDS,
  ...ARRAY_KEYWORDS,
  ...UNEVALUATED,
  ...Object.keys(VALUE_KEYWORDS),
]);

/**
 * Reads a JSON Schema into checks that call each other: no code is made, so it works where none may be. Bounds on its size and on its references are
 * for whoever calls this.
 * @throws {Error} naming the keyword that is unknown, or whose value is none that it takes.
 */
export function readSchema(root: JsonObject, patterns: Patterns, work: Work): Check {
  /** By their references: one that leads to a schema that is being read is called later. */
  const referred = new Map<string, Check>();
  const read: ReadPart = (part, under, spot, alternative) =>
    readPart(part, {
      schemaPath: `${spot.schemaPath}/${under}`,
      patterns,
      work,
      defaults: spot.defaults && alternative !== true,
    });
  const refer = (reference: string, defaults: boolean): Check => {
    const known = referred.get(reference);
    if (known !== undefined) return known;
    let target: Check | undefined;
    referred.set(reference, (value, place) => target?.(value, place));
    const found = pointedAt(root, reference);
    if (found === undefined) throw notThere(reference);
    target = readPart(found, { schemaPath: reference, defaults, patterns, work });
    referred.set(reference, target);
    return target;
  };
  const readPart = (part: JsonValue | undefined, where: Omit<Spot, 'schema'>): Check => {
    if (part === true) return () => work.spend(1);
    if (part === false)
      return (value, place) => addError(place, { ...where, schema: {} }, 'false schema', value);
    if (part === undefined || !isJsonObject(part))
      throw new Error(`${where.schemaPath}: a schema is an object, or true or false`);
    const spot: Spot = { ...where, schema: part };
    const unknown = Object.keys(part).find((name) => !KNOWN.has(name));
    if (unknown !== undefined)
      throw unknownName(`check ${where.schemaPath}: unknown keyword`, unknown, [...KNOWN]);
    if (!where.defaults && Object.hasOwn(part, 'default'))
      throw new Error(`${where.schemaPath}: a default within alternatives is never filled in`);
    const checks = [
      readObjectKeywords(spot, read),
      readArrayKeywords(spot, read),
      ...Object.entries(part).map(([name, value]) =>
        Object.hasOwn(VALUE_KEYWORDS, name) ? VALUE_KEYWORDS[name]?.(value, spot) : undefined,
      ),
      typeof part.$ref === 'string' ? refer(part.$ref, where.defaults) : undefined,
      ...readComposed(spot, read),
    ].filter((check) => check !== undefined);
    const plain: Check = (value, place) => {
      work.spend(1 + checks.length);
      for (const check of checks) check(value, place);
    };
    return readUnevaluated(spot, checks, read) ?? plain;
  };
  return readPart(root, { schemaPath: '#', defaults: true, patterns, work });
}

function readComposed(spot: Spot, read: ReadPart): readonly (Check | undefined)[] {
  const { schema } = spot;
  const listed = (keyword: string): readonly Check[] | undefined => {
    const parts = schema[keyword];
    if (!Object.hasOwn(schema, keyword)) return undefined;
    if (!Array.isArray(parts) || parts.length === 0) throw new Error(`${keyword} is not a list of schemas`);
    return (parts as readonly JsonValue[]).map((part, n) =>
      read(part, `${keyword}/${n}`, spot, ...(keyword === 'allOf' ? [] : [true as const])),
    );
  };
  const one = (keyword: string): Check | undefined =>
    Object.hasOwn(schema, keyword) ? read(schema[keyword], keyword, spot, true) : undefined;
  const [all, any, single, not] = [listed('allOf'), listed('anyOf'), listed('oneOf'), one('not')];
  const [condition, then, otherwise] = [one('if'), one('then'), one('else')];
  return [
    all === undefined
      ? undefined
      : (value, place) => {
          for (const check of all) check(value, place);
        },
    any === undefined
      ? undefined
      : (value, place) => {
          const found: ErrorObject[] = [];
          let fits = false;
          for (const check of any) {
            const wrong = errorsOfBranch(check, value, place);
            fits ||= wrong.length === 0;
            // Where somebody asks for the rest, each that fits takes part of it away.
            if (fits && place.seen === undefined) return;
            for (const error of wrong) found.push(error);
          }
          if (fits) return;
          addAll(place, found);
          addError(place, spot, 'anyOf', value);
        },
    single === undefined
      ? undefined
      : (value, place) => {
          const found = single.map((check) => errorsOfBranch(check, value, place));
          const passing = found.filter(({ length }) => length === 0).length;
          if (passing === 1) return;
          if (passing === 0) for (const wrong of found) addAll(place, wrong);
          addError(place, spot, 'oneOf', value);
        },
    not === undefined
      ? undefined
      : (value, place) => {
          if (errorsOf(not, value, place.path).length === 0) addError(place, spot, 'not', value);
        },
    condition === undefined
      ? undefined
      : (value, place) => {
          const branch = errorsOfBranch(condition, value, place).length === 0 ? then : otherwise;
          if (branch !== undefined) addAll(place, errorsOfBranch(branch, value, place));
        },
  ];
}
