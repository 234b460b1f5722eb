import { checkAsked, type DoorPolicy, withinCeilings } from '../door-policy.ts';
import { HttpError } from '../http-error.ts';
import { readJson } from '../read-body.ts';
import type { DoorContext, Route } from '../route.ts';
import { createSessionBodyReader } from '../run-body.ts';
import { json, ref } from '../schemas.ts';
import type { SessionDoor } from '../session-door.ts';

export interface SessionRoutes {
  readonly sessions: SessionDoor;
  readonly policy: DoorPolicy | undefined;
  readonly maxBodyBytes: number;
}

/** `POST /v1/sessions` and `DELETE /v1/sessions/NAME`. */
export function sessionRoutes({ sessions, policy, maxBodyBytes }: SessionRoutes): readonly Route[] {
  const readSessionBody = createSessionBodyReader();
  const tag = 'sessions';
  return [
    {
      method: 'post',
      path: '/v1/sessions',
      operation: {
        id: 'openSession',
        tag,
        summary: 'Opens a session: a guest that is kept from run to run',
        body: { mime: 'application/json', schema: ref('SessionRequest') },
        answers: { 201: { description: 'It is open', content: json(ref('Session')) } },
      },
      handle: async (context) => {
        const asked = readSessionBody(await readJson(context.req.raw, maxBodyBytes));
        if (policy !== undefined) checkAsked(asked.grant, policy);
        const session = withinCeilings(asked, policy);
        const name = await sessions.open(session, context.req.raw.signal, ownerOf(context));
        return context.json({ name }, 201, { Location: `/v1/sessions/${name}` });
      },
    },
    {
      method: 'delete',
      path: '/v1/sessions/{name}',
      operation: {
        id: 'closeSession',
        tag,
        summary: 'Ends a session',
        parameters: { name: { in: 'path', schema: { type: 'string' } } },
        answers: { 200: { description: 'It has ended', content: json(ref('Session')) } },
      },
      handle: async (context) => {
        const name = context.req.param('name') ?? '';
        if (!(await sessions.close(name, ownerOf(context)))) {
          throw new HttpError(404, `Cannot close session ${JSON.stringify(name)}: none of this name is open`);
        }
        return context.json({ name, closed: true });
      },
    },
  ];
}

const ownerOf = (context: DoorContext): string | undefined => context.get('who').caller?.id;
