import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type Runtime } from '../../runtime/index.ts';
import type { HttpGrant } from '../../runtime/vocabulary/grants/http.ts';
import { TEST_CACHE } from '../support/test-cache.ts';

/** `urllib`, `requests` and `httpx` as programs use them, against real servers. */
describe('http clients of a Python guest', () => {
  let runtime: Runtime;
  let server: Server;
  let other: Server;
  let origin = '';
  let elsewhere = '';
  let flaky = 0;
  const seenElsewhere: string[] = [];

  const listen = async (made: Server): Promise<string> => {
    await new Promise<void>((resolve) => {
      made.listen(0, '127.0.0.1', resolve);
    });
    const address = made.address();
    return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  };

  beforeAll(async () => {
    runtime = createRuntime({
      cache: TEST_CACHE,
      cells: { warm: 1, maxCells: 2 },
    });
    other = createServer((request, response) => {
      seenElsewhere.push(
        `${request.url} ${request.headers.authorization ?? ''} ${request.headers.cookie ?? ''}`,
      );
      response.end('elsewhere');
    });
    elsewhere = await listen(other);
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString('latin1');
        const { pathname, searchParams } = new URL(request.url ?? '/', origin);
        const to = (status: number, location: string, headers = {}): void => {
          response.writeHead(status, { location, ...headers }).end();
        };
        if (pathname === '/login') to(302, '/echo', { 'set-cookie': 'sid=abc; Path=/' });
        else if (pathname === '/kept') to(307, '/echo');
        else if (pathname === '/loop') to(302, '/loop');
        else if (pathname === '/away') to(302, `${elsewhere}/there`);
        else if (pathname === '/slow') setTimeout(() => response.end('late'), 5_000).unref();
        else if (pathname === '/flaky') response.writeHead(++flaky % 3 === 0 ? 200 : 503).end('x');
        else if (pathname === '/lines') {
          let count = 0;
          const timer = setInterval(() => {
            response.write(`line ${count}\nhalf`);
            if (++count === 3) {
              clearInterval(timer);
              response.end();
            }
          }, 20);
        } else {
          response.writeHead(Number(searchParams.get('status') ?? 200), {
            'content-type': 'application/json',
          });
          response.end(
            JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body }),
          );
        }
      });
    });
    origin = await listen(server);
  });
  afterAll(async () => {
    await runtime.close();
    for (const made of [server, other]) {
      made.closeAllConnections();
      await new Promise((resolve) => made.close(resolve));
    }
  });

  const run = (code: string, also: readonly HttpGrant[] = []) =>
    runtime.run({
      language: 'python',
      code,
      inputs: { O: origin },
      limits: { timeoutMs: 30_000 },
      grant: { http: [{ origin, methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] }, ...also] },
    });
  const valueFrom = async (code: string, also?: readonly HttpGrant[]): Promise<unknown> => {
    const outcome = await run(code, also);
    if (!outcome.ok) throw new Error(`${outcome.error.message}\n${outcome.stderr}`);
    return outcome.value;
  };

  test('a session keeps cookies, also those of a redirect, and shows where it went', async () => {
    const code = `import requests
with requests.Session() as s:
  r = s.post(O + '/login', data={'user': 'me'})
  again = s.get(O + '/echo', cookies={'more': '1'}).json()
[r.json()['method'], r.json()['body'], r.json()['headers'].get('cookie'), [h.status_code for h in r.history], r.url == O + '/echo',
 again['headers']['cookie'], s.cookies.get_dict(), requests.get(O + '/echo').json()['headers'].get('cookie')]`;
    expect(await valueFrom(code)).toEqual([
      'GET',
      '',
      'sid=abc',
      [302],
      true,
      'sid=abc; more=1',
      { sid: 'abc' },
      null,
    ]);
    const httpx = `import httpx
with httpx.Client(follow_redirects=True, base_url=O) as c:
  r = c.post('/login', data={'user': 'me'})
[r.json()['method'], r.json()['headers'].get('cookie'), [h.status_code for h in r.history], str(r.url) == O + '/echo', dict(c.cookies.items())]`;
    expect(await valueFrom(httpx)).toEqual(['GET', 'sid=abc', [302], true, { sid: 'abc' }]);
    const urllib = `import urllib.request as u, http.cookiejar as k, json
o = u.build_opener(u.HTTPCookieProcessor(k.CookieJar()))
r = o.open(O + '/login', data=b'x')
[json.load(r)['headers'].get('cookie'), r.url == O + '/echo']`;
    expect(await valueFrom(urllib)).toEqual(['sid=abc', true]);
  });

  test('a temporary redirect keeps method and body; a loop ends', async () => {
    const code = `import requests, httpx, urllib.request, urllib.error
kept = requests.put(O + '/kept', data=b'whole').json()
ends = []
for ask, kind in ((lambda: requests.get(O + '/loop'), requests.exceptions.TooManyRedirects),
                  (lambda: httpx.get(O + '/loop', follow_redirects=True), httpx.TooManyRedirects),
                  (lambda: urllib.request.urlopen(O + '/loop'), urllib.error.HTTPError)):
  try: ask()
  except kind as error: ends.append(type(error).__name__)
[kept['method'], kept['body'], ends, requests.get(O + '/loop', allow_redirects=False).status_code, httpx.get(O + '/login').status_code]`;
    expect(await valueFrom(code)).toEqual([
      'PUT',
      'whole',
      ['TooManyRedirects', 'TooManyRedirects', 'HTTPError'],
      302,
      302,
    ]);
  });

  test.each([
    'requests.get(O + "/away", auth=("u", "p"), cookies={"c": "1"})',
    'httpx.get(O + "/away", auth=("u", "p"), cookies={"c": "1"}, follow_redirects=True)',
    'urllib.request.urlopen(O + "/away")',
  ])('%s reaches no other origin without a grant, and shows it no secret with one', async (call) => {
    seenElsewhere.length = 0;
    const code = `import requests, httpx, urllib.request\n${call}\nNone`;
    const denied = await run(code);
    expect(denied).toMatchObject({ ok: false, error: { code: 'CAPABILITY_DENIED' } });
    expect(seenElsewhere).toEqual([]);
    expect(await run(code, [{ origin: elsewhere }])).toMatchObject({ ok: true });
    expect(seenElsewhere).toHaveLength(1);
    expect(seenElsewhere[0]).not.toContain('Basic');
  });

  test('sends forms, files, streams and parameters', async () => {
    const code = `import requests, httpx, io
def parts():
  yield b'a'
  yield b'b'
form = requests.post(O + '/e', files={'f': ('a.txt', io.BytesIO(b'content'), 'text/plain')}, data={'k': 'v'}).json()
also = httpx.post(O + '/e', files={'f': ('a.csv', b'1,2')}).json()
[form['headers']['content-type'].split(';')[0], [w in form['body'] for w in ('name="k"', 'filename="a.txt"', 'Content-Type: text/plain', 'content')],
 'Content-Type: text/csv' in also['body'],
 requests.post(O + '/e', data=parts()).json()['body'], requests.post(O + '/e', data=[('a', 1), ('a', 2)]).json()['body'],
 requests.get(O + '/e', params={'a': [1, 2], 'b': None, 'c': True}).json()['url'],
 httpx.get(O + '/e', params={'c': True}).json()['url'],
 requests.get(O.replace('//', '//me:pass%20word@') + '/e').json()['headers']['authorization']]`;
    expect(await valueFrom(code)).toEqual([
      'multipart/form-data',
      [true, true, true, true],
      true,
      'ab',
      'a=1&a=2',
      '/e?a=1&a=2&c=True',
      '/e?c=true',
      `Basic ${Buffer.from('me:pass word').toString('base64')}`,
    ]);
  });

  test('reads a body as it comes', async () => {
    const code = `import requests, httpx
lines = ['line 0', 'halfline 1', 'halfline 2', 'half']
with requests.get(O + '/lines', stream=True) as r:
  first = [list(r.iter_lines(decode_unicode=True)) == lines]
with requests.get(O + '/lines', stream=True) as r: first.append(r.raw.read(6))
with httpx.stream('GET', O + '/lines') as r: first.append(list(r.iter_lines()) == lines)
async with httpx.AsyncClient() as c:
  async with c.stream('GET', O + '/lines') as r: first.append([line async for line in r.aiter_lines()] == lines)
with httpx.stream('GET', O + '/lines') as r:
  try: r.text
  except httpx.ResponseNotRead: first.append('not read')
first`;
    expect(await valueFrom(code)).toEqual([true, Buffer.from('line 0'), true, true, 'not read'].map(toBytes));
  });

  test('retries as its adapter says', async () => {
    flaky = 0;
    const code = `import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry
s = requests.Session()
s.mount('http://', HTTPAdapter(max_retries=Retry(total=4, backoff_factor=0.001, status_forcelist=[503])))
[s.get(O + '/flaky').status_code, requests.get(O + '/flaky').status_code]`;
    expect(await valueFrom(code)).toEqual([200, 503]);
    expect(flaky).toBe(4);
  });

  test('a transport tries again to connect', async () => {
    const made = createServer();
    const closed = await listen(made);
    await new Promise((resolve) => made.close(resolve));
    const code = `import httpx, time
waits = []
time.sleep = waits.append
def t(client):
  try: client.get('${closed}')
  except httpx.ConnectError as error: return type(error).__name__
[t(httpx.Client(transport=httpx.HTTPTransport(retries=2))), waits, t(httpx.Client()), waits]`;
    expect(await valueFrom(code, [{ origin: closed }])).toEqual([
      'ConnectError',
      [0, 0.5],
      'ConnectError',
      [0, 0.5],
    ]);
  });

  test('what the host decides cannot be asked for in silence', async () => {
    const code = `import requests, httpx
found = []
def t(ask):
  try: found.append(ask().status_code)
  except (NotImplementedError, TypeError) as error: found.append(str(error).partition(':')[0])
proxied = requests.Session()
proxied.proxies = {'http': 'http://127.0.0.1:9'}
t(lambda: requests.get(O + '/e', proxies={'http': 'http://127.0.0.1:9'}))
t(lambda: requests.get(O + '/e', proxies={'http': None, 'https': None}, verify=False))
t(lambda: proxied.get(O + '/e'))
t(lambda: requests.get(O + '/e', cert=('a.pem', 'a.key')))
t(lambda: httpx.get(O + '/e', proxy='http://127.0.0.1:9'))
t(lambda: httpx.Client(transport=object()))
t(lambda: httpx.Client(timout=3))
t(lambda: httpx.get(O + '/e', verify=False, limits=httpx.Limits(max_connections=1)))
found`;
    expect(await valueFrom(code)).toEqual([
      'Cannot use proxies',
      200,
      'Cannot use proxies',
      'Cannot use cert',
      'Cannot use proxy',
      'Cannot use transport',
      "_BaseClient.__init__() got an unexpected keyword argument 'timout'. Did you mean 'timeout'?",
      200,
    ]);
  });

  test("errors are each library's own", async () => {
    const code = `import requests, httpx, json
found = []
def t(kind, ask):
  try: ask()
  except kind as error: found.append(type(error).__name__)
t(requests.exceptions.HTTPError, lambda: requests.get(O + '/e?status=404').raise_for_status())
t(requests.Timeout, lambda: requests.get(O + '/slow', timeout=(0.1, 0.1)))
t(requests.exceptions.JSONDecodeError, lambda: requests.get(O + '/flaky').json())
t(requests.exceptions.MissingSchema, lambda: requests.get('example.com'))
t(requests.exceptions.InvalidSchema, lambda: requests.get('ftp://example.com'))
t(httpx.HTTPStatusError, lambda: httpx.get(O + '/e?status=500').raise_for_status())
t(httpx.TimeoutException, lambda: httpx.get(O + '/slow', timeout=httpx.Timeout(0.2)))
t(json.JSONDecodeError, lambda: httpx.get(O + '/flaky').json())
t(httpx.UnsupportedProtocol, lambda: httpx.get('example.com'))
found`;
    expect(await valueFrom(code)).toEqual([
      'HTTPError',
      'ReadTimeout',
      'JSONDecodeError',
      'MissingSchema',
      'InvalidSchema',
      'HTTPStatusError',
      'ReadTimeout',
      'JSONDecodeError',
      'UnsupportedProtocol',
    ]);
  });

  test('hooks, prepared requests and authentication classes are called', async () => {
    const code = `import requests
from requests.auth import AuthBase
class Key(AuthBase):
  def __call__(self, r):
    r.headers['X-Key'] = 'k'
    return r
seen = []
s = requests.Session()
s.headers.update({'X-All': '1', 'X-Not': '1'})
r = s.get(O + '/e', auth=Key(), headers={'X-Not': None}, hooks={'response': lambda r, **more: seen.append(r.status_code)})
made = s.prepare_request(requests.Request('POST', O + '/e', json={'a': 1}))
sent = s.send(made)
[r.json()['headers']['x-key'], r.json()['headers']['x-all'], 'x-not' in r.json()['headers'], seen, r.request.method, sent.json()['body'], made.path_url]`;
    expect(await valueFrom(code)).toEqual(['k', '1', false, [200], 'GET', '{"a": 1}', '/e']);
  });
});

const toBytes = (value: unknown): unknown => (value instanceof Uint8Array ? new Uint8Array(value) : value);
