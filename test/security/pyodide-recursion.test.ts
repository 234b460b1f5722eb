import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Runtime } from '../../runtime/contracts/api/runtime.ts';
import { nodePlatform } from '../../runtime/platform/node.ts';
import { createNodePyodideEngine } from '../../runtime/platform/python/pyodide-engine.ts';
import { createRuntimeOn } from '../../runtime/runtime.ts';
import type { IsolationLevel } from '../../runtime/vocabulary/levels.ts';
import { TEST_CACHE } from '../support/test-cache.ts';
import { verifies } from '../support/verifies.ts';

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
  'equal lists': [`${NEST}y = x\n${NEST}x == y`, /RecursionError/],
  'ordered tuples': [
    `${NEST.replaceAll('[]', '()').replace('[x]', '(x,)')}y = x\n${NEST.replaceAll('[]', '()').replace('[x]', '(x,)')}x < y`,
    /RecursionError/,
  ],
  'a long sum in source': ["eval('+'.join(['1'] * 100_000))", /RecursionError/],
  'many attributes in source': ["eval('a' + '.b' * 100_000)", /RecursionError/],
  'many calls in source': ["eval('f' + '()' * 100_000)", /RecursionError/],
  'a tree of XML going out': [
    `import xml.etree.ElementTree as E
r = x = E.Element('a')
for _ in range(100_000): x = E.SubElement(x, 'a')
E.tostring(r)`,
    /RecursionError/,
  ],
  'a key that asks for itself': [
    'import sys; sys.setrecursionlimit(10 ** 9)\ndef key(n): return max([n], key=key)\nkey(1)',
    /RecursionError/,
  ],
  'a repr of itself': [
    'import sys; sys.setrecursionlimit(10 ** 9)\nclass A:\n  def __repr__(self): return repr(self)\nrepr(A())',
    /RecursionError/,
  ],
};

const nested = (start: string, around: string, depth = 1_000_000): string =>
  `import itertools\nx = ${start}\nfor _ in range(${depth}): x = ${around}\n`;

/** What CPython copes with, however deep: it puts off what it frees. */
const FREED: Readonly<Record<string, string>> = {
  lists: nested('[]', '[x]'),
  tuples: nested('()', '(x,)'),
  dictionaries: nested('{}', '{0: x}', 300_000),
  iterators: nested('iter([])', 'itertools.chain(x)'),
  'frames that a raised limit allows': `import sys
sys.setrecursionlimit(300_000)
def f(): f()
try: f()
except RecursionError as error: x = error
`,
  'elements of XML': `import xml.etree.ElementTree as E\nx = E.fromstring('<a>' * 100_000 + '</a>' * 100_000)\n`,
};

describe('deep recursion inside Python', verifies('LM-09'), () => {
  let runtime: Runtime;
  beforeAll(() => {
    runtime = createRuntimeOn(
      { ...nodePlatform, engines: [createNodePyodideEngine()], hostFunctions: [] },
      {
        cache: TEST_CACHE,
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
  );

  test('endless recursion under the highest limit is a RecursionError, whose traceback costs no more than it shows', async () => {
    const endless = 'import sys\nsys.setrecursionlimit(10 ** 9)\ndef f(): f()\n';
    const handled = await run(`${endless}try: f()\nexcept RecursionError: pass\nsys.getrecursionlimit()`);
    expect(handled).toMatchObject({ ok: true, value: 1_000_000 });
    const outcome = await run(`${endless}f()`);
    expect(outcome).toMatchObject({
      ok: false,
      error: { code: 'GUEST_THREW', details: { name: 'RecursionError', file: 'main.py', line: 3 } },
      stderr: expect.stringMatching(
        /^Traceback[\s\S]+line 4, in <module>[\s\S]+\[\d+ frames in the middle are left out\]\n$/,
      ),
    });
    expect((outcome.usage.fuel ?? 0) / (handled.usage.fuel ?? 1)).toBeLessThan(2);
    expect(await run('1 + 1')).toMatchObject({ ok: true, value: 2 });
  });

  test.each(Object.entries(FREED))('%s in each other are freed', async (_, code) => {
    expect(await run(`${code}del x\n'freed'`)).toMatchObject({ ok: true, value: 'freed' });
  });

  test.each([
    ['iterators in each other', `${nested('iter([1])', 'map(int, x)', 200_000)}next(x)`],
    [
      'generators that give way to each other',
      `import sys
sys.setrecursionlimit(10 ** 6)
def g(n):
  if n: yield from g(n - 1)
  else: yield 1
next(g(50_000))`,
    ],
  ])('%s, too deep, end as STACK_EXCEEDED or RecursionError', async (_, code) => {
    const outcome = await runtime.run({ language: 'python', code, limits: { timeoutMs: 50_000 } });
    expect(outcome).toMatchObject({ ok: false });
    const { code: ending, message } = outcome.ok ? { code: 'ok', message: '' } : outcome.error;
    expect(`${ending}: ${message}`).toMatch(/^(STACK_EXCEEDED|GUEST_THREW: RecursionError)/);
  });

  test.each(['standard', 'maximum'] as const)(
    'at %s what CPython does not check ends the run alone: the host, other threads and the next run go on',
    async (level) => {
      const depth = level === 'maximum' ? 300_000 : 1_000_000;
      expect(await run(`${nested('()', '(x,)', depth)}hash(x)`, level)).toMatchObject({
        ok: false,
        error: { code: 'STACK_EXCEEDED' },
      });
      const deep = (): number => 1 + deep();
      expect(deep).toThrow(RangeError);
      const other = new Worker(
        `const deep = () => 1 + deep();
        try { deep(); } catch (error) { require('node:worker_threads').parentPort.postMessage(error.name); }`,
        { eval: true },
      );
      expect(await once(other, 'message')).toEqual(['RangeError']);
      expect(await run('1 + 1', level)).toMatchObject({ ok: true, value: 2 });
    },
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
  );

  test('recursion of 400 calls that each go through the interpreter still works', async () => {
    expect(await run('def f(n): return n if n == 0 else max([n - 1], key=f)\nf(400)')).toMatchObject({
      ok: true,
      value: 399,
    });
  });

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
  });
});
