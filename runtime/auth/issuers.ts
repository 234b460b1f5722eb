import { CAPABILITY } from '../vocabulary/caller.ts';
import { eitherGrant } from '../vocabulary/common-grant.ts';
import { defined } from '../vocabulary/defined.ts';
import type { Grant } from '../vocabulary/grant.ts';
import { mergeGrants } from '../vocabulary/merge-grants.ts';
import { shownText } from '../vocabulary/nearest.ts';
import type { Rate } from '../vocabulary/policy.ts';
import { refuseUnknownField, wholeNumber } from '../vocabulary/read-options.ts';
import { objectOf, textOf, textsOf, urlOf } from './read-fields.ts';

/** One issuer of tokens (JWT), and what its tokens say of a caller. */
export interface Issuer {
  /** 1 to 32 letters, digits, `-`, `_`. The id of a caller is `NAME:USER`, so that no two issuers, and no key, give one id. */
  readonly name: string;
  /** `iss` of its tokens, to the letter. https, or http of this machine. */
  readonly issuer: string;
  /** What `aud` must have one of. @default `resource` */
  readonly audience: readonly string[];
  /** URL of its key set. @default what its metadata says */
  readonly jwks?: string;
  /** Signatures that are taken, never one with a shared key. @default RS256, PS256, ES256, EdDSA */
  readonly algorithms: readonly string[];
  /** `typ` of its tokens, e.g. `at+jwt`. @default any */
  readonly type?: string;
  /** How far its clock may be from ours, 0..300,000 ms. @default 30,000 */
  readonly clockSkewMs: number;
  /** Claims by name, or the way to one as a list of names. */
  readonly claims: {
    /** Text that names the user. @default 'sub' */
    readonly user: readonly string[];
    /** Text that names the agent that acts for the user. @default 'client_id' */
    readonly agent: readonly string[];
    /** Text with blanks, or a list: what `rules` go by. @default 'scope' */
    readonly roles: readonly string[];
    /** Whole number: calls a minute, in place of what the rules say. @default none */
    readonly rate?: readonly string[];
    /** Whole number: calls a day, in place of what the rules say. @default none */
    readonly quota?: readonly string[];
    /** Object: a grant that narrows what the rules give further. @default none */
    readonly grant?: readonly string[];
  };
  /** By a word of the claim `roles`; `*` holds for every token. A token that no rule fits may do nothing. */
  readonly rules: Readonly<Record<string, IssuerRule>>;
}

export interface IssuerRule {
  /** Capabilities, `fs.read`, `fs.*`, `*`. */
  readonly permissions: readonly string[];
  /** Names of tools, or patterns that end in `*`. Absent: all. */
  readonly tools?: readonly string[];
  readonly rate?: Rate;
  readonly quota?: Rate;
  /**
   * What its calls may be granted at most; of several rules that fit, what any of their grants gives.
   * @default nothing beyond the grants of the other rules that fit; where none has one, all that the policy of the server gives
   */
  readonly grant?: Grant;
}

export const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;

const ASYMMETRIC = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const USUAL = ['RS256', 'PS256', 'ES256', 'EdDSA'];
const FIELDS = {
  name: true,
  issuer: true,
  audience: true,
  jwks: true,
  algorithms: true,
  type: true,
  clockSkewMs: true,
  claims: true,
  rules: true,
};
const CLAIMS = { user: true, agent: true, roles: true, rate: true, quota: true, grant: true };
const RULE = { permissions: true, tools: true, rate: true, quota: true, grant: true };

/** What this server is to issuers and their clients (RFC 9728). */
export interface Resource {
  /** Its own URL as clients write it: `https://tools.example.com/mcp`. */
  readonly resource: string;
  readonly issuers: readonly Issuer[];
}

/**
 * Reads `{ "resource": URL, "issuers": [...] }`.
 * @throws {TypeError | RangeError} naming the field that is wrong.
 */
export function readIssuers(value: unknown): Resource {
  const document = objectOf(value, 'issuers');
  refuseUnknownField(document, { $schema: true, resource: true, issuers: true }, 'issuers');
  const { issuers } = document;
  const resource = urlOf(document.resource, 'resource');
  if (!Array.isArray(issuers) || issuers.length === 0 || issuers.length > 32)
    throw new TypeError('Cannot read issuers: expected "issuers", a list of 1 to 32');
  const read = issuers.map((issuer, index) => readIssuer(issuer, resource, `issuers[${index}]`));
  for (const field of ['name', 'issuer'] as const) {
    if (new Set(read.map((issuer) => issuer[field])).size < read.length)
      throw new TypeError(`Cannot read issuers: two have the same ${field}`);
  }
  return { resource, issuers: read };
}

