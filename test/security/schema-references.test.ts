import { describe, expect, test } from 'vitest';
import { createInterpretedValidators } from '../../runtime/tools/check/interpreted-validators.ts';
import { createValidators } from '../../runtime/tools/check/validators.ts';
import { cleanSchema } from '../../runtime/tools/remote/clean-schema.ts';
import type { JsonObject } from '../../runtime/vocabulary/json.ts';
import type { JsonSchema } from '../../runtime/vocabulary/manifest.ts';
import { verifies } from '../support/verifies.ts';

verifies('ER-05');

/** So many doublings that no check of them would ever end. */
const LINKS = 60;

/** Definitions of which each has the next one twice. */
const chain = (
  refer: (link: number) => JsonObject,
  more: (link: number) => JsonObject = () => ({}),
): JsonObject => ({
  ...Object.fromEntries(
    Array.from({ length: LINKS }, (_, n) => [`ab${n}`, { ...more(n), allOf: [refer(n + 1), refer(n + 1)] }]),
  ),
  [`ab${LINKS}`]: { ...more(LINKS), type: 'object' },
});

const named = chain((n) => ({ $ref: `#/$defs/ab${n}` }));
const HEAVY: Readonly<Record<string, JsonObject>> = {
  plain: { $defs: named, allOf: [{ $ref: '#/$defs/ab0' }] },
  'a letter by its number': {
    $defs: chain((n) => ({ $ref: `#/$defs/a%62${n}` })),
    allOf: [{ $ref: '#/$defs/ab0' }],
  },
  'each time by another spelling': {
    $defs: chain((n) => ({ $ref: n % 2 === 0 ? `#/%24defs/ab${n}` : `#/$defs/%61b${n}` })),
    allOf: [{ $ref: '#/$defs/ab0' }],
  },
  'in a field of the name of a keyword': {
    $defs: named,
    properties: { $defs: { allOf: [{ $ref: '#/$defs/ab0' }] } },
  },
  'in a field named definitions': {
    $defs: named,
    properties: { definitions: { allOf: [{ $ref: '#/$defs/ab0' }] } },
  },
  'by anchors': {
    $defs: chain(
      (n) => ({ $ref: `#link${n}` }),
      (n) => ({ $anchor: `link${n}` }),
    ),
    allOf: [{ $ref: '#link0' }],
  },
  'by dynamic anchors': {
    $defs: chain(
      (n) => ({ $dynamicRef: `#link${n}` }),
      (n) => ({ $dynamicAnchor: `link${n}` }),
    ),
    allOf: [{ $dynamicRef: '#link0' }],
  },
  'by names of dynamic anchors': {
    $defs: chain(
      (n) => ({ $ref: `#link${n}` }),
      (n) => ({ $dynamicAnchor: `link${n}` }),
    ),
    allOf: [{ $ref: '#link0' }],
  },
  'under an $id of its own': {
    properties: { a: { $id: 'https://other.example/', $defs: named, allOf: [{ $ref: '#/$defs/ab0' }] } },
  },
  'under an $id, from without': {
    $defs: { other: { $id: 'https://other.example/', $defs: named } },
    allOf: [{ $ref: '#/$defs/other/$defs/ab0' }],
  },
  'a circle by two spellings': {
    $defs: { ab: { allOf: [{ $ref: '#/$defs/a%62' }] } },
    allOf: [{ $ref: '#/$defs/ab' }],
  },
};

describe.each([
  ['compiled', createValidators],
  ['read', createInterpretedValidators],
])('schemas that are %s', (_, create) => {
  test.each(Object.entries(HEAVY))('references that double at each link are refused: %s', (_name, schema) => {
    const refused =
      /references followed|nested over|from itself without end|outside of itself|unknown keyword|not there/;
    expect(() => create().of({ type: 'object', ...schema } as JsonSchema)).toThrow(refused);
    // Of a server, words that are not checked here are taken out first.
    const cleaned = cleanSchema({ type: 'object', ...schema });
    try {
      // What is left of it is light.
      const values = { a: {}, $defs: {}, definitions: {} };
      expect(
        create()
          .of(cleaned as JsonSchema)
          .check(values, { coerce: false }).ok,
      ).toBe(true);
    } catch (error) {
      expect(String(error)).toMatch(refused);
    }
  });

  test('a reference finds an anchor, wherever the names of its way need escapes', () => {
    const schema = {
      type: 'object',
      $defs: { 'a/b~c%62 é': { $anchor: 'street', type: 'boolean' } },
      properties: { $anchor: { $ref: '#street' }, enum: { $ref: '#street' } },
      examples: [{ $anchor: 'street', $ref: '#nowhere' }],
    } as unknown as JsonSchema;
    for (const large of [{}, { description: 'x'.repeat(5_000) }]) {
      const validator = create().of({ ...schema, ...large });
      for (const field of ['$anchor', 'enum']) {
        expect(validator.check({ [field]: true }, { coerce: false }).ok).toBe(true);
        expect(validator.check({ [field]: [] }, { coerce: false }).ok).toBe(false);
      }
    }
  });

  test.each<[string, JsonObject]>([
    ['there twice', { $defs: { a: { $anchor: 'a' }, b: { $anchor: 'a' } } }],
    ['not a name', { $defs: { a: { $anchor: '#/a' } } }],
    ['not a name', { $defs: { a: { $anchor: 5 } } }],
    ['not there', { properties: { a: { $ref: '#other' } }, $defs: { a: { $id: 'x', $anchor: 'other' } } }],
  ])('an anchor that is %s is refused', (message, schema) => {
    expect(() => create().of({ type: 'object', ...schema } as JsonSchema)).toThrow(message);
  });

  // The first is weighed nowhere: a value nested ten deep took the host 14 seconds. With the last no fault is told, and the host ends.
  test.each(['$recursiveRef', '$recursiveAnchor', '$async'])('a schema with %s is refused', (word) => {
    const given = word === '$recursiveRef' ? '#' : true;
    const heavy = { anyOf: Array.from({ length: 4 }, () => ({ [word]: given })) };
    for (const schema of [{ [word]: given }, { properties: { a: heavy } }, { items: { [word]: given } }])
      expect(() => create().of({ type: 'object', ...schema } as unknown as JsonSchema)).toThrow(word);
    // A field may have such a name.
    const fields = { properties: { [word]: { type: 'string' } } } as unknown as JsonSchema;
    expect(
      create()
        .of(fields)
        .check({ [word]: 1 }, { coerce: false }).ok,
    ).toBe(false);
  });

  test.each([
    ['#', {}],
    ['#all', { $anchor: 'all' }],
  ])('a schema that refers to itself as %s is held to at each level', ($ref, more) => {
    const schema = { ...more, type: 'object', properties: { a: { $ref } } } as unknown as JsonSchema;
    const validator = create().of(schema);
    expect(validator.check({ a: { a: {} } }, { coerce: false }).ok).toBe(true);
    expect(validator.check({ a: { a: 1 } }, { coerce: false }).ok).toBe(false);
  });
});
