import type { RuntimeHealth } from '../../../contracts/api/health.ts';
import type { Runtime } from '../../../contracts/api/runtime.ts';
import type { Queue } from '../../../contracts/queue.ts';
import type { Alerts } from '../../../observe/alerts.ts';
import type { Metrics } from '../../../observe/metrics.ts';
import { createPrometheus } from '../../../observe/prometheus.ts';
import type { DashboardFigures } from '../dashboard/figures.ts';
import { DASHBOARD_FILES } from '../dashboard/page.ts';
import { checkOwnKey } from '../own-key.ts';
import { readNumber } from '../read-query.ts';
import type { Route } from '../route.ts';
import { json } from '../schemas.ts';

export interface MetricsRoutes {
  readonly on: Runtime['on'];
  readonly scheduler: Queue;
  readonly metrics: Metrics;
  readonly alerts: Alerts;
  readonly health: () => RuntimeHealth;
}

/** Rows of a table of the dashboard. */
const MOST_ROWS = 20;

/** `GET /metrics` for Prometheus and `GET /v1/metrics` as JSON, for whoever has the server's own key. */
export function metricsRoutes(deps: MetricsRoutes): readonly Route[] {
  const { on, scheduler } = deps;
  const figures = createPrometheus(on, [
    { name: 'sandglass_queued', help: 'Runs and calls that wait', read: () => scheduler.counts().queued },
    { name: 'sandglass_running', help: 'Runs and calls at work', read: () => scheduler.counts().running },
  ]);
  return [
    {
      method: 'get',
      path: '/metrics',
      operation: {
        id: 'metrics',
        tag: 'server',
        summary: 'Figures for Prometheus',
        answers: { 200: { description: 'Text', content: { 'text/plain': { type: 'string' } } } },
      },
      handle: (context) => {
        checkOwnKey(context, 'figures are of all callers together');
        return context.text(figures.text(), 200, {
          'Content-Type': 'text/plain; version=0.0.4; charset=utf-8',
        });
      },
    },
    {
      method: 'get',
      path: '/v1/metrics',
      operation: {
        id: 'readMetrics',
        tag: 'server',
        summary: 'Figures of the last minutes: of all, by tool, by user, by kind of error',
        parameters: {
          windowMinutes: {
            in: 'query',
            schema: { type: 'integer', minimum: 1, maximum: 60, default: 5 },
            description: 'Minutes up to now',
          },
        },
        answers: { 200: { description: 'What the dashboard draws', content: json({ type: 'object' }) } },
      },
      handle: (context) => {
        checkOwnKey(context, 'figures are of all callers together');
        const windowMinutes = readNumber(context, 'windowMinutes', { minimum: 1, maximum: 60 }) ?? 5;
        return context.json(figuresOf(deps, windowMinutes));
      },
    },
  ];
}

function figuresOf(
  { metrics, alerts, scheduler, health }: MetricsRoutes,
  windowMinutes: number,
): DashboardFigures {
  const { time, runs, cells } = health();
  const { errors, recentErrors } = metrics.summary();
  alerts.check();
  return {
    time,
    windowMinutes,
    system: metrics.system({ windowMinutes }),
    series: metrics.series({ windowMinutes, points: 60 }),
    tools: metrics.tools().slice(0, MOST_ROWS),
    users: metrics.users({ windowMinutes }).slice(0, MOST_ROWS),
    errors: errors.slice(0, MOST_ROWS),
    recentErrors: recentErrors.slice(0, MOST_ROWS),
    queue: scheduler.counts(),
    runs,
    cells,
    alerts: alerts.states(),
  };
}

/** The page that draws the figures. It is open, as it holds none: whoever looks gives it the key. */
export function dashboardRoutes(): readonly Route[] {
  return (
    [
      ['page', '/dashboard', 'A page that draws the figures, for whoever has the key of the server'],
      ['style', '/dashboard/style.css', 'Style of the dashboard'],
      ['script', '/dashboard/script.js', 'Script of the dashboard'],
    ] as const
  ).map(([name, path, summary]) => {
    const { mime, text } = DASHBOARD_FILES[name];
    return {
      method: 'get',
      path,
      operation: {
        id: name === 'page' ? 'dashboard' : `dashboard-${name}`,
        tag: 'server',
        summary,
        open: true,
        answers: {
          200: { description: 'A file', content: { [mime.split(';')[0] ?? mime]: { type: 'string' } } },
        },
      },
      handle: (context) =>
        context.body(text, 200, {
          'Content-Type': mime,
          'Content-Security-Policy':
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri " +
            "'none'; form-action 'none'; frame-ancestors 'none'",
          'Referrer-Policy': 'no-referrer',
        }),
    } as const satisfies Route;
  });
}
