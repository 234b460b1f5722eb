import { Hono } from 'hono';
import type { Queue } from '../../../contracts/queue.ts';

/** `GET /health`: 200 while runs are accepted, 503 once the server drains. */
export function healthRoutes({ scheduler }: { readonly scheduler: Queue }): Hono {
  return new Hono().get('/health', (context) => {
    const { queued, running, accepting } = scheduler.counts();
    return context.json({ status: accepting ? 'ok' : 'draining', queued, running }, accepting ? 200 : 503);
  });
}