function readIssuer(value: unknown, resource: string, where: string): Issuer {
  const given = objectOf(value, where);
  refuseUnknownField(given, FIELDS, where);
  const name = textOf(given.name, `${where}.name`, 32);
  if (!/^[\w-]+$/.test(name))
    throw new TypeError(`Cannot read ${where}.name: expected letters, digits, - and _`);
  const algorithms =
    given.algorithms === undefined ? USUAL : textsOf(given.algorithms, `${where}.algorithms`);
  const weak = algorithms.find((algorithm) => !ASYMMETRIC.includes(algorithm));
  if (weak !== undefined || algorithms.length === 0)
    throw new TypeError(
      `Cannot read ${where}.algorithms: ${shownText(weak ?? '')} is not one of ${ASYMMETRIC.join(', ')}`,
    );
  const claims = objectOf(given.claims ?? {}, `${where}.claims`);
  refuseUnknownField(claims, CLAIMS, `${where}.claims`);
  const way = (field: keyof typeof CLAIMS): readonly string[] | undefined =>
    claims[field] === undefined ? undefined : textsOf(claims[field], `${where}.claims.${field}`);
  const [rate, quota, grant] = [way('rate'), way('quota'), way('grant')];
  const rules = objectOf(given.rules ?? {}, `${where}.rules`);
  const audience = textsOf(given.audience ?? resource, `${where}.audience`);
  if (audience.length === 0) throw new TypeError(`Cannot read ${where}.audience: expected one or more`);
  return {
    name,
    issuer: urlOf(given.issuer, `${where}.issuer`),
    audience,
    ...(given.jwks === undefined ? {} : { jwks: urlOf(given.jwks, `${where}.jwks`) }),
    algorithms,
    ...(given.type === undefined ? {} : { type: textOf(given.type, `${where}.type`, 64) }),
    clockSkewMs:
      wholeNumber(given.clockSkewMs, `read ${where}.clockSkewMs:`, { maximum: 300_000, unit: 'ms' }) ??
      30_000,
    claims: {
      user: way('user') ?? ['sub'],
      agent: way('agent') ?? ['client_id'],
      roles: way('roles') ?? ['scope'],
      ...defined({ rate, quota, grant }),
    },
    rules: readRules(rules, `${where}.rules`),
  };
}

function readRules(rules: Readonly<Record<string, unknown>>, where: string): Issuer['rules'] {
  const read = Object.fromEntries(
    Object.entries(rules).map(([role, rule]) => [role, readRule(rule, `${where}.${shownText(role)}`)]),
  );
  try {
    // A token may fit any of them together.
    const grants = Object.values(read).flatMap(({ grant }) => grant ?? []);
    grants.reduce<Grant>((all, grant) => mergeGrants(all, grant), {}); // parts that there are, a folder for a guest path
    grants.reduce<Grant>(eitherGrant, {});
  } catch (error) {
    const reason = error instanceof Error ? error.message : '';
    throw new TypeError(`Cannot read ${where}: its grants cannot be one grant: ${reason}`);
  }
  return read;
}

function readRule(value: unknown, where: string): IssuerRule {
  const given = objectOf(value, where);
  refuseUnknownField(given, RULE, where);
  const permissions = textsOf(given.permissions ?? [], `${where}.permissions`);
  const wrong = permissions.find((permission) => permission.length > 128 || !CAPABILITY.test(permission));
  if (wrong !== undefined)
    throw new TypeError(`Cannot read ${where}.permissions: ${shownText(wrong)} is not a capability`);
  const calls = (field: 'rate' | 'quota', perMs: number): Rate | undefined => {
    const count = wholeNumber(given[field], `read ${where}.${field}:`, { minimum: 1, maximum: 100_000 });
    return count === undefined ? undefined : { calls: count, perMs };
  };
  const [rate, quota] = [calls('rate', MINUTE_MS), calls('quota', DAY_MS)];
  return {
    permissions,
    ...(given.tools === undefined ? {} : { tools: textsOf(given.tools, `${where}.tools`) }),
    ...(given.grant === undefined ? {} : { grant: objectOf(given.grant, `${where}.grant`) as Grant }), // a run checks its parts
    ...defined({ rate, quota }),
  };
}
