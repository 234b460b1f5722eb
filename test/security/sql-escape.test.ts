import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type Grant, type Runtime } from '../../runtime/index.ts';
import { findPostgres, startPostgres, type TestPostgres } from '../support/postgres.ts';
import { verifies } from '../support/verifies.ts';

/** Whatever an operation answers. */
interface Answer {
  readonly rows?: readonly Record<string, unknown>[];
  readonly documents?: readonly Record<string, unknown>[];
}

const bin = findPostgres();
const told = bin === undefined ? ' (skipped: PostgreSQL is not installed: apt-get install postgresql)' : '';

/** Each is tried to read and to write; none does anything. */
const STACKED = [
  'select 1; drop table kept',
  'select 1; select 2',
  ';;select 1; ;drop table kept;',
  'select 1 /* ; */ ; /* */ drop table kept',
  'select 1 -- \n; drop table kept',
  'select $$;$$; drop table kept',
  "select E'\\'; drop table kept; --'; drop table kept",
  'begin; drop table kept; commit',
  '',
  '   ',
  '-- nothing',
  '/* /* nested */ drop table kept */',
  'select from where',
  'selec 1',
  `select ${'('.repeat(300)}1${')'.repeat(300)}`,
  `select ${'x'.repeat(100_001)}`,
];

/** Statements, functions and tables that no grant allows, whatever the role may do. */
const FORBIDDEN = [
  "copy kept to '/tmp/x'",
  "copy kept from program 'id'",
  'copy kept to stdout',
  "copy (select 1) to program 'sh'",
  'do $$ begin perform pg_sleep(0); end $$',
  'set role app',
  'set session authorization app',
  'reset role',
  'reset all',
  'set statement_timeout = 0',
  'set local transaction_read_only = off',
  'begin',
  'commit',
  'rollback',
  'savepoint a',
  'set transaction read write',
  'listen x',
  'notify x',
  'unlisten *',
  'lock table kept',
  'vacuum',
  'analyze',
  'cluster',
  'checkpoint',
  "load 'x'",
  'prepare p as select 1',
  'execute p',
  'deallocate all',
  'declare c cursor with hold for select 1',
  'fetch all from c',
  'discard all',
  'create role mallory',
  'alter role app superuser',
  'grant all on kept to public',
  'revoke all on kept from app',
  'create database other',
  'drop database app',
  'create extension dblink',
  "create function f() returns int language sql as 'select 1'",
  'create procedure p() language sql as $$ select 1 $$',
  'call p()',
  'create trigger t before insert on kept for each row execute function f()',
  'create rule r as on select to kept do instead select 1',
  'create policy p on kept',
  'alter table kept disable row level security',
  'alter table kept owner to stranger',
  'alter table kept disable trigger all',
  'create server s foreign data wrapper w',
  "security label on table kept is 'x'",
  'alter system set x = 1',
  'drop owned by app',
  'reassign owned by app to stranger',
  'drop function f()',
  'create schema s grant all on kept to public',
  "select pg_read_file('/etc/passwd')",
  "select pg_catalog.pg_read_file('/etc/passwd')",
  "select pg_read_binary_file('/etc/passwd')",
  "select * from pg_ls_dir('/')",
  "select pg_stat_file('/etc/passwd')",
  "select lo_import('/etc/passwd')",
  "select lo_export(1, '/tmp/x')",
  'select lo_create(0)',
  "select dblink('x', 'drop table kept')",
  "select * from dblink_exec('x')",
  'select pg_terminate_backend(1)',
  'select pg_cancel_backend(1)',
  'select pg_reload_conf()',
  "select set_config('role', 'admin', false)",
  "select set_config('transaction_read_only', 'off', true)",
  "select set_config('statement_timeout', '0', true)",
  'select pg_advisory_lock(1)',
  'select pg_try_advisory_xact_lock(1)',
  "select pg_notify('a', 'b')",
  "select query_to_xml('drop table kept', true, true, '')",
  "select query_to_xml('select pg_read_file(''/etc/passwd'')', true, true, '')",
  "select table_to_xml('pg_stat_activity', true, true, '')",
  "select database_to_xml(true, true, '')",
  "select * from ts_stat('select 1')",
  'select query from pg_stat_activity',
  'select * from pg_catalog.pg_stat_activity',
  'select * from (select (select max(query) from pg_stat_activity)) t',
  'select * from pg_authid',
  'select * from pg_locks',
  'with x as (select pg_sleep(0), pg_terminate_backend(1)) select * from x',
  'explain analyze select pg_cancel_backend(1)',
  "select 1 where exists (select from pg_ls_dir('.'))",
  "insert into kept select length(pg_read_file('x'))",
  'SELECT PG_READ_FILE($1)',
  `select "pg_read_file"('x')`,
  `select U&"pg\\005fread\\005ffile"('x')`,
];

