import type { Queue } from '../../../contracts/queue.ts';
import type { Route } from '../route.ts';
import { json, ref } from '../schemas.ts';

/** `GET /health`: 200 while runs are accepted, 503 once the server drains. */
export const healthRoutes = ({ scheduler }: { readonly scheduler: Queue }): readonly Route[] => [
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
        503: { description: 'The server stops', content: json(ref('Health')) },
      },
    },
    handle: (context) => {
      const { queued, running, accepting } = scheduler.counts();
      return context.json({ status: accepting ? 'ok' : 'draining', queued, running }, accepting ? 200 : 503);
    },
  },
];
