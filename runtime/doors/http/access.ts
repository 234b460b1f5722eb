import type { MiddlewareHandler } from 'hono';
import type { KeyHolder } from '../../auth/api-key.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import { HttpError } from './http-error.ts';
import { challenge, type ProtectedResource } from './protected-resource.ts';
import type { DoorEnv, Who } from './route.ts';

export interface AccessOptions {
  /** The bearer key of whoever runs the server. */
  readonly key: string;
  /** Whom another key that was shown stands for. @default nobody */
  readonly holderOf?: ((key: string) => Promise<KeyHolder | undefined>) | undefined;
  /** Host names a request may be sent to; `any` where a proxy or another check vouches for it. */
  readonly hosts: readonly string[] | 'any';
  /** Web origins whose pages may call. */
  readonly origins: readonly string[];
  /** What tokens are for, where there are any. */
  readonly oauth?: ProtectedResource | undefined;
}

/** Names of this machine to itself. Checking them defeats DNS rebinding: a page's own name resolved to the loopback address. */
export const LOOPBACK_HOSTS: readonly string[] = Object.freeze(['localhost', '127.0.0.1', '[::1]']);

/** Refuses what was sent to a foreign host name, or by a web page that was not allowed. */
export function checkSender({ hosts, origins }: AccessOptions): MiddlewareHandler {
  /** The last one that was found allowed: clients of a connection send the same. */
  let last: string | undefined;
  return async (context, next) => {
    const sentTo = context.req.header('host') ?? new URL(context.req.url).host;
    if (hosts !== 'any' && sentTo !== last) {
      const host = hostNameOf(sentTo);
      if (host === undefined || !hosts.includes(host))
        throw new SandglassError('CAPABILITY_DENIED', 'Cannot answer: the Host header names another host', {
          details: { allowed: hosts },
        });
      last = sentTo;
    }
    const origin = context.req.header('origin');
    // The host was just found to be one of ours, unless any is: then a page can have made it the same as its own.
    const isOwn = hosts !== 'any' && origin === `${new URL(context.req.url).protocol}//${sentTo}`;
    if (origin !== undefined && !isOwn && !origins.includes(origin)) {
      throw new SandglassError(
        'CAPABILITY_DENIED',
        `Cannot answer: web origin ${JSON.stringify(origin)} is not allowed`,
      );
    }
    await next();
  };
}

/** Lets a request with a right key through, and says whose it is. */
export function checkKey({ key, holderOf, oauth }: AccessOptions): MiddlewareHandler<DoorEnv> {
  return async (context, next) => {
    const [, given] = /^Bearer +(.+)$/i.exec(context.req.header('authorization') ?? '') ?? [];
    const who =
      given === undefined
        ? undefined
        : await whoHas(given, key, holderOf).catch((error: unknown) => {
            throw refusalOf(error, oauth);
          });
    if (who === undefined) throw unauthenticated(given !== undefined, oauth);
    context.set('who', who);
    await next();
  };
}

function unauthenticated(wasGiven: boolean, oauth: ProtectedResource | undefined): HttpError {
  const error = new HttpError(
    401,
    'Cannot answer: no valid key was sent',
    oauth === undefined
      ? 'Send "Authorization: Bearer KEY" with the key that the server printed at its start'
      : 'Send "Authorization: Bearer TOKEN" with a token that is for this server and has not expired',
    'UNAUTHENTICATED',
  );
  error.headers = challenge(oauth, wasGiven ? { error: 'invalid_token' } : {});
  return error;
}

/** A token that cannot be checked now, or allows nothing here, in the words of HTTP. */
function refusalOf(error: unknown, oauth: ProtectedResource | undefined): unknown {
  if (!(error instanceof SandglassError)) return error;
  const { code, message, hint } = error;
  if (code === 'HOST_CALL_FAILED') {
    const unavailable = new HttpError(503, message, hint, code);
    unavailable.headers = { 'Retry-After': '30' };
    return unavailable;
  }
  if (code !== 'CAPABILITY_DENIED' || oauth === undefined) return error;
  const forbidden = new HttpError(403, message, hint, code);
  forbidden.headers = challenge(oauth, { error: 'insufficient_scope', scope: oauth.scopes.join(' ') });
  return forbidden;
}

async function whoHas(
  given: string,
  expected: string,
  holderOf: AccessOptions['holderOf'],
): Promise<Who | undefined> {
  if (sameText(given, expected)) return { caller: undefined };
  return holderOf?.(given);
}

/** Without the port; lower case. */
function hostNameOf(host: string): string | undefined {
  try {
    return new URL(`http://${host}`).hostname;
  } catch {
    return undefined; // no host name at all, so no allowed one
  }
}

/** Takes a time that depends on the length of what was given, and on nothing of what is expected. */
function sameText(given: string, expected: string): boolean {
  let difference = given.length ^ expected.length;
  for (let at = 0; at < given.length; at++)
    difference |= given.charCodeAt(at) ^ expected.charCodeAt(at % expected.length);
  return difference === 0;
}
