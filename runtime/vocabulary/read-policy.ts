import { CAPABILITY } from './caller.ts';
import { type CheckedGrant, checkGrant, type PartReader } from './check-grant.ts';
import { copyJson } from './copy-json.ts';
import { defined } from './defined.ts';
import { compileStarGlob } from './glob.ts';
import type { Grant } from './grant.ts';
import { isJsonObject, type JsonObject, type JsonValue } from './json.ts';
import { checkLimits, type Limits } from './limits.ts';
import { TEXT_FORMATS, type TextFormat } from './manifest.ts';
import { mergeGrants } from './merge-grants.ts';
import { unknownName } from './nearest.ts';
import type { CallerRule, CategoryRule, Policy, PolicyDocument, Profile, Rate, ToolRule } from './policy.ts';
import { PROFILES } from './profiles.ts';
import { readLevel, refuseUnknownField, wholeNumber } from './read-options.ts';

/** Entries of one part: tools, callers, categories, profiles. */
const MOST = 1_000;

const FIELDS: Readonly<Record<keyof PolicyDocument, true>> = {
  version: true,
  $schema: true,
  level: true,
  limits: true,
  grant: true,
  categories: true,
  profiles: true,
  tools: true,
  callers: true,
};

/** No policy: nothing is held to anything but its own grant. */
const NO_POLICY: Policy = policyOf(undefined, {});

/**
 * A policy out of a grant, or out of a document, which has a `version`.
 * @throws {TypeError | RangeError} naming the field and the nearest name.
 */
export function readPolicy(value: unknown, readers: ReadonlyMap<string, PartReader>, where: string): Policy {
  if (value === undefined) return NO_POLICY;
  if (typeof value !== 'object' || value === null || !('version' in value))
    return policyOf(checkGrant(value, readers, where), {});
  const document = objectOf(copyJson(value, where, { maxBytes: 4_194_304, maxDepth: 100 }), where);
  refuseUnknownField(document, FIELDS, where);
  if (document.version !== 1)
    throw new TypeError(`Cannot read ${where}.version: ${JSON.stringify(document.version)} is not 1`);
  if (document.$schema !== undefined) textOf(document.$schema, `${where}.$schema`);
  const limits = checkLimits(document.limits, `${where}.limits`);
  const base = withLimits(checkGrant(document.grant ?? {}, readers, `${where}.grant`), limits);
  const profiles = readProfiles(document.profiles, `${where}.profiles`);
  const categories = entriesOf(document.categories, `${where}.categories`, (rule, at) =>
    readCategory(rule, at, profiles),
  );
  const ceilings = new Map(
    [...categories].map(([name, rule]) => [name, added(base, rule, readers, `${where}.categories.${name}`)]),
  );
  const tools = document.tools === undefined ? {} : objectOf(document.tools, `${where}.tools`);
  refuseUnknownField(tools, { allow: true, deny: true, safeOnly: true, each: true }, `${where}.tools`);
  const { safeOnly } = tools;
  if (safeOnly !== undefined && typeof safeOnly !== 'boolean')
    throw new TypeError(`Cannot read ${where}.tools.safeOnly: it is not true or false`);
  return policyOf(base, {
    level: readLevel(document.level, `read ${where}`),
    forCategory: (category) => (category === undefined ? base : (ceilings.get(category) ?? base)),
    categories,
    profiles,
    allow: textsOf(tools.allow, `${where}.tools.allow`),
    deny: textsOf(tools.deny, `${where}.tools.deny`),
    safeOnly: safeOnly ?? false,
    tools: [
      ...entriesOf(tools.each, `${where}.tools.each`, (rule, at) => readToolRule(rule, at, profiles)),
    ].map(([pattern, rule]) => ({ pattern, covers: compileStarGlob(pattern), rule })),
    callers: entriesOf(document.callers, `${where}.callers`, readCallerRule),
  });
}

function policyOf(base: CheckedGrant | undefined, rest: Partial<Policy>): Policy {
  return Object.freeze({
    level: undefined,
    forCategory: () => base,
    categories: new Map(),
    profiles: undefined,
    allow: undefined,
    deny: undefined,
    safeOnly: false,
    tools: [],
    callers: new Map(),
    ...rest,
    base,
  });
}

const withLimits = (grant: CheckedGrant, limits: Partial<Limits>): CheckedGrant => {
  const both = { ...grant.limits };
  for (const [name, value] of Object.entries(limits)) {
    const key = name as keyof Limits; // checkLimits let no other through
    both[key as never] = Math.min(value, both[key] ?? value) as never;
  }
  return { ...grant, limits: both };
};

/** The base with what a category adds; its limits are no looser. */
function added(
  base: CheckedGrant,
  { grant, limits = {} }: CategoryRule,
  readers: ReadonlyMap<string, PartReader>,
  where: string,
): CheckedGrant {
  if (grant === undefined) return withLimits(base, limits);
  if (grant.limits !== undefined)
    throw new TypeError(`Cannot read ${where}.grant.limits: a category has its limits beside its grant`);
  checkGrant(grant, readers, `${where}.grant`); // alone, so that what is wrong is named by its own place
  const merged = checkGrant(mergeGrants(base.given, grant), readers, `${where}.grant with the base`);
  return withLimits({ ...merged, limits: base.limits }, limits);
}

function readCategory(
  value: JsonObject,
  where: string,
  profiles: ReadonlyMap<string, Profile> | undefined,
): CategoryRule {
  refuseUnknownField(value, { grant: true, limits: true, profile: true }, where);
  return defined({
    grant: value.grant as Grant | undefined, // `added` checks it
    limits: value.limits === undefined ? undefined : checkLimits(value.limits, `${where}.limits`),
    profile: readProfileName(value.profile, where, profiles),
  });
}

