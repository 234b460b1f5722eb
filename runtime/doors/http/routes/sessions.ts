import { LIMITS } from '../../../vocabulary/limits.ts';
import type { BodyBudget } from '../body-budget.ts';
import { checkAsked, type DoorPolicy, withinCeilings } from '../door-policy.ts';
import { HttpError } from '../http-error.ts';
import type { ModuleStore } from '../module-store.ts';
import { readBody, readJson } from '../read-body.ts';
import { readNumber } from '../read-query.ts';
import type { DoorContext, Route } from '../route.ts';
import { createSessionBodyReader } from '../run-body.ts';
import { json, ref } from '../schemas.ts';
import type { SessionDoor } from '../session-door.ts';

export interface SessionRoutes {
  readonly sessions: SessionDoor;
  readonly modules: ModuleStore;
  readonly policy: DoorPolicy | undefined;
  readonly maxBodyBytes: number;
  readonly bodies: BodyBudget;
}

const TAG = 'sessions';
const NAME = { name: { in: 'path', schema: { type: 'string' } } } as const;

/** Sessions: open, end, and reach the memory of a module that is kept. */
export const sessionRoutes = (deps: SessionRoutes): readonly Route[] => [
  openRoute(deps),
  {
    method: 'delete',
    path: '/v1/sessions/{name}',
    operation: {
      id: 'closeSession',
      tag: TAG,
      summary: 'Ends a session',
      parameters: NAME,
      answers: { 200: { description: 'It has ended', content: json(ref('Session')) } },
    },
    handle: async (context) => {
      const name = nameOf(context);
      if (!(await deps.sessions.close(name, ownerOf(context)))) {
        throw new HttpError(404, `Cannot close session ${JSON.stringify(name)}: none of this name is open`);
      }
      return context.json({ name, closed: true });
    },
  },
  ...memoryRoutes(deps),
];

function openRoute({ sessions, modules, policy, maxBodyBytes }: SessionRoutes): Route {
  const read = createSessionBodyReader();
  return {
    method: 'post',
    path: '/v1/sessions',
    operation: {
      id: 'openSession',
      tag: TAG,
      summary:
        'Opens a session: a guest that is kept from run to run; of a language, or of an uploaded module',
      body: { mime: 'application/json', schema: ref('SessionRequest') },
      answers: { 201: { description: 'It is open', content: json(ref('Session')) } },
    },
    handle: async (context) => {
      const asked = read(await readJson(context, maxBodyBytes));
      if (policy !== undefined) checkAsked(asked.grant, policy);
      const { module: hash, language, ...options } = withinCeilings(asked, policy);
      const kind = hash === undefined ? { language } : { module: modules.get(hash).bytes };
      const name = await sessions.open({ ...options, ...kind }, context.req.raw.signal, ownerOf(context));
      return context.json({ name }, 201, { Location: `/v1/sessions/${name}` });
    },
  };
}

const BYTES = { 'application/octet-stream': { type: 'string', format: 'binary' } } as const;

/** `GET` and `PUT /v1/sessions/NAME/memory`. */
function memoryRoutes({ sessions, maxBodyBytes, bodies }: SessionRoutes): readonly Route[] {
  const path = '/v1/sessions/{name}/memory';
  const bounds = (maximum: number) => ({ minimum: 0, maximum });
  const OFFSET = bounds(2 ** 32);
  const LENGTH = bounds(LIMITS.hostCallBytes.maximum);
  const needed = (context: DoorContext, name: string, range: typeof OFFSET): number => {
    const number = readNumber(context, name, range);
    if (number === undefined) throw new HttpError(400, `Cannot read the query: ${name} is missing`);
    return number;
  };
  const offset = {
    in: 'query',
    schema: { type: 'integer', ...OFFSET },
    description: 'The first byte',
  } as const;
  return [
    {
      method: 'get',
      path,
      operation: {
        id: 'readMemory',
        tag: TAG,
        summary: 'Reads the memory of the module that a session keeps, once a run has called it',
        parameters: {
          ...NAME,
          offset,
          length: { in: 'query', schema: { type: 'integer', ...LENGTH }, description: 'How many bytes' },
        },
        answers: { 200: { description: 'The bytes', content: BYTES } },
      },
      handle: async (context) => {
        const [at, length] = [needed(context, 'offset', OFFSET), needed(context, 'length', LENGTH)];
        const bytes = await sessions.inMemory(nameOf(context), ownerOf(context), (memory) =>
          memory.read(at, length, { signal: context.req.raw.signal }),
        );
        return context.body(new Uint8Array(bytes), 200, { 'Content-Type': 'application/octet-stream' });
      },
    },
    {
      method: 'put',
      path,
      operation: {
        id: 'writeMemory',
        tag: TAG,
        summary: 'Writes into the memory of the module that a session keeps, once a run has called it',
        parameters: { ...NAME, offset },
        body: { mime: 'application/octet-stream', schema: { type: 'string', format: 'binary' } },
        answers: { 204: { description: 'They are written' } },
      },
      handle: async (context) => {
        const at = needed(context, 'offset', OFFSET);
        const share = bodies.open();
        try {
          const bytes = await readBody(context, 'bytes', maxBodyBytes, share);
          await sessions.inMemory(nameOf(context), ownerOf(context), (memory) =>
            memory.write(at, bytes, { signal: context.req.raw.signal }),
          );
          return context.body(null, 204);
        } finally {
          share.release();
        }
      },
    },
  ];
}

const nameOf = (context: DoorContext): string => context.req.param('name') ?? '';
const ownerOf = (context: DoorContext): string | undefined => context.get('who').caller?.id;
