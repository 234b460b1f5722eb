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
    expect(await ended('($f := function($x){[1 + $f($x)]}; $f(1))', { fuel })).toBe('FUEL_EXHAUSTED');
    expect(await ended('('.repeat(5_000), {})).toBe('STACK_EXCEEDED');
    const full = '($f := function($x){$append($x, $f($x & "aaaaaaaaa"))}; $f(1))';
    expect(await ended(full, { memoryBytes: 67_108_864 })).toBe('MEMORY_EXCEEDED');
  });
});

describe('csv_query', () => {
  test('keeps both of two columns with one name', async () => {
    expect((await call('csv_query', { csv: 'a,a,a_2\n1,2,3' })).value).toMatchObject({
      columns: ['a', 'a_3', 'a_2'],
      rows: [{ a: '1', a_3: '2', a_2: '3' }],
    });
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
