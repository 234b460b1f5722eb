import { describe, expect, test } from 'vitest';
import { createBudget } from '../../../runtime/vocabulary/budget.ts';
import { type Limits, mergeLimits } from '../../../runtime/vocabulary/limits.ts';

const limits = (set: Partial<Limits> = {}): Limits => mergeLimits([set]);

function open(set: Partial<Limits> = {}) {
  let now = 0;
  const budget = createBudget(limits(set), () => now);
  const pass = (ms: number): void => {
    now += ms;
  };
  return { budget, pass };
}

describe('createBudget()', () => {
  test('counts calls by capability, over the limit too', () => {
    const { budget } = open({ hostCalls: 2 });
    expect(['fs.read', 'http', 'http'].map((name) => budget.spendCall(name))).toEqual([
      undefined,
      undefined,
      2,
    ]);
    expect(budget.spent()).toEqual({
      fuel: 0,
      hostCalls: { 'fs.read': 1, http: 2 },
      egressBytes: 0,
      ingressBytes: 0,
    });
    expect(budget.left().hostCalls).toBe(-1);
  });

  test('time passes from its beginning on', () => {
    const { budget, pass } = open({ timeoutMs: 100 });
    pass(50);
    expect(budget.left().timeoutMs).toBe(100);
    budget.begin();
    pass(30);
    budget.begin();
    expect(budget.left().timeoutMs).toBe(70);
  });
});

describe('alone()', () => {
  test('does one piece after the other, whoever of them asks, also after one that failed', async () => {
    const { budget } = open();
    const child = budget.child(limits());
    const other = budget.child(limits());
    const told: string[] = [];
    const work =
      (name: string, fails = false) =>
      async () => {
        told.push(`${name} begins`);
        await new Promise((resolve) => setImmediate(resolve));
        told.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      };
    const ends = await Promise.allSettled([
      child.alone(work('a', true)),
      other.child(limits()).alone(work('b')),
      budget.alone(work('c')),
    ]);
    expect(ends.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    expect(told).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });
});

describe('child()', () => {
  test('what it spends is spent above, all the way up', () => {
    const { budget } = open();
    const child = budget.child(limits());
    const grandchild = child.child(limits());
    grandchild.spendCall('http');
    grandchild.spendBytes(3, 4);
    grandchild.spendFuel(10);
    child.spendFuel(5);
    const spent = { hostCalls: { http: 1 }, egressBytes: 3, ingressBytes: 4 };
    expect(grandchild.spent()).toEqual({ fuel: 10, ...spent });
    expect(child.spent()).toEqual({ fuel: 15, ...spent });
    expect(budget.spent()).toEqual({ fuel: 15, ...spent });
    expect([budget, child, grandchild].map(({ depth }) => depth)).toEqual([0, 1, 2]);
  });

  test('has at most what is left', () => {
    const { budget, pass } = open({ fuel: 100, hostCalls: 5, timeoutMs: 1_000, outputBytes: 7 });
    budget.begin();
    budget.spendFuel(40);
    budget.spendCall('http');
    pass(300);
    expect(budget.child(limits()).limits).toMatchObject({
      fuel: 60,
      hostCalls: 4,
      timeoutMs: 700,
      outputBytes: limits().outputBytes,
    });
    expect(budget.child(limits({ fuel: 1, hostCalls: 2, timeoutMs: 3 })).limits).toMatchObject({
      fuel: 1,
      hostCalls: 2,
      timeoutMs: 3,
    });
  });

  test('calls of several count together', () => {
    const { budget } = open({ hostCalls: 3 });
    const [one, other] = [budget.child(limits()), budget.child(limits())];
    expect(one.spendCall('http')).toBeUndefined();
    expect(other.spendCall('http')).toBeUndefined();
    expect(one.spendCall('http')).toBeUndefined();
    expect(other.spendCall('http')).toBe(3);
  });

  test('is refused when no fuel or no time is left', () => {
    const { budget } = open({ fuel: 10 });
    budget.spendFuel(10);
    expect(() => budget.child(limits())).toThrow(expect.objectContaining({ code: 'FUEL_EXHAUSTED' }));
    const late = open({ timeoutMs: 10 });
    late.budget.begin();
    late.pass(10);
    expect(() => late.budget.child(limits())).toThrow(expect.objectContaining({ code: 'DEADLINE_EXCEEDED' }));
  });

  test('is nested 8 deep at most', () => {
    let { budget } = open();
    for (let depth = 0; depth < 8; depth++) budget = budget.child(limits());
    expect(budget.depth).toBe(8);
    expect(() => budget.child(limits())).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
  });
});
