import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Client,
  ClientCredentialsProvider,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCli, startCli } from '../support/command-line.ts';
import { type Issuer, startIssuer } from '../support/oidc.ts';
import { verifies } from '../support/verifies.ts';

let cwd = '';
let port = 0;
let resource = '';
let issuer: Issuer;
let server: ReturnType<typeof startCli>;

/** A port that was free a moment ago: the resource that tokens are for has it in its name. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'sandglass-tokens-'));
  port = await freePort();
  resource = `http://127.0.0.1:${port}/mcp`;
  issuer = await startIssuer(resource);
  const issuers = [
    {
      name: 'local',
      issuer: issuer.url,
      type: 'at+jwt',
      claims: { user: 'client_id', grant: ['limits_of', 'grant'] },
      rules: {
        'tools:run': { permissions: ['tools.call'], tools: ['hash_*'], rate: 1_000, quota: 4 },
        'tools:admin': { permissions: ['*'] },
        'tools:files': {
          permissions: ['fs.*', 'tools.call', 'run.start'],
          grant: {
            fs: [{ host: './project/open', access: ['read'] }],
            tools: ['read_file', 'calculator'],
            run: { languages: ['javascript'] },
            limits: { hostCalls: 50 },
          },
        },
        'tools:quiet': {
          permissions: ['env', 'fs.read'],
          grant: { fs: [{ host: './project' }], env: { MODE: 'loud' } },
        },
      },
    },
  ];
  await writeFile(join(cwd, 'issuers.json'), JSON.stringify({ resource, issuers }));
  for (const folder of ['open', 'closed']) {
    await mkdir(join(cwd, 'project', folder), { recursive: true });
    await writeFile(join(cwd, 'project', folder, 'a.txt'), folder);
  }
  await writeFile(join(cwd, 'grant.json'), JSON.stringify({ tools: ['*'] }));
  server = startCli(
    [
      'serve',
      `--port=${port}`,
      '--issuers=issuers.json',
      '--audit=audit',
      '--allow-read=./project',
      '--allow-write=./project',
      '--grant=grant.json',
      '--allow-run=*',
      '--allow-env=MODE=quiet',
    ],
    { cwd },
  );
  await server.outputMatching(/Key: .+\n/);
});
afterAll(async () => {
  server.child.kill('SIGTERM');
  await server.ended;
  await issuer.close();
  await rm(cwd, { recursive: true });
});

const send = (path: string, token: string | undefined, body: unknown) =>
  fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
const run = (token?: string) => send('/v1/runs', token, { language: 'js', code: '6 * 7' });

describe('sandglass serve --issuers', verifies('AU-06', 'MC-06', 'AU-07', 'AU-08'), () => {
  test('tells a client without a token where to get one', async () => {
    const metadata = `http://127.0.0.1:${port}/.well-known/oauth-protected-resource/mcp`;
    const refused = await send('/mcp', undefined, {});
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([
      401,
      `Bearer resource_metadata="${metadata}"`,
    ]);
    expect((await run('a.b.c')).headers.get('www-authenticate')).toBe(
      `Bearer error="invalid_token", resource_metadata="${metadata}"`,
    );
    expect(await (await fetch(metadata)).json()).toEqual({
      resource,
      authorization_servers: [issuer.url],
      scopes_supported: ['tools:run', 'tools:admin', 'tools:files', 'tools:quiet'],
      bearer_methods_supported: ['header'],
      resource_name: 'Sandglass',
    });
  });

  test('a token of a real provider acts as its user, with the permissions, tools, rate and quota of its scopes', async () => {
    const token = await issuer.token('tools:run');
    const hash = await send('/v1/tools/hash_text/call', token, { args: { text: 'a' } });
    expect([hash.status, await hash.json()]).toMatchObject([200, { ok: true }]);
    expect(hash.headers.get('ratelimit-policy')).toBe('"calls";q=1000;w=60, "quota";q=4;w=86400');
    expect(hash.headers.get('ratelimit')).toMatch(/^"calls";r=999;t=0, "quota";r=3;t=0$/);
    expect((await send('/v1/tools/calculator/call', token, { args: {} })).status).toBe(403);
    const wide = await send('/v1/runs', token, {
      language: 'js',
      code: '1',
      grant: { env: { A: 'b' } },
    });
    expect([wide.status, await wide.json()]).toMatchObject([403, { error: { code: 'CAPABILITY_DENIED' } }]);
    expect((await run(token)).status).toBe(200);
    const over = await run(token);
    expect([over.status, Number(over.headers.get('retry-after')) > 60]).toEqual([429, true]);
    const audit = await runCli(['audit', 'query', 'audit', '--json'], { cwd });
    expect(audit.out).toContain('local:machine');
    expect(audit.out).not.toContain(token);
  });

  describe('a grant of a scope', verifies('AU-04'), () => {
    const open = { fs: [{ host: './project/open', guest: '/open', access: ['read'] }] };
    const runAs = async (token: string, code: string, grant: object) => {
      const answer = await send('/v1/runs', token, { language: 'js', code, grant });
      return { status: answer.status, ...(await answer.json()) };
    };
    const callAs = async (token: string, tool: string, args: object, more: object = {}) => {
      const answer = await send(`/v1/tools/${tool}/call`, token, { args, ...more });
      return { status: answer.status, ...(await answer.json()) };
    };

    test('is a ceiling of its runs, however they ask', async () => {
      const token = await issuer.token('tools:files');
      const read = "await fs.readFile('/open/a.txt', 'utf8')";
      expect(await runAs(token, read, open)).toMatchObject({ ok: true, value: 'open' });
      const denied = { status: 403, error: { code: 'CAPABILITY_DENIED' } };
      for (const grant of [
        { fs: [{ host: './project', guest: '/project' }] },
        { fs: [{ host: './project/closed', guest: '/open' }] },
        { fs: [{ host: './project/open', access: ['read', 'write'] }] },
        { fs: [{ host: './project/open/../closed' }] },
        { env: { MODE: 'quiet' } },
        { tools: ['list_files'] },
        { run: { languages: ['python'] } },
      ])
        expect(await runAs(token, '1', grant), JSON.stringify(grant)).toMatchObject(denied);
      // What the server allows, another scope may have.
      const admin = await issuer.token('tools:admin');
      const wide = { fs: [{ host: './project', guest: '/project' }] };
      expect(await runAs(admin, "await fs.readFile('/project/closed/a.txt', 'utf8')", wide)).toMatchObject({
        value: 'closed',
      });
    });

    test('is what its calls of tools have, directly and from a program', async () => {
      const token = await issuer.token('tools:files');
      expect(await callAs(token, 'read_file', { path: '/open/a.txt' })).toMatchObject({
        value: { content: 'open' },
      });
      for (const path of ['/project/closed/a.txt', '/open/../closed/a.txt', '/closed/a.txt'])
        expect(await callAs(token, 'read_file', { path }), path).toMatchObject({ ok: false });
      expect(await callAs(token, 'write_file', { path: '/open/b.txt', content: 'x' })).toMatchObject({
        status: 403,
        error: {
          code: 'CAPABILITY_DENIED',
          hint: expect.stringContaining('Give the caller a grant of fs.write'),
        },
      });
      const program = "(await tools.read_file({ path: '/open/a.txt' })).content";
      expect(await runAs(token, program, { tools: ['read_file'] })).toMatchObject({ value: 'open' });
      const around = `const { ok } = await sandglass.call('run.start', { language: 'javascript', code: "1", grant: ${JSON.stringify(
        { fs: [{ host: './project' }] },
      )} }); ok`;
      expect((await runAs(token, around, { run: {} })).value).not.toBe(true);
      const through = "(await tools.read_file({ path: '/project/closed/a.txt' })).content";
      expect(await runAs(token, through, { tools: ['read_file'] })).toMatchObject({ ok: false });
    });

    test('holds for its sessions and its limits, too', async () => {
      const token = await issuer.token('tools:files');
      const opened = await send('/v1/sessions', token, {
        language: 'js',
        grant: { fs: [{ host: './project', guest: '/project' }] },
      });
      const { name: session } = await opened.json();
      if (opened.status === 201) {
        const answer = await send('/v1/runs', token, {
          session,
          code: "await fs.readFile('/project/closed/a.txt', 'utf8')",
        });
        expect(await answer.json()).toMatchObject({ ok: false, error: { code: 'CAPABILITY_DENIED' } });
      } else expect(opened.status).toBe(403);
      const done = await runAs(token, '1', { limits: { hostCalls: 900 } });
      expect(done.meta.limits.hostCalls).toBe(50);
    });

    test('of two scopes there is what either gives; a grant in the token narrows it', async () => {
      const both = await issuer.token('tools:files tools:quiet');
      // The token itself says that it is for env MODE alone.
      expect(await runAs(both, '1', open)).toMatchObject({
        status: 403,
        error: { code: 'CAPABILITY_DENIED' },
      });
      const quiet = await issuer.token('tools:quiet');
      // Its rule says loud, the token and the server quiet: they have nothing in common.
      expect(await runAs(quiet, '1', { env: { MODE: 'quiet' } })).toMatchObject({ status: 403 });
      expect(await runAs(quiet, '1', { env: { MODE: 'loud' } })).toMatchObject({ status: 403 });
      expect(await runAs(quiet, '1', {})).toMatchObject({ ok: true });
    });

    test('is offered to clients of MCP as it is', async () => {
      const names = async (scope: string): Promise<readonly string[]> => {
        const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: 'auto' } });
        const requestInit = { headers: { authorization: `Bearer ${await issuer.token(scope)}` } };
        await client.connect(new StreamableHTTPClientTransport(new URL(resource), { requestInit }));
        const { tools } = await client.listTools();
        await client.close();
        return tools.map(({ name }) => name);
      };
      const [files, admin] = [await names('tools:files'), await names('tools:admin')];
      expect(files).toContain('read_file');
      expect(files).not.toContain('write_file');
      expect(admin).toEqual(expect.arrayContaining(['read_file', 'write_file']));
    });
  });

  test('does not start with a grant that is none', async () => {
    const rule = (grant: object) => ({
      resource,
      issuers: [{ name: 'a', issuer: issuer.url, rules: { x: { grant } } }],
    });
    for (const [grant, message] of [
      [{ http: [{ orgin: 'https://example.com' }] }, 'orgin'],
      [{ fs: [{ host: './nowhere' }] }, 'nowhere'],
      [{ fs: {} }, 'fs is not a list of entries'],
      [{ htp: [] }, 'htp'],
    ] as const) {
      await writeFile(join(cwd, 'grants.json'), JSON.stringify(rule(grant)));
      const { code, err } = await runCli(['serve', '--port=0', '--issuers=grants.json'], { cwd });
      expect([code, err]).toEqual([2, expect.stringContaining(message)]);
    }
  });

  test('a token without a known scope is told which there are', async () => {
    const refused = await run(await issuer.token('read'));
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([
      403,
      expect.stringContaining(
        'error="insufficient_scope", scope="tools:run tools:admin tools:files tools:quiet"',
      ),
    ]);
  });

  test('a client of MCP finds the issuer by itself', async () => {
    const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: 'auto' } });
    const authProvider = new ClientCredentialsProvider({
      clientId: 'agent',
      clientSecret: 'secret-of-the-agent',
      scope: 'tools:admin',
      expectedIssuer: issuer.url,
    });
    await client.connect(new StreamableHTTPClientTransport(new URL(resource), { authProvider }));
    const answer = await client.callTool({ name: 'hash_text', arguments: { text: 'a' } });
    expect(answer.isError).not.toBe(true);
    await client.close();
  });

  test.each([
    ['{}', 'Cannot read resource'],
    ['{"resource":"https://a.example","issuers":[]}', 'a list of 1 to 32'],
    ['[', 'not JSON'],
  ])('does not start with the file %s', async (text, message) => {
    await writeFile(join(cwd, 'wrong.json'), text);
    const { code, err } = await runCli(['serve', '--port=0', '--issuers=wrong.json'], { cwd });
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
  });
});
