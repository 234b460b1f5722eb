import { describe, expect, test } from 'vitest';
import { moduleAsScript, redeclarable } from '../../../runtime/engines/quickjs/rewrite.ts';
import { runJs } from '../../support/quickjs-for-tests.ts';

const failure = async (code: string, source = {}) => {
  const { result } = await runJs(code, { source });
  if (result.kind !== 'threw') throw new Error(`It did not throw: ${JSON.stringify(result)}`);
  return result.error;
};

describe('the value of a program', () => {
  test.each([
    [
      `import path, { join as j } from 'path'; import * as os from 'os'; import 'util'; j('a', 'b') + path.sep + os.EOL.length`,
      'a/b/1',
    ],
    [`export const a = 1;\nexport function f() { return 2 }\na + f()`, 3],
    [`import { twice } from './lib.js'; twice(4)`, 8],
    [`import util from 'util'; export default util.format('%s', 1)`, '1'],
    [`const size = 5; if (size > 3) return size; 'never'`, 5],
    [`const x = await Promise.resolve(2); return x * 2`, 4],
    [`import fs from 'fs'; return typeof fs.readFileSync`, 'function'],
  ])('%s', async (code, value) => {
    const run = await runJs(code, {
      source: { modules: { './lib.js': 'export const twice = (n) => 2 * n' } },
    });
    expect(run.value).toEqual(value);
  });

  test('what has no JSON form is its text, and says so', async () => {
    expect(
      (await runJs(`const m = new Map(); const r = { name: 'r' }; r.parent = r; m.set('r', r)`)).result,
    ).toMatchObject({
      kind: 'value',
      form: 'text',
      value: "Map(1) { 'r' => <ref *1> { name: 'r', parent: [Circular *1] } }",
    });
    expect((await runJs(`function f() {} f`)).result).toMatchObject({ form: 'text', value: '[Function: f]' });
    expect((await runJs(`({ a: 1 })`)).result).not.toHaveProperty('form');
    expect((await runJs(`undefined`)).result).not.toHaveProperty('form');
  });

  test('a program that returns does not run twice for an error of its own', async () => {
    const { result, stdout } = await runJs(
      `console.log('once'); const f = () => { return 1 }; throw new SyntaxError('return not in a function')`,
    );
    expect(result.kind).toBe('threw');
    expect(stdout).toBe('once\n');
  });
});

describe('rewriting', () => {
  const all = () => true;
  test('keeps lines, and leaves alone what it cannot read', () => {
    expect(moduleAsScript('import {\n  a,\n  b as c\n} from "x";\na', all)).toBe(
      'const {a,b:c}=await import("x")\n\n\n;\na',
    );
    expect(moduleAsScript('import d, * as w from "x" with { type: "json" }\nd', all)).toBe(
      'const w=await import("x");const {default:d}=w;\nd',
    );
    expect(moduleAsScript('import "x"; `import y from "z"`; /import/; // export default', all)).toBe(
      'await import("x");void 0; `import y from "z"`; /import/; // export default',
    );
    for (const code of [
      'export default 1',
      'export * from "x"',
      'import.meta.url',
      'export { a }',
      'export { a } from "x"',
    ])
      expect(moduleAsScript(code, all)).toBeUndefined();
    expect(moduleAsScript('import a from "./file.js"', () => false)).toBeUndefined();
  });

  test('only declarations of the outermost level may be made again', () => {
    expect(
      redeclarable('const a = 1; let b = 2\nclass C { let = 1 }\nfor (let i of []) { const x = 1 }'),
    ).toBe('var   a = 1; var b = 2\nvar C=class C { let = 1 };\nfor (let i of []) { const x = 1 }');
    expect(redeclarable('const f = `const`\n  .const; x.let; let')).toBe(
      'var   f = `const`\n  .const; x.let; let',
    );
  });
});

describe('errors as V8 has them', () => {
  test('stack begins with name and message, and shows no frame of the engine', async () => {
    const { value } = await runJs(
      `class MyError extends Error { name = 'MyError' } function f() { return new MyError('x') } const e = f(); const own = new Error('y'); own.stack = 'mine'; [e.stack.split('\\n')[0], /^\\s+at f \\(main\\.js:1:\\d+\\)$/m.test(e.stack), own.stack, Object.keys(e), new TypeError('z').stack.startsWith('TypeError: z\\n    at '), (() => { const o = {}; Error.captureStackTrace(o); return typeof o.stack })()]`,
    );
    expect(value).toEqual(['MyError: x', true, 'mine', ['name'], true, 'string']);
  });

  test.each([
    ['{bad}', "Expected property name or '}' in JSON at position 1 (line 1 column 2)"],
    ['{"a":1,}', 'Expected double-quoted property name in JSON at position 7 (line 1 column 8)'],
    ['[1 2]', "Expected ',' or ']' after array element in JSON at position 3 (line 1 column 4)"],
    ['{"a" 1}', "Expected ':' after property name in JSON at position 5 (line 1 column 6)"],
    ['"abc', 'Unterminated string in JSON at position 4 (line 1 column 5)'],
    ['{"a":1} x', 'Unexpected non-whitespace character after JSON at position 8 (line 1 column 9)'],
    ['', 'Unexpected end of JSON input'],
    ['<html>', 'Unexpected token \'<\', "<html>" is not valid JSON'],
    ['undefined', '"undefined" is not valid JSON'],
  ])('JSON.parse of %s', async (text, message) => {
    const error = await failure(`const text = ${JSON.stringify(text)};\nJSON.parse(text)`);
    expect(error).toMatchObject({ name: 'SyntaxError', message, file: 'main.js', line: 2 });
  });

  test('what is called and is not a function is named', async () => {
    expect(
      (await failure(`const api = { users: {} };\n[1].map((x) => x)[0]; (api.users.list())`)).message,
    ).toBe('api.users.list is not a function');
    expect((await failure(`const f = 1; f()`)).message).toBe('f is not a function');
  });

  test('a thrown text has the place it is thrown at', async () => {
    expect(
      await failure(`function f(n) {\n  if (n) throw 'too many';\n  throw new Error('x');\n}\nf(2)`),
    ).toMatchObject({
      name: 'Uncaught',
      file: 'main.js',
      line: 2,
      column: 10,
    });
  });

  test('causes and gathered errors are told', async () => {
    expect((await failure(`throw new Error('a', { cause: new TypeError('b') })`)).stack).toContain(
      '[cause]: TypeError: b',
    );
    expect((await failure(`await Promise.any([Promise.reject(new Error('one'))])`)).stack).toContain(
      'Error: one',
    );
  });

  test('hints for names of other places, and for text that is TypeScript or JSX', async () => {
    expect((await failure('document.title')).hint).toContain('a guest has no page');
    expect((await failure('interface A { x: number }')).hint).toContain('TypeScript');
    expect((await failure('const x = <div>a</div>')).hint).toContain('JSX');
    expect((await failure('nothing()')).hint).toBeUndefined();
  });
});
