import {
  type AuthorizationServer,
  allowInsecureRequests,
  authorizationCodeGrantRequest,
  type ClientAuth,
  ClientSecretBasic,
  calculatePKCECodeChallenge,
  customFetch,
  discoveryRequest,
  generateRandomCodeVerifier,
  None,
  processAuthorizationCodeResponse,
  processDiscoveryResponse,
  processRefreshTokenResponse,
  ResponseBodyError,
  refreshTokenGrantRequest,
  type TokenEndpointResponse,
  validateAuthResponse,
} from 'oauth4webapi';
import { defined } from '../vocabulary/defined.ts';
import type { FetchLike } from './fetch-json.ts';
import type { Provider } from './providers.ts';

/** What a provider gave for a user. */
export interface Tokens {
  readonly access: string;
  readonly refresh?: string;
  /** Milliseconds since the epoch; absent: the provider does not say. */
  readonly expiresAt?: number;
  readonly scopes: readonly string[];
}

/** The provider refused: the code or the refresh token does not hold. Nothing of its text is told. */
export class GrantRefused extends Error {}

/** The protocol with one provider (RFC 6749, 7636, 9207). */
export interface OAuthClient {
  /** Where the user's browser goes. */
  authorizationUrl(state: string, verifier: string, scopes: readonly string[]): Promise<string>;
  /** @param answer What the browser came back with. @throws {GrantRefused} */
  exchange(
    answer: URLSearchParams,
    state: string,
    verifier: string,
    scopes: readonly string[],
  ): Promise<Tokens>;
  /** @throws {GrantRefused} */
  refresh(tokens: Tokens): Promise<Tokens>;
}

/** A fresh random text for a state or a code verifier: 32 bytes in base64url. */
export const newVerifier: () => string = generateRandomCodeVerifier;

const TIMEOUT_MS = 10_000;

export function createOAuthClient(provider: Provider, fetch: FetchLike, now: () => number): OAuthClient {
  const { issuer, clientId, clientSecret, redirect, resource } = provider;
  const client = { client_id: clientId };
  const authentication: ClientAuth = clientSecret === undefined ? None() : ClientSecretBasic(clientSecret);
  // http is of this machine only: readProviders lets nothing else through.
  const options = () => ({
    [customFetch]: (url: string, init: object) => fetch(url, { ...init, redirect: 'error' }),
    [allowInsecureRequests]: new URL(issuer).protocol === 'http:',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const more = resource === undefined ? {} : { additionalParameters: { resource } };
  let known: Promise<AuthorizationServer> | undefined;
  const server = (): Promise<AuthorizationServer> => {
    const { authorization, token } = provider;
    known ??=
      authorization !== undefined && token !== undefined
        ? Promise.resolve({ issuer, authorization_endpoint: authorization, token_endpoint: token })
        : discover(issuer, options());
    known.catch(() => {
      known = undefined; // the next one asks again
    });
    return known;
  };
  const tokensOf = (answer: TokenEndpointResponse, before: Pick<Tokens, 'refresh' | 'scopes'>): Tokens => {
    const refresh = answer.refresh_token ?? before.refresh;
    return {
      access: answer.access_token,
      ...defined({ refresh }),
      ...(answer.expires_in === undefined ? {} : { expiresAt: now() + answer.expires_in * 1_000 }),
      scopes: answer.scope?.split(/[ ,]/).filter((scope) => scope !== '') ?? before.scopes,
    };
  };
  return {
    async authorizationUrl(state, verifier, scopes) {
      const { authorization_endpoint: endpoint } = await server();
      if (endpoint === undefined) throw new Error('its metadata name no authorization endpoint');
      const url = new URL(endpoint);
      const parameters = {
        response_type: 'code',
        client_id: clientId,
        redirect_uri: redirect,
        scope: scopes.join(' '),
        state,
        code_challenge: await calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        ...defined({ resource }),
        ...(scopes.includes('offline_access') ? { prompt: 'consent' } : {}),
      };
      for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
      return url.href;
    },
    exchange: (answer, state, verifier, scopes) =>
      orRefused(async () => {
        const at = await server();
        const checked = checkedAnswer(at, client, answer, state);
        const response = await authorizationCodeGrantRequest(
          at,
          client,
          authentication,
          checked,
          redirect,
          verifier,
          { ...options(), ...more },
        );
        return tokensOf(await processAuthorizationCodeResponse(at, client, response), { scopes });
      }),
    refresh: (tokens) =>
      orRefused(async () => {
        const at = await server();
        const response = await refreshTokenGrantRequest(at, client, authentication, tokens.refresh ?? '', {
          ...options(),
          ...more,
        });
        return tokensOf(await processRefreshTokenResponse(at, client, response), tokens);
      }),
  };
}

async function discover(
  issuer: string,
  options: Parameters<typeof discoveryRequest>[1],
): Promise<AuthorizationServer> {
  const url = new URL(issuer);
  return processDiscoveryResponse(url, await discoveryRequest(url, options));
}

/** Only this is the provider's no to the code or the refresh token itself; anything else may pass, or is ours to mend. */
async function orRefused(work: () => Promise<Tokens>): Promise<Tokens> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ResponseBodyError && error.error === 'invalid_grant')
      throw new GrantRefused('refused');
    throw error;
  }
}

/** What the browser came back with: of this flow, of this provider, and no refusal of the user. */
function checkedAnswer(...given: Parameters<typeof validateAuthResponse>): URLSearchParams {
  try {
    return validateAuthResponse(...given);
  } catch {
    throw new GrantRefused('refused'); // whatever is wrong with it, it has no code for us
  }
}
