import type { SqlOperations, SqlParameter } from '../../runtime/contracts/operations/sql.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../runtime/vocabulary/json.ts';
import { ENTRY_NAME } from '../../runtime/vocabulary/named-entries.ts';

const MOST_STATEMENT = 100_000;
const MOST_NESTING = 200;
/** A table, with its schema where it is not the usual one. */
const TABLE = /^[\p{L}_][\p{L}\p{N}_$]{0,62}(?:\.[\p{L}_][\p{L}\p{N}_$]{0,62})?$/u;

type Statement = SqlOperations['sql.query']['args'];

/** @throws {SandglassError} INPUT_INVALID */
export function readStatement(given: JsonObject, act: string): Statement {
  refuseOthers(given, ['database', 'query', 'params', 'maxRows', 'timeoutMs'], act);
  const { query, params } = given;
  if (typeof query !== 'string' || query.trim() === '' || query.length > MOST_STATEMENT)
    throw complain(act, `"query" must be one statement of at most ${MOST_STATEMENT} characters`);
  if (query.includes('\0')) throw complain(act, '"query" must not hold a NUL');
  if (nesting(query) > MOST_NESTING) throw complain(act, `"query" nests deeper than ${MOST_NESTING}`);
  if (params !== undefined && params !== null && !Array.isArray(params) && !isJsonObject(params))
    throw complain(act, '"params" must be a list of values, or an object of them by name');
  const maxRows = countIn(given, 'maxRows', act);
  const timeoutMs = countIn(given, 'timeoutMs', act);
  return {
    database: databaseIn(given, act),
    query,
    ...(params === undefined || params === null
      ? {}
      : { params: params as readonly SqlParameter[] | JsonObject }),
    ...defined({ maxRows, timeoutMs }),
  };
}

/** @throws {SandglassError} INPUT_INVALID */
export function readTableName(given: JsonObject): SqlOperations['sql.table']['args'] {
  refuseOthers(given, ['database', 'table'], 'table');
  const { table } = given;
  if (typeof table !== 'string' || !TABLE.test(table))
    throw complain('table', '"table" must be the name of a table, such as users or public.users');
  return { database: databaseIn(given, 'table'), table };
}

/** @throws {SandglassError} INPUT_INVALID */
export function databaseIn({ database }: JsonObject, act: string): string {
  if (typeof database === 'string' && ENTRY_NAME.test(database)) return database;
  throw complain(act, '"database" must be the name of a database of the grant');
}

/** @throws {SandglassError} INPUT_INVALID */
export function refuseOthers(given: JsonObject, known: readonly string[], act: string): void {
  const unknown = Object.keys(given).find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw complain(
      act,
      `unknown argument ${JSON.stringify(unknown.slice(0, 64))}; known are ${known.join(', ')}`,
    );
}

/** @throws {SandglassError} INPUT_INVALID */
export function countIn(given: JsonObject, name: string, act: string, least = 1): number | undefined {
  const value: JsonValue | undefined = given[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return value;
  throw complain(act, `"${name}" must be a whole number from ${least}`);
}

export const complain = (act: string, reason: string): SandglassError =>
  new SandglassError('INPUT_INVALID', `Cannot call sql.${act}: ${reason}`, {
    details: { reason: 'invalid' },
  });

/** How deep brackets nest: the parser of the database follows each on its stack. */
function nesting(text: string): number {
  let depth = 0;
  let most = 0;
  for (const char of text) {
    if (char === '(' || char === '[') most = Math.max(most, ++depth);
    else if (char === ')' || char === ']') depth -= 1;
  }
  return most;
}
