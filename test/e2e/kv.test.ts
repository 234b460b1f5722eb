import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type Grant, mergeGrants, type Outcome, type Runtime } from '../../runtime/index.ts';
import { verifies } from '../support/verifies.ts';

let runtime: Runtime;
beforeAll(() => {
  runtime = createRuntime();
});
afterAll(() => runtime.close());

const both = (name: string): Grant => ({ kv: [{ name, access: ['read', 'write'] }] });
const js = (code: string, grant: Grant, options: object = {}): Promise<Outcome> =>
  runtime.run({ language: 'javascript', code, grant, ...options });

describe('sandglass.kv', verifies('PM-07'), () => {
  test('in JavaScript and Python work on one store', async () => {
    const grant = both('shared');
    expect(
      await js(
        `const { kv } = sandglass;
        [await kv.get('shared', 'a'), await kv.set('shared', 'a', { n: 1 }), await kv.set({ store: 'shared', key: 'b', value: [2], ttlMs: 60000 })]`,
        grant,
      ),
    ).toMatchObject({ ok: true, value: [null, { removed: 0 }, { removed: 0 }] });
    const python = await runtime.run({
      language: 'python',
      code: `import sandglass
kv = sandglass.kv
kv.set("shared", "none", None)
found = [kv.get("shared", "a"), kv.list("shared", prefix="")["keys"], kv.delete("shared", "b"), kv.get("shared", "b")]
kv.set("shared", "c", True, ttl_ms=60_000)
found + [await kv.get.later("shared", "c")]`,
      grant,
    });
    expect(python).toMatchObject({ ok: true, value: [{ n: 1 }, ['a', 'b', 'none'], true, null, true] });
    expect(python.usage.hostCalls).toEqual({ 'kv.read': 4, 'kv.write': 3 });
    expect(await js(`await sandglass.kv.list('shared')`, grant)).toMatchObject({
      value: { keys: ['a', 'c', 'none'], truncated: false },
    });
  });

  test.each(['minimal', 'strict', 'maximum'] as const)('work at level %s', async (level) => {
    const code = `await sandglass.kv.set('l', 'a', 1); await sandglass.kv.get('l', 'a')`;
    expect(await js(code, both('l'), { level })).toMatchObject({ ok: true, value: 1 });
  });

  test('a denial names an entry that merges into the grant', async () => {
    const grant: Grant = { kv: [{ name: 'm', maxEntries: 7 }] };
    const code = `await sandglass.kv.set('m', 'a', 1)`;
    const refused = await js(code, grant);
    expect(refused).toMatchObject({ ok: false, error: { code: 'CAPABILITY_DENIED' } });
    const merged = mergeGrants(grant, refused.ok ? undefined : refused.error.details?.grant);
    expect(merged).toEqual({ kv: [{ name: 'm', maxEntries: 7, access: ['read', 'write'] }] });
    expect(await js(code, merged)).toMatchObject({ ok: true });
  });

  test('a policy narrows, and refuses what it does not cover', async () => {
    await using held = createRuntime({
      policy: { kv: [{ name: 'p', access: ['read', 'write'], maxEntries: 1 }] },
    });
    const run = (code: string, grant: Grant): Promise<Outcome> =>
      held.run({ language: 'javascript', code, grant });
    expect(
      await run(`await sandglass.kv.set('p', 'a', 1); await sandglass.kv.set('p', 'b', 1)`, both('p')),
    ).toMatchObject({ error: { code: 'HOST_CALL_FAILED', details: { reason: 'full' } } });
    expect(await run(`await sandglass.kv.list('p')`, both('p'))).toMatchObject({ value: { keys: ['a'] } });
    expect(await run('1', both('q'))).toMatchObject({ error: { code: 'CAPABILITY_DENIED' } });
  });

  test('events name store and key, and the grant is shown to its guest', async () => {
    const seen: unknown[] = [];
    using _ = runtime.on('host.called', ({ operation, resource }) => seen.push([operation, resource]));
    const outcome = await js(`await sandglass.kv.get('e', 'k'); sandglass.grant().kv[0].access`, both('e'));
    expect(outcome).toMatchObject({ value: ['read', 'write'] });
    expect(seen).toContainEqual(['kv.get', { name: 'e', path: 'k' }]);
  });

  test('a tool that asks for kv.read gets no more of it', async () => {
    await using own = createRuntime();
    own.tools.register(
      {
        name: 'peek',
        description: 'Reads and tries to write',
        capabilities: ['kv.read'],
        input: { type: 'object' },
      },
      {
        language: 'javascript',
        code: `async function run() {
          const had = await sandglass.kv.get('t', 'a');
          try { await sandglass.kv.set('t', 'a', 1); } catch (error) { return { had, code: error.code }; }
        }`,
      },
    );
    expect(await own.tools.call('peek', {}, { grant: both('t') })).toMatchObject({
      value: { had: null, code: 'CAPABILITY_DENIED' },
    });
    expect(await own.tools.call('peek', {}, { grant: {} })).toMatchObject({
      error: { code: 'CAPABILITY_DENIED' },
    });
  });

  test('an option that is not known is refused', () => {
    expect(() => createRuntime({ kv: { maxStore: 1 } as never })).toThrow('maxStores');
  });
});
