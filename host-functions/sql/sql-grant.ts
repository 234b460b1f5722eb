import { SQL_ACCESS, type SqlAccess, type SqlGrant } from '../../runtime/vocabulary/grants/sql.ts';
import type { JsonValue } from '../../runtime/vocabulary/json.ts';
import {
  type NamedEntry,
  type NamedKind,
  narrowNamedEntries,
  parseNamedEntries,
} from '../../runtime/vocabulary/named-entries.ts';

/** One entry of the `sql` part of a grant, checked, with its defaults filled. */
export interface SqlEntryPolicy extends NamedEntry<SqlAccess> {
  readonly maxRows: number;
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

/** The part, parsed. */
export type SqlPart = readonly SqlEntryPolicy[];

const FIELDS: Readonly<Record<keyof SqlGrant, true>> = {
  name: true,
  access: true,
  maxRows: true,
  timeoutMs: true,
  maxCalls: true,
  maxBytes: true,
};
export const DATABASES: NamedKind<SqlAccess> = {
  part: 'sql',
  thing: 'database',
  fields: FIELDS,
  access: SQL_ACCESS,
};

/** @throws {TypeError | RangeError} naming the field that is wrong. */
export const parseSqlGrants = (part: JsonValue, where: string): SqlPart =>
  parseNamedEntries(part, where, DATABASES, (_, figure) => ({
    maxRows: figure('maxRows', 1, 1_000_000) ?? 10_000,
    timeoutMs: figure('timeoutMs', 1, 600_000) ?? 30_000,
    maxBytes: figure('maxBytes', 0) ?? Number.POSITIVE_INFINITY,
  }));

/**
 * What `asked` wants, under what `ceiling` allows: the same database, no access beyond its, and the smaller caps.
 * @throws {SandglassError} CAPABILITY_DENIED naming the first entry that the ceiling does not cover.
 */
export const narrowSqlGrants = (asked: SqlPart, ceiling: SqlPart | undefined): SqlPart =>
  narrowNamedEntries(asked, ceiling, DATABASES, (entry, limit) => ({
    maxRows: Math.min(entry.maxRows, limit.maxRows),
    timeoutMs: Math.min(entry.timeoutMs, limit.timeoutMs),
    maxBytes: Math.min(entry.maxBytes, limit.maxBytes),
  }));

/** As its guest may read it. */
export const shownSqlGrants = (part: SqlPart): JsonValue =>
  part.map(({ name, access, maxRows, timeoutMs, maxCalls, maxBytes }) => ({
    name,
    access: [...access],
    maxRows,
    timeoutMs,
    ...(Number.isFinite(maxCalls) ? { maxCalls } : {}),
    ...(Number.isFinite(maxBytes) ? { maxBytes } : {}),
  }));
