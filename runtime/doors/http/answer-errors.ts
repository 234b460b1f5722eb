import type { Hono } from 'hono';
import { SandglassError } from '../../vocabulary/errors.ts';
import { errorResponse, HttpError } from './http-error.ts';
import type { DoorEnv } from './route.ts';

/**
 * What a request gets that no route could answer.
 * @param onFault Told of errors that are bugs; `id` is the one that the caller is shown.
 */
export function answerErrors(
  app: Hono<DoorEnv>,
  onFault: (error: unknown, id: string) => void,
  now: () => number,
): void {
  app.onError((error) => {
    if (error instanceof HttpError)
      return errorResponse(error.toJSON(), { time: now(), status: error.status, headers: error.headers });
    if (error instanceof SandglassError) return errorResponse(error.toJSON(), { time: now() });
    const id = crypto.randomUUID();
    onFault(error, id);
    const fault = new SandglassError('INTERNAL', `Cannot answer: the server failed, fault ${id}`);
    return errorResponse(fault.toJSON(), { time: now() });
  });
  app.notFound(({ req }) => {
    const error = new HttpError(404, `Cannot answer ${req.method} ${req.path}: no such route`);
    return errorResponse(error.toJSON(), { time: now(), status: 404 });
  });
}
