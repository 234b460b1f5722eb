import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRuntime, type Runtime, toJsonForm } from '../../runtime/index.ts';
import { verifies } from '../support/verifies.ts';

let server: Server;
let origin = '';
let runtime: Runtime;
const PAGES: Readonly<Record<string, () => string>> = {
  '/': () => '<title>Good</title><p>text</p>',
  '/deep': () => `<title>Deep</title>${'<div>'.repeat(20_000)}x`,
  '/wide': () => `<title>Wide</title>${'<p><b>x</b></p>'.repeat(20_000)}`,
  '/unclosed': () => `<title>Unclosed</title>${'<a '.repeat(100_000)}`,
  '/comments': () => `<title>Comments</title>${'<!--'.repeat(100_000)}`,
  '/large': () => 'x'.repeat(17 * 1024 * 1024),
  '/base': () => '<base href="http://10.0.0.1/"><a href="next">go</a>',
  '/script': () => '<a href="javascript:1">go</a><form action="data:text/html,x"><input name="a"></form>',
};

beforeAll(async () => {
  server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://x');
    response.setHeader('content-type', 'text/html');
    if (pathname === '/loop') return response.writeHead(302, { location: '/loop' }).end();
    if (pathname === '/file') return response.writeHead(302, { location: 'file:///etc/passwd' }).end();
    if (pathname === '/split') return response.writeHead(200, { 'set-cookie': 'a=b; Domain=.0.1' }).end();
    if (pathname === '/seen') return response.end(`<title>${request.headers.cookie ?? 'none'}</title>`);
    return response.end(PAGES[pathname]?.() ?? '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  runtime = createRuntime({ level: 'minimal', browser: { driver: 'http' } });
});
afterAll(async () => {
  await runtime.close();
  server.closeAllConnections();
  server.close();
});

const end = async (code: string): Promise<unknown> => {
  const outcome = await runtime.run({
    language: 'javascript',
    code: `const { browser } = sandglass; const origin = '${origin}';
      const end = async (act) => { try { return await act() } catch ({ code, details }) { return details?.reason ?? code } };
      ${code}`,
    grant: { browser: { origins: [origin], actions: ['navigate', 'extract', 'interact'] } },
    limits: { timeoutMs: 60_000 },
  });
  return outcome.ok ? toJsonForm(outcome.value ?? null) : outcome.error;
};

test(
  'pages made to hold a parser up end by themselves, and the next one is read',
  verifies('BR-09'),
  async () => {
    for (const path of ['/deep', '/wide', '/unclosed', '/comments', '/large']) {
      const [, next] =
        (await end(`const first = await end(async () => (await browser.navigate(origin + '${path}')).title);
      await end(() => browser.snapshot({ timeoutMs: 500 }));
      await end(() => browser.extract({ selectors: { a: 'div p, b, div' }, timeoutMs: 500 }));
      [first, (await browser.navigate(origin + '/')).title]`)) as [unknown, unknown];
      expect([path, next]).toEqual([path, 'Good']);
    }
    expect(await end(`end(() => browser.navigate(origin + '/large'))`)).toBe('too-large');
  },
);

test('a selector that never ends is cut off, and the next one answers', async () => {
  const slow = 'i ~ p ~ p ~ p ~ p';
  expect(
    await end(`await browser.navigate(origin + '/wide');
      const cut = await end(() => browser.extract({ selectors: { a: '${slow}' }, timeoutMs: 300 }));
      await browser.navigate(origin + '/');
      [cut, await browser.extract({ selectors: { p: 'p' } })]`),
  ).toEqual(['too-large', { p: ['text'] }]);
});

test('leads nowhere else: redirects, bases, schemes, cookies', verifies('BR-08'), async () => {
  expect(
    await end(`const ends = [await end(() => browser.navigate(origin + '/loop')), await end(() => browser.navigate(origin + '/file'))];
      await browser.navigate(origin + '/base');
      ends.push(await end(() => browser.click('a')));
      await browser.navigate(origin + '/script');
      ends.push(await end(() => browser.click('a')), await end(() => browser.fillForm({ data: { a: '1' }, submit: true })));
      await browser.navigate(origin + '/split');
      ends.push((await browser.navigate(origin + '/seen')).title);
      ends`),
  ).toEqual(['navigation', 'navigation', 'CAPABILITY_DENIED', 'navigation', 'navigation', 'a=b']);
});
