import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRuntime, createToolRegistry, type Grant, type Runtime } from '../../runtime/index.ts';
import { codeOf, toldBy } from '../support/tools-runtime.ts';
import { verifies } from '../support/verifies.ts';

let runtime: Runtime;
let folder = '';
let server: Server;
let origin = '';
let asked = 0;
beforeAll(async () => {
  runtime = createRuntime({ level: 'minimal', tools: { builtin: true, confirm: () => true } });
  server = createServer((request, response) => {
    asked += 1;
    if (request.url === '/fail') response.statusCode = 500;
    if (request.url?.startsWith('/search') === true)
      return response.end(
        '{"results":[{"title":"A <b>sandbox</b>","url":"https://example.com/a","content":"What it is"},{"url":"javascript:x()"}]}',
      );
    if (request.url === '/a.json') response.setHeader('content-type', 'application/json');
    if (request.url === '/bytes') return response.end(Buffer.from([0xff, 0xfe, 0]));
    if (request.url === '/big') return response.end('x'.repeat(5_000));
    if (request.url === '/echo') return request.pipe(response);
    response.end('{"a":1}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
});
afterAll(async () => {
  await runtime.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
const fresh = async (): Promise<void> => {
  if (folder !== '') await rm(folder, { recursive: true });
  folder = await mkdtemp(join(tmpdir(), 'sandglass-shipped-'));
  await mkdir(join(folder, 'sub/deep'), { recursive: true });
  const files: Record<string, string | Uint8Array> = {
    'hello.txt': 'héllo',
    'list.txt': 'one\ntwo\nthree\n',
    'empty.txt': '',
    'twice.txt': 'a\nb\na\n',
    'crlf.txt': 'a\r\nb\r\n',
    'latin.txt': new Uint8Array([0x68, 0xe9]),
    'binary.bin': new Uint8Array([0, 1, 2]),
    'page.html':
      '<!doctype html><head><title>A page</title><script>no()</script></head><body><h1>Head</h1><p>one\n two</p><ul><li>a</li><li>b</li></ul>',
    'sub/one.py': 'x = 1\n',
    'sub/deep/two.py': '# é\ndef main():\n  pass\n',
    'sub/three.py': 'def other(): pass\n',
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
};
beforeEach(fresh);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Of the runtime itself: what it reads is there only after another call. */
const OWN = 'read_artifact';

const grantOf = (): Grant => ({
  fs: [{ host: folder, guest: '/data', access: ['read', 'write', 'delete'] }],
  http: [{ origin, methods: ['GET', 'HEAD', 'POST'] }],
  env: { SEARCH_ENGINES: JSON.stringify({ local: { url: `${origin}/search?q={query}` } }) },
  run: {},
});

async function call(name: string, args: object, grant: Grant = grantOf()) {
  return toldBy(await runtime.tools.call(name, args, { grant, retries: 0 }));
}

test(
  'the tools that ship are there once each, also in a registry of several runtimes',
  verifies('RG-06', 'RG-07'),
  async () => {
    const files = (await readdir(new URL('../../guest-tools/shipped/', import.meta.url))).map((name) =>
      name.replace(/\.(?:js|py)$/, ''),
    );
    const tools = runtime.tools.list();
    expect(tools.map(({ name }) => name)).toEqual([...files, OWN].sort());
    expect(tools.filter(({ category, examples }) => category === null || examples.length === 0)).toEqual([]);
    const registry = createToolRegistry();
    const both = [1, 2].map(() => createRuntime({ tools: { builtin: true, registry } }));
    expect(both.map(({ tools: one }) => one.list().length)).toEqual([files.length + 1, files.length + 1]);
    await Promise.all(both.map((one) => one.close()));
  },
);

test('every example of the tools that ship holds', verifies('RG-07'), async () => {
  // Those of databases and browsers need one: their own tests run them.
  const here = runtime.tools
    .list()
    .filter(({ category }) => category !== 'database' && category !== 'browser');
  for (const { name, examples } of here) {
    await fresh();
    if (name === OWN) continue;
    for (const { input, output } of examples) {
      const args = JSON.parse(JSON.stringify(input).replaceAll('http://localhost', origin));
      const { code, value, message } = await call(name, args);
      expect([name, code, message]).toEqual([name, 'ok', '']);
      if (output !== undefined) expect([name, value]).toEqual([name, output]);
    }
  }
});

test(
  'under a policy of nothing each tool that wants something is denied, and touches nothing',
  verifies('EX-34', 'PM-03'),
  async () => {
    asked = 0;
    const denied = createRuntime({
      level: 'minimal',
      policy: {},
      tools: { builtin: true, confirm: () => true },
    });
    for (const { name, examples, capabilities } of denied.tools.list()) {
      if (name === OWN) continue;
      const [example] = examples;
      const outcome = await denied.tools.call(name, example?.input ?? {});
      // No engine is configured for a search: that is told first.
      const refused = name === 'web_search' ? 'UNSUPPORTED' : 'CAPABILITY_DENIED';
      expect([name, codeOf(outcome)]).toEqual([name, capabilities.length === 0 ? 'ok' : refused]);
    }
    expect(asked).toBe(0);
    await denied.close();
  },
);

test('models get none of the dangerous ones unasked', verifies('RG-22'), () => {
  const names = runtime.tools.forModel({ format: 'mcp' }).map(({ name }) => name);
  expect(names).toContain('read_file');
  expect(names.filter((name) => /write|edit|delete|move|copy/.test(name))).toEqual([]);
});

describe('files', verifies('FS-04', 'FS-05', 'FS-07', 'FS-08', 'FS-09', 'FS-10', 'FS-11', 'FS-12'), () => {
  test('read_file reads encodings, pages and bytes, and says what is not text', async () => {
    expect((await call('read_file', { path: '/data/latin.txt', encoding: 'latin1' })).value).toMatchObject({
      content: 'hé',
    });
    expect((await call('read_file', { path: '/data/binary.bin', encoding: 'base64' })).value).toMatchObject({
      content: 'AAEC',
      size: 3,
    });
    expect((await call('read_file', { path: '/data/empty.txt' })).value).toEqual({
      content: '',
      encoding: 'utf8',
      size: 0,
    });
    expect((await call('read_file', { path: '/data/list.txt', offset: 3 })).value).toMatchObject({
      content: 'three\n',
      more: false,
    });
    expect((await call('read_file', { path: '/data/list.txt', offset: 9 })).value).toMatchObject({
      content: '',
      lines: 3,
    });
    expect((await call('read_file', { path: '/data/latin.txt' })).value).toMatchObject({
      content: 'hé',
      encoding: 'latin1',
    });
    for (const [encoding, bom] of [
      ['utf-16le', [0xff, 0xfe]],
      ['utf-16be', [0xfe, 0xff]],
    ] as const)
      for (const mark of [bom, []]) {
        const text = Buffer.from('né\n', 'utf16le');
        await writeFile(
          join(folder, 'wide.txt'),
          Buffer.concat([Buffer.from(mark), encoding === 'utf-16le' ? text : text.swap16()]),
        );
        expect((await call('read_file', { path: '/data/wide.txt' })).value).toMatchObject({
          content: 'né\n',
          encoding,
        });
      }
    await writeFile(join(folder, 'marked.txt'), '\ufeffx');
    expect((await call('read_file', { path: '/data/marked.txt' })).value).toMatchObject({
      content: 'x',
      encoding: 'utf8',
      size: 4,
    });
    expect((await call('read_file', { path: '/data/binary.bin' })).message).toMatch(/binary.*base64/);
    expect(await call('read_file', { path: '/data/list.txt', encoding: 'utf9' })).toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringMatching(/"utf8", "base64"/),
    });
    expect((await call('read_file', { path: '/data/sub' })).message).toMatch(/folder/);
    expect((await call('read_file', { path: '/data/none' })).code).toBe('HOST_CALL_FAILED');
    expect(await call('read_file', {})).toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringMatching(/path/),
    });
  });

  test('write_file keeps what was there, appends, and refuses what contradicts itself', async () => {
    const read = (name: string) => readFile(join(folder, name), 'utf8');
    const path = '/data/new/deep/a.txt';
    expect((await call('write_file', { path, content: 'v1' })).value).toEqual({
      path,
      bytes: 2,
      created: true,
    });
    expect((await call('write_file', { path, content: 'v2' })).value).toEqual({
      path,
      bytes: 2,
      created: false,
      backup: `${path}.bak`,
    });
    expect([await read('new/deep/a.txt'), await read('new/deep/a.txt.bak')]).toEqual(['v2', 'v1']);
    await call('write_file', { path, content: 'é', append: true });
    await call('write_file', { path, content: '!', mode: 'a' });
    expect(await read('new/deep/a.txt')).toBe('v2é!');
    expect((await call('write_file', { path, content: 'x', mode: 'x' })).code).toBe('HOST_CALL_FAILED');
    expect((await call('write_file', { path, content: 'x', mode: 'w', append: true })).code).toBe(
      'INPUT_INVALID',
    );
    expect((await call('write_file', { path })).code).toBe('INPUT_INVALID');
    await call('write_file', { path, content: 'AAEC', encoding: 'base64', backup: false });
    expect(await readFile(join(folder, 'new/deep/a.txt'))).toEqual(Buffer.from([0, 1, 2]));
  });

  test('edit_file replaces exactly one place, or says why it does not', async () => {
    const edit = (args: object) => call('edit_file', { path: '/data/twice.txt', newText: 'c', ...args });
    expect((await edit({ oldText: 'a' })).message).toMatch(/2 times, in lines 1, 3/);
    expect((await edit({ oldText: 'z' })).message).toMatch(/oldText is not in it/);
    expect((await edit({ oldText: ' b ' })).message).toMatch(/other blanks/);
    expect((await edit({ path: '/data/crlf.txt', oldText: 'a\nb' })).message).toMatch(/lines end in/);
    expect((await edit({ oldText: 'a', all: true })).value).toMatchObject({ replaced: 2, lines: [1, 3] });
    expect((await edit({ oldText: 'b', newText: '$&$1' })).value).toMatchObject({ replaced: 1 });
    expect(await readFile(join(folder, 'twice.txt'), 'utf8')).toBe('c\n$&$1\nc\n');
  });

  test('list_directory and search_files find what fits, and no more', async () => {
    const names = async (args: object) =>
      (
        (await call('list_directory', { path: '/data', ...args })).value as { entries: { name: string }[] }
      ).entries.map(({ name }) => name);
    expect(await names({ type: 'directory' })).toEqual(['sub']);
    expect(await names({ recursive: true, pattern: '*.py' })).toEqual(['two.py', 'one.py', 'three.py']);
    expect(await names({ recursive: true, pattern: 'sub/*.py' })).toEqual(['one.py', 'three.py']);
    expect(await names({ recursive: true, pattern: '**/deep/**' })).toEqual(['deep', 'two.py']);
    expect((await call('list_directory', { path: '/data', limit: 2 })).value).toMatchObject({ more: true });
    expect(
      (await call('search_files', { path: '/data', pattern: '*.py', contentPattern: 'def main' })).value,
    ).toEqual({
      matches: [{ path: '/data/sub/deep/two.py', line: 2, column: 1, text: 'def main():' }],
      files: 3,
      skipped: [],
      more: false,
    });
    expect(
      (await call('search_files', { path: '/data', contentPattern: '.', pattern: 'binary*' })).value,
    ).toMatchObject({ matches: [], skipped: [{ reason: 'binary' }] });
    expect((await call('search_files', { path: '/data', contentPattern: '(' })).message).toMatch(
      /pass literal/,
    );
    expect(
      (
        await call('search_files', {
          path: '/data',
          contentPattern: 'OTHER(',
          literal: true,
          ignoreCase: true,
          context: 1,
        })
      ).value,
    ).toMatchObject({ matches: [{ line: 1, column: 5, after: [''] }] });
  });

  test('file_info, copy_file, move_file and delete_file do what they say, and no more', async () => {
    expect((await call('file_info', { path: '/data/sub' })).value).toMatchObject({ type: 'directory' });
    expect((await call('file_info', { path: '/data/hello.txt' })).value).toMatchObject({
      type: 'file',
      size: 6,
      extension: '.txt',
      mime: 'text/plain',
    });
    expect((await call('file_info', { path: '/data/none' })).code).toBe('HOST_CALL_FAILED');
    expect((await call('copy_file', { from: '/data/hello.txt', to: '/data/list.txt' })).message).toMatch(
      /pass overwrite/,
    );
    expect(
      (await call('move_file', { from: '/data/hello.txt', to: '/data/list.txt', overwrite: true })).code,
    ).toBe('ok');
    expect(await readFile(join(folder, 'list.txt'), 'utf8')).toBe('héllo');
    expect((await call('delete_file', { path: '/data/sub' })).code).toBe('HOST_CALL_FAILED');
    const reads: Grant = { fs: [{ host: folder, guest: '/data', access: ['read'] }] };
    expect((await call('delete_file', { path: '/data/list.txt' }, reads)).code).toBe('CAPABILITY_DENIED');
    expect((await call('delete_file', { path: '/data/list.txt' })).code).toBe('ok');
  });
});

describe('the web', verifies('HT-03', 'HT-04', 'HT-09', 'HT-11'), () => {
  test('http_request answers text, JSON and bytes, and refuses a body that is too large', async () => {
    const send = (args: object) => call('http_request', args);
    expect((await send({ url: `${origin}/a.json` })).value).toMatchObject({ status: 200, json: { a: 1 } });
    expect((await send({ url: `${origin}/bytes` })).value).toMatchObject({ base64: '//4A' });
    expect((await send({ url: `${origin}/echo`, method: 'POST', json: { é: 1 } })).value).toMatchObject({
      body: '{"é":1}',
    });
    expect((await send({ url: `${origin}/big`, maxBytes: 100 })).message).toMatch(/over maxBytes 100/);
    expect((await send({ url: `${origin}/`, body: 'a', json: 1, method: 'POST' })).message).toMatch(/both/);
    asked = 0;
    expect((await send({ url: 'http://127.0.0.1:1/' })).code).toBe('CAPABILITY_DENIED');
    expect((await send({ url: `${origin}/`, method: 'DELETE' })).code).toBe('CAPABILITY_DENIED');
    expect(asked).toBe(0);
  });

  test('http_batch keeps the order and fails alone; web_health takes trouble for an answer', async () => {
    const urls = ['/a.json', '/fail', '/a.json'].map((path) => ({ url: `${origin}${path}` }));
    const { value } = await call('http_batch', { requests: [...urls, { url: 'http://127.0.0.1:1/' }] });
    expect(
      (value as { responses: { status?: number; ok: boolean }[] }).responses.map(({ ok, status }) => [
        ok,
        status,
      ]),
    ).toEqual([
      [true, 200],
      [true, 500],
      [true, 200],
      [false, undefined],
    ]);
    expect((await call('web_health', { url: `${origin}/fail` })).value).toMatchObject({
      healthy: false,
      status: 500,
      error: null,
    });
    const closed: Grant = { http: [{ origin: 'http://127.0.0.1:9' }] };
    expect(await call('web_health', { url: 'http://127.0.0.1:9/' }, closed)).toMatchObject({
      code: 'ok',
      value: { healthy: false, status: null },
    });
    expect((await call('web_health', { url: 'http://127.0.0.1:1/' })).code).toBe('CAPABILITY_DENIED');
  });
});

describe('data', verifies('HT-10', 'RG-29', 'RG-30', 'RG-31'), () => {
  test.each([
    ['{"a":1,\n "b":}', 2, 6],
    ['[1,2', 1, 5],
    ['{"a" 1}', 1, 6],
    ['[01]', 1, 3],
    ['"a\nb"', 1, 3],
    ['{} x', 1, 4],
    ['', 1, 1],
    ['[1,]', 1, 4],
    ['{"a":1,}', 1, 8],
    ['nul', 1, 4],
  ])('parse_json tells where %j is wrong', async (json, line, column) => {
    expect((await call('parse_json', { json })).value).toMatchObject({
      valid: false,
      errors: [{ line, column }],
    });
  });

  test('parse_json takes deep data, and holds it to a schema', async () => {
    expect((await call('parse_json', { json: `${'['.repeat(60)}${']'.repeat(60)}` })).value).toMatchObject({
      valid: true,
    });
    const schema = {
      type: 'object',
      required: ['a'],
      properties: { a: { type: 'array', items: { type: 'integer' } } },
      additionalProperties: false,
    };
    expect((await call('parse_json', { json: '{"a":[1,1.5],"b":2}', schema })).value).toMatchObject({
      valid: false,
      errors: [{ path: 'a[1]' }, { path: 'b' }],
    });
    expect((await call('parse_json', { json: '{}', schema: { allOf: [] } })).message).toMatch(
      /keyword "allOf"/,
    );
  });

  test('data_analyzer keeps small numbers beside large ones', async () => {
    expect((await call('data_analyzer', { data: [1e16, 1, -1e16] })).value).toMatchObject({ sum: 1 });
    expect(
      (await call('data_analyzer', { data: [1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16] })).value,
    ).toMatchObject({ variance: 30, median: 1e9 + 10 });
    expect((await call('data_analyzer', { data: [5] })).value).toMatchObject({
      std: 0,
      quartiles: [5, 5, 5],
    });
    expect((await call('data_analyzer', { data: [] })).code).toBe('INPUT_INVALID');
    expect((await call('data_analyzer', { data: [Number.NaN] })).code).toBe('INPUT_INVALID');
  });

  test('calculator and hash_text know their limits', async () => {
    expect(await call('calculator', { operation: 'divide', operands: [1, 0] })).toMatchObject({
      code: 'GUEST_THREW',
      message: expect.stringMatching(/divide by zero/),
    });
    expect((await call('calculator', { operation: 'pow', operands: [1, 2] })).code).toBe('INPUT_INVALID');
    expect((await call('calculator', { operation: 'modulo', operands: [-1, 3] })).value).toMatchObject({
      result: 2,
    });
    expect((await call('hash_text', { text: 'abc', algorithm: 'md5' })).value).toMatchObject({
      hash: '900150983cd24fb0d6963f7d28e17f72',
    });
    // Node's own are the measure, over the edges of a block.
    for (const algorithm of [
      'md5',
      'sha1',
      'sha224',
      'sha384',
      'sha512',
      'sha3-256',
      'sha3-512',
      'blake2b512',
      'blake2s256',
    ])
      for (const text of ['', 'é', 'x'.repeat(64), 'x'.repeat(128), 'x'.repeat(129)])
        expect((await call('hash_text', { text, algorithm })).value).toMatchObject({
          hash: createHash(algorithm).update(text).digest('hex'),
        });
    expect((await call('hash_text', { text: 'abc', algorithm: 'crc' })).code).toBe('INPUT_INVALID');
  });

  test('json_query and csv_query find what is there', async () => {
    const data = { a: [{ b: 1, 'x y': { b: 3 } }, { b: 2 }], z: null };
    const query = async (path: string) => (await call('json_query', { data, path })).value;
    expect(await query('a[-1].b')).toEqual({ found: true, value: 2 });
    expect(await query('$.a.b')).toEqual({ found: true, value: [1, 2] });
    expect(await query('**.b')).toEqual({ found: true, value: [1, 3, 2] });
    expect(await query('a[0].`x y`.b')).toEqual({ found: true, value: 3 });
    expect(await query('constructor')).toEqual({ found: false, value: null });
    expect(await query('z')).toEqual({ found: true, value: null });
    expect((await call('json_query', { data, path: 'a[' })).message).toMatch(/character 2/);
    const csv = '\ufeffcity;n;note\r\na;1;"x;""y"""\r\nb;5;\r\na;3;z\r\n';
    expect(
      (await call('csv_query', { csv, delimiter: ';', sortBy: 'n', descending: true, limit: 2 })).value,
    ).toMatchObject({ rows: [{ n: '5' }, { n: '3' }], total: 3 });
    expect(
      (
        await call('csv_query', {
          csv,
          delimiter: ';',
          where: [{ column: 'note', is: 'contains', value: 'y' }],
        })
      ).value,
    ).toMatchObject({ rows: [{ note: 'x;"y"' }] });
    expect((await call('csv_query', { csv, delimiter: ';', groupBy: 'city' })).value).toMatchObject({
      groups: [
        { city: 'a', count: 2, n: { sum: 4, mean: 2 } },
        { city: 'b', count: 1 },
      ],
    });
    expect((await call('csv_query', { csv, columns: ['n'] })).message).toMatch(/no column "n"/);
    expect((await call('csv_query', { csv: 'a\n"x' })).message).toMatch(/not closed/);
  });

  test('text_diff answers what patch takes', async () => {
    const diff = async (before: string, after: string) =>
      ((await call('text_diff', { before, after })).value as { diff: string }).diff;
    expect(await diff('a', 'a')).toBe('');
    expect(await diff('', 'a\n')).toBe('--- a/text\n+++ b/text\n@@ -0,0 +1 @@\n+a\n');
    expect(await diff('a\nb\n', 'b\nc')).toBe(
      '--- a/text\n+++ b/text\n@@ -1,2 +1,2 @@\n-a\n b\n+c\n\\ No newline at end of file\n',
    );
    const many = Array.from({ length: 30 }, (_, index) => `${index}\n`);
    const changed = many.map((line, index) => (index === 4 || index === 25 ? `x${line}` : line));
    expect(await diff(many.join(''), changed.join(''))).toMatch(/@@ -2,7 \+2,7 @@[^@]*@@ -23,7 \+23,7 @@/);
  });

  test('html_to_markdown leaves out what runs, and survives what is broken', async () => {
    const convert = async (html: string) =>
      ((await call('html_to_markdown', { html })).value as { markdown: string }).markdown;
    expect(await convert('<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>')).toBe('- a\n  - b\n- c');
    expect(
      await convert('<table><tr><th>a</th><th>b</th></tr><tr><td>1|2</td><td>é&amp;</td></tr></table>'),
    ).toBe('| a | b |\n| --- | --- |\n| 1\\|2 | é& |');
    expect(await convert('<a href="javascript:x()">x</a><script>alert("<p>")</script><b>y</b>')).toBe(
      'x**y**',
    );
    expect(await convert('<pre>a\n  b</pre>')).toBe('```\na\n  b\n```');
    for (const broken of [
      '<',
      '<p',
      '<!-- x',
      '<a href="',
      '<script>',
      'a < b',
      '</p></td>',
      '<td>x'.repeat(2_000),
    ])
      expect(typeof (await convert(broken))).toBe('string');
  });

  test('datetime knows months, zones and what is not a day', async () => {
    expect(
      (await call('datetime', { time: '2026-03-29T00:30:00Z', add: { hours: 1 }, timeZone: 'Europe/Berlin' }))
        .value,
    ).toMatchObject({ local: '2026-03-29T03:30:00' });
    expect(
      (await call('datetime', { time: '2026-01-01', until: '2026-01-02T12:00:00Z' })).value,
    ).toMatchObject({ until: { days: 1.5 } });
    for (const args of [
      { time: '2026-02-30' },
      { time: 'yesterday' },
      { time: '2026-01-01T10:00:00' },
      { timeZone: 'Mars/Base' },
    ])
      expect((await call('datetime', args)).code).toBe('GUEST_THREW');
  });
});

test('guests call them by code mode, with the grant of the run', verifies('XT-08', 'WF-11'), async () => {
  const code = `const { content } = await tools.read_file({ path: '/data/list.txt' }); (await tools.calculator({ operation: 'add', operands: [content.length, 1] })).result`;
  const outcome = await runtime.run({
    language: 'js',
    code,
    grant: { ...grantOf(), tools: ['read_file', 'calculator'] },
  });
  expect(outcome).toMatchObject({ ok: true, value: 15 });
});
