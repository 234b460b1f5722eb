import type {
  SqlBounds,
  SqlDone,
  SqlRefusal,
  SqlStatement,
} from '../../../runtime/contracts/operations/sql.ts';
import { others } from '../../../runtime/vocabulary/in-slices.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../runtime/vocabulary/json.ts';
import { parseJson } from '../../../runtime/vocabulary/json-read.ts';
import { complain } from '../sql-args.ts';
import type { DocumentDialect } from './dialect.ts';
import { boundsIn, documentsIn, filterIn, objectIn, readCall } from './documents-args.ts';
import { BadDocument } from './filter.ts';
import { postgresDialect } from './postgres-dialect.ts';
import { sqliteDialect } from './sqlite-dialect.ts';
import { type Documents, documentsOf } from './statements.ts';

/** Characters of documents that are read in one turn: some milliseconds. */
const TURN = 262_144;

/** What the service lends: one database of the grant, one call spent on it. */
export interface DocumentStore {
  readonly dialect: 'postgres' | 'sqlite';
  readonly regex: boolean;
  readonly maxRows: number;
  run(statement: SqlStatement, bounds: Pick<SqlBounds, 'access' | 'maxRows'>): Promise<SqlDone | SqlRefusal>;
  /** Makes the error of a refusal. */
  fail(refusal: SqlRefusal): Error;
}

export type DocumentOperation = 'insert' | 'find' | 'count' | 'update' | 'delete';

const ARGUMENTS: Readonly<Record<DocumentOperation, readonly string[]>> = {
  insert: ['documents'],
  find: ['filter', 'sort', 'limit', 'skip'],
  count: ['filter'],
  update: ['filter', 'update'],
  delete: ['filter'],
};

/** @throws {SandglassError} INPUT_INVALID, or what `store` makes of a refusal. */
export async function callDocuments(
  act: DocumentOperation,
  args: JsonObject,
  open: (database: string) => DocumentStore,
): Promise<JsonValue> {
  const { database, collection } = readCall(args, act, ARGUMENTS[act]);
  const store = open(database);
  const dialect = store.dialect === 'postgres' ? postgresDialect : sqliteDialect;
  const documents = documentsOf(collection, dialect, store.dialect === 'postgres' ? '$' : '?');
  try {
    return await OPERATIONS[act]({ args, store, dialect, documents });
  } catch (error) {
    if (error instanceof BadDocument) throw complain(act, error.message);
    throw error;
  }
}

interface Call {
  readonly args: JsonObject;
  readonly store: DocumentStore;
  readonly dialect: DocumentDialect;
  readonly documents: Documents;
}

const OPERATIONS: Readonly<Record<DocumentOperation, (call: Call) => Promise<JsonValue>>> = {
  insert: async ({ args, store, dialect, documents }) => {
    const given = documentsIn(args);
    const statement = documents.insert(given);
    let done = await store.run(statement, { access: 'write', maxRows: 1 });
    if (!done.ok && done.reason === 'no-table') {
      // Two runs may make it at once: then one of them is told that it is there, and goes on.
      await store.run({ text: dialect.createTable, params: [] }, { access: 'write', maxRows: 1 });
      done = await store.run(statement, { access: 'write', maxRows: 1 });
    }
    if (!done.ok) throw store.fail(done);
    return { ids: given.map(({ _id }) => _id) };
  },
  find: async ({ args, store, documents }) => {
    const filter = checkRegex(filterIn(args, 'find', false), store);
    const { limit, skip } = boundsIn(args);
    const most = Math.min(limit ?? store.maxRows, store.maxRows);
    const done = await store.run(documents.find(filter, objectIn(args, 'sort', 'find'), most + 1, skip), {
      access: 'read',
      maxRows: most,
    });
    if (!done.ok) return orNothing(done, store, { documents: [], truncated: false });
    const found: JsonValue[] = [];
    let read = 0;
    for (const { doc = null } of done.rows) {
      found.push(await documentOf(doc));
      read += typeof doc === 'string' ? doc.length : 0;
      if (read < TURN) continue;
      read = 0;
      await others();
    }
    return { documents: found, truncated: done.truncated };
  },
  count: async ({ args, store, documents }) => {
    const done = await store.run(documents.count(checkRegex(filterIn(args, 'count', false), store)), {
      access: 'read',
      maxRows: 1,
    });
    if (!done.ok) return orNothing(done, store, { count: 0 });
    return { count: Number(done.rows[0]?.count ?? 0) };
  },
  update: async ({ args, store, documents }) => {
    const filter = checkRegex(filterIn(args, 'update', true), store);
    const statement = documents.update(filter, objectIn(args, 'update', 'update'));
    const done = await store.run(statement, { access: 'write', maxRows: 1 });
    return done.ok ? { matched: done.rowCount } : orNothing(done, store, { matched: 0 });
  },
  delete: async ({ args, store, documents }) => {
    const statement = documents.remove(checkRegex(filterIn(args, 'delete', true), store));
    const done = await store.run(statement, { access: 'write', maxRows: 1 });
    return done.ok ? { deleted: done.rowCount } : orNothing(done, store, { deleted: 0 });
  },
};

/** There is no table before the first document. */
function orNothing(refusal: SqlRefusal, store: DocumentStore, nothing: JsonValue): JsonValue {
  if (refusal.reason === 'no-table') return nothing;
  throw store.fail(refusal);
}

async function documentOf(value: JsonValue): Promise<JsonValue> {
  if (typeof value !== 'string') return value;
  const parsed = await parseJson(value); // SQLite holds it as the text that was made here
  return isJsonObject(parsed) ? parsed : value;
}

/** @throws {SandglassError} INPUT_INVALID where the database has no patterns. */
function checkRegex(filter: JsonObject, { regex, dialect }: DocumentStore): JsonObject {
  if (!regex && JSON.stringify(filter).includes('"$regex"'))
    throw new BadDocument(`${dialect} has no $regex here; use $in, or $gte and $lt for a beginning`);
  return filter;
}
