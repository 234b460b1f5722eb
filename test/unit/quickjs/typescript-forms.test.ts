import { describe, expect, test } from 'vitest';
import { runJs } from '../../support/quickjs-for-tests.ts';

const typescript = (code: string, filename = 'main.ts', modules = {}) =>
  runJs(code, { source: { language: 'typescript', filename, modules } });

describe('TypeScript and JSX', () => {
  test('decorators of methods, fields, accessors and classes', async () => {
    const { value } = await typescript(`
      const seen: string[] = [];
      function log(target: any, context: any) { seen.push(context.kind + ' ' + String(context.name)); return undefined as any; }
      function twice(target: (...args: any[]) => number, context: ClassMethodDecoratorContext) { return function (this: any, ...args: any[]) { return 2 * target.apply(this, args); }; }
      @log class A { @log x: number = 1; @twice m(): number { return this.x; } @log get g() { return 1; } }
      [new A().m(), seen]`);
    expect(value).toEqual([2, ['getter g', 'field x', 'class A']]);
  });

  test('using, in JavaScript as well', async () => {
    const code = `const log = []; { using a = { [Symbol.dispose]() { log.push('a') } }; using b = { [Symbol.dispose]() { log.push('b') } }; log.push('in') } log`;
    expect((await runJs(code)).value).toEqual(['in', 'b', 'a']);
    expect((await typescript(code)).value).toEqual(['in', 'b', 'a']);
  });

  test('enums, namespaces, parameter properties, inline type imports', async () => {
    const { value } = await typescript(
      `import { type T, f } from './t.ts'; enum E { A = 1, B } namespace N { export const x = 1 } class P { constructor(private y: number) {} get() { return this.y } } const t: T = 1; [E.B, E[1], N.x, new P(3).get(), f(t)]`,
      'main.ts',
      { './t.ts': 'export type T = number; export const f = (t: T): T => t + 1;' },
    );
    expect(value).toEqual([2, 'A', 1, 3, 2]);
  });

  test('a namespace stays where modules are taken by import = and where others are declared only', async () => {
    const { value } = await typescript(
      `import path = require('node:path');
       declare namespace Outer { const y: number }
       namespace N { export const x = path.basename('/a/b') }
       export = N.x;`,
    );
    expect(value).toBe('b');
  });

  test.each(['main.tsx', 'main.ts'])('JSX in %s', async (filename) => {
    const { value } = await typescript(
      `const React = { createElement: (t: any, p: any, ...c: any[]) => [t, p, c] }; const n: number = 1; <div id="a">hi {n}</div>`,
      filename,
    );
    expect(value).toEqual(['div', { id: 'a' }, ['hi ', 1]]);
  });

  test('JSX by another function, and by the automatic runtime', async () => {
    expect((await typescript(`/** @jsx h */ const h = (t: string) => t; <b/>`)).value).toBe('b');
    const { value } = await typescript(
      `/** @jsxImportSource ui */ export default <b a="1">x</b>`,
      'main.tsx',
      {
        'ui/jsx-runtime': 'export const jsx = (t, p) => [t, p]; export const jsxs = jsx;',
      },
    );
    expect(value).toEqual(['b', { a: '1', children: 'x' }]);
  });

  test('JSX in .jsx needs no TypeScript', async () => {
    const { value } = await runJs(`const React = { createElement: (t) => t }; <i/>`, {
      source: { filename: 'a.jsx' },
    });
    expect(value).toBe('i');
  });
});
