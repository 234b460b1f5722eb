import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type Grant, type Runtime } from '../../runtime/index.ts';
import { probeGuest } from '../guests/component/build.ts';
import { startServer } from '../support/http-harness.ts';
import { TEST_CACHE } from '../support/test-cache.ts';
import { verifies } from '../support/verifies.ts';

let runtime: Runtime;
let folder: string;
let probe: Uint8Array;
beforeAll(async () => {
  runtime = createRuntime({ cache: TEST_CACHE, limits: { timeoutMs: 120_000 } });
  folder = mkdtempSync(join(tmpdir(), 'sandglass-files-'));
  mkdirSync(join(folder, 'sub'));
  writeFileSync(join(folder, 'data.txt'), 'outer');
  writeFileSync(join(folder, 'sub', 'data.txt'), 'inner');
  probe = await probeGuest();
});
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

const run = (language: string, code: string, grant: Grant = {}, more: object = {}) =>
  runtime.run({ language, code, grant, ...more });

const reading = (paths: readonly string[]): readonly (readonly [language: string, code: string])[] => [
  ['javascript', `export default ${JSON.stringify(paths)}.map((path) => fs.readFileSync(path, 'utf8'));`],
  ['python', `[open(path).read() for path in ${JSON.stringify(paths)}]`],
];

describe('files of a grant', verifies('FS-01', 'FS-06'), () => {
  test.each(reading(['data.txt', './data.txt', '/data/data.txt']))(
    'relative paths of %s start at the first mount, or at cwd',
    async (language, code) => {
      const grant: Grant = { fs: [{ host: folder, guest: '/data' }] };
      expect(await run(language, code, grant)).toMatchObject({
        ok: true,
        value: ['outer', 'outer', 'outer'],
      });
      expect(await run(language, code, grant, { cwd: '/data/sub' })).toMatchObject({
        ok: true,
        value: ['inner', 'inner', 'outer'],
      });
    },
  );

  test.each([
    ['javascript', "await fs.readFile('/data/nope.txt')"],
    ['python', "open('/data/nope.txt')"],
  ])('a missing file is a clean failure of %s that names the guest path only', async (language, code) => {
    const outcome = await run(language, code, { fs: [{ host: folder, guest: '/data' }] });
    expect(outcome.ok).toBe(false);
    expect(JSON.stringify(outcome)).toContain('/data/nope.txt');
    expect(JSON.stringify(outcome)).not.toContain(folder);
  });

  test('a missing file that a guest does not handle says not-found', async () => {
    const outcome = await run('javascript', "await fs.readFile('/data/nope.txt')", {
      fs: [{ host: folder, guest: '/data' }],
    });
    expect(outcome).toMatchObject({
      error: { code: 'HOST_CALL_FAILED', details: { reason: 'not-found', path: '/data/nope.txt' } },
    });
  });

  test.each([
    [
      'javascript',
      "await fs.writeFile('made.txt', 'x'); new TextDecoder().decode(await fs.readFile('made.txt'))",
    ],
    [
      'python',
      "import pathlib\npathlib.Path('made.txt').write_text('x')\npathlib.Path('made.txt').read_text()",
    ],
  ])('%s writes with the file API of its language', async (language, code) => {
    rmSync(join(folder, 'made.txt'), { force: true });
    const grant: Grant = { fs: [{ host: folder, guest: '/data', access: ['read', 'write'] }] };
    expect(await run(language, code, grant)).toMatchObject({ ok: true, value: 'x' });
    expect(readFileSync(join(folder, 'made.txt'), 'utf8')).toBe('x');
    rmSync(join(folder, 'made.txt'));
  });

  test('two granted folders are there, a third is not, and without a grant there is none', async () => {
    const grant: Grant = {
      fs: [
        { host: join(folder, 'sub'), guest: '/a' },
        { host: folder, guest: '/b' },
      ],
    };
    const code =
      "export default [await fs.readFile('/a/data.txt', 'utf8'), await fs.readFile('/b/data.txt', 'utf8')]";
    expect(await run('javascript', code, grant)).toMatchObject({ ok: true, value: ['inner', 'outer'] });
    for (const given of [grant, {}]) {
      expect(await run('javascript', "await fs.readdir('/c')", given)).toMatchObject({
        ok: false,
        error: { code: 'CAPABILITY_DENIED' },
      });
    }
    expect(existsSync(join(folder, 'made.txt'))).toBe(false);
  });
});

describe('requests under a grant', verifies('HT-02', 'HT-05'), () => {
  const attempts = (url: string, method = 'GET') =>
    [
      { language: 'javascript', code: `(await fetch('${url}', { method: '${method}' })).status` },
      {
        language: 'python',
        code: `import urllib.request\nurllib.request.urlopen(urllib.request.Request('${url}', method='${method}')).status`,
      },
      { module: probe, inputs: { step: 'fetch', request: { url, method } } },
    ] as const;

  test('no guest reaches a server without one, or by an ungranted method or path', async () => {
    await using server = await startServer();
    const { origin } = server;
    const denied = { ok: false, error: { code: 'CAPABILITY_DENIED', details: { capability: 'http' } } };
    for (const grant of [
      {},
      { http: [] },
      { http: [{ origin, paths: ['/other'] }] },
      { http: [{ origin: '*' }] },
    ]) {
      for (const guest of attempts(`${origin}/a`))
        expect(await runtime.run({ ...guest, grant })).toMatchObject(denied);
    }
    for (const guest of attempts(`${origin}/a`, 'DELETE')) {
      expect(await runtime.run({ ...guest, grant: { http: [{ origin }] } })).toMatchObject(denied);
    }
    expect(server.connections).toBe(0);
    const granted = await Promise.all(
      attempts(`${origin}/a`).map((guest) => runtime.run({ ...guest, grant: { http: [{ origin }] } })),
    );
    expect(granted.map(({ ok }) => ok)).toEqual([true, true, true]);
    expect(server.seen).toHaveLength(3);
  });

  test('queries, JSON bodies and all methods arrive as they were meant', async () => {
    await using server = await startServer((_, response) => response.end('{"id":7}'));
    const grant: Grant = {
      http: [{ origin: server.origin, methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] }],
    };
    const javascript = await run(
      'javascript',
      `const url = new URL('${server.origin}/items/7');
       url.searchParams.set('include', 'owner');
       const seen = [(await (await fetch(url)).json()).id];
       for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
         const answer = await fetch('${server.origin}/items', { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name: 'a', value: 1 }) });
         seen.push(answer.status);
       }
       export default seen;`,
      grant,
    );
    const python = await run(
      'python',
      `import requests
seen = [requests.get('${server.origin}/items/7', params={'include': 'owner'}).json()['id']]
for method in ['POST', 'PUT', 'PATCH', 'DELETE']:
    seen.append(requests.request(method, '${server.origin}/items', json={'name': 'a', 'value': 1}).status_code)
seen`,
      grant,
    );
    for (const outcome of [javascript, python]) {
      expect(outcome).toMatchObject({
        ok: true,
        value: [7, 200, 200, 200, 200],
        usage: { hostCalls: { http: 5 } },
      });
    }
    const told = server.seen.map(({ method, url, body, headers }) => [
      method,
      url,
      body === '' ? undefined : JSON.parse(body),
      headers['content-type'],
    ]);
    const item = { name: 'a', value: 1 };
    const each = [
      ['GET', '/items/7?include=owner', undefined, undefined],
      ...['POST', 'PUT', 'PATCH', 'DELETE'].map((method) => [method, '/items', item, 'application/json']),
    ];
    expect(told).toEqual([...each, ...each]);
  });
});
