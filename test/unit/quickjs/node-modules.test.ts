import { describe, expect, test } from 'vitest';
import { SandglassError } from '../../../runtime/vocabulary/errors.ts';
import { runJs } from '../../support/quickjs-for-tests.ts';

const file = (text: string) => ({
  host: {
    canBlock: true,
    operations: { 'fs.readFile': () => ({ value: null, bytes: new TextEncoder().encode(text) }) },
  },
});

describe('CommonJS', () => {
  test('require gives modules of Node by either name, and the same one each time', async () => {
    const { value } = await runJs(
      `const path = require('path'); [path === require('node:path'), path.join('/a', '..', 'b'), require('util').format('%s %d', 'a', 1)]`,
    );
    expect(value).toEqual([true, '/b', 'a 1']);
  });

  test('files passed with the run, each run once, in a circle too', async () => {
    const { value } = await runJs(
      `const a = require('./a'); const again = require('./a.cjs'); [a.name, a.fromB, a === again, __filename, __dirname, require('./data.json').n]`,
      {
        source: {
          modules: {
            './a.cjs': `exports.name = 'a'; exports.fromB = require('./b.js').seen;`,
            './b.js': `const a = require('./a.cjs'); module.exports = { seen: a.name + '!' };`,
            './data.json': '{"n":1}',
          },
        },
      },
    );
    expect(value).toEqual(['a', 'a!', true, '/main.js', '/', 1]);
  });

  test('module.exports of the program is its last expression', async () => {
    expect(
      (await runJs('module.exports = { answer: 42 };', { source: { filename: 'a.cjs' } })).value,
    ).toEqual({
      answer: 42,
    });
  });

  test('an ES module imports a CommonJS file by its names and as a whole', async () => {
    const { value } = await runJs(
      `import all, { a, c } from './lib.cjs'; import * as other from './other.js'; export default [a, c, all.a, other.default.x, other.x];`,
      {
        source: {
          modules: {
            './lib.cjs': 'exports.a = 1; Object.defineProperty(exports, "c", { value: 3 });',
            './other.js': '// export const not = 1\nmodule.exports = { x: `1`, y() {} };',
          },
        },
      },
    );
    expect(value).toEqual([1, 3, 1, '1', '1']);
  });

  test('a granted file is read where the thread can wait', async () => {
    const { value } = await runJs(`require('/lib/x.js')`, file('module.exports = __filename;'));
    expect(value).toBe('/lib/x.js');
  });

  test('a name that cannot be found says so, one of Node says what to use', async () => {
    const failure = async (code: string) => {
      const { result } = await runJs(code);
      return result.kind === 'threw' ? result.error.message : result.kind;
    };
    expect(await failure(`require('left-pad')`)).toContain('no such module');
    expect(await failure(`import 'left-pad'`)).toContain('no such module');
    expect(await failure(`require('child_process')`)).toContain('a guest cannot start processes');
    expect(await failure(`import { Socket } from 'node:dgram'`)).toContain('use fetch or WebSocket');
    // What libraries load and may never use fails where it is used.
    expect(await failure(`import net from 'node:net'; net.connect(80)`)).toContain('use fetch or WebSocket');
    expect(await failure(`import { promises } from 'dns'; await promises.lookup('a')`)).toContain(
      'given to fetch',
    );
    expect(await failure(`new (require('worker_threads').Worker)('x.js')`)).toContain('start several runs');
    expect(await failure(`require('node:nothing')`)).toContain('Node has no such module');
  });

  test('options.imports holds for require too', async () => {
    const { result } = await runJs(`require('fs')`, { spec: { options: { imports: ['path'] } } });
    expect(result).toMatchObject({
      kind: 'threw',
      error: { message: expect.stringContaining('options.imports') },
    });
    expect((await runJs(`require('path').sep`, { spec: { options: { imports: ['path'] } } })).value).toBe(
      '/',
    );
  });

  test('a denial of a required file is the gate’s own', async () => {
    const { result } = await runJs(`require('/secret/x.js')`, {
      host: {
        canBlock: true,
        operations: {
          'fs.readFile': () => {
            throw new SandglassError('CAPABILITY_DENIED', 'no grant');
          },
        },
      },
    });
    expect(result).toMatchObject({ kind: 'threw', refusalId: 1 });
  });
});

