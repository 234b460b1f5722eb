import { describe, expect, test } from 'vitest';
import { copyJson } from '../../../runtime/vocabulary/copy-json.ts';
import { copyValue } from '../../../runtime/vocabulary/copy-value.ts';
import { parseJson } from '../../../runtime/vocabulary/json-read.ts';
import { MOST_FIELDS } from '../../../runtime/vocabulary/size-of-json.ts';

const fields = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`f${at}`, 0]));
const MANY = fields(MOST_FIELDS + 1);
const MOST = fields(MOST_FIELDS);
const TOLD = `over ${MOST_FIELDS} fields in one object`;

describe('an object of too many fields is refused, and told why', () => {
  test('among options', () => {
    expect(() => copyJson({ a: [MANY] }, 'inputs')).toThrow(RangeError);
    expect(() => copyJson({ a: [MANY] }, 'inputs')).toThrow(`Cannot copy inputs.a[0]: ${TOLD}`);
    expect(copyJson(MOST, 'inputs', { maxValues: 1_000_000 })).toEqual(MOST);
  });

  test('among answers', () => {
    expect(() => copyValue(MANY, 100_000_000)).toThrow(`Cannot take the value: ${TOLD}`);
    expect(copyValue(MOST, 100_000_000).value).toEqual(MOST);
  });

  test('in a text', async () => {
    await expect(parseJson(JSON.stringify({ a: MANY }))).rejects.toThrow(TOLD);
    expect(await parseJson(JSON.stringify(MOST))).toEqual(MOST);
  });
});
