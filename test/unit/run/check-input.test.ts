import { expect, test } from 'vitest';
import { checkInput } from '../../../runtime/platform/schema/check-input.ts';
import type { JsonObject } from '../../../runtime/vocabulary/json.ts';

test('checkInput() makes code of a schema once, and holds each input to it', async () => {
  let reads = 0;
  const plain: JsonObject = {
    type: 'object',
    properties: { text: { type: 'string' } },
    required: ['text'],
    additionalProperties: false,
  };
  const schema = new Proxy(plain, {
    ownKeys: (target) => {
      reads += 1;
      return Reflect.ownKeys(target);
    },
  });
  expect(await checkInput(schema, { text: 'a' }, undefined)).toEqual({ kind: 'fits' });
  const before = reads;
  expect(before).toBeGreaterThan(0);
  expect(await checkInput(schema, { text: 1 }, undefined)).toMatchObject({
    kind: 'faults',
    faults: [{ path: 'text' }],
  });
  expect(await checkInput(schema, {}, undefined)).toMatchObject({
    kind: 'faults',
    faults: [{ path: 'text' }],
  });
  expect(await checkInput(schema, { text: 'b' }, undefined)).toEqual({ kind: 'fits' });
  expect(reads).toBe(before);
});

/** Thirty doublings: to follow them all takes minutes. */
const links = (word: string): JsonObject => ({
  $defs: Object.fromEntries(
    Array.from({ length: 30 }, (_, n) => [
      `a${n}`,
      n === 29 ? { type: 'object' } : { allOf: [1, 2].map(() => ({ [word]: `#/$defs/a${n + 1}` })) },
    ]),
  ),
  allOf: [{ [word]: '#/$defs/a0' }],
});

test.each<[string, JsonObject]>([
  ['with references', links('$ref')],
  ['with dynamic ones', links('$dynamicRef')],
  ['of an older draft', { properties: { a: { anyOf: [1, 2].map(() => ({ $recursiveRef: '#' })) } } }],
  ['that is large', { description: 'x'.repeat(70_000) }],
])('a schema of a program, %s, is looked at in a worker that can be killed', async (_, schema) => {
  const jobs: unknown[] = [];
  const found = await checkInput(schema, { a: 1 }, async (_url, asked) => {
    jobs.push(asked);
    return { kind: 'fits' };
  });
  expect([found, jobs]).toEqual([{ kind: 'fits' }, [{ schema, input: { a: 1 } }]]);
});

/** Each part of the schema is a fault of each part of the input. */
const faults = { properties: { a: { items: { allOf: Array.from({ length: 600 }, () => false) } } } };

test.each<[string, JsonObject, JsonObject]>([
  [
    'a schema whose code takes long to make',
    { allOf: Array.from({ length: 1_000 }, () => ({ if: {} })) },
    {},
  ],
  ['faults by the hundred thousand', faults, { a: Array.from({ length: 1_500 }, () => 1) }],
  ['references', links('$ref'), {}],
])(
  '%s: looked at in a worker, and refused where there is none: it ended the host',
  async (_, schema, input) => {
    const answer = { kind: 'fits' } as const;
    expect(await checkInput(schema, input, async () => answer)).toEqual(answer);
    expect(await checkInput(schema, input, undefined)).toMatchObject({ kind: 'no-check' });
  },
);

test('a schema that would answer a promise is none: what it refused ended the host', async () => {
  const schema = { $async: true, type: 'object', properties: { a: { type: 'number' } } } as const;
  expect(await checkInput(schema, { a: 'x' }, undefined)).toMatchObject({ kind: 'no-schema' });
  const within = { type: 'object', properties: { a: { $async: true, type: 'number' } } } as const;
  const found = await checkInput(within, { a: 'x' }, undefined);
  expect(found.kind).not.toBe('fits');
});