describe('process', () => {
  test('tells of the run and nothing of the host', async () => {
    const { value } = await runJs(
      `[process.argv.slice(2), process.env.A, process.platform, process.cwd(), typeof process.hrtime.bigint(), process.env.PATH ?? null]`,
      { spec: { argv: ['x', 'y'], env: { A: '1' }, cwd: '/work' } },
    );
    expect(value).toEqual([['x', 'y'], '1', 'linux', '/work', 'bigint', null]);
  });

  test('chdir goes where something is granted, or up from where the program stands', async () => {
    const { value } = await runJs(
      `['/elsewhere', '/box/none', '..', '/box', '/'].map((to) => { try { process.chdir(to); return process.cwd() } catch (e) { return [e.message, e.errno] } })`,
      {
        spec: { cwd: '/box/deep' },
        host: {
          canBlock: true,
          operations: {
            'fs.stat': ({ path }) => {
              const known = path === '/box/none';
              throw new SandglassError(known ? 'HOST_CALL_FAILED' : 'CAPABILITY_DENIED', 'Cannot look', {
                details: { reason: known ? 'not-found' : 'denied' },
              });
            },
          },
        },
      },
    );
    expect(value).toEqual([
      ["EACCES: permission denied, chdir '/box/deep' -> '/elsewhere'", -13],
      ["ENOENT: no such file or directory, chdir '/box/deep' -> '/box/none'", -2],
      '/box',
      '/box',
      '/',
    ]);
  });

  test('exit ends the program at once, past try and finally, with its code', async () => {
    const { result, stdout } = await runJs(
      `process.stdout.write('a'); process.on('exit', (code) => console.log('exit', code)); try { process.exit(3) } catch { console.log('caught') } finally { console.log('finally') }`,
    );
    expect(result).toMatchObject({ kind: 'exit', exitCode: 3 });
    expect(stdout).toBe('aexit 3\n');
  });

  test('exitCode counts when the program has ended', async () => {
    expect((await runJs(`process.exitCode = 2; 'value'`)).result).toMatchObject({
      kind: 'exit',
      exitCode: 2,
    });
    expect((await runJs(`process.exitCode = 0; 'value'`)).value).toBe('value');
  });

  test('nextTick comes before promise jobs that are set after it', async () => {
    const { stdout } = await runJs(
      `setTimeout(() => console.log(4)); process.nextTick(() => console.log(2)); Promise.resolve().then(() => console.log(3)); console.log(1)`,
    );
    expect(stdout).toBe('1\n2\n3\n4\n');
  });

  test('a program without any of these names starts without the library', async () => {
    const plain = await runJs('1 + 1');
    const other = await runJs('Buffer, 1 + 1');
    expect(other.result.memoryBytes).toBeGreaterThan(plain.result.memoryBytes);
  });
});

