/** What a parameter may be, and what a column gives: integers beyond 2^53 as bigint. */
export type SqlValue = null | number | bigint | string | Uint8Array;

export interface SqliteStatement {
  /** One statement. */
  readonly sql: string;
  /** By place for `?`, `?1` and `$1`; by name for `:name`, `@name` and `$name`. Bound, never spliced in. @default none */
  readonly params?: readonly SqlValue[] | Readonly<Record<string, SqlValue>>;
}

/** Statements that happen together or not at all. */
export interface SqliteRequest {
  readonly statements: readonly SqliteStatement[];
  /** Whether they may change anything. One that does so without is refused before it begins. */
  readonly write: boolean;
  /** Rows of one statement; the rest is left out and `truncated` says so. */
  readonly maxRows: number;
  /** Of all rows together as JSON; over it the request fails. */
  readonly maxBytes: number;
  /** ms, 1..600,000. Over it SQLite stops itself, and takes back what the request did. */
  readonly timeoutMs: number;
  /**
   * Units of fuel, from 1. One on a file is stopped at it; one in memory stops itself near it, so that what is there stays. @default no bound but
   * that of every run
   */
  readonly fuel?: number;
}

export interface SqliteResult {
  readonly columns: readonly { readonly name: string; readonly type: string | null }[];
  readonly rows: readonly (readonly SqlValue[])[];
  readonly truncated: boolean;
  /** Rows that it changed. */
  readonly changes: number;
}

/** What SQLite said against a request. */
export interface SqliteError {
  /**
   * `statement`: it cannot be read. `statements`: there are several in one. `parameters`: they do not fit. `denied`: no grant allows it.
   * `read-only`: it writes. `too-large`: over `maxBytes`. `constraint`, `not-found`, `not-a-database`, `timeout`, `fuel`, `corrupt`,
   * `full`, `io`, `memory`, `failed`.
   */
  readonly reason: string;
  readonly message: string;
  /** Where in the text it is, bytes. */
  readonly offset?: number;
}
