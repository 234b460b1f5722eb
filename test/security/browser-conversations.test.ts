import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createRuntime,
  defineHostFunction,
  type Runtime,
  type ToolCallOptions,
} from '../../runtime/index.ts';
import { verifies } from '../support/verifies.ts';

let server: Server;
let origin = '';
const [arrived, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
let runtime: Runtime;

const open = () =>
  createRuntime({
    tools: { builtin: true },
    browser: { driver: 'http', maxSessions: 2 },
    policy: { browser: { origins: [origin], actions: ['navigate', 'extract'] } },
  });

beforeAll(async () => {
  server = createServer(async ({ url, headers }, response) => {
    if (url === '/slow') {
      arrived.resolve();
      await released.promise;
    }
    response.setHeader('content-type', 'text/html');
    if (url === '/cookie') response.setHeader('set-cookie', 'a=1');
    response.end(`<title>${url} ${headers.cookie ?? 'none'}</title><h1>${url}</h1>`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  runtime = open();
});
afterAll(async () => {
  await runtime?.close();
  server?.closeAllConnections();
  server?.close();
});

const LIMITS = { timeoutMs: 120_000 };
const callerOf = (id: string) => ({ id, permissions: ['browser.*', 'tools.call', 'run.start'] });

/** What the page of these calls says, or the reason of the failure. */
async function heading(options: ToolCallOptions, of = runtime): Promise<unknown> {
  const read = { selectors: { h1: 'h1' } };
  const outcome = await of.tools.call('browser_extract', read, { ...LIMITS, ...options });
  return outcome.ok
    ? (outcome.value as { h1: string[] }).h1[0]
    : (outcome.error.details?.reason ?? outcome.error.code);
}
async function go(path: string, options: ToolCallOptions, of = runtime): Promise<unknown> {
  const outcome = await of.tools.call('browser_navigate', { url: origin + path }, { ...LIMITS, ...options });
  return outcome.ok
    ? (outcome.value as { title: string }).title
    : (outcome.error.details?.reason ?? outcome.error.code);
}

describe('calls of tools with one sessionId', verifies('BR-07'), () => {
  test('share a page and its cookies; others have none of it', async () => {
    const mine = { sessionId: 'one', caller: callerOf('a') };
    expect(await go('/cookie', mine)).toBe('/cookie none');
    expect(await heading(mine)).toBe('/cookie');
    expect(await go('/seen', mine)).toBe('/seen a=1');
    // Another conversation, another caller with the same words, none at all, and a name that looks like the key of one.
    expect(await heading({ ...mine, sessionId: 'two' })).toBe('no-page');
    await runtime.tools.call('browser_close', {}, { ...LIMITS, ...mine, sessionId: 'two' });
    expect(await heading({ ...mine, caller: callerOf('b') })).toBe('no-page');
    await runtime.tools.call('browser_close', {}, { ...LIMITS, ...mine, caller: callerOf('b') });
    expect(await heading({ caller: callerOf('a') })).toBe('no-page');
    expect(await heading({ ...mine, caller: callerOf('a","one'), sessionId: 'x' })).toBe('no-page');
    expect(await heading(mine)).toBe('/seen');
    await runtime.tools.call('browser_close', {}, { ...LIMITS, ...mine });
    expect(await heading(mine)).toBe('no-page');
  });

  test('a call whose grant does not cover the page that is open is told nothing of it', async () => {
    const mine = { sessionId: 'narrow' };
    await go('/page', mine);
    const elsewhere = {
      browser: { origins: ['https://example.com'], actions: ['navigate', 'extract'] as const },
    };
    await using wide = createRuntime({
      tools: { builtin: true },
      browser: { driver: 'http' },
      policy: { browser: { origins: [origin, 'https://example.com'], actions: ['navigate', 'extract'] } },
    });
    await go('/page', mine, wide);
    expect(await heading({ ...mine, grant: elsewhere }, wide)).toBe('CAPABILITY_DENIED');
    expect(await heading(mine, wide)).toBe('no-page');
    await runtime.tools.call('browser_close', {}, { ...LIMITS, ...mine });
  });

  test('the longest unused makes place for another, and one with a name does not', async () => {
    await using small = open();
    for (const sessionId of ['1', '2', '1', '3']) await go(`/${sessionId}`, { sessionId }, small);
    expect(await heading({ sessionId: '1' }, small)).toBe('/1');
    expect(await heading({ sessionId: '3' }, small)).toBe('/3');
    expect(await heading({ sessionId: '2' }, small)).toBe('no-page');
    await using named = open();
    for (const session of ['x', 'y'])
      await named.tools.call('browser_navigate', { url: `${origin}/`, session }, LIMITS);
    expect(await go('/', { sessionId: '1' }, named)).toBe('busy');
  });

  test('a page makes no place while a call uses it, though another one has ended', async () => {
    await using small = createRuntime({
      tools: { builtin: true },
      browser: { driver: 'http', maxSessions: 1 },
      policy: { browser: { origins: [origin], actions: ['navigate', 'extract'] } },
    });
    small.tools.register(
      { name: 'both', description: 'both', input: {}, capabilities: ['browser.navigate'] },
      {
        language: 'js',
        code: `export const run = async () => {
          const both = ['/first', '/slow'].map((path) => sandglass.browser.navigate('${origin}' + path));
          return (await Promise.all(both)).map(({ title }) => title);
        };`,
      },
    );
    const both = small.tools.call('both', {}, { ...LIMITS, sessionId: '1' });
    await arrived.promise;
    expect(await go('/', { sessionId: '2' }, small)).toBe('busy');
    released.resolve();
    expect(await both).toMatchObject({ ok: true, value: ['/first none', '/slow none'] });
    expect(await go('/', { sessionId: '2' }, small)).toBe('/ none');
  });

  test('runs that are nested in one share its page, and leave none behind', async () => {
    const grant = { origins: [origin], actions: ['navigate', 'extract'] } as const;
    const code = `(await sandglass.browser.navigate('${origin}/within')).title`;
    const again = defineHostFunction({
      name: 'again',
      example: true,
      narrow: (asked) => asked,
      operations: {
        go: {
          call: async (_, { run: parent }) => {
            const inner = {
              language: 'js',
              code,
              grant: { browser: grant },
              parent,
              limits: LIMITS,
            } as const;
            return { ok: (await small.run(inner)).ok };
          },
        },
      },
    });
    await using small = createRuntime({
      tools: { builtin: true },
      browser: { driver: 'http', maxSessions: 1 },
      hostFunctions: [again],
      policy: { browser: grant, custom: { again: true } },
    });
    small.tools.register(
      { name: 'deep', description: 'deep', input: {}, capabilities: ['again.go', 'browser.navigate'] },
      {
        language: 'js',
        code: `export const run = async () => {
          await sandglass.browser.navigate('${origin}/outside');
          return sandglass.call('again.go', {});
        };`,
      },
    );
    const call = (sessionId: string) => small.tools.call('deep', {}, { ...LIMITS, sessionId });
    expect(await call('1')).toMatchObject({ ok: true, value: { ok: true } });
    expect(await heading({ sessionId: '1' }, small)).toBe('/within');
    expect(await call('2')).toMatchObject({ ok: true, value: { ok: true } });
    expect(await go('/', { sessionId: '3' }, small)).toBe('/ none');
  });
});

test('runs of a session of guests share a page, which ends with it', verifies('BR-07'), async () => {
  const grant = { browser: { origins: [origin], actions: ['navigate', 'extract'] as const } };
  const title = `(await sandglass.browser.extract({ selectors: { h: 'h1' } })).h[0]`;
  const openGuest = () =>
    runtime.sessions.open({ name: 'guest', language: 'javascript', grant, limits: LIMITS });
  await using first = await openGuest();
  const went = await first.run({ code: `await sandglass.browser.navigate('${origin}/kept'); 1` });
  expect(went.ok).toBe(true);
  const kept = await first.run({ code: title });
  expect(kept.ok ? kept.value : kept.error).toBe('/kept');
  await first.close();
  await using second = await openGuest();
  const fresh = await second.run({ code: title });
  expect(fresh).toMatchObject({ ok: false, error: { details: { reason: 'no-page' } } });
});
