import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { guardBinary } from '../../../runtime/wasm/guard.ts';
import { instrument } from '../../../runtime/wasm/instrument.ts';

const require = createRequire(import.meta.url);

test("the guard reads Pyodide's whole module, and its rewriting is valid", () => {
  const bytes = new Uint8Array(readFileSync(require.resolve('pyodide/pyodide.asm.wasm')));
  expect(guardBinary(bytes)).toMatchObject({ kind: 'module', memories: 1 });
  expect(WebAssembly.validate(instrument(bytes, { maxMemoryPages: 8192 }))).toBe(true);
});
