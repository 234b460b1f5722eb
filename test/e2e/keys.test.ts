import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serveCommand } from '../../runtime/doors/cli/commands/serve.ts';
import { configSchema } from '../../runtime/doors/cli/layers.ts';
import { runCli, startCli } from '../support/command-line.ts';
import { verifies } from '../support/verifies.ts';

let cwd = '';
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'sandglass-keys-'));
});
afterAll(() => rm(cwd, { recursive: true }));

const cli = (...args: readonly string[]) => runCli(args, { cwd });

/** A server in a process of its own, on a free port. */
async function serve(flags: readonly string[], env: Record<string, string> = {}) {
  const started = startCli(['serve', ...flags], { cwd, env });
  const out = await started.outputMatching(/Key: .+\n/);
  const [, url = ''] = /Listening on (\S+)\n/.exec(out) ?? [];
  return {
    url,
    out,
    run: async (key: string, headers: Record<string, string> = {}) =>
      fetch(`${url}/v1/runs`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${key}`, ...headers },
        body: JSON.stringify({ language: 'js', code: '6 * 7' }),
      }),
    [Symbol.asyncDispose]: async () => {
      started.child.kill('SIGTERM');
      await started.ended;
    },
  };
}

describe('sandglass keys', verifies('AU-06', 'MC-06'), () => {
  test('makes keys that a server takes until they are revoked, and keeps none of them', async () => {
    const file = join(cwd, 'keys.json');
    const added = await cli('keys', 'add', 'alice', '--keys=keys.json', '--rate=2', '--permissions=fs.read');
    expect(added.code).toBe(0);
    const key = added.out.trim();
    expect(key).toMatch(/^sgk_alice_[\w-]{32}$/);
    expect(await readFile(file, 'utf8')).not.toContain(key.slice(-32));
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await cli('keys', 'add', 'alice', '--keys=keys.json')).code).toBe(2);
    expect(JSON.parse((await cli('keys', 'list', '--keys=keys.json', '--json')).out)).toMatchObject({
      keys: [{ name: 'alice', state: 'valid', permissions: ['fs.read'], rate: { calls: 2 } }],
    });
    await using server = await serve(['--port=0', '--keys=keys.json']);
    expect((await server.run(key)).status).toBe(200);
    expect((await server.run(`${key}x`)).status).toBe(401);
    const mcp = await fetch(`${server.url}/mcp`, { method: 'POST', body: '{}' });
    expect([mcp.status, mcp.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    expect((await server.run(key)).status).toBe(200);
    const third = await server.run(key);
    expect([third.status, Number(third.headers.get('retry-after')) > 0]).toEqual([429, true]);
    expect((await cli('keys', 'revoke', 'alice', '--keys=keys.json')).code).toBe(0);
    expect((await server.run(key)).status).toBe(401);
    expect((await cli('keys', 'revoke', 'alice', '--keys=keys.json')).code).toBe(2);
  });

  test('a key has a quota of a day, and a grant that is kept with it', verifies('AU-07'), async () => {
    await writeFile(join(cwd, 'ceiling.json'), JSON.stringify({ env: { MODE: 'test' } }));
    const flags = ['--keys=held.json', '--permissions=env.*', '--quota=2', '--grant=ceiling.json'];
    const key = (await cli('keys', 'add', 'bob', ...flags)).out.trim();
    expect(JSON.parse((await cli('keys', 'list', '--keys=held.json', '--json')).out)).toMatchObject({
      keys: [{ name: 'bob', quota: { calls: 2, perMs: 86_400_000 }, grant: { env: { MODE: 'test' } } }],
    });
    const file = await readFile(join(cwd, 'held.json'), 'utf8');
    expect(file).not.toContain(key.slice(-32));
    await using server = await serve(['--port=0', '--keys=held.json']);
    expect([(await server.run(key)).status, (await server.run(key)).status]).toEqual([200, 200]);
    const third = await server.run(key);
    expect([third.status, (await third.json()).error.code]).toEqual([429, 'RATE_LIMITED']);
  });

  test.each([
    [['keys', 'add', 'a', '--quota=0'], '--quota=0'],
    [['keys', 'add', 'a', '--quota=many'], '--quota=many'],
    [['keys', 'add', 'a', '--grant=none.json'], 'none.json'],
    [['keys', 'add', 'a b'], 'expected 1 to 64 letters'],
    [['keys', 'add', 'a', '--expires=soon'], 'Cannot read --expires=soon'],
    [['keys', 'add', 'a', '--permissions=fs..read'], 'is not a capability'],
    [['keys'], 'Nothing to do'],
  ])('refuses %j with exit code 2', async (args, message) => {
    const { code, err } = await cli(...args, ...(args.length > 1 ? ['--keys=other.json'] : []));
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
  });
});

describe('configuration of sandglass serve', verifies('DX-13', 'AU-09', 'AU-10'), () => {
  test('flags come before variables, variables before the file', async () => {
    await writeFile(join(cwd, 'config.json'), JSON.stringify({ port: 1, key: 'of-the-file', rate: 1 }));
    await using server = await serve(['--config=config.json', '--port=0'], {
      SANDGLASS_KEY: 'of-the-variable',
    });
    expect((await server.run('of-the-variable')).status).toBe(200);
    expect((await server.run('of-the-variable')).status).toBe(429);
    expect((await server.run('of-the-file')).status).toBe(401);
    expect(server.out).toContain('Key: as given');
  });

  test.each([
    [{ prot: 1 }, 'unknown name "prot", did you mean "port"?'],
    [{ port: {} }, '"port" is not a text or a number'],
    [{ offline: 'yes' }, '"offline" is not true or false'],
  ])('refuses the file %j', async (config, message) => {
    await writeFile(join(cwd, 'wrong.json'), JSON.stringify(config));
    const { code, err } = await cli('serve', '--config=wrong.json');
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
  });

  test('production needs a SECRET_KEY of 32 bytes', async () => {
    const start = (env: Record<string, string>) => runCli(['serve', '--port=0'], { cwd, env });
    expect(await start({ NODE_ENV: 'production' })).toMatchObject({
      code: 2,
      err: expect.stringContaining('SECRET_KEY is not set'),
    });
    expect(await start({ SECRET_KEY: 'short' })).toMatchObject({
      code: 2,
      err: expect.stringContaining('SECRET_KEY has 5 bytes'),
    });
  });

  test('ALLOWED_HOSTS names the hosts that are answered for', async () => {
    await using server = await serve(['--port=0'], { ALLOWED_HOSTS: 'app.example.com', SANDGLASS_KEY: 'k' });
    expect((await server.run('k')).status).toBe(403);
  });

  test('its schema is that of its flags', async () => {
    const published = await readFile(
      new URL('../../runtime/doors/cli/config.schema.json', import.meta.url),
      'utf8',
    );
    expect(JSON.parse(published)).toEqual(configSchema(serveCommand.flags));
  });
});
