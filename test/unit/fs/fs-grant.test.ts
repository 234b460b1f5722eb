import { describe, expect, test } from 'vitest';
import { compileDenyGlobs } from '../../../host-functions/fs/deny-globs.ts';
import { parseFsGrants } from '../../../host-functions/fs/fs-grant.ts';
import { foldName, isSafeLinkTarget } from '../../../host-functions/fs/guest-path.ts';
import { isUnsafeOnWindows } from '../../../host-functions/fs/windows-name.ts';

describe('parseFsGrants()', () => {
  test.each([
    ['no list', { host: 'x' }, /expected a list/],
    ['no object', ['x'], /expected an object/],
    [
      'an unknown field',
      [{ host: 'x', acess: [] }],
      /Cannot read grant.fs\[0\]: unknown field "acess", did you mean "access"/,
    ],
    [
      'an unknown field like no other',
      [{ host: 'x', zzz: [] }],
      /unknown field "zzz", known are host, guest/,
    ],
    ['no host', [{}], /host: expected the path/],
    ['a relative guest path', [{ host: 'x', guest: 'data' }], /not an absolute guest path/],
    ['a guest path with ..', [{ host: 'x', guest: '/a/../b' }], /not an absolute guest path/],
    ['a guest path with NUL', [{ host: 'x', guest: '/a\0' }], /not an absolute guest path/],
    [
      'an unknown access',
      [{ host: 'x', access: ['exec'] }],
      /unknown access "exec", known are read, write, delete/,
    ],
    ['a delete that is not a boolean', [{ host: 'x', delete: 0 }], /expected true or false/],
    ['an extension without a dot', [{ host: 'x', extensions: ['csv'] }], /"csv" is not a name ending/],
    ['a deny glob that negates', [{ host: 'x', deny: ['!a'] }], /leading "!"/],
    ['a deny glob with ..', [{ host: 'x', deny: ['../a'] }], /"\.\."/],
    ['a deny glob with a backslash', [{ host: 'x', deny: ['a\\b'] }], /backslash/],
    ['a deny glob with a slash in brackets', [{ host: 'x', deny: ['{a/b,c}'] }], /inside brackets/],
    ['an empty deny glob', [{ host: 'x', deny: ['/'] }], /no name/],
    ['a cap that is text', [{ host: 'x', maxCalls: '5' }], /expected a number/],
  ])('refuses %s with a TypeError', (_, part, message) => {
    expect(() => parseFsGrants(part as never, 'grant.fs')).toThrow(TypeError);
    expect(() => parseFsGrants(part as never, 'grant.fs')).toThrow(message);
  });

  test.each(['maxFileBytes', 'maxOpenFiles', 'maxCalls', 'maxBytes', 'maxReadBytes', 'maxWriteBytes'])(
    'refuses a %s out of range',
    (field) => {
      for (const value of [-1, 1.5, 2 ** 53]) {
        expect(() => parseFsGrants([{ host: 'x', [field]: value }], 'grant.fs')).toThrow(RangeError);
      }
    },
  );

  test('fills the defaults', () => {
    const [entry] = parseFsGrants([{ host: 'x' }], 'grant.fs');
    expect(entry).toMatchObject({
      guest: undefined,
      access: new Set(['read']),
      extensions: undefined,
      largestWritten: 10 * 1024 * 1024,
      largestRead: Number.POSITIVE_INFINITY,
      maxOpenFiles: 64,
    });
  });

  test.each([
    [{ access: ['write'] }, ['write', 'delete']],
    [{ access: ['write'], delete: false }, ['write']],
    [{ access: ['read', 'delete'] }, ['read', 'delete']],
    [{ access: ['write', 'delete'], delete: false }, ['write']],
    [{ access: [] }, []],
  ])('reads access %j as %j', (fields, access) => {
    expect([...(parseFsGrants([{ host: 'x', ...fields }], 'grant.fs')[0]?.access ?? [])]).toEqual(access);
  });
});

describe('compileDenyGlobs()', () => {
  const matches = (pattern: string, path: string): boolean =>
    compileDenyGlobs([pattern], 'deny').matches(path.split('/'));

  test.each([
    ['secret/**', 'secret', true],
    ['secret/**', 'secret/a/b', true],
    ['secret/**', 'secrets', false],
    ['secret/**', 'a/secret', false],
    ['**/secret', 'a/b/secret', true],
    ['**/secret', 'secret', true],
    ['**/*.key', 'a/.hidden.key', true],
    ['*.key', 'a/x.key', false],
    ['a/*/c', 'a/b/c', true],
    ['a/*/c', 'a/b/b/c', false],
    ['.env*', '.env.local', true],
    ['*.{key,pem}', 'x.pem', true],
    ['[a-c].txt', 'b.txt', true],
    ['SECRET', 'secret', true],
    ['secret', 'ſecret', true],
    ['straße', 'STRASSE', true],
    ['caf\u00e9', 'cafe\u0301', true],
    ['.git', '.g\u200cit', true],
    ['/secret/', 'secret', true],
  ])('%s and %s: %s', (pattern, path, expected) => {
    expect(matches(pattern, path)).toBe(expected);
  });

  test.each([
    [['secret/**'], 'a', []],
    [['a/secret/**'], 'a', ['secret/**']],
    [['**/x'], 'a/b', ['**/x']],
    [['a/b/c', '*/b/d'], 'a/b', ['c', 'd']],
    [['**/b/x'], 'a/b', ['**/b/x', 'x']],
    [['a'], 'a', undefined],
    [['a/**'], 'a/b', undefined],
  ])('%j below %s: %j', (patterns, path, expected) => {
    expect(compileDenyGlobs(patterns, 'deny').below(path.split('/'))).toEqual(expected);
  });
});

test('foldName() gives one form to what any file system may take for the same name', () => {
  for (const [one, other] of [
    ['README', 'readme'],
    ['\u212a', 'k'],
    ['\u00c5', 'A\u030a'],
    ['\u212b', 'a\u030a'],
    ['ﬁle', 'FILE'],
    ['Σ', 'ς'],
  ] as const) {
    expect(foldName(one)).toBe(foldName(other));
  }
  expect(foldName('a')).not.toBe(foldName('ä'));
});

test.each([
  ['a', 0, true],
  ['a/b', 0, true],
  ['..', 0, false],
  ['..', 1, true],
  ['../../a', 1, false],
  ['a/..', 5, false],
  ['../a/../b', 5, false],
  ['/a', 5, false],
  ['./../a', 1, true],
])('isSafeLinkTarget(%s, %i) is %s', (target, depth, safe) => {
  expect(isSafeLinkTarget(target, depth)).toBe(safe);
});

test.each([
  ['a.txt', false],
  ['con', true],
  ['CON.txt', true],
  ['com1', true],
  ['console', false],
  ['a:b', true],
  ['a::$DATA', true],
  ['a.', true],
  ['a ', true],
  ['LONGNA~1.TXT', true],
  ['a\u0001', true],
])('isUnsafeOnWindows(%j) is %s', (name, unsafe) => {
  expect(isUnsafeOnWindows(name)).toBe(unsafe);
});
