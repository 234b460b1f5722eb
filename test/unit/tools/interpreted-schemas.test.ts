import { describe, expect, test } from 'vitest';
import { createInterpretedValidators } from '../../../runtime/tools/check/interpreted-validators.ts';
import { createValidators } from '../../../runtime/tools/check/validators.ts';
import { MANIFEST_SCHEMA } from '../../../runtime/tools/manifest/manifest-schema.ts';
import type { JsonObject, JsonValue } from '../../../runtime/vocabulary/json.ts';
import { verifies } from '../../support/verifies.ts';

const compiled = createValidators();
const interpreted = createInterpretedValidators();

/**
 * What both say of a value (two rules that say the same of one place are one fault, by whichever came last): whether it fits, what is made
 * of it, or each fault.
 */
const said = (validators: typeof compiled, schema: JsonObject, value: JsonValue, coerce: boolean) => {
  const checked = validators.of(schema).check(value, { coerce });
  return checked.ok
    ? { value: checked.value }
    : new Set(checked.faults.map(({ rule: _, ...fault }) => JSON.stringify(fault)));
};

const SCHEMAS: readonly JsonObject[] = [
  {
    type: 'object',
    properties: { n: { type: 'integer', minimum: 3, maximum: 9, multipleOf: 3 } },
    required: ['n'],
  },
  {
    type: 'object',
    properties: {
      a: { type: 'string', minLength: 2, maxLength: 3, pattern: '^[a-zü😀]+$', default: 'ab' },
      b: { type: ['number', 'null'], exclusiveMinimum: 0, exclusiveMaximum: 1 },
      c: { enum: ['up', 'down', 1, null, { d: [1] }] },
      'd/e~f': { const: { x: 1, y: [2] } },
    },
    additionalProperties: false,
  },
  {
    type: 'object',
    properties: {
      list: { type: 'array', items: { type: 'number' }, minItems: 1, maxItems: 2, uniqueItems: true },
      pair: {
        type: 'array',
        prefixItems: [{ type: 'string' }, { type: 'number' }],
        items: false,
        minItems: 2,
        maxItems: 2,
      },
      some: { type: 'array', contains: { type: 'string' }, minContains: 1, maxContains: 2 },
    },
    minProperties: 1,
    maxProperties: 2,
  },
  {
    type: 'object',
    properties: { kind: { type: 'string' } },
    patternProperties: { '^x-': { type: 'number' } },
    additionalProperties: { type: 'boolean' },
    propertyNames: { maxLength: 6 },
    dependentRequired: { kind: ['x-a'] },
  },
  {
    type: 'object',
    properties: {
      any: {
        anyOf: [
          { type: 'string' },
          { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] },
        ],
      },
      one: {
        oneOf: [
          { type: 'number', minimum: 5 },
          { type: 'number', multipleOf: 2 },
        ],
      },
      all: { allOf: [{ type: 'string' }, { minLength: 2 }] },
      not: { not: { type: 'string' } },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      when: { if: { type: 'string' }, then: { minLength: 2 }, else: { type: 'number' } },
    },
  },
  {
    type: 'object',
    properties: { tree: { $ref: '#/$defs/node' } },
    $defs: {
      node: {
        type: 'object',
        properties: { v: { type: 'integer', default: 7 }, next: { $ref: '#/$defs/node' } },
        additionalProperties: false,
      },
    },
  },
  {
    type: 'object',
    properties: {
      d: { type: 'string', format: 'date' },
      u: { type: 'string', format: 'uuid' },
      p: { type: 'string', format: 'path' },
      f: { type: 'boolean', default: false },
      deep: {
        type: 'object',
        properties: { g: { type: 'array', items: { type: 'boolean' }, default: [true] } },
      },
    },
  },
];

const PIECES: readonly JsonValue[] = [
  'ab',
  'x',
  '😀😀',
  '',
  'up',
  'don',
  '5',
  '0.5',
  'true',
  '2026-02-30',
  '/a/../..',
  3,
  4,
  0.5,
  -1,
  10,
  null,
  true,
  false,
  [],
  [1, 2],
  ['a', 1],
  ['a', 'b', 'c'],
  [1, 1],
  ['5', 'true'],
  {},
  { n: 1 },
  { n: 'x' },
  { x: 1, y: [2] },
  { y: [2], x: 1 },
  { v: '3', next: { next: { v: 1.5, w: 1 } } },
  { g: ['false', 1] },
  {},
];

