import { describe, expect, test } from 'vitest';
import { SandglassError } from '../../../runtime/vocabulary/errors.ts';
import { mergeLimits } from '../../../runtime/vocabulary/limits.ts';
import { script } from '../../support/engine-guests.ts';
import { quickjsEngine, runJs } from '../../support/quickjs-for-tests.ts';

describe('errors', () => {
  test('an uncaught error has file, line, column and guest frames only', async () => {
    const { result, stderr } = await runJs(
      'const inner = () => { throw new TypeError("no") };\n\nfunction outer() {\n  [1].map(inner);\n}\nouter();',
    );
    expect(result).toMatchObject({
      kind: 'threw',
      error: {
        name: 'TypeError',
        message: 'no',
        file: 'main.js',
        line: 1,
        stack: expect.stringMatching(
          /at inner \(main\.js:1:\d+\)\n {4}at map \(native\)\n {4}at outer \(main\.js:4:\d+\)\n {4}at <eval> \(main\.js:6:\d+\)/,
        ),
      },
    });
    expect(stderr).toMatch(/^Uncaught TypeError: no\n {4}at inner \(main\.js:1/);
  });

  test('frames of the prelude are never shown', async () => {
    const { result } = await runJs('\nsetTimeout(() => new URL("nope"), 1);');
    expect(result).toMatchObject({ kind: 'threw', error: { name: 'TypeError', line: 2 } });
    expect(JSON.stringify(result)).not.toContain('<sandglass>');
  });

  test('TypeScript keeps its lines; a module prefix does not move columns', async () => {
    const typed = await runJs(
      'interface A {\n  x: number;\n}\nconst a: A = { x: 1 };\nfunction f(v: A): never {\n  throw new Error("x is " + v.x);\n}\nf(a);',
      {
        source: { language: 'typescript' },
      },
    );
    expect(typed.result).toMatchObject({
      kind: 'threw',
      error: { file: 'main.ts', line: 6, message: 'x is 1' },
    });
    const { result } = await runJs('import.meta.url; export default 1; throw new Error("here")');
    expect(result).toMatchObject({
      kind: 'threw',
      error: { line: 1, column: 51, stack: '    at <anonymous> (main.js:1:51)' },
    });
  });

  test('TypeScript: types, enums, parameter properties, generics; modules in TypeScript too', async () => {
    const { value } = await runJs(
      `import { double } from './lib.ts'; import { triple } from './other.js';
       enum Color { Red, Green = 'g' }
       class P<T> { constructor(public readonly x: T, private y = 2) {} sum = (): number => (this.x as unknown as number) + this.y }
       const v = <const T,>(t: T) => t; let n!: number; n = v(3) satisfies number;
       type X = { a: string }; abstract class Q { abstract f(): void }
       export default [Color.Red, Color.Green, new P(1).sum(), n as any as number, double(4), triple(2)] as const;`,
      {
        source: {
          language: 'typescript',
          modules: {
            './lib.ts': 'export const double = (n: number): number => n * 2',
            './other.ts': 'export function triple(n: number) { return n * 3 as number }',
          },
        },
      },
    );
    expect(value).toEqual([0, 'g', 3, 3, 8, 6]);
  });

  test('TypeScript that cannot be read is INPUT_INVALID with its place', async () => {
    const prepare = (code: string) =>
      quickjsEngine().prepare(script('typescript', code, { filename: 'main.ts' }), {
        limits: mergeLimits([]),
        compile: (bytes) => WebAssembly.compile(bytes),
      });
    await expect(prepare('const a = 1;\nlet x: = 2;')).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringMatching(/^Cannot read main\.ts:2:\d+: /),
    });
    await expect(prepare(`${'('.repeat(50_000)}1`)).rejects.toBeInstanceOf(SandglassError);
    await expect(prepare('x'.repeat(5_000_000))).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  test('a syntax error names its place', async () => {
    expect((await runJs('const ok = 1;\nlet x = ;')).result).toMatchObject({
      kind: 'threw',
      error: { name: 'SyntaxError', file: 'main.js', line: 2 },
    });
    expect((await runJs('import x from "y";\nlet z = ;')).result).toMatchObject({
      kind: 'threw',
      error: { name: 'SyntaxError', line: 2 },
    });
  });

  test.each([
    ['throw "text"', { name: 'Uncaught', message: "'text'" }],
    ['throw { a: 1 }', { name: 'Uncaught', message: '{ a: 1 }' }],
    ['throw null', { name: 'Uncaught', message: 'null' }],
    ['throw undefined', { name: 'Uncaught', message: 'undefined' }],
    ['throw Object.assign(new Error("m"), { name: "Mine" })', { name: 'Mine', message: 'm' }],
    [
      'class MyError extends Error { name = "MyError" } throw new MyError("m")',
      { name: 'MyError', message: 'm' },
    ],
    ['throw new Proxy({}, { get() { throw 1 }, ownKeys() { throw 2 } })', { name: 'Uncaught' }],
    [
      'throw Object.defineProperty(new Error(), "message", { get() { throw 1 } })',
      { message: 'an error that cannot be read' },
    ],
    ['null.x', { name: 'TypeError' }],
    ['nope', { name: 'ReferenceError' }],
    ['throw new AggregateError([new Error("a")], "many")', { name: 'AggregateError', message: 'many' }],
  ])('%s', async (code, error) => {
    expect((await runJs(code)).result).toMatchObject({ kind: 'threw', error });
  });

  test.each([
    'Promise.reject(new Error("lost")); 1',
    '(async () => { await null; throw new Error("lost") })(); 1',
    'setTimeout(() => { throw new Error("lost") }, 1); 1',
    'setTimeout(async () => { throw new Error("lost") }, 1); 1',
    'queueMicrotask(() => { throw new Error("lost") }); 1',
    'await Promise.reject(new Error("lost"))',
    'export default await Promise.reject(new Error("lost"))',
    'new Promise((_, no) => no(new Error("lost")))',
  ])('an error nobody handles ends the run: %s', async (code) => {
    expect((await runJs(code)).result).toMatchObject({
      kind: 'threw',
      error: { name: 'Error', message: 'lost' },
    });
  });

  test.each([
    'const p = Promise.reject(new Error("x")); p.catch(() => {}); "ok"',
    'const p = Promise.reject(new Error("x")); await null; await p.catch(() => {}); "ok"',
    'await Promise.allSettled(Array.from({ length: 5000 }, () => Promise.reject(new Error("x")))); "ok"',
    'try { await (async () => { throw 1 })() } catch {} "ok"',
    'await Promise.any([Promise.reject(1), Promise.resolve(2)]); "ok"',
  ])('a rejection that is handled in time does not: %s', async (code) => {
    expect((await runJs(code)).value).toBe('ok');
  });

  test('a program that waits for what never comes ends with an error; an idle one ends well', async () => {
    expect((await runJs('await new Promise(() => {})')).result).toMatchObject({
      kind: 'threw',
      error: { message: /never|nothing/ },
    });
    expect((await runJs('export default await new Promise(() => {})')).result).toMatchObject({
      kind: 'threw',
    });
    expect((await runJs('new Promise(() => {})')).value).toBeUndefined();
  });

  test('a refusal keeps its id through fs and fetch errors, and its hint', async () => {
    for (const code of [
      'await fs.readFile("/etc/passwd")',
      'await fetch("http://example.com/")',
      'fs.readFileSync("/x")',
      'fs.writeFile("/x", "y"); 1',
    ]) {
      expect((await runJs(code)).result).toMatchObject({ kind: 'threw', refusalId: 1 });
    }
    const { value } = await runJs(
      'let seen; try { await fetch("http://x/") } catch (e) { seen = [e.name, e.code, e.message, e.hint, e instanceof Error] } seen',
      {
        host: {
          operations: {
            'http.request': () => {
              throw new SandglassError(
                'CAPABILITY_DENIED',
                'Cannot reach http://x: no grant for http covers it',
                { hint: 'Grant http' },
              );
            },
          },
        },
      },
    );
    expect(value).toEqual([
      'SandglassError',
      'CAPABILITY_DENIED',
      'Cannot reach http://x: no grant for http covers it',
      'Grant http',
      true,
    ]);
  });

  test('a refusal that is let through names the line that made the call', async () => {
    const { result } = await runJs(
      'const load = async () => {\n  return await fs.readFile("/x");\n};\nawait load();',
    );
    expect(result).toMatchObject({ kind: 'threw', refusalId: 1, error: { file: 'main.js', line: 2 } });
  });
});
