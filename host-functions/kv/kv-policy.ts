import {
  KV_ACCESS,
  KV_WHEN_FULL,
  type KvAccess,
  type KvGrant,
  type KvWhenFull,
} from '../../runtime/vocabulary/grants/kv.ts';
import type { JsonValue } from '../../runtime/vocabulary/json.ts';
import {
  EntryCalls,
  type NamedEntry,
  type NamedKind,
  narrowNamedEntries,
  oneOf,
  parseNamedEntries,
} from '../../runtime/vocabulary/named-entries.ts';
import { GIB, KIB, MIB } from '../../runtime/vocabulary/units.ts';

/** One entry of the `kv` part of a grant, checked, with its defaults filled. */
export interface KvEntryPolicy extends NamedEntry<KvAccess> {
  readonly maxEntries: number;
  readonly maxBytes: number;
  readonly maxValueBytes: number;
  readonly ttlMs: number;
  readonly whenFull: KvWhenFull;
}

/** The part, parsed. */
export type KvPart = readonly KvEntryPolicy[];

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
const STORES: NamedKind<KvAccess> = { part: 'kv', thing: 'store', fields: FIELDS, access: KV_ACCESS };
const YEAR_MS = 31_536_000_000;

/** @throws {TypeError | RangeError} naming the field that is wrong. */
export const parseKvGrants = (part: JsonValue, where: string): KvPart =>
  parseNamedEntries(part, where, STORES, ({ whenFull = 'refuse' }, figure, here) => ({
    maxEntries: figure('maxEntries', 1, 10_000) ?? 1_000,
    maxBytes: figure('maxBytes', 1, GIB) ?? MIB,
    maxValueBytes: figure('maxValueBytes', 1, GIB) ?? 64 * KIB,
    ttlMs: figure('ttlMs', 1, YEAR_MS) ?? Number.POSITIVE_INFINITY,
    whenFull: oneOf(KV_WHEN_FULL, whenFull, `${here}.whenFull`),
  }));

/**
 * What `asked` wants, under what `ceiling` allows: the same store, no access beyond its, and the smaller caps. Only where both say so may older
 * entries be removed.
 * @throws {SandglassError} CAPABILITY_DENIED naming the first entry that the ceiling does not cover.
 */
export const narrowKvGrants = (asked: KvPart, ceiling: KvPart | undefined): KvPart =>
  narrowNamedEntries(asked, ceiling, STORES, (entry, limit) => ({
    maxEntries: Math.min(entry.maxEntries, limit.maxEntries),
    maxBytes: Math.min(entry.maxBytes, limit.maxBytes),
    maxValueBytes: Math.min(entry.maxValueBytes, limit.maxValueBytes),
    ttlMs: Math.min(entry.ttlMs, limit.ttlMs),
    whenFull: limit.whenFull === 'refuse' ? 'refuse' : entry.whenFull,
  }));

/** As its guest may read it. */
export const shownKvGrants = (part: KvPart): JsonValue =>
  part.map(({ access, ttlMs, maxCalls, ...rest }) => ({
    ...rest,
    access: [...access],
    ...(Number.isFinite(ttlMs) ? { ttlMs } : {}),
    ...(Number.isFinite(maxCalls) ? { maxCalls } : {}),
  }));

/** The grant of one run: which stores it may use, how, and how often. */
export type KvPolicy = EntryCalls<KvAccess, KvEntryPolicy>;

export const openKvPolicy = (part: KvPart): KvPolicy => new EntryCalls(STORES, part);
