import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BrowserGrant, type BrowserOptions, createRuntime, type Runtime } from '../../runtime/index.ts';
import { findChromium } from '../support/chromium.ts';
import { verifies } from '../support/verifies.ts';

const originOf = async (server: Server): Promise<string> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
};

const ATTACHED = {
  'content-type': 'text/csv',
  'content-disposition': 'attachment; filename="x.csv"; filename*=UTF-8\'\'%C3%A9t%C3%A9.csv',
};
const MOST = 100_000;

const FILES: Readonly<Record<string, (response: ServerResponse, evil: string) => void>> = {
  '/': (response) =>
    response.writeHead(200, { 'content-type': 'text/html' }).end(
      `<title>Files</title><a id="csv" href="/file.csv">csv</a><a id="blob" download="x.bin">blob</a><a id="none" href="#x">none</a>
        <script>blob.href = URL.createObjectURL(new Blob(['from the page']))</script>`,
    ),
  '/by-itself': (response) =>
    response
      .writeHead(200, { 'content-type': 'text/html' })
      .end('<title>Greedy</title><a id="a" href="/file.csv" download>x</a><script>a.click()</script>'),
  '/file.csv': (response) => response.writeHead(200, ATTACHED).end('a,b\n1,2\n'),
  '/shown.png': (response) =>
    response.writeHead(200, { 'content-type': 'image/png' }).end(Buffer.from([137, 80])),
  '/large': (response) => response.writeHead(200, ATTACHED).end('x'.repeat(MOST + 1)),
  '/packed': (response) =>
    response
      .writeHead(200, { ...ATTACHED, 'content-encoding': 'gzip' })
      .end(gzipSync(Buffer.alloc(100 * MOST))),
  '/away': (response, evil) => response.writeHead(302, { location: `${evil}/stolen` }).end(),
  '/missing': (response) => response.writeHead(404, { 'content-type': 'text/html' }).end('none'),
};

