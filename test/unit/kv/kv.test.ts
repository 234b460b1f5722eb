import { describe, expect, test } from 'vitest';
import { createKvHostFunction } from '../../../host-functions/kv/kv.ts';
import { narrowKvGrants, parseKvGrants, shownKvGrants } from '../../../host-functions/kv/kv-policy.ts';
import type { HostService } from '../../../runtime/contracts/host-function.ts';
import type { KvOptions } from '../../../runtime/contracts/operations/kv.ts';
import type { KvGrant } from '../../../runtime/vocabulary/grants/kv.ts';
import type { JsonObject, JsonValue } from '../../../runtime/vocabulary/json.ts';
import { verifies } from '../../support/verifies.ts';

const parse = (...entries: readonly object[]) => parseKvGrants(entries as unknown as JsonValue, 'grant.kv');
const FULL = { name: 's', access: ['read', 'write'] } as const;

/** Stores with a clock of ours, and one run's use of them for each grant. */
function stores(options: KvOptions = {}) {
  const clock = { ms: 1_000 };
  const host = createKvHostFunction(options, () => clock.ms);
  const use = async (...grant: readonly KvGrant[]) => {
    const service: HostService = await host.open(parse(...grant), {} as never); // it looks at none of it
    return (operation: string, args: JsonObject): JsonValue | undefined => {
      const reply = service.call(`kv.${operation}`, {
        args: { store: 's', ...args },
        bytes: undefined,
        signal: new AbortController().signal,
      });
      if (reply instanceof Promise) throw new Error('it is not answered at once');
      return reply.value;
    };
  };
  return { clock, host, use };
}

const failure = (act: () => unknown): unknown => {
  try {
    return act();
  } catch (error) {
    return error;
  }
};