function readProfiles(value: JsonValue | undefined, where: string): ReadonlyMap<string, Profile> | undefined {
  if (value === undefined) return undefined;
  const shipped = new Map<string, Profile>(Object.entries(PROFILES));
  if (value === true) return shipped;
  for (const [name, profile] of entriesOf(value, where, readProfile))
    shipped.set(name, { ...shipped.get(name), ...profile });
  return shipped;
}

function readProfile(value: JsonObject, where: string): Profile {
  refuseUnknownField(
    value,
    { limits: true, capabilities: true, level: true, formats: true, writable: true },
    where,
  );
  const formats = textsOf(value.formats, `${where}.formats`)?.map((format): TextFormat => {
    const known = TEXT_FORMATS.find((name) => name === format);
    if (known === undefined) throw unknownName(`read ${where}.formats: unknown format`, format, TEXT_FORMATS);
    return known;
  });
  const writable = textsOf(value.writable, `${where}.writable`);
  const relative = writable?.find((path) => !path.startsWith('/'));
  if (relative !== undefined)
    throw new TypeError(`Cannot read ${where}.writable: ${JSON.stringify(relative)} does not begin with "/"`);
  return defined({
    limits: value.limits === undefined ? undefined : checkLimits(value.limits, `${where}.limits`),
    capabilities: capabilitiesOf(value.capabilities, `${where}.capabilities`),
    level: readLevel(value.level, `read ${where}`),
    formats,
    writable,
  });
}

function readToolRule(
  value: JsonObject,
  where: string,
  profiles: ReadonlyMap<string, Profile> | undefined,
): ToolRule {
  refuseUnknownField(
    value,
    { limits: true, rate: true, capabilities: true, profile: true, confirm: true },
    where,
  );
  if (value.confirm !== undefined && value.confirm !== true)
    throw new TypeError(`Cannot read ${where}.confirm: it is not true`);
  return defined({
    limits: value.limits === undefined ? undefined : checkLimits(value.limits, `${where}.limits`),
    rate: readRate(value.rate, `${where}.rate`),
    capabilities: capabilitiesOf(value.capabilities, `${where}.capabilities`),
    profile: readProfileName(value.profile, where, profiles),
    confirm: value.confirm,
  });
}

function readCallerRule(value: JsonObject, where: string): CallerRule {
  refuseUnknownField(value, { limits: true, rate: true, permissions: true, tools: true }, where);
  return defined({
    limits: value.limits === undefined ? undefined : checkLimits(value.limits, `${where}.limits`),
    rate: readRate(value.rate, `${where}.rate`),
    permissions: capabilitiesOf(value.permissions, `${where}.permissions`),
    tools: textsOf(value.tools, `${where}.tools`),
  });
}

/** @throws {TypeError | RangeError} naming the field. */
function readRate(value: unknown, where: string): Rate | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'object' || value === null)
    throw new TypeError(`Cannot read ${where}: expected an object`);
  refuseUnknownField(value, { calls: true, perMs: true }, where);
  const { calls, perMs } = value as Readonly<Record<keyof Rate, unknown>>; // looked at below
  return {
    calls: wholeNumber(calls ?? null, `read ${where}.calls:`, { minimum: 1, maximum: 100_000 }) ?? 1,
    perMs:
      wholeNumber(perMs ?? null, `read ${where}.perMs:`, { minimum: 1, maximum: 86_400_000, unit: 'ms' }) ??
      1,
  };
}

function readProfileName(
  value: JsonValue | undefined,
  where: string,
  profiles: ReadonlyMap<string, Profile> | undefined,
): string | undefined {
  if (value === undefined) return undefined;
  const name = textOf(value, `${where}.profile`);
  if (profiles === undefined)
    throw new TypeError(`Cannot read ${where}.profile: the policy has no profiles; say "profiles": true`);
  if (!profiles.has(name))
    throw unknownName(`read ${where}.profile: unknown profile`, name, [...profiles.keys()]);
  return name;
}

function capabilitiesOf(value: JsonValue | undefined, where: string): readonly string[] | undefined {
  const names = textsOf(value, where);
  const wrong = names?.find((name) => !CAPABILITY.test(name));
  if (wrong === undefined) return names;
  throw new TypeError(
    `Cannot read ${where}: ${JSON.stringify(wrong)} is not a capability like "fs.read", "fs.*" or "*"`,
  );
}

function textsOf(value: JsonValue | undefined, where: string): readonly string[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || value.length > MOST)
    throw new TypeError(`Cannot read ${where}: expected a list of at most ${MOST} texts`);
  return value.map((item: JsonValue, index) => textOf(item, `${where}[${index}]`));
}

function textOf(value: JsonValue, where: string): string {
  if (typeof value === 'string' && value.length > 0 && value.length <= 256) return value;
  throw new TypeError(`Cannot read ${where}: expected a text of 1 to 256 characters`);
}

function objectOf(value: JsonValue, where: string): JsonObject {
  if (isJsonObject(value)) return value;
  throw new TypeError(`Cannot read ${where}: expected an object`);
}

function entriesOf<T>(
  value: JsonValue | undefined,
  where: string,
  read: (value: JsonObject, where: string) => T,
): ReadonlyMap<string, T> {
  if (value === undefined) return new Map();
  const entries = Object.entries(objectOf(value, where));
  if (entries.length > MOST) throw new TypeError(`Cannot read ${where}: over ${MOST} entries`);
  return new Map(
    entries.map(([name, entry]): [string, T] => {
      textOf(name, `the name of an entry of ${where}`);
      return [name, read(objectOf(entry, `${where}.${name}`), `${where}.${name}`)];
    }),
  );
}
