import { describe, expect, test } from 'vitest';
import { createHttpApp, type HttpAppOptions } from '../../../../runtime/doors/http/app.ts';
import type { DashboardFigures } from '../../../../runtime/doors/http/dashboard/figures.ts';
import { createModuleStore } from '../../../../runtime/doors/http/module-store.ts';
import { createEventStream } from '../../../../runtime/vocabulary/event-stream.ts';
import { NOTHING_USED } from '../../../../runtime/vocabulary/outcome-of.ts';
import { createInProcessScheduler } from '../../../../runtime/work/in-process.ts';
import { createFakeRuntime, success } from '../../../support/fake-runtime.ts';
import { verifies } from '../../../support/verifies.ts';

function open(more: Partial<HttpAppOptions> = {}) {
  const events = createEventStream();
  const app = createHttpApp({
    runtime: { ...createFakeRuntime(async () => success()), on: events.on },
    scheduler: createInProcessScheduler(),
    modules: createModuleStore({
      inspect: async () => ({ hash: '', kind: 'core', exports: [], bytes: 0 }) as never,
    }),
    key: 'own-key',
    holderOf: async (text) =>
      text === 'ada-key'
        ? { caller: { id: 'ada', permissions: ['*'] }, tools: undefined, rate: undefined }
        : undefined,
    ...more,
  });
  const call = (tool: string, ok: boolean, user: string): void =>
    events.emit({
      kind: 'tool.called',
      time: Date.now(),
      identity: { runId: `run-${tool}`, depth: 0, caller: { id: user, permissions: ['*'] } },
      tool,
      callId: 'call-1',
      ok,
      ...(ok ? {} : { code: 'GUEST_THREW' as const }),
      durationMs: 12,
      stages: [],
      usage: { ...NOTHING_USED, cpuMs: 3 },
    });
  const get = async (path: string, key?: string): Promise<Response> =>
    app.request(
      `http://localhost${path}`,
      key === undefined ? {} : { headers: { authorization: `Bearer ${key}` } },
    );
  return { app, call, get };
}

describe('GET /v1/metrics', () => {
  test('each block is right after calls', verifies('MO-09', 'MO-16'), async () => {
    const { call, get } = open();
    call('read', true, 'ada');
    call('read', false, 'bob');
    const response = await get('/v1/metrics?windowMinutes=15', 'own-key');
    expect(response.status).toBe(200);
    const figures = (await response.json()) as DashboardFigures;
    expect(figures).toMatchObject({
      windowMinutes: 15,
      system: { total: 2, failures: 1, errorRate: 0.5, meanMs: 12, cpuMs: 6 },
      tools: [{ tool: 'read', total: 2, successRate: 0.5 }],
      errors: [{ code: 'GUEST_THREW', tool: 'read', total: 1 }],
      queue: { queued: 0, running: 0, accepting: true },
      cells: { starting: 0, idle: 0, busy: 0 },
    });
    expect(figures.users.map(({ user, total }) => [user, total])).toEqual([
      ['ada', 1],
      ['bob', 1],
    ]);
    expect(figures.series.reduce((sum, { total }) => sum + total, 0)).toBe(2);
    expect(figures.alerts.map(({ name, state }) => [name, state])).toEqual([
      ['HighToolErrorRate', 'pending'],
      ['SlowToolExecution', 'inactive'],
    ]);
  });

  test('needs the key of the server', async () => {
    const { get } = open();
    expect((await get('/v1/metrics')).status).toBe(401);
    expect((await get('/v1/metrics', 'ada-key')).status).toBe(403);
    expect((await get('/v1/metrics?windowMinutes=61', 'own-key')).status).toBe(400);
  });
});

describe('GET /dashboard', () => {
  test('is open, holds no figures, and loads nothing from elsewhere', verifies('MO-09'), async () => {
    const { call, get } = open();
    call('secret-tool', true, 'ada');
    for (const path of ['/dashboard', '/dashboard/style.css', '/dashboard/script.js']) {
      const response = await get(path);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-security-policy')).toContain(
        "default-src 'none'; script-src 'self'",
      );
      const text = await response.text();
      expect(text).not.toContain('secret-tool');
      expect(text.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:/);
      expect(text).not.toMatch(/innerHTML|insertAdjacentHTML|document\.write|style="|onclick=/);
    }
  });

  test('its script is one that can be parsed', async () => {
    const { get } = open();
    const text = await (await get('/dashboard/script.js')).text();
    expect(() => new Function(text)).not.toThrow();
  });
});

test('a line is written for each request, without its query', verifies('MO-12'), async () => {
  const lines: unknown[] = [];
  const { get } = open({ log: { write: (...line) => void lines.push(line) } });
  await get('/v1/metrics?windowMinutes=5&token=secret', 'own-key');
  await get('/v1/runs', 'ada-key');
  await get('/v1/runs');
  expect(lines).toEqual([
    [
      'server',
      'info',
      'request',
      expect.objectContaining({ method: 'GET', path: '/v1/metrics', status: 200 }),
    ],
    ['server', 'info', 'request', expect.objectContaining({ path: '/v1/runs', status: 200, user: 'ada' })],
    ['server', 'warn', 'request', expect.objectContaining({ path: '/v1/runs', status: 401 })],
  ]);
  expect(JSON.stringify(lines)).not.toContain('secret');
});

test(
  'GET /v1/audit finds lines for the key of the server, one request after the other',
  verifies('MO-11'),
  async () => {
    const filters: unknown[] = [];
    let atWork = 0;
    let most = 0;
    const { get } = open({
      audit: async (filter) => {
        filters.push(filter);
        atWork += 1;
        most = Math.max(most, atWork);
        await new Promise((resolve) => setTimeout(resolve, 5));
        atWork -= 1;
        return { lines: ['{"kind":"denied","run":"run-1"}'], unreadable: 0 };
      },
    });
    const path = '/v1/audit?run=run-1&caller=ada&kind=denied,run.ended&tool=read&since=5&limit=7';
    const answers = await Promise.all([get(path, 'own-key'), get('/v1/audit', 'own-key')]);
    expect(await answers[0]?.json()).toEqual({ lines: [{ kind: 'denied', run: 'run-1' }], unreadable: 0 });
    expect(filters).toEqual([
      { run: 'run-1', caller: 'ada', kinds: ['denied', 'run.ended'], tool: 'read', since: 5, limit: 7 },
      { limit: 100 },
    ]);
    expect(most).toBe(1);
    expect((await get('/v1/audit', 'ada-key')).status).toBe(403);
    expect((await get('/v1/audit?limit=1001', 'own-key')).status).toBe(400);
    expect((await open().get('/v1/audit', 'own-key')).status).toBe(404);
  },
);

test('a caller that is refused again and again is a line of the log', verifies('MO-15'), async () => {
  const lines: unknown[][] = [];
  const { get } = open({
    log: { write: (...line) => void lines.push(line) },
    suspicion: { after: 3, blockMs: 1_000 },
  });
  for (let at = 0; at < 3; at++) await get('/v1/metrics', 'ada-key');
  expect(lines.filter(([part]) => part === 'policy')).toEqual([
    ['policy', 'warn', 'suspicious', { user: 'ada', refusals: 3, blockedMs: 1_000 }],
  ]);
  expect((await get('/v1/runs', 'ada-key')).status).toBe(429);
});
