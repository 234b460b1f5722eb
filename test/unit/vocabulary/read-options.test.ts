import { describe, expect, test } from 'vitest';
import { defined } from '../../../runtime/vocabulary/defined.ts';
import {
  jsonObject,
  readLevel,
  readName,
  refuseUnknown,
  wholeNumber,
} from '../../../runtime/vocabulary/read-options.ts';

describe('refuseUnknown()', () => {
  const known = { language: true, code: true };

  test.each([
    ['languag', 'Cannot run: unknown option "languag", did you mean "language"?'],
    ['zzz', 'Cannot run: unknown option "zzz", known are language, code'],
    ['__proto__', 'Cannot run: unknown option "__proto__", known are language, code'],
    ['toString', 'Cannot run: unknown option "toString", known are language, code'],
  ])('names %s and the nearest', (name, message) => {
    expect(() => refuseUnknown(JSON.parse(`{"${name}":1}`), known, 'run')).toThrow(new TypeError(message));
  });

  test('shows little of a name that is long, and compares it with nothing', () => {
    const name = 'language'.repeat(1_000_000);
    expect(() => refuseUnknown({ [name]: 1 }, known, 'run')).toThrow(/^.{1,200}$/);
  });
});

describe('wholeNumber()', () => {
  const range = { minimum: 1, maximum: 9, unit: 'ms' };

  test.each([
    ['5', TypeError, 'Cannot open: idleMs is not a number'],
    [1.5, RangeError, 'Cannot open: idleMs 1.5 is not a whole number of ms from 1 to 9'],
    [0, RangeError, 'Cannot open: idleMs 0 is not a whole number of ms from 1 to 9'],
    [10, RangeError, 'Cannot open: idleMs 10 is not a whole number of ms from 1 to 9'],
    [Number.NaN, RangeError, 'Cannot open: idleMs NaN is not a whole number of ms from 1 to 9'],
  ])('refuses %j', (value, kind, message) => {
    const read = () => wholeNumber(value, 'open: idleMs', range);
    expect(read).toThrow(kind);
    expect(read).toThrow(message);
  });

  test('takes what is in range, and leaves out what is absent', () => {
    expect([wholeNumber(9, 'open: idleMs', range), wholeNumber(undefined, 'open: idleMs', range)]).toEqual([
      9,
      undefined,
    ]);
    expect(() => wholeNumber('1', 'read grant.fs[0].maxCalls:')).toThrow(
      'Cannot read grant.fs[0].maxCalls: expected a number',
    );
    expect(() => wholeNumber(-1, 'read grant.fs[0].maxCalls:')).toThrow(
      'Cannot read grant.fs[0].maxCalls: -1 is not a whole number from 0',
    );
  });
});

test('names, levels and objects are refused in whole sentences', () => {
  expect(() => readName('a b', 'runId', 'run')).toThrow(
    'Cannot run: runId is not a text of 1 to 64 letters, digits, - and _',
  );
  expect(() => readLevel('none', 'run')).toThrow('Cannot run: level "none" is not one of minimal, standard');
  expect(() => readLevel('strikt', 'run')).toThrow('did you mean "strict"?');
  expect(() => jsonObject([], 'inputs', 'run')).toThrow('Cannot run: inputs is not an object');
});

test('defined() keeps all but what is undefined', () => {
  expect(Object.keys(defined({ a: undefined, b: null, c: 0, d: '' }))).toEqual(['b', 'c', 'd']);
});
