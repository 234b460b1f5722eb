import { expect, test } from 'vitest';
import { type Covers, commonGrant } from '../../../runtime/vocabulary/common-grant.ts';
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
