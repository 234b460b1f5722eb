import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { type Alert, createAlerts } from '../../../runtime/observe/alerts.ts';
import { createMetrics } from '../../../runtime/observe/metrics.ts';
import { createWebhook } from '../../../runtime/observe/webhook.ts';
import { createEventStream } from '../../../runtime/vocabulary/event-stream.ts';
import { NOTHING_USED } from '../../../runtime/vocabulary/outcome-of.ts';
import { verifies } from '../../support/verifies.ts';

const MINUTE = 60_000;

function open() {
  const events = createEventStream();
  let now = 1_000 * MINUTE;
  const told: Alert[] = [];
  const metrics = createMetrics({ on: events.on }, () => now);
  const alerts = createAlerts({
    metrics,
    everyMs: false,
    now: () => now,
    onAlert: (alert) => told.push(alert),
  });
  const call = (durationMs: number, ok: boolean): void =>
    events.emit({
      kind: 'tool.called',
      time: now,
      identity: { runId: 'run-1', depth: 0 },
      tool: 'read',
      callId: 'call-1',
      ok,
      ...(ok ? {} : { code: 'GUEST_THREW' as const }),
      durationMs,
      stages: [],
      usage: NOTHING_USED,
    });
  /** A minute with calls in every quarter of it, looked at after each. */
  const minute = (one: () => void): void => {
    for (let quarter = 0; quarter < 4; quarter++) {
      one();
      alerts.check();
      now += MINUTE / 4;
    }
  };
  const stateOf = (name: string): string | undefined =>
    alerts.states().find((state) => state.name === name)?.state;
  return { alerts, call, minute, told, stateOf };
}

const names = (told: readonly Alert[]): readonly string[] =>
  told.map(({ name, status }) => `${name} ${status}`);

describe('createAlerts()', () => {
  const failing = (call: (ms: number, ok: boolean) => void) => (): void => {
    for (let at = 0; at < 5; at++) call(10, at !== 0);
  };

  test(
    'HighToolErrorRate is pending after one minute of 20 % failures, and fires after two',
    verifies('MO-06'),
    () => {
      const { call, minute, told, stateOf, alerts } = open();
      expect(stateOf('HighToolErrorRate')).toBe('inactive');
      minute(failing(call));
      expect(stateOf('HighToolErrorRate')).toBe('pending');
      expect(told).toEqual([]);
      minute(failing(call));
      minute(failing(call));
      expect(names(told)).toEqual(['HighToolErrorRate firing']);
      expect(told[0]).toMatchObject({ value: 0.2, severity: 'warning' });
      minute(failing(call));
      expect(told).toHaveLength(1);
      for (let at = 0; at < 6; at++) minute(() => undefined);
      expect(names(told)).toEqual(['HighToolErrorRate firing', 'HighToolErrorRate resolved']);
      expect(alerts.states().map(({ state }) => state)).toEqual(['inactive', 'inactive']);
    },
  );

  test('a break starts the time anew', verifies('MO-06'), () => {
    const { call, minute, told, stateOf } = open();
    minute(failing(call));
    minute(() => {
      for (let at = 0; at < 50; at++) call(10, true);
    });
    expect(stateOf('HighToolErrorRate')).toBe('inactive');
    expect(told).toEqual([]);
  });

  test(
    'SlowToolExecution is pending after four minutes of 31 s, and fires after five',
    verifies('MO-07'),
    () => {
      const { call, minute, told, stateOf } = open();
      for (let at = 0; at < 4; at++) minute(() => call(31_000, true));
      expect(stateOf('SlowToolExecution')).toBe('pending');
      expect(told).toEqual([]);
      for (let at = 0; at < 2; at++) minute(() => call(31_000, true));
      expect(names(told)).toEqual(['SlowToolExecution firing']);
    },
  );

  test('refuses two rules of one name, and times out of range', () => {
    const { alerts: _, ...rest } = open();
    expect(rest.told).toEqual([]);
    const metrics = createMetrics({ on: createEventStream().on });
    const rule = { name: 'A', severity: 'warning', summary: '', forMs: 0, check: () => undefined } as const;
    expect(() => createAlerts({ metrics, rules: [rule, rule], onAlert: () => undefined })).toThrow(
      'two rules have one name',
    );
    expect(() => createAlerts({ metrics, everyMs: 10, onAlert: () => undefined })).toThrow(
      'everyMs 10 is not within',
    );
  });
});

const ALERT: Alert = {
  name: 'HighToolErrorRate',
  status: 'firing',
  severity: 'warning',
  summary: 'More than 10 % of calls fail',
  value: 0.2,
  since: 1,
  time: 2,
};

describe('createWebhook()', () => {
  /** A server that answers these statuses, one after the other. */
  async function listen(statuses: readonly number[]) {
    const bodies: unknown[] = [];
    const server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        bodies.push(JSON.parse(Buffer.concat(parts).toString()));
        response.writeHead(statuses[bodies.length - 1] ?? 200).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return {
      bodies,
      url: `http://127.0.0.1:${port}/hook`,
      [Symbol.asyncDispose]: () => new Promise<void>((resolve) => void server.close(() => resolve())),
    };
  }

  test('posts one JSON object for each firing and each end', verifies('MO-08'), async () => {
    await using server = await listen([]);
    const post = createWebhook({ url: server.url });
    post(ALERT);
    post({ ...ALERT, status: 'resolved' });
    await expect.poll(() => server.bodies).toEqual([ALERT, { ...ALERT, status: 'resolved' }]);
  });

  test('tries again while the server fails, and tells of what it refuses', async () => {
    await using server = await listen([503, 200, 400]);
    const errors: string[] = [];
    const waits: number[] = [];
    const post = createWebhook({
      url: server.url,
      onError: ({ message }) => errors.push(message),
      sleep: async (ms) => void waits.push(ms),
    });
    post(ALERT);
    post(ALERT);
    await expect
      .poll(() => errors)
      .toEqual(['Cannot post the alert HighToolErrorRate: the server answered 400']);
    expect(server.bodies).toHaveLength(3);
    expect(waits).toEqual([1_000]);
  });

  test('gives up on a server that is not there, and drops the oldest of many', async () => {
    const errors: string[] = [];
    const post = createWebhook({
      url: 'http://127.0.0.1:9/hook',
      retries: 1,
      onError: ({ message }) => errors.push(message),
      fetch: async () => {
        throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });
      },
      sleep: async () => undefined,
    });
    for (let at = 0; at < 150; at++) post(ALERT);
    await expect.poll(() => errors.length).toBe(150);
    expect(errors.filter((text) => text.includes('too many wait'))).toHaveLength(49);
    expect(errors.at(-1)).toBe('Cannot post the alert HighToolErrorRate: connect ECONNREFUSED');
  });

  test('refuses addresses that are not of the web, and settings out of range', () => {
    expect(() => createWebhook({ url: 'file:///etc/passwd' })).toThrow('expected http: or https:');
    expect(() => createWebhook({ url: 'https://a.example', timeoutMs: 0 })).toThrow('timeoutMs 0');
    expect(() => createWebhook({ url: 'https://a.example', retries: 99 })).toThrow('retries 99');
  });
});