/** What only changes something is refused to who may only read. */
const WRITES = [
  'insert into kept values (1)',
  'update kept set n = 0',
  'delete from kept',
  'truncate kept',
  'drop table kept',
  'drop schema public cascade',
  'alter table kept add x int',
  'create table t (x int)',
  'create table t as select 1',
  'create temp table t (x int)',
  'select * into t from kept',
  'create view v as select 1',
  'create index on kept (n)',
  'with x as (delete from kept returning *) select count(*) from x',
  'with x as (insert into kept values (9) returning n), y as (select 1) select * from y',
  'with recursive x as (select 1 union all (with y as (update kept set n = 1 returning n) select n from y)) select * from x',
  'select * from kept for update',
  'select * from (select * from kept for share) t',
  'explain analyze delete from kept',
  'merge into kept using (select 1 as n) s on kept.n = s.n when matched then delete',
  "comment on table kept is 'x'",
  'refresh materialized view m',
  'alter sequence s restart',
  'alter table kept rename to other',
];

describe.skipIf(bin === undefined)(
  `databases of PostgreSQL, attacked${told}`,
  verifies('DB-02', 'DB-03', 'DB-06', 'DB-07'),
  () => {
    let server: TestPostgres;
    let runtime: Runtime;
    beforeAll(async () => {
      server = await startPostgres(bin ?? '');
      runtime = createRuntime({
        sql: {
          app: { kind: 'postgres', connectionString: server.url, maxConnections: 3 },
          super: server.url.replace(/\/\/.*@/, '//admin@'),
        },
      });
      await one('sql.execute', { query: 'create table kept (n int)' });
      await one('sql.execute', { query: 'insert into kept values (42)' });
    });
    afterAll(async () => {
      await runtime?.close();
      await server?.[Symbol.asyncDispose]();
    });

    const all: Grant = {
      sql: [
        { name: 'app', access: ['read', 'write'] },
        { name: 'super', access: ['read', 'write'] },
      ],
    };
    const one = async (operation: string, args: object, grant: Grant = all, limits: object = {}) => {
      const outcome = await runtime.run({
        language: 'javascript',
        code: `await sandglass.call(${JSON.stringify(operation)}, ${JSON.stringify({ database: 'app', ...args })})`,
        grant,
        limits,
      });
      return outcome.ok
        ? { code: 'ok', value: outcome.value as unknown as Answer }
        : { code: outcome.error.code, error: outcome.error };
    };
    /** Many statements in one run: what each ended with. */
    const each = async (
      operation: string,
      queries: readonly string[],
      grant: Grant = all,
      database = 'app',
    ) => {
      const outcome = await runtime.run({
        language: 'javascript',
        code: `const ends = [];
        for (const query of queries) {
          try { await sandglass.call(operation, { database, query }); ends.push([query, 'ok']) }
          catch (error) { ends.push([query, error.code]) }
        }
        ends`,
        inputs: { queries, operation, database },
        grant,
        limits: { timeoutMs: 60_000 },
      });
      if (!outcome.ok) throw new Error(outcome.error.message);
      return outcome.value as unknown as readonly (readonly [string, string])[];
    };
    const rest = async () =>
      (await one('sql.query', { query: 'select array_agg(n) as kept from kept' })).value?.rows;
    const queriesLeft = (): Promise<readonly Record<string, unknown>[]> =>
      server.admin(`select query from pg_stat_activity where usename = 'app' and state <> 'idle'`);

    test.each(['sql.query', 'sql.execute'])('%s does one statement, or none', async (operation) => {
      expect((await each(operation, STACKED)).filter(([, code]) => code !== 'INPUT_INVALID')).toEqual([]);
      expect(await rest()).toEqual([{ kept: [42] }]);
    });

    test.each(['app', 'super'])(
      'what is not for guests is refused whatever the role may do: %s',
      async (database) => {
        for (const operation of ['sql.query', 'sql.execute']) {
          const ends = await each(operation, FORBIDDEN, all, database);
          expect(ends.filter(([, code]) => code !== 'CAPABILITY_DENIED')).toEqual([]);
        }
        expect(await rest()).toEqual([{ kept: [42] }]);
      },
    );

    test('what may only read changes nothing, by whatever statement', async () => {
      const ends = await each('sql.query', WRITES, { sql: [{ name: 'app' }] });
      expect(ends.filter(([, code]) => code !== 'CAPABILITY_DENIED')).toEqual([]);
      expect(await rest()).toEqual([{ kept: [42] }]);
    });

    test('a function that writes is stopped by the transaction, which reads only', async () => {
      await server.admin('select 1');
      const made = await each('sql.execute', ["create function f() returns int language sql as 'select 1'"]);
      expect(made[0]?.[1]).toBe('CAPABILITY_DENIED');
      const ended = await one(
        'sql.query',
        { query: "select nextval('kept_seq')" },
        { sql: [{ name: 'app' }] },
      );
      expect(ended.code).toBe('HOST_CALL_FAILED');
      await one('sql.execute', { query: 'create sequence kept_seq' });
      const sequence = await one(
        'sql.query',
        { query: "select nextval('kept_seq')" },
        { sql: [{ name: 'app' }] },
      );
      expect(sequence).toMatchObject({
        code: 'CAPABILITY_DENIED',
        error: { details: { capability: 'sql.write' } },
      });
    });

    test('a statement is cancelled at the server: at its own limit, at the deadline, and when its run is cancelled', async () => {
      // A run ends before the server has taken its word: it would sleep for ten minutes.
      const noneLeft = () => expect.poll(queriesLeft, { timeout: 30_000 }).toEqual([]);
      const sleeping = { query: 'select pg_sleep(600)' };
      const own = await one('sql.query', sleeping, { sql: [{ name: 'app', timeoutMs: 50 }] });
      expect(own.error).toMatchObject({ code: 'HOST_CALL_FAILED', details: { reason: 'timeout' } });
      expect((await one('sql.query', sleeping, all, { timeoutMs: 300 })).code).toBe('DEADLINE_EXCEEDED');
      await noneLeft(); // or the next one would be taken for it
      const handle = runtime.start({
        language: 'javascript',
        code: `await sandglass.call('sql.query', { database: 'app', query: 'select pg_sleep(600)' })`,
        grant: all,
      });
      while ((await queriesLeft()).length === 0) await new Promise((resolve) => setImmediate(resolve));
      handle.cancel();
      expect((await handle.outcome).ok).toBe(false);
      await noneLeft();
      const loop = await one(
        'sql.query',
        { query: 'with recursive x(n) as (select 1 union all select n + 1 from x) select count(*) from x' },
        { sql: [{ name: 'app', timeoutMs: 100 }] },
      );
      expect(loop.error).toMatchObject({ details: { reason: 'timeout' } });
      await noneLeft();
    });

    test('nothing of a session goes on to the next run', async () => {
      await one('sql.execute', { query: 'create temp table left_over (n int)' });
      const found = await one('sql.query', {
        query: "select count(*) as n from pg_class where relname = 'left_over'",
      });
      expect(found.value?.rows).toEqual([{ n: 0 }]);
    });

    test('a flood of statements takes no more connections than there may be', async () => {
      const flood = (): Promise<unknown> =>
        runtime.run({
          language: 'javascript',
          code: `await Promise.allSettled(Array.from({ length: 50 }, () => sandglass.call('sql.query', { database: 'app', query: 'select pg_sleep(0.01)' })))`,
          grant: all,
        });
      let most = 0;
      let over = false;
      const watching = (async () => {
        while (!over) {
          const [row] = await server.admin(
            `select count(*)::int as n from pg_stat_activity where usename = 'app'`,
          );
          most = Math.max(most, Number(row?.n));
        }
      })();
      await Promise.all([flood(), flood(), flood()]);
      over = true;
      await watching;
      expect(most).toBeLessThanOrEqual(3);
      expect(await queriesLeft()).toEqual([]);
    });

    test('huge rows and many rows end the connection, not the host', async () => {
      const before = process.memoryUsage().rss;
      for (const query of [
        "select repeat('x', 60000000) as x",
        "select repeat('x', 1000) as x from generate_series(1, 60000)",
      ]) {
        const ended = await one('sql.query', { query }, { sql: [{ name: 'app', maxRows: 1_000_000 }] });
        expect(ended.error).toMatchObject({ code: 'HOST_CALL_FAILED', details: { reason: 'too-large' } });
      }
      expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000);
      expect(await rest()).toEqual([{ kept: [42] }]);
    });

    test('names and filters of documents are data', async () => {
      const bad = [
        { collection: 'x"; drop table kept; --' },
        { collection: "x' or '1'='1" },
        { collection: '' },
        { collection: 'c', filter: { $where: 'return true' } },
        { collection: 'c', filter: { a: { $function: {} } } },
        { collection: 'c', filter: { $expr: {} } },
        { collection: 'c', filter: { "a') or true --": 1, 'b"': 2 } },
        { collection: 'c', filter: { 'a.$ne': 1 } },
        { collection: 'c', filter: { a: { $regex: 'x'.repeat(257) } } },
        { collection: 'c', filter: { a: { $regex: '(a)\\1' } } },
        { collection: 'c', filter: { a: { $in: Array.from({ length: 1_001 }, () => 1) } } },
        { collection: 'c', filter: { $or: Array.from({ length: 300 }, () => ({ a: 1 })) } },
        { collection: 'c', filter: JSON.parse(`${'{"$and":[{"b":1},'.repeat(20)}{"a":1}${']}'.repeat(20)}`) },
        { collection: 'c', sort: { a: 'asc; drop table kept' } },
        { collection: 'c', limit: -1 },
        { collection: 'c', limit: '1; drop table kept' },
      ];
      for (const args of bad)
        expect([args, (await one('sql.find', args)).code]).toEqual([args, 'INPUT_INVALID']);
      await one('sql.insert', {
        collection: 'c',
        documents: [{ "a' or true --": "x'; drop table kept; --", __proto__: null }],
      });
      const found = await one('sql.find', {
        collection: 'c',
        filter: { "a' or true --": "x'; drop table kept; --" },
      });
      expect(found.value?.documents).toHaveLength(1);
      expect(
        (await one('sql.find', { collection: 'c', filter: { "a' or true --": "' or true --" } })).value
          ?.documents,
      ).toEqual([]);
      expect(await rest()).toEqual([{ kept: [42] }]);
    });
  },
);
