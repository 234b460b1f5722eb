import { decodeJwt, type JWTPayload, jwtVerify } from 'jose';
import { defined } from '../vocabulary/defined.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import type { KeyHolder } from './api-key.ts';
import { holderFromClaims } from './claims.ts';
import type { FetchLike } from './fetch-json.ts';
import { createIssuerKeys, type IssuerKeys } from './issuer-keys.ts';
import type { Issuer } from './issuers.ts';

export interface BearerTokens {
  /**
   * Whom a token stands for; `undefined` for what is no token of these issuers, or does not hold: signature, audience, issuer, time, form.
   * @throws {SandglassError} HOST_CALL_FAILED when the keys of its issuer cannot be had now; CAPABILITY_DENIED for one that no rule fits.
   */
  holderOf(token: string): Promise<KeyHolder | undefined>;
}

export interface BearerTokensOptions {
  readonly issuers: readonly Issuer[];
  readonly fetch: FetchLike;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Monotonic milliseconds. */
  readonly monotonic: () => number;
}

/** Of a whole token, characters. Looked at before anything of it is decoded. */
const MOST_LENGTH = 8_192;
const FORM = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/**
 * Tokens (JWT, RFC 7519 and 9068) of the issuers that an operator named. Nothing that a token says of its own key is followed: not `jku`, `x5u`,
 * `jwk`, `x5c`. What it does not protect from: a token that was stolen holds until it expires.
 */
export function createBearerTokens({ issuers, fetch, now, monotonic }: BearerTokensOptions): BearerTokens {
  const keys = new Map<Issuer, IssuerKeys>(
    issuers.map((issuer) => [
      issuer,
      createIssuerKeys({ issuer: issuer.issuer, jwks: issuer.jwks, fetch, monotonic }),
    ]),
  );
  return {
    async holderOf(token) {
      if (token.length > MOST_LENGTH || !FORM.test(token)) return undefined;
      const issuer = issuers.find((known) => known.issuer === claimedIssuer(token));
      const set = issuer === undefined ? undefined : keys.get(issuer);
      if (issuer === undefined || set === undefined) return undefined;
      const claims = await verified(token, issuer, set, now());
      return claims === undefined ? undefined : holderFromClaims(claims, issuer);
    },
  };
}

/** Before anything is verified: it only says whose keys to try. */
function claimedIssuer(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined; // no token
  }
}

async function verified(
  token: string,
  issuer: Issuer,
  keys: IssuerKeys,
  now: number,
): Promise<JWTPayload | undefined> {
  try {
    const { payload } = await jwtVerify(token, keys.keyOf, {
      issuer: issuer.issuer,
      audience: [...issuer.audience],
      algorithms: [...issuer.algorithms],
      clockTolerance: issuer.clockSkewMs / 1_000,
      currentDate: new Date(now),
      requiredClaims: ['exp'],
      ...defined({ typ: issuer.type }),
    });
    // jose asks of `iat` only that it is a number where an age is asked for: one of the future was made by a wrong clock, or a wrong issuer.
    const early = typeof payload.iat === 'number' && payload.iat * 1_000 > now + issuer.clockSkewMs;
    return early ? undefined : payload;
  } catch (error) {
    if (error instanceof SandglassError) throw error;
    return undefined; // whatever is wrong with it, whoever sent it is told the same
  }
}
