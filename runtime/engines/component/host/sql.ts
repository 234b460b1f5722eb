import type { SqlRows } from '../../../contracts/operations/sql.ts';
import type { JsonObject, JsonValue } from '../../../vocabulary/json.ts';
import { after, type ComponentRun, type Eventually } from '../component-run.ts';
import { ok, type Result } from '../wasi/errors.ts';
import { type HostError, hostError } from './errors.ts';
import { jsonOf, notJson } from './json-text.ts';

interface Rows {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly string[];
  readonly rowCount: number;
  readonly truncated: boolean;
}

/** `sandglass:host/sql`: parameters and rows as JSON text. */
export function sqlInterface(run: ComponentRun) {
  const call = <T>(name: string, args: JsonObject, read: (value: JsonValue) => T) => {
    run.check();
    return after(
      run.call(`sql.${name}`, args),
      (answer): Result<T, HostError> => (answer.ok ? ok(read(answer.value)) : hostError(answer)),
    );
  };
  const statement =
    (name: 'query' | 'execute') =>
    (database: string, query: string, text: string | undefined): Eventually<Result<Rows, HostError>> => {
      run.check();
      return after(
        text === undefined ? [] : jsonOf(run, text),
        (params): Eventually<Result<Rows, HostError>> => {
          if (params === undefined) return notJson('params');
          return call(name, { database, query, params }, rowsOf);
        },
      );
    };
  return {
    query: statement('query'),
    execute: statement('execute'),
    schema: (database: string): Eventually<Result<string, HostError>> =>
      call('schema', { database }, JSON.stringify),
    table: (database: string, table: string): Eventually<Result<string, HostError>> =>
      call('table', { database, table }, JSON.stringify),
  };
}

function rowsOf(value: JsonValue): Rows {
  const { columns, rows, rowCount, truncated } = value as unknown as SqlRows; // as its contract says
  return { columns, rows: rows.map((row) => JSON.stringify(row)), rowCount, truncated };
}
