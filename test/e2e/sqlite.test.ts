import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type Outcome, type Runtime } from '../../runtime/index.ts';
import type { JsonValue } from '../../runtime/vocabulary/json.ts';
import { killWriters } from '../support/sqlite-kill.ts';
import { verifies } from '../support/verifies.ts';

let folder: string;
let runtime: Runtime;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandglass-sqlite-'));
  mkdirSync(join(folder, 'data'));
  writeFileSync(
    join(folder, 'data/text.db'),
    'this is no database, it is a text that is long enough to have a header',
  );
  runtime = createRuntime({
    limits: { timeoutMs: 120_000 },
    sql: {
      memory: { kind: 'sqlite' },
      file: { kind: 'sqlite', file: join(folder, 'data/app.db') },
      text: { kind: 'sqlite', file: join(folder, 'data/text.db') },
    },
  });
});
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

const ask = (
  operation: string,
  args: object,
  access: ('read' | 'write')[] = ['read', 'write'],
  more: object = {},
) =>
  runtime.run({
    language: 'js',
    code: 'await sandglass.call(operation, args)',
    inputs: { operation, args: args as Record<string, JsonValue> },
    grant: { sql: ['memory', 'file', 'text'].map((name) => ({ name, access, ...more })) },
  });
const rows = (outcome: Outcome): unknown =>
  outcome.ok ? (outcome.value as { readonly rows: unknown }).rows : outcome.error;
const codeOf = (outcome: Outcome): string => (outcome.ok ? 'ok' : outcome.error.code);

