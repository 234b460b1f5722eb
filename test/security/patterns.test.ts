import { describe, expect, test } from 'vitest';
import { compileDenyGlobs } from '../../host-functions/fs/deny-globs.ts';
import { compilePathPatterns, coversPattern } from '../../host-functions/http/path-pattern.ts';
import { compileNameGlob } from '../../runtime/vocabulary/glob.ts';
import { advance, type PathGlob, startOf } from '../../runtime/vocabulary/path-glob.ts';
import { checkPatterns } from '../../scripts/check/patterns.ts';

const denies = (pattern: string, path: string): boolean =>
  compileDenyGlobs([pattern], 'deny').matches(path.split('/'));

describe('a pattern over a name that a guest chose', () => {
  // Each of these takes a backtracking matcher longer than a test may take; one that goes on answers at once.
  test.each([
    ['*a*a*a*a*a*a*a*a*a*a*b', 'a'.repeat(255)],
    ['*-*-*-*-*-*b', '-'.repeat(255)],
    ['*?*?*?*?*?*?*?*?b', 'a'.repeat(255)],
    ['*[ab]*[ab]*[ab]*[ab]*[ab]*[ab]b', 'a'.repeat(255)],
    ['{a,aa,aaa}+b', 'a'.repeat(255)],
    ['+(+(+(a|aa)))b', 'a'.repeat(255)],
    ['*(*(*(*(a))))b', 'a'.repeat(255)],
    ['(a|aa)+{a,aa}+b', 'a'.repeat(255)],
    [`${'*'.repeat(500)}b`, 'a'.repeat(255)],
    [`${'?(a)'.repeat(250)}b`, 'a'.repeat(250)],
  ])('%s', (pattern, name) => {
    expect(denies(pattern, name)).toBe(false);
    expect(denies(pattern, `${name.slice(1)}b`)).toBe(true);
  });

  test('meets each position of a path glob once for each segment', () => {
    let asked = 0;
    const part = (name: string): boolean => {
      asked += 1;
      return name === 'a';
    };
    const glob: PathGlob = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? '**' : part));
    const path = new Array<string>(500).fill('a');
    path.reduce((position, name) => advance(glob, position, name), startOf(glob));
    expect(asked).toBeLessThanOrEqual(20 * path.length);
  });

  test.each([
    [['**', 'a', '**', 'a', '**', 'a', '**', 'a', '**', 'a', '**', 'b'].join('/'), 'a/'.repeat(1_500)],
    ['**/**/**/**/**/**/**/**/**/**/b', 'a/'.repeat(1_500)],
  ])('%s across folders', (pattern, folders) => {
    expect(denies(pattern, `${folders}a`)).toBe(false);
    expect(denies(pattern, `${folders}b`)).toBe(true);
    const paths = compilePathPatterns([`/${pattern}`], 'paths');
    expect(paths.matches(`${folders}a`.split('/'))).toBe(false);
    expect(paths.matches(`${folders}b`.split('/'))).toBe(true);
  });

  test('is compared with another pattern once for each pair of their parts', () => {
    const outer = Array.from({ length: 60 }, (_, index) => (index % 2 === 0 ? '**' : 'a'));
    const inner = new Array<string>(400).fill('a');
    expect(coversPattern([...outer, 'b'], inner)).toBe(false);
    expect(coversPattern([...outer, 'b'], [...inner, 'b'])).toBe(true);
  });

  test('is refused when it would take long whatever it is matched with', () => {
    expect(() => compileDenyGlobs(['a'.repeat(1_025)], 'deny')).toThrow(/over 1024 characters/);
    expect(() => compileDenyGlobs(new Array(20).fill('a'.repeat(1_000)), 'deny')).toThrow(/over 16384/);
    expect(() => compileDenyGlobs(new Array(5).fill('?'.repeat(1_000)), 'deny')).toThrow(/over 4096/);
    expect(() => compilePathPatterns([`/${'a'.repeat(1_024)}`], 'paths')).toThrow(/over 1024/);
  });
});

describe('compileNameGlob()', () => {
  test.each([
    ['?', 'a', true],
    ['?', 'ab', false],
    ['[!a]b', 'cb', true],
    ['[^a]b', 'ab', false],
    ['[]a]', ']', true],
    ['[a', '[a', true],
    ['[0-9]+.log', '123.log', true],
    ['{a,b{c,d}}', 'bd', true],
    ['{a}', 'a', false],
    ['{a}', '{a}', true],
    ['{a..c}', 'b', true],
    ['{a,}x', 'x', true],
    ['@(a|b).*', 'b.txt', true],
    ['?(a)b', 'b', true],
    ['+(ab)', 'abab', true],
    ['+(ab)', '', false],
    ['*(ab)c', 'c', true],
    ['a|b', 'b', true],
    ['(a', '(a', true],
    ['a**b', 'axyzb', true],
    ['*', '.hidden', true],
    ['😀*', '😀x', true],
  ])('%s and %s: %s', (pattern, name, expected) => {
    expect(compileNameGlob(pattern, 'here')(name)).toBe(expected);
  });

  test.each([
    ['!(a)', /a group that negates/],
    ['{01..10}', /the range \{01\.\.10\}/],
  ])('refuses %s', (pattern, reason) => {
    expect(() => compileNameGlob(pattern, 'here')).toThrow(reason);
  });
});

describe('checkPatterns()', () => {
  const breaches = (text: string, known = {}) => checkPatterns([{ path: 'a.ts', text }], known);

  test.each([
    ['two repetitions', 'const a = /^a*b*$/;'],
    ['one that may begin anywhere', 'x.replace(/ +$/, "");'],
    ['one within another', 'const a = /^(a+)+$/;'],
    ['one that is made at run time', 'const a = new RegExp(text);'],
  ])('finds %s', (_, text) => {
    expect(breaches(text)).toHaveLength(1);
  });

  test('takes what is anchored, bounded, or listed with its reason, and nothing that is listed and gone', () => {
    expect(breaches('const a = [/^a+$/, /[ab]c?/, /a{2,5}/];')).toEqual([]);
    expect(breaches('const a = /^a*b*$/;', { 'a.ts': { '^a*b*$': 'nobody chooses it' } })).toEqual([]);
    expect(breaches('', { 'a.ts': { '^a*b*$': 'nobody chooses it' } })).toHaveLength(1);
  });
});
