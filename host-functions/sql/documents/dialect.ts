import type { SqlParameter } from '../../../runtime/contracts/operations/sql.ts';
import type { JsonValue } from '../../../runtime/vocabulary/json.ts';
import type { Condition, Path } from './filter.ts';

/** Collects parameters; answers the placeholder of each. */
export type Bind = (value: SqlParameter) => string;

/** How documents are written in one database. Everything that comes of a guest is bound: no text of it is in a statement. */
export interface DocumentDialect {
  readonly createTable: string;
  /** Rows of a list of documents in one parameter. */
  insert(collection: string, documents: string): string;
  condition(one: Condition, bind: Bind): string;
  sortKey(path: Path, bind: Bind): string;
  /** The document with a field set; holders that are missing, or are not objects, become objects. */
  ensureObject(document: string, path: Path, bind: Bind): string;
  set(document: string, path: Path, value: JsonValue, bind: Bind): string;
  unset(document: string, path: Path, bind: Bind): string;
  add(document: string, path: Path, by: number, bind: Bind): string;
  push(document: string, path: Path, value: JsonValue, bind: Bind): string;
  /** Locks the rows that an update has chosen. */
  readonly forUpdate: string;
  readonly documentText: string;
}

export const TABLE = 'sandglass_docs';

/** Joins what holds for both databases; `leaf` writes what differs. */
export function joinConditions(one: Condition, leaf: (one: Leaf) => string): string {
  switch (one.kind) {
    case 'and':
      return one.of.length === 0
        ? 'true'
        : `(${one.of.map((part) => joinConditions(part, leaf)).join(' and ')})`;
    case 'or':
      return `(${one.of.map((part) => joinConditions(part, leaf)).join(' or ')})`;
    case 'not':
      return `(not ${joinConditions(one.of, leaf)})`;
    default:
      return leaf(one);
  }
}

export type Leaf = Exclude<Condition, { readonly kind: 'and' | 'or' | 'not' }>;
