import type { HostFunction, OperationInfo } from '../../runtime/contracts/host-function.ts';
import type {
  OpenSqlite,
  SqlDatabase,
  SqlDatabaseOptions,
  SqlOperations,
} from '../../runtime/contracts/operations/sql.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import type { Resource } from '../../runtime/vocabulary/events.ts';
import type { JsonObject } from '../../runtime/vocabulary/json.ts';
import { narrowSqlGrants, parseSqlGrants, type SqlPart, shownSqlGrants } from './sql-grant.ts';

export interface SqlHostFunctionOptions {
  /** Those that grants may name. */
  readonly databases: ReadonlyMap<string, SqlDatabaseOptions>;
  /** @default databases of kind `sqlite` are UNSUPPORTED */
  readonly openSqlite?: OpenSqlite;
}

const MOST_SHOWN = 2_000;
const shown = (value: unknown): string | undefined =>
  typeof value === 'string' ? value.slice(0, MOST_SHOWN) : undefined;

/** The statement without its parameters, and the database; of documents their collection. */
function resourceOf({ database, query, table, collection }: JsonObject): Resource | undefined {
  const name = shown(database);
  const statement = shown(query);
  const path = shown(table) ?? shown(collection);
  return {
    ...defined({ name, statement, path }),
  };
}

const read: OperationInfo = Object.freeze({ capability: 'sql.read', kind: 'act', resource: resourceOf });
const write: OperationInfo = Object.freeze({ capability: 'sql.write', kind: 'act', resource: resourceOf });

const OPERATIONS: Readonly<Record<keyof SqlOperations, OperationInfo>> = Object.freeze({
  'sql.query': read,
  'sql.execute': write,
  'sql.schema': read,
  'sql.table': read,
  'sql.find': read,
  'sql.count': read,
  'sql.insert': write,
  'sql.update': write,
  'sql.delete': write,
});

/**
 * The host function `sql`: statements, and documents, in the databases of a grant. One statement a call, parameters bound, a transaction that reads
 * only unless the operation writes. Errors: CAPABILITY_DENIED for what no entry covers and for statements that are not for guests; INPUT_INVALID for
 * what is not exactly one statement; HOST_CALL_FAILED with `details.reason`; HOST_CALLS_EXCEEDED over an entry's `maxCalls`; UNSUPPORTED where what
 * talks to the database is not installed.
 */
export function createSqlHostFunction({
  databases,
  openSqlite,
}: SqlHostFunctionOptions): HostFunction<SqlPart> {
  const open = new Map<string, Promise<SqlDatabase>>();
  const find = (name: string): Promise<SqlDatabase> => {
    const known = open.get(name);
    if (known !== undefined) return known;
    const options = databases.get(name);
    if (options === undefined) return Promise.reject(unknown(name));
    const opening = openDatabase(name, options, openSqlite);
    open.set(name, opening);
    opening.catch(() => open.delete(name)); // it is tried again with the next call
    return opening;
  };
  return {
    name: 'sql',
    network: true,
    operations: OPERATIONS,
    parse: (part, where) => {
      const parsed = parseSqlGrants(part, where);
      for (const [index, { name }] of parsed.entries())
        if (!databases.has(name))
          throw new TypeError(
            `Cannot read ${where}[${index}].name: there is no database "${name}", ` +
              `${databases.size === 0 ? 'the runtime has none: give it createRuntime({ sql })' : `there are ${[...databases.keys()].join(', ')}`}`,
          );
      return parsed;
    },
    narrow: narrowSqlGrants,
    show: shownSqlGrants,
    open: async (part = [], context) => {
      const { SqlService } = await import('./sql-service.ts'); // with what reads statements and documents: most runs have no database
      return new SqlService(part, find, context);
    },
    close: async () => {
      const all = await Promise.allSettled(open.values());
      open.clear();
      await Promise.allSettled(
        all.map(async (one) => (one.status === 'fulfilled' ? one.value.close() : undefined)),
      );
    },
  };
}

async function openDatabase(
  name: string,
  options: SqlDatabaseOptions,
  openSqlite: OpenSqlite | undefined,
): Promise<SqlDatabase> {
  if (options.kind === 'postgres')
    return (await import('./postgres/postgres-database.ts')).openPostgres(options);
  if (openSqlite !== undefined) return openSqlite(options);
  throw new SandglassError(
    'UNSUPPORTED',
    `Cannot open database "${name}": there is nothing here that opens SQLite`,
    {
      hint: 'Use a PostgreSQL database',
    },
  );
}

const unknown = (name: string): SandglassError =>
  new SandglassError('INTERNAL', `Cannot open database "${name}": it is not one of the runtime's`);
