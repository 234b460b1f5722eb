import { describe, expect, test } from 'vitest';
import { canonicalAddress, isPublicAddress } from '../../../host-functions/http/address.ts';
import { parseHttpGrants } from '../../../host-functions/http/http-grant.ts';
import { narrowHttpGrants } from '../../../host-functions/http/narrow-http.ts';
import {
  coversOrigin,
  matchesOrigin,
  parseOriginPattern,
} from '../../../host-functions/http/origin-pattern.ts';
import {
  compilePathPatterns,
  coversPattern,
  pathSegments,
  splitPattern,
} from '../../../host-functions/http/path-pattern.ts';
import { Scrubber, toCredential } from '../../../host-functions/http/secrets.ts';
import type { Secret } from '../../../runtime/contracts/host-function.ts';
import { defined } from '../../../runtime/vocabulary/defined.ts';
import type { HttpGrant } from '../../../runtime/vocabulary/grants/http.ts';
import { verifies } from '../../support/verifies.ts';

describe('parseHttpGrants()', () => {
  test.each([
    ['no list', {}, /expected a list/],
    ['an unknown field', [{ origin: '*', method: 'GET' }], /unknown field "method", did you mean "methods"/],
    ['no origin', [{}], /origin: expected a string/],
    ['a bare host', [{ origin: 'api.example.com' }], /is not an origin such as "https:\/\/api.example.com"/],
    ['a path in the origin', [{ origin: 'https://a.com/v1' }], /is not an origin/],
    ['a user in the origin', [{ origin: 'https://u@a.com' }], /is not an origin/],
    ['another scheme', [{ origin: 'ftp://a.com' }], /is not an origin/],
    ['a star inside', [{ origin: 'https://a.*.com' }], /is not an origin/],
    ['a star before a top-level name', [{ origin: 'https://*.com' }], /is not an origin/],
    ['a star before an address', [{ origin: 'https://*.0.0.1' }], /is not an origin/],
    ['a bad method', [{ origin: '*', methods: ['GE T'] }], /"GE T" is not a method/],
    ['all methods by a star', [{ origin: '*', methods: ['*'] }], /"\*" is not a method/],
    ['a path without a slash', [{ origin: '*', paths: ['v1'] }], /does not begin with "\/"/],
    ['a path that climbs', [{ origin: '*', paths: ['/a/../b'] }], /ambiguous/],
    ['a path with braces', [{ origin: '*', paths: ['/{a,b}'] }], /only \* and \*\* are special/],
    ['a secret for everybody', [{ origin: '*', secret: 's' }], /a secret needs an origin of its own/],
    ['a cap that is text', [{ origin: '*', maxCalls: '1' }], /expected a number/],
  ])('refuses %s with a TypeError', (_, part, message) => {
    expect(() => parseHttpGrants(part as never, 'grant.http')).toThrow(TypeError);
    expect(() => parseHttpGrants(part as never, 'grant.http')).toThrow(message);
  });

  test('refuses a cap out of range', () => {
    expect(() => parseHttpGrants([{ origin: '*', maxBytes: -1 }], 'grant.http')).toThrow(RangeError);
  });

  test('fills the defaults', () => {
    expect(parseHttpGrants([{ origin: 'https://a.com' }], 'grant.http')).toMatchObject([
      {
        methods: new Set(['GET', 'HEAD']),
        paths: undefined,
        maxRequestBytes: 8 * 1024 * 1024,
        maxResponseBytes: 32 * 1024 * 1024,
        maxCalls: Number.POSITIVE_INFINITY,
      },
    ]);
  });
});

