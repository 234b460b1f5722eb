import { describe, expect, test } from 'vitest';
import type { Grant } from '../../../runtime/vocabulary/grant.ts';
import { mergeGrants } from '../../../runtime/vocabulary/merge-grants.ts';

describe('mergeGrants()', () => {
  test.each<[string, Grant, Grant, Grant]>([
    [
      'parts that only one has',
      { env: { A: '1' } },
      { ws: [{ origin: 'wss://a' }] },
      { env: { A: '1' }, ws: [{ origin: 'wss://a' }] },
    ],
    [
      'the methods and paths of one origin',
      { http: [{ origin: 'https://a.com', paths: ['/v1'], secret: 's', maxCalls: 5 }] },
      { http: [{ origin: 'https://A.com/', methods: ['post'], paths: ['/v1', '/v2'], maxCalls: 9 }] },
      {
        http: [
          {
            origin: 'https://a.com',
            methods: ['GET', 'HEAD', 'POST'],
            paths: ['/v1', '/v2'],
            secret: 's',
            maxCalls: 9,
          },
        ],
      },
    ],
    [
      'any path with some',
      { http: [{ origin: 'https://a.com' }] },
      { http: [{ origin: 'https://a.com', paths: ['/v1'] }] },
      { http: [{ origin: 'https://a.com', methods: ['GET', 'HEAD'] }] },
    ],
    [
      'another origin, and another secret, as entries of their own',
      { http: [{ origin: 'https://a.com', secret: 's' }] },
      { http: [{ origin: 'https://b.com' }, { origin: 'https://a.com', secret: 't' }] },
      {
        http: [
          { origin: 'https://a.com', secret: 's' },
          { origin: 'https://b.com' },
          { origin: 'https://a.com', secret: 't' },
        ],
      },
    ],
    [
      'the access of one guest folder, whatever names it',
      { fs: [{ host: './data', deny: ['secret'], extensions: ['.csv'], maxBytes: 5 }] },
      { fs: [{ host: './data', guest: '/data/', access: ['write'], extensions: ['.txt'] }] },
      {
        fs: [
          {
            host: './data',
            access: ['read', 'write'],
            deny: ['secret'],
            extensions: ['.csv', '.txt'],
            maxBytes: 5,
          },
        ],
      },
    ],
    [
      'a folder that a denial cannot know with the one that is known',
      { fs: [{ host: '/srv/in', guest: '/data' }] },
      { fs: [{ host: 'HOSTFOLDER', guest: '/data', access: ['read', 'delete'] }] },
      { fs: [{ host: '/srv/in', guest: '/data', access: ['read', 'delete'] }] },
    ],
    [
      'no deletion with no deletion',
      { fs: [{ host: 'd', access: ['write'], delete: false }] },
      { fs: [{ host: 'd', access: ['read'] }] },
      { fs: [{ host: 'd', access: ['read', 'write'], delete: false }] },
    ],
    [
      'deletion that only the second has',
      { fs: [{ host: 'd', access: ['write'], delete: false }] },
      { fs: [{ host: 'd', access: ['delete'] }] },
      { fs: [{ host: 'd', access: ['write', 'delete'] }] },
    ],
    [
      'names without an ending with names that have one',
      { fs: [{ host: 'd', extensions: ['.csv'] }] },
      { fs: [{ host: 'd' }] },
      { fs: [{ host: 'd', access: ['read'] }] },
    ],
    [
      'the parts of other host functions',
      { custom: { dice: { sides: [6], loaded: false }, one: 1 } },
      { custom: { dice: { sides: [6, 20] }, two: 2 } },
      { custom: { dice: { sides: [6, 20], loaded: false }, one: 1, two: 2 } },
    ],
    [
      'limits and variables',
      { limits: { fuel: 1 }, env: { A: '1' } },
      { limits: { fuel: 2 }, env: { B: '2' } },
      { limits: { fuel: 2 }, env: { A: '1', B: '2' } },
    ],
  ])('joins %s', (_, grant, more, expected) => {
    const before = structuredClone([grant, more]);
    expect(mergeGrants(grant, more)).toEqual(expected);
    expect([grant, more]).toEqual(before);
  });

  test('asks for the host folder that a denial cannot know', () => {
    const more = { fs: [{ host: 'HOSTFOLDER', guest: '/out', access: ['read', 'write'] }] };
    expect(mergeGrants({}, more, { host: (guest) => `/srv${guest}` })).toEqual({
      fs: [{ host: '/srv/out', guest: '/out', access: ['read', 'write'] }],
    });
    expect(mergeGrants({}, more)).toEqual(more);
  });

  test.each([
    [undefined, 'more is not an object'],
    [[], 'more is not an object'],
    [{ fs: { host: 'x' } }, 'more.fs is not a list of entries'],
    [{ fs: [{ host: '/other', guest: '/data' }] }, '"/data" is another host folder already'],
  ])('refuses %j', (more, text) => {
    const merge = () => mergeGrants({ fs: [{ host: '/data' }] }, more);
    expect(merge).toThrow(TypeError);
    expect(merge).toThrow(text);
  });
});
