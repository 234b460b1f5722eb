import type { SqlDone } from './sql.ts';

/** What is asked, gone with the answer. */
export interface TabularTable {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** JSON: a list of lists, a value for each column. */
  readonly rows: string;
}

/** One statement, and the one text that it is given. */
export interface TabularStatement {
  readonly sql: string;
  readonly params: readonly string[];
}

/** What was wrong, with its place in bytes of the statement. */
export interface TabularFault {
  readonly ok: false;
  readonly error: { readonly reason: string; readonly message: string; readonly offset?: number };
}

/** How a request to the guest of SQLite is written, and its answer read. */
export interface TabularWire {
  /** All of it in one database in memory, which is gone afterwards. */
  encode(statements: readonly TabularStatement[], maxRows: number, maxBytes: number): Uint8Array;
  /** The answer of the last statement; `changes` are rows that it changed. */
  read(stdout: string): Promise<(SqlDone & { readonly changes: number }) | TabularFault>;
}
