import type { Pool, PoolClient } from 'pg';
import type {
  SqlBounds,
  SqlDatabase,
  SqlDatabaseOptions,
  SqlDone,
  SqlRefusal,
  SqlStatement,
} from '../../../runtime/contracts/operations/sql.ts';
import { classifyStatement } from './classify-statement.ts';
import { INSTALL, loadPostgresPackages, type PostgresPackages } from './load-packages.ts';
import { refusalOf } from './pg-refusals.ts';
import { runOnClient } from './run-on-client.ts';

type Options = Extract<SqlDatabaseOptions, { readonly kind: 'postgres' }>;

/**
 * A PostgreSQL database: one statement a transaction, which is read-only unless it may write; connections are shared by all runs and carry nothing
 * from one to the next. The rights of its role are the boundary. Connects when it is first asked.
 */
export function openPostgres(options: Options): SqlDatabase {
  const { connectionString, maxConnections = 4, connectTimeoutMs = 10_000 } = options;
  const secrets = secretsOf(connectionString);
  let packages: Promise<PostgresPackages | string> | undefined;
  let pool: Pool | undefined;
  let closed = false;

  const openPool = ({ pg }: PostgresPackages): Pool => {
    pool ??= new pg.Pool({
      connectionString,
      max: maxConnections,
      connectionTimeoutMillis: connectTimeoutMs,
      idleTimeoutMillis: 10_000,
      allowExitOnIdle: true,
      application_name: 'sandglass',
    });
    // A connection that breaks while nobody uses it is left by the pool; the next call has a new one.
    if (pool.listenerCount('error') === 0) pool.on('error', () => undefined);
    return pool;
  };

  const run = async (statement: SqlStatement, bounds: SqlBounds): Promise<SqlDone | SqlRefusal> => {
    packages ??= loadPostgresPackages();
    const loaded = await packages;
    if (typeof loaded === 'string') {
      packages = undefined; // it may be installed meanwhile
      return {
        ok: false,
        reason: 'unsupported',
        message: `package ${loaded} is not installed`,
        hint: INSTALL,
      };
    }
    const refused = await judge(statement.text, bounds.access, loaded);
    if (refused !== undefined) return refused;
    if (closed) return ended();
    let client: PoolClient;
    try {
      client = await openPool(loaded).connect();
    } catch (error) {
      return refusalOf(error, secrets);
    }
    return runOnClient(client, loaded, statement, bounds, secrets);
  };

  return {
    dialect: 'postgres',
    regex: true,
    run,
    close: async () => {
      closed = true;
      await pool?.end();
    },
  };
}

const ended = (): SqlRefusal => ({ ok: false, reason: 'connect', message: 'the runtime is closed' });

/** Why a statement is not even sent. */
async function judge(
  text: string,
  access: SqlBounds['access'],
  { parse }: PostgresPackages,
): Promise<SqlRefusal | undefined> {
  let tree: unknown;
  try {
    tree = await parse(text);
  } catch (error) {
    return { ok: false, reason: 'malformed', message: messageOf(error) };
  }
  const found = classifyStatement(tree);
  switch (found.kind) {
    case 'malformed':
      return { ok: false, reason: 'malformed', message: found.why };
    case 'forbidden':
      return { ok: false, reason: 'forbidden', message: found.what };
    case 'write':
      return access === 'write'
        ? undefined
        : { ok: false, reason: 'writes', message: 'it changes something' };
    default:
      return undefined;
  }
}

const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : 'it cannot be read').slice(0, 300);

/** What must stand in no message: the password, wherever the text has it. */
function secretsOf(connectionString: string): readonly string[] {
  const url = URL.parse(connectionString);
  const given = url === null ? [] : [url.password, ...url.searchParams.getAll('password')];
  return [...new Set(given.flatMap((text) => [text, decoded(text), encodeURIComponent(text)]))].filter(
    (text) => text !== '',
  );
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // it is no escape then
  }
};
