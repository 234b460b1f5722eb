import { describe, expect, test } from 'vitest';
import { narrowToolsGrant, parseToolsGrant } from '../../../host-functions/tools/tools-grant.ts';
import { mergeGrants } from '../../../runtime/vocabulary/merge-grants.ts';

const parse = (...patterns: readonly string[]) => parseToolsGrant(patterns, 'grant.tools');

describe('parseToolsGrant()', () => {
  test('covers names and patterns, and nothing else', () => {
    const { covers } = parse('read_file', 'web_*', '*.list', 'a*b*c');
    const names = ['read_file', 'web_search', 'web_', 'git.list', 'axbyc', 'abc'];
    expect(names.filter(covers)).toEqual(names);
    const others = ['read_files', 'Read_file', 'xweb_a', 'list', 'git.lists', 'acb', '', '*'];
    expect(others.filter(covers)).toEqual([]);
  });

  test.each([
    ['read_file'],
    [{ read_file: true }],
    [[1]],
    [['']],
    [['a b']],
    [['a?']],
    [['x'.repeat(65)]],
    [['a\n']],
    [Array(1_001).fill('a')],
  ])('refuses %j', (part) => {
    expect(() => parseToolsGrant(part as never, 'grant.tools')).toThrow(/^Cannot read grant\.tools/);
  });
});

describe('narrowToolsGrant()', () => {
  const narrows = (asked: readonly string[], ceiling: readonly string[] | undefined): boolean => {
    try {
      narrowToolsGrant(parse(...asked), ceiling === undefined ? undefined : parse(...ceiling));
      return true;
    } catch {
      return false;
    }
  };
  test('every pattern must lie under one of the ceiling', () => {
    expect(narrows(['read_file'], ['read_*'])).toBe(true);
    expect(narrows(['read_*'], ['read_*'])).toBe(true);
    expect(narrows(['read_csv_*', 'web_a'], ['*'])).toBe(true);
    expect(narrows(['*_csv'], ['*'])).toBe(true);
    expect(narrows(['read_*'], ['read_file'])).toBe(false);
    expect(narrows(['*'], ['a*', 'b*'])).toBe(false);
    expect(narrows(['r*'], ['read_*'])).toBe(false);
    expect(narrows(['a'], undefined)).toBe(false);
    expect(narrows([], undefined)).toBe(true);
  });

  test('what is narrowed covers no name that its ceiling does not', () => {
    const patterns = ['*', 'a*', '*a', 'a*b', 'ab', '*b*', 'aa*', '**', 'b*a*b'];
    const names = ['a', 'b', 'ab', 'ba', 'aab', 'bab', 'aba', 'bbab', 'abab', 'c'];
    for (const asked of patterns) {
      for (const ceiling of patterns) {
        if (!narrows([asked], [ceiling])) continue;
        const wide = parse(ceiling);
        expect(names.filter(parse(asked).covers).filter((name) => !wide.covers(name))).toEqual([]);
      }
    }
  });

  test('a refusal names the pattern', () => {
    expect(() => narrowToolsGrant(parse('ok', 'rm_*'), parse('ok'))).toThrow('does not cover "rm_*"');
  });
});

test('the grant of a denial merges into one that is there', () => {
  expect(mergeGrants({ tools: ['a'] }, { tools: ['b', 'a'] })).toEqual({ tools: ['a', 'b'] });
});
