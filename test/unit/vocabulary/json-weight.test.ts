import { describe, expect, test } from 'vitest';
import { fitsJson } from '../../../runtime/vocabulary/json-weight.ts';

const bounds = { length: 1_000, depth: 3, weight: 500 };

describe('fitsJson()', () => {
  test.each([
    ['a value', '{"a":[1,"[[[[",{"b":null}]}', true],
    ['brackets and quotes in a text', '"[[[[\\"[[[[\\\\"', true],
    ['what follows a text that is closed', '["\\\\",[[[]]]]', false],
    ['too long a text', `"${'x'.repeat(1_000)}"`, false],
    ['lists nested too deep', '[[[[', false],
    ['lists after each other', '[[],[],[]]', true],
    ['many items', `[${'0,'.repeat(60)}0]`, false],
    ['many lists', `[${'[],'.repeat(20)}0]`, false],
    ['many objects', `[${'{},'.repeat(8)}0]`, false],
    ['a text that is never closed', '"[[[[[[', true],
  ])('%s: %s', (_name, text, fits) => {
    expect(fitsJson(text, bounds)).toBe(fits);
  });
});
