import type { MiddlewareHandler } from 'hono';
import { SandglassError } from '../../vocabulary/errors.ts';

export interface AccessOptions {
  /** The bearer key. */
  readonly key: string;
  /** Host names a request may be sent to; `any` where a proxy or another check vouches for it. */
  readonly hosts: readonly string[] | 'any';
  /** Web origins whose pages may call. */
  readonly origins: readonly string[];
}

/** Names of this machine to itself. Checking them defeats DNS rebinding: a page's own name resolved to the loopback address. */
export const LOOPBACK_HOSTS: readonly string[] = Object.freeze(['localhost', '127.0.0.1', '[::1]']);

/** Refuses what was sent to a foreign host name, or by a web page that was not allowed. */
export function checkSender({ hosts, origins }: AccessOptions): MiddlewareHandler {
  return async (context, next) => {
    const host = hostNameOf(context.req.header('host') ?? new URL(context.req.url).host);
    if (hosts !== 'any' && (host === undefined || !hosts.includes(host))) {
      throw new SandglassError('CAPABILITY_DENIED', 'Cannot answer: the Host header names another host', {
        details: { allowed: hosts },
      });
    }
    const origin = context.req.header('origin');
    if (origin !== undefined && !origins.includes(origin)) {
      throw new SandglassError(
        'CAPABILITY_DENIED',
        `Cannot answer: web origin ${JSON.stringify(origin)} is not allowed`,
      );
    }
    await next();
  };
}

/** Lets a request with the right key through. */
export function checkKey({ key }: AccessOptions): MiddlewareHandler {
  const expected = digest(key);
  return async (context, next) => {
    const [, given] = /^Bearer +(.+)$/i.exec(context.req.header('authorization') ?? '') ?? [];
    if (given === undefined || !sameBytes(await digest(given), await expected)) {
      throw new SandglassError('UNAUTHENTICATED', 'Cannot answer: no valid key was sent', {
        hint: 'Send "Authorization: Bearer KEY" with the key that the server printed at its start',
      });
    }
    await next();
  };
}

/** Without the port; lower case. */
function hostNameOf(host: string): string | undefined {
  try {
    return new URL(`http://${host}`).hostname;
  } catch {
    return undefined; // no host name at all, so no allowed one
  }
}

/** Digests have one length and say nothing of the key, so that comparing them tells nothing by its time. */
async function digest(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  let difference = left.length ^ right.length;
  for (const [index, byte] of left.entries()) difference |= byte ^ (right[index] ?? 0);
  return difference === 0;
}
