import type { Caller } from '../vocabulary/caller.ts';
import { eitherGrant } from '../vocabulary/common-grant.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import type { Grant } from '../vocabulary/grant.ts';
import type { Rate } from '../vocabulary/policy.ts';
import type { KeyHolder } from './api-key.ts';
import { DAY_MS, type Issuer, type IssuerRule, MINUTE_MS } from './issuers.ts';

/** A name within a caller's id: printable, so that a log shows what it is. */
const USER = /^[\x21-\x7e]{1,200}$/;
const MOST_ROLES = 200;

/**
 * Who a token stands for, by what its issuer's rules say; its claims have been verified.
 * @returns `undefined` for a token that names no user.
 * @throws {SandglassError} CAPABILITY_DENIED for one that no rule fits.
 */
export function holderFromClaims(
  claims: Readonly<Record<string, unknown>>,
  { name, claims: ways, rules }: Issuer,
): KeyHolder | undefined {
  const user = at(claims, ways.user);
  if (typeof user !== 'string' || !USER.test(user)) return undefined;
  const held = rolesOf(at(claims, ways.roles)).flatMap((role) =>
    Object.hasOwn(rules, role) ? [rules[role] as IssuerRule] : [],
  );
  if (held.length === 0) {
    const wanted = Object.keys(rules).filter((role) => role !== '*');
    throw new SandglassError(
      'CAPABILITY_DENIED',
      'Cannot answer: the token has no scope that is known here',
      {
        details: { scopes: wanted },
        hint: 'Sign in again with one of these scopes',
      },
    );
  }
  const agent = at(claims, ways.agent);
  const grants = grantsOf(held, at(claims, ways.grant));
  const caller: Caller = Object.freeze({
    id: `${name}:${user}`,
    ...(typeof agent === 'string' && USER.test(agent) ? { agent } : {}),
    permissions: Object.freeze([...new Set(held.flatMap(({ permissions }) => permissions))].slice(0, 1_000)),
    ...(grants.length === 0 ? {} : { grants: Object.freeze(grants) }),
  });
  return {
    caller,
    tools: held.some(({ tools }) => tools === undefined)
      ? undefined
      : [...new Set(held.flatMap(({ tools = [] }) => tools))],
    rate: count(at(claims, ways.rate), MINUTE_MS) ?? largest(held.map(({ rate }) => rate)),
    quota: count(at(claims, ways.quota), DAY_MS) ?? largest(held.map(({ quota }) => quota)),
  };
}

/**
 * Ceilings: what any of the rules' grants gives, and what the token itself says. A rule without a grant lifts no ceiling of another one.
 * @throws {SandglassError} CAPABILITY_DENIED for a claim that is no grant: it was meant to narrow.
 */
function grantsOf(held: readonly IssuerRule[], claim: unknown): Grant[] {
  const given = held.map(({ grant }) => grant).filter((grant) => grant !== undefined);
  const ofRules = given.length === 0 ? [] : [together(given)];
  if (claim === undefined) return ofRules;
  if (typeof claim !== 'object' || claim === null || Array.isArray(claim))
    throw new SandglassError('CAPABILITY_DENIED', 'Cannot answer: the grant in the token is not an object');
  return [...ofRules, claim as Grant]; // a run checks its parts
}

function together(given: readonly Grant[]): Grant {
  try {
    return given.reduce((one, other) => eitherGrant(one, other), given[0] ?? {});
  } catch (error) {
    throw new SandglassError(
      'CAPABILITY_DENIED',
      `Cannot answer: the grants of the token's scopes cannot be one grant: ${error instanceof Error ? error.message : ''}`,
      { hint: 'Sign in again with one of the scopes' },
    );
  }
}

/** A claim by its way; only own fields of objects. */
function at(claims: Readonly<Record<string, unknown>>, way: readonly string[] | undefined): unknown {
  if (way === undefined) return undefined;
  let found: unknown = claims;
  for (const name of way) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined;
    found = (found as Readonly<Record<string, unknown>>)[name];
  }
  return found;
}

/** The words of a claim, and `*`, which nobody has to have. */
function rolesOf(claim: unknown): readonly string[] {
  const words: readonly unknown[] =
    typeof claim === 'string' ? claim.split(' ') : Array.isArray(claim) ? claim : [];
  const roles = words.filter((word) => typeof word === 'string' && word !== '' && word !== '*');
  return ['*', ...new Set((roles as readonly string[]).slice(0, MOST_ROLES))];
}

const count = (claim: unknown, perMs: number): Rate | undefined =>
  Number.isInteger(claim) && (claim as number) >= 0
    ? { calls: Math.min(claim as number, 100_000), perMs }
    : undefined;

const largest = (rates: readonly (Rate | undefined)[]): Rate | undefined =>
  rates.reduce(
    (most, rate) => (rate !== undefined && rate.calls > (most?.calls ?? 0) ? rate : most),
    undefined,
  );
