import type { SignIns } from '../../../auth/sign-ins.ts';
import { SandglassError } from '../../../vocabulary/errors.ts';
import { isJsonObject, type JsonValue } from '../../../vocabulary/json.ts';
import type { BodyBudget } from '../body-budget.ts';
import { HttpError } from '../http-error.ts';
import { parseBody, readBody } from '../read-body.ts';
import type { DoorContext, Route } from '../route.ts';
import { json } from '../schemas.ts';

export interface SignInRoutes {
  readonly signIns: SignIns;
  readonly bodies: BodyBudget;
}

const MOST_BYTES = 64 * 1024;
const TEXT = { type: 'string' };
const SCOPES = { type: 'array', items: TEXT };
const SIGN_IN = { type: 'object', properties: { provider: TEXT, scopes: SCOPES } };
const tag = 'auth';

/**
 * `GET /v1/auth/callback`: where a browser comes back. It shows what the user hands to the program that asked; it needs no key, and does
 * nothing else.
 */
export const callbackRoute: Route = {
  method: 'get',
  path: '/v1/auth/callback',
  operation: {
    id: 'authCallback',
    tag,
    summary: 'Where the browser comes back from a sign-in: a page with the answer to hand on',
    open: true,
    answers: { 200: { description: 'A page', content: { 'text/html': TEXT } } },
  },
  handle: (context) => {
    const query = new URL(context.req.url).search.slice(1, 4_097);
    const failed = context.req.query('error') !== undefined;
    return context.html(callbackPage(failed ? '' : query), 200, {
      'Content-Security-Policy':
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'Referrer-Policy': 'no-referrer',
    });
  },
};

/** Sign-ins of callers at services: begin, finish, list, end. */
export function signInRoutes({ signIns, bodies }: SignInRoutes): readonly Route[] {
  return [
    {
      method: 'post',
      path: '/v1/auth/start',
      operation: {
        id: 'authStart',
        tag,
        summary: 'Begins a sign-in of the caller at a service',
        body: {
          mime: 'application/json',
          schema: { type: 'object', required: ['provider'], properties: { provider: TEXT, scopes: SCOPES } },
        },
        answers: {
          200: {
            description: 'Where the browser goes',
            content: json({
              type: 'object',
              properties: { flow: TEXT, url: TEXT, state: TEXT, expiresAt: { type: 'integer' } },
            }),
          },
        },
      },
      handle: async (context) => {
        const body = await bodyOf(context, bodies);
        const scopes = body.scopes;
        if (
          scopes !== undefined &&
          !(Array.isArray(scopes) && scopes.every((scope) => typeof scope === 'string'))
        )
          throw new HttpError(400, 'Cannot sign in: "scopes" is not a list of texts');
        return context.json(
          await signIns.start(
            userOf(context),
            textOf(body, 'provider'),
            scopes as readonly string[] | undefined,
          ),
        );
      },
    },
    {
      method: 'post',
      path: '/v1/auth/finish',
      operation: {
        id: 'authFinish',
        tag,
        summary: 'Finishes a sign-in with what the callback showed',
        body: {
          mime: 'application/json',
          schema: { type: 'object', required: ['flow', 'answer'], properties: { flow: TEXT, answer: TEXT } },
        },
        answers: { 200: { description: 'Signed in', content: json(SIGN_IN) } },
      },
      handle: async (context) => {
        const body = await bodyOf(context, bodies);
        const answer = textOf(body, 'answer').trim();
        const query = answer.includes('?') ? answer.slice(answer.indexOf('?') + 1) : answer;
        return context.json(await signIns.finish(userOf(context), textOf(body, 'flow'), query));
      },
    },
    {
      method: 'get',
      path: '/v1/auth',
      operation: {
        id: 'listSignIns',
        tag,
        summary: 'Services, and where the caller is signed in',
        answers: {
          200: {
            description: 'Both',
            content: json({
              type: 'object',
              properties: {
                providers: { type: 'array', items: TEXT },
                signIns: { type: 'array', items: SIGN_IN },
              },
            }),
          },
        },
      },
      handle: async (context) =>
        context.json({ providers: signIns.providers, signIns: await signIns.list(userOf(context)) }),
    },
    {
      method: 'delete',
      path: '/v1/auth/{provider}',
      operation: {
        id: 'signOut',
        tag,
        summary: 'Forgets the tokens of the caller at a service',
        parameters: { provider: { in: 'path', schema: TEXT } },
        answers: {
          200: {
            description: 'Whether there were any',
            content: json({ type: 'object', properties: { signedOut: { type: 'boolean' } } }),
          },
        },
      },
      handle: async (context) =>
        context.json({
          signedOut: await signIns.signOut(userOf(context), context.req.param('provider') ?? ''),
        }),
    },
  ];
}

/** Tokens are of a user: whoever has the server's own key is none. */
function userOf(context: DoorContext): string {
  const { caller } = context.get('who');
  if (caller !== undefined) return caller.id;
  throw new SandglassError('UNAUTHENTICATED', 'Cannot sign in: the key of the server stands for no user', {
    hint: 'Use a key of sandglass keys add, or a token of a user',
  });
}

async function bodyOf(
  context: DoorContext,
  bodies: BodyBudget,
): Promise<Readonly<Record<string, JsonValue>>> {
  const share = bodies.open();
  try {
    const body = await parseBody(await readBody(context, 'body', MOST_BYTES, share));
    if (isJsonObject(body as JsonValue)) return body as Readonly<Record<string, JsonValue>>;
    throw new HttpError(400, 'Cannot sign in: the body is not a JSON object');
  } finally {
    share.release();
  }
}

function textOf(body: Readonly<Record<string, JsonValue>>, name: string): string {
  const value = Object.hasOwn(body, name) ? body[name] : undefined;
  if (typeof value === 'string' && value !== '') return value;
  throw new HttpError(400, `Cannot sign in: "${name}" is not a text`);
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const callbackPage = (answer: string): string => `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Sign-in</title>
<style>body{font:16px system-ui;max-width:40rem;margin:4rem auto;padding:0 1rem}
code{display:block;padding:1rem;background:#8882;overflow-wrap:anywhere}</style>
${
  answer === ''
    ? '<h1>Not signed in</h1><p>The service refused, or you did. Close this page, and begin again if you want to.</p>'
    : '<h1>One more step</h1><p>Give this line to the program with which you began, and to nobody else. ' +
      `Who has it acts for you.</p><code>${escaped(answer)}</code>`
}
</html>
`;
