import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { holderFromClaims } from '../../runtime/auth/claims.ts';
import { readIssuers } from '../../runtime/auth/issuers.ts';
import { createRuntime } from '../../runtime/index.ts';
import type { Caller } from '../../runtime/vocabulary/caller.ts';
import type { Grant } from '../../runtime/vocabulary/grant.ts';
import { verifies } from '../support/verifies.ts';

verifies('AU-04');

const issuerOf = (rules: Readonly<Record<string, { permissions: readonly string[]; grant?: Grant }>>) => {
  const [issuer] = readIssuers({
    resource: 'https://here.example/mcp',
    issuers: [{ name: 'a', issuer: 'https://there.example', rules }],
  }).issuers;
  if (issuer === undefined) throw new Error('no issuer');
  return issuer;
};

const denied = { ok: false, error: { code: 'CAPABILITY_DENIED' } };

async function folderAndRuntime() {
  const host = await mkdtemp(join(tmpdir(), 'sandglass-rules-'));
  const runtime = createRuntime({ policy: { fs: [{ host, access: ['read', 'write'] }] } });
  onTestFinished(async () => {
    await runtime.close();
    await rm(host, { recursive: true });
  });
  return { host, runtime };
}

test('two rules of one token give nothing that neither of them gives', async () => {
  const { host, runtime } = await folderAndRuntime();
  const mount = { host, guest: '/data' };
  const issuer = issuerOf({
    reads: { permissions: ['fs.read'], grant: { fs: [{ ...mount, access: ['read'] }] } },
    notes: {
      permissions: ['fs.write'],
      grant: { fs: [{ ...mount, access: ['write'], extensions: ['.md'] }] },
    },
  });
  const caller = holderFromClaims({ sub: 'u', scope: 'reads notes' }, issuer)?.caller as Caller;
  const write = (name: string, ...access: readonly (readonly ('read' | 'write')[])[]) =>
    runtime.run({
      language: 'js',
      code: `await fs.writeFile('/data/${name}', 'x'); (await fs.readdir('/data')).length`,
      caller,
      grant: { fs: access.map((each) => ({ ...mount, access: each })) },
      limits: { timeoutMs: 120_000 },
    });
  expect(await write('run.sh', ['read'], ['write'])).toMatchObject(denied);
  expect(await write('run.sh', ['read', 'write'])).toMatchObject(denied);
  expect(await write('note.md', ['read'], ['write'])).toMatchObject({ ok: true, value: 1 });

  // Without a grant of its own a call has what server and caller have in common.
  runtime.tools.register(
    {
      name: 'keep',
      description: 'Keeps a note',
      capabilities: ['fs.write', 'fs.read'],
      input: { type: 'object', properties: { name: { type: 'string' } } },
      limits: { timeoutMs: 120_000 },
    },
    {
      language: 'js',
      code: `export const run = async ({ name }) => {
        const [folder] = (await fs.readdir('/')).filter((entry) => entry !== 'tmp');
        await fs.writeFile('/' + folder + '/' + name, 'x');
      }`,
    },
  );
  const granted = { fs: [{ host, access: ['read', 'write'] as const }] };
  expect(await runtime.tools.call('keep', { name: 'b.sh' }, { caller })).toMatchObject(denied);
  expect(await runtime.tools.call('keep', { name: 'b.sh' }, { caller, grant: granted })).toMatchObject(
    denied,
  );
  expect(await runtime.tools.call('keep', { name: 'b.md' }, { caller })).toMatchObject({ ok: true });
});

