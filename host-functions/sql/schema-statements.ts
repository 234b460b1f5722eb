import type { SqlSchema, SqlTable } from '../../runtime/contracts/operations/sql.ts';
import type { JsonObject, JsonValue } from '../../runtime/vocabulary/json.ts';

/** What tells of a database's tables, in its own words. Names are parameters. */
export interface SchemaStatements {
  /** Rows `kind` (table, view), `name`, `columns` (a list, or its JSON). */
  readonly relations: string;
  /** Rows `name`, `on`, `unique`. */
  readonly indexes: string;
  /** Rows `name`, `type`, `nullable`, `default`, `key`, `quoted`: of one table, by its name and that of its schema or null. */
  readonly columns: string;
}

const OWN_SCHEMAS = `n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\\_%'`;
const NAME = `case when n.nspname = 'public' then c.relname else n.nspname || '.' || c.relname end`;

export const POSTGRES_SCHEMA: SchemaStatements = {
  relations: `select case when c.relkind in ('v', 'm') then 'view' else 'table' end as kind, ${NAME} as name,
    (select coalesce(json_agg(a.attname order by a.attnum), '[]') from pg_attribute a
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and ${OWN_SCHEMAS} and has_any_column_privilege(c.oid, 'select') order by 1, 2`,
  indexes: `select i.relname as name, ${NAME} as on, x.indisunique as unique
    from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class c on c.oid = x.indrelid join pg_namespace n on n.oid = c.relnamespace
    where ${OWN_SCHEMAS} and has_any_column_privilege(c.oid, 'select') order by 2, 1`,
  columns: `select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, not a.attnotnull as nullable,
    pg_get_expr(d.adbin, d.adrelid) as default, coalesce(a.attnum = any(k.conkey), false) as key,
    quote_ident(n.nspname) || '.' || quote_ident(c.relname) as quoted
    from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
    left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    left join pg_constraint k on k.conrelid = c.oid and k.contype = 'p'
    where c.relname = $1 and n.nspname = coalesce($2, 'public') and c.relkind in ('r', 'p', 'v', 'm', 'f') and ${OWN_SCHEMAS}
    and a.attnum > 0 and not a.attisdropped order by a.attnum`,
};

export const SQLITE_SCHEMA: SchemaStatements = {
  relations: `select m.type as kind, m.name as name, (select json_group_array(c.name) from pragma_table_info(m.name) c) as columns
    from sqlite_master m where m.type in ('table', 'view') and m.name not like 'sqlite\\_%' escape '\\' order by 1, 2`,
  indexes: `select i.name as name, m.name as "on", i."unique" as "unique" from sqlite_master m join pragma_index_list(m.name) i
    where m.type = 'table' and m.name not like 'sqlite\\_%' escape '\\' order by 2, 1`,
  columns: `select c.name as name, c.type as type, c."notnull" = 0 as nullable, c.dflt_value as "default", c.pk > 0 as key,
    '"' || replace(m.name, '"', '""') || '"' as quoted from sqlite_master m join pragma_table_info(m.name) c
    where m.name = ?1 and ?2 is null and m.type in ('table', 'view') order by c.cid`,
};

const text = (value: JsonValue | undefined): string =>
  typeof value === 'string' ? value : String(value ?? '');

const listOf = (value: JsonValue | undefined): readonly string[] => {
  const list: unknown = typeof value === 'string' ? JSON.parse(value) : value;
  return Array.isArray(list) ? list.map(String) : [];
};

export function schemaOf(relations: readonly JsonObject[], indexes: readonly JsonObject[]): SqlSchema {
  const ofKind = (kind: string): SqlSchema['tables'] =>
    relations
      .filter((row) => row.kind === kind)
      .map(({ name, columns }) => ({ name: text(name), columns: listOf(columns) }));
  return {
    tables: ofKind('table'),
    views: ofKind('view'),
    indexes: indexes.map((row) => ({
      name: text(row.name),
      table: text(row.on),
      unique: isTrue(row.unique),
    })),
  };
}

export const tableOf = (table: string, rows: readonly JsonObject[], rowCount: number): SqlTable => ({
  table,
  columns: rows.map((row) => ({
    name: text(row.name),
    type: text(row.type),
    nullable: isTrue(row.nullable),
    default: row.default === null || row.default === undefined ? null : text(row.default),
    primaryKey: isTrue(row.key),
  })),
  rowCount,
});

const isTrue = (value: JsonValue | undefined): boolean => value === true || value === 1;
