import { parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import { describe, expect, test } from 'vitest';
import { guardBinary } from '../../../runtime/wasm/guard.ts';
import { inspectBinary } from '../../../runtime/wasm/inspect.ts';
import { assemble } from '../../support/wasm/assemble.ts';

describe('inspectBinary()', () => {
  test('tells the imports, exports and types of a module', async () => {
    const bytes = await assemble(`(module
      (import "env" "log" (func (param i32 f64)))
      (import "env" "memory" (memory 1 4))
      (import "env" "base" (global i32))
      (table (export "table") 3 9 funcref)
      (func (export "pair") (param i64) (result f32 externref) f32.const 0 ref.null extern))`);
    expect(inspectBinary(bytes)).toEqual({
      kind: 'module',
      imports: [
        { module: 'env', name: 'log', kind: 'function', params: ['i32', 'f64'], results: [] },
        { module: 'env', name: 'memory', kind: 'memory', limits: { minimum: 1, maximum: 4, wide: false } },
        { module: 'env', name: 'base', kind: 'global' },
      ],
      exports: [
        { name: 'table', kind: 'table', limits: { minimum: 3, maximum: 9, wide: false } },
        { name: 'pair', kind: 'function', params: ['i64'], results: ['f32', 'externref'] },
      ],
      worldImports: [],
      worldExports: [],
      memories: [],
      tables: [{ minimum: 3, maximum: 9, wide: false }],
      customSections: ['name'],
      producers: {},
    });
  });

  test('names what made a module', async () => {
    const bytes = await assemble('(module)');
    const text = (value: string): number[] => [value.length, ...new TextEncoder().encode(value)];
    const content = [...text('producers'), 1, ...text('processed-by'), 1, ...text('tool'), ...text('1.2')];
    const made = Uint8Array.of(...bytes.slice(0, 8), 0, content.length, ...content);
    expect(inspectBinary(made)).toMatchObject({
      customSections: ['producers'],
      producers: { 'processed-by': ['tool 1.2'] },
    });
  });
});

describe('inspectBinary() of components', () => {
  test('tells the names and kinds of a world', async () => {
    const bytes = await parse(`(component
      (import "wasi:cli/environment@0.2.0" (instance))
      (core module $m (memory 2) (func (export "f")))
      (core instance $i (instantiate $m))
      (func $f (canon lift (core func $i "f")))
      (export "run" (func $f)))`);
    expect(inspectBinary(bytes)).toMatchObject({
      kind: 'component',
      imports: [],
      worldImports: [{ name: 'wasi:cli/environment@0.2.0', kind: 'instance' }],
      worldExports: [{ name: 'run', kind: 'func' }],
      memories: [{ minimum: 2, wide: false }],
    });
    expect(guardBinary(bytes)).toEqual({
      kind: 'component',
      coreModules: 1,
      memories: 1,
      minimumPages: 2,
      collected: false,
    });
  });
});

describe('guardBinary()', () => {
  test('counts the modules and memories of a module', async () => {
    expect(guardBinary(await assemble('(module (memory 3))'))).toEqual({
      kind: 'module',
      coreModules: 1,
      memories: 1,
      minimumPages: 3,
      collected: false,
    });
  });
});
