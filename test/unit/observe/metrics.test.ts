import { describe, expect, test } from 'vitest';
import { createMetrics } from '../../../runtime/observe/metrics.ts';
import { defined } from '../../../runtime/vocabulary/defined.ts';
import type { ErrorCode } from '../../../runtime/vocabulary/errors.ts';
import { createEventStream } from '../../../runtime/vocabulary/event-stream.ts';
import { NOTHING_USED } from '../../../runtime/vocabulary/outcome-of.ts';
import { verifies } from '../../support/verifies.ts';

const MINUTE = 60_000;

interface CallOptions {
  readonly code?: ErrorCode;
  readonly user?: string;
  readonly cpuMs?: number;
  readonly memoryBytes?: number;
}

function open() {
  const events = createEventStream();
  let now = 1_000 * MINUTE;
  let calls = 0;
  const metrics = createMetrics({ on: events.on }, () => now);
  const begin = (tool: string, user?: string) => {
    const callId = `call-${++calls}`;
    const identity = {
      runId: `run-${calls}`,
      depth: 0,
      ...(user === undefined ? {} : { caller: { id: user, permissions: ['*'] } }),
    };
    events.emit({ kind: 'tool.started', time: now, identity, tool, callId });
    return { callId, identity };
  };
  const call = (tool: string, durationMs: number, { code, user, ...used }: CallOptions = {}): void => {
    const { callId, identity } = begin(tool, user);
    const usage = { ...NOTHING_USED, ...used };
    const ok = code === undefined;
    // The guest of a call is a run of its own: it is no second one to count.
    events.emit({ kind: 'run.queued', time: now, identity, level: 'standard' });
    events.emit({
      kind: 'run.ended',
      time: now,
      identity,
      level: 'standard',
      engine: 'quickjs',
      ok,
      queuedMs: 0,
      usage,
    });
    events.emit({
      kind: 'tool.called',
      time: now,
      identity,
      tool,
      callId,
      ok,
      ...defined({ code }),
      durationMs,
      stages: [],
      usage,
    });
  };
  const run = (durationMs: number): void => {
    const identity = { runId: `lone-${++calls}`, depth: 0 };
    events.emit({ kind: 'run.queued', time: now, identity, level: 'standard' });
    events.emit({
      kind: 'run.ended',
      time: now,
      identity,
      level: 'standard',
      engine: 'quickjs',
      ok: true,
      queuedMs: 0,
      usage: { ...NOTHING_USED, durationMs },
    });
  };
  return {
    events,
    metrics,
    begin,
    call,
    run,
    wait: (ms: number) => {
      now += ms;
    },
  };
}

