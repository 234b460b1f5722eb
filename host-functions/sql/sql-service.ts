import type {
  HostContext,
  HostReply,
  HostRequest,
  HostService,
} from '../../runtime/contracts/host-function.ts';
import type {
  SqlBounds,
  SqlDatabase,
  SqlDone,
  SqlRefusal,
  SqlStatement,
} from '../../runtime/contracts/operations/sql.ts';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import type { SqlAccess } from '../../runtime/vocabulary/grants/sql.ts';
import type { JsonObject, JsonValue } from '../../runtime/vocabulary/json.ts';
import { BadParameters, bindParameters } from './bind-parameters.ts';
import {
  callDocuments,
  type DocumentOperation,
  type DocumentStore,
} from './documents/document-operations.ts';
import { POSTGRES_SCHEMA, SQLITE_SCHEMA, schemaOf, tableOf } from './schema-statements.ts';
import { complain, databaseIn, readStatement, readTableName, refuseOthers } from './sql-args.ts';
import type { SqlPart } from './sql-grant.ts';
import { bytesLeft, checkBytesLeft, type SqlEntry, SqlPolicy, spent } from './sql-policy.ts';
import { failureOf } from './sql-refusals.ts';

/** Statements of one run at once: others of it wait. */
const AT_ONCE = 2;

/** Finds an open database by name. @throws {SandglassError} */
export type FindDatabase = (name: string) => Promise<SqlDatabase>;

