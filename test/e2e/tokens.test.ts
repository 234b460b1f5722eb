import { mkdtemp, rm, writeFile } from 'node:fs/promises';
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
      claims: { user: 'client_id' },
      rules: {
        'tools:run': { permissions: ['tools.call'], tools: ['hash_*'], rate: 1_000, quota: 4 },
        'tools:admin': { permissions: ['*'] },
      },
    },
  ];
  await writeFile(join(cwd, 'issuers.json'), JSON.stringify({ resource, issuers }));
  server = startCli(['serve', `--port=${port}`, '--issuers=issuers.json', '--audit=audit'], { cwd });
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
      scopes_supported: ['tools:run', 'tools:admin'],
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

  test('a token without a known scope is told which there are', async () => {
    const refused = await run(await issuer.token('read'));
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([
      403,
      expect.stringContaining('error="insufficient_scope", scope="tools:run tools:admin"'),
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
