import { describe, expect, test } from 'vitest';
import { didYouMean, editDistance, nearest } from '../../../runtime/vocabulary/nearest.ts';

describe('editDistance()', () => {
  test.each([
    ['', '', 0],
    ['abc', '', 3],
    ['', 'abc', 3],
    ['run', 'run', 0],
    ['rnu', 'run', 1],
    ['rn', 'run', 1],
    ['runn', 'run', 1],
    ['ran', 'run', 1],
    ['ca', 'abc', 3],
    ['kitten', 'sitting', 3],
  ])('of %j and %j is %i', (left, right, distance) => {
    expect(editDistance(left, right)).toBe(distance);
    expect(editDistance(right, left)).toBe(distance);
  });
});

describe('nearest()', () => {
  const commands = ['run', 'eval', 'inspect', 'doctor', 'serve'];
  test.each([
    ['rnu', 'run'],
    ['RUN', 'run'],
    ['inspekt', 'inspect'],
    ['docter', 'doctor'],
    ['sevre', 'serve'],
    ['xyz', undefined],
    ['', undefined],
    ['install', undefined],
  ])('of %j is %j', (word, expected) => {
    expect(nearest(word, commands)).toBe(expected);
  });

  test('puts the suggestion into words, or says nothing', () => {
    expect(didYouMean('rnu', commands)).toBe(', did you mean "run"?');
    expect(didYouMean('xyz', commands)).toBe('');
  });
});