describe('modules of Node', () => {
  const cases: Readonly<Record<string, readonly [code: string, value: unknown]>> = {
    'Buffer codecs': [
      `[Buffer.from('pä').toString('base64'), Buffer.from('cMOk', 'base64').toString(), Buffer.from('ff00', 'hex')[0], Buffer.from('a').toString('hex'), Buffer.concat([Buffer.from('a'), Buffer.from('b')]).toString(), Buffer.from('??>').toString('base64url'), Buffer.byteLength('ä')]`,
      ['cMOk', 'pä', 255, '61', 'ab', 'Pz8-', 2],
    ],
    'Buffer is a Uint8Array': [
      `const b = Buffer.alloc(4); b.writeUInt32BE(0x01020304); [b instanceof Uint8Array, b.readInt16LE(1), JSON.stringify(b.subarray(2))]`,
      [true, 770, '{"type":"Buffer","data":[3,4]}'],
    ],
    events: [
      `const { EventEmitter, once } = require('events'); const e = new EventEmitter(); const seen = []; e.on('a', (x) => seen.push(x)); e.once('a', (x) => seen.push(-x)); e.emit('a', 1); e.emit('a', 2); setTimeout(() => e.emit('b', 7)); const [b] = await once(e, 'b'); [seen, b]`,
      [[1, -1, 2], 7],
    ],
    'util.promisify, inherits, inspect': [
      `const util = require('util'); const f = (a, done) => setTimeout(done, 1, null, a + 1); function A() {} function B() {} util.inherits(A, B); [await util.promisify(f)(1), new A() instanceof B, util.inspect({ a: { b: { c: {} } } }), util.isDeepStrictEqual([1, { a: 2 }], [1, { a: 2 }])]`,
      [2, true, '{ a: { b: { c: {} } } }', true],
    ],
    assert: [
      `const assert = require('assert/strict'); const seen = []; for (const f of [() => assert.equal(1, 2), () => assert.deepEqual({ a: 1 }, { a: 2 }), () => assert.throws(() => {}), () => assert(0)]) { try { f() } catch (e) { seen.push([e.name, e.code, e.message.split('\\n')[0]]) } } assert.deepEqual({ a: [1] }, { a: [1] }); assert.throws(() => { throw new TypeError('x') }, /x/); seen`,
      [
        ['AssertionError', 'ERR_ASSERTION', 'Expected values to be strictly equal:'],
        ['AssertionError', 'ERR_ASSERTION', 'Expected values to be strictly deep-equal:'],
        ['AssertionError', 'ERR_ASSERTION', 'Missing expected exception.'],
        ['AssertionError', 'ERR_ASSERTION', 'The expression evaluated to a falsy value'],
      ],
    ],
    stream: [
      `const { Readable, Transform, pipeline } = require('stream'); const { pipeline: wait } = require('stream/promises'); let text = ''; await wait(Readable.from(['a', 'b']), new Transform({ transform(c, _, done) { done(null, String(c).toUpperCase()) } }), async (source) => { for await (const c of source) text += c }); text`,
      'AB',
    ],
    crypto: [
      `const c = require('crypto'); [c.createHash('sha256').update('abc').digest('hex').slice(0, 8), c.createHash('md5').update('a').update('b').digest('base64'), c.createHmac('sha1', 'k').update('d').digest('hex').slice(0, 8), c.randomBytes(4).length, c.timingSafeEqual(Buffer.from('a'), Buffer.from('a')), c.pbkdf2Sync('p', 's', 2, 8, 'sha256').toString('hex')]`,
      ['ba7816bf', 'GH70Q2Ei0cwvQNwrkvDroA==', '2b90e41e', 4, true, '1998f3d3f22119b7'],
    ],
    zlib: [
      `const z = require('zlib'); const packed = z.gzipSync('hello hello hello'); [z.gunzipSync(packed).toString(), z.inflateRawSync(z.deflateRawSync(Buffer.from('x'))).toString(), z.crc32('abc')]`,
      ['hello hello hello', 'x', 891568578],
    ],
    'path.win32, url, querystring, os, string_decoder': [
      `const url = require('url'); const { StringDecoder } = require('string_decoder'); const d = new StringDecoder('utf8'); [require('path').win32.join('C:\\\\a', '..', 'b'), url.parse('http://a.com:8/b?c=1#d').port, url.resolve('http://a.com/b/c', '../d'), require('querystring').parse('a=1&a=2&b=%20').a, require('os').EOL, d.write(Buffer.from([0xc3])) + d.write(Buffer.from([0xa4]))]`,
      ['C:\\b', '8', 'http://a.com/d', ['1', '2'], '\n', 'ä'],
    ],
    'readline over stdin': [
      `const rl = require('readline').createInterface({ input: process.stdin }); const lines = []; for await (const line of rl) lines.push(line); lines`,
      ['one', 'two'],
    ],
    'readFileSync(0)': [`require('fs').readFileSync(0, 'utf8')`, 'one\ntwo\n'],
    'timers are objects': [
      `const t = setTimeout(() => {}, 60000); const had = t.hasRef(); t.unref(); clearTimeout(setTimeout(() => { throw 1 }, 1)); [had, t.hasRef(), typeof +t]`,
      [true, false, 'number'],
    ],
    'createRequire and mixed imports': [
      `import { createRequire } from 'node:module'; import util, { format } from 'util'; const require2 = createRequire(import.meta.url); export default [require2('path').sep, format('%j', 1), util.format === format];`,
      ['/', '1', true],
    ],
    AsyncLocalStorage: [
      `const { AsyncLocalStorage } = require('async_hooks'); const s = new AsyncLocalStorage(); const inside = await s.run(5, async () => { await null; return s.getStore() }); [inside, s.getStore() ?? null]`,
      [5, null],
    ],
    'util.parseArgs': [
      `const { parseArgs } = require('util'); const { values, positionals } = parseArgs({ args: ['-v', '--n=3', 'x'], options: { verbose: { type: 'boolean', short: 'v' }, n: { type: 'string' } }, allowPositionals: true }); [{ ...values }, positionals]`,
      [{ verbose: true, n: '3' }, ['x']],
    ],
  };
  test.each(Object.entries(cases))('%s', async (_name, [code, expected]) => {
    const run = await runJs(code, { spec: { stdin: new TextEncoder().encode('one\ntwo\n') } });
    expect(run.value).toEqual(expected);
  });
});

