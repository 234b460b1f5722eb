import { describe, expect, test } from 'vitest';
import { Recent } from '../../../runtime/vocabulary/recent.ts';

const has = (recent: Recent<number>, keys: string): string =>
  [...keys].filter((key) => recent.get(key) !== undefined).join('');

describe('Recent', () => {
  test('keeps the values that were used last: set or read', () => {
    const recent = new Recent<number>(2);
    recent.set('a', 1);
    recent.set('b', 2);
    expect(recent.get('a')).toBe(1);
    recent.set('c', 3);
    expect([has(recent, 'abc'), recent.size]).toEqual(['ac', 2]);
  });

  test('keeps what the weights allow, counted through every change', () => {
    const recent = new Recent<number>(10, 10);
    recent.set('a', 6, 6);
    recent.set('b', 4, 4);
    recent.set('a', 5, 5);
    expect(has(recent, 'ab')).toBe('ab');
    recent.set('c', 2, 2);
    expect(has(recent, 'abc')).toBe('bc');
    recent.delete('b');
    recent.set('d', 8, 8);
    expect(has(recent, 'abcd')).toBe('cd');
    recent.set('e', 11, 11);
    expect([has(recent, 'abcde'), recent.size]).toEqual(['', 0]);
  });

  test('dropWhile() stops at the first that is not past', () => {
    const recent = new Recent<number>(3);
    for (const [key, value] of Object.entries({ a: 1, b: 5, c: 1 })) recent.set(key, value);
    recent.dropWhile((value) => value < 3);
    expect(recent.size).toBe(2);
    recent.set('d', 1);
    expect(has(recent, 'abcd')).toBe('bcd');
  });
});
