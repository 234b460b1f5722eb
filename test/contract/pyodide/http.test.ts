import { beforeAll, describe, expect, test } from 'vitest';
import type { HostReply } from '../../../runtime/contracts/host-function.ts';
import { defined } from '../../../runtime/vocabulary/defined.ts';
import { SandglassError } from '../../../runtime/vocabulary/errors.ts';
import type { JsonObject } from '../../../runtime/vocabulary/json.ts';
import { openPython, type PythonBench, type PythonRun } from '../../support/pyodide-parts.ts';

interface Seen {
  readonly method: unknown;
  readonly url: unknown;
  readonly headers: unknown;
  readonly body: string | undefined;
}

describe('http of a Python guest', () => {
  let python: PythonBench;
  beforeAll(async () => {
    python = await openPython();
  });

  /** A host whose http answers with what it was asked. */
  const run = async (code: string): Promise<PythonRun & { seen: Seen[] }> => {
    const seen: Seen[] = [];
    const bodies = new Map<number, Uint8Array[]>();
    const request = (args: JsonObject, bytes?: Uint8Array): HostReply => {
      const { url, method = 'GET', headers } = args;
      if (!String(url).startsWith('http://api.example/')) {
        throw new SandglassError(
          'CAPABILITY_DENIED',
          `Cannot fetch "${String(url)}": no grant for http covers it`,
        );
      }
      if (String(url).endsWith('/down')) {
        throw new SandglassError('HOST_CALL_FAILED', `Cannot fetch "${String(url)}": connection refused`, {
          details: { reason: 'connect' },
        });
      }
      seen.push({
        method,
        url,
        headers,
        body: bytes === undefined ? undefined : new TextDecoder().decode(bytes),
      });
      const status = Number(/status=(\d+)/.exec(String(url))?.[1] ?? 200);
      const text = JSON.stringify({
        method,
        echo: bytes === undefined ? null : new TextDecoder().decode(bytes),
      });
      const content = new TextEncoder().encode(text);
      bodies.set(1, [content.slice(0, 5), content.slice(5)]);
      return {
        value: {
          status,
          statusText: status === 200 ? 'OK' : 'Nope',
          url: String(url),
          redirected: false,
          headers: [
            ['Content-Type', 'application/json'],
            ['X-Two', 'a'],
            ['X-Two', 'b'],
          ],
          body: 1,
        },
      };
    };
    const read = (): HostReply => {
      const left = bodies.get(1) ?? [];
      const bytes = left.shift();
      return { value: { done: left.length === 0 }, ...defined({ bytes }) };
    };
    const outcome = await python.run(code, {
      host: { operations: { 'http.request': request, 'http.read': read } },
    });
    return { ...outcome, seen };
  };
  const answered = async (code: string): Promise<unknown> => {
    const { result, host } = await run(code);
    if (result.kind !== 'value') throw new Error(`${JSON.stringify(result)} ${host.stderr()}`);
    return result.value;
  };

  test.each([
    [
      'urllib',
      "import urllib.request as u, json\nwith u.urlopen('http://api.example/a?b=1') as r: [r.status, json.load(r)['method'], r.headers['content-type'], r.geturl()] if 0 else None\nr = u.urlopen('http://api.example/a?b=1'); [r.status, json.load(r)['method'], r.headers['content-type'], r.url]",
    ],
    [
      'http.client',
      "import http.client, json\nc = http.client.HTTPConnection('api.example'); c.request('GET', '/a?b=1'); r = c.getresponse(); [r.status, json.loads(r.read())['method'], r.getheader('content-type'), r.url]",
    ],
    [
      'requests',
      "import requests\nr = requests.get('http://api.example/a', params={'b': 1}); [r.status_code, r.json()['method'], r.headers['content-type'], r.url]",
    ],
    [
      'httpx',
      "import httpx\nr = httpx.get('http://api.example/a', params={'b': 1}); [r.status_code, r.json()['method'], r.headers['content-type'], r.url]",
    ],
    [
      'httpx.AsyncClient',
      "import httpx\nasync with httpx.AsyncClient(base_url='http://api.example') as c: r = await c.get('/a', params={'b': 1})\n[r.status_code, r.json()['method'], r.headers['content-type'], r.url]",
    ],
    [
      'pyfetch',
      "from pyodide.http import pyfetch\nr = await pyfetch('http://api.example/a?b=1'); [r.status, (await r.json())['method'], r.headers['content-type'], r.url]",
    ],
  ])('%s fetches', async (_name, code) => {
    expect(await answered(code)).toEqual([200, 'GET', 'application/json', 'http://api.example/a?b=1']);
  });

  test.each([
    [
      'urllib',
      "import urllib.request as u\nu.urlopen(u.Request('http://api.example/p', data=b'{\"x\": 1}', headers={'Content-Type': 'application/json', 'X-A': 'b'}, method='POST')).read()",
    ],
    [
      'requests',
      "import requests\nrequests.post('http://api.example/p', json={'x': 1}, headers={'X-A': 'b'}).content",
    ],
    [
      'httpx',
      "import httpx\nhttpx.post('http://api.example/p', json={'x': 1}, headers={'X-A': 'b'}).content",
    ],
  ])('%s posts JSON', async (_name, code) => {
    const { seen } = await run(code);
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ method: 'POST', url: 'http://api.example/p' });
    expect(JSON.parse(seen[0]?.body ?? '')).toEqual({ x: 1 });
    const headers = ((seen[0]?.headers ?? []) as [string, string][]).map(([name, value]) => [
      name.toLowerCase(),
      value,
    ]);
    expect(headers).toContainEqual(['content-type', 'application/json']);
    expect(headers).toContainEqual(['x-a', 'b']);
  });

  test.each([
    ['urllib', "import urllib.request\nurllib.request.urlopen('http://other.example/')"],
    [
      'http.client',
      "import http.client\nc = http.client.HTTPSConnection('other.example'); c.request('GET', '/'); c.getresponse()",
    ],
    ['requests', "import requests\nrequests.get('http://other.example/')"],
    ['httpx', "import httpx\nhttpx.get('http://other.example/')"],
    ['pyfetch', "from pyodide.http import pyfetch\nawait pyfetch('http://other.example/')"],
  ])('%s without a grant is a PermissionError with the refusal', async (_name, code) => {
    const { result } = await run(code);
    expect(result).toMatchObject({ kind: 'threw', refusalId: 1, error: { name: 'PermissionError' } });
    expect(result.kind === 'threw' && result.error.message).toContain('no grant for http covers it');
  });

  test('blanks and control characters of an address are refused before a request is made', async () => {
    const { host } = await run(`
import http.client, socket, urllib.request
client = http.client.HTTPConnection('api.example')
for f in (lambda: urllib.request.urlopen('http://api.example/a b'), lambda: urllib.request.urlopen('http://api.example\\x7f/'),
          lambda: client.request('GET', '/a\\r\\nX: y'), lambda: client.request('GET\\r\\n', '/')):
    try: f()
    except Exception as e: print(type(e).__name__, 'control characters' in str(e))
try: socket.gethostbyname('api.example')
except socket.gaierror as e: print(e)
`);
    expect(host.stdout()).toBe(
      'InvalidURL True\nInvalidURL True\nInvalidURL True\nValueError True\n[Errno 95] Cannot look up a name: guests have no sockets; use urllib.request, requests or httpx under an http grant\n',
    );
    expect(host.calls).toEqual([]);
  });

  test('failures are the exceptions of each library', async () => {
    const { host } = await run(`
import urllib.request, urllib.error, requests, httpx
for f in (lambda: urllib.request.urlopen('http://api.example/down'), lambda: urllib.request.urlopen('http://api.example/?status=404'),
          lambda: requests.get('http://api.example/down'), lambda: requests.get('http://api.example/?status=500').raise_for_status(),
          lambda: httpx.get('http://api.example/down'), lambda: httpx.get('http://api.example/?status=500').raise_for_status()):
    try: f()
    except Exception as e: print(type(e).__module__, type(e).__name__, getattr(e, 'code', ''))
`);
    expect(host.stdout()).toBe(
      'urllib.error URLError \nurllib.error HTTPError 404\nrequests.exceptions ConnectionError \nrequests.exceptions HTTPError \nhttpx ConnectError \nhttpx HTTPStatusError \n',
    );
  });
});
