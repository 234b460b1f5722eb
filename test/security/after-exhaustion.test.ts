import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type RunOptions, type Runtime } from '../../runtime/index.ts';
import { wat } from '../guests/component/build.ts';
import { FILLED } from '../support/python-callbacks.ts';
import { assemble } from '../support/wasm/assemble.ts';

/**
 * Guests that say `before`, burn all they have, and have something ready that would say `after`. Whoever could catch the end of its fuel,
 * be resumed behind it, or hide it, would say so.
 */
const JAVASCRIPT: Readonly<Record<string, string>> = {
  'catch and finally': 'try { spin() } catch { after() } finally { after() }',
  'finally that returns': '(() => { try { spin() } finally { return after() } })()',
  'catch in a caller far up':
    'const deep = (n) => { if (n) deep(n - 1); else spin() }; try { deep(100) } catch { after() } after()',
  'the rest of an async function':
    'const f = async () => { try { await null; spin() } catch { after() } finally { after() } }; await f().catch(after).finally(after); after()',
  'promise jobs': 'Promise.resolve().then(after); queueMicrotask(after); spin()',
  'jobs behind the job that spins':
    'Promise.resolve().then(spin).then(after, after); Promise.resolve().then(after); await new Promise(() => {})',
  timers:
    'setImmediate(() => { setTimeout(after, 0); setImmediate(after); spin() }); await new Promise(() => {})',
  'a native frame in between': 'try { [1, 2].map(spin) } catch { after() } after()',
  'a comparator': 'try { [2, 1].sort(spin) } catch {} after()',
  'a reviver': 'try { JSON.parse("[1]", spin) } finally { after() }',
  'a proxy trap': 'try { new Proxy({}, { get: spin }).x } catch { after() } after()',
  'a getter of the value': 'export default { get a() { try { spin() } finally { after() } } }',
  'the return of an iterator':
    'for (const x of { [Symbol.iterator]: () => ({ next: () => ({ value: 1 }), return: () => { after(); return {} } }) }) spin()',
  'a generator':
    'const g = (function* () { try { spin(); yield } finally { after() } })(); try { g.next() } catch {} g.return(); after()',
  'eval and Function':
    'try { (0, eval)("new Function(\\"f\\", \\"try { f() } finally { globalThis.console.log(1) }\\")")(spin) } catch { after() }',
  'a disposal':
    'const f = () => { const d = { [Symbol.dispose ?? "x"]: after }; try { spin() } finally { d[Symbol.dispose ?? "x"]() } }; f()',
  'a finalizer': 'const r = new FinalizationRegistry(after); r.register({}, 1); spin()',
  'a call of the host':
    "try { spin() } catch {} finally { import('node:fs').then((fs) => fs.readFileSync('/')) }",
};

const PYTHON: Readonly<Record<string, string>> = {
  'except and finally': 'try:\n  spin()\nexcept BaseException:\n  after()\nfinally:\n  after()',
  'an except in a caller far up':
    'def deep(n):\n  try:\n    deep(n - 1) if n else spin()\n  finally:\n    after()\ntry: deep(50)\nexcept BaseException: after()\nafter()',
  'a context manager':
    'class C:\n  def __enter__(s): return s\n  def __exit__(s, *a):\n    after()\n    return True\nwith C(): spin()\nafter()',
  atexit: 'import atexit\natexit.register(after)\nspin()',
  'an exception hook': 'import sys\nsys.excepthook = sys.unraisablehook = after\nspin()',
  'callbacks of the event loop':
    'import asyncio\nloop = asyncio.get_event_loop()\nloop.call_soon(spin)\nloop.call_soon(after)\nloop.call_later(0.001, after)\nawait asyncio.sleep(60)',
  'other tasks':
    'import asyncio\nasync def first(): spin()\nasync def second():\n  try: await asyncio.sleep(0)\n  finally: after()\nawait asyncio.gather(first(), second(), return_exceptions=True)\nafter()',
  'a callback under a function of JavaScript': `${FILLED}try: str(filled(toString=create_proxy(spin)))\nexcept BaseException: after()\nafter()`,
  'a callback under a function of JavaScript, in finally': `${FILLED}try: str(filled(toString=create_proxy(spin)))\nfinally: after()`,
  'a callback under a function of JavaScript, as the value': `${FILLED}str(filled(toString=create_proxy(spin)))`,
  'callbacks in callbacks': `${FILLED}def f(*a):\n  try: str(filled(toString=create_proxy(spin)))\n  except BaseException: after()\n  after()\n  return ''\nstr(filled(toString=create_proxy(f)))\nafter()`,
  'waiting for a coroutine':
    'from pyodide.ffi import run_sync\nasync def f(): spin()\ntry: run_sync(f())\nexcept BaseException: after()\nafter()',
  'a finalizer': 'class A:\n  def __del__(s): after()\na = A()\nspin()',
  'a generator':
    'def g():\n  try:\n    spin()\n    yield\n  finally: after()\nx = g()\ntry: next(x)\nexcept BaseException: x.close()\nafter()',
  'a call of the host': "try: spin()\nexcept BaseException: open('/data/a')\nfinally: open('/data/a')",
};

