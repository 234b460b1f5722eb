/** What a statement does, as its parse tree says. */
export type Classified =
  | { readonly kind: 'read' | 'write' }
  /** `what`: how the refusal calls it. */
  | { readonly kind: 'forbidden'; readonly what: string }
  | { readonly kind: 'malformed'; readonly why: string };

/** Statements that only read, unless something in them writes. */
const READING = new Set(['SelectStmt', 'ExplainStmt', 'VariableShowStmt']);

/** Statements that change data or tables. Whatever is in neither list is refused: roles, sessions, functions, files, notifications. */
const WRITING = new Set([
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  'TruncateStmt',
  'CreateStmt',
  'CreateTableAsStmt',
  'CreateSchemaStmt',
  'CreateSeqStmt',
  'CreateEnumStmt',
  'CreateDomainStmt',
  'CompositeTypeStmt',
  'IndexStmt',
  'ViewStmt',
  'AlterTableStmt',
  'AlterSeqStmt',
  'AlterEnumStmt',
  'RenameStmt',
  'CommentStmt',
  'DropStmt',
  'RefreshMatViewStmt',
]);

/** Clauses by which a reading statement writes or locks. */
const WRITING_CLAUSES = new Set(['intoClause', 'IntoClause', 'LockingClause', 'lockingClause']);

const DROPPABLE = new Set(
  ['TABLE', 'INDEX', 'VIEW', 'MATVIEW', 'SEQUENCE', 'SCHEMA', 'TYPE', 'DOMAIN'].map(
    (name) => `OBJECT_${name}`,
  ),
);
/** Who owns a table, what rows others see, and what runs by itself is not for guests. */
const ALTERS_RIGHTS = /Owner|RowSecurity|Trig|Rule|ReplicaIdentity/;

/**
 * Functions by which a role could reach files, other sessions, other servers, or run a text as a statement of its own, and views of what other
 * sessions do. Most are a superuser's anyway: the rights of the role are the boundary, this stands before it.
 */
const FORBIDDEN_FUNCTIONS: readonly RegExp[] = [
  /^pg_(?:read|write|stat)_(?:binary_)?file/,
  /^pg_(?:ls|file|current_logfile|hba|ident|show_all_file)/,
  /^lo_/,
  /^lo(?:read|write|creat)$/,
  /^dblink/,
  /^(?:postgres_fdw|file_fdw)/,
  /^pg_(?:terminate|cancel)_backend$/,
  /^pg_(?:try_)?advisory/,
  /^pg_(?:reload_conf|rotate_logfile|promote|switch_wal|create_restore_point|notify|logical|replication|backup|wal|export_snapshot|stat_get_activity|stat_get_backend|stat_reset|log_backend|import_system|extension_config)/,
  /^pg_(?:start|stop)_backup/,
  /^(?:query|cursor|table|schema|database)_to_xml/,
  /^set_config$/,
  /^ts_(?:stat|rewrite)$/,
  /^(?:xpath_table|crosstab|connectby)/,
  /^(?:pg_stat_statements|heap_page|get_raw_page|bt_|brin_|gin_|hash_page|adminpack)/,
];
const FORBIDDEN_RELATIONS =
  /^pg_(?:stat_activity|stat_statements|stat_ssl|stat_gssapi|stat_replication|stat_progress|authid|shadow|user_mapping|file_settings|hba_file_rules|ident_file_mappings|locks|prepared_xacts|largeobject)/;

/** Nodes that are looked at: more than a statement of the longest text has. */
const MOST_NODES = 2_000_000;

/** @param tree What `libpg-query` makes of a text. */
export function classifyStatement(tree: unknown): Classified {
  const statements = fieldOf(tree, 'stmts');
  if (!Array.isArray(statements) || statements.length === 0)
    return { kind: 'malformed', why: 'there is no statement in it' };
  if (statements.length > 1)
    return {
      kind: 'malformed',
      why: `there are ${statements.length} statements in it, one is done at a time`,
    };
  let writes = false;
  let seen = 0;
  const left: unknown[] = [fieldOf(statements[0], 'stmt')];
  while (left.length > 0) {
    const node = left.pop();
    if (typeof node !== 'object' || node === null) continue;
    if (++seen > MOST_NODES) return { kind: 'malformed', why: 'it is too large' };
    for (const [name, value] of Object.entries(node)) {
      if (name.endsWith('Stmt') && isNode(name)) {
        if (WRITING.has(name)) writes = true;
        else if (!READING.has(name)) return { kind: 'forbidden', what: wordsOf(name) };
      }
      if (WRITING_CLAUSES.has(name) && !isEmpty(value)) writes = true;
      const why = forbidden(name, value);
      if (why !== undefined) return { kind: 'forbidden', what: why };
      left.push(value);
    }
  }
  return { kind: writes ? 'write' : 'read' };
}

/** Names of nodes begin with a capital, those of fields do not. */
const isNode = (name: string): boolean => /^[A-Z]/.test(name);

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || (Array.isArray(value) && value.length === 0);

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;

function forbidden(name: string, value: unknown): string | undefined {
  switch (name) {
    case 'FuncCall': {
      const called = lastName(fieldOf(value, 'funcname'));
      return called !== undefined && FORBIDDEN_FUNCTIONS.some((pattern) => pattern.test(called))
        ? `the function ${called}`
        : undefined;
    }
    case 'RangeVar':
    case 'relation': {
      const relation = fieldOf(value, 'relname');
      return typeof relation === 'string' && FORBIDDEN_RELATIONS.test(relation)
        ? `the table ${relation}`
        : undefined;
    }
    case 'DropStmt': {
      const kind = fieldOf(value, 'removeType');
      return typeof kind === 'string' && DROPPABLE.has(kind)
        ? undefined
        : `DROP ${String(kind).replace('OBJECT_', '')}`;
    }
    case 'AlterTableCmd': {
      const kind = String(fieldOf(value, 'subtype'));
      return ALTERS_RIGHTS.test(kind) ? `ALTER TABLE (${kind.replace('AT_', '')})` : undefined;
    }
    default:
      return undefined;
  }
}

function lastName(parts: unknown): string | undefined {
  if (!Array.isArray(parts)) return undefined;
  const name = fieldOf(fieldOf(parts.at(-1), 'String'), 'sval');
  return typeof name === 'string' ? name.toLowerCase() : undefined;
}

/** `CreateRoleStmt` is told as CREATE ROLE. */
const wordsOf = (node: string): string =>
  node
    .replace(/Stmt$/, '')
    .replace(/(?<=[a-z])(?=[A-Z])/g, ' ')
    .toUpperCase();
