import { expect, test } from 'vitest';
import { findVerified } from '../../../scripts/check/verified.ts';
import { verifies } from '../../support/verifies.ts';

test('verifies() refuses an id that is not a row, when a file is loaded', () => {
  expect(() => verifies(...(['EX-99'] as unknown as ['EX-01']))).toThrow(
    'Cannot verify "EX-99": no row has this id',
  );
  const known = ['EX-01', 'FS-02'] as const;
  expect(verifies(...known)).toEqual({});
});

test('findVerified() ties rows to the test, the group or the file that names them', () => {
  const text = `
    verifies('EX-01');
    test('one', verifies('EX-02', 'EX-03'), () => undefined);
    test.each([1, 2])('two %s', verifies('EX-04'), () => undefined);
    describe('group', verifies('EX-05'), () => {
      test(\`in \${name}\`, verifies('EX-06'), () => undefined);
      test('later', () => { verifies('EX-07'); });
    });`;
  expect(findVerified('x.test.ts', text).map(({ id, title }) => `${id} ${title}`)).toEqual([
    'EX-01 undefined',
    'EX-02 one',
    'EX-03 one',
    'EX-04 two %s',
    'EX-05 group',
    'EX-06 in …',
    'EX-07 later',
  ]);
});
