import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  createRuntime,
  type Grant,
  mergeGrants,
  type RunOptions,
  type Runtime,
} from '../../runtime/index.ts';
import { probeGuest } from '../guests/component/build.ts';
import { verifies } from '../support/verifies.ts';

let runtime: Runtime;
let server: Server;
let origin: string;
let root: string;
beforeAll(async () => {
  runtime = createRuntime({ limits: { timeoutMs: 120_000 } }); // what is slow here is the machine
  server = createServer((request, response) => {
    if (request.url === '/from') response.writeHead(302, { location: '/to' }).end();
    else response.end(`${request.method} ${request.url}`);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await runtime.close();
  server.close();
});
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sandglass-denials-'));
  for (const folder of ['in', 'out']) await mkdir(join(root, folder));
  await writeFile(join(root, 'in/a.csv'), 'inside');
  await writeFile(join(root, 'out/old.txt'), 'old');
  return () => rm(root, { recursive: true });
});

/** Runs it until it passes, each time with what the denial before named. */
async function untilGranted(
  options: RunOptions,
  grant: Grant = {},
): Promise<{ grant: Grant; value: unknown; asked: string[] }> {
  const asked: string[] = [];
  let granted = grant;
  for (let round = 0; round < 12; round++) {
    const outcome = await runtime.run({ ...options, grant: granted });
    if (outcome.ok) return { grant: granted, value: outcome.value, asked };
    const { code, details, message } = outcome.error;
    if (code !== 'CAPABILITY_DENIED') throw new Error(`${code}: ${message}`);
    asked.push(String(details?.missing));
    granted = mergeGrants(granted, details?.grant, { host: (guest) => join(root, guest) });
  }
  throw new Error(`not granted after: ${asked.join(', ')}: ${JSON.stringify(granted)}`);
}

const javascript = (): RunOptions => ({
  language: 'javascript',
  code: `const text = await fs.readFile('/in/a.csv', 'utf8');
await fs.writeFile('/out/new.txt', text);
const told = [];
for (const [path, method] of [['/get', 'GET'], ['/post', 'POST'], ['/from', 'GET'], ['/a%20b/%5B*%5D', 'PUT']])
  told.push(await (await fetch('${origin}' + path, { method })).text());
await fs.unlink('/out/old.txt');
[text, await fs.readFile('/out/new.txt', 'utf8'), ...told]`,
});

const python = (): RunOptions => ({
  language: 'python',
  code: `import os, urllib.request
text = open('/in/a.csv').read()
open('/out/new.txt', 'w').write(text)
told = []
for path, method in [('/get', 'GET'), ('/post', 'POST'), ('/from', 'GET'), ('/a%20b/%5B*%5D', 'PUT')]:
    told.append(urllib.request.urlopen(urllib.request.Request('${origin}' + path, method=method)).read().decode())
os.remove('/out/old.txt')
[text, open('/out/new.txt').read(), *told]`,
});

