import type { Route } from './route.ts';

/** What this server is to issuers of tokens and their clients (RFC 9728). */
export interface ProtectedResource {
  /** Its own URL as clients write it: `https://tools.example.com/mcp`. */
  readonly resource: string;
  /** Issuers whose tokens are taken. */
  readonly issuers: readonly string[];
  /** Scopes that a token may have here. */
  readonly scopes: readonly string[];
}

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

/** The header that tells a client where to sign in (RFC 6750, RFC 9728). */
export function challenge(
  oauth: ProtectedResource | undefined,
  parts: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  if (oauth === undefined) return { 'WWW-Authenticate': 'Bearer' };
  const all = { ...parts, resource_metadata: metadataUrl(oauth) };
  const list = Object.entries(all).map(([name, value]) => `${name}="${value}"`);
  return { 'WWW-Authenticate': `Bearer ${list.join(', ')}` };
}

/** Below the origin of the resource, in front of its path. */
function metadataUrl({ resource }: ProtectedResource): string {
  const { origin } = new URL(resource);
  return `${origin}${WELL_KNOWN}${pathOf(resource)}`;
}

const pathOf = (resource: string): string => new URL(resource).pathname.replace(/\/$/, '');

/** `GET /.well-known/oauth-protected-resource`, and the same with the path of the resource behind it. */
export function protectedResourceRoutes(oauth: ProtectedResource): readonly Route[] {
  const { resource, issuers, scopes } = oauth;
  const document = {
    resource,
    authorization_servers: issuers,
    ...(scopes.length === 0 ? {} : { scopes_supported: scopes }),
    bearer_methods_supported: ['header'],
    resource_name: 'Sandglass',
  };
  const paths = [...new Set([WELL_KNOWN, `${WELL_KNOWN}${pathOf(resource)}`])];
  return paths.map((path, index) => ({
    method: 'get',
    path,
    operation: {
      id: index === 0 ? 'protectedResource' : 'protectedResourceByPath',
      tag: 'server',
      summary: 'Where clients get tokens for this server',
      open: true,
      answers: { 200: { description: 'RFC 9728', content: { 'application/json': { type: 'object' } } } },
    },
    handle: (context) => context.json(document),
  }));
}
