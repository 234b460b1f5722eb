import { expect, test } from 'vitest';
import { createPrometheus } from '../../../runtime/observe/prometheus.ts';
import { defined } from '../../../runtime/vocabulary/defined.ts';
import type { ErrorCode } from '../../../runtime/vocabulary/errors.ts';
import { createEventStream } from '../../../runtime/vocabulary/event-stream.ts';
import { NOTHING_USED } from '../../../runtime/vocabulary/outcome-of.ts';
import { verifies } from '../../support/verifies.ts';

const identity = { runId: 'run-1', depth: 0 };

function open() {
  const events = createEventStream();
  const figures = createPrometheus(events.on, [{ name: 'sandglass_queued', help: 'Waiting', read: () => 3 }]);
  const call = (tool: string, durationMs: number, code?: ErrorCode): void =>
    events.emit({
      kind: 'tool.called',
      time: 0,
      identity,
      tool,
      callId: 'call-1',
      ok: code === undefined,
      durationMs,
      stages: [],
      usage: NOTHING_USED,
      ...defined({ code }),
    });
  const value = (line: string): number =>
    Number(
      figures
        .text()
        .split('\n')
        .find((one) => one.startsWith(`${line} `))
        ?.slice(line.length + 1),
    );
  return { events, figures, call, value };
}

test(
  'createPrometheus() counts calls by tool and status, and moves with each',
  verifies('MO-05', 'MO-16'),
  () => {
    const { figures, call, value } = open();
    call('read', 20);
    call('read', 40_000, 'DEADLINE_EXCEEDED');
    expect(value('tool_executions_total{tool="read",status="ok"}')).toBe(1);
    expect(value('tool_executions_total{tool="read",status="DEADLINE_EXCEEDED"}')).toBe(1);
    expect(value('tool_execution_failures_total{tool="read"}')).toBe(1);
    call('read', 1);
    expect(value('tool_executions_total{tool="read",status="ok"}')).toBe(2);
    expect(value('sandglass_queued')).toBe(3);
    const buckets = figures
      .text()
      .split('\n')
      .filter((line) => line.startsWith('tool_execution_duration_seconds_bucket{tool="read"'))
      .map((line) => Number(line.split(' ')[1]));
    expect(buckets).toEqual([1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3]);
    expect(value('tool_execution_duration_seconds_count{tool="read"}')).toBe(3);
  },
);

test('createPrometheus() escapes labels, and gives names that no tool has none of their own', () => {
  const { figures, call, value } = open();
  call('a"b\\c\nd', 1);
  expect(figures.text()).toContain('tool="a\\"b\\\\c\\nd"');
  for (let index = 0; index < 50; index++) call(`invented-${index}`, 1, 'TOOL_NOT_FOUND');
  expect(figures.text()).not.toContain('invented');
  expect(value('tool_executions_total{tool="others",status="TOOL_NOT_FOUND"}')).toBe(50);
  for (let index = 0; index < 1_100; index++) call(`real-${index}`, 1);
  expect(figures.text().match(/^tool_executions_total/gm)?.length).toBeLessThanOrEqual(1_003);
});

test('createPrometheus() counts runs, fuel, host calls and denials, until it is taken back', () => {
  const { events, figures, value } = open();
  const end = (): void =>
    events.emit({
      kind: 'run.ended',
      time: 0,
      identity,
      level: 'standard',
      engine: 'quickjs',
      ok: true,
      queuedMs: 0,
      usage: { ...NOTHING_USED, fuel: 42, durationMs: 7 },
    });
  end();
  events.emit({ kind: 'denied', time: 0, identity, code: 'CAPABILITY_DENIED', message: 'no' });
  expect(value('sandglass_runs_total{engine="quickjs",status="ok"}')).toBe(1);
  expect(value('sandglass_fuel_total{engine="quickjs"}')).toBe(42);
  expect(value('sandglass_denials_total{code="CAPABILITY_DENIED"}')).toBe(1);
  figures[Symbol.dispose]();
  end();
  expect(value('sandglass_runs_total{engine="quickjs",status="ok"}')).toBe(1);
});
