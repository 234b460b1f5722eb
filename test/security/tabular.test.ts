import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type Runtime } from '../../runtime/index.ts';
import { toldBy } from '../support/tools-runtime.ts';

let runtime: Runtime;
beforeAll(() => {
  runtime = createRuntime({ level: 'minimal', tools: { builtin: true } });
});
afterAll(() => runtime.close());

const PEOPLE = { people: 'id,name\n1,Ann\n2,Bo\n' };
const query = async (sql: string, tables: object = PEOPLE, limits: object = {}) =>
  toldBy(
    await runtime.tools.call(
      'csv_query',
      { sql, tables },
      { retries: 0, limits: { timeoutMs: 120_000, ...limits } },
    ),
  );

describe('SQL of a model over tables', () => {
  test('reaches no file, no other database and no setting', async () => {
    const refused: Record<string, RegExp> = {
      "ATTACH '/tmp/x.db' AS other": /ATTACH is not for these tables/,
      "VACUUM INTO '/tmp/x.db'": /VACUUM/,
      "SELECT readfile('/etc/passwd')": /no such function: readfile/,
      "SELECT writefile('/tmp/x', 'x')": /no such function: writefile/,
      "SELECT load_extension('x')": /no such function: load_extension|not for these tables/,
      'PRAGMA journal_mode = WAL': /PRAGMA journal_mode is not for these tables/,
      'PRAGMA writable_schema = 1': /PRAGMA writable_schema is not for these tables/,
      COMMIT: /transaction/,
      'CREATE VIRTUAL TABLE t USING csv(x)': /virtual table|no such module/,
    };
    for (const [sql, said] of Object.entries(refused))
      expect([sql, (await query(sql)).message]).toEqual([sql, expect.stringMatching(said)]);
  });

  test('changes nothing, neither by a second statement nor for the next call', async () => {
    for (const sql of [
      'DROP TABLE people',
      'DELETE FROM people',
      "INSERT INTO people VALUES (3, 'Cy')",
      "UPDATE people SET name = 'x' RETURNING id",
      'WITH t AS (SELECT 1) DELETE FROM people',
      'CREATE TABLE t AS SELECT 1',
    ])
      expect([sql, (await query(sql)).message]).toEqual([
        sql,
        expect.stringMatching(/only statements that read/),
      ]);
    expect((await query('SELECT 1; DROP TABLE people')).message).toMatch(/more than one statement/);
    expect((await query('SELECT count(*) AS n FROM people')).value).toMatchObject({ rows: [{ n: 2 }] });
  });

  test('names of tables, of columns and values are no SQL', async () => {
    const name = 'x" (y); DROP TABLE people; --';
    const header = `a" TEXT); DROP TABLE people; --,$[0]',b`;
    const tables = { ...PEOPLE, [name]: `${header}\n'); DROP TABLE people; --,2,3\n` };
    const { value } = await query(
      `SELECT * FROM "${name.replaceAll('"', '""')}", (SELECT count(*) AS n FROM people)`,
      tables,
    );
    expect(value).toMatchObject({
      columns: ['a" TEXT); DROP TABLE people; --', "$[0]'", 'b', 'n'],
      rows: [{ 'a" TEXT); DROP TABLE people; --': "'); DROP TABLE people; --", "$[0]'": 2, b: 3, n: 2 }],
    });
    expect((await query('SELECT 1', { sqlite_schema: 'x\n1' })).message).toMatch(/no table can be called/);
  });

  test('ends by the budget of the call', async () => {
    const endless = 'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c';
    const spent = await query(endless, PEOPLE, { fuel: 1_000_000_000 });
    expect([spent.code, (spent.fuel ?? 0) < 2_000_000_000]).toEqual(['FUEL_EXHAUSTED', true]);
    expect((await query(endless, PEOPLE, { timeoutMs: 1_500, fuel: Number.MAX_SAFE_INTEGER })).code).toBe(
      'DEADLINE_EXCEEDED',
    );
    expect((await query('SELECT hex(zeroblob(1000000000))')).code).toBe('MEMORY_EXCEEDED');
    expect((await query('SELECT randomblob(500000000)')).code).toBe('MEMORY_EXCEEDED');
    const doubled = 'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x || x FROM c) SELECT x FROM c';
    expect((await query(doubled)).message).toMatch(/over the bytes of an answer/);
  });

  test('guests ask it without a grant, and only what it takes', async () => {
    const ask = (args: object) =>
      runtime.run({
        language: 'javascript',
        code: `await sandglass.call('tabular.query', args)`,
        inputs: { args: args as never },
        limits: { timeoutMs: 120_000 },
      });
    const table = { name: 't', columns: [{ name: 'n', type: 'INTEGER' }], rows: '[[1],[2]]' };
    expect(await ask({ sql: 'SELECT sum(n) AS s FROM t', tables: [table] })).toMatchObject({
      ok: true,
      value: { columns: ['s'], rows: [{ s: 3 }], truncated: false },
    });
    for (const [args, said] of [
      [
        { sql: 'SELECT 1', tables: [{ ...table, columns: [{ name: 'n', type: 'INT); --' }] }] },
        /a column is/,
      ],
      [{ sql: 'SELECT 1', tables: [{ ...table, rows: '[[1' }] }, /malformed JSON/],
      [{ sql: 'SELECT 1', tables: [{ ...table, columns: [] }] }, /1 to 2000 columns/],
      [{ sql: 'SELECT 1', tables: [{ ...table, name: 'a\0b' }] }, /no table can be called/],
      [{ sql: 1, tables: [] }, /"sql" must be a text/],
      [{ sql: 'SELECT 1', tables: [], path: '/x' }, /unknown argument "path"/],
    ] as const)
      expect(await ask(args)).toMatchObject({
        ok: false,
        error: { code: 'INPUT_INVALID', message: expect.stringMatching(said) },
      });
    await expect(async () =>
      runtime.run({ language: 'javascript', code: '1', grant: { custom: { tabular: true } } }),
    ).rejects.toThrow();
  });
});
