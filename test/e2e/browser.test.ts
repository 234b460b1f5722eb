import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type Grant, mergeGrants, type Runtime, toJsonForm } from '../../runtime/index.ts';
import { findChromium } from '../support/chromium.ts';
import { verifies } from '../support/verifies.ts';

const PAGE = `<!doctype html><title>Shop</title><h1>Shop</h1>
  <ul><li><a href="/item/1">One</a></li><li><a href="item/2">Two</a></li></ul>
  <img src="/x.png" alt="x"><form action="/sent"><input name="email"><input id="name" name="name">
  <select name="size"><option value="s">S</option><option value="l">L</option></select>
  <input type="checkbox" name="ok"><button>Send</button></form>
  <script>console.log('hello from the page'); addEventListener('contextmenu', (e) => { document.title = 'menu ' + e.button; e.preventDefault() })</script>`;

let server: Server;
let origin = '';
let runtime: Runtime;
const asked: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.setHeader('content-type', 'text/html');
    const { pathname, search } = new URL(request.url ?? '/', 'http://x');
    if (pathname === '/cookie') response.setHeader('set-cookie', 'a=1');
    if (pathname === '/slow') return; // it never answers
    if (pathname === '/') response.end(PAGE);
    else if (pathname === '/seen') response.end(`<title>${request.headers.cookie ?? 'none'}</title>`);
    else response.end(`<title>${pathname}${search}</title><p>${pathname}</p>`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  runtime = createRuntime({ browser: { executablePath: await findChromium() } });
});
afterAll(async () => {
  await runtime?.close();
  server?.closeAllConnections();
  server?.close();
});

const all = (): Grant => ({
  browser: { origins: [origin], actions: ['navigate', 'extract', 'interact', 'screenshot'] },
});
const run = async (code: string, grant: Grant = all()) => {
  const outcome = await runtime.run({
    language: 'javascript',
    code: `const { browser } = sandglass; const origin = ${JSON.stringify(origin)}; ${code}`,
    grant,
    limits: { timeoutMs: 60_000 },
  });
  return {
    code: outcome.ok ? 'ok' : outcome.error.code,
    value: outcome.ok && outcome.value !== undefined ? toJsonForm(outcome.value) : undefined,
    error: outcome.ok ? undefined : outcome.error,
    usage: outcome.usage,
  };
};

