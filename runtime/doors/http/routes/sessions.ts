import { Hono } from 'hono';
import { checkAsked, type DoorPolicy, withinCeilings } from '../door-policy.ts';
import { HttpError } from '../http-error.ts';
import { readJson } from '../read-body.ts';
import { createSessionBodyReader } from '../run-body.ts';
import type { SessionDoor } from '../session-door.ts';

export interface SessionRoutes {
  readonly sessions: SessionDoor;
  readonly policy: DoorPolicy | undefined;
  readonly maxBodyBytes: number;
}

/** `POST /v1/sessions` and `DELETE /v1/sessions/:name`. */
export function sessionRoutes({ sessions, policy, maxBodyBytes }: SessionRoutes): Hono {
  const readSessionBody = createSessionBodyReader();
  return new Hono()
    .post('/v1/sessions', async (context) => {
      const asked = readSessionBody(await readJson(context.req.raw, maxBodyBytes));
      if (policy !== undefined) checkAsked(asked.grant, policy);
      const session = withinCeilings(asked, policy);
      const name = await sessions.open(session, context.req.raw.signal);
      return context.json({ name }, 201, { Location: `/v1/sessions/${name}` });
    })
    .delete('/v1/sessions/:name', async (context) => {
      const name = context.req.param('name');
      if (!(await sessions.close(name))) {
        throw new HttpError(404, `Cannot close session ${JSON.stringify(name)}: none of this name is open`);
      }
      return context.json({ name, closed: true });
    });
}
