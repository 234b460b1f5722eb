import { expect, test } from 'vitest';
import { type Covers, commonGrant, eitherGrant } from '../../../runtime/vocabulary/common-grant.ts';
import type { Grant } from '../../../runtime/vocabulary/grant.ts';
import { isJsonObject, type JsonValue } from '../../../runtime/vocabulary/json.ts';

/** As host functions judge: a folder lies in another, access is a part of it. */
const covers: Covers = (_name, ceiling, part) =>
  listOf(part).every((asked) => listOf(ceiling).some((limit) => coversOne(limit, asked)));
const listOf = (value: JsonValue): readonly JsonValue[] => (Array.isArray(value) ? value : [value]);
const coversOne = (limit: JsonValue, asked: JsonValue): boolean => {
  if (!isJsonObject(limit) || !isJsonObject(asked)) return limit === asked || limit === '*';
  const [wide, narrow] = [listOf(limit.access ?? ['read']), listOf(asked.access ?? ['read'])];
  return String(asked.host).startsWith(String(limit.host)) && narrow.every((item) => wide.includes(item));
};

test.each<readonly [string, Grant, Grant, Grant]>([
  ['the smaller folder', { fs: [{ host: '/a' }] }, { fs: [{ host: '/a/b' }] }, { fs: [{ host: '/a/b' }] }],
  [
    'the access of both',
    { fs: [{ host: '/a', access: ['read', 'write'] }] },
    { fs: [{ host: '/a/b', access: ['read', 'delete'] }] },
    { fs: [{ host: '/a/b', access: ['read'] }] },
  ],
  [
    'an entry of each side',
    { fs: [{ host: '/a' }, { host: '/c/d' }] },
    { fs: [{ host: '/a/b' }, { host: '/c' }] },
    { fs: [{ host: '/c/d' }, { host: '/a/b' }] },
  ],
  ['nothing of folders beside each other', { fs: [{ host: '/a' }] }, { fs: [{ host: '/b' }] }, {}],
  ['nothing of a part that one lacks', { tools: ['*'] }, { fs: [{ host: '/a' }] }, {}],
  ['names', { tools: ['*'] }, { tools: ['x', 'y'] }, { tools: ['x', 'y'] }],
  [
    'variables of the same value',
    { env: { A: '1', B: '2' } },
    { env: { A: '1', B: '3' } },
    { env: { A: '1' } },
  ],
  [
    'the tighter limits',
    { limits: { fuel: 5, hostCalls: 9 } },
    { limits: { fuel: 7, timeoutMs: 3 } },
    { limits: { fuel: 5, hostCalls: 9, timeoutMs: 3 } },
  ],
])('two grants have in common: %s', (_, one, other, common) => {
  expect(commonGrant(one, other, covers)).toEqual(common);
  const turned = commonGrant(other, one, covers);
  expect(turned.fs?.map(({ host }) => host).sort()).toEqual(common.fs?.map(({ host }) => host).sort());
  expect({ ...turned, fs: [] }).toEqual({ ...common, fs: [] });
});

test('two grants have in common no entry that only two entries of one of them cover together', () => {
  const apart: Grant = {
    fs: [
      { host: '/a', access: ['read'] },
      { host: '/a', access: ['write'], extensions: ['.md'] },
    ],
  };
  expect(commonGrant({ fs: [{ host: '/a', access: ['read', 'write'] }] }, apart, covers).fs).toEqual([
    { host: '/a', access: ['read'] },
    { host: '/a', access: ['write'] },
  ]);
});

test.each<readonly [string, Grant, Grant, Grant]>([
  ['parts of each', { tools: ['a'] }, { env: { A: '1' } }, { tools: ['a'], env: { A: '1' } }],
  [
    'the access of entries that differ in nothing else',
    { sql: [{ name: 'a', maxRows: 5 }] },
    { sql: [{ name: 'a', maxRows: 5, access: ['write'] }] },
    { sql: [{ name: 'a', maxRows: 5, access: ['read', 'write'] }] },
  ],
  [
    'entries that differ in more, each for itself',
    { fs: [{ host: '/a' }] },
    { fs: [{ host: '/a', access: ['write'], extensions: ['.md'] }] },
    {
      fs: [
        { host: '/a', access: ['read'] },
        { host: '/a', access: ['write'], extensions: ['.md'] },
      ],
    },
  ],
  [
    'methods with the paths that they are for',
    { http: [{ origin: 'https://a.b', paths: ['/x/**'] }] },
    { http: [{ origin: 'https://a.b', methods: ['POST'], paths: ['/y'] }] },
    {
      http: [
        { origin: 'https://a.b', methods: ['GET', 'HEAD'], paths: ['/x/**'] },
        { origin: 'https://a.b', methods: ['POST'], paths: ['/y'] },
      ],
    },
  ],
  [
    'one list of a part that is no list',
    { browser: { origins: ['https://a.b'] } },
    { browser: { origins: ['https://c.d'] } },
    { browser: { origins: ['https://a.b', 'https://c.d'] } },
  ],
  ['variables of each', { env: { A: '1' } }, { env: { A: '1', B: '2' } }, { env: { A: '1', B: '2' } }],
  [
    'the tighter limits',
    { limits: { fuel: 5 } },
    { limits: { fuel: 7, hostCalls: 3 } },
    { limits: { fuel: 5, hostCalls: 3 } },
  ],
])('either of two grants gives %s', (_, one, other, either) => {
  const given = structuredClone([one, other]);
  expect(eitherGrant(one, other)).toEqual(either);
  expect([one, other]).toEqual(given);
});

test.each<readonly [string, Grant, Grant, string]>([
  ['values of a variable', { env: { A: '1' } }, { env: { A: '2' } }, 'env.A'],
  [
    'caps of a name',
    { kv: [{ name: 'a', maxEntries: 1 }] },
    { kv: [{ name: 'a', access: ['write'] }] },
    'kv for "a"',
  ],
  [
    'two lists of a browser',
    { browser: { origins: ['https://a.b'], actions: ['navigate'] } },
    { browser: { origins: ['https://c.d'], actions: ['interact'] } },
    'browser differs',
  ],
  ['a list that only one has', { run: {} }, { run: { languages: ['python'] } }, 'run differs'],
  ['what only its own host function knows', { custom: { a: ['x'] } }, { custom: { a: ['y'] } }, 'custom.a'],
])('is no one grant of either: %s', (_, one, other, message) => {
  expect(() => eitherGrant(one, other)).toThrow(message);
});
