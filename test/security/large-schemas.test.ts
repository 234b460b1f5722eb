import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterEach, expect, test, vi } from 'vitest';
import { createValidators } from '../../runtime/tools/check/validators.ts';
import type { JsonValue } from '../../runtime/vocabulary/json.ts';
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
