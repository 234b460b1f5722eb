import type { Caller } from '../vocabulary/caller.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import { Recent } from '../vocabulary/recent.ts';
import type { FetchLike } from './fetch-json.ts';
import { createKeptTokens, notSignedIn, orAway, refused, type SealedStore } from './kept-tokens.ts';
import { createOAuthClient, newVerifier, type OAuthClient } from './oauth-client.ts';
import type { Provider } from './providers.ts';
import type { Sealer } from './sealer.ts';

export interface StartedFlow {
  /** Sealed: what belongs to the flow, for its user alone. */
  readonly flow: string;
  /** Where the user's browser goes. */
  readonly url: string;
  readonly state: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

export interface SignIn {
  readonly provider: string;
  readonly scopes: readonly string[];
}

/** What stands for a token in the `http` part of a grant, by its name: `github`, and `github.repo` where the user must have granted a scope. */
export type TokenSecrets = Readonly<
  Record<
    string,
    (run: { readonly caller?: Caller }) => Promise<{ readonly kind: 'bearer'; readonly token: string }>
  >
>;

/** Users that are signed in to services, so that tools act for them there. Tokens never leave the host. */
export interface SignIns {
  readonly providers: readonly string[];
  /** For the `secrets` of a runtime. */
  readonly secrets: TokenSecrets;
  /** @throws {SandglassError} INPUT_INVALID for an unknown provider or scope, HOST_CALL_FAILED when the provider cannot be asked. */
  start(user: string, provider: string, scopes?: readonly string[]): Promise<StartedFlow>;
  /**
   * Exchanges what the browser came back with, once, for the user who began.
   * @param answer The query that the callback was called with: `code`, `state` and `iss`.
   * @throws {SandglassError} UNAUTHENTICATED for a flow that is unknown, another's, used, or over; HOST_CALL_FAILED.
   */
  finish(user: string, flow: string, answer: string): Promise<SignIn>;
  list(user: string): Promise<readonly SignIn[]>;
  /** Forgets the tokens. */
  signOut(user: string, provider: string): Promise<boolean>;
  /**
   * A token that holds, refreshed where it was over.
   * @param scope What the user must have granted.
   * @throws {SandglassError} UNAUTHENTICATED for a user who is not signed in, CAPABILITY_DENIED without the scope, HOST_CALL_FAILED.
   */
  token(user: string, provider: string, scope?: string): Promise<string>;
}

export interface SignInsOptions {
  readonly providers: readonly Provider[];
  readonly store: SealedStore;
  readonly sealer: Sealer;
  readonly fetch: FetchLike;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const FLOW_MS = 600_000;
const MOST_USED = 10_000;

interface Flow {
  readonly user: string;
  readonly provider: string;
  readonly scopes: readonly string[];
  readonly state: string;
  readonly verifier: string;
  readonly expiresAt: number;
}

export function createSignIns({ providers, store, sealer, fetch, now }: SignInsOptions): SignIns {
  const clients = new Map<string, OAuthClient>(
    providers.map((provider) => [provider.name, createOAuthClient(provider, fetch, now)]),
  );
  /** States of flows that were used: a flow is sealed, so nothing else needs to be kept of one. */
  const used = new Recent<true>(MOST_USED);

  const known = (name: string): { readonly provider: Provider; readonly client: OAuthClient } => {
    const provider = providers.find((one) => one.name === name);
    const client = clients.get(name);
    if (provider !== undefined && client !== undefined) return { provider, client };
    throw new SandglassError(
      'INPUT_INVALID',
      `Cannot sign in: there is no provider ${JSON.stringify(name.slice(0, 64))}`,
      {
        hint: `There are: ${providers.map((one) => one.name).join(', ')}`,
      },
    );
  };
  const kept = createKeptTokens({
    store,
    sealer,
    now,
    refresh: (provider, tokens) => known(provider).client.refresh(tokens),
  });

  const signIns: SignIns = {
    providers: providers.map(({ name }) => name),
    secrets: Object.fromEntries(
      providers.flatMap(({ name, scopes }) =>
        [undefined, ...scopes].map((scope) => [
          scope === undefined ? name : `${name}.${scope}`,
          async ({ caller }: { readonly caller?: Caller }) => {
            if (caller === undefined) throw notSignedIn(name);
            return { kind: 'bearer' as const, token: await signIns.token(caller.id, name, scope) };
          },
        ]),
      ),
    ),
    async start(user, name, scopes) {
      const { provider, client } = known(name);
      const wanted = scopes ?? provider.scopes;
      const unknown = wanted.find((scope) => !provider.scopes.includes(scope));
      if (unknown !== undefined)
        throw new SandglassError(
          'INPUT_INVALID',
          `Cannot sign in: scope ${JSON.stringify(unknown.slice(0, 64))} is not one of ${name}`,
          {
            hint: `There are: ${provider.scopes.join(', ')}`,
          },
        );
      const flow: Flow = {
        user,
        provider: name,
        scopes: wanted,
        state: newVerifier(),
        verifier: newVerifier(),
        expiresAt: now() + FLOW_MS,
      };
      const url = await orAway(name, client.authorizationUrl(flow.state, flow.verifier, wanted));
      const sealed = await sealer.seal(JSON.stringify(flow), 'flow');
      return { flow: sealed, url, state: flow.state, expiresAt: flow.expiresAt };
    },
    async finish(user, sealed, answer) {
      const text = await sealer.open(sealed, 'flow');
      const flow = text === undefined ? undefined : (JSON.parse(text) as Flow); // sealed by `start`
      if (
        flow === undefined ||
        flow.user !== user ||
        flow.expiresAt <= now() ||
        used.get(flow.state) === true
      )
        throw refused('the sign-in is unknown, over, or was used');
      used.set(flow.state, true);
      const { client } = known(flow.provider);
      const tokens = await orAway(
        flow.provider,
        client.exchange(new URLSearchParams(answer), flow.state, flow.verifier, flow.scopes),
      );
      await kept.keep(user, flow.provider, tokens);
      return { provider: flow.provider, scopes: tokens.scopes };
    },
    async list(user) {
      const found = await Promise.all(
        providers.map(async ({ name }) => ({ name, scopes: await kept.scopes(user, name) })),
      );
      return found.flatMap(({ name, scopes }) => (scopes === undefined ? [] : [{ provider: name, scopes }]));
    },
    signOut: async (user, name) => kept.forget(user, known(name).provider.name),
    token: (user, name, scope) => kept.token(user, name, scope),
  };
  return signIns;
}