describe('a store', verifies('PM-07'), () => {
  test('keeps JSON by key from run to run, and gives copies', async () => {
    const { use } = stores();
    const one = await use(FULL);
    expect(one('get', { key: 'a' })).toBe(null);
    const value = { list: [1, 'é', null], __proto__: null } as unknown as JsonObject;
    expect(one('set', { key: 'a', value })).toEqual({ removed: 0 });
    const other = await use(FULL);
    const taken = other('get', { key: 'a' }) as { list: unknown[] };
    taken.list.push(2);
    expect(other('get', { key: 'a' })).toEqual({ list: [1, 'é', null] });
    expect(one('set', { key: 'a', value: null })).toEqual({ removed: 0 });
    expect(one('get', { key: 'a' })).toBe(null);
    expect(one('list', {})).toEqual({ keys: ['a'], truncated: false });
    expect([one('delete', { key: 'a' }), one('delete', { key: 'a' })]).toEqual([true, false]);
    expect(one('list', {})).toEqual({ keys: [], truncated: false });
  });

  test.each(['__proto__', 'constructor', 'toString', ' ', '\0', '💧'])(
    '%j is a key as any other',
    async (key) => {
      const use = await stores().use(FULL);
      expect(use('get', { key })).toBe(null);
      use('set', { key, value: 1 });
      expect([use('get', { key }), use('list', {})]).toEqual([1, { keys: [key], truncated: false }]);
    },
  );

  test('is another one by another name', async () => {
    const { use } = stores();
    const both = await use(FULL, { ...FULL, name: 't' });
    both('set', { key: 'a', value: 1 });
    expect(both('get', { store: 't', key: 'a' })).toBe(null);
  });

  test('lists in order, by prefix and by page', async () => {
    const use = await stores().use(FULL);
    for (const key of ['b2', 'a', 'b10', 'b1', 'c']) use('set', { key, value: 0 });
    expect(use('list', { prefix: 'b', limit: 2 })).toEqual({ keys: ['b1', 'b10'], truncated: true });
    expect(use('list', { prefix: 'b', limit: 2, after: 'b10' })).toEqual({ keys: ['b2'], truncated: false });
    use('delete', { key: 'b10' });
    expect(use('list', { after: 'b10' })).toEqual({ keys: ['b2', 'c'], truncated: false });
  });

  test('forgets what has expired, and holds no room for it', async () => {
    const { clock, use } = stores();
    const one = await use({ ...FULL, ttlMs: 100, maxEntries: 2 });
    one('set', { key: 'long', value: 1, ttlMs: 5_000 }); // never over the grant's
    one('set', { key: 'short', value: 2, ttlMs: 10 });
    clock.ms += 9;
    expect(one('get', { key: 'short' })).toBe(2);
    expect(failure(() => one('set', { key: 'third', value: 3 }))).toMatchObject({
      code: 'HOST_CALL_FAILED',
      details: { reason: 'full', limit: { maxEntries: 2 } },
    });
    clock.ms += 1;
    expect([one('get', { key: 'short' }), one('delete', { key: 'short' })]).toEqual([null, false]);
    expect(one('set', { key: 'third', value: 3 })).toEqual({ removed: 0 });
    clock.ms += 90;
    expect(one('list', {})).toEqual({ keys: ['third'], truncated: false });
    one('set', { key: 'third', value: 4 }); // its life begins again
    clock.ms += 99;
    expect(one('get', { key: 'third' })).toBe(4);
    clock.ms += 1;
    expect(one('list', {})).toEqual({ keys: [], truncated: false });
  });

  test('removes what was written longest ago where its grant says so', async () => {
    const use = await stores().use({ ...FULL, maxEntries: 3, whenFull: 'remove-oldest' });
    for (const key of ['a', 'b', 'c']) use('set', { key, value: 1 });
    use('set', { key: 'a', value: 2 });
    expect(use('set', { key: 'd', value: 1 })).toEqual({ removed: 1 });
    expect(use('list', {})).toEqual({ keys: ['a', 'c', 'd'], truncated: false });
  });

  test('counts keys, values and 64 bytes an entry; what does not fit changes nothing', async () => {
    const use = await stores().use({ ...FULL, maxBytes: 2 * (64 + 1 + 4), maxValueBytes: 100 });
    use('set', { key: 'a', value: 'é' }); // 2 bytes and 2 quotes
    use('set', { key: 'b', value: 'é' });
    for (const change of [
      { key: 'c', value: 0 },
      { key: 'b', value: 'éx' },
    ])
      expect(failure(() => use('set', change))).toMatchObject({ details: { reason: 'full' } });
    expect(use('get', { key: 'b' })).toBe('é');
    expect(use('set', { key: 'b', value: 'xx' })).toEqual({ removed: 0 });
  });

  test('of bytes, as many old entries go as are needed, and none for what can never fit', async () => {
    const use = await stores().use({ ...FULL, maxBytes: 250, whenFull: 'remove-oldest' });
    for (const key of ['a', 'b', 'c']) use('set', { key, value: 1 }); // 66 each
    expect(failure(() => use('set', { key: 'd', value: 'x'.repeat(250) }))).toMatchObject({
      details: { reason: 'full' },
    });
    expect(use('list', {})).toMatchObject({ keys: ['a', 'b', 'c'] });
    expect(use('set', { key: 'd', value: 'x'.repeat(110) })).toEqual({ removed: 2 });
    expect(use('list', {})).toMatchObject({ keys: ['c', 'd'] });
  });

  test('one value has a cap of its own', async () => {
    const use = await stores().use({ ...FULL, maxValueBytes: 5 });
    expect(use('set', { key: 'a', value: 'abc' })).toEqual({ removed: 0 });
    expect(failure(() => use('set', { key: 'a', value: 'abcd' }))).toMatchObject({
      code: 'HOST_CALL_FAILED',
      message: 'Cannot write to store "s": the value has 6 bytes of at most 5',
      details: { reason: 'too-large' },
    });
    expect(use('get', { key: 'a' })).toBe('abc');
  });

  test('all stores of a runtime have caps together; what expired elsewhere makes room', async () => {
    const { clock, use } = stores({ maxStores: 2, maxBytes: 300 });
    const all = await use(...['s', 't', 'u'].map((name) => ({ ...FULL, name })));
    all('set', { store: 's', key: 'a', value: 1, ttlMs: 5 });
    all('set', { store: 't', key: 'a', value: 'x'.repeat(100) });
    expect(failure(() => all('set', { store: 'u', key: 'a', value: 1 }))).toMatchObject({
      message: expect.stringContaining('as many stores'),
      details: { reason: 'full' },
    });
    expect(failure(() => all('set', { store: 's', key: 'b', value: 'x'.repeat(100) }))).toMatchObject({
      message: expect.stringContaining('as many bytes'),
    });
    clock.ms += 5;
    expect(all('set', { store: 'u', key: 'b', value: 'x'.repeat(60) })).toEqual({ removed: 0 });
  });

  test('ends with its runtime', async () => {
    const { host, use } = stores();
    const one = await use(FULL);
    one('set', { key: 'a', value: 1 });
    host.close?.();
    expect(one('get', { key: 'a' })).toBe(null);
  });
});

