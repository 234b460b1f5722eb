import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type Grant, type Outcome, type Runtime } from '../../runtime/index.ts';
import { verifies } from '../support/verifies.ts';

const SECRET = 'of somebody else';
const MINE: Grant = { kv: [{ name: 'mine', access: ['read', 'write'] }] };
const THEIRS: Grant = { kv: [{ name: 'theirs', access: ['read', 'write'] }] };

let runtime: Runtime;
const run = (code: string, grant: Grant = MINE, options: object = {}): Promise<Outcome> =>
  runtime.run({ language: 'javascript', code, grant, ...options });
const theirs = (): Promise<Outcome> =>
  run(`[await sandglass.kv.get('theirs', 'k'), (await sandglass.kv.list('theirs')).keys]`, THEIRS);

beforeAll(async () => {
  runtime = createRuntime({ kv: { maxStores: 4, maxBytes: 400_000 } });
  await run(`await sandglass.kv.set('theirs', 'k', ${JSON.stringify(SECRET)})`, THEIRS);
});
afterAll(async () => {
  expect(await theirs()).toMatchObject({ value: [SECRET, ['k']] }); // whatever was tried
  await runtime.close();
});

describe('a guest with a store of its own', verifies('PM-07'), () => {
  test.each([
    `await sandglass.kv.get('theirs', 'k')`,
    `await sandglass.kv.list('theirs')`,
    `await sandglass.kv.delete('theirs', 'k')`,
    `await sandglass.kv.set('theirs', 'k', 0)`,
    `await sandglass.call('kv.get', { store: 'theirs', key: 'k' })`,
    `await sandglass.call('kv.get', { store: 'mine', key: 'k', __proto__: { store: 'theirs' } })`,
    `await sandglass.call('kv.get', JSON.parse('{"store":"theirs","key":"k","__proto__":{"store":"mine"}}'))`,
    ...['Theirs', 'theirs ', 'mine/../theirs', 'mine\\0theirs', '', '*', '__proto__'].map(
      (name) => `await sandglass.kv.get('${name}', 'k')`,
    ),
    `await sandglass.kv.get(['theirs'], 'k')`,
    `await sandglass.kv.get({ toString: () => 'theirs' }, 'k')`,
  ])('reaches no other: %s', async (code) => {
    const outcome = await run(code);
    expect(JSON.stringify(outcome)).not.toContain(SECRET);
    if (outcome.ok) expect(outcome.value).toBe(null);
    else expect(outcome.error.code).toMatch(/CAPABILITY_DENIED|INPUT_INVALID|GUEST_THREW/);
  });

  test('without a grant there is none, whatever the key', async () => {
    for (const code of [`await sandglass.kv.get('mine', 'k')`, `await sandglass.kv.set('mine', 'k', 1)`])
      expect(await run(code, {})).toMatchObject({ error: { code: 'CAPABILITY_DENIED' } });
  });

  test('no session sees what another keeps under its own name', async () => {
    await using one = await runtime.sessions.open({ language: 'javascript', grant: MINE });
    await using other = await runtime.sessions.open({
      language: 'javascript',
      grant: { kv: [{ name: 'other', access: ['read', 'write'] }] },
    });
    await one.run({ code: `await sandglass.kv.set('mine', 'seen', 1)` });
    expect(await one.run({ code: `await sandglass.kv.get('mine', 'seen')` })).toMatchObject({ value: 1 });
    expect(await other.run({ code: `await sandglass.kv.get('mine', 'seen')` })).toMatchObject({
      error: { code: 'CAPABILITY_DENIED' },
    });
  });

  test('the permissions of a caller hold', async () => {
    const caller = { id: 'reader', permissions: ['kv.read'] };
    expect(await run(`await sandglass.kv.set('mine', 'x', 1)`, MINE, { caller })).toMatchObject({
      error: { code: 'CAPABILITY_DENIED' },
    });
    expect(await run(`await sandglass.kv.get('mine', 'x')`, MINE, { caller })).toMatchObject({ ok: true });
  });

  test('a flood is stopped by the caps of its entry, then by those of the runtime', async () => {
    const flood = (store: string): string => `let n = 0, told;
      try { for (;; n++) await sandglass.kv.set('${store}', 'k' + n, 'x'.repeat(10_000)); } catch (error) { told = error.details.reason ?? error.code; }
      [n, told]`;
    const grant = (name: string, maxBytes: number): Grant => ({
      kv: [{ name, access: ['read', 'write'], maxBytes }],
    });
    expect(await run(flood('flood'), grant('flood', 100_000))).toMatchObject({ value: [9, 'full'] });
    const outcome = await run(flood('mine'), grant('mine', 1_000_000_000));
    expect(outcome).toMatchObject({ ok: true, value: [expect.any(Number), 'full'] });
    const [written] = outcome.ok ? (outcome.value as readonly number[]) : [];
    expect(written).toBeLessThan(40);
    expect(await run(`await sandglass.kv.set('flood', 'k0', 0)`, grant('flood', 100_000))).toMatchObject({
      ok: true,
    }); // what was there stays, and may become smaller
  });

  test('a value is data: keys of prototypes come back as they went', async () => {
    const code = `const value = JSON.parse('{"__proto__":{"x":1},"constructor":{"prototype":{"y":2}}}');
      await sandglass.kv.set('mine', '__proto__', value);
      const back = await sandglass.kv.get('mine', '__proto__');
      [JSON.stringify(back) === JSON.stringify(value), back.x, ({}).y]`;
    await run(
      `for (const key of (await sandglass.kv.list('mine')).keys) await sandglass.kv.delete('mine', key)`,
    );
    expect(await run(code)).toMatchObject({ ok: true, value: [true, null, null] });
    expect(Object.hasOwn(Object.prototype, 'y')).toBe(false);
  });
});
