import type { Runtime } from '../../../contracts/api/runtime.ts';
import type { Queue } from '../../../contracts/queue.ts';
import { createPrometheus } from '../../../observe/prometheus.ts';
import { SandglassError } from '../../../vocabulary/errors.ts';
import type { Route } from '../route.ts';

export interface MetricsRoutes {
  readonly on: Runtime['on'];
  readonly scheduler: Queue;
}

/** `GET /metrics`: figures for Prometheus, for whoever has the server's own key. */
export function metricsRoutes({ on, scheduler }: MetricsRoutes): readonly Route[] {
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
        if (context.get('who').caller !== undefined)
          throw new SandglassError(
            'CAPABILITY_DENIED',
            'Cannot answer: figures are of all callers together, and need the key of the server',
          );
        return context.text(figures.text(), 200, {
          'Content-Type': 'text/plain; version=0.0.4; charset=utf-8',
        });
      },
    },
  ];
}
