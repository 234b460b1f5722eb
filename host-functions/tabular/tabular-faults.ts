import type { TabularFault, TabularTable } from '../../runtime/contracts/operations/tabular.ts';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import { didYouMean } from '../../runtime/vocabulary/nearest.ts';

const MOST_SAID = 2_000;
const MOST_NAMES = 50;
const OVER = 'over the bytes of an answer: ask for fewer or shorter ones';

export const complain = (said: string): SandglassError => {
  const reason = said.slice(0, MOST_SAID);
  return new SandglassError('INPUT_INVALID', `Cannot query the tables: ${reason}`, { details: { reason } });
};

/** What SQLite said, where in the statement, and which names there are. */
export function faultOf(
  { reason, message, offset }: TabularFault['error'],
  sql: string,
  tables: readonly TabularTable[],
): SandglassError {
  const said =
    reason === 'denied' ? `${message} is not for these tables` : message.replace('over maxBytes', OVER);
  const [, kind, name = ''] = MISSING.exec(message) ?? [];
  const before = offset === undefined ? beforeOnly(name, sql) : beforeByte(offset, sql);
  const place = before === undefined ? '' : ` at ${placeAfter(before)}`;
  return complain(`${said}${place}${kind === undefined ? '' : namesFor(kind, name, tables)}`);
}

const MISSING = /^no such (table|column): (?:[^"]{0,200}\.)?(.{1,200})$/;

const beforeByte = (offset: number, sql: string): string =>
  new TextDecoder().decode(new TextEncoder().encode(sql).subarray(0, offset));

/** SQLite does not say where a table stands that it has not; a name that is there once says it itself. */
function beforeOnly(name: string, sql: string): string | undefined {
  const at = name === '' ? -1 : sql.indexOf(name);
  return at < 0 || sql.includes(name, at + 1) ? undefined : sql.slice(0, at);
}

/** Line and column, from 1. */
function placeAfter(before: string): string {
  const line = before.split('\n').length;
  return `line ${line}, column ${before.length - before.lastIndexOf('\n')}`;
}

function namesFor(kind: string, name: string, tables: readonly TabularTable[]): string {
  const columns = tables.flatMap((table) => table.columns.map((column) => column.name));
  const near = didYouMean(name, kind === 'table' ? tables.map((table) => table.name) : columns);
  const all = tables.map((table) => `${table.name} (${listed(table.columns.map((column) => column.name))})`);
  return `${near === '' ? '.' : near} There are: ${listed(all)}`;
}

const listed = (names: readonly string[]): string =>
  names.length > MOST_NAMES
    ? `${names.slice(0, MOST_NAMES).join(', ')} and ${names.length - MOST_NAMES} more`
    : names.join(', ');