describe('node:test', () => {
  const told = (stdout: string): string[] =>
    stdout
      .replace(/ \([\d.e-]+ms\)/g, '')
      .replace(/duration_ms .*/, 'duration_ms')
      .split('\n');

  test('tests run one after the other, nested ones too, with their hooks, and are told as Node tells them', async () => {
    const { stdout, result } = await runJs(
      `import { test, describe, it, before, beforeEach, afterEach, after } from 'node:test';
       const log = [];
       test('first', async (t) => { await t.test('inner', () => log.push('inner')); log.push('first'); });
       test('skipped', { skip: 'not now' }, () => log.push('never'));
       test.todo('later');
       describe('suite', () => {
         before(() => log.push('before')); after(() => log.push('after'));
         beforeEach(() => log.push('each')); afterEach(() => log.push('done'));
         it('a', () => log.push('a'));
         describe('deep', () => { it('b', async () => { await null; log.push('b'); }); });
       });
       test('with a callback', (t, done) => setTimeout(done, 1));
       test('last', () => console.log(log.join()));`,
    );
    expect(result.kind).toBe('value');
    expect(told(stdout)).toEqual([
      '▶ first',
      '  ✔ inner',
      '✔ first',
      '﹣ skipped # not now',
      '✔ later # TODO',
      '▶ suite',
      '  ✔ a',
      '  ▶ deep',
      '    ✔ b',
      '  ✔ deep',
      '✔ suite',
      '✔ with a callback',
      'inner,first,before,each,a,done,each,b,done,after',
      '✔ last',
      'ℹ tests 8',
      'ℹ suites 2',
      'ℹ pass 6',
      'ℹ fail 0',
      'ℹ cancelled 0',
      'ℹ skipped 1',
      'ℹ todo 1',
      'ℹ duration_ms',
      '',
    ]);
  });

  test('what fails is told at the end, with its place, and makes the exit code 1', async () => {
    const { stdout, result } = await runJs(
      `const { test, describe, it } = require('node:test'); const assert = require('assert');
       test('bad', () => { assert.equal(1, 2); });
       describe('s', () => { it('throws', () => { throw new Error('boom'); }); it('runs on', () => {}); });
       test('slow', { timeout: 2 }, () => new Promise((r) => setTimeout(r, 50)));
       test('plan', (t) => { t.plan(2); t.assert.ok(1); });`,
    );
    expect(result).toMatchObject({ kind: 'exit', exitCode: 1 });
    const lines = told(stdout);
    expect(lines).toContain('✖ bad');
    expect(lines).toContain('  ✖ throws');
    expect(lines).toContain('  ✔ runs on');
    expect(lines).toContain('✖ s');
    expect(lines).toContain('ℹ fail 4');
    expect(stdout).toMatch(
      /✖ failing tests:\n\ntest at main\.js:2:\d+\n✖ bad .*\n {2}AssertionError \[ERR_ASSERTION\]: 1 == 2\n/,
    );
    expect(stdout).toContain('test timed out after 2ms');
    expect(stdout).toContain('plan expected 2 assertions but received 1');
  });

  test('functions and methods are mocked, and put back', async () => {
    const { value } = await runJs(
      `const { mock, test } = require('node:test');
       const f = mock.fn((a) => a + 1); f(1); f.mock.mockImplementationOnce(() => 'once');
       const o = { m(x) { return this.n + x; }, n: 1 };
       const m = mock.method(o, 'm', () => 'mocked');
       const seen = [f(2), f(3), o.m(5), m.mock.callCount(), f.mock.calls.map((c) => c.result), f.mock.calls[0].arguments];
       mock.restoreAll();
       let refused; try { mock.timers.enable(); } catch (error) { refused = error.code; }
       [...seen, o.m(5), Object.hasOwn(o, 'm'), refused]`,
    );
    expect(value).toEqual([
      'once',
      4,
      'mocked',
      1,
      [2, 'once', 4],
      [1],
      6,
      true,
      'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM',
    ]);
  });
});

