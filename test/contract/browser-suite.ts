import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BrowserOptions } from '../../runtime/index.ts';
import { createRuntime, type Grant, type Runtime, toJsonForm } from '../../runtime/index.ts';
import { verifies } from '../support/verifies.ts';

const PAGE = `<!doctype html><title>Shop</title><h1>Shop &amp; more</h1>
  <p hidden>hidden</p><ul><li><a href="/item/1">One</a></li><li><a href="item/2">Two</a></li></ul>
  <img src="/x.png" alt="x"><form action="/sent"><input name="email"><input id="name" name="name">
  <select name="size"><option value="s">Small</option><option value="l">Large</option></select>
  <input type="checkbox" name="ok"><button>Send</button></form>
  <form id="post" action="/posted" method="post"><textarea name="text"></textarea></form>
  <script>console.log('hello from the page'); document.body.dataset.ran = 'yes'</script>`;

/** Ways to another server that every driver meets; those of scripts are in test/security/browser-escape.test.ts. */
const LEAKS = `<!doctype html><title>Leaks</title><img src="EVIL/img"><iframe src="EVIL/frame"></iframe><link rel="stylesheet" href="EVIL/css">
  <link rel="prefetch" href="EVIL/prefetch"><script src="EVIL/script"></script><img src="/redirect?to=/img2"><iframe src="/redirect?to=/frame2"></iframe>
  <a href="/redirect?to=/clicked">go</a><form action="EVIL/form"><input name="x"></form>
  <script>fetch('EVIL/fetch', { mode: 'no-cors' }).catch(() => 0); navigator.sendBeacon('EVIL/beacon', 'x'); new WebSocket('EVIL/ws'.replace('http', 'ws'));
  new Worker(URL.createObjectURL(new Blob(["fetch('EVIL/worker', { mode: 'no-cors' }).catch(() => 0)"]))); window.open('EVIL/popup');
  new EventSource('EVIL/events'); navigator.serviceWorker.register('/service.js').catch(() => 0)</script>`;

const originOf = async (server: Server): Promise<string> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
};