describe('a browser of a run', () => {
  test(
    'navigates, extracts, fills, clicks and tells what came of it',
    verifies('BR-02', 'BR-03', 'BR-04', 'BR-05', 'BR-07'),
    async () => {
      const { code, value, error, usage } = await run(`
      const first = await browser.navigate(origin + '/');
      const found = await browser.extract({ selectors: { title: 'h1', links: 'a[href]', pictures: 'img[src]', none: '.nothing' } });
      const sent = await browser.fillForm({ data: { email: 'a@b.c', name: "O'Brien", size: 'l', ok: true }, submit: true });
      await browser.back();
      const clicked = await browser.click('a[href]');
      const found2 = await browser.extract({ url: origin + '/other', selectors: { p: 'p' } });
      ({ first: [first.url === origin + '/', first.title, first.status, first.content.includes('Shop')], found, sent: sent.title, clicked, found2 })`);
      expect([code, error]).toEqual(['ok', undefined]);
      expect(value).toEqual({
        first: [true, 'Shop', 200, true],
        found: {
          title: ['Shop'],
          links: [`${origin}/item/1`, `${origin}/item/2`],
          pictures: [`${origin}/x.png`],
          none: [],
        },
        sent: '/sent?email=a%40b.c&name=O%27Brien&size=l&ok=on',
        clicked: { url: `${origin}/item/1`, title: '/item/1' },
        found2: { p: ['/other'] },
      });
      expect(usage.hostCalls).toEqual({ 'browser.navigate': 2, 'browser.extract': 2, 'browser.interact': 2 });
      expect(usage.ingressBytes).toBeGreaterThan(PAGE.length);
    },
  );

  test('acts by references of a snapshot; tells console, requests and tabs', async () => {
    const { code, value, error } = await run(`
      await browser.navigate(origin + '/');
      const { snapshot } = await browser.snapshot();
      const ref = /link "Two" \\[ref=(\\w+)\\]/.exec(snapshot)[1];
      const { messages } = await browser.console();
      const isTold = ({ requests }) => requests.some(({ url, ok }) => ok && url === origin + '/');
      while (!isTold(await browser.network())); // a request is told once it has ended, which may be after the page is there
      const clicked = await browser.click({ ref });
      await browser.tabs('new');
      const { tabs } = await browser.tabs();
      ({ clicked: clicked.title, message: messages[0].text, tabs: tabs.length })`);
    expect([code, error]).toEqual(['ok', undefined]);
    expect(value).toEqual({ clicked: '/item/2', message: 'hello from the page', tabs: 2 });
  });

  test('screenshots are PNG, pages print as PDF, Python has the same', verifies('BR-06'), async () => {
    const { value } = await run(`await browser.navigate(origin + '/');
      const png = await browser.screenshot({ fullPage: true }); const pdf = await browser.pdf();
      [[...png.slice(0, 8)], String.fromCharCode(...pdf.slice(0, 5))]`);
    expect(value).toEqual([[137, 80, 78, 71, 13, 10, 26, 10], '%PDF-']);
    const python = await runtime.run({
      language: 'python',
      code: `from sandglass import browser
page = browser.navigate("${origin}/")
png = browser.screenshot(full_page=True)
[page["title"], png[:4].hex(), browser.wait_for("h1")["title"]]`,
      grant: all(),
      limits: { timeoutMs: 60_000 },
    });
    expect(python).toMatchObject({ ok: true, value: ['Shop', '89504e47', 'Shop'] });
  });

  test('each mistake has its own reason', verifies('BR-04', 'BR-05'), async () => {
    const { value } = await run(`const ends = {};
      const end = async (name, act) => { try { await act(); ends[name] = 'ok' } catch (error) { ends[name] = [error.code, error.details?.reason] } };
      await end('no page', () => browser.click('a'));
      await end('no page to fill', () => browser.fillForm({ data: { email: 'x' } }));
      await browser.navigate(origin + '/');
      await end('no element', () => browser.click('.absent'));
      await end('no field', () => browser.fillForm({ data: { absent: 'x' } }));
      await end('button', () => browser.click({ selector: 'a', button: 'up' }));
      await end('right', () => browser.click({ selector: 'h1', button: 'right' }));
      await end('selector', () => browser.extract({ selectors: { a: ':::' } }));
      await end('ref', () => browser.click({ ref: 'e999' }));
      await end('timeout', () => browser.navigate({ url: origin + '/slow', timeoutMs: 200 }));
      await end('unknown', () => browser.click({ selector: 'a', force: true }));
      await end('url', () => browser.navigate('not a url'));
      ends`);
    expect(value).toEqual({
      'no page': ['HOST_CALL_FAILED', 'no-page'],
      'no page to fill': ['HOST_CALL_FAILED', 'no-page'],
      'no element': ['HOST_CALL_FAILED', 'no-element'],
      'no field': ['HOST_CALL_FAILED', 'no-element'],
      button: ['INPUT_INVALID', 'invalid'],
      right: 'ok',
      selector: ['INPUT_INVALID', 'invalid'],
      ref: ['HOST_CALL_FAILED', 'no-element'],
      timeout: ['HOST_CALL_FAILED', 'timeout'],
      unknown: ['INPUT_INVALID', 'invalid'],
      url: ['INPUT_INVALID', 'invalid'],
    });
  });

  test('runs share no cookies; a named session keeps them for its caller', verifies('BR-07'), async () => {
    const seen = `(await browser.navigate({ url: origin + '/seen' SESSION })).title`;
    await run(`await browser.navigate(origin + '/cookie')`);
    expect((await run(seen.replace('SESSION', ''))).value).toBe('none');
    await run(`await browser.navigate({ url: origin + '/cookie', session: 'mine' })`);
    expect((await run(seen.replace('SESSION', ", session: 'mine'"))).value).toBe('a=1');
    await run(`await browser.close({ session: 'mine' })`);
    expect((await run(seen.replace('SESSION', ", session: 'mine'"))).value).toBe('none');
    await run(`await browser.close({ session: 'mine' })`);
  });

  test('each action needs its own grant, and the denial names what would do', verifies('BR-08'), async () => {
    const grant: Grant = { browser: { origins: [origin], actions: ['navigate'] } };
    const { code, error } = await run(
      `await browser.navigate(origin + '/'); await browser.extract({ selectors: { a: 'a' } })`,
      grant,
    );
    expect([code, error?.details?.capability]).toEqual(['CAPABILITY_DENIED', 'browser.extract']);
    const more = mergeGrants(grant, error?.details?.grant);
    expect(more).toEqual({ browser: { origins: [origin], actions: ['navigate', 'extract'] } });
    expect(
      (
        await run(
          `await browser.navigate(origin + '/'); (await browser.extract({ selectors: { a: 'h1' } })).a`,
          more,
        )
      ).value,
    ).toEqual(['Shop']);
    expect((await run(`await browser.navigate(origin)`, {})).code).toBe('CAPABILITY_DENIED');
  });

  test(
    'tools for browsers share the page of the program that calls them',
    verifies('RG-07', 'BR-02', 'BR-03', 'BR-04', 'BR-05', 'BR-06'),
    async () => {
      await using withTools = createRuntime({
        browser: { executablePath: await findChromium() },
        tools: { builtin: true, confirm: () => true },
      });
      const outcome = await withTools.run({
        language: 'javascript',
        code: `const { title } = await tools.browser_navigate({ url: '${origin}/' });
        const { links } = await tools.browser_extract({ selectors: { links: 'a[href]' } });
        await tools.browser_fill({ data: { email: 'q' }, submit: true });
        const shot = await tools.browser_screenshot({});
        const page = await tools.browser_click({ selector: 'p' });
        [title, links.length, page.title, shot.base64.slice(0, 8), shot.bytes > 100]`,
        grant: { ...all(), tools: ['browser_*'] },
        limits: { timeoutMs: 60_000 },
      });
      expect(outcome).toMatchObject({
        ok: true,
        value: ['Shop', 2, '/sent?email=q&name=&size=s', 'iVBORw0K', true],
      });
      const alone = await withTools.tools.call('browser_click', { selector: 'p' }, { grant: all() });
      expect(alone.ok ? '' : alone.error.hint).toMatch(/share a page when each names the same session/);
      const odd = { session: 'odd' };
      await withTools.tools.call('browser_navigate', { url: `${origin}/`, ...odd }, { grant: all() });
      const pressed = await withTools.tools.call(
        'browser_press',
        { key: 'Nope', ...odd },
        { grant: all(), retries: 0 },
      );
      expect(pressed.ok ? '' : pressed.error.hint).toMatch(/^Name a key as KeyboardEvent\.key does/);
      const chosen = await withTools.tools.call(
        'browser_select',
        { selector: 'select', values: ['none'], timeoutMs: 300, ...odd },
        { grant: all(), retries: 0 },
      );
      expect(chosen.ok ? '' : chosen.error.hint).toMatch(/the list may have no such option/);
      await withTools.tools.call('browser_close', odd, { grant: all() });
      const rest = await withTools.run({
        language: 'javascript',
        code: `await tools.browser_navigate({ url: '${origin}/' });
        await tools.browser_wait_for({ text: 'Shop' });
        await tools.browser_fill_field({ selector: '#name', value: 'n' });
        const { selected } = await tools.browser_select({ selector: 'select', values: ['l'] });
        await tools.browser_scroll({ by: 100 });
        const { messages } = await tools.browser_console({});
        const { title } = await tools.browser_press({ selector: '#name', key: 'Enter' });
        const { requests } = await tools.browser_network({});
        const back = await tools.browser_back({});
        const pdf = await tools.browser_pdf({});
        const { tabs } = await tools.browser_tabs({});
        const { closed } = await tools.browser_close({});
        [selected, messages[0].text, title, requests.length > 0, back.title, pdf.mime, pdf.base64.slice(0, 6), tabs.length, closed]`,
        grant: { ...all(), tools: ['browser_*'] },
        limits: { timeoutMs: 60_000 },
      });
      expect(rest).toMatchObject({
        ok: true,
        value: [
          ['l'],
          'hello from the page',
          '/sent?email=&name=n&size=l',
          true,
          'Shop',
          'application/pdf',
          'JVBERi',
          1,
          true,
        ],
      });
      const shot = await withTools.tools.call(
        'browser_screenshot',
        { url: `${origin}/`, selector: 'h1' },
        { grant: all() },
      );
      const artifact = withTools.artifacts.read(shot.artifact ?? '');
      expect(artifact).toMatchObject({ mime: 'image/png', encoding: 'base64' });
      expect(shot.text.length).toBeLessThan(200);
    },
  );
});
