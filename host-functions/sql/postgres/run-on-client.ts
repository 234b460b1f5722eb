import type { PoolClient } from 'pg';
import type {
  SqlBounds,
  SqlColumn,
  SqlDone,
  SqlRefusal,
  SqlStatement,
} from '../../../runtime/contracts/operations/sql.ts';
import { inSlices } from '../../../runtime/vocabulary/in-slices.ts';
import { recordsOf } from '../../../runtime/vocabulary/records.ts';
import { requestCancel } from './cancel-request.ts';
import type { PostgresPackages } from './load-packages.ts';
import { refusalOf } from './pg-refusals.ts';
import { slicesOf, toBound, toJson, typeName, weightOf } from './pg-values.ts';
import { watchSocket } from './watch-socket.ts';

/** Rows that are asked for at once. */
const BATCH = 256;
/** How long a server may take to say that it has cancelled, ms; then its connection is cut. */
const GRACE_MS = 2_000;

/** One statement in a transaction of its own on a connection that is given back afterwards, clean, or ended. */
export async function runOnClient(
  client: PoolClient,
  packages: PostgresPackages,
  statement: SqlStatement,
  bounds: SqlBounds,
  secrets: readonly string[],
): Promise<SqlDone | SqlRefusal> {
  const { signal, timeoutMs, maxBytes } = bounds;
  const watched = watchSocket(client, maxBytes);
  let cut = false;
  let late: NodeJS.Timeout | undefined;
  const stop = (): void => {
    requestCancel(client);
    late ??= setTimeout(() => {
      cut = true;
      watched.destroy();
    }, GRACE_MS);
  };
  const deadline = setTimeout(stop, timeoutMs + GRACE_MS); // the server was told the same: this is for one that does not answer
  signal.addEventListener('abort', stop, { once: true });
  const ignore = (): void => undefined;
  client.on('error', ignore); // what breaks the connection also rejects what goes on over it
  let clean = false;
  try {
    if (signal.aborted) return { ok: false, reason: 'timeout', message: 'the run has ended' };
    await client.query(opening(bounds));
    const done = await read(client, packages, statement, bounds, watched.bytes);
    if (signal.aborted) return { ok: false, reason: 'timeout', message: 'the run has ended' };
    await client.query(bounds.access === 'write' ? 'COMMIT' : 'ROLLBACK');
    clean = true;
    return done;
  } catch (error) {
    if (watched.overflowed()) return tooLarge(maxBytes);
    if (cut) return { ok: false, reason: 'timeout', message: 'it took too long and was cut off' };
    clean = await client.query('ROLLBACK').then(
      () => true,
      () => false, // the connection is broken, and is not kept
    );
    return refusalOf(error, secrets);
  } finally {
    clearTimeout(deadline);
    clearTimeout(late);
    signal.removeEventListener('abort', stop);
    watched.end();
    giveBack(client, clean && !cut && !signal.aborted, ignore);
  }
}

/** What an earlier statement changed of the session is nobody's afterwards: settings, locks, temporary tables, listeners. */
function giveBack(client: PoolClient, clean: boolean, ignore: () => void): void {
  const release = (keep: boolean): void => {
    client.off('error', ignore);
    client.release(!keep);
  };
  if (!clean) {
    release(false);
    return;
  }
  client.query('DISCARD ALL').then(
    () => release(true),
    () => release(false),
  );
}

/** Whatever the role or the server has set: how texts are read, how values are written, and how long it may take. */
const opening = ({ access, timeoutMs }: SqlBounds): string =>
  [
    `BEGIN ${access === 'write' ? 'READ WRITE' : 'READ ONLY'}`,
    'SET LOCAL standard_conforming_strings = on',
    "SET LOCAL datestyle = 'ISO, YMD'",
    "SET LOCAL intervalstyle = 'iso_8601'",
    "SET LOCAL timezone = 'UTC'",
    "SET LOCAL bytea_output = 'hex'",
    'SET LOCAL extra_float_digits = 1',
    `SET LOCAL statement_timeout = ${timeoutMs}`,
    `SET LOCAL idle_in_transaction_session_timeout = ${timeoutMs + GRACE_MS}`,
  ].join(';');

type Row = readonly (string | null)[];

async function read(
  client: PoolClient,
  { Cursor }: PostgresPackages,
  { text, params }: SqlStatement,
  { maxRows }: SqlBounds,
  bytes: () => number,
): Promise<SqlDone> {
  const cursor = client.query(
    new Cursor<Row>(text, params.map(toBound), {
      rowMode: 'array',
      types: { getTypeParser: () => (value: string) => value } as never, // texts as they come; they are read below, by their columns
    }),
  );
  const rows: Row[] = [];
  let answer: Answer | undefined;
  for (;;) {
    const batch = Math.min(BATCH, maxRows + 1 - rows.length);
    answer = await readBatch(cursor, batch);
    rows.push(...answer.rows);
    if (answer.rows.length < batch || rows.length > maxRows) break;
  }
  await cursor.close();
  const truncated = rows.length > maxRows;
  if (truncated) rows.length = maxRows;
  const { fields } = answer;
  const columns = columnsOf(fields);
  const names = columns.map(({ name }) => name);
  const typeOf = (index: number): number => fields[index]?.dataTypeID ?? 25;
  const records = recordsOf(names, rows, (value, index) => toJson(typeOf(index), value), {
    slices: (value, index) => slicesOf(typeOf(index), value),
    weigh: weightOf,
  });
  return {
    ok: true,
    columns,
    rows: await inSlices(records),
    rowCount: fields.length > 0 ? rows.length : answer.count,
    truncated,
    bytes: bytes(),
  };
}

interface Answer {
  readonly rows: readonly Row[];
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
  readonly count: number;
}

const readBatch = (cursor: InstanceType<PostgresPackages['Cursor']>, most: number): Promise<Answer> =>
  new Promise((resolve, reject) => {
    cursor.read(most, (error, rows, result) => {
      if (error) reject(error);
      else
        resolve({ rows: rows as readonly Row[], fields: result?.fields ?? [], count: result?.rowCount ?? 0 });
    });
  });

/** Columns of one name are told apart: an object has a field once. */
function columnsOf(fields: Answer['fields']): readonly SqlColumn[] {
  const seen = new Set<string>();
  return fields.map(({ name, dataTypeID }) => {
    let own = name;
    for (let count = 2; seen.has(own); count += 1) own = `${name}_${count}`;
    seen.add(own);
    return { name: own, type: typeName(dataTypeID) };
  });
}

const tooLarge = (maxBytes: number): SqlRefusal => ({
  ok: false,
  reason: 'too-large',
  message: `its answer is over ${maxBytes} bytes`,
  hint: 'Ask for fewer rows or columns, with LIMIT or maxRows',
});
