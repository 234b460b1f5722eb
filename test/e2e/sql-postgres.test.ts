import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  createRuntime,
  type Grant,
  mergeGrants,
  type Runtime,
  type RuntimeEvent,
  toJsonForm,
} from '../../runtime/index.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';
import { findPostgres, startPostgres, type TestPostgres } from '../support/postgres.ts';
import { verifies } from '../support/verifies.ts';

/** Whatever an operation answers. */
interface Answer {
  readonly rows?: readonly Record<string, unknown>[];
  readonly documents?: readonly Record<string, unknown>[];
}

const bin = findPostgres();
const told = bin === undefined ? ' (skipped: PostgreSQL is not installed: apt-get install postgresql)' : '';

describe.skipIf(bin === undefined)(`databases of PostgreSQL${told}`, () => {
  let server: TestPostgres;
  let runtime: Runtime;
  const events: RuntimeEvent[] = [];
  const both: Grant = { sql: [{ name: 'sales', access: ['read', 'write'] }] };

  beforeAll(async () => {
    server = await startPostgres(bin ?? '');
    runtime = createRuntime({
      sql: { sales: { kind: 'postgres', connectionString: server.url }, strange: server.strangerUrl },
    });
    runtime.on('host.called', (event) => events.push(event));
  });
  afterAll(async () => {
    await runtime?.close();
    await server?.[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    await run(`await sandglass.call('sql.execute', { database: 'sales', query: 'drop schema public cascade' });
      await sandglass.call('sql.execute', { database: 'sales', query: 'create schema public' });
      await sandglass.call('sql.execute', { database: 'sales', query:
        'create table orders (id int primary key, who text not null, amount numeric(10,2) default 0)' });
      await sandglass.call('sql.execute', { database: 'sales', query:
        'insert into orders select i, $1 || i, i * 1.5 from generate_series(1, 5) i', params: ['user'] });`);
    events.length = 0;
  });

  const run = async (code: string, grant: Grant = both) => {
    const outcome = await runtime.run({ language: 'javascript', code, grant });
    return {
      code: outcome.ok ? 'ok' : outcome.error.code,
      value: outcome.ok && outcome.value !== undefined ? (toJsonForm(outcome.value) as Answer) : undefined,
      error: outcome.ok ? undefined : outcome.error,
      usage: outcome.usage,
    };
  };
  const ask = (operation: string, args: object, grant: Grant = both) =>
    run(
      `await sandglass.call(${JSON.stringify(operation)}, ${JSON.stringify({ database: 'sales', ...args })})`,
      grant,
    );
  const query = (text: string, params?: unknown, more: object = {}) =>
    ask('sql.query', { query: text, ...defined({ params }), ...more });

  test('a query answers its rows with its columns; each call is counted', verifies('DB-02'), async () => {
    const { value, usage } = await query('select id, who from orders where id = ?', [1]);
    expect(value).toEqual({
      columns: [
        { name: 'id', type: 'int4' },
        { name: 'who', type: 'text' },
      ],
      rows: [{ id: 1, who: 'user1' }],
      rowCount: 1,
      truncated: false,
    });
    expect(usage.hostCalls).toEqual({ 'sql.read': 1 });
    expect(usage.ingressBytes).toBeGreaterThan(0);
  });

  test('parameters are bound in each style, never spliced', verifies('DB-03'), async () => {
    const rows = async (text: string, params: unknown) => (await query(text, params)).value?.rows;
    expect(await rows('select id from orders where id::text = ?', ['1 OR 1=1'])).toEqual([]);
    expect(await rows('select $1::text as a, $1::text as b', ["O'Brien"])).toEqual([
      { a: "O'Brien", b: "O'Brien" },
    ]);
    expect(await rows("select %s::text as a, '%s ?' as b", ['x'])).toEqual([{ a: 'x', b: '%s ?' }]);
    expect(await rows('select :a::int + :b::int + :a::int as n', { a: 1, b: 2 })).toEqual([{ n: 4 }]);
    expect(
      await rows(`select ? as a -- ?\n, '?' as b, $$ ? $$ as c, "?" as d from (select 1 as "?") t`, ['x']),
    ).toEqual([{ a: 'x', b: '?', c: ' ? ', d: 1 }]);
    expect(await rows(`select '{"k":1}'::jsonb ? 'k' as has`, undefined)).toEqual([{ has: true }]);
    for (const [text, params] of [
      ['select ?', []],
      ['select ?', [1, 2]],
      ['select $2::int', [1]],
      ['select :a', { b: 1 }],
      ['select 1', { b: 1 }],
    ] as const)
      expect([text, (await query(text, params)).code]).toEqual([text, 'INPUT_INVALID']);
  });

  test('values of every kind have one JSON form', verifies('DB-02'), async () => {
    const { value } =
      await query(`select 9007199254740991::int8 as safe, 9007199254740993::int8 as large, 12.50::numeric as exact,
      0.1000000000000000055511::numeric as long, 0.1::float8 as double, 'NaN'::float8 as nan, true as yes, null as nothing,
      '\\x00ff'::bytea as bytes, '2026-01-02 03:04:05.123456+02'::timestamptz as at, '2026-01-02 03:04:05'::timestamp as local, '2026-01-02'::date as day,
      array[1,null,3] as list, array[['a','b'],['c,d','"e"']] as nested, array['\\x01'::bytea] as many, '{"a":[1,{"b":null}]}'::jsonb as doc, interval '1 day 2 hours' as span,
      'b1b2b3b4-0000-4000-8000-000000000000'::uuid as id, 1 as "__proto__", 1 as x, 2 as x`);
    const row = value?.rows?.[0];
    expect(JSON.parse(JSON.stringify(row))).toEqual(
      JSON.parse(`{"safe":9007199254740991,"large":"9007199254740993","exact":12.5,"long":"0.1000000000000000055511","double":0.1,"nan":"NaN","yes":true,
      "nothing":null,"bytes":{"base64":"AP8="},"at":"2026-01-02T01:04:05.123456Z","local":"2026-01-02T03:04:05","day":"2026-01-02","list":[1,null,3],
      "nested":[["a","b"],["c,d","\\"e\\""]],"many":[{"base64":"AQ=="}],"doc":{"a":[1,{"b":null}]},"span":"P1DT2H",
      "id":"b1b2b3b4-0000-4000-8000-000000000000","__proto__":1,"x":1,"x_2":2}`),
    );
    const bytes = await query('select ? as same, length(?::bytea) as n, ?::jsonb as doc, ?::int[] as list', [
      'x',
      { base64: 'AP8=' },
      { a: [1] },
      [1, 2],
    ]);
    expect(bytes.value?.rows).toEqual([{ same: 'x', n: 2, doc: { a: [1] }, list: [1, 2] }]);
  });

  test(
    'what is granted to read cannot write; the denial names the entry that would, and merges',
    verifies('DB-02', 'DB-06'),
    async () => {
      const reading: Grant = { sql: [{ name: 'sales' }] };
      expect((await ask('sql.query', { query: 'select 1 as one' }, reading)).code).toBe('ok');
      for (const text of [
        'drop table orders',
        'with x as (delete from orders returning *) select * from x',
        'select 1 into t',
        'select * from orders for update',
      ]) {
        const { code, error } = await ask('sql.query', { query: text }, reading);
        expect([text, code, error?.details?.capability]).toEqual([text, 'CAPABILITY_DENIED', 'sql.write']);
        const more = mergeGrants(reading, error?.details?.grant);
        expect(more).toEqual({ sql: [{ name: 'sales', access: ['read', 'write'] }] });
      }
      const asked = await ask('sql.execute', { query: 'delete from orders' }, reading);
      expect([asked.code, asked.error?.details?.grant]).toEqual([
        'CAPABILITY_DENIED',
        { sql: [{ name: 'sales', access: ['read', 'write'] }] },
      ]);
      expect((await ask('sql.query', { query: 'select 1' }, {})).error?.details?.grant).toEqual({
        sql: [{ name: 'sales', access: ['read'] }],
      });
      expect(await server.admin('select 1')).toHaveLength(1);
      expect((await query('select count(*) as n from orders')).value?.rows).toEqual([{ n: 5 }]);
      expect((await query('delete from orders')).error).toMatchObject({ code: 'INPUT_INVALID' });
    },
  );

  test('events name database and statement, without parameters', async () => {
    await query('select id from orders where who = ?', ['hidden-value']);
    const [event] = events.filter(({ kind }) => kind === 'host.called');
    expect(event).toMatchObject({
      operation: 'sql.query',
      capability: 'sql.read',
      resource: { name: 'sales', statement: 'select id from orders where who = ?' },
    });
    expect(JSON.stringify(event)).not.toContain('hidden-value');
  });

  test('rows, bytes and calls are capped while they are read', async () => {
    const most = (extra: object): Grant => ({ sql: [{ name: 'sales', ...extra }] });
    const many = { query: 'select i from generate_series(1, 100000) i' };
    const cut = await ask('sql.query', many, most({ maxRows: 3 }));
    expect(cut.value).toMatchObject({ rows: [{ i: 1 }, { i: 2 }, { i: 3 }], rowCount: 3, truncated: true });
    expect((await ask('sql.query', { ...many, maxRows: 2 }, most({ maxRows: 3 }))).value?.rows).toHaveLength(
      2,
    );
    expect((await ask('sql.query', { query: 'select * from orders', maxRows: 5 })).value).toMatchObject({
      truncated: false,
    });
    expect(
      (await ask('sql.query', { query: "select repeat('x', 200000) as x" }, most({ maxBytes: 1_000 }))).code,
    ).toBe('CAPABILITY_DENIED');
    const large = await ask('sql.query', { query: "select repeat('x', 30000000) as x" });
    expect([large.code, large.error?.details?.reason]).toEqual(['HOST_CALL_FAILED', 'too-large']);
    const calls = await run(
      `const one = () => sandglass.call('sql.query', { database: 'sales', query: 'select 1' }); await one(); await one(); await one()`,
      most({ maxCalls: 2 }),
    );
    expect(calls.code).toBe('HOST_CALLS_EXCEEDED');
  });

  test('tables, views, indexes and columns are listed', verifies('DB-04', 'DB-05'), async () => {
    await ask('sql.execute', { query: 'create view big as select * from orders where amount > 3' });
    await ask('sql.execute', { query: 'create table people (id serial primary key, name text)' });
    expect((await ask('sql.schema', {})).value).toEqual({
      tables: [
        { name: 'orders', columns: ['id', 'who', 'amount'] },
        { name: 'people', columns: ['id', 'name'] },
      ],
      views: [{ name: 'big', columns: ['id', 'who', 'amount'] }],
      indexes: [
        { name: 'orders_pkey', table: 'orders', unique: true },
        { name: 'people_pkey', table: 'people', unique: true },
      ],
    });
    expect((await ask('sql.table', { table: 'orders' })).value).toEqual({
      table: 'orders',
      columns: [
        { name: 'id', type: 'integer', nullable: false, default: null, primaryKey: true },
        { name: 'who', type: 'text', nullable: false, default: null, primaryKey: false },
        { name: 'amount', type: 'numeric(10,2)', nullable: true, default: '0', primaryKey: false },
      ],
      rowCount: 5,
    });
    expect((await ask('sql.table', { table: 'users; DROP' })).code).toBe('INPUT_INVALID');
    expect((await ask('sql.table', { table: 'nobody' })).error).toMatchObject({
      code: 'HOST_CALL_FAILED',
      details: { reason: 'no-table' },
    });
  });

  test('documents are inserted, found, changed, counted and deleted', verifies('DB-07'), async () => {
    const on = { collection: 'people' };
    const empty = await ask('sql.find', on);
    expect(empty.value).toEqual({ documents: [], truncated: false });
    const people = [
      { _id: 'a', name: 'Ann', age: 41, tags: ['x', 'y'], address: { city: 'Oslo' } },
      { _id: 'b', name: 'Bob', age: 30 },
      { _id: 'c', name: "O'Brien", age: null, address: { city: 'Bergen' } },
    ];
    expect((await ask('sql.insert', { ...on, documents: people })).value).toEqual({ ids: ['a', 'b', 'c'] });
    const ids = async (filter: object) =>
      (
        (await ask('sql.find', { ...on, filter })).value?.documents as unknown as
          | { _id: string }[]
          | undefined
      )
        ?.map(({ _id }) => _id)
        .join('');
    for (const [filter, found] of [
      [{ age: { $gt: 30 } }, 'a'],
      [{ age: { $gte: 30, $lt: 41 } }, 'b'],
      [{ age: null }, 'c'],
      [{ age: { $ne: 30 } }, 'ac'],
      [{ name: "O'Brien" }, 'c'],
      [{ tags: 'x' }, 'a'],
      [{ tags: { $in: ['q', 'y'] } }, 'a'],
      [{ name: { $nin: ['Ann', 'Bob'] } }, 'c'],
      [{ 'address.city': 'Oslo' }, 'a'],
      [{ address: { $exists: false } }, 'b'],
      [{ $or: [{ age: 30 }, { 'address.city': { $regex: '^ber', $options: 'i' } }] }, 'bc'],
      [{ $and: [{ age: { $gt: 1 } }, { name: { $not: { $regex: 'nn' } } }] }, 'b'],
      [{ $nor: [{ name: 'Ann' }, { name: 'Bob' }] }, 'c'],
      [{ name: { $gt: 'B', $lt: 'C' } }, 'b'],
      [{}, 'abc'],
    ] as const)
      expect([filter, await ids(filter)]).toEqual([filter, found]);
    const sorted = await ask('sql.find', { ...on, sort: { name: -1 }, limit: 2 });
    expect(sorted.value).toMatchObject({ documents: [{ _id: 'c' }, { _id: 'b' }], truncated: true });
    const update = {
      $set: { 'address.zip': '1', 'new.deep.er': true },
      $inc: { age: 1 },
      $push: { tags: 'z' },
      $unset: { name: true },
    };
    expect((await ask('sql.update', { ...on, filter: { _id: 'a' }, update })).value).toEqual({ matched: 1 });
    expect((await ask('sql.find', { ...on, filter: { _id: 'a' } })).value?.documents).toEqual([
      {
        _id: 'a',
        age: 42,
        tags: ['x', 'y', 'z'],
        address: { city: 'Oslo', zip: '1' },
        new: { deep: { er: true } },
      },
    ]);
    expect((await ask('sql.count', { ...on, filter: { age: { $gt: 0 } } })).value).toEqual({ count: 2 });
    expect((await ask('sql.delete', { ...on, filter: { age: 30 } })).value).toEqual({ deleted: 1 });
    expect((await ask('sql.delete', on)).code).toBe('INPUT_INVALID');
    expect((await ask('sql.insert', { ...on, documents: [{ _id: 'a' }] })).error).toMatchObject({
      details: { reason: 'query', sqlstate: '23505' },
    });
    expect(
      (await ask('sql.insert', { ...on, documents: [{ x: 1 }] }, { sql: [{ name: 'sales' }] })).error?.details
        ?.capability,
    ).toBe('sql.write');
    expect((await ask('sql.find', { collection: 'others' })).value).toEqual({
      documents: [],
      truncated: false,
    });
  });

  test(
    'the server refuses a role without rights as well, and no password is told',
    verifies('DB-06'),
    async () => {
      const grant: Grant = { sql: [{ name: 'strange', access: ['read', 'write'] }] };
      const refused = await ask(
        'sql.query',
        { database: 'strange', query: 'select * from public.orders' },
        grant,
      );
      expect(refused.error).toMatchObject({
        code: 'HOST_CALL_FAILED',
        details: { reason: 'not-permitted', sqlstate: '42501' },
      });
      const away = createRuntime({
        sql: {
          gone: server.url.replace(/:\d+\/app$/, ':1/app'),
          wrong: server.url.replace('/app', '/no_such'),
        },
      });
      for (const name of ['gone', 'wrong']) {
        const outcome = await away.run({
          language: 'javascript',
          code: `await sandglass.call('sql.query', { database: '${name}', query: 'select 1' })`,
          grant: { sql: [{ name }] },
        });
        expect(outcome).toMatchObject({
          ok: false,
          error: { code: 'HOST_CALL_FAILED', details: { reason: 'connect' } },
        });
        expect(JSON.stringify(outcome)).not.toMatch(/s3cret|127\.0\.0\.1/);
      }
      await away.close();
    },
  );

  test('JavaScript and Python have the operations by their names', verifies('DB-02', 'DB-07'), async () => {
    const js = await run(`const { sql } = sandglass;
      await sql.insert('sales', 'c', [{ n: 1 }, { n: 2 }]);
      [(await sql.query('sales', 'select who from orders where id = ?', [2], { maxRows: 1 })).rows,
        (await sql.query({ database: 'sales', query: 'select 1 as one' })).rows,
        (await sql.find('sales', 'c', {}, { sort: { n: -1 }, limit: 1 })).documents.length,
        (await sql.count('sales', 'c')).count, (await sql.table('sales', 'orders')).rowCount]`);
    expect(js.value).toEqual([[{ who: 'user2' }], [{ one: 1 }], 1, 2, 5]);
    const python = await runtime.run({
      language: 'python',
      code: `import asyncio
import sandglass
from sandglass import sql
rows = sql.query("sales", "select who from orders where id = %s", [2], max_rows=1)["rows"]
async def both():
    return await asyncio.gather(sql.query.later("sales", "select 1 as n"), sql.query.later("sales", "select 2 as n"))
found = sql.find("sales", "c", {"n": {"$gt": 0}}, sort={"n": 1}, limit=1)["truncated"]
ns = [answer["rows"][0]["n"] for answer in asyncio.run(both())]
try:
    sql.execute("sales", "do $$ begin end $$")
except PermissionError as error:
    refused = "not for guests" in str(error)
[rows, ns, found, refused]`,
      grant: both,
    });
    expect(python).toMatchObject({ ok: true, value: [[{ who: 'user2' }], [1, 2], true, true] });
  });

  test(
    'the examples of the tools for databases hold, and they are denied what the grant has not',
    verifies('RG-07', 'DB-02', 'DB-04', 'DB-05', 'DB-07'),
    async () => {
      await using tools = createRuntime({
        sql: { main: server.url },
        tools: { builtin: true, confirm: () => true },
      });
      const grant: Grant = { sql: [{ name: 'main', access: ['read', 'write'] }] };
      await ask('sql.execute', { query: 'create table people (name text, age int)' });
      await ask('sql.execute', { query: "insert into people values ('Ann', 41), ('Bob', 30)" });
      const order = [
        'sql_query',
        'sql_execute',
        'sql_schema_info',
        'sql_table_info',
        'docs_insert',
        'docs_find',
        'docs_count',
        'docs_update',
        'docs_delete',
      ];
      const listed = tools.tools.list().filter(({ category }) => category === 'database');
      expect(listed.map(({ name }) => name).toSorted()).toEqual(order.toSorted());
      for (const name of order) {
        const [example] = listed.find((tool) => tool.name === name)?.examples ?? [];
        const outcome = await tools.tools.call(name, example?.input ?? {}, { grant });
        expect([name, outcome.ok ? 'ok' : outcome.error]).toEqual([name, 'ok']);
        if (example?.output !== undefined)
          expect([name, outcome.ok && outcome.value]).toEqual([name, example.output]);
        const denied = await tools.tools.call(name, example?.input ?? {}, { grant: {} });
        expect([name, denied.ok ? 'ok' : denied.error.code]).toEqual([name, 'CAPABILITY_DENIED']);
      }
      const writes = await tools.tools.call(
        'sql_query',
        { database: 'main', query: 'drop table people' },
        { grant },
      );
      expect(writes).toMatchObject({ ok: false, error: { code: 'CAPABILITY_DENIED' } });
      const two = await tools.tools.call(
        'sql_query',
        { database: 'main', query: 'select 1; select 2' },
        { grant },
      );
      expect(two).toMatchObject({ ok: false, error: { code: 'INPUT_INVALID' } });
    },
  );

  test('what a run used is the grant it needed', async () => {
    const outcome = await runtime.run({
      language: 'javascript',
      code: `await sandglass.call('sql.query', { database: 'sales', query: 'select 1' })`,
      grant: { sql: [{ name: 'sales', access: ['read', 'write'], maxRows: 7 }, { name: 'strange' }] },
      observe: true,
    });
    expect(outcome.meta.observed?.grant).toEqual({ sql: [{ name: 'sales', access: ['read'], maxRows: 7 }] });
  });
});

test(
  'a database that is not named, or of another kind, is refused with what there is',
  verifies('DB-06'),
  async () => {
    expect(() => createRuntime({ sql: { a: 'mysql://x:secret@y/z' } })).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED', message: expect.not.stringContaining('secret') }),
    );
    await using runtime = createRuntime({ sql: { a: 'postgresql://x:y@127.0.0.1:1/z' } });
    await expect(
      runtime.run({ language: 'javascript', code: '1', grant: { sql: [{ name: 'b' }] } }),
    ).rejects.toThrow('Cannot read grant.sql[0].name: there is no database "b", there are a');
    expect(() => createRuntime({ policy: { sql: [{ name: 'q' }] } })).toThrow('the runtime has none');
  },
);
