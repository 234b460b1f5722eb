import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import {
  KV_ACCESS,
  KV_WHEN_FULL,
  type KvAccess,
  type KvGrant,
  type KvWhenFull,
} from '../../runtime/vocabulary/grants/kv.ts';
import type { JsonValue } from '../../runtime/vocabulary/json.ts';
import { refuseUnknownField, wholeNumber } from '../../runtime/vocabulary/read-options.ts';
import { KIB, MIB } from '../../runtime/vocabulary/units.ts';

/** One entry of the `kv` part of a grant, checked, with its defaults filled. */
export interface KvEntryPolicy {
  readonly name: string;
  readonly access: ReadonlySet<KvAccess>;
  readonly maxEntries: number;
  readonly maxBytes: number;
  readonly maxValueBytes: number;
  readonly ttlMs: number;
  readonly whenFull: KvWhenFull;
  readonly maxCalls: number;
}

/** The part, parsed. */
export type KvPart = readonly KvEntryPolicy[];

/** Names of stores: safe in messages and events. */
export const STORE_NAME = /^[A-Za-z0-9][\w-]{0,63}$/;

const FIELDS: Readonly<Record<keyof KvGrant, true>> = {
  name: true,
  access: true,
  maxEntries: true,
  maxBytes: true,
  maxValueBytes: true,
  ttlMs: true,
  whenFull: true,
  maxCalls: true,
};
const MOST_STORES = 1_000;
const GIB = 1_024 * MIB;
const YEAR_MS = 31_536_000_000;

/** @throws {TypeError | RangeError} naming the field that is wrong. */
export function parseKvGrants(part: JsonValue, where: string): KvPart {
  if (!Array.isArray(part) || part.length > MOST_STORES)
    throw new TypeError(`Cannot read ${where}: expected a list of at most ${MOST_STORES} stores`);
  const names = new Set<string>();
  return part.map((entry: JsonValue, index) => {
    const here = `${where}[${index}]`;
    if (typeof entry !== 'object' || entry === null || Array.isArray(entry))
      throw new TypeError(`Cannot read ${here}: expected an object with "name"`);
    refuseUnknownField(entry, FIELDS, here);
    const policy = toPolicy(entry as Readonly<Record<string, JsonValue>>, here); // neither null nor a list
    if (names.has(policy.name))
      throw new TypeError(`Cannot read ${here}.name: there are two entries for "${policy.name}"`);
    names.add(policy.name);
    return policy;
  });
}

function toPolicy(grant: Readonly<Record<string, JsonValue>>, where: string): KvEntryPolicy {
  const { name, access = ['read'], whenFull = 'refuse' } = grant;
  if (typeof name !== 'string' || !STORE_NAME.test(name))
    throw new TypeError(
      `Cannot read ${where}.name: expected the name of a store, of 1 to 64 letters, digits, _ and -`,
    );
  if (!Array.isArray(access) || access.length === 0)
    throw new TypeError(`Cannot read ${where}.access: expected a list of ${KV_ACCESS.join(', ')}`);
  const figure = (field: keyof KvGrant, minimum: number, maximum?: number): number | undefined =>
    wholeNumber(grant[field], `read ${where}.${field}:`, {
      minimum,
      ...(maximum === undefined ? {} : { maximum }),
    });
  return {
    name,
    access: new Set(access.map((one: JsonValue) => oneOf(KV_ACCESS, one, `${where}.access`))),
    maxEntries: figure('maxEntries', 1, 10_000) ?? 1_000,
    maxBytes: figure('maxBytes', 1, GIB) ?? MIB,
    maxValueBytes: figure('maxValueBytes', 1, GIB) ?? 64 * KIB,
    ttlMs: figure('ttlMs', 1, YEAR_MS) ?? Number.POSITIVE_INFINITY,
    whenFull: oneOf(KV_WHEN_FULL, whenFull, `${where}.whenFull`),
    maxCalls: figure('maxCalls', 0) ?? Number.POSITIVE_INFINITY,
  };
}

