import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Runtime } from '../../runtime/contracts/api/runtime.ts';
import { nodePlatform } from '../../runtime/platform/node.ts';
import { createNodePyodideEngine } from '../../runtime/platform/python/pyodide-engine.ts';
import { createRuntimeOn } from '../../runtime/runtime.ts';
import type { Outcome } from '../../runtime/vocabulary/outcome.ts';
import { TEST_CACHE } from '../support/test-cache.ts';

/** What needs the worker around the realm: its deep stack, its flags, its end by force. */
describe('a Python guest in its cell', () => {
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
  const run = (code: string, timeoutMs = 20_000): Promise<Outcome> =>
    runtime.run({ language: 'python', code, limits: { timeoutMs } });

  test('answers its value, and the next run knows nothing of it', async () => {
    expect(await run('import builtins; builtins.x = x = 7; x')).toMatchObject({ ok: true, value: 7 });
    expect(await run("[hasattr(__import__('builtins'), 'x'), 'x' in globals()]")).toMatchObject({
      ok: true,
      value: [false, false],
    });
  });

  test('the cell has no environment, no files but our own code, no child processes', async () => {
    const outcome = await run(
      "import os\n[dict(os.environ), os.path.exists('/etc'), os.path.exists('/root')]",
    );
    expect(outcome).toMatchObject({ ok: true, value: [{}, false, false] });
  });

  test.each([
    ['endless recursion', 'def f(): f()\nf()', /GUEST_THREW/],
    ['json of 100,000 brackets', "import json; json.loads('[' * 100_000)", /GUEST_THREW|STACK_EXCEEDED/],
    [
      'recursion without a limit',
      'import sys; sys.setrecursionlimit(10 ** 9)\ndef f(): f()\nf()',
      /^GUEST_THREW$/,
    ],
    ['deep repr', 'x = []\nfor _ in range(100_000): x = [x]\nrepr(x)', /GUEST_THREW|STACK_EXCEEDED/],
    [
      'deep comparison',
      'a = []; b = []\nfor _ in range(100_000): a = [a]; b = [b]\na == b',
      /GUEST_THREW|STACK_EXCEEDED/,
    ],
    [
      'nested source',
      "compile('(' * 90_000 + ')' * 90_000, 'x', 'exec')",
      /GUEST_THREW|STACK_EXCEEDED|MEMORY_EXCEEDED/,
    ],
  ])('%s ends with an error of its own', async (_name, code, expected) => {
    const outcome = await run(code);
    expect(outcome.ok ? 'ok' : outcome.error.code).toMatch(expected);
    expect(await run('1 + 1')).toMatchObject({ ok: true, value: 2 });
  });

  test.each([
    ['time.sleep', 'import time; time.sleep(10 ** 6)'],
    ['asyncio.sleep', 'import asyncio; await asyncio.sleep(10 ** 6)'],
    ['a loop', 'while True: pass'],
    [
      'Python and JavaScript in turns',
      `from pyodide.ffi import create_proxy
given = []
def f(): return str(given[0])
create_proxy(given.append)(toString=create_proxy(f))
while True:
  try: f()
  except BaseException: pass`,
    ],
    ['a native loop', 'sum(range(10 ** 12))'],
  ])('%s ends at the deadline', async (_name, code) => {
    const outcome = await run(code, 1000);
    expect(outcome).toMatchObject({ ok: false, error: { code: 'DEADLINE_EXCEEDED' } });
  });

  test('a guest that takes its realm apart harms only itself', async () => {
    const outcome = await run(
      `
from pyodide.ffi import to_js, create_proxy
import _sandglass_host
bad = create_proxy(lambda *a: 1 / 0)
for thing in (to_js([]), to_js(b''), _sandglass_host._host.call, _sandglass_host._host.call_later('a.b', '{}')):
    for name in ('then', 'push', 'pop', 'set', 'slice', 'call', 'apply', 'bind', 'toString', 'length'):
        try: setattr(thing, name, bad)
        except BaseException: pass
1`,
      3000,
    );
    expect(outcome.meta.engine).toBe('pyodide');
    expect(await run('1 + 1')).toMatchObject({ ok: true, value: 2 });
  });

  test('four at once: one that recurses fails, three succeed', async () => {
    const outcomes = await Promise.all([run('def f(): f()\nf()'), run('1'), run('2'), run('3')]);
    expect(outcomes.map((outcome) => (outcome.ok ? outcome.value : outcome.error.code))).toEqual([
      'GUEST_THREW',
      1,
      2,
      3,
    ]);
  });
});
