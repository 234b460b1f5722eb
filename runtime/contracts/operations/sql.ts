import type { JsonObject, JsonValue } from '../../vocabulary/json.ts';

/** In the place of a placeholder. Bytes are `{ "base64": … }`, both ways; a list is an array of the database, any other object a JSON document. */
export type SqlParameter = JsonValue;

interface StatementArgs {
  readonly database: string;
  /** One statement, at most 100,000 characters. Placeholders: `?`, `$1`, `%s`, `:name`. */
  readonly query: string;
  /** In the order of the placeholders, or by name. Bound, never spliced. */
  readonly params?: readonly SqlParameter[] | JsonObject;
  /** @default the grant's; never more */
  readonly maxRows?: number;
  /** @default the grant's; never more */
  readonly timeoutMs?: number;
}

export interface SqlColumn {
  readonly name: string;
  /** As the database calls it: `int4`, `text`, `timestamptz`. */
  readonly type: string;
}

export interface SqlRows {
  readonly columns: readonly SqlColumn[];
  /** Objects by column; of columns of one name the later ones are `name_2`, `name_3`. */
  readonly rows: readonly JsonObject[];
  /** Rows here; of a statement that changes rows, those it changed. */
  readonly rowCount: number;
  /** There were more rows than may be answered. */
  readonly truncated: boolean;
}

export interface SqlSchema {
  readonly tables: readonly { readonly name: string; readonly columns: readonly string[] }[];
  readonly views: readonly { readonly name: string; readonly columns: readonly string[] }[];
  readonly indexes: readonly { readonly name: string; readonly table: string; readonly unique: boolean }[];
}

export interface SqlTable {
  readonly table: string;
  readonly columns: readonly {
    readonly name: string;
    readonly type: string;
    readonly nullable: boolean;
    readonly default: string | null;
    readonly primaryKey: boolean;
  }[];
  readonly rowCount: number;
}

/** Which documents: fields by path (`address.city`) and what each must be; see `DocumentFilter` in docs/sql.md. */
interface DocumentsArgs {
  readonly database: string;
  readonly collection: string;
  readonly filter?: JsonObject;
}

/**
 * The operations of `sql`. `HOST_CALL_FAILED` carries `details.reason`: `query` (the database refused it; `details.sqlstate`), `not-permitted`
 * (the role has no right), `no-table`, `timeout`, `fuel` (the run that asks has none left for it), `connect`, `too-large`, `busy`.
 */
export interface SqlOperations {
  /** Reads only: the transaction of it is. */
  'sql.query': { readonly args: StatementArgs; readonly value: SqlRows };
  'sql.execute': { readonly args: StatementArgs; readonly value: SqlRows };
  'sql.schema': { readonly args: { readonly database: string }; readonly value: SqlSchema };
  'sql.table': {
    readonly args: { readonly database: string; readonly table: string };
    readonly value: SqlTable;
  };
  'sql.insert': {
    readonly args: {
      readonly database: string;
      readonly collection: string;
      readonly documents: readonly JsonObject[];
    };
    readonly value: { readonly ids: readonly string[] };
  };
  'sql.find': {
    readonly args: DocumentsArgs & {
      /** Path → 1 for ascending, -1 for descending; the first counts most. */
      readonly sort?: JsonObject;
      readonly limit?: number;
      readonly skip?: number;
    };
    readonly value: { readonly documents: readonly JsonObject[]; readonly truncated: boolean };
  };
  'sql.count': { readonly args: DocumentsArgs; readonly value: { readonly count: number } };
  'sql.update': {
    readonly args: DocumentsArgs & { readonly update: JsonObject };
    readonly value: { readonly matched: number };
  };
  'sql.delete': { readonly args: DocumentsArgs; readonly value: { readonly deleted: number } };
}

/** What one statement may do and cost. */
export interface SqlBounds {
  /** `read`: whatever would change something is refused, with `writes`. */
  readonly access: 'read' | 'write';
  /** Rows answered; one more that there is makes the answer `truncated`. */
  readonly maxRows: number;
  /** Bytes of the answer, as they come from the database. */
  readonly maxBytes: number;
  readonly timeoutMs: number;
  /** Units of fuel: what runs as a guest ends there; a server has none. At least 1. */
  readonly fuel: number;
  readonly signal: AbortSignal;
}

export interface SqlStatement {
  readonly text: string;
  /** In order: `$1` of PostgreSQL, `?1` of SQLite. */
  readonly params: readonly SqlParameter[];
}

/** Why a statement was not done. `message` is told to the guest: it has no address, no path and no password of the host. */
export interface SqlRefusal {
  readonly ok: false;
  /** `writes`: it needs write access. `forbidden`: no grant allows it. `malformed`: it is not exactly one statement that can be read. */
  readonly reason:
    | 'writes'
    | 'forbidden'
    | 'malformed'
    | 'query'
    | 'not-permitted'
    | 'no-table'
    | 'timeout'
    | 'fuel'
    | 'connect'
    | 'too-large'
    | 'unsupported';
  readonly message: string;
  readonly sqlstate?: string;
  readonly hint?: string;
  /** Burnt all the same, units. @default 0 */
  readonly fuel?: number;
}

export interface SqlDone extends SqlRows {
  readonly ok: true;
  /** Bytes that came from the database. */
  readonly bytes: number;
  /** Burnt for it, units. @default 0 */
  readonly fuel?: number;
}

/** One database that is open for all runs of a runtime. It never rejects but for a bug. */
export interface SqlDatabase {
  /** How placeholders, identifiers and documents are written. */
  readonly dialect: 'postgres' | 'sqlite';
  /** Whether `$regex` of documents can be answered: patterns are matched by the database, bounded there. */
  readonly regex: boolean;
  run(statement: SqlStatement, bounds: SqlBounds): Promise<SqlDone | SqlRefusal>;
  close(): Promise<void>;
}

/** Where a database is. */
export type SqlDatabaseOptions =
  | {
      readonly kind: 'postgres';
      /** `postgresql://USER:PASSWORD@HOST:PORT/DATABASE`. Its role's rights are the boundary: give it no more than guests may have. */
      readonly connectionString: string;
      /** Connections at once, 1..100. @default 4 */
      readonly maxConnections?: number;
      /** To sign in, ms, 1..600,000. @default 10,000 */
      readonly connectTimeoutMs?: number;
    }
  | {
      readonly kind: 'sqlite';
      /** File of the host; absent: in memory, as long as the runtime lives. */
      readonly file?: string;
    };

/** Opens databases of kind `sqlite`. */
export type OpenSqlite = (
  options: Extract<SqlDatabaseOptions, { readonly kind: 'sqlite' }>,
) => Promise<SqlDatabase>;
