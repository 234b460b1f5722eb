import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { isPlainSchema } from '../../../runtime/tools/check/plain-schema.ts';
import { createValidators } from '../../../runtime/tools/check/validators.ts';
import type { JsonSchema } from '../../../runtime/vocabulary/manifest.ts';
import { verifies } from '../../support/verifies.ts';

const object = (properties: object, more: object = {}): JsonSchema =>
  ({ type: 'object', properties, ...more }) as JsonSchema;

const PLAIN: readonly JsonSchema[] = [
  object({}),
  object({ a: { type: 'string', pattern: '^[a-z]+$', minLength: 1, default: 'x' } }, { required: ['a'] }),
  object({ a: { enum: [1, 'b', null] }, b: { const: { c: 1 } }, c: true }, { additionalProperties: false }),
  object({
    a: { type: ['string', 'null'], format: 'date-time' },
    b: { anyOf: [{ type: 'string' }, { type: 'null' }] },
  }),
  object({ a: { type: 'array', items: object({ b: { type: 'integer', default: 2 } }), uniqueItems: true } }),
  object({ constructor: { type: 'string' } }),
];

/** Each of these is a mistake that only compiling tells, or may be one. */
const OTHERS: readonly JsonSchema[] = [
  object({ a: { typo: 1 } }),
  object({ a: { format: 'colour' } }),
  object({ a: { pattern: '(?=x)' } }),
  object({ a: { pattern: '(' } }),
  object({ a: { enum: [] } }),
  object({ a: { anyOf: [object({ b: { default: 1 } })] } }),
  object({ a: { $ref: '#/$defs/none' } }),
  object({ a: { if: {} } }),
  object({ a: { nullable: true } }),
  object({ a: { prefixItems: [{}] } }),
  object({}, { patternProperties: { x: {} } }),
  object({}, { $schema: 'http://json-schema.org/draft-07/schema#' }),
];

describe('isPlainSchema()', () => {
  test('is true of what compiles, whatever else is asked of it', () => {
    for (const schema of PLAIN) {
      expect(isPlainSchema(schema)).toBe(true);
      const { compiled } = createValidators();
      expect(compiled).toBe(0);
      const validators = createValidators();
      expect(validators.of(schema).check({}, { coerce: true })).toBeDefined();
      expect(validators.compiled).toBe(1);
    }
    expect(OTHERS.filter(isPlainSchema)).toEqual([]);
  });

  test(
    'a schema that is a mistake is told of when it is given, not when it is needed',
    verifies('RG-03'),
    () => {
      for (const schema of OTHERS.slice(0, 8)) expect(() => createValidators().of(schema)).toThrow();
    },
  );

  test('no schema that ajv refuses is plain, over many made of pieces', () => {
    const pieces: readonly object[] = [
      { type: 'string' },
      { type: 'integer', minimum: 1 },
      { typo: 1 },
      { format: 'date' },
      { format: 'x' },
      { enum: [] },
      { enum: [1] },
      { pattern: 'a+' },
      { pattern: '(' },
      { default: 1 },
      { items: { default: 1 } },
      { anyOf: [{ default: 1 }] },
      { allOf: [{ type: 'string' }] },
      { properties: { a: { typo: 1 } } },
      { additionalProperties: { enum: [] } },
      { required: ['a'] },
      { const: 1 },
      { if: {} },
      { not: {} },
      { $ref: '#' },
    ];
    const options = {
      strict: true,
      strictTypes: false,
      strictTuples: false,
      strictRequired: false,
      allowUnionTypes: true,
      useDefaults: true,
      logger: false,
      formats: { date: true },
    } as const;
    for (const one of pieces)
      for (const other of pieces) {
        const schema = object({ x: { ...one, ...other } });
        if (!isPlainSchema(schema)) continue;
        expect(() => new Ajv2020(options).compile(schema)).not.toThrow();
      }
  });
});

test('a schema is compiled once, when it is first needed, and kept by its content', verifies('RS-11'), () => {
  const validators = createValidators();
  const schema = object({ a: { type: 'number' } });
  const validator = validators.of(schema);
  expect(validators.compiled).toBe(0);
  for (let turn = 0; turn < 1_000; turn++)
    expect(validator.check({ a: turn }, { coerce: false }).ok).toBe(true);
  expect(validators.of(object({ a: { type: 'number' } }))).toBe(validator);
  expect(validators.compiled).toBe(1);
});