describe('a program that starts without a grant and adds what each denial names', verifies('PM-09'), () => {
  test.each([
    ['javascript', javascript],
    ['python', python],
  ])('%s: passes, and is granted what it used', async (_, options) => {
    const { value, grant, asked } = await untilGranted(options());
    expect(value).toEqual(['inside', 'inside', 'GET /get', 'POST /post', 'GET /to', 'PUT /a%20b/%5B*%5D']);
    expect(asked).toEqual(['fs.read', 'fs.write', 'http', 'http', 'http', 'http', 'http']);
    expect(grant).toEqual({
      fs: [
        { host: join(root, 'in'), guest: '/in', access: ['read'] },
        { host: join(root, 'out'), guest: '/out', access: ['read', 'write'] },
      ],
      http: [
        {
          origin,
          methods: ['GET', 'HEAD', 'POST', 'PUT'],
          paths: ['/get', '/post', '/from', '/to', '/a%20b/%5B*%5D'],
        },
      ],
    });
    await expect(readFile(join(root, 'out/old.txt'))).rejects.toThrow('ENOENT');
  });

  test('a component: reads, writes and requests', async () => {
    const module = await probeGuest();
    const steps = [
      { step: 'fs', call: 'readText', args: ['/in/a.csv'] },
      { step: 'fs', call: 'writeText', args: ['/out/new.txt', 'written'] },
      { step: 'fs', call: 'remove', args: ['/out/old.txt'] },
      ...['GET', 'POST'].map((method) => ({ step: 'fetch', request: { method, url: `${origin}/x` } })),
    ];
    let grant: Grant = {};
    for (const inputs of steps) ({ grant } = await untilGranted({ module, inputs }, grant));
    expect(grant).toEqual({
      fs: [
        { host: join(root, 'in'), guest: '/in', access: ['read'] },
        { host: join(root, 'out'), guest: '/out', access: ['read', 'write'] },
      ],
      http: [{ origin, methods: ['GET', 'HEAD', 'POST'], paths: ['/x'] }],
    });
    expect(await readFile(join(root, 'out/new.txt'), 'utf8')).toBe('written');
  });

  test('what was granted before stays: the folder as it was spelled, endings, no deletion, other methods, the secret', async () => {
    const given: Grant = {
      fs: [{ host: join(root, 'in'), extensions: ['.csv'], deny: ['private/**'], maxFileBytes: 1_000 }],
      http: [{ origin, methods: ['GET'], maxCalls: 7 }],
    };
    const { grant } = await untilGranted(
      {
        language: 'javascript',
        code: `await fs.readFile('/in/a.csv'); await fs.writeFile('/in/b.csv', ''); await fs.writeFile('/in/c.txt', ''); await fs.writeFile('/in/plain', ''); await (await fetch('${origin}/x', { method: 'DELETE' })).text()`,
      },
      given,
    );
    expect(grant).toEqual({
      fs: [
        {
          host: join(root, 'in'),
          access: ['read', 'write', 'delete'],
          deny: ['private/**'],
          maxFileBytes: 1_000,
        },
      ],
      http: [{ origin, methods: ['GET', 'DELETE'], maxCalls: 7 }],
    });
  });
});

test('the guest is told no folder of the host, whoever asked for the run is', async () => {
  const grant: Grant = { fs: [{ host: join(root, 'in'), guest: '/in' }] };
  const write = "await fs.writeFile('/in/x', '')";
  const seen = await runtime.run({
    language: 'javascript',
    code: `let told; try { ${write} } catch (error) { told = [JSON.stringify(error), error.details, error.hint, error.stack] } told`,
    grant,
  });
  expect(JSON.stringify(seen)).not.toContain(root);
  const outcome = await runtime.run({ language: 'javascript', code: write, grant });
  expect(outcome).toMatchObject({
    ok: false,
    error: {
      code: 'CAPABILITY_DENIED',
      hint: expect.not.stringContaining(root),
      details: {
        missing: ['fs.write'],
        grant: { fs: [{ host: join(root, 'in'), guest: '/in', access: ['read', 'write'] }] },
      },
    },
  });
});

test('no hint of a level asks for a lower one', verifies('ER-04'), async () => {
  for (const level of ['strict', 'maximum'] as const) {
    for (const code of [`await fetch('${origin}/')`, "await fs.writeFile('/in/x', '')"]) {
      const outcome = await runtime.run({
        language: 'javascript',
        level,
        code,
        grant: {
          http: [{ origin }],
          fs: [{ host: join(root, 'in'), guest: '/in', access: ['read', 'write'] }],
        },
      });
      expect(outcome).toMatchObject({ ok: false, error: { code: 'CAPABILITY_DENIED' } });
      expect(outcome.ok ? '' : outcome.error.hint).not.toMatch(/level|standard|minimal/);
    }
  }
});