describe.each(['memory', 'file'])(
  'a database of SQLite in a guest: %s',
  verifies('DB-01', 'DB-02', 'DB-03'),
  (database) => {
    const execute = (query: string, params: readonly JsonValue[] = []) =>
      ask('sql.execute', { database, query, params });
    const query = (
      text: string,
      params: readonly JsonValue[] | Record<string, JsonValue> = [],
      more: object = {},
    ) => ask('sql.query', { database, query: text, params }, ['read'], more);

    test('creates, inserts and selects, with parameters of each kind', async () => {
      expect(
        codeOf(
          await execute('create table people (id integer primary key, name text, data blob, score real)'),
        ),
      ).toBe('ok');
      expect(
        codeOf(
          await execute('insert into people (name, data, score) values (?, ?, ?), ($4, null, 2)', [
            "O'Brien",
            { base64: 'AP8=' },
            1.5,
            '1 OR 1=1',
          ]),
        ),
      ).toBe('ok');
      expect(rows(await query('select * from people order by id'))).toEqual([
        { id: 1, name: "O'Brien", data: { base64: 'AP8=' }, score: 1.5 },
        { id: 2, name: '1 OR 1=1', data: null, score: 2 },
      ]);
      expect(rows(await query('select id from people where name = :name', { name: "O'Brien" }))).toEqual([
        { id: 1 },
      ]);
      expect(rows(await query('select id from people where id = ?', ['1 OR 1=1']))).toEqual([]);
      expect(rows(await query('select 9007199254740993 as n, max(score) as most from people'))).toEqual([
        { n: '9007199254740993', most: 2 },
      ]);
    });

    test('one statement a call; no writing without the right to', async () => {
      expect(codeOf(await query('select 1; select 2'))).toBe('INPUT_INVALID');
      expect(codeOf(await query('select 1 -- and that is all'))).toBe('ok');
      for (const text of [
        'drop table people',
        'with x as (select 1) delete from people where id in (select * from x)',
        'insert into people (name) values (1) returning id',
        'create temp table t (x)',
        'pragma user_version = 7',
      ])
        expect([text, codeOf(await query(text))]).toEqual([text, 'CAPABILITY_DENIED']);
      expect(codeOf(await ask('sql.execute', { database, query: 'delete from people' }, ['read']))).toBe(
        'CAPABILITY_DENIED',
      );
      expect(rows(await query('select count(*) as n from people'))).toEqual([{ n: 2 }]);
    });

    test.each([
      "attach 'other.db' as other",
      "attach '/etc/passwd' as other",
      "vacuum into '/db/copy.db'",
      'begin',
      'savepoint s',
      'pragma writable_schema = 1',
      'pragma journal_mode = wal',
      "pragma temp_store_directory = '/tmp'",
      "select load_extension('x')",
      'create virtual table v using dbstat',
      "insert into sqlite_master (type) values ('x')",
      "update sqlite_schema set sql = 'x'",
    ])('refuses %s', async (text) => {
      expect(codeOf(await execute(text))).not.toBe('ok');
      expect(existsSync(join(folder, 'data/copy.db'))).toBe(false);
    });

    test('an endless query is over its deadline; the next one works, with all that was there', async () => {
      const endless =
        'with recursive n(i) as (values (1) union all select i + 1 from n) select count(*) from n';
      expect(await ask('sql.query', { database, query: endless, timeoutMs: 200 })).toMatchObject({
        error: { code: 'HOST_CALL_FAILED', details: { reason: 'timeout' } },
      });
      const late = await runtime.run({
        language: 'js',
        code: 'await sandglass.call(operation, args)',
        inputs: { operation: 'sql.query', args: { database, query: endless } },
        grant: { sql: [{ name: database, access: ['read'] }] },
        limits: { timeoutMs: 300 },
      });
      expect(codeOf(late)).toBe('DEADLINE_EXCEEDED');
      expect(rows(await query('select count(*) as n from people'))).toEqual([{ n: 2 }]);
    });

    test('the run that asks pays for it, whatever becomes of the statement', async () => {
      const count = (most: number) =>
        `with recursive n(i) as (values (1) union all select i + 1 from n where i < ${most}) select count(*) from n`;
      const paid = async (text: string, fuel: number) => {
        const outcome = await runtime.run({
          language: 'js',
          code: 'try { await sandglass.call("sql.query", args) } catch (error) { error.details.reason }',
          inputs: { args: { database, query: text } },
          grant: { sql: [{ name: database, access: ['read'] }] },
          limits: { fuel, timeoutMs: 120_000 },
        });
        return { ends: outcome.ok ? outcome.value : outcome.error.code, fuel: outcome.usage.fuel ?? 0 };
      };
      const small = await paid(count(1), 1e9);
      const large = await paid(count(10_000), 1e9);
      expect(large.fuel - small.fuel).toBeGreaterThan(10_000_000);
      const stopped = await paid(count(1e9), 200_000_000);
      expect(stopped.fuel).toBeGreaterThan(100_000_000);
      expect(stopped.fuel).toBeLessThan(300_000_000);
      expect(['fuel', 'FUEL_EXHAUSTED']).toContain(stopped.ends);
      // What costs more than a step is thought to is over it, and so is the run.
      expect(
        await paid(`${count(100_000).replace('count(*)', "sum(hex(randomblob(200)) like '%abc%')")}`, 2e8),
      ).toMatchObject({
        ends: 'FUEL_EXHAUSTED',
      });
      expect(rows(await query('select count(*) as n from people'))).toEqual([{ n: 2 }]);
    });

    test('statements at once share what the run has left, and get no multiple of it', async () => {
      const endless =
        'with recursive n(i) as (values (1) union all select i + 1 from n) select count(*) from n';
      const outcome = await runtime.run({
        language: 'js',
        code: `await Promise.all(Array.from({ length: 6 }, () => sandglass.call('sql.query', args).catch(() => 0)))`,
        inputs: { args: { database, query: endless } },
        grant: { sql: [{ name: database, access: ['read'] }] },
        limits: { fuel: 200_000_000, timeoutMs: 120_000 },
      });
      expect(outcome.usage.fuel).toBeLessThan(300_000_000);
    });

    test('rows over maxRows are left out and it says so; bytes over maxBytes are an error', async () => {
      const many =
        'with recursive n(i) as (values (1) union all select i + 1 from n where i < 1000) select i from n';
      const outcome = await query(many, [], { maxRows: 10 });
      expect(outcome.ok && outcome.value).toMatchObject({ rowCount: 10, truncated: true });
      expect(codeOf(await query('select hex(zeroblob(100000)) as x', [], { maxBytes: 20_000 }))).not.toBe(
        'ok',
      );
    });

    test('what the database itself refuses is told in its words', async () => {
      expect(await execute('insert into people (id) values (1)')).toMatchObject({
        ok: false,
        error: {
          code: 'HOST_CALL_FAILED',
          message: expect.stringContaining('UNIQUE constraint failed: people.id'),
        },
      });
      expect(await query('select * from nope')).toMatchObject({
        ok: false,
        error: { code: 'HOST_CALL_FAILED', details: { reason: 'no-table' } },
      });
      expect(codeOf(await query('selec 1'))).toBe('INPUT_INVALID');
      expect(codeOf(await query('select ?', []))).toBe('INPUT_INVALID');
    });

    test('tables, views, indexes and columns', async () => {
      await execute('create view grown as select * from people');
      await execute('create index by_name on people (name)');
      expect(await ask('sql.schema', { database })).toMatchObject({
        ok: true,
        value: {
          tables: [{ name: 'people' }],
          views: [{ name: 'grown' }],
          indexes: [{ name: 'by_name', table: 'people' }],
        },
      });
      expect(await ask('sql.table', { database, table: 'people' })).toMatchObject({
        ok: true,
        value: { rowCount: 2, columns: [{ name: 'id', primaryKey: true }, { name: 'name' }, {}, {}] },
      });
    });
  },
);

