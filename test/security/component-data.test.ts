import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type Grant, type Runtime } from '../../runtime/index.ts';
import { dataGuest } from '../guests/component/build.ts';
import { verifies } from '../support/verifies.ts';

let runtime: Runtime;
let module: Uint8Array<ArrayBuffer>;
beforeAll(async () => {
  module = await dataGuest();
  runtime = createRuntime({ sql: { app: 'memory:', other: 'memory:' }, limits: { timeoutMs: 120_000 } });
}, 300_000);
afterAll(() => runtime.close());

type Call = readonly [of: 'kv' | 'sql' | 'docs', name: string, ...args: readonly (string | number | null)[]];
const ask = async (calls: readonly Call[], grant: Grant = {}): Promise<readonly unknown[]> => {
  const outcome = await runtime.run({ module, invoke: 'invoke', args: [JSON.stringify(calls)], grant });
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.error));
  return JSON.parse(String(outcome.value)) as readonly unknown[]; // as the guest answers
};
const both = ['read', 'write'] as const;
const denied = (capability: string) => ({
  error: {
    code: 'CAPABILITY_DENIED',
    message: expect.stringContaining(capability),
    refusal: expect.any(Number),
  },
});

describe.each(['standard', 'minimal'] as const)(
  'a component with stores and databases: %s',
  verifies('DB-02', 'PM-04'),
  (level) => {
    const at = (calls: readonly Call[], grant: Grant): Promise<readonly unknown[]> =>
      runtime
        .run({ module, invoke: 'invoke', args: [JSON.stringify(calls)], grant, level })
        .then((outcome) => {
          if (!outcome.ok) throw new Error(JSON.stringify(outcome.error));
          return JSON.parse(String(outcome.value)) as readonly unknown[]; // as the guest answers
        });

    test('keeps values as JSON, finds them, and lists keys', async () => {
      expect(
        await at(
          [
            ['kv', 'set', level, 'a', '{"n":[1,null]}', null],
            ['kv', 'set', level, 'b', 'null', 60_000],
            ['kv', 'get', level, 'a'],
            ['kv', 'get', level, 'none'],
            ['kv', 'list', level, null, 'a'],
            ['kv', 'delete', level, 'a'],
            ['kv', 'set', level, 'c', 'no json', null],
          ],
          { kv: [{ name: level, access: both }] },
        ),
      ).toMatchObject([
        0,
        0,
        '{"n":[1,null]}',
        null,
        { keys: ['b'], truncated: false },
        true,
        { error: { code: 'INPUT_INVALID', message: 'Cannot read "value": it is not JSON' } },
      ]);
    });

    test('asks a database, with parameters by place and by name', async () => {
      const table = `t_${level}`;
      const answers = await at(
        [
          ['sql', 'execute', 'app', `create table ${table} (a integer, b text)`, null],
          ['sql', 'execute', 'app', `insert into ${table} values (?, ?)`, '[1, "O\'Brien"]'],
          ['sql', 'query', 'app', `select * from ${table} where b = :name`, '{"name":"O\'Brien"}'],
          ['sql', 'table', 'app', table],
          ['sql', 'query', 'app', 'select 1; select 2', null],
          ['sql', 'query', 'app', 'select ?', '[1'],
        ],
        { sql: [{ name: 'app', access: both }] },
      );
      expect(answers).toMatchObject([
        { rowCount: 0 },
        { rowCount: 1 },
        { rows: [`{"a":1,"b":"O'Brien"}`], columns: [{ name: 'a' }, { name: 'b' }], truncated: false },
        expect.stringContaining('"rowCount":1'),
        { error: { code: 'INPUT_INVALID' } },
        { error: { code: 'INPUT_INVALID', message: 'Cannot read "params": it is not JSON' } },
      ]);
    });
  },
);

test.each(['standard', 'minimal'] as const)(
  'a component keeps documents, at %s',
  verifies('DB-07'),
  async (level) => {
    const calls: readonly Call[] = [
      [
        'docs',
        'insert',
        'app',
        'people',
        JSON.stringify([
          { _id: `a-${level}`, level, age: 20 },
          { _id: `b-${level}`, level, age: 40 },
        ]),
      ],
      ['docs', 'find', 'app', 'people', `{"level":"${level}","age":{"$gt":30}}`, null, null, null],
      ['docs', 'find', 'app', 'people', `{"level":"${level}"}`, '{"age":-1}', 1, 0],
      ['docs', 'update', 'app', 'people', `{"_id":"a-${level}"}`, '{"$set":{"age":21}}'],
      ['docs', 'count', 'app', 'people', `{"level":"${level}","age":21}`],
      ['docs', 'delete', 'app', 'people', `{"level":"${level}"}`],
      ['docs', 'find', 'app', 'people', '{"$where":"1"}', null, null, null],
      ['docs', 'find', 'app', 'people', 'no json', null, null, null],
    ];
    const outcome = await runtime.run({
      module,
      invoke: 'invoke',
      args: [JSON.stringify(calls)],
      grant: { sql: [{ name: 'app', access: both }] },
      level,
    });
    expect(outcome.ok ? JSON.parse(String(outcome.value)) : outcome.error).toMatchObject([
      [`a-${level}`, `b-${level}`],
      { documents: [`{"_id":"b-${level}","level":"${level}","age":40}`], truncated: false },
      { documents: [expect.stringContaining('"age":40')], truncated: true },
      1,
      1,
      2,
      { error: { code: 'INPUT_INVALID' } },
      { error: { code: 'INPUT_INVALID', message: 'Cannot read "filter": it is not JSON' } },
    ]);
  },
);

test('a component reaches no documents that the grant has not, and changes none that it may only read', async () => {
  const calls: readonly Call[] = [
    ['docs', 'find', 'app', 'people', '{}', null, null, null],
    ['docs', 'insert', 'app', 'people', '[{}]'],
    ['docs', 'update', 'app', 'people', '{}', '{"$set":{"a":1}}'],
    ['docs', 'delete', 'app', 'people', '{}'],
  ];
  expect(await ask(calls)).toMatchObject(['sql.read', 'sql.write', 'sql.write', 'sql.write'].map(denied));
  expect(await ask(calls.slice(1), { sql: [{ name: 'app', access: ['read'] }] })).toMatchObject(
    ['sql.write', 'sql.write', 'sql.write'].map(denied),
  );
});

test('a component reaches no store and no database that the grant has not, and only as it says', async () => {
  expect(
    await ask([
      ['kv', 'get', 'standard', 'b'],
      ['kv', 'set', 'standard', 'b', '1', null],
      ['sql', 'query', 'app', 'select 1', null],
      ['sql', 'schema', 'app'],
    ]),
  ).toMatchObject(['kv.read', 'kv.write', 'sql.read', 'sql.read'].map(denied));
  expect(
    await ask(
      [
        ['kv', 'set', 'standard', 'b', '1', null],
        ['kv', 'list', 'minimal', null, null],
        ['sql', 'execute', 'app', 'drop table t_standard', null],
        ['sql', 'query', 'app', 'delete from t_standard', null],
        ['sql', 'query', 'other', 'select 1', null],
        ['kv', 'get', 'standard', 'b'],
      ],
      { kv: [{ name: 'standard', access: ['read'] }], sql: [{ name: 'app', access: ['read'] }] },
    ),
  ).toMatchObject([
    denied('kv.write'),
    denied('kv.read'),
    denied('sql.write'),
    denied('sql.write'),
    denied('sql.read'),
    null, // what is there is null
  ]);
});
