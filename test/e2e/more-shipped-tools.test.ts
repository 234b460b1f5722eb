import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type Grant, type Runtime, toJsonForm } from '../../runtime/index.ts';
import { codeOf, toldBy } from '../support/tools-runtime.ts';
import { verifies } from '../support/verifies.ts';

let runtime: Runtime;
let folder = '';
let server: Server;
let origin = '';
const asked: string[] = [];
beforeAll(async () => {
  runtime = createRuntime({ level: 'minimal', tools: { builtin: true, confirm: () => true } });
  folder = await mkdtemp(join(tmpdir(), 'sandglass-more-'));
  await mkdir(join(folder, 'src/deep'), { recursive: true });
  for (const [name, text] of Object.entries({
    'a.js': 'a',
    'b.ts': 'b',
    'src/c.ts': 'c',
    'src/deep/é d.ts': 'd',
  }))
    await writeFile(join(folder, name), text);
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const name = request.url?.split('?')[0];
    if (name === '/broken') response.statusCode = 500;
    const pages = [1, 2].map((n) => ({
      t: `${name} ${n}`,
      u: `https://x.test${n === 1 ? '/same' : name}/`,
      d: 'd',
    }));
    response.end(JSON.stringify({ web: { list: pages } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
});
afterAll(async () => {
  await runtime.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

const grantOf = (): Grant => ({
  fs: [{ host: folder, guest: '/data', access: ['read', 'write'] }],
  http: [{ origin }],
  run: {},
});

async function call(name: string, args: object, grant: Grant = grantOf()) {
  return toldBy(await runtime.tools.call(name, args, { grant, retries: 0 }));
}

describe('run_code', verifies('EX-30'), () => {
  test('runs Python, and gives back what it printed', async () => {
    expect((await call('run_code', { language: 'python', code: 'print(2**10)' })).value).toMatchObject({
      stdout: '1024\n',
    });
  });

  test('ends as its program does, and is denied without the capability', async () => {
    expect((await call('run_code', { language: 'js', code: 'for (;;);', timeoutMs: 200 })).code).toBe(
      'DEADLINE_EXCEEDED',
    );
    expect(await call('run_code', { language: 'js', code: "throw new TypeError('é')" })).toMatchObject({
      code: 'GUEST_THREW',
      message: expect.stringMatching(/é/),
    });
    expect((await call('run_code', { language: 'js', code: '1' }, {})).code).toBe('CAPABILITY_DENIED');
    expect(
      (await call('run_code', { language: 'js', code: '1' }, { run: { languages: ['python'] } })).code,
    ).toBe('CAPABILITY_DENIED');
    expect((await call('run_code', { language: 'js' })).code).toBe('INPUT_INVALID');
    expect((await call('run_code', { language: 'js', code: '' })).value).toMatchObject({
      stdout: '',
      value: null,
    });
    const reads = "require('node:fs').readFileSync(0, 'utf8').length";
    expect(
      (await call('run_code', { language: 'js', code: reads, stdin: 'é'.repeat(100_000) })).value,
    ).toMatchObject({ value: 100_000 });
  });
});

test('read_artifact gives pages of a result to whoever made it, and to nobody else', async () => {
  const ada = { caller: { id: 'ada', permissions: ['*'] }, sessionId: 's1' };
  const bob = { caller: { id: 'bob', permissions: ['*'] }, sessionId: 's1' };
  const json = JSON.stringify(['é'.repeat(60_000)]);
  const long = await runtime.tools.call('parse_json', { json }, { ...ada, text: { shorten: 'end' } });
  const id = long.artifact ?? '';
  expect(long).toMatchObject({ ok: true, truncated: true });
  const page = async (options: object, more: object = {}) => {
    const outcome = await runtime.tools.call('read_artifact', { id, ...more }, options);
    return outcome.ok && outcome.value !== undefined ? toJsonForm(outcome.value) : codeOf(outcome);
  };
  const total = long.originalLength ?? 0;
  expect(await page(ada)).toMatchObject({ offset: 0, total, more: true, next: 20_000 });
  expect(await page(ada, { offset: 50_000, length: 40_000 })).toMatchObject({ total, more: false });
  for (const other of [bob, { ...ada, sessionId: 's2' }, {}])
    expect(await page(other)).toBe('HOST_CALL_FAILED');
  expect(await page(ada, { id: 'artifact-1' })).toBe('HOST_CALL_FAILED');
  expect(await page(ada, { offset: -1 })).toBe('INPUT_INVALID');
  expect(await page({ ...ada, level: 'strict' })).toMatchObject({ total });
  const inCode = await runtime.run({
    language: 'js',
    code: `(await tools.read_artifact({ id: '${id}', offset: 5, length: 3 })).text.length`,
    grant: { tools: ['read_artifact'] },
    caller: ada.caller,
  });
  expect(codeOf(inCode)).toBe('HOST_CALL_FAILED'); // it is of a conversation, and this run is of none
});

test('glob finds paths, whatever stars and braces ask', async () => {
  const found = async (pattern: string, more: object = {}) => {
    const { value, message } = await call('glob', { path: '/data', pattern, ...more });
    return value === undefined
      ? message
      : (value as { paths: readonly string[] }).paths.map((path) => path.slice(6));
  };
  expect(await found('**/*.ts')).toEqual(['b.ts', 'src/c.ts', 'src/deep/é d.ts']);
  expect(await found('*.{js,ts}')).toEqual(['a.js', 'b.ts']);
  expect(await found('src/**')).toEqual(['src/c.ts', 'src/deep/é d.ts']);
  expect(await found('**/deep/*')).toEqual(['src/deep/é d.ts']);
  expect(await found('**', { exclude: ['src/**'] })).toEqual(['a.js', 'b.ts']);
  expect(await found('{a,b')).toEqual([]);
  expect(await found(`${'**/'.repeat(200)}x`)).toEqual([]);
  expect(await found('{a,b}'.repeat(50))).toMatch(/alternatives/);
  expect((await call('glob', { path: '/data/none', pattern: '*' })).code).toBe('HOST_CALL_FAILED');
});

describe('archive', () => {
  const names = async (path: string) =>
    ((await call('archive', { action: 'list', path })).value as { entries: { name: string }[] }).entries.map(
      ({ name }) => name,
    );

  test.each(['zip', 'tar', 'tar.gz'])('packs and unpacks %s as others do', async (kind) => {
    const path = `/data/out.${kind}`;
    const host = join(folder, `out.${kind}`);
    const packed = await call('archive', { action: 'create', path, files: ['/data/src', '/data/a.js'] });
    expect(packed).toMatchObject({ code: 'ok', value: { entries: 3, bytes: 3 } });
    expect(await names(path)).toEqual(['src/c.ts', 'src/deep/é d.ts', 'a.js']);
    const python = `import sys, zipfile, tarfile; p = sys.argv[1]; print([i.filename for i in zipfile.ZipFile(p).infolist()] if p.endswith('zip') else tarfile.open(p).getnames()); zipfile.ZipFile(p).testzip() if p.endswith('zip') else 0`;
    expect(execFileSync('python3', ['-c', python, host], { encoding: 'utf8' }).trim()).toBe(
      "['src/c.ts', 'src/deep/é d.ts', 'a.js']",
    );
    const to = `/data/from-${kind}`;
    expect((await call('archive', { action: 'extract', path, to })).value).toMatchObject({ bytes: 3 });
    expect(await readFile(join(folder, `from-${kind}/src/deep/é d.ts`), 'utf8')).toBe('d');
    expect((await call('archive', { action: 'extract', path, to })).message).toMatch(/there already/);
    expect((await call('archive', { action: 'create', path, files: ['/data/a.js'] })).message).toMatch(
      /there already/,
    );
    const only = { action: 'extract', path, to: `${to}-one`, only: ['a.js'] };
    expect((await call('archive', only)).value).toMatchObject({ files: [`${to}-one/a.js`] });
    expect((await call('archive', { ...only, only: ['x'] })).message).toMatch(/no such entry/);
  });

  test('a .gz is one file', async () => {
    expect(
      (await call('archive', { action: 'create', path: '/data/a.js.gz', files: ['/data/a.js'] })).code,
    ).toBe('ok');
    expect(gunzipSync(await readFile(join(folder, 'a.js.gz'))).toString()).toBe('a');
    expect(
      (await call('archive', { action: 'create', path: '/data/two.gz', files: ['/data/src'] })).message,
    ).toMatch(/a \.gz holds one/);
  });

  test('what leads out of the folder, lies, or is broken writes nothing', async () => {
    const make = (code: string) => execFileSync('python3', ['-c', code, folder]);
    make(
      "import sys, zipfile, tarfile, io, os\nd = sys.argv[1]\nfor name, entry in (('up', '../up.txt'), ('root', '/tmp/abs.txt'), ('back', 'a\\\\..\\\\b')):\n    with zipfile.ZipFile(f'{d}/{name}.zip', 'w') as z: z.writestr('ok.txt', 'ok'); z.writestr(entry, 'x')\nwith tarfile.open(f'{d}/link.tar', 'w') as t:\n    i = tarfile.TarInfo('l'); i.type = tarfile.SYMTYPE; i.linkname = '/etc/passwd'; t.addfile(i)\nwith tarfile.open(f'{d}/up.tar', 'w') as t:\n    i = tarfile.TarInfo('../../t'); i.size = 1; t.addfile(i, io.BytesIO(b'x'))\nwith tarfile.open(f'{d}/long.tar', 'w', format=tarfile.PAX_FORMAT) as t:\n    i = tarfile.TarInfo('n' * 150 + 'é'); i.size = 1; t.addfile(i, io.BytesIO(b'x'))",
    );
    for (const name of ['up.zip', 'root.zip', 'back.zip', 'link.tar', 'up.tar']) {
      const { message } = await call('archive', {
        action: 'extract',
        path: `/data/${name}`,
        to: '/data/never',
      });
      expect([name, message]).toEqual([name, expect.stringMatching(/leads out of the folder|is a link/)]);
    }
    expect(await names('/data/long.tar')).toEqual([`${'n'.repeat(150)}é`]);
    await writeFile(join(folder, 'bomb.gz'), gzipSync(Buffer.alloc(80 * 1024 * 1024)));
    await writeFile(join(folder, 'empty.zip'), '');
    await writeFile(join(folder, 'text.tar'), 'x'.repeat(2_000));
    const whole = await readFile(join(folder, 'up.zip'));
    await writeFile(join(folder, 'cut.zip'), whole.subarray(0, whole.length - 30));
    const changed = Buffer.from(whole);
    changed[40] = (changed[40] ?? 0) ^ 0xff;
    await writeFile(join(folder, 'changed.zip'), changed);
    for (const name of ['bomb.gz', 'empty.zip', 'text.tar', 'cut.zip', 'changed.zip']) {
      const { code } = await call('archive', { action: 'extract', path: `/data/${name}`, to: '/data/never' });
      expect([name, code]).toEqual([name, expect.stringMatching(/GUEST_THREW|FUEL_EXHAUSTED/)]);
    }
    expect((await readdir(folder)).includes('never')).toBe(false);
  });
});

test('web_search asks the engines that are configured, each in its words', verifies('HT-12'), async () => {
  const engine = (path: string, safe: string) => ({
    url: `${origin}${path}?q={query}&safe={safeSearch}`,
    results: 'web.list',
    title: 't',
    link: 'u',
    text: 'd',
    safeSearch: { on: safe, off: 'none' },
  });
  const engines = {
    one: engine('/one', 'strict'),
    two: engine('/two', 'yes'),
    broken: engine('/broken', '1'),
  };
  const env = { SEARCH_ENGINES: JSON.stringify(engines) };
  const search = (args: object, more: Grant = { env }) =>
    call('web_search', { query: 'é &', ...args }, { http: [{ origin }], ...more });
  asked.length = 0;
  expect((await search({})).value).toMatchObject({ engines: ['one'], results: [{ title: '/one 1' }, {}] });
  expect((await search({ engine: 'two', safeSearch: false, maxResults: 1 })).value).toMatchObject({
    results: [{ title: '/two 1', url: 'https://x.test/same/', text: 'd', engine: 'two' }],
  });
  expect(asked).toEqual(['/one?q=%C3%A9%20%26&safe=strict', '/two?q=%C3%A9%20%26&safe=none']);
  expect((await search({ engine: 'all' })).value).toMatchObject({
    results: [{ title: '/one 1' }, { title: '/one 2' }, { title: '/two 2' }],
    failed: [{ engine: 'broken', reason: expect.stringMatching(/500/) }],
  });
  expect((await search({ engine: 'three' })).message).toMatch(/there are: one, two, broken/);
  expect((await search({ engine: 'broken' })).message).toMatch(/answered 500/);
  for (const nothing of [{}, { env: { A: '1' } }] as const)
    expect(await runtime.tools.call('web_search', { query: 'x' }, { grant: nothing })).toMatchObject({
      ok: false,
      error: {
        code: 'UNSUPPORTED',
        message: 'Cannot call "web_search": nothing is configured for it',
        hint: expect.stringMatching(/^Grant env SEARCH_ENGINES, .*\{query\}.*; and grant /),
        details: { setting: 'SEARCH_ENGINES' },
      },
      usage: { fuel: null },
    });
  const caller = { id: 'c', permissions: ['http'] };
  expect(
    codeOf(await runtime.tools.call('web_search', { query: 'x' }, { grant: { http: [{ origin }] }, caller })),
  ).toBe('CAPABILITY_DENIED');
  expect(
    (await call('web_search', { query: 'x' }, { env, http: [{ origin: 'http://127.0.0.1:9' }] })).code,
  ).toBe('CAPABILITY_DENIED');
});

test(
  'search_files takes no longer for a hostile pattern than for a plain one',
  verifies('FS-09'),
  async () => {
    await writeFile(join(folder, 'hostile.txt'), `${'a'.repeat(20_000)}!\nfind me 42\n`);
    const find = async (contentPattern: string, more: object = {}) =>
      call('search_files', { path: '/data', pattern: 'hostile.txt', contentPattern, ...more });
    expect((await find('^(a+)+$')).value).toMatchObject({ matches: [], files: 1 });
    expect((await find('(a*)*(a*)*b')).value).toMatchObject({ matches: [] });
    // Twice the line is at most twice the work, and some for the start.
    const burnt: number[] = [];
    for (const size of [50_000, 100_000]) {
      await writeFile(join(folder, 'long.txt'), `${'a'.repeat(size)}!`);
      const outcome = await call('search_files', {
        path: '/data',
        pattern: 'long.txt',
        contentPattern: '(a+)+$',
      });
      expect(outcome.value).toMatchObject({ matches: [], files: 1 });
      burnt.push(outcome.fuel ?? 0);
    }
    const [once = 0, twice = 0] = burnt;
    expect(once).toBeGreaterThan(0);
    expect(twice).toBeLessThan(2.2 * once);
    expect(twice).toBeLessThan(3_000_000_000);
    expect((await find('me \\d+$')).value).toMatchObject({ matches: [{ line: 2, column: 6 }] });
    expect((await find('FIND (?:me|you)', { ignoreCase: true })).value).toMatchObject({
      matches: [{ line: 2, column: 1 }],
    });
    expect((await find('me\\.?', { context: 1 })).value).toMatchObject({ matches: [{ column: 6 }] });
    for (const pattern of ['(?<=x)y', '(a)\\1', '('])
      expect((await find(pattern)).message).toMatch(/linear time/);
  },
);

describe('control_flow', verifies('EX-33'), () => {
  const SOURCE = `
class Box:
    def open(self, xs):
        for x in xs:
            try:
                if x < 0: continue
                if x == 7: break
                total = [y for y in x if y]
            except ValueError as e:
                return None
            finally:
                close()
        else:
            print("<none>")
        match total:
            case 0: return 1
            case [a, *_] if a: raise KeyError(a)
        return total
def main(n):
    while n:
        n -= 1
`;
  interface Graph {
    readonly nodes: readonly { readonly id: string; readonly kind: string; readonly label: string }[];
    readonly edges: readonly { readonly from: string; readonly to: string; readonly label?: string }[];
  }
  test('draws loops with else, match, try with finally and comprehensions', async () => {
    const { value } = await call('control_flow', {
      source: SOURCE,
      targetFunction: 'Box.open',
      outputFormat: 'json',
    });
    const { nodes, edges } = value as Graph;
    const labelOf = (id: string) => nodes.find((node) => node.id === id)?.label ?? '';
    const lines = edges.map(({ from, to, label }) => `${labelOf(from)} -${label ?? ''}> ${labelOf(to)}`);
    for (const line of [
      "for x in xs -done> print('<none>')",
      'if x < 0 -true> continue',
      'continue -> finally',
      'break -> finally',
      'close() -continue> for x in xs',
      'close() -break> match total',
      'close() -return> end',
      'except -ValueError> except ValueError as e',
      'except -no handler> finally',
      'for y in x -next> if y',
      'if y -false> for y in x',
      'case 0 -matches> return 1',
      'case [a, *_] if a -no match> return total',
      'raise KeyError(a) -raises> end',
    ])
      expect(lines).toContain(line);
    const drawn = await call('control_flow', {
      source: SOURCE,
      targetFunction: 'Box.open',
      outputFormat: 'html',
    });
    expect(drawn.text).toContain('&lt;none&gt;');
    expect(drawn.text).not.toContain('<none>');
    const mermaid = await call('control_flow', { source: SOURCE, targetFunction: 'main' });
    expect(mermaid.text).toMatch(/^flowchart TD\n/);
    expect((await call('control_flow', { source: SOURCE, targetFunction: 'nope' })).message).toMatch(
      /'nope'.*Box\.open, main/,
    );
    expect((await call('control_flow', { source: SOURCE, outputFormat: 'pdf' })).code).toBe('INPUT_INVALID');
    expect((await call('control_flow', { source: 'def x(:' })).message).toMatch(/line 1/);
  });
});

test('draw_chart draws SVG, and loads nothing', async () => {
  const spec = {
    mark: 'bar',
    encoding: { x: { field: 'é', type: 'nominal' }, y: { field: 'n', type: 'quantitative' } },
  };
  const drawn = await call('draw_chart', {
    spec,
    data: [
      { é: '<a&b>', n: 1 },
      { é: 'c', n: 2 },
    ],
    width: 100,
  });
  expect(drawn.text).toMatch(/^<svg[\s\S]*<\/svg>$/);
  expect(drawn.text).toContain('&lt;a&amp;b&gt;');
  expect(drawn.text.match(/<path[^>]*aria-roledescription="bar"|<path[^>]*d="M/g)?.length).toBeGreaterThan(1);
  const remote = await call('draw_chart', { spec: { ...spec, data: { url: `${origin}/rows.json` } } });
  expect(remote).toMatchObject({
    code: 'GUEST_THREW',
    message: expect.stringMatching(/give the data as values/),
  });
  expect((await call('draw_chart', { spec: { mark: 'nonsense' } })).code).toBe('GUEST_THREW');
});

test('draw_chart draws PNG, a file of its size, and refuses what would be drawn wrong', async () => {
  const spec = {
    title: 'Ä, Ω, Я',
    mark: 'bar',
    encoding: { x: { field: 'a', type: 'nominal' }, y: { field: 'n', type: 'quantitative' } },
  };
  const args = { spec, data: [{ a: 'one', n: 1 }], format: 'png', width: 50, height: 40 };
  const drawn = await call('draw_chart', args);
  const { mime, bytes, base64 } = drawn.value as { mime: string; bytes: number; base64: string };
  const png = Buffer.from(base64, 'base64');
  expect([mime, bytes, png.subarray(1, 4).toString()]).toEqual(['image/png', png.byteLength, 'PNG']);
  // The plot, its axis and its title.
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([expect.any(Number), expect.any(Number)]);
  expect(png.readUInt32BE(16)).toBeGreaterThan(50);
  expect(png.readUInt32BE(20)).toBeGreaterThan(60);
  expect(JSON.parse(drawn.text)).toEqual({ mime, bytes, artifact: expect.stringMatching(/^artifact-/) });
  const other = await call('draw_chart', { ...args, data: [{ a: 'two', n: 1 }] });
  expect((other.value as { base64: string }).base64).not.toBe(base64);
  expect((await call('draw_chart', { ...args, spec: { ...spec, title: '漢字' } })).message).toMatch(
    /^Error: Cannot draw the chart as png: DejaVu Sans, its only font, has no 漢; take svg/,
  );
  expect((await call('draw_chart', { ...args, width: 4_000, height: 4_000 })).message).toMatch(
    /pixels are over 16000000; take svg/,
  );
});

describe('extract_text', () => {
  const put = (name: string, content: string | Uint8Array) => writeFile(join(folder, name), content);

  test('takes the text of HTML, however it is written', async () => {
    const text = async (html: string | Uint8Array) => {
      await put('x.html', html);
      return (await call('extract_text', { path: '/data/x.html' })).value as { text: string; title?: string };
    };
    expect(
      await text('<title>é &amp; b</title><p>one<br>two <b>x</b>y</p><script>"<p>no"</script><td>1<td>2'),
    ).toEqual({
      kind: 'html',
      title: 'é & b',
      text: 'one\ntwo xy\n\n1\t2',
    });
    expect((await text('<p>e&#233;&hellip;&nope;&#xD800;')).text).toBe('eé…&nope;\ufffd');
    expect((await text(new Uint8Array(Buffer.from('<meta charset=latin1><p>é', 'latin1')))).text).toBe('é');
    expect((await text('')).text).toBe('');
    for (const broken of ['<', '<p', '<a href="', '<!-- x', '<script>', 'a < b', '<p>'.repeat(20_000)])
      expect(typeof (await text(broken)).text).toBe('string');
  });

  test('takes the text of a PDF, page by page', async () => {
    const stream = (text: string) => `BT /F1 18 Tf 10 100 Td (${text}) Tj ET`;
    const objects = [
      '<</Type/Catalog/Pages 2 0 R>>',
      '<</Type/Pages/Kids[3 0 R 6 0 R]/Count 2>>',
      '<</Type/Page/MediaBox[0 0 300 144]/Parent 2 0 R/Resources<</Font<</F1 4 0 R>>>>/Contents 5 0 R>>',
      '<</Type/Font/Subtype/Type1/BaseFont/Times-Roman>>',
      `<</Length ${stream('Hello PDF').length}>>\nstream\n${stream('Hello PDF')}\nendstream`,
      '<</Type/Page/MediaBox[0 0 300 144]/Parent 2 0 R/Resources<</Font<</F1 4 0 R>>>>/Contents 7 0 R>>',
      `<</Length ${stream('Page two').length}>>\nstream\n${stream('Page two')}\nendstream`,
    ];
    await put(
      'x.pdf',
      `%PDF-1.4\n${objects.map((text, at) => `${at + 1} 0 obj${text}\nendobj\n`).join('')}trailer<</Root 1 0 R>>`,
    );
    expect((await call('extract_text', { path: '/data/x.pdf', from: 2 })).value).toEqual({
      kind: 'pdf',
      pages: [{ page: 2, text: 'Page two' }],
      total: 2,
      more: false,
    });
    await put('bad.pdf', '%PDF-1.4 nothing');
    expect((await call('extract_text', { path: '/data/bad.pdf' })).code).toBe('GUEST_THREW');
    expect((await call('extract_text', { path: '/data/a.js' })).message).toMatch(/neither PDF nor HTML/);
  });
});