/** One run's use of the databases of its grant. */
export class SqlService implements HostService {
  readonly #policy: SqlPolicy;
  readonly #find: FindDatabase;
  readonly #limits: HostContext['limits'];
  readonly #fuel: HostContext['fuel'];
  /** What goes on: a run is not over before its statements are. */
  readonly #going = new Set<Promise<unknown>>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(part: SqlPart, find: FindDatabase, { limits, fuel }: HostContext) {
    this.#policy = new SqlPolicy(part);
    this.#find = find;
    this.#limits = limits;
    this.#fuel = fuel;
  }

  call(operation: string, request: HostRequest): Promise<HostReply> {
    const going = this.#serve(operation, request);
    this.#going.add(going);
    const end = (): void => void this.#going.delete(going);
    going.then(end, end);
    return going;
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#going);
  }

  async #serve(operation: string, { args, signal }: HostRequest): Promise<HostReply> {
    const usage = { bytes: 0 };
    const open = (name: string, access: SqlAccess): Use => {
      const entry = this.#policy.admit(name, access);
      return { entry, name, signal, usage };
    };
    const value = await this.#answer(operation.slice('sql.'.length), args, open);
    return { value, ingressBytes: usage.bytes };
  }

  async #answer(act: string, args: JsonObject, open: Open): Promise<JsonValue> {
    switch (act) {
      case 'query':
      case 'execute':
        return this.#statement(act, args, open);
      case 'schema':
        return this.#schema(args, open);
      case 'table':
        return this.#table(args, open);
      case 'insert':
      case 'update':
      case 'delete':
        return this.#documents(act, args, (name) => open(name, 'write'));
      case 'find':
      case 'count':
        return this.#documents(act, args, (name) => open(name, 'read'));
      default:
        throw new TypeError(`sql.${act} is not an operation of sql`); // the gate lets none through
    }
  }

  async #statement(act: 'query' | 'execute', args: JsonObject, open: Open): Promise<JsonValue> {
    const { database: name, query, params, maxRows, timeoutMs } = readStatement(args, act);
    const access = act === 'query' ? 'read' : 'write';
    const use = open(name, access);
    const database = await this.#find(name);
    const statement = bound(query, params, database, act);
    const { policy } = use.entry;
    const done = await this.#run(use, database, statement, {
      access,
      maxRows: Math.min(maxRows ?? policy.maxRows, policy.maxRows),
      timeoutMs: Math.min(timeoutMs ?? policy.timeoutMs, policy.timeoutMs),
    });
    if (!done.ok) throw failureOf(done, name, act, policy);
    const { columns, rows, rowCount, truncated } = done;
    return {
      columns: columns.map(({ name: column, type }) => ({ name: column, type })),
      rows,
      rowCount,
      truncated,
    };
  }

  async #schema(args: JsonObject, open: Open): Promise<JsonValue> {
    refuseOthers(args, ['database'], 'schema');
    const name = databaseIn(args, 'schema');
    const use = open(name, 'read');
    const database = await this.#find(name);
    const statements = database.dialect === 'postgres' ? POSTGRES_SCHEMA : SQLITE_SCHEMA;
    const relations = await this.#rows(use, database, { text: statements.relations, params: [] }, 'schema');
    const indexes = await this.#rows(use, database, { text: statements.indexes, params: [] }, 'schema');
    return schemaOf(relations.rows, indexes.rows) as unknown as JsonValue; // texts, lists and booleans
  }

  async #table(args: JsonObject, open: Open): Promise<JsonValue> {
    const { database: name, table } = readTableName(args);
    const use = open(name, 'read');
    const database = await this.#find(name);
    const statements = database.dialect === 'postgres' ? POSTGRES_SCHEMA : SQLITE_SCHEMA;
    const [last = table, schema] = table.split('.').reverse();
    const params = [last, schema ?? null];
    const { rows } = await this.#rows(use, database, { text: statements.columns, params }, 'table');
    const quoted = rows[0]?.quoted;
    if (typeof quoted !== 'string')
      throw failureOf(
        { ok: false, reason: 'no-table', message: `there is no table ${table}` },
        name,
        'table',
        use.entry.policy,
      );
    // The name as the catalogue quotes it, not as the guest wrote it.
    const counted = await this.#rows(
      use,
      database,
      { text: `select count(*) as count from ${quoted}`, params: [] },
      'table',
    );
    return tableOf(table, rows, Number(counted.rows[0]?.count ?? 0)) as unknown as JsonValue; // texts and booleans
  }

  async #documents(
    act: DocumentOperation,
    args: JsonObject,
    open: (name: string) => Use,
  ): Promise<JsonValue> {
    let database: SqlDatabase | undefined;
    const name = databaseIn(args, act);
    const use = open(name);
    database = await this.#find(name);
    const { policy } = use.entry;
    const store: DocumentStore = {
      dialect: database.dialect,
      regex: database.regex,
      maxRows: policy.maxRows,
      run: (statement, bounds) =>
        this.#run(use, database, statement, { ...bounds, timeoutMs: policy.timeoutMs }),
      fail: (refusal) => failureOf(refusal, name, act, policy),
    };
    return callDocuments(act, args, () => store);
  }

  async #rows(use: Use, database: SqlDatabase, statement: SqlStatement, act: string): Promise<SqlDone> {
    const { policy } = use.entry;
    const done = await this.#run(use, database, statement, {
      access: 'read',
      maxRows: policy.maxRows,
      timeoutMs: policy.timeoutMs,
    });
    if (!done.ok) throw failureOf(done, use.name, act, policy);
    return done;
  }

  /** @throws {SandglassError} CAPABILITY_DENIED when the bytes of the grant are spent. */
  #run(
    use: Use,
    database: SqlDatabase,
    statement: SqlStatement,
    bounds: Pick<SqlBounds, 'access' | 'maxRows' | 'timeoutMs'>,
  ): Promise<SqlDone | SqlRefusal> {
    const ask = (): Promise<SqlDone | SqlRefusal> => this.#ask(use, database, statement, bounds);
    if (database.dialect !== 'sqlite') return ask();
    // Its work is paid for with what is left: of two at once, of this run or of others that share its fuel, each would get all of it.
    return this.#fuel?.alone(ask) ?? ask();
  }

  /** @throws {SandglassError} CAPABILITY_DENIED when the bytes of the grant are spent. */
  async #ask(
    { entry, signal, usage }: Use,
    database: SqlDatabase,
    statement: SqlStatement,
    bounds: Pick<SqlBounds, 'access' | 'maxRows' | 'timeoutMs'>,
  ): Promise<SqlDone | SqlRefusal> {
    checkBytesLeft(entry);
    await this.#enter(signal);
    try {
      const left = bytesLeft(entry);
      const maxBytes = Math.min(this.#limits.hostCallBytes, left);
      const timeoutMs = Math.min(bounds.timeoutMs, this.#limits.timeoutMs);
      const fuel = this.#fuel?.left() ?? this.#limits.fuel;
      if (fuel < 1) return NO_FUEL;
      const done = await database.run(statement, { ...bounds, maxBytes, timeoutMs, fuel, signal });
      this.#fuel?.spend(done.fuel ?? 0);
      const bytes = done.ok ? done.bytes : done.reason === 'too-large' ? maxBytes : 0;
      entry.bytes += bytes;
      usage.bytes += bytes;
      // What came over the rest of the grant is not passed on.
      if (bytesLeft(entry) < 0 || (!done.ok && done.reason === 'too-large' && left <= maxBytes))
        throw spent(entry);
      return done;
    } finally {
      this.#leave();
    }
  }

  async #enter(signal: AbortSignal): Promise<void> {
    if (this.#running >= AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running += 1;
    if (!signal.aborted) return;
    this.#leave();
    throw new SandglassError('CANCELLED', 'Cannot ask a database: the run has ended');
  }

  /** The place goes to the next that waits. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }
}

const NO_FUEL: SqlRefusal = {
  ok: false,
  reason: 'fuel',
  message: 'the fuel of the run is spent',
  hint: 'Ask less of it, or raise limits.fuel',
};

/** One call's use of one database. */
interface Use {
  readonly entry: SqlEntry;
  readonly name: string;
  readonly signal: AbortSignal;
  readonly usage: { bytes: number };
}

type Open = (name: string, access: SqlAccess) => Use;

function bound(
  query: string,
  params: Parameters<typeof bindParameters>[1],
  { dialect }: SqlDatabase,
  act: string,
): SqlStatement {
  try {
    return bindParameters(query, params, dialect);
  } catch (error) {
    if (error instanceof BadParameters) throw complain(act, error.message);
    throw error;
  }
}