describe('matchesOrigin()', verifies('HT-06'), () => {
  test.each([
    ['https://a.com', 'https://a.com/x', true],
    ['https://a.com', 'https://A.COM:443/', true],
    ['https://a.com', 'http://a.com/', false],
    ['https://a.com', 'https://a.com:8443/', false],
    ['https://a.com', 'https://a.com./', false],
    ['https://a.com', 'https://b.a.com/', false],
    ['https://a.com', 'https://a.com.evil.io/', false],
    ['https://a.com', 'https://evila.com/', false],
    ['https://a.com:8443', 'https://a.com:8443/', true],
    ['https://*.a.com', 'https://b.a.com/', true],
    ['https://*.a.com', 'https://c.b.a.com/', true],
    ['https://*.a.com', 'https://a.com/', false],
    ['https://*.a.com', 'https://.a.com/', false],
    ['https://*.a.com', 'https://evil-a.com/', false],
    ['https://*.a.com', 'https://b.a.com.evil.io/', false],
    ['https://*.a.com', 'https://b.a.com:444/', false],
    ['https://bücher.example', 'https://xn--bcher-kva.example/', true],
    ['http://127.0.0.1:80', 'http://2130706433/', true],
    ['http://127.0.0.1', 'http://0x7f.1/', true],
    ['http://[::1]:8080', 'http://[0:0:0:0:0:0:0:1]:8080/', true],
    ['*', 'https://anything.example/', true],
  ])('%s and %s: %s', (pattern, url, expected) => {
    if (!URL.canParse(url)) {
      expect(expected).toBe(false);
      return;
    }
    expect(matchesOrigin(parseOriginPattern(pattern, 'origin'), new URL(url))).toBe(expected);
  });

  test.each([
    ['*', 'https://a.com', true],
    ['*', 'https://*.a.com', true],
    ['*', 'http://127.0.0.1:80', false],
    ['*', 'http://localhost', false],
    ['https://*.a.com', 'https://b.a.com', true],
    ['https://*.a.com', 'https://*.b.a.com', true],
    ['https://*.a.com', 'https://*.a.com', true],
    ['https://*.a.com', 'https://a.com', false],
    ['https://*.a.com', '*', false],
    ['https://a.com', 'http://a.com', false],
    ['https://a.com', 'https://*.a.com', false],
  ])('coversOrigin(%s, %s) is %s', (outer, inner, expected) => {
    expect(coversOrigin(parseOriginPattern(outer, 'o'), parseOriginPattern(inner, 'i'))).toBe(expected);
  });
});

describe('path patterns', () => {
  test.each([
    ['/v1/*', '/v1/items', true],
    ['/v1/*', '/v1/', false],
    ['/v1/*', '/v1/a/b', false],
    ['/v1/**', '/v1/a/b', true],
    ['/v1/**', '/v1', true],
    ['/v1/**', '/v10', false],
    ['/v1/*.json', '/v1/a.json', true],
    ['/v1/*.json', '/v1/a.json.exe', false],
    ['/**/meta', '/a/b/meta', true],
    ['/', '/', true],
    ['/', '/a', false],
    ['/a b', '/a%20b', true],
    ['/v1/items', '/v1/%69tems', true],
    ['/V1/items', '/v1/items', false],
  ])('%s and %s: %s', (pattern, path, expected) => {
    const segments = pathSegments(path);
    const patterns = pattern === '/a b' ? '/a%20b' : pattern;
    expect(segments !== undefined && compilePathPatterns([patterns], 'paths').matches(segments)).toBe(
      expected,
    );
  });

  test.each([
    '/v1/%2e%2e/admin',
    '/v1/%2E%2e/admin',
    '/v1/%252e%252e/admin',
    '/v1/%25252e%25252e/admin',
    '/v1/..;/admin',
    '/v1/..;x=1/admin',
    '/v1/.;/admin',
    '/v1/%2e%2e;/admin',
    '/v1//admin',
    '//admin',
    '/v1/..%2fadmin',
    '/v1/a%2fb',
    '/v1/a%5cb',
    '/v1/a%252fb',
    '/v1/%00',
    '/v1/%',
    '/v1/%zz',
    '/v1/%ff',
    '/v1/../admin',
  ])('%s is not a path that can be checked', (path) => {
    expect(pathSegments(path)).toBeUndefined();
  });

  test.each([
    ['/v1/**', '/v1/a/*', true],
    ['/v1/**', '/v1/**', true],
    ['/v1/*', '/v1/a', true],
    ['/v1/a*', '/v1/abc', true],
    ['/v1/*', '/v1/**', false],
    ['/v1/a*', '/v1/*', false],
    ['/v1/**/x', '/v1/a/b/x', true],
    ['/v1/**', '/v2/a', false],
  ])('coversPattern(%s, %s) is %s', (outer, inner, expected) => {
    expect(coversPattern(splitPattern(outer, 'o'), splitPattern(inner, 'i'))).toBe(expected);
  });
});

describe('isPublicAddress()', () => {
  test.each(['8.8.8.8', '93.184.216.34', '2606:4700::1111', '::ffff:8.8.8.8'])('%s is', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });
  test.each([
    '127.0.0.1',
    '127.255.255.254',
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '100.100.100.200',
    '168.63.129.16',
    '0.0.0.0',
    '0.1.2.3',
    '192.0.0.1',
    '192.0.2.1',
    '192.88.99.1',
    '198.18.0.1',
    '198.51.100.1',
    '203.0.113.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::7f00:1',
    '::ffff:127.0.0.1',
    '::ffff:0:127.0.0.1',
    '::ffff:10.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b::808:808',
    '64:ff9b:1::1',
    '2002:7f00:1::',
    '2001::1',
    '2001:db8::1',
    'fe80::1',
    'fe80::1%eth0',
    'fc00::1',
    'fd00:ec2::254',
    'fec0::1',
    'ff02::1',
    '100::1',
    '4000::1',
    'example.com',
    '',
  ])('%s is not', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
  test('canonicalAddress() gives one spelling', () => {
    expect(canonicalAddress('[::FFFF:7f00:1]')).toBe('127.0.0.1');
    expect(canonicalAddress('0:0:0:0:0:0:0:1')).toBe('::1');
    expect(canonicalAddress('localhost')).toBeUndefined();
  });
});

