import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const INDEX = new URL('../../runtime/index.ts', import.meta.url).href;

/** What the host loads to go out: some tens of milliseconds of its thread. */
const CLIENTS = ['undici', 'ws', 'pg', 'libpg-query', 'playwright-core', 'puppeteer-core'];

const PROGRAM = `
  const told = [];
  const asks = [
    () => fetch('http://elsewhere.test/'),
    () => sandglass.call('ws.open', { url: 'ws://elsewhere.test/' }),
    () => sandglass.call('sql.query', { database: 'd', query: 'select 1' }),
    () => sandglass.call('browser.navigate', { url: 'http://elsewhere.test/' }),
  ];
  for (const ask of asks) {
    try { told.push(String(await ask())); } catch (error) { told.push(error.code ?? error.cause?.code ?? error.message); }
  }
  told`;

/** The packages that a host loads for a guest of a grant, and what the guest was told. */
async function loadedFor(
  grant: object,
): Promise<{ readonly packages: readonly string[]; readonly told: unknown }> {
  const program = `
    import { registerHooks } from 'node:module';
    const packages = new Set();
    registerHooks({ load: (url, context, next) => {
      const [, name] = /node_modules\\/((?:@[^/]+\\/)?[^/]+)\\//.exec(url) ?? [];
      if (name !== undefined) packages.add(name);
      return next(url, context);
    } });
    const { createRuntime } = await import(${JSON.stringify(INDEX)});
    const runtime = createRuntime();
    const outcome = await runtime.run({
      language: 'javascript', code: ${JSON.stringify(PROGRAM)}, grant: ${JSON.stringify(grant)}, limits: { timeoutMs: 120_000 },
    });
    await runtime.close();
    console.log(JSON.stringify({ packages: [...packages], told: outcome.ok ? outcome.value : outcome.error.message }));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program]);
  return JSON.parse(stdout);
}

test.each([
  ['no grant', {}],
  [
    'a grant that does not lead there',
    { http: [{ origin: 'http://127.0.0.1:9', methods: ['GET'] }], ws: [{ origin: 'ws://127.0.0.1:9' }] },
  ],
])('a guest with %s does not make the host load what it would go out by', async (_, grant) => {
  const { packages, told } = await loadedFor(grant);
  expect(told).toEqual(Array(4).fill('CAPABILITY_DENIED'));
  expect(packages.filter((name) => CLIENTS.includes(name))).toEqual([]);
});

test('one that may go there has it loaded, without what the client of requests does not need', async () => {
  const { packages } = await loadedFor({ http: [{ origin: 'http://elsewhere.test', methods: ['GET'] }] });
  expect(packages).toContain('undici');
  expect(packages).not.toContain('ws');
});
