import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterEach, expect, test, vi } from 'vitest';
import { createInterpretedValidators } from '../../runtime/tools/check/interpreted-validators.ts';
import { createValidators } from '../../runtime/tools/check/validators.ts';
import type { JsonObject, JsonValue } from '../../runtime/vocabulary/json.ts';
import type { JsonSchema } from '../../runtime/vocabulary/manifest.ts';
import { verifies } from '../support/verifies.ts';

afterEach(() => vi.restoreAllMocks());

const tree = (levels: number): JsonSchema =>
  levels === 0 ? { type: 'string' } : { anyOf: [tree(levels - 1), tree(levels - 1)] };
const many = (count: number, made: (at: number) => [name: string, schema: JsonSchema]): JsonSchema =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => made(at)));

/** Each took from half a second to four of the host's thread to compile. */
const BOMBS: readonly (readonly [name: string, schema: JsonSchema, fits: object, not: object])[] = [
  [
    'thousands of parts that all hold',
    {
      type: 'object',
      allOf: Array.from({ length: 4_000 }, (_, at) => ({ properties: { [`z${at}`]: { type: 'number' } } })),
    },
    { z1: 1 },
    { z3999: '' },
  ],
  ['a tree of alternatives', { type: 'object', properties: { a: tree(12) } }, { a: '' }, { a: 1 }],
  [
    'thousands of properties',
    { type: 'object', properties: many(6_000, (at) => [`p${at}`, { type: 'string' }]) },
    { p1: '' },
    { p5999: 1 },
  ],
  [
    'hundreds of patterns of names',
    { type: 'object', patternProperties: many(300, (at) => [`^(x|y)*${at}$`, { type: 'string' }]) },
    { xy7: '' },
    { xy7: 1 },
  ],
];

test.each(BOMBS)('a schema of %s is never compiled, and holds all the same', (_name, schema, fits, not) => {
  verifies('RG-13');
  const compile = vi.spyOn(Ajv2020.prototype, 'compile');
  const judge = vi.spyOn(Ajv2020.prototype, 'validateSchema');
  const validator = createValidators().of(schema);
  expect(validator.check(fits as JsonValue, { coerce: false })).toMatchObject({ ok: true });
  expect(validator.check(not as JsonValue, { coerce: false })).toMatchObject({ ok: false });
  expect([compile.mock.calls.length, judge.mock.calls.length]).toEqual([0, 0]);
});

test('a large schema fills in defaults, and is refused when it is none', () => {
  const { properties } = { properties: many(300, (at) => [`p${at}`, { type: 'string' }]) };
  const schema = {
    type: 'object',
    properties: { ...(properties as object), unit: { type: 'string', default: 'km' } },
  };
  expect(
    createValidators()
      .of(schema as JsonSchema)
      .check({}, { coerce: false }),
  ).toMatchObject({ ok: true, value: { unit: 'km' } });
  expect(() => createValidators().of({ ...schema, required: 'all' } as never)).toThrow();
});

const each = (count: number, part: JsonValue): JsonObject => ({
  type: 'object',
  properties: { list: { items: { allOf: Array.from({ length: count }, () => part) } } },
});
const list = (count: number, item: JsonValue): JsonObject => ({
  list: Array.from({ length: count }, () => item),
});
const needs = { dependentRequired: { a: Array.from({ length: 9_000 }, (_, n) => `b${n}`) } };
const filled = {
  type: 'object',
  properties: {
    list: { items: { properties: { a: { default: Array.from({ length: 1_800 }, () => 1) } } } },
  },
} as const;

/** What is looked at is told from each level to the next. */
const told = (levels: number): JsonObject => {
  const names = Object.fromEntries(Array.from({ length: 9_000 }, (_, n) => [`p${n}`, true]));
  let schema: JsonObject = { properties: names };
  for (let level = 0; level < levels; level++) schema = { anyOf: [schema] };
  return each(1, { ...schema, unevaluatedProperties: false });
};

test.each<[string, JsonObject, JsonObject]>([
  ['faults of code', each(600, false), list(9_900, 1)],
  ['faults of a larger schema', each(10_000, false), list(20_000, 1)],
  ['fields that need others', each(1, needs), list(50_000, {})],
  ['long defaults, filled in', filled, list(90_000, {})],
  ['fields that each schema tells the one around it', told(40), list(90_000, {})],
  ['lengths of a text', each(220, { minLength: 1 }), list(1, 'x'.repeat(8_000_000))],
])('a value and a schema that come to too much together are refused: %s', (_, schema, value) => {
  for (const validators of [createValidators(), createInterpretedValidators()])
    expect(validators.of(schema).check(value, { coerce: false })).toMatchObject({
      ok: false,
      faults: [{ path: '', rule: 'size' }],
    });
});

test('a long text and a long list fit a schema of usual size', () => {
  const schema = {
    type: 'object',
    properties: {
      text: { type: 'string', minLength: 1, description: 'A text' },
      list: { type: 'array', items: { type: 'object', properties: { a: { type: 'integer', minimum: 0 } } } },
    },
    required: ['text', 'list'],
  } as const;
  const value = { text: 'x'.repeat(7_000_000), ...list(49_000, { a: 1 }) };
  for (const validators of [createValidators(), createInterpretedValidators()])
    expect(validators.of(schema).check(value, { coerce: true })).toMatchObject({ ok: true });
});

const LONG = 'n'.repeat(100_000);
/** What is told of a fault that quotes its schema or its value. */
const QUOTES: readonly (readonly [name: string, schema: JsonSchema, value: JsonValue])[] = [
  ['values of an enum', { items: { enum: [LONG, { deep: LONG }] } }, Array.from({ length: 60 }, () => 'x')],
  ['a constant', { properties: { a: { const: LONG } } }, { a: LONG.toUpperCase() }],
  [
    'names that are known',
    { additionalProperties: false, properties: { [LONG]: {}, [`${LONG}a`]: {} } },
    Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`z${at}`, 1])),
  ],
  [
    'names that nobody knows',
    { additionalProperties: false, properties: {} },
    { [LONG]: 1, [`${LONG}a`]: 1 },
  ],
  ['names that lack', { required: [LONG, `${LONG}a`] }, {}],
  ['names on the way', { additionalProperties: { type: 'string' } }, { [LONG]: 1, [`${LONG}a`]: 1 }],
  ['words of what is not allowed', { not: { description: LONG } }, 1],
];

test.each(QUOTES)('%s are told again up to a bound', (_name, schema, value) => {
  for (const validators of [createValidators(), createInterpretedValidators()]) {
    const told = JSON.stringify(validators.of(schema).check(value, { coerce: false }));
    expect(told).toContain('"ok":false');
    expect(told.length).toBeLessThan(70_000);
  }
});