/** A sequence that is the same each time. */
function* numbers(seed: number): Generator<number> {
  for (let state = seed; ; ) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    yield state >> 8; // the lowest bits go round in short circles
  }
}

type Next = (below: number) => number;

const KEYS = ['a', 'b', 'c', 'x-1', 'x-2'];
const LEAVES: readonly JsonObject[] = [
  { type: 'number' },
  { type: 'string', nullable: true },
  { type: ['boolean', 'string'] },
  { type: 'number', nullable: true, minimum: 2 },
  { const: 1 },
  {},
];

/** A schema by chance, of all keywords but those that compiled schemas leave to the ones that are read. */
function composed(next: Next, depth: number): JsonObject {
  const pick = <T>(list: readonly T[]): T => list[next(list.length)] as T; // it is not empty
  const leaf = (): JsonObject => pick(LEAVES);
  const part = (): JsonObject => (depth === 0 || next(3) === 0 ? leaf() : composed(next, depth - 1));
  const some = (): JsonObject[] => Array.from({ length: 1 + next(2) }, () => looking(part()));
  const looking = (schema: JsonObject): JsonObject =>
    next(2) === 0 ? { ...schema, properties: { [pick(KEYS.slice(0, 3))]: leaf() } } : schema;
  const schema: Record<string, JsonValue> = {};
  const may = (keyword: string, chance: number, make: () => JsonValue): void => {
    if (next(chance) === 0) schema[keyword] = make();
  };
  may('properties', 2, () => ({ [pick(KEYS.slice(0, 3))]: part(), [pick(KEYS.slice(0, 3))]: leaf() }));
  may('patternProperties', 5, () => ({ '^x-': leaf() }));
  may('additionalProperties', 12, leaf);
  may('required', 6, () => [pick(KEYS)]);
  may('prefixItems', 4, () => [part(), leaf()].slice(0, 1 + next(2)));
  may('items', 10, leaf);
  may('contains', 10, () => ({ type: 'number' }));
  may('allOf', 4, some);
  may('anyOf', 4, some);
  may('oneOf', 6, some);
  may('not', 12, part);
  may('dependentSchemas', 6, () => ({ [pick(KEYS)]: looking(part()) }));
  may('dependencies', 5, () => ({ [pick(KEYS)]: next(2) === 0 ? [pick(KEYS)] : looking(part()) }));
  if (next(5) === 0) {
    schema.if = { properties: { a: { type: 'number' } }, ...(next(2) === 0 ? { required: ['a'] } : {}) };
    schema[next(2) === 0 ? 'then' : 'else'] = looking({ required: [pick(KEYS)] });
  }
  return schema;
}

function valueBy(next: Next, depth: number): JsonValue {
  if (depth === 0 || next(4) === 0) return [1, 2, 'x', null, true, 3][next(6)] ?? null;
  if (next(3) === 0) return Array.from({ length: next(4) }, () => valueBy(next, depth - 1));
  return Object.fromEntries(
    Array.from({ length: next(4) }, () => [KEYS[next(KEYS.length)] ?? '', valueBy(next, depth - 1)]),
  );
}