/** What every driver of browsers does the same way, and what none lets through. */
export function describeDriver(
  name: string,
  optionsOf: () => Promise<BrowserOptions>,
  { scripts = true }: { readonly scripts?: boolean } = {},
): void {
  describe(`the driver ${name}`, verifies('BR-01'), () => {
    let own: Server;
    let evil: Server;
    let origin = '';
    let evilOrigin = '';
    let runtime: Runtime;
    const hits: string[] = [];
    beforeAll(async () => {
      evil = createServer((request, response) => {
        hits.push(request.url ?? '');
        response.end('evil');
      });
      evilOrigin = await originOf(evil);
      own = createServer((request, response) => answer(request, response, evilOrigin));
      origin = await originOf(own);
      runtime = createRuntime({ level: 'minimal', browser: await optionsOf() });
    });
    afterAll(async () => {
      await runtime?.close();
      for (const server of [own, evil]) {
        server?.closeAllConnections();
        server?.close();
      }
    });
    const all = (): Grant => ({
      browser: { origins: [origin], actions: ['navigate', 'extract', 'interact', 'screenshot'] },
    });
    const run = async (code: string, grant: Grant = all()) => {
      const outcome = await runtime.run({
        language: 'javascript',
        code: `const { browser } = sandglass; const origin = '${origin}'; const evil = '${evilOrigin}';
          const end = async (act) => { try { await act(); return 'ok' } catch ({ code, details }) { return details?.reason ?? code } };
          ${code}`,
        grant,
        limits: { timeoutMs: 120_000 },
      });
      const value = outcome.ok && outcome.value !== undefined ? toJsonForm(outcome.value) : undefined;
      return outcome.ok ? value : outcome.error;
    };

    test('navigates, extracts, goes back, tells requests and tabs', verifies('BR-02', 'BR-03'), async () => {
      expect(
        await run(`const first = await browser.navigate(origin + '/');
          const found = await browser.extract({ selectors: { title: 'h1', links: 'a[href]', pictures: 'img[src]', none: '.nothing' } });
          const there = await browser.navigate(origin + '/other');
          const back = await browser.back();
          const { tabs } = await browser.tabs();
          const { requests } = await browser.network();
          ({ first: [first.url, first.title, first.status, first.content.includes('Shop & more'), first.content.includes('console.log')], found,
            there: [there.title, there.content.trim()], back, tabs: tabs.map(({ title, current }) => [title, current]),
            told: requests.some(({ method, url, ok }) => method === 'GET' && url === origin + '/other' && ok) })`),
      ).toEqual({
        first: [`${origin}/`, 'Shop', 200, true, false],
        found: {
          title: ['Shop & more'],
          links: [`${origin}/item/1`, `${origin}/item/2`],
          pictures: [`${origin}/x.png`],
          none: [],
        },
        there: ['/other', 'page /other'],
        back: { url: `${origin}/`, title: 'Shop' },
        tabs: [['Shop', true]],
        told: true,
      });
    });

    test('fills forms, chooses and clicks', verifies('BR-04', 'BR-05'), async () => {
      expect(
        await run(`const sent = await browser.fillForm({ url: origin + '/', data: { email: 'a@b.c', name: "O'Brien é", size: 'l', ok: true }, submit: true });
          const posted = await browser.fillForm({ url: origin + '/', data: { text: 'a&b=ü' }, submit: true });
          await browser.navigate(origin + '/');
          await browser.fill('#name', 'by selector');
          const { selected } = await browser.select({ selector: 'select', values: ['Large'] });
          const button = await browser.click('form button');
          await browser.navigate(origin + '/');
          const { snapshot } = await browser.snapshot();
          const ref = /link "Two"[^\\n]*\\[ref=(\\w+)\\]/.exec(snapshot)[1];
          const clicked = await browser.click({ ref });
          await browser.navigate(origin + '/');
          const waited = await browser.waitFor({ text: 'Shop & more' });
          ({ sent: sent.title, filled: sent.filled, posted: posted.title, selected, button: button.title, clicked: clicked.title, waited: waited.title })`),
      ).toEqual({
        sent: '/sent?email=a%40b.c&name=O%27Brien+%C3%A9&size=l&ok=on',
        filled: ['email', 'name', 'size', 'ok'],
        posted: 'POST text=a%26b%3D%C3%BC',
        selected: ['l'],
        button: '/sent?email=&name=by+selector&size=l',
        clicked: '/item/2',
        waited: 'Shop',
      });
    });

    test('each mistake has its reason', async () => {
      expect(
        await run(`const ends = [await end(() => browser.click('a')), await end(() => browser.extract({ selectors: { a: 'a' } }))];
          await browser.navigate(origin + '/');
          ends.push(await end(() => browser.click('.absent')), await end(() => browser.fillForm({ data: { absent: 'x' } })),
            await end(() => browser.extract({ selectors: { a: ':::' } })), await end(() => browser.click({ ref: 'e999' })),
            await end(() => browser.navigate({ url: origin + '/slow', timeoutMs: 300 })), await end(() => browser.navigate('about:blank')));
          ends`),
      ).toEqual([
        'no-page',
        'no-page',
        'no-element',
        'no-element',
        'invalid',
        'no-element',
        'timeout',
        'CAPABILITY_DENIED',
      ]);
    });

    test('sessions share no cookies', async () => {
      expect(
        await run(`await browser.navigate({ url: origin + '/cookie', session: 'a' });
          const mine = (await browser.navigate({ url: origin + '/seen', session: 'a' })).title;
          const other = (await browser.navigate({ url: origin + '/seen', session: 'b' })).title;
          await browser.close({ session: 'a' }); await browser.close({ session: 'b' });
          [mine, other]`),
      ).toEqual(['a=1', 'none']);
    });

    test('downloads are files of granted origins with the cookies of the pages, or refused', async () => {
      const grant = (part: object): Grant => ({ browser: { ...all().browser, origins: [origin], ...part } });
      const file = { filename: 'é.csv', mime: 'text/csv', bytes: 8, base64: btoa('a,b\n1,2\n') };
      expect(
        await run(
          `const direct = await browser.download(origin + '/file.csv');
          await browser.navigate(origin + '/cookie');
          await browser.navigate(origin + '/files');
          const clicked = await browser.download({ selector: '#csv' });
          const seen = atob((await browser.download(origin + '/seen.csv')).base64);
          const title = (await browser.tabs()).tabs[0].title;
          const ends = [await end(() => browser.download(origin + '/big.csv')), await end(() => browser.download(evil + '/download')),
            await end(() => browser.download(origin + '/redirect?to=/download2'))];
          await browser.navigate(origin + '/files');
          ends.push(await end(() => browser.download({ selector: '#evil', timeoutMs: 3_000 })));
          ({ direct, clicked, seen, title, ends })`,
          grant({ maxDownloadBytes: 1_000 }),
        ),
      ).toEqual({
        direct: { url: `${origin}/file.csv`, ...file },
        clicked: { url: `${origin}/file.csv`, ...file },
        seen: 'a=1',
        title: 'Files',
        ends: ['too-large', ...Array(3).fill('CAPABILITY_DENIED')],
      });
      // Without a grant none, and what a page begins by itself goes nowhere.
      expect(
        await run(
          `await browser.navigate(origin + '/files'); await browser.click('#csv'); end(() => browser.download(origin + '/file.csv'))`,
          grant({}),
        ),
      ).toBe('CAPABILITY_DENIED');
      expect(hits).toEqual([]);
    });

    test('reaches nothing that is not granted', verifies('BR-08', 'BR-09'), async () => {
      expect(
        await run(`const leaks = (await browser.navigate(origin + '/leaks')).title;
          const clicked = await end(() => browser.click('a'));
          await browser.navigate(origin + '/leaks');
          const form = await end(() => browser.fillForm({ data: { x: '1' }, submit: true }));
          const led = await end(() => browser.navigate(origin + '/redirect?to=/navigated'));
          const direct = await end(() => browser.navigate(evil + '/direct'));
          [leaks, clicked, form, led, direct]`),
      ).toEqual(['Leaks', ...Array(4).fill('CAPABILITY_DENIED')]);
      expect(hits).toEqual([]);
    });

    if (scripts)
      test('runs scripts, draws, prints, presses keys', verifies('BR-06'), async () => {
        expect(
          await run(`await browser.navigate(origin + '/');
            const { ran } = await browser.extract({ selectors: { ran: 'body[data-ran=yes] h1' } });
            const { messages } = await browser.console();
            const png = await browser.screenshot({ fullPage: true });
            const one = await browser.screenshot({ selector: 'h1' });
            const pdf = await browser.pdf();
            await browser.scroll({ by: 10 });
            const pressed = await browser.press({ selector: '#name', key: 'Enter' });
            await browser.tabs('new');
            const { tabs } = await browser.tabs();
            [ran.length, messages[0].text, [...png.slice(0, 4)], [...one.slice(1, 4)], String.fromCharCode(...pdf.slice(0, 5)), pressed.title, tabs.length]`),
        ).toEqual([
          1,
          'hello from the page',
          [137, 80, 78, 71],
          [80, 78, 71],
          '%PDF-',
          '/sent?email=&name=&size=s',
          2,
        ]);
      });
    else
      test('what needs scripts or a screen is UNSUPPORTED', verifies('BR-06'), async () => {
        expect(
          await run(`await browser.navigate(origin + '/');
            const { ran } = await browser.extract({ selectors: { ran: 'body[data-ran=yes] h1' } });
            [ran, await end(() => browser.screenshot()), await end(() => browser.pdf()), await end(() => browser.press('Enter')), await end(() => browser.scroll(1))]`),
        ).toEqual([[], ...Array(4).fill('UNSUPPORTED')]);
      });
  });
}

