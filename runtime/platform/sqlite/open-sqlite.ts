import type { Runtime } from '../../contracts/api/runtime.ts';
import type {
  OpenSqlite,
  SqlBounds,
  SqlDatabase,
  SqlDone,
  SqlParameter,
  SqlRefusal,
} from '../../contracts/operations/sql.ts';
import { toBase64 } from '../../vocabulary/base64.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import { inSlices } from '../../vocabulary/in-slices.ts';
import type { JsonObject, JsonValue } from '../../vocabulary/json.ts';
import { recordsOf } from '../../vocabulary/records.ts';
import type { SqliteError, SqliteResult, SqlValue } from './request.ts';
import { createSqliteGuests, type SqliteGuest, type SqliteGuestOptions } from './sqlite-guest.ts';

export interface OpenSqliteOptions extends Pick<SqliteGuestOptions, 'load' | 'locate'> {
  /** A runtime with the engine `preview1` and the host function `fs`, for the guests alone. It is closed with the last database. */
  readonly openRuntime: () => Runtime;
}

/** Opens databases of SQLite, each request in a guest. */
export function createOpenSqlite({ openRuntime, load, locate }: OpenSqliteOptions): OpenSqlite {
  let runtime: Runtime | undefined;
  let open = 0;
  const guests = createSqliteGuests({
    load,
    locate,
    runtime: () => {
      runtime ??= openRuntime();
      return runtime;
    },
  });
  return async ({ file }) => {
    const guest = file === undefined ? guests.inMemory() : guests.inFile(file);
    open += 1;
    let closed = false;
    return databaseOf(guest, async () => {
      if (closed) return;
      closed = true;
      await guest.close();
      open -= 1;
      if (open > 0) return;
      const last = runtime;
      runtime = undefined;
      await last?.close();
    });
  };
}

function databaseOf(guest: SqliteGuest, close: () => Promise<void>): SqlDatabase {
  return {
    dialect: 'sqlite',
    regex: false,
    async run({ text, params }, bounds) {
      const request = {
        statements: [{ sql: text, params: params.map(parameterOf) }],
        write: bounds.access === 'write',
        maxRows: bounds.maxRows,
        maxBytes: bounds.maxBytes,
        timeoutMs: bounds.timeoutMs,
        fuel: bounds.fuel,
      };
      try {
        const outcome = await guest.ask(request, bounds.signal);
        const { fuel } = outcome;
        if (outcome.ok) return { ...(await doneOf(outcome.results[0] ?? EMPTY)), fuel };
        const refusal = 'ended' in outcome ? endedBadly(outcome.ended, bounds) : refusalOf(outcome.error);
        return { ...refusal, fuel };
      } catch (error) {
        if (error instanceof SandglassError) return endedBadly(error, bounds);
        if (bounds.signal.aborted) return { ok: false, reason: 'timeout', message: 'the query was given up' };
        throw error;
      }
    },
    close,
  };
}

const EMPTY: SqliteResult = { columns: [], rows: [], truncated: false, changes: 0 };

/** A truth is 1 or 0, as SQLite has it; a list and any other object is JSON text. */
function parameterOf(value: SqlParameter): SqlValue {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value !== 'object' || value === null) return value;
  const { base64 } = value as JsonObject;
  if (typeof base64 === 'string' && Object.keys(value).length === 1) return bytesOf(base64);
  return JSON.stringify(value);
}

function bytesOf(base64: string): Uint8Array {
  try {
    return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  } catch {
    throw new SandglassError('INPUT_INVALID', 'Cannot query: a parameter is { base64 }, and is not base64');
  }
}

/** Rows of a statement as objects of JSON. */
export async function doneOf({ columns, rows, truncated, changes }: SqliteResult): Promise<SqlDone> {
  const names = uniqueNames(columns.map(({ name }) => name));
  let bytes = 0;
  const records = recordsOf(names, rows, (value) => {
    const json = jsonOf(value);
    bytes += typeof json === 'string' ? json.length : 8;
    return json;
  });
  const objects = await inSlices(records);
  return {
    ok: true,
    columns: columns.map(({ type }, index) => ({
      name: names[index] ?? '',
      type: (type ?? '').toLowerCase(),
    })),
    rows: objects,
    rowCount: columns.length === 0 ? changes : rows.length,
    truncated,
    bytes,
  };
}

/** Later columns of one name are `name_2`, `name_3`. */
function uniqueNames(names: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  return names.map((name) => {
    let unique = name;
    for (let count = 2; seen.has(unique); count++) unique = `${name}_${count}`;
    seen.add(unique);
    return unique;
  });
}

function jsonOf(value: SqlValue): JsonValue {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return { base64: toBase64(value) };
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

type Reason = SqlRefusal['reason'];

const REASONS: Readonly<Record<string, Reason>> = {
  statements: 'malformed',
  parameters: 'malformed',
  request: 'malformed',
  denied: 'forbidden',
  'read-only': 'writes',
  'too-large': 'too-large',
  timeout: 'timeout',
  fuel: 'fuel',
  'not-found': 'connect',
  'not-a-database': 'connect',
};

function refusalOf({ reason, message }: SqliteError): SqlRefusal {
  const known = Object.hasOwn(REASONS, reason) ? REASONS[reason] : undefined;
  return {
    ok: false,
    reason: known ?? (reason === 'statement' ? ofStatement(message) : 'query'),
    message: reason === 'denied' ? `${message} is not for guests` : message,
    ...(reason === 'not-found'
      ? { hint: 'The first statement that writes makes the file, in a folder that is there' }
      : {}),
  };
}

/** SQLite has one code for all that is wrong with a statement; which it is, only its text tells. */
function ofStatement(message: string): Reason {
  if (message.startsWith('no such table')) return 'no-table';
  return /^near |^unrecognized token|^incomplete input|^there is no statement/.test(message)
    ? 'malformed'
    : 'query';
}

function endedBadly({ code, message }: SandglassError, { timeoutMs }: SqlBounds): SqlRefusal {
  if (code === 'DEADLINE_EXCEEDED' || code === 'CANCELLED')
    return { ok: false, reason: 'timeout', message: `it took longer than ${timeoutMs} ms` };
  if (code === 'FUEL_EXHAUSTED')
    return { ok: false, reason: 'fuel', message: 'the fuel of the run is spent' };
  if (code === 'OUTPUT_EXCEEDED')
    return { ok: false, reason: 'too-large', message: 'the rows are over maxBytes' };
  return { ok: false, reason: code === 'INPUT_INVALID' ? 'malformed' : 'query', message };
}
