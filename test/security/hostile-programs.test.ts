import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type JsonValue, type Outcome, type Runtime } from '../../runtime/index.ts';
import { TEST_CACHE } from '../support/test-cache.ts';
import { verifies } from '../support/verifies.ts';

verifies('XT-13');

/** How a run ends: its value, or the code of its error. */
const endOf = (outcome: Outcome): unknown => (outcome.ok ? outcome.value : outcome.error.code);
/** What an error may tell beyond its message: its stack, its details. */
const MOST_TOLD = 41_000;

let runtime: Runtime;
const faults: unknown[] = [];
beforeAll(() => {
  runtime = createRuntime({
    cache: TEST_CACHE,
    cells: { warm: 1, maxCells: 2 },
    onError: (error) => faults.push(error),
  });
});
afterAll(async () => {
  await runtime.close();
  // No run was ended by a bug of ours.
  expect(faults).toEqual([]);
});

async function check(
  language: string,
  code: string,
  end: unknown,
  level: 'minimal' | 'standard',
): Promise<void> {
  const outcome = await runtime.run({ language, code, level, limits: { timeoutMs: 100_000 } });
  expect(endOf(outcome)).toEqual(end);
  expect(outcome.usage.outputBytes).toBeLessThanOrEqual(1_048_576);
  if (!outcome.ok) expect(JSON.stringify(outcome.error.details ?? {}).length).toBeLessThan(MOST_TOLD);
}

const DENIED = 'Cannot look at "/etc/passwd": no grant for fs.read covers it';
const NO_ARRAY = 'not a TypedArray';

describe.each(['minimal', 'standard'] as const)('JavaScript at level %s', (level) => {
  test.each<[string, string, JsonValue]>([
    [
      'bodies that only look like bytes',
      `const told = [];
       for (const body of [{ length: 1e9 }, 'text', new Proxy(new Uint8Array(8), {}), { byteLength: 1e9, buffer: new ArrayBuffer(1) }, Object.create(Uint8Array.prototype)])
         try { await sandglass.call('fs.stat', { path: '/tmp' }, body); told.push('ok'); } catch (e) { told.push(e.message); }
       told`,
      [NO_ARRAY, NO_ARRAY, NO_ARRAY, NO_ARRAY, NO_ARRAY],
    ],
    [
      'arguments that change as they are read',
      `let n = 0; await sandglass.call('fs.stat', { get path() { n++; return n > 1 ? '/etc/passwd' : '/tmp'; } }); n`,
      1,
    ],
    [
      'arguments that write themselves',
      `try { await sandglass.call('fs.stat', { path: '/tmp', toJSON: () => ({ path: '/etc/passwd' }) }) } catch (e) { e.message }`,
      DENIED,
    ],
    ['a number of three million digits', `BigInt('9'.repeat(3e6))`, 'GUEST_THREW'],
    ['three thousand long numbers', `Array.from({ length: 3000 }, () => 1n << 4000n)`, 'OUTPUT_EXCEEDED'],
    ['lists in lists as text', `JSON.parse('['.repeat(1e6))`, 'GUEST_THREW'],
    ['a message of ten megabytes', `throw new Error('x'.repeat(1e7))`, 'GUEST_THREW'],
    [
      'a name of ten megabytes',
      `throw Object.assign(new Error('a'), { name: 'N'.repeat(1e7) })`,
      'GUEST_THREW',
    ],
    ['a stack of its own', `throw Object.assign(new Error('a'), { stack: 'S'.repeat(1e6) })`, 'GUEST_THREW'],
    [
      'causes of causes',
      `let e = new Error('0'); for (let i = 0; i < 50_000; i++) e = new Error('n', { cause: e }); throw e`,
      'GUEST_THREW',
    ],
    [
      'a proxy that throws',
      `throw new Proxy({}, { get() { throw 1 }, getPrototypeOf() { throw 2 } })`,
      'GUEST_THREW',
    ],
    [
      'an error whose message never comes',
      `throw Object.create(null, { message: { get() { for (;;); } } })`,
      'GUEST_THREW',
    ],
    ['an address of a million steps', `new URL('http://a/' + '../'.repeat(1e6))`, 'GUEST_THREW'],
    [
      'a text of a million letters in segments',
      `[...new Intl.Segmenter().segment('a'.repeat(1e6))]`,
      'GUEST_THREW',
    ],
    ['segments of a long text', `[...new Intl.Segmenter().segment('a'.repeat(20_000))].length`, 20_000],
    [
      'keys by a billion rounds',
      `import c from 'node:crypto'; c.pbkdf2Sync('a', 'b', 1e9, 64, 'sha512')`,
      'FUEL_EXHAUSTED',
    ],
    [
      'keys by a billion rounds, not awaited',
      `const k = await crypto.subtle.importKey('raw', new Uint8Array(8), 'PBKDF2', false, ['deriveBits']);
       for (let i = 0; i < 5000; i++) crypto.subtle.deriveBits({ name: 'PBKDF2', salt: new Uint8Array(8), iterations: 2e6, hash: 'SHA-256' }, k, 256).catch(() => {});
       await new Promise(() => {})`,
      'FUEL_EXHAUSTED',
    ],
    ['templates in templates', `eval('\`\${'.repeat(20000) + '1' + '}\`'.repeat(20000))`, 'GUEST_THREW'],
    [
      'what holds itself, printed',
      `const o = {}; o.o = o; for (let i = 0; i < 300; i++) o['k' + i] = new Map([[o, o]]); console.log(o); 'ok'`,
      'ok',
    ],
    [
      'modules without end',
      `for (let i = 0; ; i++) await import('./m' + i + '.js').catch(() => {})`,
      'HOST_CALLS_EXCEEDED',
    ],
    [
      'a finalizer that never ends',
      `const r = new FinalizationRegistry(() => { for (;;); }); for (let i = 0; i < 1e5; i++) r.register({}, i); 'ok'`,
      'FUEL_EXHAUSTED',
    ],
  ])('%s', (_name, code, end) => check('javascript', code, end, level));
});