/** Of this file alone: others may use a browser at the same time. */
const before = process.env.TMPDIR;
let scratch = '';
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'sandglass-downloads-'));
  process.env.TMPDIR = scratch;
});
afterAll(async () => {
  if (before === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = before;
  await rm(scratch, { recursive: true, force: true, maxRetries: 5 });
});

/** Files that Playwright keeps downloads in. */
const kept = async (): Promise<readonly string[]> =>
  (await readdir(scratch, { recursive: true })).filter((name) => /playwright-artifacts[^/]*\/./.test(name));

describe.each<readonly [string, () => Promise<BrowserOptions>]>([
  ['playwright', async () => ({ driver: 'playwright', executablePath: await findChromium() })],
  ['http', async () => ({ driver: 'http' })],
])('downloads by the driver %s', verifies('BR-09'), (name, optionsOf) => {
  let runtime: Runtime;
  let own: Server;
  let evil: Server;
  let [origin, evilOrigin] = ['', ''];
  const hits: string[] = [];
  beforeAll(async () => {
    evil = createServer((request, response) => {
      hits.push(request.url ?? '');
      response.writeHead(200, ATTACHED).end('evil');
    });
    evilOrigin = await originOf(evil);
    own = createServer((request, response) => {
      const file = FILES[request.url ?? ''];
      if (file === undefined) response.writeHead(404).end();
      else file(response, evilOrigin);
    });
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
  const run = async (code: string, part: Partial<BrowserGrant> = { maxDownloadBytes: MOST }) => {
    const outcome = await runtime.run({
      language: 'javascript',
      code: `const { browser } = sandglass; const origin = '${origin}'; const evil = '${evilOrigin}';
        const end = async (act) => { try { const done = await act(); return done.filename ?? 'ok' } catch ({ code, details }) { return details?.reason ?? code } };
        ${code}`,
      grant: { browser: { origins: [origin], actions: ['navigate', 'extract', 'interact'], ...part } },
      limits: { timeoutMs: 120_000 },
    });
    return outcome.ok ? outcome.value : outcome.error;
  };

  test('one by its address and one by a click, with a name that is only a name', async () => {
    expect(
      await run(`const direct = await browser.download(origin + '/file.csv');
        await browser.navigate(origin + '/');
        const clicked = await browser.download({ selector: '#csv' });
        const { title } = await browser.tabs().then(({ tabs }) => tabs[0]);
        const shown = await browser.download(origin + '/shown.png');
        [direct, clicked, title, shown.mime, shown.bytes]`),
    ).toEqual([
      ...Array(2).fill({
        url: `${origin}/file.csv`,
        filename: 'été.csv',
        mime: 'text/csv',
        bytes: 8,
        base64: btoa('a,b\n1,2\n'),
      }),
      'Files',
      'image/png',
      2,
    ]);
  });

  test('none without a grant for it, none without its actions, and nothing of what a page begins by itself', async () => {
    expect(await run(`end(() => browser.download(origin + '/file.csv'))`, {})).toBe('CAPABILITY_DENIED');
    expect(
      await run(`await browser.navigate(origin + '/'); end(() => browser.download({ selector: '#csv' }))`, {
        maxDownloadBytes: MOST,
        actions: ['navigate', 'extract'],
      }),
    ).toBe('CAPABILITY_DENIED');
    expect(
      await run(`end(() => browser.download(origin + '/file.csv'))`, {
        maxDownloadBytes: MOST,
        actions: ['navigate'],
      }),
    ).toBe('CAPABILITY_DENIED');
    expect(await run(`(await browser.navigate(origin + '/by-itself')).title`)).toBe('Greedy');
  });

  test('over its bytes, unpacked or not, from elsewhere, or of the page itself: refused, and nothing is left', async () => {
    expect(
      await run(`const ends = [];
        for (const path of ['/large', '/packed', '/away', '/missing']) ends.push(await end(() => browser.download(origin + path)));
        ends.push(await end(() => browser.download(evil + '/direct')), await end(() => browser.download('file:///etc/passwd')),
          await end(() => browser.download({ url: origin + '/', selector: 'a' })), await end(() => browser.download({})));
        await browser.navigate(origin + '/');
        ends.push(await end(() => browser.download({ selector: '#absent' })),
          await end(() => browser.download({ selector: '#none', timeoutMs: 1000 })));
        ends`),
    ).toEqual([
      'too-large',
      // The one without a browser asks for nothing packed, and takes it as it is.
      name === 'http' ? 'été.csv' : 'too-large',
      'CAPABILITY_DENIED',
      'navigation',
      'CAPABILITY_DENIED',
      'CAPABILITY_DENIED',
      'invalid',
      'invalid',
      'no-element',
      // A link within the page is the page itself, to the one without a browser.
      name === 'http' ? 'download' : 'timeout',
    ]);
    if (name !== 'http')
      expect(
        await run(`await browser.navigate(origin + '/'); end(() => browser.download({ selector: '#blob' }))`),
      ).toBe('invalid');
    await expect.poll(kept, { timeout: 60_000 }).toEqual([]);
    expect(hits).toEqual([]);
  });

  test('a policy gives at most its own bytes', async () => {
    const outcome = await runtime.run({
      language: 'javascript',
      code: 'sandglass.grant().browser.maxDownloadBytes',
      grant: { browser: { origins: [origin], maxDownloadBytes: 5 } },
    });
    expect(outcome).toMatchObject({ ok: true, value: 5 });
    await using held = createRuntime({
      policy: { version: 1, grant: { browser: { origins: [origin], maxDownloadBytes: 3 } } },
      browser: await optionsOf(),
    });
    expect(
      await held.run({
        language: 'javascript',
        code: 'sandglass.grant().browser.maxDownloadBytes',
        grant: { browser: { origins: [origin], maxDownloadBytes: 5 } },
        level: 'minimal',
      }),
    ).toMatchObject({ ok: true, value: 3 });
  });
});
