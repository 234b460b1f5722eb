import { describe, expect, test } from 'vitest';
import { createModuleStore } from '../../../../runtime/doors/http/module-store.ts';
import { createRunStore } from '../../../../runtime/work/run-store.ts';

describe('createRunStore()', () => {
  test('never forgets a run that has not ended', () => {
    let now = 0;
    const store = createRunStore<string>({ maxRuns: 1, ttlMs: 10, now: () => now });
    for (const id of ['a', 'b', 'c']) store.add(id, `run ${id}`);
    now = 1_000_000;
    expect(['a', 'b', 'c'].map((id) => store.get(id))).toEqual(['run a', 'run b', 'run c']);
  });

  test('keeps the ended runs that were used last, by count and by bytes', () => {
    const store = createRunStore<string>({ maxRuns: 2, maxBytes: 100, now: () => 0 });
    const end = (id: string, bytes: number) => {
      store.add(id, id);
      store.ended(id, bytes);
    };
    end('a', 10);
    end('b', 10);
    store.get('a');
    end('c', 10);
    expect(['a', 'b', 'c'].map((id) => store.get(id))).toEqual(['a', undefined, 'c']);
    end('d', 95);
    expect(['a', 'c', 'd'].map((id) => store.get(id))).toEqual([undefined, undefined, 'd']);
    end('too large', 101);
    expect(store.size).toBe(0);
  });

  test('forgets ended runs after their time, counted from the last use', () => {
    let now = 0;
    const store = createRunStore<string>({ ttlMs: 100, now: () => now });
    for (const id of ['a', 'b']) {
      store.add(id, id);
      store.ended(id, 1);
    }
    now = 60;
    expect(store.get('a')).toBe('a');
    now = 120;
    expect([store.get('a'), store.get('b'), store.size]).toEqual(['a', undefined, 1]);
    now = 220;
    expect(store.get('a')).toBeUndefined();
  });

  test('holds one run of an id, and the bytes of that one', () => {
    const store = createRunStore<string>({ maxBytes: 100, now: () => 0 });
    for (const run of ['first', 'second', 'third']) {
      store.add('same', run);
      store.ended('same', 60);
    }
    expect([store.get('same'), store.size]).toEqual(['third', 1]);
    store.add('other', 'other');
    store.ended('other', 40);
    expect([store.get('same'), store.get('other')]).toEqual(['third', 'other']);
  });

  test('ignores the end of a run it does not have', () => {
    const store = createRunStore<string>();
    store.ended('x', 5);
    expect(store.size).toBe(0);
  });
});

describe('createModuleStore()', () => {
  const inspect = () => ({ kind: 'module' as const, exports: [] });

  test('keeps the same bytes once, also when they come twice at a time', async () => {
    let inspected = 0;
    const store = createModuleStore({
      maxTotalBytes: 3,
      inspect: () => {
        inspected++;
        return inspect();
      },
    });
    const [one, two] = await Promise.all([
      store.put(new Uint8Array([1, 2])),
      store.put(new Uint8Array([1, 2])),
    ]);
    expect(one.hash).toBe(two.hash);
    expect(inspected).toBe(1);
    expect((await store.put(new Uint8Array([9]))).bytes).toEqual(new Uint8Array([9]));
    expect(store.get(one.hash).bytes).toEqual(new Uint8Array([1, 2]));
  });

  test('drops what was used longest ago, by count and by bytes', async () => {
    const store = createModuleStore({ inspect, maxModules: 2, maxTotalBytes: 10 });
    const a = await store.put(new Uint8Array([1]));
    const b = await store.put(new Uint8Array([2]));
    store.get(a.hash);
    const c = await store.put(new Uint8Array([3]));
    expect(() => store.get(b.hash)).toThrow('it is not stored here');
    expect(store.get(a.hash).hash).toBe(a.hash);
    await store.put(new Uint8Array(10));
    expect(() => store.get(a.hash)).toThrow();
    expect(() => store.get(c.hash)).toThrow();
    await expect(store.put(new Uint8Array(11))).rejects.toMatchObject({ code: 'MODULE_INVALID' });
  });
});