function answer(
  request: import('node:http').IncomingMessage,
  response: import('node:http').ServerResponse,
  evilOrigin: string,
): void {
  const { pathname, search, searchParams } = new URL(request.url ?? '/', 'http://x');
  response.setHeader('content-type', 'text/html; charset=utf-8');
  if (pathname === '/slow') return; // it never answers
  if (pathname === '/redirect') {
    response.writeHead(302, { location: `${evilOrigin}${searchParams.get('to')}` }).end();
    return;
  }
  if (pathname === '/service.js') response.setHeader('content-type', 'text/javascript');
  if (pathname === '/cookie') response.setHeader('set-cookie', 'a=1');
  if (request.method === 'POST') {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => response.end(`<title>POST ${body.replaceAll('&', '&amp;')}</title>`));
    return;
  }
  if (pathname.endsWith('.csv')) {
    response.setHeader('content-type', 'text/csv');
    response.setHeader('content-disposition', "attachment; filename*=UTF-8''%C3%A9.csv");
    const bodies: Readonly<Record<string, string>> = {
      '/big.csv': 'x'.repeat(2_000),
      '/seen.csv': request.headers.cookie ?? '',
    };
    response.end(bodies[pathname] ?? 'a,b\n1,2\n');
    return;
  }
  if (pathname === '/files')
    response.end(
      `<title>Files</title><a id="csv" href="/file.csv"><b>CSV</b></a><a id="evil" href="${evilOrigin}/download3" download>x</a>`,
    );
  else if (pathname === '/') response.end(PAGE);
  else if (pathname === '/leaks') response.end(LEAKS.replaceAll('EVIL', evilOrigin));
  else if (pathname === '/service.js') response.end(`fetch('${evilOrigin}/service')`);
  else if (pathname === '/seen') response.end(`<title>${request.headers.cookie ?? 'none'}</title>`);
  else response.end(`<title>${pathname}${search.replaceAll('&', '&amp;')}</title><p>page ${pathname}</p>`);
}
