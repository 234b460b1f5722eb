import { expect, test } from 'vitest';
import { atOnce } from '../../../runtime/vocabulary/in-slices.ts';
import { jsonText } from '../../../runtime/vocabulary/json-text.ts';

const piecesOf = (value: unknown): readonly string[] => {
  const pieces: string[] = [];
  atOnce(jsonText(value, (piece) => pieces.push(piece)));
  return pieces;
};

test('the text of a light value is the same as that of a heavy one that holds it', () => {
  const light = {
    text: 'a"\u2028\ud83d\ude00\ud800',
    none: undefined,
    list: [1, undefined, null, -0, Number.NaN, [], {}],
    deep: { deeper: [{ deepest: true }] },
    __proto__: { inherited: 1 },
  };
  expect(piecesOf(light)).toEqual([JSON.stringify(light)]);
  const heavy = [light, 'x'.repeat(200_000)];
  expect(piecesOf(heavy).length).toBeGreaterThan(1);
  expect(piecesOf(heavy).join('')).toBe(JSON.stringify(heavy));
  for (const leaf of ['x', 5, true, null, [], {}]) expect(piecesOf(leaf)).toEqual([JSON.stringify(leaf)]);
});

test('a method toJSON is not asked, however light its value is', () => {
  const asked: string[] = [];
  const toJSON = (): string => {
    asked.push('asked');
    return 'other';
  };
  expect(JSON.parse(piecesOf({ a: [{ b: 1, toJSON }] }).join(''))).not.toEqual({ a: ['other'] });
  expect(asked).toEqual([]);
});

test('a value with many parts, long names or long texts is read in slices', () => {
  for (const heavy of [
    Array.from({ length: 20_000 }, () => 1),
    Object.fromEntries(Array.from({ length: 6_000 }, (_, index) => [`name-${index}`, index])),
    { ['n'.repeat(100_000)]: 1 },
  ])
    expect(piecesOf(heavy).join('')).toBe(JSON.stringify(heavy));
  const slices = jsonText(
    Array.from({ length: 20_000 }, () => 1),
    () => undefined,
  );
  expect(slices.next().done).toBe(false);
});
