import { SandglassError } from '../vocabulary/errors.ts';
import { GrantRefused, type Tokens } from './oauth-client.ts';
import type { Sealer } from './sealer.ts';

/** Where sealed tokens are kept, by user and provider. */
export interface SealedStore {
  get(key: string): Promise<string | undefined>;
  /** `undefined` takes it away. */
  set(key: string, sealed: string | undefined): Promise<void>;
}

/** Tokens of users at providers, sealed; refreshed when they are over. */
export interface KeptTokens {
  keep(user: string, provider: string, tokens: Tokens): Promise<void>;
  scopes(user: string, provider: string): Promise<readonly string[] | undefined>;
  forget(user: string, provider: string): Promise<boolean>;
  /** @throws {SandglassError} UNAUTHENTICATED, CAPABILITY_DENIED without the scope, HOST_CALL_FAILED. */
  token(user: string, provider: string, scope?: string): Promise<string>;
}

export interface KeptTokensOptions {
  readonly store: SealedStore;
  readonly sealer: Sealer;
  /** @throws {GrantRefused} */
  readonly refresh: (provider: string, tokens: Tokens) => Promise<Tokens>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** A token that ends within this is over: the call that has it takes a while. */
const EARLY_MS = 30_000;

export function createKeptTokens({ store, sealer, refresh, now }: KeptTokensOptions): KeptTokens {
  const refreshing = new Map<string, Promise<Tokens>>();
  const keyOf = (user: string, provider: string): string => JSON.stringify([user, provider]);
  const keep = async (key: string, tokens: Tokens): Promise<Tokens> => {
    await store.set(key, await sealer.seal(JSON.stringify(tokens), key));
    return tokens;
  };
  const load = async (key: string): Promise<Tokens | undefined> => {
    const sealed = await store.get(key);
    const text = sealed === undefined ? undefined : await sealer.open(sealed, key);
    if (sealed === undefined || text === undefined) return undefined; // under a secret that is gone: whoever it was signs in again
    const tokens = JSON.parse(text) as Tokens; // sealed by `keep`
    if (sealer.isOld(sealed)) await keep(key, tokens);
    return tokens;
  };
  const isOver = ({ expiresAt }: Tokens): boolean => expiresAt !== undefined && expiresAt - EARLY_MS <= now();
  /** One request for all that wait for it. */
  const refreshed = (key: string, provider: string): Promise<Tokens> => {
    const going = refreshing.get(key);
    if (going !== undefined) return going;
    const work = (async () => {
      const before = await store.get(key);
      // Read anew: another call may have refreshed them since, and a refresh token that is used twice may be taken for a stolen one.
      const tokens = await load(key);
      if (tokens !== undefined && !isOver(tokens)) return tokens;
      if (tokens?.refresh === undefined) throw new GrantRefused('over');
      const fresh = await refresh(provider, tokens);
      // Who signed out, or in anew, meanwhile, stays so.
      return (await store.get(key)) === before ? keep(key, fresh) : fresh;
    })();
    refreshing.set(key, work);
    const done = (): void => void refreshing.delete(key);
    work.then(done, done);
    return work;
  };
  return {
    keep: async (user, provider, tokens) => void (await keep(keyOf(user, provider), tokens)),
    scopes: async (user, provider) => (await load(keyOf(user, provider)))?.scopes,
    async forget(user, provider) {
      const key = keyOf(user, provider);
      if ((await store.get(key)) === undefined) return false;
      await store.set(key, undefined);
      return true;
    },
    async token(user, provider, scope) {
      const key = keyOf(user, provider);
      const tokens = await load(key);
      if (tokens === undefined) throw notSignedIn(provider);
      if (scope !== undefined && !tokens.scopes.includes(scope)) throw notGranted(provider, scope);
      if (!isOver(tokens)) return tokens.access;
      try {
        return (await orAway(provider, refreshed(key, provider))).access;
      } catch (error) {
        if (!(error instanceof SandglassError) || error.code !== 'UNAUTHENTICATED') throw error;
        await store.set(key, undefined);
        throw notSignedIn(provider);
      }
    },
  };
}

/** What went wrong with a provider, without its text, which may have tokens in it. @throws {SandglassError} UNAUTHENTICATED, HOST_CALL_FAILED */
export async function orAway<T>(provider: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof GrantRefused) throw refused(`${provider} refused it`);
    throw new SandglassError('HOST_CALL_FAILED', `Cannot sign in: ${provider} cannot be asked`, {
      details: { provider },
      hint: 'Try again a little later',
    });
  }
}

export const refused = (reason: string): SandglassError =>
  new SandglassError('UNAUTHENTICATED', `Cannot sign in: ${reason}`, { hint: 'Begin again' });

export const notSignedIn = (provider: string): SandglassError =>
  new SandglassError('UNAUTHENTICATED', `Cannot act for the user at ${provider}: nobody is signed in`, {
    details: { provider },
    hint: `Sign in: POST /v1/auth/start with { "provider": ${JSON.stringify(provider)} }`,
  });

const notGranted = (provider: string, scope: string): SandglassError =>
  new SandglassError(
    'CAPABILITY_DENIED',
    `Cannot act for the user at ${provider}: the scope ${scope} was not granted`,
    {
      details: { provider, scope },
      hint: 'Sign in again with this scope',
    },
  );
