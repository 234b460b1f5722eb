import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import Provider from 'oidc-provider';

export interface Issuer {
  readonly url: string;
  /** A token of the machine client, by its scopes. */
  token(scope: string): Promise<string>;
  /** Requests for tokens so far. */
  readonly tokenRequests: () => number;
  /** Does what a user does in a browser, and answers the query that the callback is called with. */
  signIn(url: string, user: string): Promise<string>;
  close(): Promise<void>;
}

/** A real OpenID provider on this machine: tokens are JWT (ES256) for one resource. */
export async function startIssuer(resource: string): Promise<Issuer> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const key = { ...(await exportJWK(privateKey)), kid: 'first', alg: 'ES256', use: 'sig' };
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(url, {
    jwks: { keys: [key] },
    clients: [
      {
        client_id: 'machine',
        client_secret: 'secret-of-the-machine',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        id_token_signed_response_alg: 'ES256',
      },
      {
        client_id: 'agent',
        client_secret: 'secret-of-the-agent',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        id_token_signed_response_alg: 'ES256',
      },
      {
        client_id: 'sandglass',
        client_secret: 'secret-of-sandglass',
        grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: ['http://127.0.0.1:4280/v1/auth/callback'],
        response_types: ['code'],
        id_token_signed_response_alg: 'ES256',
      },
    ],
    scopes: [
      'openid',
      'offline_access',
      'tools:run',
      'tools:admin',
      'tools:files',
      'tools:quiet',
      'read',
      'write',
    ],
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: 'tools:run tools:admin tools:files tools:quiet read write',
          audience: resource,
          accessTokenFormat: 'jwt',
          accessTokenTTL: 600,
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
    // Claims of its own, as companies have them in the tokens of their employees.
    extraTokenClaims: (_context: unknown, token: { readonly scope?: string }) =>
      token.scope?.includes('tools:quiet') === true
        ? { limits_of: { grant: { env: { MODE: 'quiet' } } } }
        : {},
    issueRefreshToken: () => true,
    pkce: { required: () => true },
    ttl: { AccessToken: 600, ClientCredentials: 600, Grant: 600, Session: 600, Interaction: 600 },
  });
  let tokenRequests = 0;
  const answer = provider.callback();
  server.on('request', (request, response) => {
    if (request.url === '/token') tokenRequests += 1;
    answer(request, response);
  });
  return {
    url,
    tokenRequests: () => tokenRequests,
    signIn: (from, user) => browse(from, user, url),
    token: async (scope) => {
      const answer = await fetch(`${url}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa('machine:secret-of-the-machine')}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', scope, resource }),
      });
      const { access_token: token } = (await answer.json()) as { readonly access_token?: string };
      if (token === undefined) throw new Error(`The provider gave no token: ${answer.status}`);
      return token;
    },
    close: () => closeServer(server),
  };
}

/** Follows redirects with cookies, and fills in the forms of the provider's own pages, until the browser would come back. */
async function browse(from: string, user: string, issuer: string): Promise<string> {
  const cookies = new Map<string, string>();
  const go = async (url: string, form?: Record<string, string>): Promise<Response> => {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = ''] = cookie.split(';');
      cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
    return response;
  };
  let at = from;
  for (let step = 0; step < 15; step++) {
    const response = await go(at);
    let location = response.headers.get('location');
    if (location === null) {
      const page = await response.text();
      const action = /action="([^"]+)"/.exec(page)?.[1];
      const prompt = /name="prompt" value="([^"]+)"/.exec(page)?.[1] ?? '';
      if (action === undefined)
        throw new Error(`The provider showed no form: ${response.status} ${page.slice(0, 300)}`);
      const sent = await go(action, prompt === 'login' ? { prompt, login: user, password: 'x' } : { prompt });
      location = sent.headers.get('location') ?? '';
    }
    const next = new URL(location, issuer);
    if (next.origin !== issuer) return next.search.slice(1);
    at = next.href;
  }
  throw new Error('The provider did not come back');
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}
