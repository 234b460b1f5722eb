import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BearerTokens, createBearerTokens } from '../../runtime/auth/bearer-tokens.ts';
import { readIssuers } from '../../runtime/auth/issuers.ts';
import { verifies } from '../support/verifies.ts';

verifies('AU-06', 'MC-06');

const RESOURCE = 'http://127.0.0.1:4280/mcp';
const NOW = 1_800_000_000_000;

/** An issuer whose keys change and whose requests are counted; everything else that is asked of it is a canary. */
async function openKeyServer() {
  const hits = { keys: 0, others: [] as string[] };
  let body = '{"keys":[]}';
  let status = 200;
  const server = createServer((request, response) => {
    if (request.url === '/jwks') hits.keys += 1;
    else hits.others.push(request.url ?? '');
    response.writeHead(request.url === '/jwks' ? status : 404, { location: '/elsewhere' }).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hits,
    answer: (text: string, code = 200) => {
      body = text;
      status = code;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

let server: Awaited<ReturnType<typeof openKeyServer>>;
let pair: { readonly privateKey: CryptoKey; readonly publicKey: CryptoKey };
let publicJwk: Record<string, unknown>;
beforeAll(async () => {
  server = await openKeyServer();
  pair = await generateKeyPair('RS256', { extractable: true });
  publicJwk = { ...(await exportJWK(pair.publicKey)), kid: 'one', alg: 'RS256' };
});
afterAll(() => server.close());

/** Fresh keys, fresh clocks. */
function open(more: Record<string, unknown> = {}) {
  server.hits.keys = 0;
  server.hits.others.length = 0;
  server.answer(JSON.stringify({ keys: [publicJwk] }));
  let monotonic = 0;
  let now = NOW;
  const { issuers } = readIssuers({
    resource: RESOURCE,
    issuers: [
      {
        name: 'acme',
        issuer: server.url,
        jwks: `${server.url}/jwks`,
        rules: { 'tools:run': { permissions: ['fs.read'], tools: ['read_*'], rate: 5 } },
        ...more,
      },
    ],
  });
  const tokens: BearerTokens = createBearerTokens({
    issuers,
    fetch: (url, init) => fetch(url, init),
    now: () => now,
    monotonic: () => monotonic,
  });
  return {
    ...tokens,
    pass: (ms: number) => {
      monotonic += ms;
      now += ms;
    },
    jump: (ms: number) => {
      now += ms;
    },
  };
}

const CLAIMS = { iss: '', aud: RESOURCE, sub: 'ana', client_id: 'app', scope: 'tools:run' };
const seconds = (ms: number): number => Math.floor(ms / 1_000);

function sign(
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
  key: CryptoKey | Uint8Array = pair.privateKey,
): Promise<string> {
  const payload = { ...CLAIMS, iss: server.url, iat: seconds(NOW), exp: seconds(NOW) + 600, ...claims };
  return new SignJWT(JSON.parse(JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'RS256', kid: 'one', ...header })
    .sign(key, { crit: { exotic: true } });
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('createBearerTokens()', () => {
  test('takes a right token, whose scopes say what its user may do', async () => {
    const { holderOf } = open();
    expect(await holderOf(await sign())).toEqual({
      caller: { id: 'acme:ana', agent: 'app', permissions: ['fs.read'] },
      tools: ['read_*'],
      rate: { calls: 5, perMs: 60_000 },
      quota: undefined,
    });
    expect(server.hits.keys).toBe(1);
  });

  test('takes rate and quota of claims, and roles of a nested claim', async () => {
    const { holderOf } = open({
      claims: { roles: ['realm', 'roles'], rate: 'per_minute', quota: 'per_day' },
      rules: { admin: { permissions: ['*'], rate: 1 }, '*': { permissions: [] } },
    });
    const token = await sign({ realm: { roles: ['admin', 'other'] }, per_minute: 7, per_day: 0 });
    expect(await holderOf(token)).toMatchObject({
      caller: { permissions: ['*'] },
      rate: { calls: 7, perMs: 60_000 },
      quota: { calls: 0, perMs: 86_400_000 },
    });
  });

  test('refuses a token that no rule fits', async () => {
    const { holderOf } = open();
    for (const scope of ['', 'other', '*', 'constructor', '__proto__'])
      await expect(holderOf(await sign({ scope })), scope).rejects.toMatchObject({
        code: 'CAPABILITY_DENIED',
      });
  });

  test.each<[string, Record<string, unknown>]>([
    ['another audience', { aud: 'http://127.0.0.1:4280/other' }],
    ['no audience', { aud: undefined }],
    ['another issuer', { iss: 'https://evil.example' }],
    ['no issuer', { iss: undefined }],
    ['expired', { exp: seconds(NOW) - 31 }],
    ['no expiry', { exp: undefined }],
    ['expiry as a text', { exp: '9999999999' }],
    ['not yet', { nbf: seconds(NOW) + 31 }],
    ['made in the future', { iat: seconds(NOW) + 31 }],
    ['no user', { sub: undefined }],
    ['a user that is no text', { sub: ['ana'] }],
    ['a user with a line break', { sub: 'ana\nadmin' }],
    ['a user of 201 characters', { sub: 'a'.repeat(201) }],
  ])('refuses a token with %s', async (_, claims) => {
    const { holderOf } = open();
    expect(await holderOf(await sign(claims))).toBeUndefined();
  });

  test('bears clocks that differ by the skew, and no more', async () => {
    const { holderOf } = open();
    expect(await holderOf(await sign({ exp: seconds(NOW) - 29 }))).toBeDefined();
    const none = open({ clockSkewMs: 0 });
    expect(await none.holderOf(await sign({ exp: seconds(NOW) - 1 }))).toBeUndefined();
  });

  test('refuses no signature, a shared key, and the public key as one', async () => {
    const { holderOf } = open();
    const payload = encode({ ...CLAIMS, iss: server.url, exp: seconds(NOW) + 600 });
    for (const alg of ['none', 'None', 'NONE', ''])
      for (const tail of ['', '.', '.AA'])
        expect(await holderOf(`${encode({ alg, kid: 'one' })}.${payload}${tail}`)).toBeUndefined();
    const pem = new TextEncoder().encode(await exportSPKI(pair.publicKey));
    for (const alg of ['HS256', 'HS384', 'HS512'])
      expect(await holderOf(await sign({}, { alg }, pem))).toBeUndefined();
    const right = await sign();
    expect(await holderOf(`${right.slice(0, -4)}AAAA`)).toBeUndefined();
    expect(await holderOf(right.replace(/^[^.]+/, encode({ alg: 'RS512', kid: 'one' })))).toBeUndefined();
  });

  test('follows nothing that a token says of its own key', async () => {
    const { holderOf } = open();
    const mine = await generateKeyPair('RS256', { extractable: true });
    const jwk = await exportJWK(mine.publicKey);
    const url = `${server.url}/canary`;
    for (const header of [{ jku: url }, { x5u: url }, { jwk }, { x5c: ['AA=='] }, { jku: url, kid: 'two' }])
      expect(await holderOf(await sign({}, header, mine.privateKey))).toBeUndefined();
    expect(await holderOf(await sign({}, { crit: ['exotic'], exotic: true }))).toBeUndefined();
    expect(server.hits.others).toEqual([]);
  });

  test('decodes nothing of a token over 8 KiB, nor of what is none', async () => {
    const { holderOf } = open();
    expect(await holderOf(await sign({ filler: 'x'.repeat(8_000) }))).toBeUndefined();
    for (const text of ['', '..', 'a.b', 'a.b.c.d', 'a.b.c', 'sgk_ana_x', `${'.'.repeat(10_000)}`, 'é.é.é'])
      expect(await holderOf(text)).toBeUndefined();
    expect(server.hits.keys).toBe(0);
  });

  test('asks the issuer for keys once in 30 s at most, however many tokens name unknown ones', async () => {
    const { holderOf, pass } = open();
    await holderOf(await sign());
    for (let index = 0; index < 50; index++)
      expect(await holderOf(await sign({}, { kid: `unknown-${index}` }))).toBeUndefined();
    expect(server.hits.keys).toBe(1);
    pass(30_000);
    const many = await Promise.all(
      Array.from({ length: 50 }, (_, index) => sign({}, { kid: `more-${index}` })),
    );
    await Promise.all(many.map(holderOf));
    expect(server.hits.keys).toBe(2);
  });

  test('takes a new key of the issuer, and none that it has withdrawn', async () => {
    const { holderOf, pass } = open();
    expect(await holderOf(await sign())).toBeDefined();
    const next = await generateKeyPair('ES256', { extractable: true });
    const jwk = { ...(await exportJWK(next.publicKey)), kid: 'two', alg: 'ES256' };
    server.answer(JSON.stringify({ keys: [jwk] }));
    pass(30_000);
    expect(await holderOf(await sign({}, { alg: 'ES256', kid: 'two' }, next.privateKey))).toBeDefined();
    expect(await holderOf(await sign())).toBeUndefined();
  });

  test('keeps the keys of an issuer that is away for an hour, by a clock that does not jump', async () => {
    const { holderOf, pass, jump } = open();
    expect(await holderOf(await sign())).toBeDefined();
    server.answer('down', 500);
    pass(600_000);
    const late = (ms: number) => sign({ iat: seconds(NOW + ms), exp: seconds(NOW + ms) + 600 });
    expect(await holderOf(await late(600_000))).toBeDefined();
    jump(86_400_000);
    expect(await holderOf(await late(87_000_000))).toBeDefined();
    pass(3_000_001);
    await expect(holderOf(await late(90_000_001))).rejects.toMatchObject({ code: 'HOST_CALL_FAILED' });
  });

  test.each([
    ['an error', 'down', 500],
    ['a redirect', '{"keys":[]}', 302],
    ['no JSON', 'keys', 200],
    ['no key set', '[]', 200],
    ['another form', '{"keys":{}}', 200],
    ['more than 256 KiB', `{"keys":[],"x":"${'x'.repeat(300_000)}"}`, 200],
  ])('says that it cannot check, of an issuer that answers %s, and asks it once', async (_, body, status) => {
    const { holderOf } = open();
    server.answer(body, status);
    for (let index = 0; index < 3; index++)
      await expect(holderOf(await sign())).rejects.toMatchObject({ code: 'HOST_CALL_FAILED' });
    expect([server.hits.keys, server.hits.others]).toEqual([1, []]);
  });
});

describe('readIssuers()', () => {
  const one = { name: 'a', issuer: 'https://a.example' };
  test.each<[unknown, string]>([
    [{ resource: RESOURCE, issuers: [{ ...one, algorithms: ['HS256'] }] }, 'is not one of RS256'],
    [{ resource: RESOURCE, issuers: [{ ...one, algorithms: ['none'] }] }, 'is not one of RS256'],
    [{ resource: RESOURCE, issuers: [{ ...one, algorithms: [] }] }, 'is not one of RS256'],
    [{ resource: RESOURCE, issuers: [{ ...one, issuer: 'http://a.example' }] }, 'is not https'],
    [{ resource: RESOURCE, issuers: [{ ...one, jwks: 'file:///etc/passwd' }] }, 'is not https'],
    [{ resource: RESOURCE, issuers: [{ ...one, audience: [] }] }, 'expected one or more'],
    [{ resource: RESOURCE, issuers: [one, { ...one, name: 'b' }] }, 'the same issuer'],
    [{ resource: RESOURCE, issuers: [one, { ...one, issuer: 'https://b.example' }] }, 'the same name'],
    [{ resource: RESOURCE, issuers: [{ ...one, audiance: 'x' }] }, 'did you mean "audience"'],
    [
      { resource: RESOURCE, issuers: [{ ...one, rules: { x: { permissions: ['fs..read'] } } }] },
      'capability',
    ],
    [{ resource: RESOURCE, issuers: [{ ...one, clockSkewMs: 1e9 }] }, 'clockSkewMs'],
    [{ resource: 'https://user:pw@a.example', issuers: [one] }, 'without name, password'],
    [{ issuers: [one] }, 'Cannot read resource'],
  ])('refuses %j', (document, message) => {
    expect(() => readIssuers(document)).toThrow(message);
  });
});
