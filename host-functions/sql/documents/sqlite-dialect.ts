import type { JsonValue } from '../../../runtime/vocabulary/json.ts';
import { type Bind, type DocumentDialect, joinConditions, type Leaf, TABLE } from './dialect.ts';
import type { Path } from './filter.ts';

/** `$."a"."b"`; a path holds no quote. */
const pathText = (path: Path, bind: Bind): string => bind(`$${path.map((name) => `."${name}"`).join('')}`);
const json = (value: JsonValue, bind: Bind): string => `json(${bind(JSON.stringify(value))})`;

function leaf(one: Leaf, bind: Bind): string {
  const path = pathText(one.path, bind);
  const type = `json_type(doc, ${path})`;
  const at = `json_extract(doc, ${path})`;
  switch (one.kind) {
    case 'exists':
      return `(${type} is not null)`;
    case 'equals':
      return equals(path, one.value, bind);
    case 'in':
      return one.values.length === 0
        ? 'false'
        : `(${one.values.map((value) => equals(path, value, bind)).join(' or ')})`;
    case 'compare':
      return typeof one.value === 'number'
        ? `coalesce(${type} in ('integer', 'real') and ${at} ${one.by} ${bind(one.value)}, false)`
        : `coalesce(${type} = 'text' and ${at} ${one.by} ${bind(one.value)}, false)`;
    case 'matches':
      return `coalesce(${type} = 'text' and ${at} regexp ${bind(one.anyCase ? `(?i)${one.pattern}` : one.pattern)}, false)`;
  }
}

/** A field that is missing equals null; a list equals each of its elements. */
function equals(path: string, value: JsonValue, bind: Bind): string {
  if (value === null) return `coalesce(json_type(doc, ${path}) = 'null', true)`;
  const type = `json_type(doc, ${path})`;
  if (typeof value === 'object') return `coalesce(json_extract(doc, ${path}) = ${json(value, bind)}, false)`;
  const types =
    typeof value === 'number'
      ? `in ('integer', 'real')`
      : typeof value === 'string'
        ? `= 'text'`
        : `= '${value}'`;
  const wanted = typeof value === 'boolean' ? undefined : bind(value);
  const own = `(${type} ${types}${wanted === undefined ? '' : ` and json_extract(doc, ${path}) = ${wanted}`})`;
  const inside =
    `(${type} = 'array' and exists (select 1 from json_each(doc, ${path}) e where e.type ` +
    `${types}${wanted === undefined ? '' : ` and e.value = ${wanted}`}))`;
  return `coalesce(${own} or ${inside}, false)`;
}

/** Documents of SQLite: JSON texts. */
export const sqliteDialect: DocumentDialect = {
  createTable: `create table if not exists ${TABLE} (collection text not null, id text not null, doc text not null, primary key (collection, id))`,
  insert: (collection, documents) =>
    `insert into ${TABLE} (collection, id, doc) select ${collection}, json_extract(value, '$._id'), value from json_each(${documents})`,
  condition: (one, bind) => joinConditions(one, (part) => leaf(part, bind)),
  sortKey: (path, bind) => `json_extract(doc, ${pathText(path, bind)})`,
  ensureObject: (document, path, bind) => {
    const at = pathText(path, bind);
    return `case when json_type(${document}, ${at}) = 'object' then ${document} else json_set(${document}, ${at}, json('{}')) end`;
  },
  set: (document, path, value, bind) =>
    `json_set(${document}, ${pathText(path, bind)}, ${json(value, bind)})`,
  unset: (document, path, bind) => `json_remove(${document}, ${pathText(path, bind)})`,
  add: (document, path, by, bind) => {
    const at = pathText(path, bind);
    return (
      `json_set(${document}, ${at}, case when json_type(${document}, ${at}) in ('integer', 'real') then ` +
      `json_extract(${document}, ${at}) else 0 end + ${bind(by)})`
    );
  },
  push: (document, path, value, bind) => {
    const at = pathText(path, bind);
    const base = `case when json_type(${document}, ${at}) = 'array' then ${document} else json_set(${document}, ${at}, json('[]')) end`;
    return `json_insert(${base}, ${at} || '[#]', ${json(value, bind)})`;
  },
  forUpdate: '',
  documentText: 'doc',
};
