import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type ServerSignIn } from '../../runtime/index.ts';
import { isPlace } from '../../runtime/tools/remote/server-auth.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';
import { startCli } from '../support/command-line.ts';
import { type Issuer, startIssuer } from '../support/oidc.ts';
import { verifies } from '../support/verifies.ts';

const REDIRECT = 'http://127.0.0.1:4280/v1/auth/callback';
const SECRET_KEY = 'k'.repeat(40);
let cwd = '';
let resource = '';
let issuer: Issuer;
let server: ReturnType<typeof startCli>;

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'sandglass-sign-in-'));
  const port = await freePort();
  resource = `http://127.0.0.1:${port}/mcp`;
  issuer = await startIssuer(resource);
  const rules = { 'tools:run': { permissions: ['*'] } };
  const issuers = [{ name: 'local', issuer: issuer.url, claims: { user: 'client_id' }, rules }];
  await writeFile(join(cwd, 'issuers.json'), JSON.stringify({ resource, issuers }));
  server = startCli(['serve', `--port=${port}`, '--issuers=issuers.json'], { cwd });
  await server.outputMatching(/Key: .+\n/);
});
afterAll(async () => {
  server.child.kill('SIGTERM');
  await server.ended;
  await issuer.close();
  await rm(cwd, { recursive: true });
});

const SIGN_IN = {
  clientId: 'sandglass',
  clientSecret: 'client',
  scopes: ['tools:run'],
  redirectUrl: REDIRECT,
} as const;
const person = async (url: URL): Promise<string> => `${REDIRECT}?${await issuer.signIn(url.href, 'ada')}`;

/** What somebody's runtime has of the server, and what a call of it answers. */
async function use(oauth: ServerSignIn | undefined) {
  await using runtime = createRuntime({
    level: 'minimal',
    cache: false,
    secrets: { client: { kind: 'bearer', token: 'secret-of-sandglass' } },
    tools: {
      servers: {
        far: { url: resource, connectTimeoutMs: 60_000, ...defined({ oauth }) },
      },
    },
  });
  await runtime.tools.ready();
  const [info] = runtime.tools.servers.list();
  const outcome = await runtime.tools.call('far_hash_text', { text: 'a' });
  return { info, outcome };
}

describe('a server of MCP that asks for a token', verifies('MC-06'), () => {
  test('is signed in to by code and PKCE; the tokens are kept, and serve the next process without a person', async () => {
    let kept: string | undefined;
    const store = {
      get: async () => kept,
      set: async (text: string) => {
        kept = text;
      },
    };
    const asked: URL[] = [];
    const authorize = (url: URL): Promise<string> => {
      asked.push(url);
      return person(url);
    };
    const oauth = { ...SIGN_IN, issuer: issuer.url, store };
    const first = await use({ ...oauth, authorize });
    expect(first).toMatchObject({ info: { state: 'ready' }, outcome: { ok: true } });
    expect(asked).toHaveLength(1);
    const query = asked[0]?.searchParams;
    expect([query?.get('code_challenge_method'), query?.get('resource'), query?.get('scope')]).toEqual([
      'S256',
      resource,
      'tools:run offline_access',
    ]);
    const { tokens } = JSON.parse(kept ?? '{}');
    const token: string = tokens[issuer.url].access_token;
    expect(JSON.stringify([first, [...(asked[0]?.searchParams ?? [])]])).not.toContain(token);
    const next = await use(oauth);
    expect(next).toMatchObject({ info: { state: 'ready' }, outcome: { ok: true } });
    // One that is over is refreshed, and no person is asked.
    kept = kept?.replace(token, `${token.slice(0, -4)}AAAA`);
    expect((await use(oauth)).outcome.ok).toBe(true);
    expect(asked).toHaveLength(1);
  });

  test.each([
    ['without oauth', undefined],
    ['without a person and without tokens', { ...SIGN_IN, issuer: '' }],
    [
      'where another was named as the one that gives tokens',
      { ...SIGN_IN, issuer: 'https://login.example.com', authorize: person },
    ],
    [
      'where the browser comes back with another question’s answer',
      { ...SIGN_IN, issuer: '', authorize: async () => `${REDIRECT}?code=stolen&state=guessed` },
    ],
  ])('is refused %s', async (_, given) => {
    const oauth = given === undefined ? undefined : { ...given, issuer: given.issuer || issuer.url };
    const { info, outcome } = await use(oauth);
    expect(info).toMatchObject({
      state: 'failed',
      error: { code: 'HOST_CALL_FAILED', details: { reason: 'refused' } },
    });
    expect(outcome.ok).toBe(false);
  });

  test('sends nobody, and no request, to places inside a network', () => {
    const far = new URL('https://tools.example.com/mcp');
    const places = [
      'http://login.example.com',
      'https://127.0.0.1',
      'http://localhost:80',
      'https://[::1]',
      'https://169.254.169.254',
      'https://10.0.0.1',
      'javascript:alert(1)',
      'file:///etc/passwd',
    ];
    for (const place of places) expect([place, isPlace(new URL(place), far)]).toEqual([place, false]);
    expect(isPlace(new URL('https://login.example.com'), far)).toBe(true);
    expect(isPlace(new URL('http://127.0.0.1:3000'), new URL('http://localhost/mcp'))).toBe(true);
  });

  test('sandglass servers sign-in keeps sealed tokens, that servers list then uses', async () => {
    const entry = { url: resource, oauth: { ...SIGN_IN, issuer: issuer.url } };
    await writeFile(join(cwd, 'mcp.json'), JSON.stringify({ mcpServers: { far: entry } }));
    const env = { SECRET_KEY, XDG_CONFIG_HOME: join(cwd, 'config'), CLIENT: 'secret-of-sandglass' };
    const flags = ['--servers=mcp.json', '--secret=client=CLIENT'];
    const started = startCli(['servers', 'sign-in', 'far', ...flags], { cwd, env });
    let said = '';
    const url = await new Promise<string>((resolve) => {
      started.child.stderr.on('data', (text: string) => {
        said += text;
        const found = /^http\S+$/m.exec(said)?.[0];
        if (found !== undefined) resolve(found);
      });
    });
    expect((await fetch(await person(new URL(url)))).status).toBe(200);
    expect(await started.ended).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^Signed in to far: \d+ tools/),
    });
    const folder = join(env.XDG_CONFIG_HOME, 'sandglass', 'server-tokens');
    const [file = ''] = await readdir(folder);
    expect(await readFile(join(folder, file), 'utf8')).not.toContain('access_token');
    const listed = await startCli(['servers', 'list', ...flags, '--json'], { cwd, env }).ended;
    expect([listed.code, JSON.parse(listed.out).servers[0].state]).toEqual([0, 'ready']);
    const other = await startCli(['servers', 'list', ...flags], {
      cwd,
      env: { ...env, SECRET_KEY: 'x'.repeat(40) },
    }).ended;
    expect(other.code).not.toBe(0);
    const none = await startCli(['servers', 'list', ...flags], { cwd, env: { ...env, SECRET_KEY: '' } })
      .ended;
    expect([none.code, none.err]).toEqual([2, expect.stringContaining('SECRET_KEY is not set')]);
  });
});
