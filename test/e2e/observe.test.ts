import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type Grant, type RunOptions, type Runtime } from '../../runtime/index.ts';
import { buildTool } from '../../scripts/build-tools.ts';

let runtime: Runtime;
let root: string;
let server: Server;
let origin: string;
beforeAll(async () => {
  runtime = createRuntime();
  root = await mkdtemp(join(tmpdir(), 'sandglass-observe-'));
  await mkdir(join(root, 'in/deep'), { recursive: true });
  await mkdir(join(root, 'out'));
  await writeFile(join(root, 'in/a.csv'), 'x,y\n1,2\n');
  await writeFile(join(root, 'in/b.csv'), 'x,y\n3,4\n');
  await writeFile(join(root, 'in/deep/c.csv'), 'x,y\n5,6\n');
  server = createServer((request, response) => {
    if (request.url === '/old') response.writeHead(302, { location: '/new/[1]' }).end();
    else response.end(`${request.method} ${request.url}`);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.close();
  await runtime.close();
  await rm(root, { recursive: true });
});

const wide = (): Grant => ({
  fs: [{ host: root, guest: '/data', access: ['read', 'write'] }],
  http: [{ origin, methods: ['GET', 'POST', 'DELETE'] }],
});

/** Runs it under a wide grant, and under the one that was told: both must end alike. */
async function leastOf(run: Partial<RunOptions>): Promise<Grant> {
  const first = await runtime.run({ ...run, grant: wide(), observe: true } as RunOptions);
  const { observed } = first.meta;
  if (observed === undefined) throw new Error('nothing was observed');
  const again = await runtime.run({ ...run, ...observed } as RunOptions);
  const shown = ({ ok, stdout, ...rest }: typeof first): unknown => ({
    ok,
    stdout,
    end: 'value' in rest ? rest.value : 'error' in rest && [rest.error.code, rest.error.message],
  });
  expect(shown(again)).toEqual(shown(first));
  expect(first.ok ? '' : first.error.message).toBe('');
  return observed.grant;
}

describe('a run that is observed tells the smallest grant that would have sufficed', () => {
  test('JavaScript: exact files, and the folder around what it wrote', async () => {
    const grant = await leastOf({
      language: 'javascript',
      code: `const text = await fs.readFile('/data/in/a.csv', 'utf8') + await fs.readFile('/data/in/deep/c.csv', 'utf8');
        await fs.writeFile('/data/out/sum.txt', text); text.length`,
    });
    expect(grant).toEqual({
      fs: [
        { host: `${root}/in/a.csv`, guest: '/data/in/a.csv', access: ['read'] },
        { host: `${root}/in/deep/c.csv`, guest: '/data/in/deep/c.csv', access: ['read'] },
        { host: `${root}/out`, guest: '/data/out', access: ['write'], delete: false },
      ],
    });
    expect(await readFile(join(root, 'out/sum.txt'), 'utf8')).toContain('1,2');
  });

  test('JavaScript: a folder where it was listed, paths and methods of requests, those of redirects too', async () => {
    const grant = await leastOf({
      language: 'javascript',
      code: `const names = await listDirectory?.('/data/in') ?? []; 
        [names.length, await (await fetch('${origin}/old')).text(), await (await fetch('${origin}/a?q=1', { method: 'POST', body: 'x' })).text(), await (await fetch('${origin}/b')).text()]`.replace(
        "await listDirectory?.('/data/in') ?? []",
        "(await import('node:fs/promises').then((fs) => fs.readdir('/data/in')))",
      ),
    });
    expect(grant).toEqual({
      fs: [{ host: `${root}/in`, guest: '/data/in', access: ['read'] }],
      http: [
        { origin, methods: ['GET'], paths: ['/b', '/new/%5B1%5D', '/old'] },
        { origin, methods: ['POST'], paths: ['/a'] },
      ],
    });
  });

  test('a file that is not there is not one that is denied', async () => {
    const grant = await leastOf({
      language: 'javascript',
      code: `await fs.readFile('/data/in/none.csv', 'utf8').then(() => 'there', (error) => error.code)`,
    });
    expect(grant.fs).toEqual([{ host: `${root}/in`, guest: '/data/in', access: ['read'] }]);
  });

  test('Python', async () => {
    const grant = await leastOf({
      language: 'python',
      code: `
import urllib.request
with open('/data/in/a.csv') as file:
    text = file.read()
with open('/data/out/py.txt', 'w') as out:
    out.write(text)
[len(text), urllib.request.urlopen('${origin}/py').read().decode()]`,
    });
    expect(grant.fs?.map(({ guest }) => guest)).toEqual(['/data/in/a.csv', '/data/out']);
    expect(grant.http).toEqual([{ origin, methods: ['GET'], paths: ['/py'] }]);
  });

  test('a component', async () => {
    const grant = await leastOf({
      module: await buildTool('csv-stats'),
      invoke: 'invoke',
      args: [JSON.stringify({ path: '/data/in/a.csv' })],
    });
    expect(grant.fs).toEqual([{ host: `${root}/in/a.csv`, guest: '/data/in/a.csv', access: ['read'] }]);
  });

  test('what was not used is not in it, and without a grant the policy is what is allowed', async () => {
    await using own = createRuntime({ policy: wide() });
    const outcome = await own.run({
      language: 'javascript',
      code: "await fs.readFile('/data/in/b.csv', 'utf8')",
      observe: true,
    });
    expect(outcome).toMatchObject({ ok: true, value: 'x,y\n3,4\n' });
    expect(outcome.meta.observed?.grant).toEqual({
      fs: [{ host: `${root}/in/b.csv`, guest: '/data/in/b.csv', access: ['read'] }],
    });
    const denied = await own.run({
      language: 'javascript',
      code: "await fetch('https://elsewhere.example').catch(() => 0)",
      observe: true,
    });
    expect(denied.meta.observed).toEqual({ grant: {}, cwd: '/data' });
    expect((await own.run({ language: 'javascript', code: '1' })).meta.observed).toBeUndefined();
  });
});