function oneOf<T extends string>(known: readonly T[], value: JsonValue, where: string): T {
  const found = known.find((name) => name === value);
  if (found !== undefined) return found;
  throw new TypeError(
    `Cannot read ${where}: ${JSON.stringify(value).slice(0, 80)} is not one of ${known.join(', ')}`,
  );
}

/**
 * What `asked` wants, under what `ceiling` allows: the same store, no access beyond its, and the smaller caps. Only where both say so may older
 * entries be removed.
 * @throws {SandglassError} CAPABILITY_DENIED naming the first entry that the ceiling does not cover.
 */
export function narrowKvGrants(asked: KvPart, ceiling: KvPart | undefined): KvPart {
  return asked.map((entry, index) => {
    const limit = ceiling?.find(({ name }) => name === entry.name);
    const lacks = [...entry.access].find((access) => limit?.access.has(access) !== true);
    if (limit === undefined || lacks !== undefined) {
      const capability = `kv.${lacks ?? 'read'}`;
      throw new SandglassError(
        'CAPABILITY_DENIED',
        `Cannot grant kv[${index}]: the policy does not cover ${lacks ?? 'read'} of "${entry.name}"`,
        {
          details: { capability, requested: entry.name, missing: [capability] },
          hint: 'Ask for a store and access that the policy allows; do not retry',
        },
      );
    }
    return {
      ...entry,
      maxEntries: Math.min(entry.maxEntries, limit.maxEntries),
      maxBytes: Math.min(entry.maxBytes, limit.maxBytes),
      maxValueBytes: Math.min(entry.maxValueBytes, limit.maxValueBytes),
      ttlMs: Math.min(entry.ttlMs, limit.ttlMs),
      whenFull: limit.whenFull === 'refuse' ? 'refuse' : entry.whenFull,
      maxCalls: Math.min(entry.maxCalls, limit.maxCalls),
    };
  });
}

/** As its guest may read it. */
export const shownKvGrants = (part: KvPart): JsonValue =>
  part.map(({ access, ttlMs, maxCalls, ...rest }) => ({
    ...rest,
    access: [...access],
    ...(Number.isFinite(ttlMs) ? { ttlMs } : {}),
    ...(Number.isFinite(maxCalls) ? { maxCalls } : {}),
  }));

/** The grant of one run: which stores it may use, how, and how often. */
export class KvPolicy {
  readonly #entries: ReadonlyMap<string, { readonly policy: KvEntryPolicy; calls: number }>;

  constructor(part: KvPart) {
    this.#entries = new Map(part.map((policy) => [policy.name, { policy, calls: 0 }]));
  }

  /**
   * The entry of this store, one call spent on it.
   * @throws {SandglassError} CAPABILITY_DENIED, HOST_CALLS_EXCEEDED
   */
  admit(name: string, access: KvAccess): KvEntryPolicy {
    const entry = this.#entries.get(name);
    if (entry === undefined || !entry.policy.access.has(access)) throw denied(name, access, entry?.policy);
    const { maxCalls } = entry.policy;
    if (entry.calls >= maxCalls)
      throw new SandglassError(
        'HOST_CALLS_EXCEEDED',
        `Cannot ask store "${name}": the grant's ${maxCalls} calls are spent`,
        {
          details: { capability: `kv.${access}`, requested: name, limit: { maxCalls } },
          hint: 'Make fewer calls, or raise maxCalls of the grant',
        },
      );
    entry.calls += 1;
    return entry.policy;
  }
}

/** The entry that it names keeps the access that is granted already. */
function denied(name: string, access: KvAccess, policy: KvEntryPolicy | undefined): SandglassError {
  const grant = { kv: [{ name, access: [...new Set([...(policy?.access ?? []), access])] }] };
  return new SandglassError(
    'CAPABILITY_DENIED',
    `Cannot ${access === 'read' ? 'read' : 'change'} store "${name}": no grant for kv.${access} covers it`,
    {
      details: { capability: `kv.${access}`, requested: name, missing: [`kv.${access}`], grant },
      hint: `Grant it with ${JSON.stringify(grant)}, or do without; do not retry`,
    },
  );
}
