import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import { SQL_ACCESS, type SqlAccess, type SqlGrant } from '../../runtime/vocabulary/grants/sql.ts';
import type { JsonValue } from '../../runtime/vocabulary/json.ts';
import { refuseUnknownField, wholeNumber } from '../../runtime/vocabulary/read-options.ts';

/** One entry of the `sql` part of a grant, checked, with its defaults filled. */
export interface SqlEntryPolicy {
  readonly name: string;
  readonly access: ReadonlySet<SqlAccess>;
  readonly maxRows: number;
  readonly timeoutMs: number;
  readonly maxCalls: number;
  readonly maxBytes: number;
}

/** The part, parsed. */
export type SqlPart = readonly SqlEntryPolicy[];

/** Names of databases: safe in messages and events. */
export const DATABASE_NAME = /^[A-Za-z0-9][\w-]{0,63}$/;

const FIELDS: Readonly<Record<keyof SqlGrant, true>> = {
  name: true,
  access: true,
  maxRows: true,
  timeoutMs: true,
  maxCalls: true,
  maxBytes: true,
};
const MOST_ENTRIES = 1_000;

/** @throws {TypeError | RangeError} naming the field that is wrong. */
export function parseSqlGrants(part: JsonValue, where: string): SqlPart {
  if (!Array.isArray(part) || part.length > MOST_ENTRIES)
    throw new TypeError(`Cannot read ${where}: expected a list of at most ${MOST_ENTRIES} databases`);
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

function toPolicy(grant: Readonly<Record<string, JsonValue>>, where: string): SqlEntryPolicy {
  const { name, access = ['read'] } = grant;
  if (typeof name !== 'string' || !DATABASE_NAME.test(name))
    throw new TypeError(
      `Cannot read ${where}.name: expected the name of a database, of 1 to 64 letters, digits, _ and -`,
    );
  if (!Array.isArray(access) || access.length === 0)
    throw new TypeError(`Cannot read ${where}.access: expected a list of ${SQL_ACCESS.join(', ')}`);
  for (const one of access)
    if (!SQL_ACCESS.some((known) => known === one))
      throw new TypeError(
        `Cannot read ${where}.access: ${JSON.stringify(one)?.slice(0, 80)} is not one of ${SQL_ACCESS.join(', ')}`,
      );
  const figure = (field: keyof SqlGrant, minimum: number, maximum?: number): number | undefined =>
    wholeNumber(grant[field], `read ${where}.${field}:`, {
      minimum,
      ...(maximum === undefined ? {} : { maximum }),
    });
  return {
    name,
    access: new Set(access as readonly SqlAccess[]), // each was just looked at
    maxRows: figure('maxRows', 1, 1_000_000) ?? 10_000,
    timeoutMs: figure('timeoutMs', 1, 600_000) ?? 30_000,
    maxCalls: figure('maxCalls', 0) ?? Number.POSITIVE_INFINITY,
    maxBytes: figure('maxBytes', 0) ?? Number.POSITIVE_INFINITY,
  };
}

/**
 * What `asked` wants, under what `ceiling` allows: the same database, no access beyond its, and the smaller caps.
 * @throws {SandglassError} CAPABILITY_DENIED naming the first entry that the ceiling does not cover.
 */
export function narrowSqlGrants(asked: SqlPart, ceiling: SqlPart | undefined): SqlPart {
  return asked.map((entry, index) => {
    const limit = ceiling?.find(({ name }) => name === entry.name);
    const lacks = [...entry.access].find((access) => limit?.access.has(access) !== true);
    if (limit === undefined || lacks !== undefined) {
      const capability = `sql.${lacks ?? 'read'}`;
      throw new SandglassError(
        'CAPABILITY_DENIED',
        `Cannot grant sql[${index}]: the policy does not cover ${lacks ?? 'read'} of "${entry.name}"`,
        {
          details: { capability, requested: entry.name, missing: [capability] },
          hint: 'Ask for a database and access that the policy allows; do not retry',
        },
      );
    }
    return {
      ...entry,
      maxRows: Math.min(entry.maxRows, limit.maxRows),
      timeoutMs: Math.min(entry.timeoutMs, limit.timeoutMs),
      maxCalls: Math.min(entry.maxCalls, limit.maxCalls),
      maxBytes: Math.min(entry.maxBytes, limit.maxBytes),
    };
  });
}

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
