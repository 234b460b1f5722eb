import { afterAll, describe, expect, test } from 'vitest';
import { createSessionStore } from '../../host-functions/kv/session-store.ts';
import type { HostContext, HostService } from '../../runtime/contracts/host-function.ts';
import { createRuntime, type Grant, type Outcome, type Session } from '../../runtime/index.ts';
import { verifies } from '../support/verifies.ts';

const SECRET = 'of one session';
const BOTH: Grant = { session: { access: ['read', 'write'] } };
const READ: Grant = { session: { access: ['read'] } };
const runtime = createRuntime({ limits: { timeoutMs: 120_000 } });
afterAll(() => runtime.close());

const open = (grant: Grant = BOTH, more: object = {}): Promise<Session> =>
  runtime.sessions.open({ language: 'javascript', grant, ...more });
const keep = (session: Session): Promise<Outcome> =>
  session.run({ code: `await sandglass.session.set('k', ${JSON.stringify(SECRET)})` });
const look = `[await sandglass.session.get('k'), (await sandglass.session.list()).keys]`;
const codeOf = (outcome: Outcome): string => (outcome.ok ? 'ok' : outcome.error.code);

describe('the store of a session', verifies('PM-07'), () => {
  test('is the session’s alone, and its later runs find what it keeps', async () => {
    await using one = await open();
    await using other = await open();
    expect(codeOf(await keep(one))).toBe('ok');
    expect(await one.run({ code: look })).toMatchObject({ value: [SECRET, ['k']] });
    expect(await other.run({ code: look })).toMatchObject({ value: [null, []] });
    expect(
      await other.run({ code: `await sandglass.call('session.get', { key: 'k', store: '1' })` }),
    ).toMatchObject({
      error: { code: 'INPUT_INVALID' },
    });
    expect(await one.run({ code: `await sandglass.session.delete('k')` })).toMatchObject({ value: true });
  });

  test('ends with the session: a later one of its name begins empty', async () => {
    const first = await open(BOTH, { name: 'again' });
    await keep(first);
    await first.close();
    await using second = await open(BOTH, { name: 'again' });
    expect(await second.run({ code: look })).toMatchObject({ value: [null, []] });
  });

  test('needs session.read to read and session.write to change', async () => {
    await using session = await open(READ);
    expect(await session.run({ code: look })).toMatchObject({ value: [null, []] });
    expect(await keep(session)).toMatchObject({
      error: {
        code: 'CAPABILITY_DENIED',
        details: { missing: ['session.write'], grant: { session: { access: ['read', 'write'] } } },
      },
    });
    await using none = await runtime.sessions.open({ language: 'javascript' });
    expect(await none.run({ code: look })).toMatchObject({
      error: { code: 'CAPABILITY_DENIED', details: { missing: ['session.read'] } },
    });
    expect(codeOf(await session.run({ code: 'await sandglass.session.set("k", 1)', grant: BOTH }))).toBe(
      'CAPABILITY_DENIED',
    );
  });

  test('a caller without the permission is refused whatever the grant has', async () => {
    await using session = await open();
    const caller = { id: 'ana', permissions: ['session.read'] };
    expect(codeOf(await session.run({ code: look, caller }))).toBe('ok');
    expect(codeOf(await session.run({ code: `await sandglass.session.set('k', 1)`, caller }))).toBe(
      'CAPABILITY_DENIED',
    );
  });

  test('a run of no session has none, and is told so', async () => {
    expect(await runtime.run({ language: 'javascript', code: look, grant: BOTH })).toMatchObject({
      error: { code: 'UNSUPPORTED', message: expect.stringContaining('the run is in none') },
    });
  });

  test('is capped by the grant, and by that of a policy', async () => {
    await using session = await open({
      session: { access: ['read', 'write'], maxEntries: 2, maxValueBytes: 10 },
    });
    const set = (key: string, value: string) =>
      session.run({ code: `await sandglass.session.set('${key}', '${value}')` });
    expect(await set('a', 'x'.repeat(20))).toMatchObject({ error: { details: { reason: 'too-large' } } });
    await set('a', '1');
    await set('b', '1');
    expect(await set('c', '1')).toMatchObject({ error: { details: { reason: 'full' } } });
    await using held = createRuntime({ policy: { session: { access: ['read'] } } });
    await expect(held.run({ language: 'javascript', code: '1', grant: BOTH }).then(codeOf)).resolves.toBe(
      'CAPABILITY_DENIED',
    );
  });

  test('is the same for a tool that a run of the session calls, as far as the tool asks for it', async () => {
    const code = (act: string) => `export const run = () => sandglass.session.${act};`;
    await runtime.tools.register(
      { name: 'recall', description: 'Recalls', capabilities: ['session.read'], input: {} },
      { language: 'javascript', code: code(`get('k')`) },
    );
    await runtime.tools.register(
      { name: 'forget', description: 'Forgets', capabilities: ['session.read'], input: {} },
      { language: 'javascript', code: code(`delete('k')`) },
    );
    await using session = await open({ ...BOTH, tools: ['recall', 'forget'] });
    await keep(session);
    expect(await session.run({ code: 'await tools.recall({})' })).toMatchObject({ value: SECRET });
    expect(
      await session.run({ code: 'try { await tools.forget({}) } catch (error) { error.code }' }),
    ).toMatchObject({ value: 'CAPABILITY_DENIED' });
    expect(await runtime.tools.call('recall', {}, { grant: BOTH })).toMatchObject({
      error: { code: 'UNSUPPORTED' },
    });
  });

  test('Python has it by the same names, None among its values', async () => {
    await using session = await runtime.sessions.open({ language: 'python', grant: BOTH });
    await session.run({
      code: 'import sandglass\nsandglass.session.set("n", None)\nsandglass.session.set("k", {"a": 1}, ttl_ms=60_000)',
    });
    expect(
      await session.run({ code: '[sandglass.session.get("k"), sandglass.session.list()["keys"]]' }),
    ).toMatchObject({ value: [{ a: 1 }, ['k', 'n']] });
  });
});

test('a session that has ended keeps nothing more, so its flood fills no store of others', async () => {
  const store = createSessionStore({ maxStores: 2 });
  const part = store.parse?.({ access: ['read', 'write'] }, 'grant.session') as never;
  const controller = new AbortController();
  const open = (ended: AbortSignal) => store.open(part, { session: { name: 'a', ended } } as HostContext);
  const ending = await open(controller.signal);
  const set = async (service: HostService, key: string) =>
    service.call('session.set', { args: { key, value: 1 } } as never);
  await set(ending, 'first');
  controller.abort();
  for (const key of ['a', 'b', 'c', 'd'])
    await expect(set(ending, key)).rejects.toThrow(/the session has ended/);
  expect(await set(await open(new AbortController().signal), 'k')).toBeDefined();
});
