import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type Grant, type Runtime } from '../../runtime/index.ts';
import { startServer, type TestServer } from '../support/http-harness.ts';
import { toldBy } from '../support/tools-runtime.ts';
import { verifies } from '../support/verifies.ts';

/** What a user who looks closely gives to the tools that ship: large, odd and half-right arguments. */
let runtime: Runtime;
let folder = '';
let server: TestServer;
beforeAll(async () => {
  runtime = createRuntime({
    level: 'minimal',
    tools: { builtin: true, confirm: () => true },
    sql: { main: 'memory:' },
  });
  folder = await mkdtemp(join(tmpdir(), 'sandglass-picky-'));
  await writeFile(
    join(folder, 'big.txt'),
    Array.from({ length: 120_000 }, (_, at) => `line ${at + 1}`).join('\n'),
  );
  await writeFile(join(folder, 'three.txt'), 'one\ntwo\nthree\n');
  await writeFile(join(folder, 'empty.txt'), '');
  server = await startServer(() => undefined); // it never answers
});
afterAll(async () => {
  await runtime.close();
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function call(name: string, args: object, options: { readonly limits?: object } = {}) {
  const grant: Grant = {
    fs: [{ host: folder, guest: '/data', access: ['read', 'write'] }],
    http: [{ origin: server.origin }],
    run: { languages: ['*'] },
    sql: [{ name: 'main' }],
  };
  return toldBy(await runtime.tools.call(name, args, { grant, retries: 0, ...options }));
}

describe('read_file', verifies('FS-04'), () => {
  const lines = async (path: string, more: object) => (await call('read_file', { path, ...more })).value;

  test('pages through a large file for less fuel than cutting it into lines takes', async () => {
    const page = await call('read_file', { path: '/data/big.txt', offset: 119_999, limit: 5 });
    expect(page.value).toMatchObject({
      content: 'line 119999\nline 120000',
      from: 119_999,
      to: 120_000,
      lines: 120_000,
      more: false,
    });
    expect(page.fuel).toBeLessThan(1_000_000_000);
  });

  test('counts lines alike at every edge', async () => {
    expect(await lines('/data/three.txt', { offset: 1, limit: 1 })).toMatchObject({
      content: 'one\n',
      to: 1,
      lines: 3,
      more: true,
    });
    expect(await lines('/data/three.txt', { offset: 3 })).toMatchObject({
      content: 'three\n',
      from: 3,
      to: 3,
      more: false,
    });
    expect(await lines('/data/three.txt', { limit: 2 })).toMatchObject({
      content: 'one\ntwo\n',
      from: 1,
      to: 2,
      more: true,
    });
    expect(await lines('/data/three.txt', { offset: 9 })).toMatchObject({
      content: '',
      from: 9,
      to: 8,
      lines: 3,
      more: false,
    });
    expect(await lines('/data/empty.txt', { offset: 1 })).toMatchObject({
      content: '',
      from: 1,
      to: 0,
      lines: 0,
      more: false,
    });
  });

  test('says how to read what is too large for one answer', async () => {
    expect(
      await call('read_file', { path: '/data/big.txt' }, { limits: { outputBytes: 1_000_000 } }),
    ).toMatchObject({
      code: 'GUEST_THREW',
      message: expect.stringMatching(
        /over the 1000000 of one answer; read some of its lines by offset and limit/,
      ),
    });
  });
});

describe('files', () => {
  test('write_file says what a folder is, and what append goes with', verifies('FS-07'), async () => {
    expect((await call('write_file', { path: '/data', content: 'x' })).message).toMatch(/it is a folder/);
    expect(
      await call('write_file', { path: '/data/x', content: 'x', append: true, mode: 'w' }),
    ).toMatchObject({
      code: 'INPUT_INVALID',
      message: 'Cannot call "write_file": is what is not allowed: append goes with mode a only',
    });
  });

  test('search_files takes no empty pattern', verifies('FS-09'), async () => {
    expect((await call('search_files', { path: '/data', pattern: '' })).code).toBe('INPUT_INVALID');
  });
});

describe('hash_text', verifies('RG-29'), () => {
  test('hashes three megabytes within the fuel of a call', async () => {
    const { value, fuel } = await call('hash_text', { text: 'x'.repeat(3_000_000), algorithm: 'sha512' });
    expect(value).toMatchObject({ bytes: 3_000_000, hash: expect.stringMatching(/^[0-9a-f]{128}$/) });
    expect(fuel).toBeLessThan(1_000_000_000);
    // What the guest computes itself takes more, and has more.
    const text = 'x'.repeat(3_000_000);
    const md5 = await call('hash_text', { text, algorithm: 'md5' });
    expect(md5.value).toMatchObject({ hash: createHash('md5').update(text).digest('hex') });
  });
});

describe('json_query', verifies('RG-07'), () => {
  const data = {
    größe: { 日本: '🎉' },
    items: [
      { id: 1, name: 'pen', price: 2 },
      { id: 2, name: 'lamp', price: 30 },
      { id: 3, name: 'desk', price: 90 },
    ],
  };
  const query = async (path: string, of: unknown = data) =>
    (await call('json_query', { data: of, path })).value;
  const refused = async (path: string) => (await call('json_query', { data, path })).message;

  test('does what JSONata does', async () => {
    expect(await query('items[price > 10].name')).toEqual({ found: true, value: ['lamp', 'desk'] });
    expect(await query('items[price > 50].name')).toEqual({ found: true, value: 'desk' });
    expect(await query('items[price > 50].name[]')).toEqual({ found: true, value: ['desk'] });
    expect(await query('$sum(items.price)')).toEqual({ found: true, value: 122 });
    expect(await query("items.{'at': id, 'n': $uppercase(name)}[0]")).toMatchObject({ found: true });
    expect(await query('items^(>price)[0].id')).toEqual({ found: true, value: 3 });
    expect(await query('items{name: price}')).toEqual({ found: true, value: { pen: 2, lamp: 30, desk: 90 } });
    expect(await query('items[$match(name, /^[ld]/)].id')).toEqual({ found: true, value: [2, 3] });
    expect(await query('größe.日本')).toEqual({ found: true, value: '🎉' });
    expect(await query('a', [])).toEqual({ found: false, value: null });
    expect(await query('a', null)).toEqual({ found: false, value: null });
    expect(await query('$', 5)).toEqual({ found: true, value: 5 });
  });

  test('reads six megabytes', async () => {
    const rows = Array.from({ length: 20_000 }, (_, at) => ({ at, text: 'x'.repeat(300) }));
    expect(await query('$sum(rows.at)', { rows })).toEqual({ found: true, value: 199_990_000 });
  });

  test('says where an expression is wrong, and what to write', async () => {
    expect(await refused('items[')).toMatch(/at character 6, after "items\[": Expected "\]"/);
    expect(await refused('$unknown(1)')).toMatch(/at character 9.*non-function/);
    expect(await refused('"a" + 1')).toMatch(/left side of the "\+" operator must evaluate to a number/);
    expect(await refused('items.name == 1')).toMatch(/Equal is =/);
    expect(await refused('items | name')).toMatch(/passed on by ~>/);
    expect(await refused('items[?(@.price > 10)]')).toMatch(/items\[price > 10\]/);
    expect(await refused('..name')).toMatch(/\*\*\.name/);
  });

  test('refuses what JSONPath means otherwise, and what JSON has not', async () => {
    expect(await refused('items[*].price')).toMatch(/\[\*\] is JSONPath.*items\.name/);
    expect(await refused('items[0]["name"]')).toMatch(/\["name"\] is JSONPath.*`name`/);
    expect(await query('["name"]')).toEqual({ found: true, value: ['name'] });
    expect(await refused('{"f": $sum}')).toMatch(/gives a function/);
    expect(await refused('1/0')).toMatch(/gives Infinity/);
  });

  test('ends what does not end', async () => {
    const ended = async (path: string, limits: object) =>
      (await call('json_query', { data, path }, { limits: { timeoutMs: 120_000, ...limits } })).code;
    const fuel = 2_000_000_000;
    expect(await ended('($f := function($x){$f($x + 1)}; $f(1))', { fuel })).toBe('FUEL_EXHAUSTED');
    expect(await ended(`/(a+)+$/("${'a'.repeat(60)}b")`, { fuel })).toBe('FUEL_EXHAUSTED');
    expect(await ended('('.repeat(5_000), {})).toBe('STACK_EXCEEDED');
    expect(await refused('($f := function($x){1 + $f($x + 1)}; $f(1))')).toMatch(
      /over 2000 steps deep.*last step/,
    );
    const sum = '($f := function($n){$n = 0 ? 0 : $n + $f($n - 1)}; $f(200))';
    expect(await query(sum)).toEqual({ found: true, value: 20_100 });
  });
});

describe('csv_query', () => {
  test('keeps both of two columns with one name', async () => {
    expect((await call('csv_query', { csv: 'a,a,a_2\n1,2,3' })).value).toMatchObject({
      columns: ['a', 'a_3', 'a_2'],
      rows: [{ a: '1', a_3: '2', a_2: '3' }],
    });
  });

  const query = async (sql: string, tables: object, more: object = {}) =>
    call('csv_query', { sql, tables, ...more });
  const orders = 'person,amount,code\n1,10.5,007\n2,3,008\n1,,x\n';
  const people = [
    { id: 1, name: 'Zoë', tags: ['a'], ok: true },
    { id: 2, name: 'Ed', age: 5 },
  ];

  test('answers SQL over CSV and JSON together', async () => {
    const joined =
      'SELECT name, sum(amount) AS s FROM orders JOIN people ON id = person GROUP BY name ORDER BY s DESC';
    expect((await query(joined, { 'data/orders.csv': orders, people })).value).toEqual({
      columns: ['name', 's'],
      rows: [
        { name: 'Zoë', s: 10.5 },
        { name: 'Ed', s: 3 },
      ],
      truncated: false,
      notes: [],
    });
    expect(
      (await query('SELECT * FROM people', { 'people.json': JSON.stringify(people) })).value,
    ).toMatchObject({
      rows: [
        { id: 1, name: 'Zoë', tags: '["a"]', ok: 1, age: null },
        { id: 2, name: 'Ed', tags: null, ok: null, age: 5 },
      ],
    });
    expect((await query('SELECT "日本" FROM "größe"', { 'größe.csv': '日本\n🎉\n' })).value).toMatchObject({
      rows: [{ 日本: '🎉' }],
    });
  });

  test('keeps numbers, texts and what is not there apart', async () => {
    expect((await query('SELECT *, typeof(amount) AS t FROM orders', { orders })).value).toMatchObject({
      rows: [
        { person: 1, amount: 10.5, code: '007', t: 'real' },
        { person: 2, amount: 3, code: '008', t: 'real' },
        { person: 1, amount: null, code: 'x', t: 'null' },
      ],
    });
    expect(
      (await query('SELECT count(amount) AS n, avg(amount) AS a FROM orders', { orders })).value,
    ).toMatchObject({
      rows: [{ n: 2, a: 6.75 }],
    });
    const odd = 'big,huge,text\n9007199254740993,1e400,"a\r\n""b"""\r\n';
    expect((await query('SELECT * FROM odd', { odd })).value).toMatchObject({
      rows: [{ big: '9007199254740993', huge: '1e400', text: 'a\r\n"b"' }],
    });
    expect(
      (await query('SELECT A, a_3, typeof(n) AS t FROM x ORDER BY n', { x: 'A,a,A_2,\n1,2,3,4\n' })).message,
    ).toMatch(/no such column: n.*column_4/);
  });

  test('tells of rows that are cut, ragged or none', async () => {
    expect((await query('SELECT n FROM data', {}, { csv: 'n\n1\n2\n3', limit: 2 })).value).toEqual({
      columns: ['n'],
      rows: [{ n: 1 }, { n: 2 }],
      truncated: true,
      notes: [],
    });
    expect((await query('SELECT * FROM t', { t: 'a,b\n1\n1,2,3\n4,5' })).value).toMatchObject({
      rows: [
        { a: 1, b: null },
        { a: 1, b: 2 },
        { a: 4, b: 5 },
      ],
      notes: [expect.stringMatching(/row 1 has 1 fields, the header 2. Of 2 such rows/)],
    });
    expect((await query('SELECT count(*) AS n FROM t', { t: 'a,b\n' })).value).toMatchObject({
      rows: [{ n: 0 }],
    });
    expect((await query('SELECT 1', { t: '' })).message).toMatch(/"t": it is empty/);
    expect((await query('SELECT 1', { t: [] })).message).toMatch(/"t": it is empty/);
    expect((await query('SELECT 1', { t: [1] })).message).toMatch(/item 0 of the list is no object/);
    expect((await query('SELECT 1', { 'a.csv': 'x', 'b/A.json': '[]' })).message).toMatch(
      /two are called "A"/,
    );
    expect((await query('SELECT 1', { t: 'x\n1' }, { where: [] })).message).toMatch(/"where" is for one CSV/);
    expect((await call('csv_query', { tables: { t: 'x' } })).message).toMatch(/give "sql"/);
  });

  test('says where a statement is wrong, and which names there are', async () => {
    expect((await query('SELECT nme FROM people', { people })).message).toMatch(
      /no such column: nme at line 1, column 8, did you mean "name"\? There are: people \(id, name, tags, ok, age\)/,
    );
    expect((await query('SELECT name\nFROM peple', { people })).message).toMatch(
      /no such table: peple at line 2, column 6, did you mean "people"\?/,
    );
    expect((await query("SELECT 'é', FROM people", { people })).message).toMatch(
      /syntax error at line 1, column 13/,
    );
  });

  test('groups the rows of eight megabytes within the fuel of a call', async () => {
    const rows = Array.from(
      { length: 150_000 },
      (_, at) => `${at},city${at % 50},${at / 4},a note of row ${at} here`,
    );
    const big = `id,city,amount,note\n${rows.join('\n')}`.slice(0, 8_000_000);
    const sql = 'SELECT count(*) AS n, count(DISTINCT city) AS cities, max(id) AS last FROM big';
    const { value, fuel } = await call(
      'csv_query',
      { sql, tables: { big } },
      { limits: { timeoutMs: 120_000 } },
    );
    expect(value).toMatchObject({ rows: [{ cities: 50 }] });
    expect(fuel).toBeLessThan(60_000_000_000);
  });
});

describe('parse_json', verifies('HT-10'), () => {
  test('refuses a schema with a type that there is not', async () => {
    expect((await call('parse_json', { json: '{}', schema: { type: 'objct' } })).message).toMatch(
      /the type "objct"; types are null, boolean, object/,
    );
  });

  test('names a byte order mark', async () => {
    expect((await call('parse_json', { json: '\ufeff{}' })).value).toMatchObject({
      valid: false,
      errors: [{ message: 'unexpected byte order mark in line 1, column 1' }],
    });
  });
});

describe('html_to_markdown', () => {
  const markdown = async (html: string) =>
    ((await call('html_to_markdown', { html })).value as { readonly markdown: string }).markdown;

  test('text that looks like Markdown or markup stays text', async () => {
    expect(
      await markdown('<p>&lt;b&gt; *x* snake_case _y_ [z] `c`</p><p># no</p><p>1. no</p><p>- no</p>'),
    ).toBe('\\<b> \\*x\\* snake_case \\_y\\_ \\[z\\] \\`c\\`\n\n\\# no\n\n1\\. no\n\n\\- no');
  });

  test('code is as it stands, with its language', async () => {
    expect(
      await markdown(
        '<p>a <code>*b*_</code></p><pre><code class="hljs language-js">let a = `1`;\n</code></pre>',
      ),
    ).toBe('a `*b*_`\n\n```js\nlet a = `1`;\n```');
    expect(await markdown('<pre class="lang-py">x</pre>')).toBe('```py\nx\n```');
  });
});

describe('draw_chart', () => {
  test('names a mark that there is not', async () => {
    const spec = { layer: [{ mark: 'bar' }, { mark: { type: 'bark' } }] };
    expect((await call('draw_chart', { spec, data: [{ a: 1 }] })).message).toMatch(
      /there is no mark "bark"; marks are arc, area, bar/,
    );
  });
});

test('of a choice that nothing fits, what each part found is told, and no more', verifies('RG-14'), () => {
  const input = { type: 'object', properties: { a: { anyOf: [{ type: 'number' }, { type: 'boolean' }] } } };
  runtime.tools.register(
    { name: 'choice', description: 'Takes either', input },
    { language: 'js', code: 'export const run = () => 1' },
  );
  expect(runtime.tools.validate('choice', { a: [] }).errors.map(({ message }) => message)).toEqual([
    'an array is not of type number',
    'an array is not of type boolean',
  ]);
});

describe('data_analyzer', verifies('RG-30'), () => {
  test('takes as many numbers as its schema says', async () => {
    const { input } = runtime.tools.list({ search: 'data_analyzer' })[0] ?? {};
    const most = Number(/"maxItems":(\d+)/.exec(JSON.stringify(input))?.[1]);
    expect(
      (await call('data_analyzer', { data: Array.from({ length: most }, () => 1) })).value,
    ).toMatchObject({ count: most });
  });
});

describe('what reaches out', () => {
  test('http_request names the address that did not answer in time', verifies('HT-04'), async () => {
    expect((await call('http_request', { url: `${server.origin}/x`, timeoutMs: 50 })).message).toMatch(
      /Cannot request .*\/x: no answer in 50 ms/,
    );
  });

  test('a grant of every language takes each', verifies('EX-30'), async () => {
    expect((await call('run_code', { language: 'js', code: '6 * 7' })).value).toMatchObject({ value: 42 });
  });

  test('a statement that is none is told to be mended', verifies('DB-02'), async () => {
    expect((await call('sql_query', { database: 'main', query: 'selec 1' })).hint).toMatch(
      /^Mend the statement/,
    );
  });
});

test('a misspelt option of Node alone is told with its name', verifies('RG-28'), () => {
  expect(() => createRuntime({ brwser: {} } as never)).toThrow(
    'unknown option "brwser", did you mean "browser"?',
  );
});
