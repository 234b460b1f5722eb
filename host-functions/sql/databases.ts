import type { SqlDatabaseOptions } from '../../runtime/contracts/operations/sql.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import { ENTRY_NAME } from '../../runtime/vocabulary/named-entries.ts';
import { refuseUnknown, wholeNumber } from '../../runtime/vocabulary/read-options.ts';

/** Database → where it is, as an embedder says it: in full, or as one URL: `postgresql://…`, `sqlite:FILE`, `memory:`. */
export type SqlDatabases = Readonly<Record<string, SqlDatabaseOptions | string>>;

const KNOWN = {
  postgres: { kind: true, connectionString: true, maxConnections: true, connectTimeoutMs: true },
  sqlite: { kind: true, file: true },
} as const;

/**
 * Each database in full. No message shows a URL: it may hold a password.
 * @throws {TypeError | RangeError} naming what is wrong. @throws {SandglassError} UNSUPPORTED for a scheme that is not known.
 */
export function readDatabases(given: unknown): ReadonlyMap<string, SqlDatabaseOptions> {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new TypeError('Cannot create a runtime: sql is not an object of databases by name');
  return new Map(
    Object.entries(given).map(([name, options]) => {
      if (!ENTRY_NAME.test(name))
        throw new TypeError(
          `Cannot create a runtime: sql has ${JSON.stringify(name.slice(0, 80))}, which is not a name of 1 to 64 letters, digits, _ and -`,
        );
      return [name, readDatabase(options, `sql.${name}`)];
    }),
  );
}

function readDatabase(given: unknown, where: string): SqlDatabaseOptions {
  if (typeof given === 'string') return fromUrl(given, where);
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new TypeError(`Cannot create a runtime: ${where} is neither a URL nor an object with "kind"`);
  const kind: unknown = Reflect.get(given, 'kind');
  if (kind !== 'postgres' && kind !== 'sqlite')
    throw new TypeError(`Cannot create a runtime: ${where}.kind is not one of postgres, sqlite`);
  refuseUnknown(given, KNOWN[kind], `create a runtime: ${where}`);
  const text = (field: string): string | undefined => {
    const value: unknown = Reflect.get(given, field);
    if (value === undefined || (typeof value === 'string' && value !== '')) return value;
    throw new TypeError(`Cannot create a runtime: ${where}.${field} is not a text`);
  };
  if (kind === 'sqlite') {
    const file = text('file');
    return file === undefined ? { kind } : { kind, file };
  }
  const connectionString = text('connectionString');
  if (connectionString === undefined || !/^postgres(?:ql)?:\/\//.test(connectionString))
    throw new TypeError(
      `Cannot create a runtime: ${where}.connectionString is not a URL postgresql://USER:PASSWORD@HOST:PORT/DATABASE`,
    );
  const figure = (field: string, maximum: number): number | undefined =>
    wholeNumber(Reflect.get(given, field), `create a runtime: ${where}.${field}`, { minimum: 1, maximum });
  const maxConnections = figure('maxConnections', 100);
  const connectTimeoutMs = figure('connectTimeoutMs', 600_000);
  return {
    kind,
    connectionString,
    ...defined({ maxConnections, connectTimeoutMs }),
  };
}

function fromUrl(url: string, where: string): SqlDatabaseOptions {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]{0,30}):/.exec(url)?.[1]?.toLowerCase();
  if (scheme === 'postgresql' || scheme === 'postgres')
    return readDatabase({ kind: 'postgres', connectionString: url }, where);
  if (scheme === 'memory') return { kind: 'sqlite' };
  if (scheme === 'sqlite') {
    const path = url.slice('sqlite:'.length).replace(/^\/\//, '');
    if (path === '' || path === ':memory:') return { kind: 'sqlite' };
    return { kind: 'sqlite', file: path };
  }
  throw new SandglassError(
    'UNSUPPORTED',
    `Cannot create a runtime: ${where} has ${scheme === undefined ? 'no scheme' : `scheme ${scheme}:`}`,
    { hint: 'Give postgresql://USER:PASSWORD@HOST:PORT/DATABASE, sqlite:FILE or memory:' },
  );
}