describe('calls', verifies('PM-07'), () => {
  test.each([
    ['get', {}],
    ['get', { key: '' }],
    ['get', { key: 1 }],
    ['get', { key: 'é'.repeat(257) }],
    ['get', { key: '\ud800' }],
    ['get', { key: 'a', other: 1 }],
    ['get', { store: '../s', key: 'a' }],
    ['get', { store: 7, key: 'a' }],
    ['set', { key: 'a' }],
    ['set', { key: 'a', value: 1, ttlMs: 0 }],
    ['set', { key: 'a', value: 1, ttlMs: 1.5 }],
    ['list', { limit: 0 }],
    ['list', { limit: 1_001 }],
    ['list', { prefix: 1 }],
    ['list', { after: {} }],
  ])('%s %j is INPUT_INVALID and is not a call of the grant', async (act, args) => {
    const use = await stores().use({ ...FULL, maxCalls: 1 });
    expect(failure(() => use(act, args))).toMatchObject({ code: 'INPUT_INVALID' });
    expect(use('get', { key: 'a' })).toBe(null);
  });

  test('are counted', async () => {
    const use = await stores().use({ ...FULL, maxCalls: 2 });
    use('list', {});
    use('set', { key: 'a', value: 1 });
    expect(failure(() => use('get', { key: 'a' }))).toMatchObject({
      code: 'HOST_CALLS_EXCEEDED',
      details: { limit: { maxCalls: 2 } },
    });
  });

  test('that no entry covers are denied, with the entry that would cover them', async () => {
    const use = await stores().use({ name: 's' });
    for (const [act, args] of [
      ['set', { key: 'a', value: 1 }],
      ['delete', { key: 'a' }],
    ] as const)
      expect(failure(() => use(act, args))).toMatchObject({
        code: 'CAPABILITY_DENIED',
        details: { capability: 'kv.write', grant: { kv: [{ name: 's', access: ['read', 'write'] }] } },
      });
    expect(failure(() => use('get', { store: 'other', key: 'a' }))).toMatchObject({
      details: { capability: 'kv.read', grant: { kv: [{ name: 'other', access: ['read'] }] } },
    });
  });
});

describe('grants', () => {
  test.each([
    [{ name: 's' }, undefined],
    [[{}], 'grant.kv[0].name'],
    [[{ name: 'a/b' }], 'grant.kv[0].name'],
    [[{ name: 's', acess: ['read'] }], 'access'],
    [[{ name: 's', access: [] }], 'grant.kv[0].access'],
    [[{ name: 's', access: ['delete'] }], 'read, write'],
    [[{ name: 's', maxEntries: 10_001 }], 'maxEntries'],
    [[{ name: 's', maxBytes: 0 }], 'maxBytes'],
    [[{ name: 's', ttlMs: 'x' }], 'ttlMs'],
    [[{ name: 's', whenFull: 'remove' }], 'remove-oldest'],
    [[{ name: 's' }, { name: 's' }], 'two entries'],
  ])('%j is refused', (part, named) => {
    expect(() => parseKvGrants(part as JsonValue, 'grant.kv')).toThrow(named);
  });

  test.each([[null], [{ maxStore: 1 }], [{ maxStores: 0 }], [{ maxBytes: 1.5 }]])(
    'options %j are refused',
    (options) => {
      expect(() => createKvHostFunction(options as never)).toThrow(/kv/);
    },
  );

  test('under a policy: its access, the smaller caps, and no removal unless both say so', () => {
    const ceiling = parse({ ...FULL, maxEntries: 5, ttlMs: 50 });
    const asked = parse({ ...FULL, access: ['write'], maxBytes: 10, whenFull: 'remove-oldest', maxCalls: 3 });
    expect(shownKvGrants(narrowKvGrants(asked, ceiling))).toEqual([
      {
        name: 's',
        access: ['write'],
        maxEntries: 5,
        maxBytes: 10,
        maxValueBytes: 65_536,
        ttlMs: 50,
        whenFull: 'refuse',
        maxCalls: 3,
      },
    ]);
    expect(failure(() => narrowKvGrants(asked, parse({ name: 's' })))).toMatchObject({
      code: 'CAPABILITY_DENIED',
      details: { missing: ['kv.write'] },
    });
    expect(() => narrowKvGrants(asked, undefined)).toThrow('does not cover write of "s"');
  });
});
