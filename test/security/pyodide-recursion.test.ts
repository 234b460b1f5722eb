import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Runtime } from '../../runtime/api.ts';
import type { IsolationLevel } from '../../runtime/levels.ts';
import { nodePlatform } from '../../runtime/platform/node.ts';
import { createNodePyodideEngine } from '../../runtime/platform/pyodide-engine.ts';
import { createRuntimeOn } from '../../runtime/runtime.ts';

const NEST = 'x = []\nfor _ in range(100_000): x = [x]\n';

/** What nests inside Python, below any Python frame, and what Python itself says of it. */
const DEEP: Readonly<Record<string, readonly [code: string, error: RegExp]>> = {
  'json lists': ["import json; json.loads('[' * 100_000)", /RecursionError/],
  'json objects': ['import json; json.loads(\'{"a":\' * 100_000)', /RecursionError/],
  'json out': [`import json\n${NEST}json.dumps(x)`, /RecursionError/],
  repr: [`${NEST}repr(x)`, /RecursionError/],
  pickle: [`import pickle\n${NEST}pickle.dumps(x)`, /RecursionError/],
  deepcopy: [`import copy\n${NEST}copy.deepcopy(x)`, /RecursionError/],
  regex: ["import re; re.compile('(' * 100_000 + ')' * 100_000)", /RecursionError/],
  'nested source': ["import ast; ast.parse('(' * 90_000 + ')' * 90_000)", /SyntaxError|MemoryError/],
  'signs in source': ["compile('-' * 90_000 + '1', 'x', 'eval')", /MemoryError|RecursionError/],
  'a key that asks for itself': [
    'import sys; sys.setrecursionlimit(10 ** 9)\ndef key(n): return max([n], key=key)\nkey(1)',
    /RecursionError/,
  ],
  'a repr of itself': [
    'import sys; sys.setrecursionlimit(10 ** 9)\nclass A:\n  def __repr__(self): return repr(self)\nrepr(A())',
    /RecursionError/,
  ],
};

describe('deep recursion inside Python', () => {
  let runtime: Runtime;
  beforeAll(() => {
    runtime = createRuntimeOn(
      { ...nodePlatform, engines: [createNodePyodideEngine()], hostFunctions: [] },
      {
        cache: join(import.meta.dirname, '../../node_modules/.cache/sandglass-test'),
        cells: { warm: 1, maxCells: 2 },
      },
    );
  });
  afterAll(async () => {
    await runtime.close();
  });
  const run = (code: string, level: IsolationLevel = 'standard') =>
    runtime.run({ language: 'python', code, level });
  const caught = (code: string): string =>
    `try:\n${code.replace(/^/gm, '  ')}\nexcept Exception as error: name = type(error).__name__\nname`;

  test.each(Object.entries(DEEP))(
    '%s: Python raises its own error, which the program can catch',
    async (_, [code, error]) => {
      expect(await run(caught(code))).toMatchObject({ ok: true, value: expect.stringMatching(error) });
    },
    60_000,
  );

  test.each(['standard', 'strict', 'maximum'] as const)(
    'at %s an uncaught one ends the run, and the next run works',
    async (level) => {
      expect(await run("import json; json.loads('[' * 100_000)", level)).toMatchObject({
        ok: false,
        error: { code: 'GUEST_THREW', details: { name: 'RecursionError', file: 'main.py', line: 1 } },
      });
      expect(await run('1 + 1', level)).toMatchObject({ ok: true, value: 2 });
    },
    120_000,
  );

  test('recursion of 400 calls that each go through the interpreter still works', async () => {
    expect(await run('def f(n): return n if n == 0 else max([n - 1], key=f)\nf(400)')).toMatchObject({
      ok: true,
      value: 399,
    });
  }, 60_000);

  test('calls that wait, each with a stack of its own, are few', async () => {
    const code = (count: number): string => `
import asyncio
from pyodide.ffi import run_sync
started = 0
async def wait():
    global started
    started += 1
    run_sync(asyncio.sleep(0.5))
    return 1
done = await asyncio.gather(*[wait() for _ in range(${count})])
sum(done)`;
    expect(await run(code(8))).toMatchObject({ ok: true, value: 8 });
    expect(await run(code(1000))).toMatchObject({ ok: false, error: { code: 'STACK_EXCEEDED' } });
    expect(await run('1 + 1')).toMatchObject({ ok: true, value: 2 });
  }, 60_000);
});