describe('createMetrics()', () => {
  test('system() counts the calls of a window, and leaves out what is older', verifies('MO-01'), () => {
    const { metrics, call, wait } = open();
    call('read', 10);
    wait(6 * MINUTE);
    for (const ms of [10, 20, 30]) call('read', ms);
    call('read', 40, { code: 'DEADLINE_EXCEEDED' });
    const figures = metrics.system({ windowMinutes: 5 });
    expect(figures).toMatchObject({ total: 4, failures: 1, errorRate: 0.25, meanMs: 25, active: 0 });
    expect(figures.p50Ms / 20).toBeCloseTo(1, 1);
    expect(figures.p95Ms).toBe(40);
    expect(metrics.system({ windowMinutes: 60 }).total).toBe(5);
    wait(6 * MINUTE);
    expect(metrics.system()).toMatchObject({ total: 0, errorRate: 0, meanMs: 0, p50Ms: 0, p95Ms: 0 });
  });

  test('reading again, with nothing new, adds nothing up', verifies('MO-01'), () => {
    const { metrics, call } = open();
    for (let at = 0; at < 100; at++) call('read', at);
    const first = metrics.system();
    const { sort } = Array.prototype;
    let sorted = 0;
    Array.prototype.sort = function (...args) {
      sorted += 1;
      return sort.apply(this, args);
    };
    try {
      for (let at = 0; at < 50; at++) expect(metrics.system()).toEqual(first);
    } finally {
      Array.prototype.sort = sort;
    }
    expect(sorted).toBe(0);
  });

  test('a run that belongs to no tool counts as well, and what goes on is active', () => {
    const { metrics, run, call, begin } = open();
    run(8);
    call('read', 2);
    begin('read');
    expect(metrics.system()).toMatchObject({ total: 2, active: 1, meanMs: 5 });
    expect(metrics.summary()).toMatchObject({ tools: 1, runs: 2 });
  });

  test(
    'tool() tells of one tool, with CPU and memory, right after its call',
    verifies('MO-02', 'MO-16'),
    () => {
      const { metrics, call } = open();
      call('read', 10, { cpuMs: 3, memoryBytes: 100 });
      call('read', 30, { cpuMs: 4, memoryBytes: 50 });
      call('read', 10, { code: 'GUEST_THREW' });
      call('read', 30, { code: 'GUEST_THREW' });
      expect(metrics.tool('read')).toMatchObject({
        total: 4,
        successRate: 0.5,
        meanMs: 20,
        cpuMs: 7,
        peakMemoryBytes: 100,
      });
      expect(metrics.tool('nothing')).toMatchObject({ total: 0, successRate: 0, meanMs: 0 });
      expect(metrics.tools().map(({ tool }) => tool)).toEqual(['read']);
    },
  );

  test("user() tells of one user's calls and tools, and of no other's", verifies('MO-03', 'MO-16'), () => {
    const { metrics, call, wait } = open();
    call('old', 1, { user: 'ada' });
    wait(10 * MINUTE);
    call('read', 1, { user: 'ada', cpuMs: 2 });
    call('write', 1, { user: 'ada', cpuMs: 3 });
    call('read', 1, { user: 'bob' });
    expect(metrics.user('ada', { windowMinutes: 5 })).toMatchObject({
      user: 'ada',
      total: 2,
      tools: ['read', 'write'],
      cpuMs: 5,
    });
    expect(metrics.user('nobody')).toMatchObject({ total: 0, tools: [] });
    expect(metrics.users().map(({ user, total }) => [user, total])).toEqual([
      ['ada', 2],
      ['bob', 1],
    ]);
  });

  test(
    'summary() has the tools, the most used ones and the newest errors',
    verifies('MO-04', 'MO-08'),
    () => {
      const { metrics, call } = open();
      for (let at = 0; at < 3; at++) call('read', 1);
      call('write', 1, { code: 'GUEST_THREW', user: 'ada' });
      call('read', 1, { code: 'DEADLINE_EXCEEDED' });
      call('read', 1, { code: 'DEADLINE_EXCEEDED' });
      const { tools, runs, mostUsed, recentErrors, errors } = metrics.summary();
      expect({ tools, runs, mostUsed }).toEqual({
        tools: 2,
        runs: 6,
        mostUsed: [
          { tool: 'read', total: 5 },
          { tool: 'write', total: 1 },
        ],
      });
      expect(recentErrors.map(({ code, tool, user }) => [code, tool, user])).toEqual([
        ['DEADLINE_EXCEEDED', 'read', 'embedder'],
        ['DEADLINE_EXCEEDED', 'read', 'embedder'],
        ['GUEST_THREW', 'write', 'ada'],
      ]);
      expect(errors.map(({ code, tool, total }) => [code, tool, total])).toEqual([
        ['DEADLINE_EXCEEDED', 'read', 2],
        ['GUEST_THREW', 'write', 1],
      ]);
      for (let at = 0; at < 200; at++) call('read', 1, { code: 'GUEST_THREW' });
      expect(metrics.summary().recentErrors).toHaveLength(50);
    },
  );

  test('names that callers choose do not make it grow', () => {
    const { metrics, call } = open();
    for (let at = 0; at < 1_500; at++) {
      call(`tool-${at}`, 1, { code: 'GUEST_THREW', user: `user-${at}` });
      call(`missing-${at}`, 1, { code: 'TOOL_NOT_FOUND', user: 'ada' });
    }
    expect(metrics.tools().length).toBeLessThanOrEqual(1_001);
    expect(metrics.tool('others').total).toBeGreaterThanOrEqual(1_500);
    expect(metrics.users().length).toBeLessThanOrEqual(1_000);
    expect(metrics.user('user-0').total).toBe(0);
    expect(metrics.summary().errors.length).toBeLessThanOrEqual(230);
  });

  test('series() cuts the window into parts', () => {
    const { metrics, call, wait } = open();
    call('read', 10);
    wait(2.5 * MINUTE);
    call('read', 30, { code: 'GUEST_THREW' });
    const series = metrics.series({ windowMinutes: 5, points: 5 });
    expect(series.map(({ total, failures }) => [total, failures])).toEqual([
      [0, 0],
      [0, 0],
      [1, 0],
      [0, 0],
      [1, 1],
    ]);
    expect(() => metrics.series({ points: 0 })).toThrow('points 0 is not a whole number of 1 to 240');
    expect(() => metrics.system({ windowMinutes: 61 })).toThrow('windowMinutes 61 is not within 1 to 60');
  });

  test('a quantile is at most 2.2 % too high', () => {
    const { metrics, call } = open();
    for (let ms = 1; ms <= 1_000; ms++) call('read', ms);
    const { p50Ms, p95Ms } = metrics.tool('read');
    expect(p50Ms).toBeGreaterThanOrEqual(500);
    expect(p50Ms).toBeLessThanOrEqual(500 * 1.023);
    expect(p95Ms).toBeGreaterThanOrEqual(950);
    expect(p95Ms).toBeLessThanOrEqual(950 * 1.023);
  });

  test('hears nothing once it is disposed', () => {
    const { metrics, call } = open();
    metrics[Symbol.dispose]();
    call('read', 1);
    expect(metrics.summary().runs).toBe(0);
  });
});
