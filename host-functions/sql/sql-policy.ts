import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import type { SqlAccess } from '../../runtime/vocabulary/grants/sql.ts';
import type { SqlEntryPolicy, SqlPart } from './sql-grant.ts';

/** One entry of the grant and what this run has used of it. */
export interface SqlEntry {
  readonly policy: SqlEntryPolicy;
  calls: number;
  bytes: number;
}

/** The grant of one run: which databases it may use, how, and how much. Pure. */
export class SqlPolicy {
  readonly #entries: ReadonlyMap<string, SqlEntry>;

  constructor(part: SqlPart) {
    this.#entries = new Map(part.map((policy) => [policy.name, { policy, calls: 0, bytes: 0 }]));
  }

  /**
   * The entry of this database, one call spent on it.
   * @throws {SandglassError} CAPABILITY_DENIED, HOST_CALLS_EXCEEDED
   */
  admit(name: string, access: SqlAccess): SqlEntry {
    const entry = this.#entries.get(name);
    if (entry === undefined || !entry.policy.access.has(access)) throw denied(name, access, entry?.policy);
    const { maxCalls } = entry.policy;
    if (entry.calls >= maxCalls)
      throw new SandglassError(
        'HOST_CALLS_EXCEEDED',
        `Cannot ask database "${name}": the grant's ${maxCalls} calls are spent`,
        {
          details: { capability: `sql.${access}`, requested: name, limit: { maxCalls } },
          hint: 'Make fewer calls, or raise maxCalls of the grant',
        },
      );
    entry.calls += 1;
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

const ACTS: Readonly<Record<SqlAccess, string>> = { read: 'read', write: 'change' };

/** The entry that it names keeps the access that is granted already. */
export function denied(
  name: string,
  access: SqlAccess,
  policy: SqlEntryPolicy | undefined,
  why = `no grant for sql.${access} covers it`,
): SandglassError {
  const grant = { sql: [{ name, access: [...new Set([...(policy?.access ?? []), access])] }] };
  return new SandglassError('CAPABILITY_DENIED', `Cannot ${ACTS[access]} database "${name}": ${why}`, {
    details: { capability: `sql.${access}`, requested: name, missing: [`sql.${access}`], grant },
    hint: `Grant it with ${JSON.stringify(grant)}, or do without; do not retry`,
  });
}
