import { posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SandglassError } from '../../../runtime/vocabulary/errors.ts';
import type { FakeHostOptions } from '../../support/fake-host.ts';
import { runJs } from '../../support/quickjs-for-tests.ts';

/** Granted files by guest path. */
const files = (entries: Readonly<Record<string, string>>): NonNullable<FakeHostOptions['operations']> => ({
  'fs.readFile': ({ path }) => {
    const text = entries[String(path)];
    if (text === undefined) {
      throw new SandglassError('HOST_CALL_FAILED', `Cannot read "${path}": no such file`, {
        details: { reason: 'not-found' },
      });
    }
    return { bytes: new TextEncoder().encode(text) };
  },
});

describe('modules', () => {
  test('modules passed with the run are imported as written and relative to each other', async () => {
    const { value } = await runJs(
      'import two, { one } from "./lib/index.js"; import bare from "bare"; import data from "./lib/data.json"; export default [one, two, bare, data.x]',
      {
        source: {
          modules: {
            './lib/index.js':
              'import "./side.js"; export const one = globalThis.side; export { default } from "../two.js"',
            './lib/side.js': 'globalThis.side = "side"',
            'two.js': 'export default 2',
            bare: 'export default "bare"',
            './lib/data.json': '{"x": {"__proto__": 1}}',
          },
        },
      },
    );
    expect(value).toEqual(['side', 2, 'bare', JSON.parse('{"__proto__": 1}')]);
  });

  test.each([true, false])(
    'granted files are imported relative to cwd and importer (canBlock %s)',
    async (canBlock) => {
      const { value, host } = await runJs(
        'import { a } from "./lib/a.js"; import data from "/data/d.json" with { type: "json" }; export default [a, data.n, import.meta.url, import.meta.main]',
        {
          source: { filename: '/desk/main.js' },
          spec: { cwd: '/desk' },
          host: {
            canBlock,
            operations: files({
              '/desk/lib/a.js': 'export { b as a } from "./b.js"; export const main = import.meta.main',
              '/desk/lib/b.js': 'export const b = import.meta.url',
              '/data/d.json': '{"n": 3}',
            }),
          },
        },
      );
      expect(value).toEqual(['file:///desk/lib/b.js', 3, 'file:///desk/main.js', true]);
      expect(host.calls.map(({ args }) => (args as { path: string }).path).toSorted()).toEqual([
        '/data/d.json',
        '/desk/lib/a.js',
        '/desk/lib/b.js',
      ]);
    },
  );

  test('import() works in scripts and modules', async () => {
    const modules = { './m.js': 'export const x = 5; export default x + 1' };
    expect(
      (await runJs('const m = await import("./m.js"); m.default + m.x', { source: { modules } })).value,
    ).toBe(11);
    expect((await runJs('import("./m.js").then((m) => m.x)', { source: { modules } })).value).toBe(5);
    expect((await runJs('export default (await import("./m.js")).x', { source: { modules } })).value).toBe(5);
  });

  test('a module links whatever there is in it: no collection of the prelude falls into the link', async () => {
    const values = new Set<unknown>();
    for (let n = 0; n < 60; n++)
      values.add((await runJs(`const a = [${'() => 1,'.repeat(n)}]; export default 5`)).value);
    expect(values).toEqual(new Set([5]));
  });

  test('a module that is missing is named with its importer', async () => {
    const { result } = await runJs('import "./lib.js";', {
      source: { modules: { './lib.js': 'import "nothing"; export {}' } },
    });
    expect(result).toMatchObject({
      kind: 'threw',
      error: {
        message: 'Cannot import "nothing" from "./lib.js": no such module; passed with the run: ./lib.js',
        hint: 'Pass its source in modules, or bundle it into the program: a guest has no packages of npm',
      },
    });
    const dynamic = await runJs('try { await import("gone") } catch (error) { error.message }');
    expect(dynamic.value).toBe(
      'Cannot import "gone" from "main.js": no such module; none was passed with the run',
    );
  });

  test.each([true, false])(
    'a file that the grant does not cover ends the run with the refusal (canBlock %s)',
    async (canBlock) => {
      const { result } = await runJs('import "./secret.js"; export {}', { host: { canBlock } });
      expect(result).toMatchObject({
        kind: 'threw',
        refusalId: 1,
        error: {
          message: 'Cannot import "/secret.js" from "main.js": Cannot call fs.readFile: no grant covers it',
        },
      });
    },
  );

  test('form auto tells scripts from modules', async () => {
    for (const [code, expected] of [
      ['const s = "import x from y"; s', 'import x from y'],
      ['// export default 1\n2', 2],
      ['`\nimport x from "y"\n`.trim()', 'import x from "y"'],
      ['typeof import("./x.js").catch(() => 0)', 'object'],
      ['export default typeof this', 'undefined'],
      ['typeof this', 'object'],
      ['import.meta.main\nexport default 9', 9],
      ['await (async () => 3)()', 3],
      ['var await1 = 1; (await1)', 1],
      ['function f() { return arguments.length } f(1, 2)', 2],
    ] as const) {
      expect((await runJs(code)).value).toEqual(expected);
    }
  });

  test('form script and module are taken at their word', async () => {
    expect((await runJs('export default 1', { source: { form: 'script' } })).result).toMatchObject({
      kind: 'threw',
      error: { name: 'SyntaxError', file: 'main.js', line: 1 },
    });
    expect((await runJs('1 + 1', { source: { form: 'module' } })).value).toBeUndefined();
    expect((await runJs('var delete_ = 010; delete_')).value).toBe(8);
  });

  test('node:path, node:url, node:timers/promises and fs/promises come with the engine', async () => {
    const { value } = await runJs(`
      import path, { join } from 'node:path'; import { fileURLToPath } from 'url'; import { setTimeout as wait } from 'node:timers/promises';
      import * as fsp from 'node:fs/promises'; import fs from 'fs';
      export default [join('/a', '../b', 'c'), path.extname('x.tar.gz'), path.relative('/a/b', '/a/c/d'), path.basename('/x/y.js', '.js'), fileURLToPath('file:///a%20b'), await wait(1, 'v'), typeof fsp.readFile, typeof fs.readFileSync, fs.promises === fsp.default]`);
    expect(value).toEqual(['/b/c', '.gz', '../c/d', 'y', '/a b', 'v', 'function', 'function', true]);
  });

  test('path.resolve() answers what Node answers', async () => {
    const paths = [
      '',
      '/',
      '//',
      '/a',
      '/a/',
      '//a',
      '/a//b',
      '/.',
      '/..',
      '/a/.',
      '/a/..',
      '/a/../b',
      '/.a',
      '/a/.b',
      '/a./b',
      '/a/..b',
      '/ä b',
      'a',
      './a',
      '../a',
      '.',
    ];
    const { value } = await runJs(
      `import path from "node:path"; export default ${JSON.stringify(paths)}.map((one) => [path.resolve(one), path.resolve('/x', one)])`,
      { spec: { cwd: '/w' } },
    );
    expect(value).toEqual(paths.map((one) => [posix.resolve('/w', one), posix.resolve('/w', '/x', one)]));
  });

  test('a cycle of modules and a shebang are fine', async () => {
    const { value } = await runJs(
      '#!/usr/bin/env node\nimport { a } from "./a.js"; export const m = 1; export default a()',
      {
        source: {
          modules: {
            './a.js': 'import { b } from "./b.js"; export function a() { return b + 1; }',
            './b.js': 'import { a } from "./a.js"; export const b = typeof a === "function" ? 2 : 0',
          },
        },
      },
    );
    expect(value).toBe(3);
  });

  test("options.imports limits bare specifiers, not the program's own files", async () => {
    const source = { modules: { './own.js': 'export default 1', other: 'export default 2' } };
    const spec = { options: { imports: ['node:path'] } };
    expect(
      (await runJs('import own from "./own.js"; import "node:path"; export default own', { source, spec }))
        .value,
    ).toBe(1);
    expect(
      (await runJs('import other from "other"; export default other', { source, spec })).result,
    ).toMatchObject({
      kind: 'threw',
      error: { message: 'Cannot import "other" from "main.js": options.imports allows node:path' },
    });
  });

  test("options.preset 'safe' leaves no files, no network and no way to compile text; lists only narrow it", async () => {
    const attempts = `[() => eval('1'), () => Function('return 1')(), () => (() => {}).constructor('return 1')(), () => (async () => {}).constructor('1')(), () => [].map.constructor.constructor('return 1')(), () => fetch('http://x'), () => new WebSocket('ws://x'), () => sandglass.call('fs.stat', { path: '/' }), () => fs(), () => Object.getPrototypeOf(function* () {}).constructor('1')]`;
    const { value } = await runJs(
      `${attempts}.map((attempt) => { try { return String(attempt()); } catch (error) { return error.name; } })`,
      { spec: { options: { preset: 'safe' } } },
    );
    expect(value).toEqual(Array(10).fill('EvalError'));
    expect((await runJs('typeof fs.readFile', { spec: { options: { preset: 'safe' } } })).value).toBe(
      'undefined',
    );
    const plain =
      'import { join } from "node:path"; export default join("a", JSON.stringify([1].map((n) => n + 1)))';
    expect((await runJs(plain, { spec: { options: { preset: 'safe' } } })).value).toBe('a/[2]');
    for (const options of [{ preset: 'safe' }, { preset: 'safe', imports: ['node:fs', 'node:path'] }]) {
      expect((await runJs('import "node:fs"', { spec: { options } })).result).toMatchObject({
        kind: 'threw',
        error: { message: expect.stringContaining('options.imports allows') },
      });
    }
    expect((await runJs(plain, { spec: { options: { preset: 'safe', imports: [] } } })).result).toMatchObject(
      {
        kind: 'threw',
      },
    );
    expect(
      (await runJs('parseInt("1")', { spec: { options: { preset: 'safe', block: ['parseInt'] } } })).result,
    ).toMatchObject({ kind: 'threw', error: { name: 'EvalError' } });
  });

  test('options.block takes globals away, and every way to compile text with eval and Function', async () => {
    const { value } = await runJs(
      `[() => eval('1'), () => Function('return 1')(), () => (() => {}).constructor('return 1')(), () => (async () => {}).constructor('1')(), () => (function* () {}).constructor('1'), () => fetch('http://x'), () => [].map.constructor('return 1')()].map((attempt) => { try { return attempt(); } catch (error) { return error.message; } })`,
      { spec: { options: { block: ['eval', 'Function', 'fetch'] } } },
    );
    const by = (name: string): string => `Cannot use ${name}: options.block takes it away`;
    expect(value).toEqual([
      by('eval'),
      by('Function'),
      by('Function'),
      by('Function'),
      by('Function'),
      by('fetch'),
      by('Function'),
    ]);
  });
});
