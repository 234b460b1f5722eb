import { createLocalJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import { SandglassError } from '../vocabulary/errors.ts';
import { type FetchLike, fetchJson } from './fetch-json.ts';

/** The public keys of one issuer: fetched with its first token, and again when they are old or a token names another. */
export interface IssuerKeys {
  /** Finds the key of a token. @throws {SandglassError} HOST_CALL_FAILED when the issuer cannot be asked; jose's error for a key it does not have. */
  readonly keyOf: JWTVerifyGetKey;
}

export interface IssuerKeysOptions {
  readonly issuer: string;
  /** URL of the key set. @default what the issuer's metadata says */
  readonly jwks: string | undefined;
  readonly fetch: FetchLike;
  /** Monotonic milliseconds: keys do not depend on a clock that jumps. */
  readonly monotonic: () => number;
}

const FRESH_MS = 600_000;
/** An issuer that is away for longer loses the trust in its keys. */
const STALE_MS = 3_600_000;
/** Least time between two requests to an issuer, whatever tokens come: one that names an unknown key costs nothing in between. */
const COOLDOWN_MS = 30_000;

export function createIssuerKeys({ issuer, jwks, fetch, monotonic }: IssuerKeysOptions): IssuerKeys {
  let keys: ReturnType<typeof createLocalJWKSet> | undefined;
  let fetchedAt = 0;
  let asked: { readonly at: number; readonly error?: unknown } | undefined;
  let pending: Promise<void> | undefined;

  const load = async (): Promise<void> => {
    const at = monotonic();
    try {
      const url = jwks ?? (await metadataOf(issuer, fetch)).jwks;
      const set = await fetchJson(fetch, url);
      keys = createLocalJWKSet(set as unknown as Parameters<typeof createLocalJWKSet>[0]); // it checks the form itself
      fetchedAt = monotonic();
      asked = { at };
    } catch (error) {
      asked = { at, error };
    }
  };
  const refresh = (): Promise<void> => {
    if (asked !== undefined && monotonic() - asked.at < COOLDOWN_MS) return Promise.resolve();
    pending ??= load().finally(() => {
      pending = undefined;
    });
    return pending;
  };
  const isYounger = (ms: number): boolean => keys !== undefined && monotonic() - fetchedAt < ms;

  return {
    async keyOf(header, token) {
      if (!isYounger(FRESH_MS)) await refresh();
      if (keys === undefined || !isYounger(STALE_MS)) throw unreachable(issuer, asked?.error);
      const before = keys;
      try {
        return await before(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
        await refresh(); // the issuer may have a new key
        if (keys === before) throw error;
        return keys(header, token);
      }
    },
  };
}

/** What an issuer says of itself, by OpenID Connect Discovery or RFC 8414. @throws {Error} */
async function metadataOf(issuer: string, fetch: FetchLike): Promise<{ readonly jwks: string }> {
  const url = new URL(issuer);
  const path = url.pathname.replace(/\/$/, '');
  const places = [
    `${url.origin}${path}/.well-known/openid-configuration`,
    `${url.origin}/.well-known/oauth-authorization-server${path}`,
  ];
  let failed: unknown;
  for (const place of places) {
    try {
      const found = await fetchJson(fetch, place);
      if (found.issuer !== issuer || typeof found.jwks_uri !== 'string')
        throw new Error('its metadata is of another issuer, or names no keys');
      if (new URL(found.jwks_uri).protocol !== 'https:' && url.protocol === 'https:')
        throw new Error('its keys are not behind https');
      return { jwks: found.jwks_uri };
    } catch (error) {
      failed = error;
    }
  }
  throw failed;
}

const unreachable = (issuer: string, cause: unknown): SandglassError =>
  new SandglassError('HOST_CALL_FAILED', `Cannot check a token: the keys of ${issuer} cannot be had`, {
    hint: 'Send it again a little later',
    cause,
  });
