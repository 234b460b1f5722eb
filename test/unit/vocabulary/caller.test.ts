import { describe, expect, test } from 'vitest';
import { narrowCaller, permits, readCaller } from '../../../runtime/vocabulary/caller.ts';

const caller = (...permissions: string[]) => readCaller({ id: 'ada', permissions }, 'run');

describe('readCaller()', () => {
  test('copies and freezes what it was given', () => {
    const permissions = ['fs.read', 'fs.*', '*', 'tools.call', 'my-tool.x'];
    const read = readCaller({ id: 'ada@example.com', agent: 'a 1', permissions }, 'run');
    permissions.push('dangerous');
    expect(read).toEqual({
      id: 'ada@example.com',
      agent: 'a 1',
      permissions: ['fs.read', 'fs.*', '*', 'tools.call', 'my-tool.x'],
    });
    expect(Object.isFrozen(read) && Object.isFrozen(read?.permissions)).toBe(true);
    expect(readCaller(undefined, 'run')).toBeUndefined();
  });

  test.each<[string, unknown, string]>([
    ['a text', 'ada', 'not an object'],
    ['a list', [], 'not an object'],
    ['no id', { permissions: [] }, 'caller.id'],
    ['an empty id', { id: '', permissions: [] }, 'caller.id'],
    ['an id with a line break', { id: 'a\nb', permissions: [] }, 'caller.id'],
    ['a long id', { id: 'a'.repeat(257), permissions: [] }, 'caller.id'],
    ['an agent that is a number', { id: 'a', agent: 1, permissions: [] }, 'caller.agent'],
    ['no permissions', { id: 'a' }, 'caller.permissions'],
    ['permissions that are a text', { id: 'a', permissions: '*' }, 'caller.permissions'],
    ['too many permissions', { id: 'a', permissions: Array(1001).fill('fs') }, 'at most 1000'],
    ['a pattern in the middle', { id: 'a', permissions: ['fs.*.read'] }, '"fs.*.read"'],
    ['a misspelt field', { id: 'a', permisions: [] }, 'did you mean "permissions"'],
  ])('refuses %s', (_name, value, text) => {
    expect(() => readCaller(value, 'run')).toThrow(TypeError);
    expect(() => readCaller(value, 'run')).toThrow(text);
  });
});

test('permits() goes by whole segments, and * never includes dangerous', () => {
  expect(permits(undefined, 'dangerous')).toBe(true);
  expect(permits(caller('fs.*'), 'fs.read')).toBe(true);
  expect(permits(caller('fs.*'), 'fsx.read')).toBe(false);
  expect(permits(caller('*'), 'http')).toBe(true);
  expect(permits(caller('*'), 'dangerous')).toBe(false);
  expect(permits(caller(), 'http')).toBe(false);
});

test.each<[string[], string[], string[]]>([
  [['fs.*', 'http'], ['*'], ['fs.*', 'http']],
  [['*'], ['fs.read', 'http'], ['fs.read', 'http']],
  [['fs.read'], ['fs.*'], ['fs.read']],
  [['fs.read'], ['http'], []],
  [['*'], ['dangerous'], []],
  [['fs.*', '*'], ['fs.read'], ['fs.read']],
])('narrowCaller() of %j and %j is %j', (outer, asked, common) => {
  expect(narrowCaller(caller(...outer), caller(...asked))?.permissions).toEqual(common);
});

test('narrowCaller() of one caller is that caller', () => {
  expect(narrowCaller(undefined, caller('http'))).toEqual(caller('http'));
  expect(narrowCaller(caller('http'), undefined)).toEqual(caller('http'));
  expect(narrowCaller(undefined, undefined)).toBeUndefined();
});
