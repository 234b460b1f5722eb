import type { TabularTable } from '../../runtime/contracts/operations/tabular.ts';
import type { JsonObject, JsonValue } from '../../runtime/vocabulary/json.ts';
import { complain } from './tabular-faults.ts';

export interface TabularQuery {
  readonly tables: readonly TabularTable[];
  readonly sql: string;
  readonly maxRows: number;
}

/** Of columns; one with several kinds of values has none. */
const TYPES: readonly string[] = ['INTEGER', 'REAL', 'TEXT', ''];
/** As SQLite has it. */
const MOST_COLUMNS = 2_000;
const MOST_ROWS = 100_000;
const MOST_SQL = 100_000;

/** @throws {SandglassError} INPUT_INVALID for what is not the arguments of `tabular.query`. */
export function readTabular({ tables, sql, maxRows = 1_000, ...others }: JsonObject): TabularQuery {
  const unknown = Object.keys(others)[0];
  if (unknown !== undefined) throw complain(`unknown argument ${JSON.stringify(unknown.slice(0, 64))}`);
  if (typeof sql !== 'string' || sql.length > MOST_SQL)
    throw complain(`"sql" must be a text of at most ${MOST_SQL} characters`);
  if (typeof maxRows !== 'number' || !Number.isInteger(maxRows) || maxRows < 0 || maxRows > MOST_ROWS)
    throw complain(`"maxRows" must be a whole number from 0 to ${MOST_ROWS}`);
  if (!Array.isArray(tables)) throw complain('"tables" must be a list');
  return { tables: tables.map(readTable), sql, maxRows };
}

function readTable(table: JsonValue): TabularTable {
  const { name, columns, rows } = Object(table) as Partial<JsonObject>;
  if (typeof name !== 'string' || typeof rows !== 'string' || !Array.isArray(columns))
    throw complain('a table is { name, columns, rows }, its rows a JSON text');
  if (name.includes('\0') || /^sqlite_/i.test(name))
    throw complain(`no table can be called ${JSON.stringify(name)}`);
  if (columns.length === 0 || columns.length > MOST_COLUMNS)
    throw complain(
      `table ${JSON.stringify(name)} must have 1 to ${MOST_COLUMNS} columns, not ${columns.length}`,
    );
  return { name, rows, columns: columns.map(readColumn) };
}

function readColumn(column: JsonValue): TabularTable['columns'][number] {
  const { name, type = '' } = Object(column) as Partial<JsonObject>;
  if (typeof name !== 'string' || name.includes('\0') || typeof type !== 'string' || !TYPES.includes(type))
    throw complain(
      `a column is { name, type }, its type INTEGER, REAL or TEXT: ${JSON.stringify(column).slice(0, 100)}`,
    );
  return { name, type };
}
