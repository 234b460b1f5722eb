import { describe, expect, test } from 'vitest';
import { createRedact } from '../../host-functions/http/redact.ts';
import { toCredential } from '../../host-functions/http/secrets.ts';
import { openGuest, startServer } from '../support/http-harness.ts';

const TOKEN = 'Sekret+Token/12 34=="é"';
const FORMS = [
  TOKEN,
  TOKEN.toLowerCase(),
  encodeURIComponent(TOKEN),
  encodeURIComponent(TOKEN).toLowerCase(),
  encodeURIComponent(encodeURIComponent(TOKEN)),
  encodeURI(TOKEN),
  new URLSearchParams({ '': TOKEN }).toString().slice(1),
  JSON.stringify(TOKEN).slice(1, -1),
  [...new TextEncoder().encode('Sekret+Token/12 34')].map((byte) => `%${byte.toString(16)}`).join(''),
];

/** None of these may be in what a guest sees. */
const PIECES = /sekret|%53%65%6b|token/i;

describe('createRedact()', () => {
  const redact = createRedact(toCredential({ kind: 'bearer', token: 'Sekret+Token/12 34' }).traces);

  test.each(FORMS.map((form) => form.replaceAll('%C3%A9', '').replaceAll('é', '')))('hides %s', (form) => {
    const text = redact(`https://api.example.com/a/${form}?b=1`);
    expect(text).not.toMatch(PIECES);
  });

  test('leaves all else, and everything where there is no credential', () => {
    expect(redact('https://api.example.com/a%20b?c=%zz')).toBe('https://api.example.com/a%20b?c=%zz');
    expect(createRedact([])('Sekret+Token/12 34')).toBe('Sekret+Token/12 34');
  });
});

/** One server that gets the token, and does with it what its path says; one that only repeats what it is asked. */
async function servers() {
  const other = await startServer((request, response) => {
    response.setHeader('x-echo', request.url ?? '');
    response.end(`saw ${request.url}`);
  });
  const first = await startServer((request, response) => {
    const token = (request.headers.authorization ?? '').replace('Bearer ', '');
    const to = (location: string): void => void response.writeHead(302, { location }).end();
    switch (request.url) {
      case '/query':
        return to(`/landing?token=${token}`);
      case '/path':
        return to(`/landing/${token}`);
      case '/fragment':
        return to(`/landing#${token}`);
      case '/escaped':
        return to(`/landing?${[...token].map((c) => `%${c.charCodeAt(0).toString(16)}`).join('')}`);
      case '/elsewhere':
        return to(`${other.origin}/x?token=${token}`);
      case '/twice':
        return to(`${other.origin}/x?again=${encodeURIComponent(token)}`);
      case '/ungranted':
        return to(`http://127.0.0.1:1/${token}`);
      case '/host':
        return to(`http://${token}.example.com/`);
      case '/location':
        return void response.writeHead(200, { location: `/x/${token}`, link: `<${token}>` }).end('ok');
      case '/name':
        return void response.writeHead(200, { [`x-${token}`]: '1' }).end('ok');
      case '/status':
        return void response.writeHead(200, token).end(token.toUpperCase());
      default:
        return void response.end('landed');
    }
  });
  return { first, other };
}

describe('a credential that a server gives away', () => {
  const token = 'SekretToken1234567890';

  test.each([
    ...['/query', '/path', '/fragment', '/escaped', '/elsewhere', '/twice', '/ungranted', '/host'],
    ...['/location', '/name', '/status'],
  ])('does not reach the guest: %s', async (path) => {
    const { first, other } = await servers();
    await using _one = first;
    await using _two = other;
    await using guest = await openGuest({
      grant: [{ origin: first.origin, secret: 's' }, { origin: other.origin }],
      secrets: { s: { kind: 'bearer', token } },
    });
    for (const redirect of ['follow', 'manual'] as const) {
      const seen = await guest.get(`${first.origin}${path}`, { redirect }).catch((error: unknown) => {
        const { message, details, hint } = error as Error & { details: unknown; hint: unknown };
        return { message, details, hint };
      });
      const text = JSON.stringify(seen);
      expect(text).not.toMatch(/sekret/i);
      expect(decodeURIComponent(text.replaceAll(/%(?![0-9a-f]{2})/gi, ''))).not.toMatch(/sekret/i);
    }
    expect(first.seen[0]?.headers.authorization).toBe(`Bearer ${token}`);
  });

  test('is asked for in codings that can be searched, also of servers that never got it', async () => {
    await using plain = await startServer();
    await using guest = await openGuest({
      grant: [{ origin: plain.origin }, { origin: 'https://api.example.com', secret: 's' }],
      secrets: { s: { kind: 'bearer', token } },
    });
    await guest.get(plain.origin, { headers: [['accept-encoding', 'zstd']] });
    expect(plain.seen[0]?.headers['accept-encoding']).toBe('gzip, deflate, br');
  });
});