describe('as Node tells them', () => {
  test('util.diff, util.getCallSites', async () => {
    const { value } = await runJs(
      `const util = require('util');
       function named() { return util.getCallSites(2); }
       const sites = named();
       [util.diff('abc', 'abd'), util.diff(['a', 'b', 'c'], ['a', 'c', 'd']), util.diff('x', 'x'), sites.map((s) => [s.functionName, s.lineNumber, s.scriptName])]`,
    );
    expect(value).toEqual([
      [
        [0, 'a'],
        [0, 'b'],
        [1, 'c'],
        [-1, 'd'],
      ],
      [
        [0, 'a'],
        [1, 'b'],
        [0, 'c'],
        [-1, 'd'],
      ],
      [],
      [
        ['named', 2, 'main.js'],
        ['', 3, 'main.js'],
      ],
    ]);
  });

  test('errors of files name the path that was given; errors with a code have it in their stack', async () => {
    const { value } = await runJs(
      `const fs = require('fs'); const assert = require('assert');
       const say = (run) => { try { return run(); } catch (error) { return [error.message, error.path, error.stack.split('\\n')[0], String(error)]; } };
       [say(() => fs.readFileSync('no/such.txt')), say(() => fs.accessSync('./x')), say(() => assert.equal(1, 2)).slice(2), say(() => fs.statSync(5)).slice(2)]`,
      {
        host: {
          canBlock: true,
          operations: {
            'fs.readFile': () => {
              throw new SandglassError('INPUT_INVALID', 'no', { details: { reason: 'not-found' } });
            },
            'fs.stat': () => {
              throw new SandglassError('INPUT_INVALID', 'no', { details: { reason: 'not-found' } });
            },
          },
        },
      },
    );
    const stat =
      'TypeError [ERR_INVALID_ARG_TYPE]: The "path" argument must be of type string or an instance of Buffer or URL. Received type number (5)';
    expect(value).toEqual([
      [
        "ENOENT: no such file or directory, open 'no/such.txt'",
        'no/such.txt',
        "Error: ENOENT: no such file or directory, open 'no/such.txt'",
        "Error: ENOENT: no such file or directory, open 'no/such.txt'",
      ],
      [
        "ENOENT: no such file or directory, access './x'",
        './x',
        "Error: ENOENT: no such file or directory, access './x'",
        "Error: ENOENT: no such file or directory, access './x'",
      ],
      ['AssertionError [ERR_ASSERTION]: 1 == 2', 'AssertionError [ERR_ASSERTION]: 1 == 2'],
      [stat, stat],
    ]);
  });

  test('a long text of several lines alone, a class name at the end of the depth, columns of a table', async () => {
    const { stdout } = await runJs(
      `class List extends Array {}
       console.log(require('util').inspect('a line that is long enough to be cut\\n'.repeat(3)));
       console.log(require('util').inspect({ a: List.from([1]) }, { depth: 0 }));
       console.table([{ a: 1, b: 2 }, 3], ['b']);`,
    );
    expect(stdout).toBe(
      [
        "'a line that is long enough to be cut\\n' +",
        "  'a line that is long enough to be cut\\n' +",
        "  'a line that is long enough to be cut\\n'",
        '{ a: [List] }',
        '┌─────────┬───┐',
        '│ (index) │ b │',
        '├─────────┼───┤',
        '│ 0       │ 2 │',
        '│ 1       │   │',
        '└─────────┴───┘',
        '',
      ].join('\n'),
    );
  });
});
