import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { watchFuel } from '../../../runtime/run/watch-fuel.ts';
import { createBudget } from '../../../runtime/vocabulary/budget.ts';
import { mergeLimits } from '../../../runtime/vocabulary/limits.ts';

const limits = mergeLimits([{ fuel: 1000 }]);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('watchFuel()', () => {
  test('ends all that share a budget once their sum is over it, each once', () => {
    const watch = watchFuel();
    const root = createBudget(limits, () => 0);
    const ended: string[] = [];
    const burnt: Record<string, number | null> = { root: 100, a: null, b: null };
    const begin = (name: string, budget = root.child(limits)) =>
      watch.begin({ budget, burnt: () => burnt[name] ?? null, over: () => ended.push(name) });
    begin('root', root);
    watch.share();
    expect(root.left().fuel).toBe(900);
    expect(root.child(limits).limits.fuel).toBe(900);
    begin('a');
    begin('b');
    burnt.a = 400;
    burnt.b = 500;
    vi.advanceTimersByTime(20);
    expect([ended, root.left().fuel]).toEqual([[], 0]);
    burnt.b = 501;
    vi.advanceTimersByTime(20);
    expect(ended).toEqual(['root', 'a', 'b']);
    vi.advanceTimersByTime(100);
    expect(ended).toHaveLength(3);
  });

  test('what a guest burns is counted once: as seen while it goes on, as it was when it has ended', () => {
    const watch = watchFuel();
    const root = createBudget(limits, () => 0);
    watch.begin({ budget: root, burnt: () => 10, over: () => undefined });
    watch.share();
    const nested = root.child(limits);
    const end = watch.begin({ budget: nested, burnt: () => 30, over: () => undefined });
    vi.advanceTimersByTime(20);
    expect([root.left().fuel, nested.left().fuel, root.spent().fuel]).toEqual([960, 960, 0]);
    end();
    nested.spendFuel(50);
    end();
    expect([root.left().fuel, root.spent().fuel, nested.spent().fuel]).toEqual([940, 50, 50]);
  });

  test('a tree in which only some are over: those within the budget that is spent end, the others go on', () => {
    const watch = watchFuel();
    const root = createBudget(limits, () => 0);
    const ended: string[] = [];
    const begin = (name: string, budget: ReturnType<typeof createBudget>, units: number) =>
      watch.begin({ budget, burnt: () => units, over: () => ended.push(name) });
    begin('root', root, 0);
    watch.share();
    const narrow = root.child(mergeLimits([{ fuel: 100 }]));
    begin('narrow', narrow, 60);
    begin('inner', narrow.child(limits), 60);
    begin('beside', root.child(limits), 60);
    vi.advanceTimersByTime(20);
    expect(ended).toEqual(['narrow', 'inner']);
  });

  test('no timer goes on where nothing is nested, or nothing runs any more', () => {
    const watch = watchFuel();
    const root = createBudget(limits, () => 0);
    const end = watch.begin({ budget: root, burnt: () => 1, over: () => undefined });
    expect(vi.getTimerCount()).toBe(0);
    watch.share();
    expect(vi.getTimerCount()).toBe(1);
    end();
    expect(vi.getTimerCount()).toBe(0);
  });
});