const FUEL = 400_000_000;

let runtime: Runtime;
beforeAll(() => {
  runtime = createRuntime();
});
afterAll(() => runtime.close());

async function expectNothingAfter(options: RunOptions): Promise<void> {
  const outcome = await runtime.run({ ...options, limits: { fuel: FUEL, timeoutMs: 120_000 } });
  expect(outcome).toMatchObject({ ok: false, error: { code: 'FUEL_EXHAUSTED' }, stdout: 'before\n' });
  expect(outcome.usage.fuel).toBe(FUEL);
  expect(outcome.usage.hostCalls).toEqual({});
}

describe('an exhausted guest does nothing more', () => {
  const spin = "console.log('before'); for (;;);";
  test.each(Object.entries(JAVASCRIPT))('JavaScript: %s', async (_name, code) => {
    const whole = `const spin = () => { ${spin} }, after = () => console.log('after');\n${code}`;
    await expectNothingAfter({ language: 'javascript', code: whole, level: 'minimal' });
    await expectNothingAfter({ language: 'javascript', code: whole });
  });

  test.each(Object.entries(PYTHON))('Python: %s', async (_name, code) => {
    const whole = `def spin(*a):\n  print('before')\n  while True: pass\ndef after(*a): print('after')\n${code}`;
    await expectNothingAfter({ language: 'python', code: whole });
  });

  const say = (text: string): string => `(data (i32.const ${text === 'before' ? 32 : 64}) "${text}\\n")`;
  test('preview1: what a catch_all would say', async () => {
    const module = await assemble(`(module
      (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1) ${say('before')} ${say('after')}
      (data (i32.const 0) "\\20\\00\\00\\00\\07\\00\\00\\00\\40\\00\\00\\00\\06\\00\\00\\00")
      (func (export "_start")
        i32.const 1 i32.const 0 i32.const 1 i32.const 16 call $write drop
        try loop $spin br $spin end catch_all end
        i32.const 1 i32.const 8 i32.const 1 i32.const 16 call $write drop))`);
    for (const level of ['minimal', 'standard'] as const) await expectNothingAfter({ module, level });
  });

  test('component: what a catch_all would answer', async () => {
    const module = await wat(`(component
      (core module $m (func (export "run") (result i32)
        (block $caught (try_table (catch_all $caught) (loop $spin (br $spin)))) (i32.const 7)))
      (core instance $i (instantiate $m))
      (func (export "run") (result s32) (canon lift (core func $i "run"))))`);
    for (const level of ['minimal', 'standard'] as const) {
      const outcome = await runtime.run({ module, invoke: 'run', level, limits: { fuel: FUEL } });
      expect(outcome).toMatchObject({ ok: false, error: { code: 'FUEL_EXHAUSTED' } });
      expect(outcome.usage.fuel).toBe(FUEL);
    }
  });
});
