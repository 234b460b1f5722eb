import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createRuntime } from '../../runtime/index.ts';
import { runCli, startCli } from '../support/command-line.ts';
import { verifies } from '../support/verifies.ts';

/** Each is in one place only, so that what leaks is known by its name. */
const PLANTED = {
  secretKey: 'planted-secret-key-of-32-bytes-and-more',
  serverKey: 'planted-server-key',
  httpSecret: 'planted-http-secret',
  clientSecret: 'planted-client-secret',
  redisPassword: 'planted-redis-password',
} as const;

test(
  'no secret is in what a server prints, answers, keeps or shows of its processes',
  verifies('AU-01', 'AU-09', 'MO-11'),
  async () => {
    const cwd = await mkdtemp(join(tmpdir(), 'sandglass-planted-'));
    /** A service that sends back all that it got, in the answer and in its headers. */
    const service = createServer((request, response) => {
      response.setHeader('x-echo', request.headers.authorization ?? '').end(JSON.stringify(request.headers));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => service.once('listening', resolve));
    const origin = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
    const providers = [
      { name: 'local', issuer: origin, clientId: 'c', clientSecret: 'CLIENT_SECRET', scopes: ['a'] },
    ];
    await writeFile(join(cwd, 'oauth.json'), JSON.stringify({ redirect: `${origin}/back`, providers }));
    await writeFile(join(cwd, 'grant.json'), JSON.stringify({ http: [{ origin, secret: 'service' }] }));
    const server = startCli(
      [
        'serve',
        '--port=0',
        '--audit=audit',
        '--oauth=oauth.json',
        '--tokens=tokens.json',
        '--grant=grant.json',
        '--secret=service=HTTP_SECRET',
      ],
      {
        cwd,
        env: {
          SECRET_KEY: PLANTED.secretKey,
          SANDGLASS_KEY: PLANTED.serverKey,
          HTTP_SECRET: PLANTED.httpSecret,
          CLIENT_SECRET: PLANTED.clientSecret,
          REDIS_URL: `redis://:${PLANTED.redisPassword}@127.0.0.1:1`,
          XDG_CONFIG_HOME: cwd,
        },
      },
    );
    const out = await server.outputMatching(/Key: .+\n/);
    const url = /Listening on (\S+)\n/.exec(out)?.[1] ?? '';
    const alice = (
      await runCli(['keys', 'add', 'alice', `--keys=${join(cwd, 'sandglass/keys.json')}`], { cwd })
    ).out.trim();
    const seen: string[] = [];
    const send = async (path: string, body?: object, key: string = PLANTED.serverKey): Promise<string> => {
      const response = await fetch(`${url}${path}`, {
        headers: { authorization: `Bearer ${key}` },
        ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      });
      const text = await response.text();
      seen.push(`${path} ${JSON.stringify([...response.headers])} ${text}`);
      return text;
    };
    const code = `const answer = await fetch('${origin}/'); console.log([...answer.headers], await answer.text());
    console.log(JSON.stringify(process.env), Object.keys(globalThis)); throw new Error('with all there is')`;
    const run = { language: 'js', code, grant: { http: [{ origin, secret: 'service' }] } };
    expect(await send('/v1/runs', run)).toContain('GUEST_THREW');
    await send('/v1/runs', { ...run, level: 'minimal' });
    await send('/v1/runs', { ...run, grant: { http: [{ origin: 'https://a.example', secret: 'service' }] } });
    await send('/v1/runs', { ...run, grant: { http: [{ origin, secret: 'local.a' }] } }, alice);
    await send('/v1/auth/start', { provider: 'local' }, alice);
    await send('/v1/auth/finish', { flow: 'x', answer: 'code=x' }, alice);
    await send('/v1/tools/nope/call', { args: {} });
    for (const path of ['/metrics', '/health', '/openapi.json', '/docs', '/v1/runs', '/v1/auth', '/nowhere'])
      await send(path);
    await send('/v1/runs', {}, 'wrong');
    // The server, and the processes of its cells.
    for (const pid of await readdir('/proc').catch(() => [])) {
      if (!/^\d+$/.test(pid)) continue;
      const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''); // it may have ended by now
      if (line.includes('sandglass') || pid === String(server.child.pid)) seen.push(`cmdline ${line}`);
    }
    server.child.kill('SIGTERM');
    const ended = await server.ended;
    seen.push(`stdout ${ended.out}`, `stderr ${ended.err}`);
    for (const file of await readdir(cwd, { recursive: true, withFileTypes: true }))
      if (file.isFile())
        seen.push(`${file.name} ${await readFile(join(file.parentPath, file.name), 'utf8')}`);
    service.closeAllConnections();
    service.close();
    await rm(cwd, { recursive: true });
    expect(seen.some((text) => text.startsWith('cmdline') && text.includes('serve'))).toBe(true);
    expect(seen.some((text) => text.includes('"run.ended"'))).toBe(true);
    for (const [name, secret] of Object.entries(PLANTED)) {
      const forms = [secret, btoa(secret), encodeURIComponent(secret), Buffer.from(secret).toString('hex')];
      for (const form of forms)
        expect(
          seen.filter((text) => text.includes(form)),
          name,
        ).toEqual([]);
    }
    expect(seen.filter((text) => text.includes(alice))).toEqual([]);
  },
);

test('a function that gives a secret and fails is told to the host alone; whoever asked learns which it was', async () => {
  const faults: unknown[] = [];
  await using runtime = createRuntime({
    onError: (error) => faults.push(error),
    secrets: {
      vault: () => {
        throw new Error('the vault at 10.0.0.7 refused hunter2');
      },
      later: () => Promise.reject(new Error('the vault at 10.0.0.7 refused hunter2')),
    },
  });
  for (const secret of ['vault', 'later']) {
    const outcome = await runtime.run({
      language: 'js',
      code: '1',
      grant: { http: [{ origin: 'https://example.com', secret }] },
      limits: { timeoutMs: 120_000 },
    });
    expect(outcome).toMatchObject({
      ok: false,
      error: {
        code: 'HOST_CALL_FAILED',
        message: `Cannot use the secret "${secret}": the function that gives it has failed`,
        details: { secret },
      },
    });
    expect(JSON.stringify(outcome)).not.toMatch(/hunter2|10\.0\.0\.7/);
  }
  expect(faults).toEqual([expect.any(Error), expect.any(Error)]);
});