describe('a file of SQLite', verifies('DB-01'), () => {
  test('is one writer’s at a time: of writers side by side none is lost', async () => {
    await ask('sql.execute', { database: 'file', query: 'create table counts (n integer)' });
    await ask('sql.execute', { database: 'file', query: 'insert into counts values (0)' });
    const writers = Array.from({ length: 12 }, () =>
      ask('sql.execute', { database: 'file', query: 'update counts set n = n + 1' }),
    );
    expect((await Promise.all(writers)).map(codeOf)).toEqual(Array(12).fill('ok'));
    expect(rows(await ask('sql.query', { database: 'file', query: 'select n from counts' }))).toEqual([
      { n: 12 },
    ]);
  });

  test('that is not there yet is made by the first statement that writes, and a read says so', async () => {
    await using own = createRuntime({ sql: { new: `sqlite:${join(folder, 'new.db')}` } });
    const outcome = await own.run({
      language: 'js',
      code: 'await sandglass.sql.query("new", "select 1")',
      grant: { sql: [{ name: 'new' }] },
      limits: { timeoutMs: 120_000 },
    });
    expect(outcome).toMatchObject({
      error: { details: { reason: 'connect' }, hint: expect.stringContaining('makes the file') },
    });
    expect(existsSync(join(folder, 'new.db'))).toBe(false);
  });

  test('gives its place up to a database in memory', async () => {
    const names = ['one', 'two', 'three', 'four'];
    const files = Object.fromEntries(
      names.map((name) => [name, `sqlite:${join(folder, `${name}-place.db`)}`]),
    );
    await using own = createRuntime({
      sql: { ...files, memory: 'memory:' },
      cells: { maxCells: 2 },
      limits: { timeoutMs: 120_000 },
    });
    for (const database of [...names, 'memory', 'one']) {
      const outcome = await own.run({
        language: 'js',
        code: `await sandglass.call('sql.execute', args)`,
        inputs: { args: { database, query: 'create table if not exists t(a)' } },
        grant: { sql: [{ name: database, access: ['read', 'write'] }] },
      });
      expect([database, outcome.ok || outcome.error]).toEqual([database, true]);
    }
  });

  test('that is none is refused, and stays what it is', async () => {
    expect(codeOf(await ask('sql.execute', { database: 'text', query: 'create table t (x)' }))).toBe(
      'HOST_CALL_FAILED',
    );
  });

  test('loses no committed row when writers are stopped in the middle', async () => {
    const report = await killWriters(12);
    expect(report.faults).toEqual([]);
    expect(report.killed).toBeGreaterThan(6);
    expect(report.halfDone).toBeGreaterThan(0);
  });
});