test('a rule without a grant lifts no ceiling that another rule of the token sets', async () => {
  const { host, runtime } = await folderAndRuntime();
  for (const name of ['open', 'closed']) {
    await mkdir(join(host, name));
    await writeFile(join(host, name, 'a.txt'), name);
  }
  const grant: Grant = { fs: [{ host: join(host, 'open'), access: ['read'] }] };
  const issuer = issuerOf({
    '*': { permissions: ['fs.*', 'tools.call'] },
    reads: { permissions: ['fs.read'], grant },
    admin: { permissions: ['*'] },
    calls: { permissions: [], grant: { tools: ['*'] } },
  });
  const callerOf = (scope: string): Caller => holderFromClaims({ sub: 'u', scope }, issuer)?.caller as Caller;
  const read = (folder: string, scope: string) =>
    runtime.run({
      language: 'js',
      code: `await fs.readFile('/all/a.txt', 'utf8')`,
      caller: callerOf(scope),
      grant: { fs: [{ host: join(host, folder), guest: '/all' }] },
      limits: { timeoutMs: 120_000 },
    });
  for (const scope of ['reads', 'reads admin', 'admin reads', 'reads calls']) {
    expect(callerOf(scope).grants, scope).toHaveLength(1);
    expect(await read('closed', scope), scope).toMatchObject(denied);
    expect(await read('open', scope), scope).toMatchObject({ ok: true, value: 'open' });
  }
  expect(callerOf('reads').grants).toEqual([grant]);
  expect(callerOf('reads calls').grants).toEqual([{ ...grant, tools: ['*'] }]);

  // Where no rule of a token has a grant there is nothing that is narrowed.
  for (const scope of ['', 'admin']) {
    expect(callerOf(scope).grants, scope).toBeUndefined();
    expect(await read('closed', scope), scope).toMatchObject({ ok: true, value: 'closed' });
  }
});

test('rules whose grants cannot be one are told of at the start, and give no token anything', () => {
  const rules = (env: Readonly<Record<string, string>>) => ({ permissions: ['env'], grant: { env } });
  expect(() => issuerOf({ a: rules({ A: '1' }), b: rules({ A: '2' }) })).toThrow('env.A');
  const issuer = issuerOf({ a: rules({ A: '1' }), b: rules({ B: '2' }) });
  const torn = { ...issuer, rules: { ...issuer.rules, b: { ...rules({ A: '2' }) } } };
  expect(() => holderFromClaims({ sub: 'u', scope: 'a b' }, torn)).toThrow(
    expect.objectContaining({ code: 'CAPABILITY_DENIED' }),
  );
  expect(holderFromClaims({ sub: 'u', scope: 'a' }, torn)?.caller.grants).toEqual([{ env: { A: '1' } }]);
});

test('a grant in a token that cannot be read shows its caller no tool, and fails no list', async () => {
  const { runtime } = await folderAndRuntime();
  runtime.tools.register(
    { name: 'looks', description: 'Looks', capabilities: ['fs.read'] },
    { language: 'js', code: 'export const run = () => 1' },
  );
  const issuer = { ...issuerOf({ a: { permissions: ['*'] } }) };
  const claims = { ...issuer.claims, grant: ['may'] };
  const who = (may: unknown): Caller =>
    holderFromClaims({ sub: 'u', scope: 'a', may }, { ...issuer, claims })?.caller as Caller;
  const names = (may: unknown) => runtime.tools.list({ caller: who(may) }).map(({ name }) => name);
  expect(names({ fs: [{ host: '/' }] })).toContain('looks');
  for (const may of [{ fs: 5 }, { fs: [null] }, { fs: { some: 1 } }, { fs: [{ access: 7 }] }])
    expect(names(may), JSON.stringify(may)).not.toContain('looks');
});

test('the grant of a caller holds for the tools that it calls, whatever grant the call brings', async () => {
  const { host, runtime } = await folderAndRuntime();
  for (const name of ['open', 'closed']) {
    await mkdir(join(host, name));
    await writeFile(join(host, name, 'a.txt'), name);
  }
  runtime.tools.register(
    { name: 'looks', description: 'Looks', capabilities: ['fs.read'], limits: { timeoutMs: 120_000 } },
    { language: 'js', code: "export const run = () => fs.readFile('/all/closed/a.txt', 'utf8')" },
  );
  const grant: Grant = { fs: [{ host, guest: '/all' }] };
  const grants: readonly Grant[] = [{ fs: [{ host: join(host, 'open') }] }];
  const caller: Caller = { id: 'u', permissions: ['*'] };
  expect(await runtime.tools.call('looks', {}, { grant, caller })).toMatchObject({
    ok: true,
    value: 'closed',
  });
  expect(await runtime.tools.call('looks', {}, { grant, caller: { ...caller, grants } })).toMatchObject(
    denied,
  );
});