describe('schemas that are read in place of compiled', verifies('EX-38', 'RG-14', 'RG-15'), () => {
  test('answer what compiled ones answer, over many values', () => {
    const random = numbers(7);
    const next = (below: number): number => (random.next().value as number) % below;
    let faults = 0;
    for (const schema of SCHEMAS) {
      const names = [...Object.keys((schema.properties ?? {}) as object), 'x-a', 'other', 'much-longer'];
      for (let round = 0; round < 400; round++) {
        const value = Object.fromEntries(
          Array.from({ length: next(4) }, () => [
            names[next(names.length)] ?? '',
            PIECES[next(PIECES.length)] ?? null,
          ]),
        ) as JsonObject;
        const before = JSON.stringify(value);
        const answer = said(interpreted, schema, value, round % 2 === 0);
        expect(answer, `${JSON.stringify(schema)} of ${before}`).toEqual(
          said(compiled, schema, value, round % 2 === 0),
        );
        expect(JSON.stringify(value)).toBe(before);
        if (answer instanceof Set) faults += 1;
      }
    }
    expect(faults).toBeGreaterThan(500);
  });

  test('say the same over thousands of values of schemas composed by chance', () => {
    const random = numbers(11);
    const next = (below: number): number => (random.next().value as number) % below;
    let [asked, refused] = [0, 0];
    for (let round = 0; round < 250; round++) {
      const schema = { type: 'object', properties: { v: composed(next, 3) } } satisfies JsonObject;
      for (let one = 0; one < 24; one++) {
        const value = { v: valueBy(next, 2) };
        const answer = said(interpreted, schema, value, false);
        const wanted = said(compiled, schema, value, false);
        expect(answer instanceof Set, `${JSON.stringify(schema)} of ${JSON.stringify(value)}`).toBe(
          wanted instanceof Set,
        );
        if (!(answer instanceof Set)) expect(answer).toEqual(wanted);
        asked += 1;
        if (answer instanceof Set) refused += 1;
      }
    }
    expect(asked).toBe(6_000);
    expect(refused).toBeGreaterThan(1_000);
    expect(refused).toBeLessThan(5_500);
  });

  test('the schema of manifests is one of them', () => {
    const schema = MANIFEST_SCHEMA as unknown as JsonObject; // JSON, whatever its literal type
    for (const manifest of [
      { name: 'a', description: 'x' },
      { name: 'a b', description: '', capabilites: [], limits: { fuel: 0.5 }, settings: { 'a-b': 'x' } },
    ])
      expect(said(interpreted, schema, manifest, false)).toEqual(said(compiled, schema, manifest, false));
  });

  test.each([
    [{ properties: { a: { typo: 1 } } }, /unknown keyword "typo"/],
    [{ properties: { a: { minLenght: 1 } } }, /did you mean "minLength"/],
    [{ properties: { a: { nullable: true } } }, /nullable cannot be used without type/],
    [{ properties: { a: { type: 'null', nullable: false } } }, /nullable is false/],
    [{ dependencies: { a: ['b', 'b'] } }, /dependencies names a field twice/],
    [{ unevaluatedProperties: 'no' }, /true or false/],
    [{ properties: { a: { format: 'colour' } } }, /unknown format "colour"/],
    [{ properties: { a: { pattern: '(?=x)' } } }, /./],
    [{ properties: { a: { enum: [] } } }, /enum/],
    [{ properties: { a: { type: 'strin' } } }, /type "strin"/],
    [{ properties: { a: { minimum: '1' } } }, /minimum is not a number/],
    [{ properties: { a: { anyOf: [{ default: 1 }] } } }, /never filled in/],
    [{ properties: { a: { $ref: '#/$defs/none' } } }, /not there/],
    [{ properties: { a: { $ref: 'https://example.com/x' } } }, /outside of itself/],
    [{ properties: { a: { $ref: '#/properties/a' } } }, /without end/],
    [{ properties: [] }, /properties is not an object/],
    [{ required: ['a', 'a'] }, /twice/],
    [{ properties: { a: { items: 1 } } }, /true or false/],
  ])('%j is told when it is given', (schema, message) => {
    expect(() => createInterpretedValidators().of(schema as JsonObject)).toThrow(message);
  });

  test('alternatives in alternatives are each asked once', () => {
    let schema: JsonObject = { type: 'string' };
    for (let depth = 0; depth < 45; depth++)
      schema =
        depth % 2 === 0 ? { anyOf: [{ type: 'null' }, schema] } : { oneOf: [{ type: 'null' }, schema] };
    const validator = createInterpretedValidators().of({ type: 'object', properties: { a: schema } });
    expect(validator.check({ a: 1 }, { coerce: false }).ok).toBe(false);
    expect(validator.check({ a: 'x' }, { coerce: false }).ok).toBe(true);
  });

  test('each is read once', () => {
    const own = createInterpretedValidators();
    for (let n = 0; n < 1_000; n++) own.of({ type: 'object', properties: { a: { type: 'string' } } });
    expect(own.compiled).toBe(1);
  });
});
