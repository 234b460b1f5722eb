import type { Hono } from 'hono';
import { SandglassError } from '../../vocabulary/errors.ts';
import { errorResponse, HttpError } from './http-error.ts';
import type { DoorEnv } from './route.ts';

const LEFT = new SandglassError('INPUT_INVALID', 'Cannot read the request: it was broken off').toJSON();

/**
 * What a request gets that no route could answer.
 * @param onFault Told of errors that are bugs; `id` is the one that the caller is shown.
 * @param onDenied Told of a caller whom the door refused something.
 */
export function answerErrors(
  app: Hono<DoorEnv>,
  onFault: (error: unknown, id: string) => void,
  now: () => number,
  onDenied: (caller: string) => void = () => undefined,
): void {
  app.onError((error, context) => {
    // What the runtime refuses is told by its own event: this is what never came to it.
    const caller = context.get('who')?.caller;
    if (caller !== undefined && error instanceof SandglassError && error.code === 'CAPABILITY_DENIED')
      onDenied(caller.id);
    if (error instanceof HttpError)
      return errorResponse(error.toJSON(), { time: now(), status: error.status, headers: error.headers });
    if (error instanceof SandglassError) return errorResponse(error.toJSON(), { time: now() });
    // A client that leaves before its request is read fails nothing of ours, and fills no log.
    if (context.req.raw.signal.aborted) return errorResponse(LEFT, { time: now(), status: 400 });
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
