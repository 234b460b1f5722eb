import type { JsonValue } from '../../../runtime/vocabulary/json.ts';
import { type Bind, type DocumentDialect, joinConditions, type Leaf, TABLE } from './dialect.ts';
import type { Path } from './filter.ts';

const pathText = (path: Path, bind: Bind): string => `${bind([...path])}::text[]`;
const json = (value: JsonValue, bind: Bind): string => `${bind(JSON.stringify(value))}::jsonb`;
const isScalar = (value: JsonValue): boolean => typeof value !== 'object' || value === null;

function leaf(one: Leaf, bind: Bind): string {
  const at = `(doc #> ${pathText(one.path, bind)})`;
  switch (one.kind) {
    case 'exists':
      return `(${at} is not null)`;
    case 'equals':
      return equals(at, one.value, bind);
    case 'in':
      return one.values.length === 0
        ? 'false'
        : `(${one.values.map((value) => equals(at, value, bind)).join(' or ')})`;
    case 'compare':
      return typeof one.value === 'number'
        ? `coalesce(jsonb_typeof(${at}) = 'number' and ${at} ${one.by} ${json(one.value, bind)}, false)`
        : `coalesce(jsonb_typeof(${at}) = 'string' and (${at} #>> '{}') collate "C" ${one.by} ${bind(one.value)}::text, false)`;
    case 'matches':
      return `coalesce(jsonb_typeof(${at}) = 'string' and (${at} #>> '{}') ${one.anyCase ? '~*' : '~'} ${bind(one.pattern)}::text, false)`;
  }
}

/** A field that is missing equals null; a list equals each of its elements. */
function equals(at: string, value: JsonValue, bind: Bind): string {
  if (value === null) return `coalesce(${at} = 'null'::jsonb, true)`;
  const wanted = json(value, bind);
  return isScalar(value)
    ? `coalesce(${at} = ${wanted} or (jsonb_typeof(${at}) = 'array' and ${at} @> ${wanted}), false)`
    : `coalesce(${at} = ${wanted}, false)`;
}

/** Documents of PostgreSQL: `jsonb`. */
export const postgresDialect: DocumentDialect = {
  createTable: `create table if not exists ${TABLE} (collection text not null, id text not null, doc jsonb not null, primary key (collection, id))`,
  insert: (collection, documents) =>
    `insert into ${TABLE} (collection, id, doc) select ${collection}, d ->> '_id', d from jsonb_array_elements(${documents}::jsonb) d`,
  condition: (one, bind) => joinConditions(one, (part) => leaf(part, bind)),
  sortKey: (path, bind) => `(doc #> ${pathText(path, bind)})`,
  ensureObject: (document, path, bind) => {
    const at = pathText(path, bind);
    return `case when jsonb_typeof(${document} #> ${at}) = 'object' then ${document} else jsonb_set(${document}, ${at}, '{}'::jsonb, true) end`;
  },
  set: (document, path, value, bind) =>
    `jsonb_set(${document}, ${pathText(path, bind)}, ${json(value, bind)}, true)`,
  unset: (document, path, bind) => `(${document} #- ${pathText(path, bind)})`,
  add: (document, path, by, bind) => {
    const at = pathText(path, bind);
    const known = `case when jsonb_typeof(${document} #> ${at}) = 'number' then (${document} #>> ${at})::numeric else 0 end`;
    return `jsonb_set(${document}, ${at}, to_jsonb(${known} + ${bind(by)}::numeric), true)`;
  },
  push: (document, path, value, bind) => {
    const at = pathText(path, bind);
    const known = `case when jsonb_typeof(${document} #> ${at}) = 'array' then ${document} #> ${at} else '[]'::jsonb end`;
    return `jsonb_set(${document}, ${at}, ${known} || jsonb_build_array(${json(value, bind)}), true)`;
  },
  forUpdate: ' for update',
  documentText: 'doc',
};
