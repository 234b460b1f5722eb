import type { MiddlewareHandler } from 'hono';
import type { Log } from '../../observe/log.ts';
import type { DoorEnv } from './route.ts';

/** Writes a line for each request, once its answer has begun: no query, no headers, no body. */
export const logRequests =
  (log: Pick<Log, 'write'>, monotonic: () => number = () => performance.now()): MiddlewareHandler<DoorEnv> =>
  async (context, next) => {
    const began = monotonic();
    await next();
    const { status } = context.res;
    const level = status >= 500 ? 'error' : status >= 400 ? 'warn' : 'info';
    log.write('server', level, 'request', {
      method: context.req.method,
      path: context.req.path,
      status,
      durationMs: Math.round(monotonic() - began),
      user: context.get('who')?.caller?.id,
    });
  };