const HOST = 'import _sandglass_host as h\n';

describe('Python', () => {
  test.each<[string, string, JsonValue]>([
    [
      'a report of halves of characters',
      `${HOST}h._host.report('"' + '\\\\ud800' * 300_000 + '"')`,
      'GUEST_TRAPPED',
    ],
    [
      'a report of numbers that are none',
      `${HOST}h._host.report('{"value":{"tree":[1e999,-1e999],"leaves":[]}}')`,
      [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    ],
    [
      'a report with a prototype',
      `${HOST}h._host.report('{"__proto__":{"value":1},"value":{"tree":7,"leaves":[]}}')`,
      7,
    ],
    [
      'a second report',
      `${HOST}h._host.report('{"value":{"tree":1,"leaves":[]}}')\nh._host.report('{"value":{"tree":2,"leaves":[]}}')`,
      1,
    ],
    ['a number of two megabytes', '1 << 16_000_000', 'OUTPUT_EXCEEDED'],
    ['very many long numbers', '[1 << 100_000 for _ in range(300)]', 'OUTPUT_EXCEEDED'],
    ['an operation whose name ends early', `${HOST}'UNSUPPORTED' in h._host.call('fs\\0.stat', '{}')`, true],
    [
      'an argument that is given twice',
      `${HOST}'CAPABILITY_DENIED' in h._host.call('fs.stat', '{"path":"/tmp","path":"/etc/passwd"}')`,
      true,
    ],
    [
      'arguments of a prototype',
      `${HOST}'INPUT_INVALID' in h._host.call('fs.stat', '{"__proto__":{"path":"/tmp"}}')`,
      true,
    ],
    ['a message of fifty megabytes', "raise ValueError('x' * 50_000_000)", 'OUTPUT_EXCEEDED'],
    [
      'groups in groups of errors',
      "e = ValueError(1)\nfor _ in range(3000): e = ExceptionGroup('g', [e])\nraise e",
      'GUEST_THREW',
    ],
    [
      'an error whose text is an error',
      'class E(Exception):\n  def __str__(self): raise E()\nraise E()',
      'GUEST_THREW',
    ],
    [
      'causes in a circle',
      'a = ValueError(1); b = ValueError(2); a.__cause__ = b; b.__cause__ = a\nraise a',
      'GUEST_THREW',
    ],
    [
      'a class with a name of twenty megabytes',
      "raise type('C' * 20_000_000, (Exception,), {})()",
      'OUTPUT_EXCEEDED',
    ],
    ['a file with a name of five megabytes', "exec(compile('1/0', 'F' * 5_000_000, 'exec'))", 'GUEST_THREW'],
    ['signs before signs', "eval('-' * 500_000 + '1')", 'GUEST_THREW'],
    [
      'a dictionary that lies about its items',
      "class D(dict):\n  def items(self): return iter(lambda: ('k', 0), 1)\nD(a=1)",
      'OUTPUT_EXCEEDED',
    ],
    [
      'a text that lies about its bytes',
      "class S(str):\n  def encode(self, *a): return b'y' * 10**8\nS('a')",
      'a',
    ],
    ['a hundred megabytes of bytes', 'bytes(100_000_000)', 'OUTPUT_EXCEEDED'],
    [
      'objects that come back when they are freed',
      "import gc\nclass A:\n  def __del__(self): globals()['x'] = A()\nx = A(); del x\ngc.collect()\n'ok'",
      'ok',
    ],
  ])('%s', (_name, code, end) => check('python', code, end, 'standard'));
});
