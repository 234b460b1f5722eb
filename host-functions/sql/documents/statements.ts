import type { SqlParameter, SqlStatement } from '../../../runtime/contracts/operations/sql.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../runtime/vocabulary/json.ts';
import { type Bind, type DocumentDialect, TABLE } from './dialect.ts';
import { BadDocument, type Path, parseFilter, readPath } from './filter.ts';

/** Statements over one collection: its name, like all else of a guest, is a parameter. */
export interface Documents {
  insert(documents: readonly JsonObject[]): SqlStatement;
  find(filter: JsonObject, order: JsonObject, limit: number, skip: number): SqlStatement;
  count(filter: JsonObject): SqlStatement;
  update(filter: JsonObject, update: JsonObject): SqlStatement;
  remove(filter: JsonObject): SqlStatement;
}

const MOST_CHANGES = 100;

export function documentsOf(collection: string, dialect: DocumentDialect, mark: '$' | '?'): Documents {
  /** Writes a statement; equal parameters are bound once each time they stand in it. */
  const write = (build: (bind: Bind, mine: string) => string): SqlStatement => {
    const params: SqlParameter[] = [];
    const bind: Bind = (value) => `${mark}${params.push(value)}`;
    const name = bind(collection);
    const text = build(bind, name);
    return { text, params };
  };
  const chosen = (filter: JsonObject, bind: Bind, mine: string): string =>
    `collection = ${mine} and ${dialect.condition(parseFilter(filter), bind)}`;
  return {
    insert: (documents) => write((bind, mine) => dialect.insert(mine, bind(JSON.stringify(documents)))),
    find: (filter, order, limit, skip) =>
      write((bind, mine) => {
        const keys = Object.entries(order).map(
          ([name, way]) => `${dialect.sortKey(readPath(name), bind)} ${direction(way)}`,
        );
        return `select doc from ${TABLE} where ${chosen(filter, bind, mine)} order by ${[...keys, 'id'].join(', ')} limit ${limit} offset ${skip}`;
      }),
    count: (filter) =>
      write((bind, mine) => `select count(*) as count from ${TABLE} where ${chosen(filter, bind, mine)}`),
    update: (filter, update) =>
      write((bind, mine) => {
        const steps = changesOf(update).flatMap((change) => stepsOf(change, dialect, bind));
        const tables = steps.map(
          (step, index) => `s${index + 1} as (select id, ${step} as d from s${index})`,
        );
        return (
          `with s0 as (select id, doc as d from ${TABLE} where ` +
          `${chosen(filter, bind, mine)}${dialect.forUpdate}), ${tables.join(', ')} update ${TABLE} set ` +
          `doc = s${steps.length}.d from s${steps.length} where ${TABLE}.collection = ${mine} and ` +
          `${TABLE}.id = s${steps.length}.id`
        );
      }),
    remove: (filter) => write((bind, mine) => `delete from ${TABLE} where ${chosen(filter, bind, mine)}`),
  };
}

function direction(way: JsonValue): 'asc' | 'desc' {
  if (way === 1) return 'asc';
  if (way === -1) return 'desc';
  throw new BadDocument('a sort is 1 for ascending or -1 for descending, by path');
}

interface Change {
  readonly kind: '$set' | '$unset' | '$inc' | '$push';
  readonly path: Path;
  readonly value: JsonValue;
}

/** @throws {BadDocument} */
function changesOf(update: JsonObject): readonly Change[] {
  const changes = Object.entries(update).flatMap(([kind, fields]) => {
    if (kind !== '$set' && kind !== '$unset' && kind !== '$inc' && kind !== '$push')
      throw new BadDocument(
        `an update is made of $set, $unset, $inc and $push, not ${JSON.stringify(kind.slice(0, 40))}`,
      );
    if (!isJsonObject(fields)) throw new BadDocument(`${kind} takes fields by their paths`);
    return Object.entries(fields).map(([name, value]): Change => {
      if (kind === '$inc' && typeof value !== 'number') throw new BadDocument('$inc takes numbers');
      const path = readPath(name);
      if (path[0] === '_id') throw new BadDocument('_id of a document does not change');
      return { kind, path, value };
    });
  });
  if (changes.length === 0) throw new BadDocument('the update changes nothing');
  if (changes.length > MOST_CHANGES)
    throw new BadDocument(`an update changes at most ${MOST_CHANGES} fields`);
  return changes;
}

/** One after the other: each goes on with the document of the last. */
function stepsOf({ kind, path, value }: Change, dialect: DocumentDialect, bind: Bind): readonly string[] {
  if (kind === '$unset') return [dialect.unset('d', path, bind)];
  const holders = path
    .slice(0, -1)
    .map((_, index) => dialect.ensureObject('d', path.slice(0, index + 1), bind));
  if (kind === '$inc') return [...holders, dialect.add('d', path, value as number, bind)]; // changesOf has looked
  return [
    ...holders,
    kind === '$set' ? dialect.set('d', path, value, bind) : dialect.push('d', path, value, bind),
  ];
}
