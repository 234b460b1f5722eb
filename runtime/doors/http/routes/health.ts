import type { Runtime } from '../../../contracts/api/runtime.ts';
import type { Queue } from '../../../contracts/queue.ts';
import type { Route } from '../route.ts';
import { json, ref } from '../schemas.ts';

export interface HealthRoutes {
  readonly scheduler: Queue;
  readonly health: Runtime['health'];
}

/** `GET /health`: 200 while runs are accepted, 503 once the server drains, or can run nothing. */
export const healthRoutes = ({ scheduler, health }: HealthRoutes): readonly Route[] => [
  {
    method: 'get',
    path: '/health',
    operation: {
      id: 'health',
      tag: 'server',
      summary: 'Whether runs are accepted',
      open: true,
      answers: {
        200: { description: 'They are', content: json(ref('Health')) },
        503: { description: 'The server stops, or can run nothing', content: json(ref('Health')) },
      },
    },
    handle: (context) => {
      const { queued, running, accepting } = scheduler.counts();
      const { status: runtime, time, cells, remote } = health();
      const status = runtime === 'unhealthy' ? runtime : accepting ? 'healthy' : 'draining';
      return context.json(
        { status, time, runtime, queued, running, cells, remote },
        status === 'healthy' ? 200 : 503,
      );
    },
  },
];
