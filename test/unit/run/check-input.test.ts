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
