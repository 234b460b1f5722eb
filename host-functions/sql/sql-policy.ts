import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import type { SqlAccess } from '../../runtime/vocabulary/grants/sql.ts';
import { deniedEntry, EntryCalls } from '../../runtime/vocabulary/named-entries.ts';
import { DATABASES, type SqlEntryPolicy, type SqlPart } from './sql-grant.ts';

/** One entry of the grant and what this run has used of it. */
export interface SqlEntry {
  readonly policy: SqlEntryPolicy;
  bytes: number;
}

/** The grant of one run: which databases it may use, how, and how much. Pure. */
export class SqlPolicy {
  readonly #calls: EntryCalls<SqlAccess, SqlEntryPolicy>;
  readonly #used = new Map<string, SqlEntry>();

  constructor(part: SqlPart) {
    this.#calls = new EntryCalls(DATABASES, part);
  }

  /**
   * The entry of this database, one call spent on it.
   * @throws {SandglassError} CAPABILITY_DENIED, HOST_CALLS_EXCEEDED
   */
  admit(name: string, access: SqlAccess): SqlEntry {
    const policy = this.#calls.admit(name, access);
    const entry = this.#used.get(name) ?? { policy, bytes: 0 };
    this.#used.set(name, entry);
    return entry;
  }
}

/** Bytes that may still come. */
export const bytesLeft = ({ policy, bytes }: SqlEntry): number => policy.maxBytes - bytes;

/** @throws {SandglassError} CAPABILITY_DENIED when none are left. */
export function checkBytesLeft(entry: SqlEntry): void {
  if (bytesLeft(entry) > 0) return;
  throw spent(entry);
}

export const spent = ({ policy: { name, maxBytes } }: SqlEntry): SandglassError =>
  new SandglassError(
    'CAPABILITY_DENIED',
    `Cannot ask database "${name}": the grant's ${maxBytes} bytes are spent`,
    {
      details: { capability: 'sql.read', requested: name, limit: { maxBytes } },
      hint: 'Ask for less, or raise maxBytes of the grant; do not retry',
    },
  );

/** The entry that it names keeps the access that is granted already. */
export const denied = (
  name: string,
  access: SqlAccess,
  policy: SqlEntryPolicy | undefined,
  why?: string,
): SandglassError => deniedEntry(DATABASES, name, access, policy, why);