describe('secrets', () => {
  test.each([
    [{ kind: 'bearer', token: 'abc' }, ['authorization', 'Bearer abc']],
    [{ kind: 'basic', username: 'u', password: 'pä' }, ['authorization', 'Basic dTpww6Q=']],
    [{ kind: 'header', name: 'X-Key', value: 'v' }, ['x-key', 'v']],
  ] as const)('%j become a header', (secret, header) => {
    expect(toCredential(secret as Secret).header).toEqual(header);
  });

  test.each([
    { kind: 'bearer', token: 'a\r\nx: y' },
    { kind: 'header', name: 'X Key', value: 'v' },
    { kind: 'header', name: '', value: 'v' },
  ] as const)('%j is refused', (secret) => {
    expect(() => toCredential(secret)).toThrow(TypeError);
  });

  test('Scrubber finds a credential wherever the pieces are cut', () => {
    const { traces } = toCredential({ kind: 'bearer', token: 'se/cret"token' });
    const body = 'a se/cret"token b se%2Fcret%22token c se/cret\\"token d se/cret';
    const clean = 'a ************* b ***************** c ************** d se/cret';
    for (let size = 1; size <= body.length; size++) {
      const scrubber = new Scrubber(traces);
      let out = '';
      for (let at = 0; at < body.length; at += size)
        out += scrubber.push(Buffer.from(body.slice(at, at + size)));
      out += scrubber.end();
      expect(out).toBe(clean);
    }
  });
});

describe('http narrow()', () => {
  const narrow = (asked: readonly HttpGrant[], ceiling: readonly HttpGrant[] | undefined) =>
    narrowHttpGrants(
      parseHttpGrants(asked as never, 'grant.http'),
      ceiling === undefined ? undefined : parseHttpGrants(ceiling as never, 'policy.http'),
    );

  test('gives what is asked with the smaller caps', () => {
    expect(
      narrow(
        [{ origin: 'https://api.a.com', methods: ['get'], maxCalls: 50 }],
        [
          {
            origin: 'https://*.a.com',
            methods: ['GET', 'POST'],
            paths: ['/v1/**'],
            maxCalls: 5,
            maxResponseBytes: 10,
          },
        ],
      ),
    ).toMatchObject([
      {
        origin: { text: 'https://api.a.com' },
        methods: new Set(['GET']),
        paths: { patterns: ['/v1/**'] },
        maxCalls: 5,
        maxRequestBytes: 8 * 1024 * 1024,
        maxResponseBytes: 10,
      },
    ]);
    // Whether a trace is told is the ceiling's word; an asked entry can only say no.
    const told = (ceiling: boolean | undefined, asked: boolean | undefined): unknown =>
      narrow(
        [{ origin: 'https://a.test', ...defined({ traceparent: asked }) }],
        [{ origin: 'https://a.test', ...defined({ traceparent: ceiling }) }],
      )[0]?.traceparent;
    expect([told(true, undefined), told(true, true), told(true, false)]).toEqual([true, true, false]);
    expect([told(undefined, true), told(false, true), told(undefined, undefined)]).toEqual([
      false,
      false,
      false,
    ]);
    expect(narrow([], undefined)).toEqual([]);
  });

  test.each([
    ['no ceiling', { origin: 'https://a.com' }, undefined],
    ['another origin', { origin: 'https://b.com' }, { origin: 'https://a.com' }],
    ['all origins', { origin: '*' }, { origin: 'https://a.com' }],
    ['a private address under *', { origin: 'http://10.0.0.1' }, { origin: '*' }],
    ['more methods', { origin: 'https://a.com', methods: ['POST'] }, { origin: 'https://a.com' }],
    [
      'more paths',
      { origin: 'https://a.com', paths: ['/**'] },
      { origin: 'https://a.com', paths: ['/v1/**'] },
    ],
    ['a secret', { origin: 'https://a.com', secret: 's' }, { origin: 'https://a.com' }],
    ['another secret', { origin: 'https://a.com', secret: 's' }, { origin: 'https://a.com', secret: 't' }],
  ])('refuses %s', (_, asked, ceiling) => {
    expect(() => narrow([asked], ceiling && [ceiling])).toThrow(
      'Cannot grant http[0]: the policy does not cover',
    );
  });
});
